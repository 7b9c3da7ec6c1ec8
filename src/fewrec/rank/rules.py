"""House rules over a ranking: boosts, pinned items, a share of places for exploration. Each leaves a trace.

The order in which they apply: boosts change scores before anything is chosen; the best are chosen (for diversity, see
``fewrec.rank.diversity``); some of the last places go to items drawn at random; pinned items come first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.errors import ConfigError

__all__ = ["Note", "boosted", "check_boosts", "check_explain", "check_explore", "explored", "pinned_first"]

Note = tuple[str, str, float]
"""Kind, words, and what it adds to the score."""

STRONGEST = 10.0


def check_boosts(boosts: Any) -> dict[str, float]:
    """Condition -> strength. ``ConfigError`` unless each is a number from -10 to 10."""
    if boosts is None:
        return {}
    if not isinstance(boosts, Mapping):
        raise ConfigError(
            f"{boosts!r} are no boosts.", where="boosts", value=boosts, hint='Write {"price < 20": 0.5}.'
        )
    for condition, strength in boosts.items():
        number = isinstance(strength, int | float) and not isinstance(strength, bool)
        if not number or not abs(strength) <= STRONGEST:
            raise ConfigError(
                f"{strength!r} is no strength of a boost.",
                where=f"boosts, {condition!r}",
                value=strength,
                hint="From -10 to 10: how many standard deviations of the scores an item moves.",
            )
    return {str(condition): float(strength) for condition, strength in boosts.items()}


def check_explore(explore: Any) -> float:
    """``explore`` as a float; ``ConfigError`` unless it is a number from 0 to 1."""
    number = isinstance(explore, int | float | np.integer | np.floating) and not isinstance(explore, bool)
    if not number or not 0 <= explore <= 1:
        raise ConfigError(
            f"{explore!r} is no share of exploration.",
            where="explore",
            value=explore,
            hint="Give a number from 0 (none) to 1 (every place is drawn at random), such as 0.1.",
        )
    return float(explore)


def check_explain(explain: Any) -> bool:
    """``explain``; ``ConfigError`` unless it is True or False."""
    if not isinstance(explain, bool | np.bool_):
        raise ConfigError(
            f"{explain!r} is neither True nor False.",
            where="explain",
            value=explain,
            hint="True gives every item its reasons; False leaves them out, which takes less time.",
        )
    return bool(explain)


@dataclass(frozen=True)
class Boosted:
    """Scores with what was added to each."""

    scores: NDArray[np.float32]  # (I,)
    added: dict[str, NDArray[np.float32]]  # condition -> (I,)


def boosted(
    scores: NDArray[np.float32],
    mask: NDArray[np.bool_],
    met: Mapping[str, NDArray[np.bool_]],
    strengths: Mapping[str, float],
) -> Boosted:
    """``scores`` (I,) with ``strength`` standard deviations of the candidates' scores added where a condition is met.

    ``mask`` (I,): the candidates. ``met``: condition -> (I,). Scores have no unit of their own; their standard
    deviation is one. NaN stays NaN.

    >>> plain = np.array([1.0, 3.0], dtype=np.float32)  # standard deviation 1
    >>> boosted(plain, np.array([True, True]), {"new": np.array([True, False])}, {"new": 2.5}).scores.tolist()
    [3.5, 3.0]
    """
    if not strengths:
        return Boosted(scores, {})
    known = scores[mask & ~np.isnan(scores)].astype(np.float64)
    unit = float(known.std()) if len(known) else 0.0
    added = {
        condition: np.where(met[condition], np.float32(strength * unit), np.float32(0)).astype(np.float32)
        for condition, strength in strengths.items()
    }
    total = scores.copy()
    for amount in added.values():
        total += amount
    return Boosted(total, added)


def explored(
    chosen: NDArray[np.intp], pool: NDArray[np.intp], share: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], set[int]]:
    """``(list, explored items)``: ``share`` of the places, the last ones, go to items drawn evenly from ``pool``.

    ``chosen`` (n,): the list so far; ``pool``: candidates beside it. The number of places is rounded down, so a short
    list with a small share explores nothing. There is one draw for each place, without putting back.
    """
    places = min(int(share * len(chosen) + 1e-9), len(pool))
    if not places:
        return chosen, set()
    drawn = rng.choice(pool, size=places, replace=False)
    return np.concatenate([chosen[: len(chosen) - places], drawn]), set(drawn.tolist())


def pinned_first(chosen: NDArray[np.intp], pinned: list[int], n: int) -> NDArray[np.intp]:
    """``pinned``, in its order, then the rest of ``chosen``; at most ``n``.

    >>> pinned_first(np.array([4, 5, 6]), [6, 9], 3).tolist()
    [6, 9, 4]
    """
    rest = [at for at in chosen.tolist() if at not in pinned]
    return np.array([*pinned, *rest][:n], dtype=np.intp)
