"""Items that nobody has met yet: what their text says about who will like them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.fewshot.fusion import EVIDENCE, PRIOR_SD
from fewrec.fewshot.smoothrank import Pack, ideal_gain, smooth_ndcg
from fewrec.signals import Spectrum, Supports, TrainingData

__all__ = ["NewItems"]

SIGNALS = {  # name -> weight before any evidence
    "popularity": 0.3,
    "own row": 0.1,
    "graph": 0.6,
    "text": 0.4,
    "nearest text": 0.1,
    "nearest met": 0.2,
    "neighbours": 0.2,
    "dislike": 0.0,
    "neighbours' graph": 0.2,
}
PRIOR = np.array(list(SIGNALS.values()))
FREE_SIGN = np.array([name == "dislike" for name in SIGNALS])

RIDGE = 1.0
RELIABLE = 5.0
"""An item met c times counts c / (c + 5) in the ridge maps: what is known of a rarely met item is mostly noise."""

LANDMARKS = 2000
"""The maps are kernel ridge regressions over the most met items, at most so many: cubic in this number alone."""

LEARNING_LANDMARKS = 1500
"""Enough to weigh the signals, at half the cost."""

WIDTH = 1.5
TEXT, WORDS, FEATURES = 1.0, 0.5, 0.5
"""Shares of the cosines in the kernel ``exp(-1.5 (1 - mean cosine))``; linear maps on the same cosines (and on 256
components of the words) read the graph score off worse: NDCG@10 .312 against .324 on training users of MovieLens."""

SHARP = 3
HIDDEN_SHARE, DRAWS, MAX_USERS = 0.2, 4, 150
GRAPH_RIDGE = 1.0


@dataclass(frozen=True)
class NewItems:
    """Ranks items without any interaction, among themselves, for any support.

    Kernel ridge maps lead from an item's text and features to what is known of met items only: their log popularity,
    the visitor's own row and the graph score of the visitor; a new item is read off the map. Beside them stands what
    needs no map: embedding cosines (their mean, and the cube root of their summed cubes, which follows the nearest
    few), embeddings and words together over all that was met, liked or not, how many of a new item's text neighbours
    were liked, and the neighbours' graph scores. The weights are learned as the fusion's are, on four draws that hide
    20 % of the training items.
    """

    kernel: NDArray[np.float32]  # (I, M) with the landmarks
    solve: NDArray[np.float32]  # (M, K): met items' values -> coefficients
    met: NDArray[np.intp]  # (K,)
    popular: NDArray[np.float32]  # (I,) popularity read off the map
    spectrum: Spectrum
    training: TrainingData
    weights: NDArray[np.float64]  # (9,)

    @staticmethod
    def learn(training: TrainingData, seed: int, tune: bool = True) -> NDArray[np.float64] | None:
        """``(9,)`` weights; ``None`` where there is no text or nobody has liked anything."""
        if not training.has_text or not training.has_habits:
            return None
        if not tune:
            return PRIOR
        landmarks = _landmarks(
            training, LANDMARKS // 2
        )  # enough to weigh the signals, at an eighth of the cost
        return _learn(training, kernel_with(training, landmarks), landmarks, seed)

    @classmethod
    def of(cls, training: TrainingData, weights: NDArray[np.float64], most: int = LANDMARKS) -> NewItems:
        """The maps, fitted on all training users and met items, by ``most`` landmarks at most."""
        landmarks = _landmarks(training, most)
        return cls._of(training, kernel_with(training, landmarks), landmarks, weights)

    @classmethod
    def _of(
        cls,
        training: TrainingData,
        kernel: NDArray[np.float32],
        landmarks: NDArray[np.intp],
        weights: NDArray[np.float64],
    ) -> NewItems:
        count = np.bincount(training.seen.indices, minlength=training.n_items)
        likes = np.bincount(training.liked.indices, minlength=training.n_items)
        met = np.flatnonzero(count)
        known = kernel[met]
        weighted = known * (count[met] / (count[met] + RELIABLE)).astype(np.float32)[:, None]
        gram = (weighted.T @ known).astype(np.float64) + RIDGE * kernel[landmarks]
        gram[np.diag_indices_from(gram)] += 1e-4 * len(met)  # jitter: the kernel of near-twins is singular
        solve = scipy.linalg.cho_solve(scipy.linalg.cho_factor(gram), weighted.T).astype(np.float32)
        log_popularity = np.log(likes + 0.2 * count + 0.2)[met]
        popular = kernel @ (solve @ (log_popularity - log_popularity.mean()).astype(np.float32))
        return cls(kernel, solve, met, popular, training.spectrum("liked", 0.5), training, weights)

    def score(self, supports: Supports, items: NDArray[np.intp]) -> NDArray[np.float32]:
        """``(B, C)`` for ``items``: weighted signals, each in units of its standard deviation over ``items``."""
        return np.asarray(self.signals(supports, items) @ self.weights, dtype=np.float32)

    def signals(self, supports: Supports, items: NDArray[np.intp]) -> NDArray[np.float32]:
        """``(B, C, 9)``, each divided by its standard deviation over the ``C`` items of its row."""
        training = self.training
        graph = self.spectrum.filter(supports.liked, GRAPH_RIDGE)  # (B, I)
        graph /= np.maximum(graph[:, self.met].std(axis=1, keepdims=True), 1e-9)
        known = graph[:, self.met]
        near = self.kernel[items].T
        n_liked = np.maximum(np.asarray(supports.liked.sum(axis=1)), 1)
        words = training.words[items]  # type: ignore[index]  # there is text, or there would be no NewItems
        view = training.views.get("title")
        out = np.zeros((len(supports), len(items), len(SIGNALS)), dtype=np.float32)
        out[:, :, 0] = self.popular[items]
        out[:, :, 1] = (supports.liked[:, self.met] @ self.solve.T) @ near
        out[:, :, 2] = ((known - known.mean(axis=1, keepdims=True)) @ self.solve.T) @ near
        out[:, :, 7] = ((supports.disliked @ training.words) @ words.T).toarray()
        if view is not None:
            out[:, :, 3] = (supports.liked @ view / n_liked) @ view[items].T
            out[:, :, 4] = _nearest(supports.liked, [(1.0, view)], items)
            out[:, :, 7] += (supports.disliked @ view) @ view[items].T
        parts = [(1.0, training.words)] if view is None else [(0.5, view), (1.0, training.words)]
        out[:, :, 5] = _nearest(supports.seen, parts, items)
        if training.neighbours is not None:
            near_by = training.neighbours[items]
            out[:, :, 6] = (near_by @ supports.liked.T).toarray().T
            out[:, :, 8] = (near_by @ graph.T).T
        return out / np.maximum(out.std(axis=1, keepdims=True), 1e-9)


def _landmarks(training: TrainingData, most: int) -> NDArray[np.intp]:
    """The most met items, at most ``most``, by position."""
    count = np.bincount(training.seen.indices, minlength=training.n_items)
    return np.sort(np.argsort(-count, kind="stable")[: min(most, int((count > 0).sum()))])


def kernel_with(training: TrainingData, landmarks: NDArray[np.intp]) -> NDArray[np.float32]:
    """``(I, M)`` ``exp(-1.5 (1 - mean cosine))`` of embeddings, words and features with the landmarks."""
    total = np.zeros((training.n_items, len(landmarks)), dtype=np.float32)
    weight = 0.0
    view, words, features = training.views.get("title"), training.words, training.features
    if view is not None:
        total += TEXT * (view @ view[landmarks].T)
        weight += TEXT
    if words is not None:
        total += WORDS * (words @ words[landmarks].T).toarray()
        weight += WORDS
    if features is not None:
        length = np.sqrt(np.maximum(np.asarray(features.multiply(features).sum(axis=1)).ravel(), 1e-12))
        unit = sp.csr_matrix(sp.diags((1 / length).astype(np.float32)) @ features)
        total += FEATURES * (unit @ unit[landmarks].T).toarray()
        weight += FEATURES
    total /= weight
    total -= 1
    total *= WIDTH
    return np.exp(total, out=total)


def _nearest(
    supports: sp.csr_matrix, parts: Sequence[tuple[float, Any]], items: NDArray[np.intp]
) -> NDArray[np.float32]:
    """``(B, C)`` cube root of the summed cubes of similarities between a new item and the support items.

    Similarity: the sum of the positive cosines of the ``parts``, ``(weight, rows of all items)``.
    """
    out = np.zeros((supports.shape[0], len(items)), dtype=np.float32)
    new = [(weight, rows, rows[items].T) for weight, rows in parts]
    for row in range(supports.shape[0]):
        shown = supports.indices[supports.indptr[row] : supports.indptr[row + 1]]
        total = np.zeros((len(shown), len(items)), dtype=np.float32)
        for weight, rows, columns in new:
            cosines = rows[shown] @ columns
            total += weight * np.maximum(cosines.toarray() if sp.issparse(cosines) else cosines, 0)
        out[row] = np.cbrt((total**SHARP).sum(axis=0))
    return out


def _learn(
    training: TrainingData, kernel: NDArray[np.float32], landmarks: NDArray[np.intp], seed: int
) -> NDArray[np.float64]:
    """Weights of the signals from draws that hide a fifth of the met items; users keep their other items."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(seed)
    met = np.unique(training.seen.indices)
    packs: list[Pack] = []
    for _ in range(DRAWS):
        hidden = np.sort(rng.permutation(met)[: int(len(met) * HIDDEN_SHARE)])
        if len(hidden) < 2:
            return PRIOR
        reduced = training.without_items(hidden)
        if not reduced.has_habits:
            return PRIOR
        users = np.sort(rng.permutation(training.n_users)[:MAX_USERS])
        model = NewItems._of(reduced, kernel, landmarks, PRIOR)
        packs += _packs(model, training, reduced, users, hidden)
    if not packs:
        return PRIOR
    # No slope: the second row of the line stays zero.
    lower = np.where(FREE_SIGN, -np.inf, 0.0)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, gradient = smooth_ndcg(packs, np.stack([weights, np.zeros_like(weights)]))
        off = (weights - PRIOR) / PRIOR_SD[0] ** 2
        return -(EVIDENCE * value - 0.5 * float(off @ (weights - PRIOR))), -(EVIDENCE * gradient[0] - off)

    found = minimize(
        loss,
        PRIOR,
        jac=True,
        method="L-BFGS-B",
        bounds=[(low, None) for low in lower],
        options={"maxiter": 26},
    )
    return np.asarray(found.x)


