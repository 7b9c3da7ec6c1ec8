"""Ratings and events of one store on one scale.

Where all events are ratings, or none is, they are learned from as they are. Where there are both, the pairs of a user
and an item decide: if at least half of them have a rating, all is read as ratings, else as events. What is of the other
kind is put on that scale as a bare like or dislike, and a rating speaks for its pair alone:

- read as ratings: a pair without a rating gets one, the middle (lower median) of the ratings that are likes, where the
  weights of its events add up to more than 0, else that of the others;
- read as events: a pair with a rating has the middle strength of the pairs that are likes, with a minus where its
  ratings lie below a like on their own scale.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from fewrec.config import DataSettings
from fewrec.data import Dataset
from fewrec.data.feedback import Feedback, event_name, standard_scale, threshold, understood_scale
from fewrec.errors import FewrecWarning
from fewrec.store.events import Event

__all__ = ["LIKED", "RATINGS", "Reading", "combined", "event_table", "is_rating", "reading_of", "weights_of"]

RATINGS = frozenset(("rating", "rate"))
"""Names of events whose value is a rating; the value of any other event is a quantity."""

LIKED, DISLIKED = "rating:like", "rating:dislike"
"""Events that stand for ratings, where all is read as events."""


@dataclass(frozen=True)
class Reading:
    """How a store's events were read.

    ``ratings``: as ratings, or as events. ``like``, ``dislike``: the value that a like and a dislike of the other kind
    have; ``None`` where those do not count. ``liked_at``: read as events, the rating from which on one is a like.
    ``moved``, ``beside``, ``unused``: events of the other kind that count so, that say nothing because their pair has a
    rating, that do not count.
    """

    ratings: bool
    unused: int = 0
    like: float | None = None
    dislike: float | None = None
    liked_at: float | None = None
    moved: int = 0
    beside: int = 0

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return asdict(self)

    def describe(self) -> str:
        """One sentence for people: what was made of events of the other kind."""
        if not self.moved and not self.beside:
            return (
                "all events are of one kind"
                if not self.unused
                else "events of one kind count, the others do not"
            )
        if self.ratings:
            return (
                f"{self.moved} events of pairs without a rating count as ratings, of {self.like:g} where they are a "
                f"like and {self.dislike:g} where they are none; {self.beside} beside a rating say nothing more"
            )
        return (
            f"{self.moved} ratings count as events, of weight {self.like:g} from {self.liked_at:g} on and "
            f"{self.dislike:g} below; {self.beside} events beside a rating say nothing more"
        )


def is_rating(event: Event) -> bool:
    """Whether the event's value is a rating."""
    return event_name(event.event) in RATINGS


def reading_of(events: Sequence[Event], settings: DataSettings) -> Reading:
    """How these events are to be read, all together."""
    rated = [event for event in events if is_rating(event)]
    others = [event for event in events if not is_rating(event)]
    if settings.feedback == "explicit":
        return Reading(True, len(others))
    if settings.feedback == "implicit" or not rated:
        return Reading(False, len(rated))
    pairs = _pairs(rated)
    alone = [event for event in others if (event.user, event.item) not in pairs]
    beside = len(others) - len(alone)
    values = np.array([event.value for event in rated], dtype=float)
    scale = _scale(values)
    liked_at = threshold(*scale) if settings.liked_at is None else settings.liked_at
    if 2 * len(pairs) >= len(pairs | _pairs(others)):
        liked = Feedback("explicit", liked_at).liked(values)
        like, dislike = _middle(values[liked], scale[1]), _middle(values[~liked], scale[0])
        return Reading(True, 0, like, dislike, None, len(alone), beside)
    strength = _strengths(alone, settings, None).interactions
    like = _middle(strength.value[strength.liked & (strength.value > 0)], 1.0)
    return Reading(False, 0, like, -like, liked_at, len(rated), beside)


