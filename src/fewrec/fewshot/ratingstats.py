"""What a table of ratings says of its items: means, habits factors, text factors; all in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["ItemStatistics", "item_statistics", "like_threshold", "text_features", "unit_of"]

Array = NDArray[np.float64]

HABIT_RANK, TEXT_RANK = 60, 64
PSEUDO_RATERS = 20
"""Two items' covariance is divided by their common raters plus this: few raters, little said."""

ITEM_PSEUDO, USER_PSEUDO = 5, 3
OWN_VARIANCE, NOISE, TEXT_PENALTY = 0.16, 0.8, 40.0
"""Of item means, in squared standard deviations of the ratings: what text leaves unexplained, one rating's
noise, and the ridge penalty of the text weights (prior variance 1/40); 10 did no better on training users."""

MEAN_VARIANCE = 0.75
CORE = 1000
"""Habit factors come from the 1,000 most rated items (cubic); the others are read off them (Nystrom). With
600 or 2,000 the likelihood of training users is the same to three digits."""

COMMON = 0.01
"""A value is a step of the rating scale where at least this share of the ratings has it."""


@dataclass(frozen=True)
class ItemStatistics:
    """Standardised item means and habits; variances in squared units of the ratings' spread."""

    mean: Array  # (I,) mu + b_i
    variance: Array  # (I,) of b_i, .75 / (c_i + 5)
    habits: Array  # (I, R) V: products approximate C_ij / (N_ij + 20)


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


def text_features(view: NDArray[np.float32] | None, n_items: int) -> Array:
    """``(I, P)`` principal parts of the text view (P <= 64): their products stand for the cosines of texts.

    On training users of MovieLens the 64-part linear kernel, the full one, relu(cos) and (cos + cos^2)/2 gave
    the same likelihood to three digits; this one is a covariance by construction, and needs no embeddings at
    serving.
    """
    if view is None or not np.any(view):
        return np.zeros((n_items, 0))
    wide = np.asarray(view, dtype=np.float64)
    small = wide.T @ wide if wide.shape[1] <= len(wide) else wide @ wide.T
    n = len(small)
    values, vectors = scipy.linalg.eigh(small, subset_by_index=[max(0, n - TEXT_RANK), n - 1])
    keep = values > 1e-9 * max(values[-1], 1e-300)
    if wide.shape[1] <= len(wide):
        return wide @ vectors[:, keep]
    return vectors[:, keep] * np.sqrt(values[keep])


def item_statistics(ratings: sp.csr_matrix, text: Array) -> ItemStatistics:
    """Means and habits of the items from standardised ``ratings`` ``(U, I)``; the mean is 0 without ratings.

    ``b_i`` starts from a ridge regression of the item means on text, then is drawn to it as by 5 ratings;
    residuals lose the user's mean (drawn to 0 as by 3 ratings) before covariances are summed.
    """
    n_users, n_items = ratings.shape
    values, items = ratings.data.astype(np.float64), ratings.indices
    users = np.repeat(np.arange(n_users), np.diff(ratings.indptr))
    mu = values.mean() if len(values) else 0.0
    count = np.bincount(items, minlength=n_items)
    total = np.bincount(items, values - mu, minlength=n_items)
    expected = _expected(text, count, total)
    effect = expected + (total - count * expected) / (count + ITEM_PSEUDO)
    residual = values - mu - effect[items]
    user_total = np.bincount(users, residual, minlength=n_users)
    residual -= (user_total / (np.bincount(users, minlength=n_users) + USER_PSEUDO))[users]
    return ItemStatistics(
        mean=mu + effect,
        variance=MEAN_VARIANCE / (count + ITEM_PSEUDO),
        habits=_habits(sp.csr_matrix((residual, items, ratings.indptr), shape=ratings.shape), count),
    )


def _expected(text: Array, count: NDArray[np.intp], total: Array) -> Array:
    """What text alone says of the item means: ``(I,)``."""
    known = count > 0
    if text.shape[1] == 0 or not known.any():
        return np.zeros(len(count))
    rows = text[known]
    weight = 1 / (OWN_VARIANCE + NOISE / count[known])
    gram = (rows * weight[:, None]).T @ rows + TEXT_PENALTY * np.eye(text.shape[1])
    return text @ np.linalg.solve(gram, rows.T @ (weight * total[known] / count[known]))


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