def _packs(
    model: NewItems,
    training: TrainingData,
    reduced: TrainingData,
    users: NDArray[np.intp],
    hidden: NDArray[np.intp],
    batch: int = 25,
) -> list[Pack]:
    packs = []
    target = training.liked[users][:, hidden].toarray() > 0  # (B, C)
    playing = np.flatnonzero(target.any(axis=1))
    for start in range(0, len(playing), batch):
        rows = playing[start : start + batch]
        supports = history_supports(reduced, users[rows])
        hit = target[rows]
        positive = np.argsort(~hit, axis=1, kind="stable")[:, : int(hit.sum(axis=1).max())]
        packs.append(
            Pack(
                features=model.signals(supports, hidden),
                mask=np.ones_like(hit),
                positive=positive,
                is_positive=np.take_along_axis(hit, positive, axis=1),
                log_k=np.zeros(len(rows)),
                ideal=np.array([ideal_gain(int(count)) for count in hit.sum(axis=1)]),
            )
        )
    return packs


def history_supports(training: TrainingData, users: Sequence[int] | NDArray[np.intp]) -> Supports:
    """The whole histories of training users as supports."""
    seen, liked = training.seen[users], training.liked[users]
    items = [seen.indices[seen.indptr[r] : seen.indptr[r + 1]].astype(np.intp) for r in range(seen.shape[0])]
    likes = [liked.indices[liked.indptr[r] : liked.indptr[r + 1]] for r in range(seen.shape[0])]
    return Supports.of(
        items,
        [np.isin(row, like) for row, like in zip(items, likes, strict=True)],
        training.n_items,
        portraits=None if training.portraits is None else training.portraits[users],
    )
