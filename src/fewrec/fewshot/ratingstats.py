"""What a table of ratings says of its items: means, habits factors, text factors; all in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["ItemStatistics", "item_statistics", "like_threshold", "mean_variance", "text_map", "unit_of"]

Array = NDArray[np.float64]

HABIT_RANK, TEXT_RANK = 60, 64
PSEUDO_RATERS = 20
"""Two items' covariance is divided by their common raters plus this: few raters, little said."""

ITEM_PSEUDO, USER_PSEUDO = 5, 3
AVID, PASSES = 30, 2
"""With ten users of MovieLens the two took .007 off the log loss of others; with all of them, .001."""

OWN_VARIANCE, NOISE, TEXT_PENALTY = 0.16, 0.8, 40.0
"""Of item means, in squared standard deviations of the ratings: what text leaves unexplained, one rating's
noise, and the ridge penalty of the text weights (prior variance 1/40); 10 did no better on training users."""

FAME_PENALTY = 25.0
"""The same for fame, log(1 + ratings): what few people rated is rated lower. Without it items that nobody has
rated were expected half a standard deviation too high on training users of MovieLens."""

MEAN_VARIANCE = 1.0
CORE = 1000
"""Habit factors come from the 1,000 most rated items (cubic); the others are read off them (Nystrom). With
600 or 2,000 the likelihood of training users is the same to three digits."""

COMMON = 0.01
"""A value is a step of the rating scale where at least this share of the ratings has it."""


@dataclass(frozen=True)
class ItemStatistics:
    """Standardised item means and habits; variances in squared units of the ratings' spread."""

    mean: Array  # (I,) mu + b_i
    variance: Array  # (I,) of b_i, 1 / (c_i + 5)
    habits: Array  # (I, R) V: products approximate C_ij / (N_ij + 20)
    usual: float  # habits variance of the items that ratings are of
    unmet: float  # mean of an item without ratings or text
    text_weights: Array  # (P,) of b_i on the text parts

    @property
    def unseen(self) -> Array:
        """``(I,)`` habits variance that ``V`` does not show: too few people rated the item to tell."""
        return np.maximum(self.usual - np.einsum("ir,ir->i", self.habits, self.habits), 0.0)


def mean_variance(count: NDArray[np.intp] | int) -> Array:
    """Variance of the mean of an item with ``count`` ratings, in squared units of the ratings' spread."""
    return np.asarray(MEAN_VARIANCE / (count + ITEM_PSEUDO))


def unit_of(values: NDArray[np.floating], scale: tuple[float, float]) -> float:
    """The ratings' standard deviation, drawn towards a quarter of the scale as if by 5 more ratings.

    All-equal ratings on a scale of no width give 1.
    """
    width = (scale[1] - scale[0]) / 4
    off = float(np.square(values - values.mean(dtype=np.float64), dtype=np.float64).sum())
    return float(np.sqrt((off + 5 * width**2) / (len(values) + 5))) or 1.0


def like_threshold(values: NDArray[np.floating], liked_at: float) -> float:
    """Half a step below ``liked_at``: on a 1..5 scale a rating of 4 stands for everything from 3.5 to 4.5.

    Without it P(rating >= 4) under a continuous distribution would miss half of the fours. The step is the
    smallest gap between the values that are common (1 % of the ratings); 0 where there is only one.
    """
    found, count = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
    grid = np.union1d(found[count >= COMMON * len(values)], [liked_at])
    return liked_at - (float(np.diff(grid).min()) / 2 if len(grid) > 1 else 0.0)


def text_map(view: NDArray[np.float32] | None) -> Array:
    """``(D, P)``, P <= 64: ``view @ text_map(view)`` are principal parts whose products stand for text
    cosines.

    On training users of MovieLens the 64-part linear kernel, the full one, relu(cos) and (cos + cos^2)/2 gave
    the same likelihood to three digits; this one is a covariance by construction, and serving needs no
    embeddings. ``(D, 0)`` where no item has text.
    """
    if view is None or not np.any(view):
        return np.zeros((0 if view is None else view.shape[1], 0))
    wide = np.asarray(view, dtype=np.float64)
    tall = len(wide) >= wide.shape[1]
    small = wide.T @ wide if tall else wide @ wide.T
    n = len(small)
    values, vectors = scipy.linalg.eigh(small, subset_by_index=[max(0, n - TEXT_RANK), n - 1])
    keep = values > 1e-9 * max(values[-1], 1e-300)
    values, vectors = values[keep], vectors[:, keep]
    return np.asarray(vectors if tall else wide.T @ (vectors / np.sqrt(values)))


