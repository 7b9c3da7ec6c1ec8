"""One request: what was sent, read and checked, and what the rooms found out about it on its way."""

from __future__ import annotations

import asyncio
import json
import math
import re
import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, overload
from urllib.parse import parse_qsl

from fewrec.errors import DataError
from fewrec.service.answers import Refused
from fewrec.service.check import check, from_text

if TYPE_CHECKING:
    from fewrec.service.endpoint import Endpoint
    from fewrec.store import Key

__all__ = ["Request", "too_large"]

OWN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
DEPTH = 30
"""Levels of nesting that a body may have; the deepest that any endpoint reads has 5."""


class Request:
    """An ASGI scope with the body that belongs to it.

    ``id``: of the log line and the answer, the caller's own where it may be one. ``endpoint``, ``path``: where it
    leads, and what stands in the holes of that path. ``key``: whose it is, ``None`` where no key is needed;
    ``admitted``: whether that was looked at. ``raw``: its body, ``None`` until it is read.
    """

    __slots__ = ("_headers", "_receive", "admitted", "began", "endpoint", "id", "key", "path", "raw", "scope")

    def __init__(self, scope: Any, receive: Any) -> None:
        self.began = time.perf_counter()
        self.scope, self._receive = scope, receive
        self._headers = dict(reversed(scope["headers"]))  # the first of several counts
        given = self.header(b"x-request-id")
        self.id = given if OWN_ID.fullmatch(given) else secrets.token_hex(8)
        self.endpoint: Endpoint | None = None
        self.path: Mapping[str, str] = {}
        self.key: Key | None = None
        self.admitted = False
        self.raw: bytes | None = None

    @property
    def method(self) -> str:
        """``GET``, or another."""
        method: str = self.scope["method"]
        return method

    @property
    def address(self) -> str:
        """Of the caller; "" where it is not known."""
        client = self.scope.get("client")
        return client[0] if client else ""

    @property
    def length(self) -> int | None:
        """Bytes that the body is said to have; ``None`` where that is not said."""
        text = self.header(b"content-length")
        return int(text[:20]) if text.isascii() and text.isdigit() else None

    @overload
    def header(self, name: bytes, otherwise: str = "") -> str: ...

    @overload
    def header(self, name: bytes, otherwise: None) -> str | None: ...

    def header(self, name: bytes, otherwise: str | None = "") -> str | None:
        """A header by its name in small letters."""
        found = self._headers.get(name)
        return otherwise if found is None else found.decode("latin-1")

    async def read(self, most: float, patience: float) -> None:
        """Reads the body, of at most ``most`` bytes, within ``patience`` seconds. Raises ``Refused``."""
        parts: list[bytes] = []
        size, more = 0, True
        try:
            async with asyncio.timeout(patience):
                while more:
                    message = await self._receive()
                    if message["type"] == "http.disconnect":
                        raise Refused(400, "gone", "the client went away.")
                    part = message.get("body", b"")
                    size += len(part)
                    if size > most:
                        raise too_large(most)
                    parts.append(part)
                    more = message.get("more_body", False)
        except TimeoutError as error:
            raise Refused(408, "too_slow", "the body did not arrive in time.",
                          hint=f"It may take {patience:g} s.") from error  # fmt: skip
        self.raw = b"".join(parts)

    async def left(self) -> None:
        """Returns when the client has gone away."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def query(self, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """The parameters behind the ``?``, held against their schemas. Raises ``DataError``."""
        text = self.scope["query_string"].decode("latin-1")
        pairs = parse_qsl(text, keep_blank_values=True) if text else []
        given = dict(pairs)
        for name, schema in known.items():
            if schema.get("x-required") and name not in given:
                raise DataError(
                    "this parameter is missing.", where=f"query.{name}", hint=schema["description"]
                )
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name not in known:
                raise DataError(
                    "there is no such parameter.",
                    where=f"query.{ascii(name)[1:-1][:60]}",
                    hint=f"Known: {', '.join(known) or 'none'}.",
                )
            if name in found:
                raise DataError(
                    "this parameter stands there twice.", where=f"query.{name}", hint="Give it once."
                )
            found[name] = from_text(value, known[name], f"query.{name}")
        return found

    def body(self, endpoint: Endpoint) -> tuple[Any, str]:
        """``(the body as the endpoint reads it, its media type)``: JSON held against the schema, others as bytes.
        Raises ``DataError`` and ``Refused``."""
        if endpoint.body is None or self.raw is None:
            return None, ""
        kind = self.header(b"content-type", "application/json").partition(";")[0].strip().lower()
        if kind not in endpoint.bodies:
            raise Refused(415, "media_type", "the body is of a kind that is not read here.", where="Content-Type",
                          hint=f"Send {' or '.join(endpoint.bodies)}.")  # fmt: skip
        if kind != "application/json":
            return self.raw, kind
        if not self.raw and not endpoint.body.get("required") and "oneOf" not in endpoint.body:
            return {}, kind
        plain = _parsed(self.raw)
        schema = endpoint.body
        if "oneOf" in schema:
            schema = schema["oneOf"][1] if isinstance(plain, list) else schema["x-one"]
        check(plain, schema, "body")
        return plain, kind


def too_large(most: float) -> Refused:
    """What to say of a body beyond the limit."""
    return Refused(413, "too_large", "the body is too large.", where="body",
                   hint=f"At most {most / 1e6:g} MB (service.body_mb); send it in parts.")  # fmt: skip


def _parsed(raw: bytes) -> Any:
    """The JSON in a body. ``DataError`` for what is none, for NaN and infinity, and for what is nested too deep."""
    try:
        plain = json.loads(raw, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as error:
        raise _too_deep() from error
    except (UnicodeDecodeError, ValueError) as error:
        place = (
            f", line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise DataError(f"the body is no JSON{place}.", where="body", hint="Send UTF-8 JSON.") from error
    level, deepest = [plain], 0
    while level:
        deepest += 1
        if deepest > DEPTH:
            raise _too_deep()
        inner = [
            part.values() if isinstance(part, dict) else part
            for part in level
            if isinstance(part, dict | list)
        ]
        level = [cell for part in inner for cell in part if isinstance(cell, dict | list)]
    return plain


def _no_number(name: str) -> Any:
    raise DataError(f"{name} is no number of JSON.", where="body", hint="Leave it out, or send null.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise DataError("a number is too large.", where="body", hint="Numbers have at most 308 digits.")
    return number


def _too_deep() -> DataError:
    return DataError("the body is nested too deep.", where="body", hint=f"At most {DEPTH} levels.")
