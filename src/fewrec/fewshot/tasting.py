"""How much a taste sentence counts: learned on sentences made for training users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fewrec.fewshot.episodes import HELD_BACK, SignalFactory, fit_signals
from fewrec.fewshot.ranker import Ranker
from fewrec.fewshot.smoothrank import CUTOFF, ideal_gain
from fewrec.signals import Supports, Taste, TrainingData

__all__ = ["Tasting", "learn_taste"]

TASTE = "taste"
GRID = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
PRIOR_LOG_SD = 0.7
K_SHOTS = (0, 3)
TOP_MATCH = 2.0
"""A sentence's best items match it so many standard deviations above the mean, or more: 3 to 10 in the catalogue's own
words, 2 to 5 in another language. (With 4, who asked restaurants for sushi in Chinese got the bestseller first.)"""


@dataclass(frozen=True)
class Tasting:
    """Training users with a sentence each, and the liked items that the sentence was made from."""

    users: NDArray[np.intp]  # (B,)
    taste: Taste  # B sentences
    described: Sequence[NDArray[np.intp]]  # items that a sentence describes; they are no targets


def learn_taste(
    ranker: Ranker, training: TrainingData, make_signals: SignalFactory, tasting: Tasting | None, seed: int
) -> Ranker:
    """``ranker`` with a weight for the taste signal.

    Signals are refitted without the tasting users. Each is shown 0 and 3 interactions and the sentence; hits are
    other liked items, never those the sentence was made from. The weight, in standard deviations of the match, is
    the one of eight with the best ``2 sum NDCG@10`` less a log-normal prior around 1.

    It has a floor: what a visitor asks for in words must be able to outrank what everybody buys, also where past
    users' purchases say little about it. An item that matches 2 standard deviations better than most gets at least
    the lead that the bestseller has over the median item.
    """
    if TASTE not in ranker.fusion.names:
        return ranker
    column = ranker.fusion.names.index(TASTE)
    return ranker.with_weight(
        column, max(_floor(ranker), _learned(ranker, training, make_signals, tasting, seed))
    )


def _floor(ranker: Ranker) -> float:
    nobody = Supports.of([np.zeros(0, np.intp)], [np.zeros(0, bool)], ranker.n_items)
    general = ranker.score(nobody)[0]
    return float(general.max() - np.median(general)) / TOP_MATCH


def _learned(
    ranker: Ranker, training: TrainingData, make_signals: SignalFactory, tasting: Tasting | None, seed: int
) -> float:
    if tasting is None or len(tasting.users) == 0:
        return 1.0
    column = ranker.fusion.names.index(TASTE)
    rest = np.setdiff1d(np.arange(training.n_users), tasting.users)
    by_name = {signal.name: signal for signal in fit_signals(make_signals(), training.with_users(rest))}
    rng = np.random.default_rng(seed)
    total = np.zeros(len(GRID))
    tasks = []
    for row, user in enumerate(tasting.users):
        items = np.setdiff1d(training.seen[user].indices, tasting.described[row])
        shuffled = rng.permutation(items)
        tasks += [(row, user, shuffled[:k]) for k in K_SHOTS if len(items) >= k + HELD_BACK]
    for row, user, shown in tasks:
        likes = training.liked[user].indices
        targets = np.setdiff1d(likes, np.concatenate([shown, tasting.described[row]]))
        if len(targets) == 0:
            continue
        supports = Supports.of(
            [shown], [np.isin(shown, likes)], training.n_items, taste=tasting.taste[np.array([row])]
        )
        weights = ranker.fusion.weights(int(supports.k_shot[0]))
        base = np.zeros(training.n_items, dtype=np.float32)
        match = np.zeros(training.n_items, dtype=np.float32)
        for place, name in enumerate(ranker.fusion.names):
            if name in by_name:
                scores = by_name[name].score(supports)[0]
                if place == column:
                    match = scores
                else:
                    base = base + np.float32(weights[place]) * scores
        hidden = np.concatenate([shown, tasting.described[row]])
        for at, weight in enumerate(GRID):
            fused = base + np.float32(weight) * match
            fused[hidden] = -np.inf
            top = np.argsort(-fused, kind="stable")[:CUTOFF]
            gain = np.isin(top, targets) / np.log2(np.arange(2, len(top) + 2))
            total[at] += gain.sum() / ideal_gain(len(targets))
    strayed = 0.5 * (np.log(GRID) / PRIOR_LOG_SD) ** 2
    return GRID[int(np.argmax(2 * total - strayed))]
