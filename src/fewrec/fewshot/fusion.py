"""Weights over signals, learned on episodes from a prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fewrec.fewshot.episodes import K_SHOTS, Episode
from fewrec.fewshot.smoothrank import Pack, hard_ndcg, pack_episodes, smooth_ndcg
from fewrec.signals import Signal

__all__ = ["Fusion", "fit_fusion", "mean_fusion", "measure_scales", "prior_fusion"]

CENTRE = 4.0
"""Weights are a + b (log k - log 4): ``a`` is the weight in the middle of the range 1..10."""

PRIOR_SD = (0.5, 0.5)
"""Prior standard deviations of ``a`` and ``b``."""

EVIDENCE = 2.0
"""How much one episode's NDCG counts against the prior; 1, 2, 4 and 8 were compared on training users."""

ROUNDS, STEPS = 2, 13

VARIED, SILENT = 1e-6, 1e6
"""A signal varies from this standard deviation on; one that never did gets so large a scale that it has no say."""

MOST_REMEMBERED = 1000
"""Sizes of supports whose weights are kept once worked out; interpolating them takes as long as a small product."""

LEAST_POPULARITY = 0.01
"""Popularity is never weighted less: where nothing else speaks, or all else ties, it decides the order."""

ENDS = np.log(np.array([K_SHOTS[0], K_SHOTS[-1]]) / CENTRE)
TO_LINE = np.linalg.inv(np.stack([np.ones(2), ENDS], axis=1))
"""``(level, slope) = TO_LINE @ (weight at k = 1, weight at k = 10)``."""


@dataclass(frozen=True)
class Fusion:
    """``s(i) = sum_c [a_c + b_c (log k - log 4)] f_c(i) / sd_c(k)``."""

    names: tuple[str, ...]
    level: NDArray[np.float64]  # (S,) a
    slope: NDArray[np.float64]  # (S,) b
    scales: NDArray[np.float64]  # (len(K_SHOTS), S) RMS standard deviation of each signal among candidates

    def weights(self, k_shot: float) -> NDArray[np.float64]:
        """What one unit of each raw signal is worth at ``k_shot``: ``(S,)``. Slopes end at k = 1 and k = 10."""
        found = self._worked_out.get(k_shot)
        if found is None:
            bounded = np.clip(k_shot, K_SHOTS[0], K_SHOTS[-1])
            found = (self.level + self.slope * np.log(bounded / CENTRE)) / self.scale(k_shot)
            found.flags.writeable = False  # the next one who asks gets the same
            if len(self._worked_out) < MOST_REMEMBERED:
                self._worked_out[k_shot] = found
        return found

    @cached_property
    def _worked_out(self) -> dict[float, NDArray[np.float64]]:
        return {}

    def scale(self, k_shot: float) -> NDArray[np.float64]:
        """``sd_c(k)``, log-log interpolated; beyond k = 10 it grows as it did from 3 to 10."""
        if k_shot in K_SHOTS:
            return self.scales[K_SHOTS.index(k_shot)]
        x, grid = np.log(max(k_shot, K_SHOTS[0])), np.log(K_SHOTS)
        logs = np.log(self.scales)
        inside = np.array([np.interp(x, grid, column) for column in logs.T])
        growth = (logs[-1] - logs[1]) / (grid[-1] - grid[1])
        return np.exp(inside + growth * max(0.0, x - grid[-1]))

    def towards_popularity(self, trust: tuple[float, float], popularity: NDArray[np.bool_]) -> Fusion:
        """Personal weights turned down to ``trust`` at k = 1 and k = 10 (0: the bestseller list, 1: unchanged)."""
        ends = np.stack([self.level + end * self.slope for end in ENDS])
        ends *= np.where(popularity, 1.0, np.array(trust)[:, None])
        level, slope = TO_LINE @ ends
        return Fusion(self.names, level, slope, self.scales)


def measure_scales(episodes: Sequence[Episode], n_signals: int) -> NDArray[np.float64]:
    """RMS over episodes of each signal's standard deviation among the candidates, at every k: ``(K, S)``.

    Where a signal never varied at some k (nobody played it, or nobody's one shown item was disliked) it takes the
    scale of the nearest k at which it did. One that never varied at all has not been seen to say anything: its
    scale is so large that it has no say later either.
    """
    if not episodes:
        return np.ones((len(K_SHOTS), n_signals))
    scales = np.zeros((len(K_SHOTS), n_signals))
    for row, k_shot in enumerate(K_SHOTS):
        found = [
            episode.scores.var(axis=0, dtype=np.float64) for episode in episodes if episode.k_shot == k_shot
        ]
        if found:
            scales[row] = np.sqrt(np.mean(found, axis=0))
    for column in scales.T:
        varied = np.flatnonzero(column > VARIED)
        nearest = [varied[np.abs(varied - row).argmin()] for row in range(len(column))] if len(varied) else []
        column[:] = column[nearest] if nearest else SILENT
    return scales


