"""One interaction as the store keeps it, and what may stand in its fields."""

from __future__ import annotations

import math
import re
import time as clock
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fewrec.errors import DataError

__all__ = ["Event", "check_cells", "check_id", "event_from", "storable"]

LONGEST_ID = 200
LONGEST_TEXT = 100_000
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
STEERING = re.compile("[\0-\x1f\x7f\ud800-\udfff]")
FIELDS = ("id", "user", "item", "event", "value", "time")
LATEST = 253402300800.0  # the year 10000, where dates end


@dataclass(frozen=True)
class Event:
    """Somebody did something with an item. The same ``id`` twice is the same event, and counts once."""

    id: str
    user: str
    item: str
    event: str
    value: float | None
    time: float  # unix seconds

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return {name: getattr(self, name) for name in FIELDS}


def check_id(value: Any, where: str) -> str:
    """An id as text: of 1 to 200 characters, none of which steers a terminal; a whole number is its digits."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return str(value)
    if not isinstance(value, str):
        raise DataError(
            f"{_short(value)} is no id.", where=where, hint="Ids are text, or whole numbers of 64 bits."
        )
    if not 0 < len(value) <= LONGEST_ID or value != value.strip():
        raise DataError(
            f"an id has 1 to {LONGEST_ID} characters and no space around it; this one has {len(value)}.",
            where=where,
            hint="Use a key of your own tables.",
        )
    if STEERING.search(value):
        raise DataError("the id holds a control character.", where=where, hint="Leave it out.")
    return value


def event_from(plain: Any, where: str) -> Event:
    """The event in a JSON object. Without ``id`` it is given one, without ``time`` it is now."""
    if not isinstance(plain, Mapping):
        raise DataError(
            f"{_short(plain)} is no event.",
            where=where,
            hint='Write {"id": "e1", "user": "anna", "item": "7", "event": "buy"}.',
        )
    unknown = sorted(str(name) for name in plain if name not in FIELDS)
    if unknown:
        raise DataError(
            f"an event has no field {_short(unknown[0])}.", where=where, hint=f"Fields: {', '.join(FIELDS)}."
        )
    for name in ("user", "item", "event"):
        if plain.get(name) is None:
            raise DataError(f"the {name} is missing.", where=where, hint=f'Give "{name}".')
    return Event(
        id=uuid.uuid4().hex if plain.get("id") is None else check_id(plain["id"], f"{where}.id"),
        user=check_id(plain["user"], f"{where}.user"),
        item=check_id(plain["item"], f"{where}.item"),
        event=check_id(plain["event"], f"{where}.event"),
        value=None if plain.get("value") is None else _number(plain["value"], f"{where}.value"),
        time=clock.time() if plain.get("time") is None else _time(plain["time"], f"{where}.time"),
    )


def check_cells(plain: Any, where: str) -> dict[str, Any]:
    """The columns of one item or user: text, numbers, yes and no, or lists of these."""
    if not isinstance(plain, Mapping):
        raise DataError(
            f"{_short(plain)} are no columns.", where=where, hint='Write {"title": "Alien", "price": 9}.'
        )
    found: dict[str, Any] = {}
    for name, cell in plain.items():
        at = f"{where}.{_short(name)}"
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_ID or not storable(name):
            raise DataError("this is no name of a column.", where=at, hint="Names are short texts.")
        if name in ("id", "item", "user"):
            raise DataError(
                f"a column cannot be called {name}.",
                where=at,
                hint='The id stands in "id", beside "columns".',
            )
        found[name] = _cell(cell, at)
    return found


def _cell(cell: Any, where: str) -> Any:
    if isinstance(cell, list):
        if any(isinstance(part, list | dict) or part is None for part in cell):
            raise DataError("a list holds texts or numbers.", where=where, hint='Write ["red", "green"].')
        return [_cell(part, where) for part in cell]
    if isinstance(cell, str):
        if len(cell) > LONGEST_TEXT or not storable(cell):
            raise DataError(
                f"a text has at most {LONGEST_TEXT} characters, none of them NUL or half a pair.",
                where=where,
                hint="Shorten it.",
            )
        return cell
    if cell is None or isinstance(cell, bool):
        return cell
    return _number(cell, where)


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
        raise DataError(
            f"{_short(value)} is not a number.", where=where, hint="Numbers are finite, such as 4 or 3.5."
        )
    return value


def _time(value: Any, where: str) -> float:
    if isinstance(value, str):
        from datetime import UTC, datetime

        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise DataError(
                f"{_short(value)} is not a time.",
                where=where,
                hint="Write 2024-05-01T12:00:00Z, or unix seconds.",
            ) from error
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    else:
        seconds = _number(value, where)
    if not 0 <= seconds < LATEST:
        raise DataError(
            f"{_short(value)} lies outside the times that are kept.",
            where=where,
            hint="Give unix seconds (not milliseconds), from 1970 on.",
        )
    return float(seconds)


def _finite(value: int | float) -> bool:
    return abs(value) < 2**63 if isinstance(value, int) else math.isfinite(value)


def storable(text: str) -> bool:
    """Whether both databases can keep it: no NUL, and no half of a surrogate pair."""
    return UNSTORABLE.search(text) is None


def _short(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