def item_statistics(ratings: sp.csr_matrix, text: Array) -> ItemStatistics:
    """Means and habits of the items from standardised ``ratings`` ``(U, I)`` and text parts ``(I, P)``.

    Additive: ``mu + b_i + offset_u``. Users count for ``mu`` by n / (n + 30), so that one avid rater does not
    speak for ten people. ``b_i`` starts from a ridge regression of the item means on text and fame and is
    drawn to it as by 5 ratings, offsets to 0 as by 3; in two passes, so that an item rated by generous people
    is not taken for a good one. Residuals of all three give the habits.
    """
    n_users, n_items = ratings.shape
    values, items = ratings.data.astype(np.float64), ratings.indices
    users = np.repeat(np.arange(n_users), np.diff(ratings.indptr))
    given = np.bincount(users, minlength=n_users)
    count = np.bincount(items, minlength=n_items)
    say = 1 / (given[users] + AVID)  # n / (n + 30) of a user, shared among the n ratings
    middle = float(say @ values / say.sum()) if len(values) else 0.0
    offset = np.zeros(n_users)
    # A stranger's rating will be one more: an item with c ratings was met with c - 1 by each of its raters.
    usual = float(np.log(count[items]).mean()) if len(values) else 0.0
    parts = np.column_stack([text, np.log1p(count) - usual])  # (I, P + 1)
    for _ in range(PASSES):
        total = np.bincount(items, values - middle - offset[users], minlength=n_items).astype(np.float64)
        weights = _expectation(text, np.log(np.maximum(count, 1)) - usual, count, total)
        expected = parts @ weights
        effect = expected + (total - count * expected) / (count + ITEM_PSEUDO)
        residual = values - middle - effect[items]
        offset = np.bincount(users, residual, minlength=n_users) / (given + USER_PSEUDO)
    residual -= offset[users]
    habits = _habits(sp.csr_matrix((residual, items, ratings.indptr), shape=ratings.shape), count)
    shown = np.einsum("ir,ir->i", habits, habits)
    return ItemStatistics(
        mean=middle + effect,
        variance=mean_variance(count),
        habits=habits,
        usual=float(shown[items].mean()) if len(values) else 0.0,
        unmet=middle - usual * float(weights[-1]),
        text_weights=weights[:-1],
    )


def _expectation(text: Array, fame: Array, count: NDArray[np.intp], total: Array) -> Array:
    """What one unit of each text part and of fame adds to an item's mean: ``(P + 1,)``."""
    known = count > 0
    rows = np.column_stack([text, fame])[known]
    weight = 1 / (OWN_VARIANCE + NOISE / count[known])
    penalty = np.full(rows.shape[1], TEXT_PENALTY)
    penalty[-1] = FAME_PENALTY
    gram = (rows * weight[:, None]).T @ rows + np.diag(penalty)
    return np.asarray(
        np.linalg.solve(gram, rows.T @ (weight * total[known] / count[known])), dtype=np.float64
    )


def _habits(residuals: sp.csr_matrix, count: NDArray[np.intp]) -> Array:
    """``V (I, R)``: the positive part, of rank 60, of ``C_ij / (N_ij + 20)``."""
    n_items = len(count)
    rated = np.flatnonzero(count)
    core = np.sort(rated[np.argsort(-count[rated], kind="stable")[:CORE]])
    if len(core) == 0:
        return np.zeros((n_items, 0))
    met = sp.csr_matrix((np.ones(residuals.nnz), residuals.indices, residuals.indptr), shape=residuals.shape)
    values, vectors = scipy.linalg.eigh(
        _shrunk(residuals, met, core, core), subset_by_index=[max(0, len(core) - HABIT_RANK), len(core) - 1]
    )
    keep = values > 1e-9
    values, vectors = values[keep], vectors[:, keep]
    habits = np.zeros((n_items, len(values)))
    habits[core] = vectors * np.sqrt(values)
    rest = np.setdiff1d(rated, core)
    for start in range(0, len(rest), CORE):
        block = rest[start : start + CORE]
        habits[block] = _shrunk(residuals, met, block, core) @ (vectors / np.sqrt(values))
    return habits


def _shrunk(
    residuals: sp.csr_matrix, met: sp.csr_matrix, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> Array:
    products = (residuals[:, rows].T @ residuals[:, columns]).toarray()
    return np.asarray(products / ((met[:, rows].T @ met[:, columns]).toarray() + PSEUDO_RATERS))