def combined(
    events: Sequence[Event], reading: Reading, settings: DataSettings, now: float | None = None
) -> tuple[list[Event], Reading]:
    """Events of one kind, as ``reading`` says, and the reading with the counts of these events."""
    rated = [event for event in events if is_rating(event)]
    others = [event for event in events if not is_rating(event)]
    mine, rest = (rated, others) if reading.ratings else (others, rated)
    if not rest or reading.like is None or reading.dislike is None:
        return mine, replace(reading, unused=len(rest), moved=0, beside=0)
    pairs = _pairs(rated)
    alone = [event for event in others if (event.user, event.item) not in pairs]
    beside = len(others) - len(alone)
    if not reading.ratings:
        return [*alone, *_as_events(rated, reading)], replace(
            reading, unused=0, moved=len(rated), beside=beside
        )
    return [*rated, *_as_ratings(alone, reading, settings, now)], replace(
        reading, unused=0, moved=len(alone), beside=beside
    )


def _as_ratings(
    events: Sequence[Event], reading: Reading, settings: DataSettings, now: float | None
) -> list[Event]:
    """One rating for each pair, at the time of its last event."""
    if not events:
        return []
    data = _strengths(events, settings, now)
    times: dict[tuple[str, str], float] = {}
    for event in events:
        pair = event.user, event.item
        times[pair] = max(times.get(pair, 0.0), event.time)
    found = data.interactions
    users, items = data.users.ids, data.items.ids
    return [
        Event("", str(users[u]), str(items[i]), "rating", reading.like if value > 0 else reading.dislike,
              times[str(users[u]), str(items[i])])
        for u, i, value in zip(found.user_index.tolist(), found.item_index.tolist(), found.value.tolist(), strict=True)
    ]  # fmt: skip


def _as_events(rated: Sequence[Event], reading: Reading) -> list[Event]:
    """One event for each pair, at the time of its last rating."""
    by_pair: dict[tuple[str, str], list[Event]] = {}
    for event in rated:
        by_pair.setdefault((event.user, event.item), []).append(event)
    liked = Feedback("explicit", reading.liked_at or 0.0).liked(
        [
            float(np.mean(sorted(float(event.value or 0.0) for event in several)))
            for several in by_pair.values()
        ]
    )
    return [
        Event("", user, item, LIKED if like else DISLIKED, None, max(event.time for event in several))
        for ((user, item), several), like in zip(by_pair.items(), liked.tolist(), strict=True)
    ]


def weights_of(reading: Reading, settings: DataSettings) -> dict[str, float] | None:
    """The weights of events for a data set; ``None`` for the usual ones, and where there are only ratings."""
    if reading.ratings:
        return None
    weights = dict(settings.events)
    if reading.like is not None and reading.dislike is not None:
        weights |= {LIKED: reading.like, DISLIKED: reading.dislike}
    return weights or None


def event_table(events: Sequence[Event], *, ratings: bool, times: bool) -> dict[str, list[Any]]:
    """Events of one kind as an interactions table. ``times``: with a column of times in any case."""
    table: dict[str, list[Any]] = {
        "user": [event.user for event in events],
        "item": [event.item for event in events],
    }
    if ratings:
        table["rating"] = [event.value for event in events]
    else:
        table["event"] = [event.event for event in events]
        if any(event.value is not None for event in events):
            table["quantity"] = [1.0 if event.value is None else event.value for event in events]
    if times or any(event.time > 0 for event in events):
        table["time"] = [event.time if event.time > 0 else None for event in events]  # 0: nobody said when
    return table


def _strengths(events: Sequence[Event], settings: DataSettings, now: float | None) -> Dataset:
    """The summed weights of events, pair by pair."""
    if not events:
        return Dataset(items={"item": ["-"]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)
        return Dataset(
            interactions=event_table(events, ratings=False, times=settings.half_life is not None),
            columns={"user": "user", "item": "item"},
            feedback="implicit",
            events=dict(settings.events) or None,
            half_life=settings.half_life,
            now=now if settings.half_life is not None else None,
        )


def _scale(ratings: np.ndarray) -> tuple[float, float]:
    """The scale of ratings; of fewer than three different ones it is the usual one that holds them, or a shop's first
    rating would be its highest, whatever it is."""
    low, high = float(ratings.min()), float(ratings.max())
    usual = standard_scale(low, high)
    return usual if usual is not None and len(np.unique(ratings)) < 3 else understood_scale(ratings)


def _pairs(events: Iterable[Event]) -> set[tuple[str, str]]:
    return {(event.user, event.item) for event in events}


def _middle(values: np.ndarray, otherwise: float) -> float:
    """The lower median: a value that was given, so that no scale becomes finer by it."""
    return float(np.percentile(values, 50, method="lower")) if len(values) else float(otherwise)
