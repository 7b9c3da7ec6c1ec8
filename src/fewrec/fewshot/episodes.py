"""Simulated strangers made from training users: the question that users will really ask, asked of ourselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fewrec.signals import Signal, Supports, TrainingData

__all__ = ["K_SHOTS", "Episode", "SignalFactory", "draw_episodes", "fit_signals"]

K_SHOTS = (1, 3, 5, 10)
HELD_BACK = 5
"""A user plays an episode of size k only with at least k + 5 interactions."""

TOP_CANDIDATES = 30
RANDOM_CANDIDATES = 60
"""Random items among the candidates: without them a negative weight could lift the hidden positives alone, because
they would be the only items low in a signal that are candidates at all."""

MAX_USERS, FEW_USERS = 600, 60
"""Users who play, at most. 600 instead of 300 gained, on training users of goodbooks, NDCG@10 .001, .002 and .002 at
k = 3, 5 and 10, and .003 on MovieLens at k = 10. Two orders of each history instead, with 200 users: +.001, +.001,
-.002 and -.003 at k = 1, 3, 5 and 10. What is missing is people, not episodes."""

BATCH = 64

SignalFactory = Callable[[], Sequence[Signal]]


def _nothing() -> NDArray[np.intp]:
    return np.zeros(0, dtype=np.intp)


@dataclass(frozen=True)
class Episode:
    """One stranger: k interactions shown, the others hidden, and what each signal said of ``C`` candidates."""

    user: int
    k_shot: int
    candidates: NDArray[np.intp]  # (C,) item indices, sorted
    scores: NDArray[np.float32]  # (C, S) raw signal scores, from signals that have not seen this user
    positive: NDArray[np.bool_]  # (C,) hidden and liked
    n_positive: int
    weight: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    """(C,) how many items of the catalogue a candidate stands for: 1, and more where it is there by chance."""
    shown: NDArray[np.intp] = field(default_factory=_nothing)  # (k,) the support items
    disliked: NDArray[np.intp] = field(default_factory=_nothing)  # (R,) hidden, met and not liked
    disliked_scores: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    """(R, S). Disliked items are no candidates: weights are not fitted on them, the probability of liking is."""


def fit_signals(signals: Sequence[Signal], training: TrainingData) -> list[Signal]:
    """Those of ``signals`` that have something to say about the data, fitted.

    Copies are fitted: a ready object that the caller gave is fitted once on all users and again for every fold.
    """
    return [copy(signal).fit(training) for signal in signals if signal.available(training)]


def folds_of(n_users: int) -> int:
    """10 folds up to 50 users, 5 up to 200, 4 above; never more folds than users."""
    return min(n_users, 10 if n_users <= 50 else 5 if n_users <= 200 else 4)


def orders_of(n_users: int) -> int:
    """Random orders of each user's history: 4 up to 10 users, 2 up to 50, 1 above."""
    return 4 if n_users <= 10 else 2 if n_users <= 50 else 1


def draw_episodes(
    training: TrainingData,
    make_signals: SignalFactory,
    names: Sequence[str],
    seed: int,
    progress: Callable[[int, int], None] | None = None,
    *,
    few: bool = False,
) -> list[Episode]:
    """Episodes for k in 1, 3, 5, 10, every user scored by signals refitted without the user's fold.

    Candidates are the union of every signal's top 30, the positives and 60 random items. ``names`` are the signals
    that the model itself fitted: where a fold leaves one of them nothing to say, its scores are zero. ``few``:
    from 60 users in two folds, enough to measure scales but not to weigh signals.
    """
    rng = np.random.default_rng(seed)
    n = training.n_users
    folds = min(2, folds_of(n)) if few else folds_of(n)
    if folds < 2:
        return []
    shuffled = rng.permutation(n)
    chosen = set(rng.permutation(n)[: FEW_USERS if few else MAX_USERS].tolist())
    result: list[Episode] = []
    for fold in range(folds):
        inside = np.arange(n) % folds != fold
        held = [int(user) for user in shuffled[~inside] if int(user) in chosen]
        # Sorted rows: the order in which users were shuffled must not change sums.
        signals = fit_signals(make_signals(), training.with_users(np.sort(shuffled[inside])))
        by_name = {signal.name: signal for signal in signals}
        tasks = _tasks(training, held, orders_of(n), rng)
        for start in range(0, len(tasks), BATCH):
            result.extend(
                _play(training, [by_name.get(name) for name in names], tasks[start : start + BATCH], rng)
            )
        del signals, by_name  # those of the next fold need the room
        if progress is not None:
            progress(fold + 1, folds)
    return result


def _tasks(
    training: TrainingData, users: Sequence[int], orders: int, rng: np.random.Generator
) -> list[tuple[int, NDArray[np.intp]]]:
    """``(user, support items)`` of every episode of these users."""
    tasks: list[tuple[int, NDArray[np.intp]]] = []
    for user in users:
        items = _row(training.seen, user)
        for _ in range(orders):
            shuffled = rng.permutation(items)
            tasks.extend((user, shuffled[:k]) for k in K_SHOTS if len(items) >= k + HELD_BACK)
    return tasks


def _play(
    training: TrainingData,
    signals: Sequence[Signal | None],
    tasks: Sequence[tuple[int, NDArray[np.intp]]],
    rng: np.random.Generator,
) -> list[Episode]:
    likes = [_row(training.liked, user) for user, _ in tasks]
    shown = [support for _, support in tasks]
    supports = Supports.of(
        shown,
        [np.isin(support, liked) for support, liked in zip(shown, likes, strict=True)],
        training.n_items,
        portraits=None if training.portraits is None else training.portraits[[user for user, _ in tasks]],
    )
    scores = np.zeros((len(tasks), training.n_items, len(signals)), dtype=np.float32)
    for column, signal in enumerate(signals):
        if signal is not None:
            scores[:, :, column] = signal.score(supports)
    result = []
    for row, (user, support) in enumerate(tasks):
        hidden = np.setdiff1d(likes[row], support)
        if len(hidden) == 0:
            continue
        candidates, weight = _candidates(scores[row], hidden, support, rng)
        disliked = np.setdiff1d(_row(training.seen, user), np.concatenate([likes[row], support]))
        result.append(
            Episode(
                user=user,
                k_shot=len(support),
                candidates=candidates,
                scores=scores[row, candidates],
                positive=np.isin(candidates, hidden),
                n_positive=len(hidden),
                weight=weight,
                shown=support,
                disliked=disliked,
                disliked_scores=scores[row, disliked],
            )
        )
    return result


def _candidates(
    scores: NDArray[np.float32], hidden: NDArray[np.intp], support: NDArray[np.intp], rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    n_items = len(scores)
    masked = scores.copy()
    masked[support] = -np.inf
    top = min(TOP_CANDIDATES, n_items)
    best = np.argpartition(-masked, top - 1, axis=0)[:top].ravel()
    random = rng.integers(0, n_items, RANDOM_CANDIDATES)
    certain = np.setdiff1d(np.concatenate([best, hidden]), support)
    candidates = np.union1d(certain, np.setdiff1d(random, support))
    weight = np.ones(len(candidates))
    by_chance = ~np.isin(candidates, certain, assume_unique=True)
    if by_chance.any():
        weight[by_chance] = (n_items - len(support) - len(certain)) / by_chance.sum()
    return candidates, weight


def _row(matrix: object, user: int) -> NDArray[np.intp]:
    return matrix.indices[matrix.indptr[user] : matrix.indptr[user + 1]].astype(np.intp)  # type: ignore[attr-defined]
