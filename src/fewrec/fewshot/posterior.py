"""What a stranger would rate: mean and variance for every item, from the k ratings they gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.special import ndtr, ndtri

from fewrec.errors import ConfigError, DataError, StoreError
from fewrec.fewshot.evidence import Stranger, fit_strengths
from fewrec.fewshot.ratingstats import ItemStatistics, item_statistics, like_threshold, text_features, unit_of

__all__ = ["HeldOutPosteriors", "RatingPosterior"]

Array = NDArray[np.float64]

MOST_STRANGERS, MOST_RATINGS = 300, 40
"""Users, and ratings of each, on which the strengths are learned; with 80 ratings only the time changed."""


@dataclass(frozen=True)
class RatingPosterior:
    """A Gaussian process over one person's ratings; ``fit`` once, then ``predict`` for any support.

    ::

        y_ui = mean_i + f_u(i) + e,   f_u ~ GP(0, F F' + diag(own)),   e ~ N(0, noise)

    ``F = [sqrt(a) V, sqrt(b) P, sqrt(c) 1]``: habits (co-rated items), text, and how this person rates on the
    whole, so a person is a vector of ``R`` weights that are N(0, 1) before any rating is known. ``own`` holds
    what belongs to one item alone and the uncertainty of its mean. All in the users' own units.

    A support of ``S`` ratings needs one ``S x S`` solve, or one ``R x R`` solve where ``S > R`` (the same
    answer by Woodbury's identity, R <= 125), so nobody's history is cut. Never an ``I x I`` matrix.
    """

    factors: NDArray[np.float32]  # (I, R)
    mean: Array  # (I,) what a stranger rates on average
    own: Array  # (I,) variance
    noise: float  # variance of one rating about its latent value
    scale: tuple[float, float]
    threshold: float  # latent value from which a rating is a like
    strengths: Array  # (5,) (habits, text, person, own, noise) in squared standard deviations of the ratings

    @classmethod
    def fit(
        cls,
        values: sp.csr_matrix,
        view: NDArray[np.float32] | None = None,
        *,
        liked_at: float,
        scale: tuple[float, float] | None = None,
        seed: int = 0,
        strengths: Array | None = None,
    ) -> RatingPosterior:
        """The posterior for ``values`` ``(U, I)``; stored entries are ratings (a stored 0 is one of 0).

        ``view``: ``(I, D)`` centred unit embeddings, zero rows without text. ``scale``: the lowest and
        highest possible rating; those found without it. ``strengths``: known ones (of an earlier fit),
        instead of learning them. Raises ``DataError`` where there is no rating or one that is not finite.
        """
        if strengths is None:
            return cls.fit_with_folds(values, view, liked_at=liked_at, scale=scale, seed=seed)[0]
        ratings, text, bounds, unit = _prepared(values, view, scale)
        threshold = like_threshold(values.data, liked_at)
        return _assemble(item_statistics(ratings, text), text, strengths, unit, bounds, threshold)

    @classmethod
    def fit_with_folds(
        cls,
        values: sp.csr_matrix,
        view: NDArray[np.float32] | None = None,
        *,
        liked_at: float,
        scale: tuple[float, float] | None = None,
        seed: int = 0,
    ) -> tuple[RatingPosterior, HeldOutPosteriors]:
        """:meth:`fit`, and the posteriors of the folds that taught its strengths (for calibration)."""
        ratings, text, bounds, unit = _prepared(values, view, scale)
        threshold = like_threshold(values.data, liked_at)
        rng = np.random.default_rng(seed)
        raters = rng.permutation(np.flatnonzero(np.diff(ratings.indptr)))
        n_folds = min(len(raters), 10 if len(raters) <= 50 else 5 if len(raters) <= 200 else 4)
        fold_of = np.zeros(ratings.shape[0], dtype=np.intp)
        fold_of[raters] = np.arange(len(raters)) % n_folds
        statistics: list[ItemStatistics] = []
        strangers: list[Stranger] = []
        for fold in range(n_folds if n_folds > 1 else 0):
            found = item_statistics(ratings[np.flatnonzero(fold_of != fold)], text)
            statistics.append(found)
            for user in raters[fold::n_folds][: MOST_STRANGERS // n_folds]:
                shown = rng.permutation(np.arange(ratings.indptr[user], ratings.indptr[user + 1]))[
                    :MOST_RATINGS
                ]
                items = ratings.indices[shown]
                strangers.append(
                    Stranger(
                        residual=ratings.data[shown] - found.mean[items],
                        habits=found.habits[items],
                        text=text[items],
                        variance=found.variance[items],
                    )
                )
        strengths = fit_strengths(strangers)
        whole, *folds = (
            _assemble(one, text, strengths, unit, bounds, threshold)
            for one in [item_statistics(ratings, text), *statistics]
        )
        return whole, HeldOutPosteriors(tuple(folds), fold_of)

    @property
    def n_items(self) -> int:
        return len(self.mean)

    def prior_variance(self, items: NDArray[np.intp] | slice = slice(None)) -> Array:
        """Variance of the latent rating of a stranger who rated nothing: ``(C,)``."""
        rows = self.factors[items]
        return np.asarray(np.einsum("cr,cr->c", rows, rows) + self.own[items], dtype=np.float64)

    def predict(
        self,
        items: NDArray[np.intp],
        ratings: NDArray[np.floating],
        candidates: NDArray[np.intp] | None = None,
    ) -> tuple[Array, Array]:
        """``(mean, variance)`` of the latent rating of ``candidates`` (all items by default): ``(C,)`` each.

        ``items``: ``(S,)`` distinct indices, ``ratings``: ``(S,)`` on the user's scale; none of them gives
        the prior. A rating is the latent value plus noise: its variance is ``variance + noise``. Factors are
        float32, so both agree with the dense formula in float64 to about 1e-5 of their size.
        """
        support, residual = self._checked(items, ratings)
        rows = slice(None) if candidates is None else np.asarray(candidates, dtype=np.intp)
        mean, variance = self.mean[rows].copy(), self.prior_variance(rows)
        if len(support) == 0:
            return mean, variance
        factors = self.factors[rows]  # (C, R)
        shown = self.factors[support].astype(np.float64)  # (S, R)
        alone = self.own[support] + self.noise
        place = np.full(self.n_items, -1)
        place[support] = np.arange(len(support))
        position = place[rows]
        among = np.flatnonzero(position >= 0)  # candidates that the person has rated
        at = position[among]
        if 2 * len(support) <= self.factors.shape[1]:
            lower = cholesky(shown @ shown.T + np.diag(alone), lower=True)
            inverse = solve_triangular(lower, np.eye(len(support)), lower=True)
            cross = factors @ shown.T.astype(np.float32)  # (C, S)
            cross[among, at] += self.own[support[at]].astype(np.float32)
            mean += cross @ (inverse.T @ (inverse @ residual)).astype(np.float32)
            explained = cross @ inverse.T.astype(np.float32)
            variance -= np.einsum("cs,cs->c", explained, explained)
        else:
            precision = np.eye(shown.shape[1]) + (shown / alone[:, None]).T @ shown
            inverse = solve_triangular(cholesky(precision, lower=True), np.eye(len(precision)), lower=True)
            weights = inverse.T @ (inverse @ (shown.T @ (residual / alone)))
            personal = factors @ weights.astype(np.float32)
            left = factors @ inverse.T.astype(np.float32)
            variance = np.einsum("cr,cr->c", left, left).astype(np.float64) + self.own[rows]
            # A rated item's own part: what its factors leave of its rating, shared between own and noise.
            share = self.own[support[at]] / alone[at]
            variance[among] = (1 - share) ** 2 * (variance[among] - self.own[support[at]])
            variance[among] += share * self.noise
            mean += personal
            mean[among] += share * (residual[at] - personal[among])
        return mean, np.maximum(variance, 0.0)

    def predict_many(
        self,
        items: Sequence[NDArray[np.intp]],
        ratings: Sequence[NDArray[np.floating]],
        candidates: NDArray[np.intp] | None = None,
    ) -> tuple[Array, Array]:
        """:meth:`predict` for ``B`` people: ``(mean, variance)``, ``(B, C)`` each."""
        width = self.n_items if candidates is None else len(candidates)
        mean, variance = np.empty((len(items), width)), np.empty((len(items), width))
        for row, (support, given) in enumerate(zip(items, ratings, strict=True)):
            mean[row], variance[row] = self.predict(support, given, candidates)
        return mean, variance

    def interval(self, mean: Array, variance: Array, level: float = 0.8) -> tuple[Array, Array]:
        """``(low, high)`` between which the rating falls with probability ``level``, cut to the scale.

        ``mean -/+ 1.2816 sqrt(variance + noise)`` at 80 %. Cutting never loses a possible rating, so coverage
        does not fall. On a coarse scale the interval holds one whole step more or less, so coverage for one
        given item jumps about 80 %; over many items it averages out.
        """
        if not 0 < level < 1:
            raise ConfigError(
                f"{level!r} is no probability between 0 and 1.", where="level", value=level, hint="Try 0.8."
            )
        reach = ndtri((1 + level) / 2) * np.sqrt(variance + self.noise)
        return np.clip(mean - reach, *self.scale), np.clip(mean + reach, *self.scale)

    def probit(self, mean: Array, variance: Array) -> Array:
        """``(mean - threshold) / sqrt(variance + noise)``: how many standard deviations above a like."""
        return (mean - self.threshold) / np.sqrt(variance + self.noise)

    def like_probability(self, mean: Array, variance: Array) -> Array:
        """``Phi(probit)``, the probability that the rating is a like, before calibration."""
        return np.asarray(ndtr(self.probit(mean, variance)))

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """All there is to save, as plain arrays."""
        return {
            "factors": self.factors,
            "mean": self.mean,
            "own": self.own,
            "strengths": self.strengths,
            "settings": np.array([self.noise, *self.scale, self.threshold]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> RatingPosterior:
        """The posterior that :meth:`to_arrays` described; ``StoreError`` where parts do not fit."""
        needed = ("factors", "mean", "own", "strengths", "settings")
        missing = [name for name in needed if name not in arrays]
        if missing:
            raise StoreError(f"there is no array {missing[0]!r}.", where="rating model", value=missing)
        wide = {name: np.asarray(arrays[name], dtype=np.float64) for name in needed[1:]}
        factors = np.asarray(arrays["factors"], dtype=np.float32)
        shapes = [factors.shape[:1], wide["own"].shape, wide["strengths"].shape, wide["settings"].shape]
        if factors.ndim != 2 or shapes != [wide["mean"].shape, wide["mean"].shape, (5,), (4,)]:
            raise StoreError("the arrays do not fit together.", where="rating model", value=shapes)
        noise, low, high, threshold = wide["settings"].tolist()
        return cls(factors, wide["mean"], wide["own"], noise, (low, high), threshold, wide["strengths"])

    def _checked(
        self, items: NDArray[np.intp], ratings: NDArray[np.floating]
    ) -> tuple[NDArray[np.intp], Array]:
        """``(items, residuals)``, or the reason why this is no support."""
        support, given = np.asarray(items, dtype=np.intp), np.asarray(ratings, dtype=np.float64)
        if support.ndim != 1 or support.shape != given.shape:
            raise ConfigError(
                f"{support.shape} items and {given.shape} ratings do not belong together.", where="support"
            )
        if len(support) and not (support.min() >= 0 and support.max() < self.n_items):
            raise ConfigError(f"item indices must be from 0 to {self.n_items - 1}.", where="support")
        if len(np.unique(support)) < len(support):
            raise ConfigError("an item is rated twice.", where="support", hint="Give their mean.")
        if not np.all(np.isfinite(given)):
            raise ConfigError("a rating is not a finite number.", where="support", value=given.tolist())
        return support, given - self.mean[support]


@dataclass(frozen=True)
class HeldOutPosteriors:
    """Posteriors of the folds; each training user has the one whose factors have not seen them."""

    folds: tuple[RatingPosterior, ...]
    fold_of: NDArray[np.intp]  # (U,)

    def of(self, user: int) -> RatingPosterior:
        """The posterior that was fitted without ``user``."""
        return self.folds[self.fold_of[user]]


def _prepared(
    values: sp.csr_matrix, view: NDArray[np.float32] | None, scale: tuple[float, float] | None
) -> tuple[sp.csr_matrix, Array, tuple[float, float], float]:
    """``(standardised ratings, text features, scale, unit)``."""
    ratings = sp.csr_matrix(values, dtype=np.float64, copy=True)
    ratings.sort_indices()
    if ratings.nnz == 0:
        raise DataError("there is no rating to learn from.", where="ratings")
    if not np.all(np.isfinite(ratings.data)):
        raise DataError("a rating is not a finite number.", where="ratings")
    if view is not None and len(view) != ratings.shape[1]:
        raise ConfigError(
            f"{len(view)} rows of text vectors for {ratings.shape[1]} items.", where="view", value=len(view)
        )
    low, high = (float(ratings.data.min()), float(ratings.data.max())) if scale is None else scale
    unit = unit_of(ratings.data, (low, high))
    ratings.data /= unit
    return ratings, text_features(view, ratings.shape[1]), (float(low), float(high)), unit


def _assemble(
    statistics: ItemStatistics,
    text: Array,
    strengths: Array,
    unit: float,
    scale: tuple[float, float],
    threshold: float,
) -> RatingPosterior:
    habits, words, person, own, noise = np.sqrt(strengths[:3]).tolist() + strengths[3:].tolist()
    parts = [habits * statistics.habits, words * text, np.full((len(text), 1), person)]
    return RatingPosterior(
        factors=(np.hstack(parts) * unit).astype(np.float32),
        mean=statistics.mean * unit,
        own=(statistics.variance + own) * unit**2,
        noise=noise * unit**2,
        scale=scale,
        threshold=threshold,
        strengths=np.asarray(strengths, dtype=np.float64),
    )
