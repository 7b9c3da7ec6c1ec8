"""What was sent in a request, read and held against the schemas of its endpoint."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request

from fewrec.errors import DataError
from fewrec.service.answers import Refused
from fewrec.service.check import check, from_text

if TYPE_CHECKING:
    from fewrec.service.endpoint import Endpoint

__all__ = ["body_of", "length_of", "query_of", "read", "too_large"]

DEPTH = 30
"""Levels of nesting that a body may have; the deepest that any endpoint reads has 5."""


def length_of(request: Request) -> int | None:
    """Bytes that the body is said to have; ``None`` where that is not said."""
    text = request.headers.get("content-length", "")
    return int(text[:20]) if text.isascii() and text.isdigit() else None


async def read(request: Request, most: float, patience: float) -> bytes:
    """The body, of at most ``most`` bytes, where it comes within ``patience`` seconds. Raises ``Refused``."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(patience):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise too_large(most)
                parts.append(part)
    except TimeoutError as error:
        raise Refused(408, "too_slow", "the body did not arrive in time.",
                      hint=f"It may take {patience:g} s.") from error  # fmt: skip
    except ClientDisconnect as error:
        raise Refused(400, "gone", "the client went away.") from error
    return b"".join(parts)


def query_of(request: Request, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The parameters behind the ``?``, held against their schemas. Raises ``DataError``."""
    given = request.query_params
    for name, schema in known.items():
        if schema.get("x-required") and name not in given:
            raise DataError("this parameter is missing.", where=f"query.{name}", hint=schema["description"])
    found: dict[str, Any] = {}
    for name, value in given.multi_items():
        if name not in known:
            raise DataError(
                "there is no such parameter.",
                where=f"query.{ascii(name)[1:-1][:60]}",
                hint=f"Known: {', '.join(known) or 'none'}.",
            )
        if name in found:
            raise DataError("this parameter stands there twice.", where=f"query.{name}", hint="Give it once.")
        found[name] = from_text(value, known[name], f"query.{name}")
    return found


def body_of(request: Request, raw: bytes | None, endpoint: Endpoint) -> tuple[Any, str]:
    """``(the body as the endpoint reads it, its media type)``: JSON held against the schema, others as bytes.
    Raises ``DataError`` and ``Refused``."""
    if endpoint.body is None or raw is None:
        return None, ""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind not in endpoint.bodies:
        raise Refused(415, "media_type", "the body is of a kind that is not read here.", where="Content-Type",
                      hint=f"Send {' or '.join(endpoint.bodies)}.")  # fmt: skip
    if kind != "application/json":
        return raw, kind
    if not raw and not endpoint.body.get("required") and "oneOf" not in endpoint.body:
        return {}, kind
    plain = _parsed(raw)
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
