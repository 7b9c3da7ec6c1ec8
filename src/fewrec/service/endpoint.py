"""``Endpoint``: one route with everything that is true of it: who may, what comes in, what goes out, an example.

Routing, the check of requests, the access rules, the OpenAPI document and the tests all read this one table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from fewrec.service.hub import Hub
    from fewrec.service.meter import Meter
    from fewrec.store import Key

__all__ = ["Ask", "Endpoint", "Reply"]

Role = Literal["none", "read", "write", "admin"]


@dataclass
class Ask:
    """One request, read and checked."""

    hub: Hub
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any = None
    key: Key | None = None
    meter: Meter | None = None


@dataclass
class Reply:
    """What is sent back: ``data`` in the envelope, or ``raw`` as it is."""

    data: Any = None
    status: int = 200
    more: Mapping[str, Any] = field(
        default_factory=dict
    )  # beside "data", such as the cursor of the next page
    raw: bytes | Any | None = None  # bytes, or an iterator of bytes
    kind: str = "application/json"


@dataclass(frozen=True)
class Endpoint:
    """One method on one path."""

    method: str
    path: str
    role: Role
    handle: Callable[[Ask], Any]  # to a ``Reply``; with ``together``, to what that takes
    summary: str
    tag: str
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # name -> schema
    body: Mapping[str, Any] | None = None  # schema
    bodies: tuple[str, ...] = ("application/json",)  # what the body may be; others than JSON come as text
    reply: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"})  # schema of "data"
    status: int = 200
    example: Mapping[str, Any] = field(default_factory=dict)  # path, query, body of a request that works
    plain: tuple[str, ...] = ()  # media types where the answer is not in the envelope
    fails: tuple[int, ...] = ()  # further statuses
    slow: bool = False  # may take seconds: such requests have threads of their own, and hold no list up
    # The reply where it can be had on the event loop: in microseconds, and without waiting for anybody. ``None``, or
    # ``BlockingIOError``, where it cannot: then ``handle`` is asked in a thread.
    at_once: Callable[[Ask], Reply | None] | None = None
    # Replies to what ``handle`` read from requests that came while others were answered, one for each.
    together: Callable[[Hub, Sequence[Any]], Sequence[Reply]] | None = None

    @property
    def name(self) -> str:
        """``GET /v1/items``."""
        return f"{self.method} {self.path}"
