"""Holds a request against a schema: the part of JSON Schema that this service's own document uses.

The same dicts stand in the OpenAPI document, so what is documented is what is checked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fewrec.config.kinds import digits
from fewrec.errors import DataError
from fewrec.store.events import storable

__all__ = ["check", "from_text"]

NAMES = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


def check(value: Any, schema: Mapping[str, Any], where: str) -> None:
    """``DataError`` that names the place, unless ``value`` is as ``schema`` says."""
    kinds = schema.get("type")
    if kinds is not None:
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not any(_is(value, kind) for kind in kinds):
            wanted = " or ".join(NAMES[kind] for kind in kinds)
            raise DataError(
                f"this is {_kind(value)}, not {wanted}.", where=where, hint=schema.get("description")
            )
    if "enum" in schema and value not in schema["enum"]:
        known = ", ".join(map(str, schema["enum"]))
        raise DataError("this is none of the values it may have.", where=where, hint=f"One of: {known}.")
    if isinstance(value, dict):
        _object(value, schema, where)
    elif isinstance(value, list):
        if len(value) > schema.get("maxItems", math.inf):
            raise DataError(
                f"{len(value)} entries are more than the {schema['maxItems']} allowed.",
                where=where,
                hint="Send them in several requests.",
            )
        if len(value) < schema.get("minItems", 0):
            raise DataError("the list is empty.", where=where, hint="Give at least one entry.")
        for at, entry in enumerate(value):
            check(entry, schema.get("items", {}), f"{where}[{at}]")
    elif isinstance(value, str):
        if len(value) > schema.get("maxLength", math.inf):
            raise DataError(
                f"{len(value)} characters are more than the {schema['maxLength']} allowed.",
                where=where,
                hint="Shorten the text.",
            )
        if not storable(value):
            raise DataError(
                "the text holds NUL or half a pair of surrogates.", where=where, hint="Send Unicode."
            )
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        if not low <= value <= high:
            raise DataError("the number is out of range.", where=where, hint=f"From {low:g} to {high:g}.")


def _object(value: dict[str, Any], schema: Mapping[str, Any], where: str) -> None:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name in schema.get("required", ()):
        if name not in value:
            raise DataError(
                f'"{name}" is missing.', where=where, hint=f"Needed: {', '.join(schema['required'])}."
            )
    if len(value) > schema.get("maxProperties", math.inf):
        raise DataError(
            f"{len(value)} names are too many.", where=where, hint=f"At most {schema['maxProperties']}."
        )
    for name, cell in value.items():
        if name in known:
            check(cell, known[name], f"{where}.{name}")
        elif others is False:
            import difflib

            near = difflib.get_close_matches(name, list(known), 1, 0.5)
            hint = f"Nearest: {near[0]}." if near else f"Known: {', '.join(known) or 'none'}."
            raise DataError(f"there is no {ascii(name)[:60]} here.", where=where, hint=hint)
        elif isinstance(others, Mapping):
            check(cell, others, f"{where}.{ascii(name)[1:-1][:60]}")


def from_text(text: str, schema: Mapping[str, Any], where: str) -> Any:
    """The value of a query parameter. Raises ``DataError``."""
    kind = schema.get("type")
    value: Any = text
    if kind == "boolean":
        if text not in ("true", "false"):
            raise DataError("this is not true or false.", where=where, hint="Write true or false.")
        value = text == "true"
    elif kind in ("integer", "number"):
        try:
            value = int(digits(text)) if kind == "integer" else float(digits(text))
        except ValueError as error:
            raise DataError(
                f"this is not {NAMES[kind]}.", where=where, hint=schema.get("description")
            ) from error
    check(value, schema, where)
    return value


def _is(value: Any, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "null":
        return value is None
    if isinstance(value, bool):
        return False
    if kind == "integer":
        return isinstance(value, int) and abs(value) < 2**63
    if kind == "number":
        return isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**63)
    return isinstance(value, {"object": dict, "array": list, "string": str}[kind])


def _kind(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return "a number beyond 64 bits"
    return next((NAMES[kind] for kind in NAMES if _is(value, kind)), "something else")
