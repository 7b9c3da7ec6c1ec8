"""What the value of an interaction means: a rating on a scale, or the summed weight of events."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from fewrec.data.numerals import figure

Kind = Literal["explicit", "implicit", "none"]

SHOP = {
    **dict.fromkeys(("view", "click", "browse", "visit", "detail", "pv"), 1.0),
    **dict.fromkeys(("cart", "add_to_cart", "addtocart", "add", "wishlist", "collect"), 2.0),
    **dict.fromkeys(("favorite", "favourite", "fav", "save", "bookmark"), 2.0),
    **dict.fromkeys(("buy", "purchase", "order", "transaction", "book"), 4.0),
    "remove_from_cart": -1.0,
    **dict.fromkeys(("return", "refund"), -4.0),
}
NEWS = {
    **dict.fromkeys(("impression", "show", "shown", "skip"), -0.2),
    **dict.fromkeys(("read", "open", "play", "watch", "listen"), 1.0),
    **dict.fromkeys(("comment", "like", "download"), 2.0),
    **dict.fromkeys(("share", "repost", "subscribe"), 3.0),
    **dict.fromkeys(("dislike", "hide", "block", "report"), -4.0),
}
DEFAULT_EVENTS: dict[str, float] = {**SHOP, **NEWS}
"""Weights of the event names that need no setting; ``Dataset(events={...})`` changes and adds."""

LIKED_SHARE = 0.65  # of the way up the scale: 4 of 5, 7 of 10, 2 of 0..2
STANDARD = ((1.0, 5.0), (1.0, 10.0))  # the usual scales of ratings
ANY_LIKE = 1e-9  # implicit: above the rounding error of a sum that should be 0
DAY = 86_400.0
OLDEST_WEIGHT = 2.0**-20  # fading stops here, so that an old like stays a like in float32


@dataclass(frozen=True)
class Feedback:
    """How values read. ``value >= liked_at`` is a like.

    ``kind``: "explicit" (ratings on ``scale``, which may reach further than those given, see
    :func:`understood_scale`), "implicit" (summed event weights) or "none" (no
    interactions). ``like_value`` and ``dislike_value``: what a bare "like" or "dislike" stands for; the mean
    liked and disliked rating (the ends of the scale where there is none), or 1 and -1.
    """

    kind: Kind
    liked_at: float
    scale: tuple[float, float] | None = None
    events: dict[str, float] = field(default_factory=dict)
    half_life: float | None = None
    like_value: float = 1.0
    dislike_value: float = -1.0

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return {**asdict(self), "scale": None if self.scale is None else list(self.scale)}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Feedback:
        """The inverse of :meth:`to_dict`, after a trip through JSON."""
        scale = fields["scale"]
        return cls(**{**fields, "scale": None if scale is None else tuple(scale)})

    def liked(self, values: object) -> np.ndarray:
        """(N,) bool: which of ``values`` (N,) are likes; compared in float32, the width in which values are
        kept."""
        return np.asarray(values, dtype=np.float32) >= np.float32(self.liked_at)

    def describe(self) -> str:
        """One line for people: what counts as a like."""
        if self.kind == "none":
            return "no feedback: nobody has rated, bought or read anything yet"
        fading = f", half as much after {self.half_life:g} days" if self.half_life else ""
        if self.kind == "implicit":
            above = "above 0" if self.liked_at == ANY_LIKE else f"{self.liked_at:g} and more"
            return (
                f"implicit: the weights of a person's events with an item add up{fading}; {above} is a like"
            )
        low, high = self.scale or (0.0, 0.0)
        return f"ratings from {low:g} to {high:g}{fading}; {self.liked_at:g} and more is a like"


NO_FEEDBACK = Feedback("none", ANY_LIKE)


def threshold(low: float, high: float) -> float:
    """The rating from which on a rating counts as a like when nobody says: 65 % of the way from low to
    high."""
    return low + LIKED_SHARE * (high - low)


def understood_scale(ratings: np.ndarray) -> tuple[float, float]:
    """The scale that ``ratings`` (N,) were given on: their own range, or the usual scale of which it is a part.

    A young shop has seen 3, 4 and 5, and nobody has given a 1 yet. Whole or half numbers, two different ones at
    least, whose highest is 4 to 5 and whose lowest is 1 or more, are read as 1 to 5; with a highest above 5, as 1
    to 10. Where 1 is the lowest and 6 or 7 the highest, a scale of six or seven has been seen whole, and stays.

    >>> understood_scale(np.array([3, 4, 5])), understood_scale(np.array([6.5, 9])), understood_scale(np.array([0, 2]))
    ((1.0, 5.0), (1.0, 10.0), (0.0, 2.0))
    """
    low, high = float(ratings.min()), float(ratings.max())
    standard = standard_scale(low, high)
    stepwise = bool((2 * ratings == np.round(2 * ratings)).all())
    whole_seven = low == 1 and 5 < high <= 7
    if standard is None or not stepwise or low == high or high < 4 or whole_seven:
        return low, high
    return standard


def standard_scale(low: float, high: float) -> tuple[float, float] | None:
    """The smallest of 1 to 5 and 1 to 10 that holds both numbers; ``None`` where neither does."""
    return next((scale for scale in STANDARD if scale[0] <= low and high <= scale[1]), None)


def bare_values(feedback: Feedback, beside: Sequence[float]) -> tuple[float, float]:
    """What a bare like and a bare dislike stand for, ``beside`` values of the same person.

    Where no data say on which scale those lie, the ends of the usual one: 1 would be the worst of 1 to 5.
    """
    if feedback.kind == "none" and len(beside):
        scale = standard_scale(min(beside), max(beside))
        if scale is not None:
            return scale[1], scale[0]
    return feedback.like_value, feedback.dislike_value


def liked_without_scale(values: Sequence[float]) -> tuple[np.ndarray, str | None]:
    """``(N,) bool, note``: which of one person's ``values`` are likes where no data say on which scale they lie.

    From 1 to 10 they are ratings on the usual scale that holds them: 4 and more of 5 is a like, 7 and more of 10.
    Where one is below 0, none above 1 or all are the same, they are signs: what is above 0 is a like. Anything else
    has its own range for a scale (0, 1 and 2; 60 and 90). ``note``: how they were read, where that may be wrong.

    >>> liked_without_scale([5, 4, 1])[0].tolist(), liked_without_scale([1, -1])[0].tolist()
    ([True, True, False], [True, False])
    """
    given = np.asarray(values, dtype=float)
    if not len(given):
        return np.zeros(0, dtype=bool), None
    low, high = float(given.min()), float(given.max())
    if low < 0 or high <= 1:
        return given > 0, None
    standard = standard_scale(low, high)
    scale = standard or (low, high)
    if low == high:  # one value has nothing to be compared with, and few name only what leaves them cold
        if standard is None or low >= threshold(*standard):
            return given > 0, None
        return given > 0, (
            f"nobody has rated anything yet, so a value of {figure(low)} counts as a like, though of "
            f"{figure(scale[0])} to {figure(scale[1])} it would be none. Give a dislike a value below 0."
        )
    liked = given >= threshold(*scale)
    if standard is not None and liked.any():
        return liked, None
    least = figure(math.ceil(threshold(*scale))) if standard else f"{threshold(*scale):g}"
    return liked, (
        f"nobody has rated anything yet, so the values given were read as ratings from {figure(scale[0])} to "
        f"{figure(scale[1])}: {least} and more is a like."
    )


def mistaken_weights(values: Sequence[float]) -> str | None:
    """The note for one person's ``values`` that count as weights of events and look like ratings, not all high."""
    given = np.asarray(values, dtype=float)
    if not len(given) or given.max() <= 1:
        return None
    standard = standard_scale(float(given.min()), float(given.max()))
    if standard is None or (given >= threshold(*standard)).all():
        return None
    return (
        "the data hold no ratings, so the values given count as weights of events: above 0 is a like, and so is "
        f"{figure(float(given.min()))}. Give a dislike a value below 0."
    )


def event_weights(given: Mapping[str, float] | None) -> dict[str, float]:
    """The default weights with ``given`` laid over them, by lower-case name."""
    return {**DEFAULT_EVENTS, **{event_name(name): float(weight) for name, weight in (given or {}).items()}}


def event_name(name: object) -> str:
    """An event's name as weights know it: "Add to cart" and "add-to-cart" are ``add_to_cart``."""
    return str(name).strip().casefold().replace(" ", "_").replace("-", "_")


def fading(times: np.ndarray, half_life: float, now: float | None) -> np.ndarray:
    """(N,) weights ``0.5 ** (age / half_life)``, age in days before ``now`` (default: the latest time).

    ``times``: (N,), one of them known at least. An event without a time counts as old as the oldest one; an
    event after ``now`` has full weight.
    """
    known = times[np.isfinite(times)]
    latest = float(known.max()) if now is None else now
    age = (latest - np.where(np.isfinite(times), times, known.min())) / DAY
    return np.maximum(0.5 ** (np.maximum(age, 0.0) / half_life), OLDEST_WEIGHT)