def prior_fusion(signals: Sequence[Signal], scales: NDArray[np.float64]) -> Fusion:
    """Weights before any evidence."""
    level = np.array([signal.prior for signal in signals], dtype=np.float64)
    return Fusion(tuple(signal.name for signal in signals), level, np.zeros(len(signals)), scales)


def mean_fusion(fusions: Sequence[Fusion]) -> Fusion:
    """The mean of weights fitted on overlapping parts of the users (bagging; Breiman 1996).

    With few users single fits scatter: on training users of MovieLens, 50 of them, NDCG@10 at k = 3 .381 to .385.
    """
    first = fusions[0]
    level = np.mean([fusion.level for fusion in fusions], axis=0)
    slope = np.mean([fusion.slope for fusion in fusions], axis=0)
    return Fusion(first.names, level, slope, first.scales)


def fit_fusion(
    episodes: Sequence[Episode],
    signals: Sequence[Signal],
    prior: Fusion,
    rounds: int = ROUNDS,
    steps: int = STEPS,
) -> Fusion:
    """Weights that maximise smooth NDCG@10 over the episodes, less what the prior asks for straying.

    Maximises ``2 sum_e ndcg_e - 1/2 sum_c [(a_c - a0_c)^2 / .25 + b_c^2 / .25]`` by L-BFGS-B in two rounds of 13
    steps, the top 80 candidates of every episode renewed between them. Weights stay non-negative for all k in 1..10
    unless the signal's sign is not known beforehand: a signal is a reason to recommend, and a reason cannot count
    against. (On training users of two data sets this costs nothing and keeps explanations readable.)
    """
    if not episodes:
        return prior
    from scipy.optimize import minimize  # half a second that a loaded model need not spend

    prior = _likelier(episodes, signals, prior)

    # The weights at k = 1 and k = 10 are the parameters, so that "non-negative for all k" is a box.
    floor = [0.0 if signal.personal else LEAST_POPULARITY for signal in signals]
    lower = np.where([signal.free_sign for signal in signals], -np.inf, floor)
    variance = np.square(PRIOR_SD)[:, None]
    start = np.stack([prior.level, prior.slope])
    line = np.stack([_best_start(episodes, signals, prior), prior.slope])
    for _ in range(rounds):
        current = Fusion(prior.names, line[0], line[1], prior.scales)
        packs = pack_episodes(episodes, current, CENTRE)

        def loss(x: NDArray[np.float64], packs: list[Pack] = packs) -> tuple[float, NDArray[np.float64]]:
            candidate = TO_LINE @ x.reshape(2, -1)
            value, gradient = smooth_ndcg(packs, candidate)
            off = candidate - start
            total = EVIDENCE * value - 0.5 * float((off**2 / variance).sum())
            return -total, -(TO_LINE.T @ (EVIDENCE * gradient - off / variance)).ravel()

        first = np.maximum(line[0] + ENDS[:, None] * line[1], lower)
        bounds = [(low, None) for low in np.tile(lower, 2)]
        found = minimize(
            loss, first.ravel(), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps}
        )
        line = TO_LINE @ found.x.reshape(2, -1)
    return Fusion(prior.names, line[0], line[1], prior.scales)


BOLDNESS = 0.5
"""Evidence, as it counts in the fit, by which the bold weights must be ahead."""


def _likelier(episodes: Sequence[Episode], signals: Sequence[Signal], prior: Fusion) -> Fusion:
    """The prior, or the one with the bold weights of those signals that have one, whichever the episodes speak for.

    The prior of such a signal has two humps: on most data it is worth little, on some it is worth most. A single hump
    between them is wrong on both, and a few dozen users cannot move a weight from one to the other.
    """
    level = np.array([w if s.bold is None else s.bold for s, w in zip(signals, prior.level, strict=True)])
    if np.array_equal(level, prior.level):
        return prior
    bold = Fusion(prior.names, level, prior.slope, prior.scales)
    ndcg, _ = hard_ndcg(episodes, [prior, bold])
    usual, more = EVIDENCE * ndcg.sum(axis=0)
    return bold if more > usual + BOLDNESS else prior


STARTS = tuple((popular, personal) for popular in (1.0, 0.5, 0.2, 0.05) for personal in (1.0, 3.0))


def _best_start(episodes: Sequence[Episode], signals: Sequence[Signal], prior: Fusion) -> NDArray[np.float64]:
    """Levels from which the search begins: the prior's, or those with popularity or the personal signals rescaled.

    Where popularity tells nothing (many books, few readers) it drowns everything at the prior's weights; no positive
    comes near the top, and the smooth measure is flat there. The plain NDCG of a few rescaled priors leads out.
    """
    personal = np.array([signal.personal for signal in signals])
    levels = [prior.level * np.where(personal, much, popular) for popular, much in STARTS]
    ndcg, _ = hard_ndcg(episodes, [Fusion(prior.names, level, prior.slope, prior.scales) for level in levels])
    strayed = [((level - prior.level) ** 2).sum() / (2 * PRIOR_SD[0] ** 2) for level in levels]
    return levels[int(np.argmax(EVIDENCE * ndcg.sum(axis=0) - strayed))]
