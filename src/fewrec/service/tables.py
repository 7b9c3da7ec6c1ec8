"""The rows of a store as a ``Dataset``, and one person's rows as values by item."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fewrec.config import DataSettings
from fewrec.data import Dataset
from fewrec.data.feedback import Feedback, event_name, event_weights
from fewrec.data.identity import identifier
from fewrec.errors import FewrecWarning
from fewrec.service.reading import (
    RATINGS,
    Reading,
    combined,
    event_table,
    is_rating,
    reading_of,
    weights_of,
)
from fewrec.store.events import Event
from fewrec.store.search import TITLES
from fewrec.store.store import Snapshot

__all__ = ["RATINGS", "Reading", "check_event", "dataset_of", "history_of", "reading_of", "unweighed"]


LARGEST_RATING = 1000
"""Beyond it is no scale that people rate on, and one such number would be the scale of all."""


def check_event(event: Event, settings: DataSettings) -> str | None:
    """What is wrong with an event that could never be learned from, ``None`` where nothing is."""
    if is_rating(event):
        if event.value is None:
            return 'a rating needs a "value".'
        return None if abs(event.value) <= LARGEST_RATING else f"a rating lies within ±{LARGEST_RATING:,}."
    if event_name(event.event) not in event_weights(settings.events):
        return "no weight is known for the event; name it in data.events."
    return None


def unweighed(data: Dataset) -> list[str]:
    """What to say of a table whose events have no column of their own."""
    if (
        data.checked_events is None
        or data.roles.column("interactions", "event")
        or data.checked_events.rating is not None
    ):
        return []
    return [
        'the file names no events and no ratings: every row counts as "view", or a click where there is such a column.'
    ]


def dataset_of(
    snapshot: Snapshot, settings: DataSettings, reading: Reading | None = None
) -> tuple[Dataset, Reading]:
    """A data set of all rows, and how they were read: as ``reading`` says, or as fits them best."""
    reading = reading_of(snapshot.events, settings) if reading is None else reading
    faded = settings.half_life is not None
    # What a rating beside it silences is the latest event, too, as it is to whoever asks for one person's history.
    now = max((event.time for event in snapshot.events if event.time > 0), default=None) if faded else None
    events, reading = combined(snapshot.events, reading, settings, now)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)  # they stand in data.warnings, and in the report
        data = Dataset(
            items=_table("item", snapshot.items) if snapshot.items else None,
            users=_table("user", snapshot.users) if snapshot.users else None,
            interactions=event_table(events, ratings=reading.ratings, times=faded) if events else None,
            columns=_roles(snapshot, settings),
            feedback=settings.feedback,
            liked_at=_liked_at(reading, settings),
            events=weights_of(reading, settings),
            half_life=settings.half_life,
            on_bad_row=settings.on_bad_row,
            now=now,
        )
    return data, reading


def history_of(
    events: Sequence[Event], reading: Reading, feedback: Feedback, settings: DataSettings, now: float | None
) -> dict[Any, float]:
    """Item -> value of one person's events, as a ``Dataset`` of these rows has it; a rating beyond the scale that the
    model knows counts as the end of it, until the next fit."""
    found = _history(events, reading, feedback, settings, now)
    if feedback.kind != "explicit" or feedback.scale is None:
        return found
    low, high = feedback.scale
    return {item: min(max(value, low), high) for item, value in found.items()}


def _history(
    events: Sequence[Event], reading: Reading, feedback: Feedback, settings: DataSettings, now: float | None
) -> dict[Any, float]:
    counted, _ = combined(events, reading, settings, now)
    if not counted:
        return {}
    plain = _added_up(counted, reading, feedback, settings)
    if plain is not None:
        return plain
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)
        data = Dataset(
            interactions=event_table(counted, ratings=reading.ratings, times=settings.half_life is not None),
            feedback="auto" if feedback.kind == "none" else feedback.kind,
            liked_at=_liked_at(reading, settings) if feedback.kind == "none" else feedback.liked_at,
            events=weights_of(reading, settings),
            half_life=settings.half_life,
            now=now if settings.half_life is not None else None,
        )
    return data.history(counted[0].user)


def _liked_at(reading: Reading, settings: DataSettings) -> float | None:
    """The setting, unless it has told likes from dislikes among ratings that count as events."""
    return settings.liked_at if reading.liked_at is None else None


def _added_up(
    events: Sequence[Event], reading: Reading, feedback: Feedback, settings: DataSettings
) -> dict[Any, float] | None:
    """The same where a plain sum or mean will do, at a twentieth of the time; ``None`` where it will not: events fade,
    have quantities, or are of a kind that only the checks of a `Dataset` can judge."""
    if settings.half_life is not None or feedback.kind != ("explicit" if reading.ratings else "implicit"):
        return None
    weights = event_weights(weights_of(reading, settings))
    numbers: dict[str, list[float]] = {}
    for event in events:
        number = event.value if reading.ratings else weights.get(event_name(event.event))
        if (
            number is None
            or identifier(event.item) is None
            or (event.value is not None and not reading.ratings)
        ):
            return None
        numbers.setdefault(event.item, []).append(number)
    found: dict[Any, float] = {}
    for item, several in numbers.items():
        total = 0.0
        for number in sorted(several):  # as a Dataset adds them: the order of rows must not matter
            total += number
        found[item] = float(np.float32(total / len(several) if reading.ratings else total))
    return found


OURS = ("item", "user", "rating", "event", "quantity", "time", "click")
"""Roles whose columns this file names itself."""


def _roles(snapshot: Snapshot, settings: DataSettings) -> dict[str, Any]:
    """The wishes of the settings for columns of items and users; those of ids and events are known here."""
    roles: dict[str, Any] = {
        role: list(names) or None for role, names in settings.columns.items() if role not in OURS
    }
    title = None if roles.get("title") else _title(snapshot)
    if title is not None:
        roles["title"] = title
    if snapshot.items or snapshot.events:
        roles["item"] = "item"
    if snapshot.users or snapshot.events:
        roles["user"] = "user"
    return roles


def _title(snapshot: Snapshot) -> str | None:
    """The column that names items, if it is called so and most that have it have a text there: one item whose title
    is a list must not take away the titles of all."""
    for name in TITLES:
        cells = [cells[name] for _, cells in snapshot.items if cells.get(name) is not None]
        if cells and 2 * sum(isinstance(cell, str) for cell in cells) > len(cells):
            return name
    return None


def _table(noun: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, list[Any]]:
    """Columns by name; ids first. Names come in the order of code points: that of the rows must not matter."""
    names = sorted({name for _, cells in rows for name in cells})
    table: dict[str, list[Any]] = {noun: [id for id, _ in rows]}
    for name in names:
        table[name] = [cells.get(name) for _, cells in rows]
    return table
