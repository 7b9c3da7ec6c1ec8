"""One envelope for success, one for failure, whatever the route."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fewrec.errors import (
    ConfigError,
    DataError,
    EncoderError,
    FewrecError,
    NotFittedError,
    NumericalError,
    StoreError,
    UnknownIdError,
)
from fewrec.store.failures import StoreFull

__all__ = ["Refused", "envelope", "failure", "nothing_here", "status_of", "to_json"]

STATUS: tuple[tuple[type[FewrecError], int], ...] = (
    (StoreFull, 507),
    (StoreError, 503),
    (EncoderError, 503),
    (NotFittedError, 503),
    (UnknownIdError, 404),
    (DataError, 422),
    (ConfigError, 422),
    (NumericalError, 500),
)


class Refused(ConfigError):
    """A request that the service does not answer, with its HTTP status."""

    def __init__(self, status: int, code: str, message: str, *, where: str | None = None, hint: str | None = None,
                 headers: Mapping[str, str] | None = None) -> None:  # fmt: skip
        super().__init__(message, where=where, hint=hint)
        self.status, self.code, self.headers = status, code, dict(headers or {})


def nothing_here() -> Refused:
    """What to say of a path that is none."""
    return Refused(404, "no_route", "there is nothing at this path.", where="path", hint="See /openapi.json.")


def status_of(error: FewrecError) -> int:
    """The HTTP status that an error of the family stands for."""
    if isinstance(error, Refused):
        return error.status
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def envelope(data: Any, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """``{"data": ...}``, with what else is to be said beside it."""
    return {"data": data, **(more or {})}


def failure(error: FewrecError) -> dict[str, Any]:
    """``{"error": {"code", "message", "where", "hint"}}``."""
    return {"error": error.to_dict()}


def to_json(plain: Any) -> bytes:
    """JSON as bytes; NaN is refused, so none can slip out."""
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")  # half a surrogate pair in a title must not stop a list
