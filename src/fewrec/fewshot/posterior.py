"""What a stranger would rate: mean and variance for every item, from the k ratings they gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.special import ndtr, ndtri

from fewrec.errors import ConfigError, DataError, StoreError
from fewrec.fewshot.evidence import Stranger, fit_strengths
from fewrec.fewshot.ratingstats import (
    ItemStatistics,
    item_statistics,
    like_threshold,
    mean_variance,
    text_map,
    unit_of,
)

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
    newcomer: Array  # (D + 1, R + 2): [view | 1] of an item not rated yet -> its factors, mean and own

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
        table = _Table.of(values, view, scale, liked_at)
        return table.posterior(item_statistics(table.ratings, table.text), strengths)

    @classmethod
    def fit_with_folds(
        cls,
        values: sp.csr_matrix,
        view: NDArray[np.float32] | None = None,
        *,
        liked_at: float,
        scale: tuple[float, float] | None = None,
        seed: int = 0,
        few: bool = False,
    ) -> tuple[RatingPosterior, HeldOutPosteriors]:
        """:meth:`fit`, and the posteriors of the folds that taught its strengths (for calibration).

        ``few``: two folds instead of 4 to 10, for a fit in half the time.
        """
        table = _Table.of(values, view, scale, liked_at)
        ratings, text = table.ratings, table.text
        rng = np.random.default_rng(seed)
        raters = rng.permutation(np.flatnonzero(np.diff(ratings.indptr)))
        n_folds = min(len(raters), 10 if len(raters) <= 50 else 5 if len(raters) <= 200 else 4)
        n_folds = min(n_folds, 2) if few else n_folds
        fold_of = np.zeros(ratings.shape[0], dtype=np.intp)
        fold_of[raters] = np.arange(len(raters)) % n_folds
        folds: list[ItemStatistics] = []
        strangers: list[Stranger] = []
        for fold in range(n_folds if n_folds > 1 else 0):
            found = item_statistics(ratings[np.flatnonzero(fold_of != fold)], text)
            unseen = found.unseen
            folds.append(found)
            for user in raters[fold::n_folds][: MOST_STRANGERS // n_folds]:
                entries = rng.permutation(np.arange(ratings.indptr[user], ratings.indptr[user + 1]))
                shown = entries[:MOST_RATINGS]
                items = ratings.indices[shown]
                residual = ratings.data[shown] - found.mean[items]
                strangers.append(
                    Stranger(
                        residual=residual,
                        habits=found.habits[items],
                        unseen=unseen[items],
                        text=text[items],
                        variance=found.variance[items],
                    )
                )
        strengths = fit_strengths(strangers)
        held_out = HeldOutPosteriors(tuple(table.posterior(one, strengths) for one in folds), fold_of)
        return table.posterior(item_statistics(ratings, text), strengths), held_out

    def grown(self, n_items: int, view: NDArray[np.float32] | None = None) -> RatingPosterior:
        """The same for a catalogue of ``n_items``: the new ones, whom nobody has rated, known by text alone.

        ``view``: ``(n_items, D)`` text vectors of the whole catalogue, as at the fit; ``None`` without text.
        """
        width = len(self.newcomer) - 1
        if n_items < self.n_items or (view is not None and view.shape != (n_items, width)):
            raise ConfigError(
                "the grown catalogue does not fit the rating model.",
                where="view",
                value=(n_items, None if view is None else view.shape),
                hint=f"Give {self.n_items} items or more, and vectors of width {width}.",
            )
        given = np.zeros((n_items - self.n_items, width + 1))
        given[:, -1] = 1.0
        if view is not None:
            given[:, :-1] = view[self.n_items :]
        rows = given @ self.newcomer
        return replace(
            self,
            factors=np.vstack([self.factors, rows[:, :-2].astype(np.float32)]),
            mean=np.concatenate([self.mean, rows[:, -2]]),
            own=np.concatenate([self.own, rows[:, -1]]),
        )

    @property
    def n_items(self) -> int:
        return len(self.mean)

    def prior_variance(self, items: NDArray[np.intp] | slice = slice(None)) -> Array:
        """Variance of the latent rating of a stranger who rated nothing: ``(C,)``."""
        rows = self.factors[items]
        return np.asarray(np.einsum("cr,cr->c", rows, rows) + self.own[items], dtype=np.float64)

    # OpenBLAS at times flags an invalid operation in products of finite numbers, and NumPy would warn of it.
    @np.errstate(invalid="ignore")
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
            "newcomer": self.newcomer,
            "settings": np.array([self.noise, *self.scale, self.threshold]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> RatingPosterior:
        """The posterior that :meth:`to_arrays` described; ``StoreError`` where parts do not fit."""
        needed = ("factors", "mean", "own", "strengths", "newcomer", "settings")
        missing = [name for name in needed if name not in arrays]
        if missing:
            raise StoreError(f"there is no array {missing[0]!r}.", where="rating model", value=missing)
        wide = {name: np.asarray(arrays[name], dtype=np.float64) for name in needed[1:]}
        factors = np.asarray(arrays["factors"], dtype=np.float32)
        shapes = {name: np.shape(arrays[name]) for name in needed}
        n_items, width = factors.shape if factors.ndim == 2 else (-1, -1)
        newcomer = (*shapes["newcomer"][:1], width + 2)
        fit = [(n_items, width), (n_items,), (n_items,), (5,), newcomer, (4,)]
        if list(shapes.values()) != fit:
            raise StoreError("the arrays do not fit together.", where="rating model", value=shapes)
        if not (np.isfinite(factors).all() and all(np.isfinite(array).all() for array in wide.values())):
            raise StoreError("a stored number is not finite.", where="rating model")
        noise, low, high, threshold = wide.pop("settings").tolist()
        return cls(factors=factors, noise=noise, scale=(low, high), threshold=threshold, **wide)

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


@dataclass(frozen=True)
class _Table:
    """Ratings made ready for fitting."""

    ratings: sp.csr_matrix  # (U, I) divided by ``unit``
    text: Array  # (I, P) principal parts of the text view
    text_map: Array  # (D, P)
    unit: float  # the ratings' spread
    scale: tuple[float, float]
    threshold: float

    @classmethod
    def of(
        cls,
        values: sp.csr_matrix,
        view: NDArray[np.float32] | None,
        scale: tuple[float, float] | None,
        liked_at: float,
    ) -> _Table:
        ratings = sp.csr_matrix(values, dtype=np.float64, copy=True)
        ratings.sort_indices()
        if ratings.nnz == 0:
            raise DataError("there is no rating to learn from.", where="ratings")
        if not np.all(np.isfinite(ratings.data)):
            raise DataError("a rating is not a finite number.", where="ratings")
        if view is not None and len(view) != ratings.shape[1]:
            raise ConfigError(
                f"{len(view)} rows of text vectors for {ratings.shape[1]} items.",
                where="view",
                value=len(view),
                hint="Give one row for every item; zeros where there is no text.",
            )
        low, high = (ratings.data.min(), ratings.data.max()) if scale is None else scale
        unit = unit_of(ratings.data, (low, high))
        threshold = like_threshold(ratings.data, liked_at)
        ratings.data /= unit
        to_text = text_map(view)
        text = np.zeros((ratings.shape[1], 0)) if view is None else np.asarray(view @ to_text)
        return cls(ratings, text, to_text, unit, (float(low), float(high)), threshold)

    def posterior(self, statistics: ItemStatistics, strengths: Array) -> RatingPosterior:
        habits, words, person = (np.sqrt(strengths[:3]) * self.unit).tolist()
        own, noise = (strengths[3:] * self.unit**2).tolist()
        n_items, n_habits = statistics.habits.shape
        n_text = self.text.shape[1]
        parts = [habits * statistics.habits, words * self.text, np.full((n_items, 1), person)]
        newcomer = np.zeros((len(self.text_map) + 1, n_habits + n_text + 3))
        newcomer[:-1, n_habits : n_habits + n_text] = words * self.text_map
        newcomer[:-1, -2] = self.text_map @ statistics.text_weights * self.unit
        unmet = mean_variance(0) * self.unit**2 + own + habits**2 * statistics.usual
        newcomer[-1, -3:] = person, statistics.unmet * self.unit, unmet
        return RatingPosterior(
            factors=np.hstack(parts).astype(np.float32),
            mean=statistics.mean * self.unit,
            own=statistics.variance * self.unit**2 + own + habits**2 * statistics.unseen,
            noise=noise,
            scale=self.scale,
            threshold=self.threshold,
            strengths=np.asarray(strengths, dtype=np.float64),
            newcomer=newcomer,
        )
