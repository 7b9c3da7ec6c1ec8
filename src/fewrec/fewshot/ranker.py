"""Signals, their learned weights and the guard in one fitted object that scores supports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fewrec.fewshot.episodes import Episode, SignalFactory, draw_episodes, fit_signals
from fewrec.fewshot.fusion import Fusion, fit_fusion, mean_fusion, measure_scales, prior_fusion
from fewrec.fewshot.guard import Trust, measure_trust
from fewrec.signals import Columns, People, Signal, Supports, TrainingData

__all__ = ["Ranker"]

ALL = slice(None)
Asked = TypeVar("Asked", Columns, People)


def _add(
    sums: dict[int, tuple[Asked, NDArray[np.float32]]], asked: Asked, numbers: NDArray[np.float32]
) -> None:
    """Adds ``numbers`` to what the same object is asked with."""
    before = sums.get(id(asked))
    sums[id(asked)] = asked, numbers if before is None else before[1] + numbers


@dataclass(frozen=True)
class Ranker:
    """Orders all items for any support set. Fitted once; scoring changes nothing."""

    signals: tuple[Signal, ...]
    fusion: Fusion
    trust: Trust | None  # None where nothing was tuned
    n_items: int

    @classmethod
    def fit(
        cls,
        training: TrainingData,
        make_signals: SignalFactory,
        seed: int,
        tune: bool = True,
        progress: Callable[[int, int], None] | None = None,
    ) -> tuple[Ranker, list[Episode]]:
        """The ranker, and the episodes it was tuned on (for calibration).

        With ``tune=False`` a few episodes are still drawn, but for the scales of the signals alone: weights stay at
        their prior means and personal evidence is trusted as it is.
        """
        signals = fit_signals(make_signals(), training)
        names = [signal.name for signal in signals]
        episodes = draw_episodes(training, make_signals, names, seed, progress, few=not tune)
        fusion = prior_fusion(signals, measure_scales(episodes, len(signals)))
        trust = None
        if tune and episodes:
            trust, partial = measure_trust(episodes, signals, fusion, seed)
            popularity = np.array([not signal.personal for signal in signals])
            whole = fit_fusion(episodes, signals, fusion)
            fusion = mean_fusion([*partial, whole]).towards_popularity(trust.value, popularity)
        return cls(tuple(signals), fusion, trust, training.n_items), episodes

    def score(self, supports: Supports) -> NDArray[np.float32]:
        """``(B, I)`` fused scores; all zero where no signal has anything to say."""
        return self.score_items(supports, ALL)

    def score_items(self, supports: Supports, items: NDArray[np.intp] | slice) -> NDArray[np.float32]:
        """``score(supports)[:, items]``."""
        width = self.n_items if isinstance(items, slice) else len(items)
        total = np.zeros((len(supports), width), dtype=np.float32)
        weights = np.array([self.fusion.weights(k) for k in supports.k_shot], dtype=np.float32)
        weights = weights.reshape(len(supports), len(self.signals))
        shared: dict[int, tuple[Columns, NDArray[np.float32]]] = {}  # with the weighted sum of users
        for column, signal in enumerate(self.signals):
            weight = weights[:, column, None]
            if not np.any(weight):
                continue
            product = signal.product(supports) if isinstance(items, slice) and items == ALL else None
            if product is None:
                total += weight * signal.score_items(supports, items)
                continue
            pair, rest = product
            if pair is not None:
                users, columns = pair
                _add(shared, columns, weight * users)
            if rest is not None:
                total += weight * rest
        people: dict[
            int, tuple[People, NDArray[np.float32]]
        ] = {}  # the same for those who answer over people
        for columns, users in shared.values():
            found = columns.own(users)
            if columns.then is None:
                total += found
            else:
                _add(people, columns.then, found)
        for then, found in people.values():
            total += then.answer(found)
        return total

    def contributions(
        self, supports: Supports, items: NDArray[np.intp], k_shot: float
    ) -> NDArray[np.float32]:
        """What every signal adds, at the weights of ``k_shot``: ``(S, B, C)``; sums over ``S`` are scores."""
        weights = self.fusion.weights(k_shot).astype(np.float32)
        terms = [w * s.score_items(supports, items) for w, s in zip(weights, self.signals, strict=True)]
        return np.stack(terms) if terms else np.zeros((0, len(supports), len(items)), dtype=np.float32)

    def with_weight(self, column: int, weight: float) -> Ranker:
        """The same with the weight of one signal set, alike at every k, in the signal's own units."""
        fusion = self.fusion
        levels, slopes, scales = fusion.level.copy(), fusion.slope.copy(), fusion.scales.copy()
        levels[column], slopes[column], scales[:, column] = weight, 0.0, 1.0
        return replace(self, fusion=Fusion(fusion.names, levels, slopes, scales))

    def regrown(self, signals: Sequence[Signal], n_items: int) -> Ranker:
        """The same weights over signals refitted on a catalogue that has grown."""
        return Ranker(tuple(signals), self.fusion, self.trust, n_items)
