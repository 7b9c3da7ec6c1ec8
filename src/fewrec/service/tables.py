"""The rows of a store as a ``Dataset``, and one person's rows as values by item."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fewrec.config import DataSettings
from fewrec.data import Dataset
from fewrec.data.feedback import Feedback, event_name, event_weights
from fewrec.errors import FewrecWarning
from fewrec.store.events import Event
from fewrec.store.store import Snapshot

__all__ = ["RATINGS", "Reading", "check_event", "dataset_of", "history_of", "reading_of", "unweighed"]

RATINGS = frozenset(("rating", "rate"))
"""Names of events whose value is a rating; the value of any other event is a quantity."""


@dataclass(frozen=True)
class Reading:
    """How a store's events were read."""

    ratings: bool  # whether ratings count, or all other events
    unused: int = 0  # events that do not

    def counts(self, event: Event) -> bool:
        """Whether an event counts."""
        return is_rating(event) == self.ratings


def is_rating(event: Event) -> bool:
    """Whether the event's value is a rating."""
    return event_name(event.event) in RATINGS


def check_event(event: Event, settings: DataSettings) -> str | None:
    """What is wrong with an event that could never be learned from, ``None`` where nothing is."""
    if is_rating(event):
        return 'a rating needs a "value".' if event.value is None else None
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


def reading_of(events: Sequence[Event], settings: DataSettings) -> Reading:
    """Ratings count where the settings say so, or where there is nothing else; otherwise all else does."""
    ratings = sum(map(is_rating, events))
    explicit = settings.feedback == "explicit" or (
        settings.feedback == "auto" and ratings == len(events) and ratings > 0
    )
    return Reading(explicit, len(events) - ratings if explicit else ratings)


def dataset_of(snapshot: Snapshot, settings: DataSettings) -> tuple[Dataset, Reading]:
    """A data set of all rows. Rows that say nothing to it count in ``Reading.unused``."""
    reading = reading_of(snapshot.events, settings)
    events = [event for event in snapshot.events if reading.counts(event)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)  # they stand in data.warnings, and in the report
        data = Dataset(
            items=_table("item", snapshot.items) if snapshot.items else None,
            users=_table("user", snapshot.users) if snapshot.users else None,
            interactions=_interactions(events, reading, settings) if events else None,
            columns=_roles(snapshot, settings),
            feedback=settings.feedback,
            liked_at=settings.liked_at,
            events=dict(settings.events) or None if not reading.ratings else None,
            half_life=settings.half_life,
            on_bad_row=settings.on_bad_row,
        )
    return data, reading


def history_of(
    events: Sequence[Event], reading: Reading, feedback: Feedback, settings: DataSettings, now: float | None
) -> dict[Any, float]:
    """Item -> value of one person's events, as a ``Dataset`` of these rows has it."""
    counted = [event for event in events if reading.counts(event)]
    if not counted:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)
        data = Dataset(
            interactions=_interactions(counted, reading, settings),
            feedback="auto" if feedback.kind == "none" else feedback.kind,
            liked_at=settings.liked_at if feedback.kind == "none" else feedback.liked_at,
            events=dict(settings.events) or None if not reading.ratings else None,
            half_life=settings.half_life,
            now=now if settings.half_life is not None else None,
        )
    return data.history(counted[0].user)


def _interactions(events: Sequence[Event], reading: Reading, settings: DataSettings) -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = {
        "user": [event.user for event in events],
        "item": [event.item for event in events],
    }
    if reading.ratings:
        table["rating"] = [event.value for event in events]
    else:
        table["event"] = [event.event for event in events]
        if any(event.value is not None for event in events):
            table["quantity"] = [1.0 if event.value is None else event.value for event in events]
    if settings.half_life is not None or any(event.time > 0 for event in events):
        table["time"] = [event.time if event.time > 0 else None for event in events]  # 0: nobody said when
    return table


OURS = ("item", "user", "rating", "event", "quantity", "time", "click")
"""Roles whose columns this file names itself."""


def _roles(snapshot: Snapshot, settings: DataSettings) -> dict[str, Any]:
    """The wishes of the settings for columns of items and users; those of ids and events are known here."""
    roles: dict[str, Any] = {
        role: list(names) or None for role, names in settings.columns.items() if role not in OURS
    }
    if snapshot.items or snapshot.events:
        roles["item"] = "item"
    if snapshot.users or snapshot.events:
        roles["user"] = "user"
    return roles


def _table(noun: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, list[Any]]:
    """Columns by name; ids first. Names come in the order of code points: that of the rows must not matter."""
    names = sorted({name for _, cells in rows for name in cells})
    table: dict[str, list[Any]] = {noun: [id for id, _ in rows]}
    for name in names:
        table[name] = [cells.get(name) for _, cells in rows]
    return table
