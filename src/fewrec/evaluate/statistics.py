"""How sure a mean is, and whether one system is better than another on the same people.

A person may be tested under several seeds; what is asked of one person is no independent evidence twice. So people
are what errors, permutations and draws are made of: all marks of a person move together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["DRAWS", "Difference", "compare", "error_over_seeds", "error_over_users", "holm", "verdict"]

Floats = NDArray[np.float64]
DRAWS = 9999
"""Sign flips of the permutation test and draws of the bootstrap; the smallest p is 1 / 5,000."""
LEVEL = 0.05


def per_person(marks: Floats, person: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Sum and number of the marks of every person who has any; ``person`` (N,) tells whose a mark is."""
    known = ~np.isnan(marks)
    _, who = np.unique(person[known], return_inverse=True)
    return np.bincount(who, marks[known]).astype(np.float64), np.bincount(who).astype(np.float64)


def error_over_users(marks: Floats, person: NDArray[np.intp]) -> float:
    """Standard error of the mean of ``marks`` (N,) over people, several marks of one person taken together.

    With one mark each it is the usual standard deviation / sqrt(N). Cameron and Miller, Journal of Human Resources 50
    (2015), equation 7, with the factor G / (G - 1).
    """
    sums, counts = per_person(marks, person)
    people = len(sums)
    if people < 2:
        return float("nan")
    residual = sums - counts * sums.sum() / counts.sum()
    return float(np.sqrt(people / (people - 1) * np.square(residual).sum()) / counts.sum())


def error_over_seeds(means: Sequence[float]) -> float:
    """Standard error of the mean over seeds: how much splits and training samples matter. NaN for one seed."""
    known = np.array([mean for mean in means if not np.isnan(mean)])
    return float(known.std(ddof=1) / np.sqrt(len(known))) if len(known) > 1 else float("nan")


@dataclass(frozen=True)
class Difference:
    """One system less another, on the same people."""

    mean: float
    low: float  # 95 % interval
    high: float
    effect: float  # mean / standard deviation over people (Cohen's d of paired samples)
    p: float
    people: int


def compare(mine: Floats, theirs: Floats, person: NDArray[np.intp], seed: int = 0) -> Difference | None:
    """Paired comparison of marks (N,) given to the same lists; ``None`` where fewer than two people have both.

    p: two-sided permutation test that flips the sign of a person's whole difference (SciPy's ``permutation_test``;
    all flips where there are fewer than ``DRAWS``). Interval: percentiles of a bootstrap over people.
    """
    from scipy.stats import bootstrap, permutation_test

    sums, counts = per_person(mine - theirs, person)
    people = len(sums)
    if people < 2:
        return None
    mean = float(sums.sum() / counts.sum())
    if not sums.any():
        return Difference(0.0, 0.0, 0.0, 0.0, 1.0, people)
    found = permutation_test(
        (sums,), lambda flipped, axis: flipped.sum(axis=axis), permutation_type="samples", vectorized=True,
        n_resamples=DRAWS, random_state=np.random.default_rng(seed),
    )  # fmt: skip
    drawn = bootstrap(
        (sums, counts), lambda top, below, axis: top.sum(axis=axis) / below.sum(axis=axis), paired=True,
        vectorized=True, n_resamples=DRAWS, method="percentile", random_state=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    spread = float((sums / counts).std(ddof=1))
    effect = float((sums / counts).mean() / spread) if spread > 0 else float("nan")
    return Difference(mean, float(drawn.low), float(drawn.high), effect, float(found.pvalue), people)


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979): adjusted p, in the given order.

    >>> [round(value, 3) for value in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    steps = (len(p) - np.arange(len(p))) * np.asarray(p, dtype=np.float64)[order]
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(p) else steps
    return [float(value) for value in adjusted]


def verdict(difference: float, p_holm: float, *, larger_is_better: bool = True) -> str:
    """ "better", "worse" or "no clear winner", in words."""
    if p_holm >= LEVEL or difference == 0:
        return "no clear winner"
    return "better" if (difference > 0) == larger_is_better else "worse"
