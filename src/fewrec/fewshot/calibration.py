"""The probability of liking: scores turned into numbers that come true as often as they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import expit, logit

from fewrec.errors import ConfigError, StoreError
from fewrec.fewshot.episodes import K_SHOTS, Episode
from fewrec.fewshot.fusion import Fusion
from fewrec.fewshot.posterior import HeldOutPosteriors
from fewrec.signals import TrainingData

__all__ = ["Calibration"]

Array = NDArray[np.float64]

FEW_USERS = 2
"""With episodes of fewer users nothing is learned: their habits would be taken for everybody's."""

MOST_EPISODES = 600
HEAD = 5.0
"""The curve over ``log(I / rank)`` is flat from the best 0.7 % of the catalogue on: there the score itself tells
more than the rank, which would give three items of equal score three probabilities."""

FEW = 64
"""Items that are compared with all others one by one; of more, all are sorted first."""


@dataclass(frozen=True)
class _Prior:
    """Coefficients before any evidence, and how many observations one user counts for."""

    level: tuple[float, ...]
    precision: tuple[float, ...]
    tilt: float  # precision of the difference between k = 1 and k = 10
    per_user: float


RATED = _Prior(level=(0.0, 1.7, 0.0), precision=(100.0, 20.0, 20.0), tilt=20.0, per_user=4.0)
"""Of intercept, probit and standing. A logistic curve of slope 1.7 is the normal distribution function to
.01: the prior is that the rating model is right. One user's ratings lean one way, so they count as four."""

MET = _Prior(level=(0.0, 0.3, 0.8), precision=(0.1, 1.0, 1.0), tilt=0.5, per_user=20.0)
"""Of intercept, place and standing."""


@dataclass(frozen=True)
class Calibration:
    """Logistic regression on what simulated strangers did, fitted on training users alone.

    *Ratings*: the probability that this person would like the item if they tried it (over items that were
    tried, liked or not)::

        logit p = c_0 + c_1 probit + c_2 z

    ``probit`` is the rating model's (:meth:`RatingPosterior.probit`), ``z`` the fused score's standing (its
    distance from the mean over all items in standard deviations, for this stranger).

    *Events*: the probability that they will have to do with it, among all items of the catalogue::

        logit p = c_0 + c_1 min(place, 5) + c_2 log(1 + max(z, 0))

    ``place = log(I / rank)``. All but ``c_0`` are >= 0, so for one stranger a higher score (and
    probit) never means a lower probability. Each runs linearly in log k from k = 1 to 10 and stays there
    beyond; k = 0, where bestsellers are all there is, has coefficients of its own.
    """

    explicit: bool
    ends: Array  # (3, F) coefficients at k = 0, k = 1 and k = 10
    base_rate: float  # share of likes among ratings; of likes among all pairs of user and item
    users: int  # training users behind the coefficients

    @classmethod
    def fit(
        cls,
        episodes: Sequence[Episode],
        fusion: Fusion,
        training: TrainingData,
        held_out: HeldOutPosteriors | None = None,
        ratings: sp.csr_matrix | None = None,
        personal: NDArray[np.bool_] | None = None,
    ) -> Calibration:
        """From the episodes on which ``fusion`` was tuned.

        Explicit data also need ``held_out`` posteriors and the ``ratings`` ``(U, I)`` that they were fitted
        on, users in the order of ``training``. ``personal``: ``(S,)`` which signals depend on the stranger; the
        others make up the score of somebody of whom nothing is known. Without it k = 0 is taken for k = 1, which
        says too much where bestsellers say little. With episodes of fewer than two users nothing is learned:
        :attr:`fallback` then says what the probability rests on.
        """
        explicit = training.explicit
        if explicit and (held_out is None or ratings is None):
            raise ConfigError("ratings and their held-out posteriors are needed.", where="calibration")
        likes = training.liked.nnz
        pairs = training.seen.nnz if explicit else training.n_users * training.n_items
        base_rate = (likes + 0.5) / (pairs + 1)
        users = np.unique([episode.user for episode in episodes])
        prior = RATED if explicit else MET
        if len(users) < FEW_USERS:
            level = prior.level if explicit else (float(logit(base_rate)), 0.0, 0.0)
            return cls(explicit, np.tile(level, (3, 1)), base_rate, 0)
        few = np.random.default_rng(0).permutation(len(episodes))[:MOST_EPISODES]
        chosen = [episodes[at] for at in np.sort(few)]

        def rows(played: Sequence[Episode], said: NDArray[np.bool_] | bool, known: bool) -> list[_Rows]:
            return [
                _met_rows(episode, np.where(said, fusion.weights(known * episode.k_shot), 0), known)
                if held_out is None or ratings is None
                else _rated_rows(
                    episode,
                    np.where(said, fusion.weights(known * episode.k_shot), 0),
                    known,
                    held_out,
                    ratings,
                )
                for episode in played
            ]

        ends = _fit_ends(rows(chosen, True, True), prior)
        strangers = ends[:1]
        if personal is not None:
            first = [episode for episode in chosen if episode.k_shot == K_SHOTS[0]] or chosen
            strangers = _fit_ends(rows(first, ~personal, False), prior)[:1]
        return cls(explicit, np.concatenate([strangers, ends]), base_rate, len(users))

    @property
    def fallback(self) -> str | None:
        """What the probability rests on where no past customers could be asked; ``None`` otherwise."""
        if self.users:
            return None
        return "the rating model alone" if self.explicit else "how often people take any item"

    def probability(
        self, scores: NDArray[np.floating], k_shot: NDArray[np.intp], probit: Array | None = None
    ) -> Array:
        """``(B, I)`` in [0, 1]; NaN where the score is NaN.

        ``scores``: ``(B, I)`` fused scores of all items; ``k_shot``: ``(B,)``; ``probit``: ``(B, I)`` of the
        rating model, for ratings only.
        """
        self._check(probit)
        result = np.full(np.shape(scores), np.nan)
        for row, (fused, k) in enumerate(zip(np.asarray(scores, dtype=np.float64), k_shot, strict=True)):
            known = np.isfinite(fused)
            if not known.any():
                continue
            one = np.ones(int(known.sum()))
            features = (
                _met_features(fused[known], one)
                if probit is None
                else _rated_features(probit[row, known], _standing(fused[known], fused[known], one))
            )
            result[row, known] = expit(features @ (_mix(float(k)) @ self.ends))
        return result

    def probability_of(
        self, scores: NDArray[np.floating], k_shot: int, items: NDArray[np.intp], probit: Array | None = None
    ) -> Array:
        """:meth:`probability` of one stranger for the items at these positions only: ``(C,)``.

        ``scores``: ``(I,)`` of all items, which tell where these stand; ``probit``: ``(C,)``, if explicit.
        """
        self._check(probit)
        fused = np.asarray(scores, dtype=np.float64)
        among, wanted = fused[np.isfinite(fused)], fused[items]
        known = np.isfinite(wanted)
        result = np.full(len(items), np.nan)
        if not known.any():
            return result
        standing = _standing(wanted[known], among, np.ones(len(among)))
        if probit is None:
            rank = _ranks(wanted[known], among)
            features = _place_features(rank, len(among), standing)
        else:
            features = _rated_features(probit[known], standing)
        result[known] = expit(features @ (_mix(float(k_shot)) @ self.ends))
        return result

    def _check(self, probit: Array | None) -> None:
        if (probit is not None) != self.explicit:
            needed = "needs" if self.explicit else "takes no"
            raise ConfigError(f"the probability of this model {needed} probits.", where="calibration")

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """All there is to save, as plain arrays."""
        return {
            "ends": self.ends,
            "explicit": np.array(self.explicit),
            "base_rate": np.array(self.base_rate),
            "users": np.array(self.users),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Calibration:
        """The calibration that :meth:`to_arrays` described; ``StoreError`` where parts do not fit."""
        missing = [name for name in ("ends", "explicit", "base_rate", "users") if name not in arrays]
        if missing:
            raise StoreError(f"there is no array {missing[0]!r}.", where="calibration", value=missing)
        explicit, ends = bool(arrays["explicit"]), np.asarray(arrays["ends"], dtype=np.float64)
        if ends.shape != (3, len((RATED if explicit else MET).level)):
            raise StoreError("the coefficients do not fit.", where="calibration", value=ends.shape)
        return cls(explicit, ends, float(arrays["base_rate"]), int(arrays["users"]))


@dataclass(frozen=True)
class _Rows:
    """Observations of one episode."""

    user: int
    mix: Array  # (2,) how much of the coefficients at k = 1 and at k = 10
    features: Array  # (N, F)
    liked: NDArray[np.bool_]  # (N,)
    weight: Array  # (N,)


def _mix(k_shot: float) -> Array:
    """Shares of the coefficients at k = 0, 1 and 10: ``(3,)``."""
    if k_shot < K_SHOTS[0]:
        return np.array([1.0, 0.0, 0.0])
    ends = np.log(np.array([K_SHOTS[0], K_SHOTS[-1]]))
    share = float(np.clip((np.log(k_shot) - ends[0]) / (ends[1] - ends[0]), 0.0, 1.0))
    return np.array([0.0, 1 - share, share])


def _standing(scores: Array, among: Array, weight: Array) -> Array:
    """How many standard deviations ``scores`` lie above the mean of ``among`` (weighted)."""
    mean = float(weight @ among / weight.sum())
    deviation = float(np.sqrt(weight @ np.square(among - mean) / weight.sum()))
    return np.asarray((scores - mean) / deviation if deviation > 1e-9 else np.zeros(len(scores)))


def _rated_features(probit: Array, standing: Array) -> Array:
    return np.stack([np.ones(len(probit)), probit, standing], axis=1)


def _met_features(scores: Array, weight: Array) -> Array:
    """``weight``: how many items of the catalogue each entry stands for; ties share the middle rank."""
    values, where = np.unique(-scores, return_inverse=True)
    share = np.bincount(where, weight, minlength=len(values))
    rank = (np.cumsum(share) - share / 2)[where]
    return _place_features(rank, float(weight.sum()), _standing(scores, scores, weight))


def _ranks(wanted: Array, among: Array) -> Array:
    """(C,) how many of ``among`` (I,) stand above each, ties at the middle of their places."""
    if len(wanted) <= FEW:
        above = (among > wanted[:, None]).sum(axis=1)
        return np.asarray(above + (among == wanted[:, None]).sum(axis=1) / 2)
    ordered = np.sort(among)  # a long list must not take (C, I) cells
    left, right = (np.searchsorted(ordered, wanted, side) for side in ("left", "right"))
    return np.asarray(len(among) - right + (right - left) / 2)


def _place_features(rank: Array, many: float, standing: Array) -> Array:
    place = np.log(many / np.maximum(rank, 0.5))
    parts = [np.ones(len(rank)), np.minimum(place, HEAD)]
    return np.stack([*parts, np.log1p(np.maximum(standing, 0))], axis=1)


def _met_rows(episode: Episode, weights: Array, known: bool) -> _Rows:
    """All candidates; ``known``: whether the model was shown the support."""
    features = _met_features(np.asarray(episode.scores @ weights, dtype=np.float64), episode.weight)
    return _Rows(episode.user, _share(episode, known), features, episode.positive, episode.weight)


def _rated_rows(
    episode: Episode, weights: Array, known: bool, held_out: HeldOutPosteriors, ratings: sp.csr_matrix
) -> _Rows:
    """The hidden items that the user rated, liked or not."""
    fused = np.asarray(episode.scores @ weights, dtype=np.float64)
    hidden = np.concatenate([fused[episode.positive], episode.disliked_scores @ weights])
    items = np.concatenate([episode.candidates[episode.positive], episode.disliked])
    first, last = ratings.indptr[episode.user], ratings.indptr[episode.user + 1]
    met, given = ratings.indices[first:last], ratings.data[first:last]
    order = np.argsort(met)
    shown = episode.shown if known else episode.shown[:0]
    posterior = held_out.of(episode.user)
    support = given[order][np.searchsorted(met[order], shown)]
    probit = posterior.probit(*posterior.predict(shown, support, items))
    features = _rated_features(probit, _standing(hidden, fused, episode.weight))
    liked = np.arange(len(items)) < episode.n_positive
    return _Rows(episode.user, _share(episode, known), features, liked, np.ones(len(items)))


def _share(episode: Episode, known: bool) -> Array:
    """How much of the two ends that are fitted an episode bears on: ``(2,)``; all of the first for k = 0."""
    return _mix(episode.k_shot)[1:] if known else np.array([1.0, 0.0])


def _fit_ends(rows: Sequence[_Rows], prior: _Prior) -> Array:
    """Coefficients ``(2, F)`` of highest posterior probability, non-negative but for the intercept.

    The log likelihood is scaled so that every user counts for ``prior.per_user`` observations (likes, where
    likes are rare); users with much longer histories than others make the number of users smaller, (sum n)^2
    / sum n^2. Against it stand ``precision (middle - level)^2 / 2`` and ``tilt (difference of the ends)^2 / 2``.
    """
    mix = np.concatenate([np.tile(row.mix, (len(row.liked), 1)) for row in rows])
    features = np.concatenate([row.features for row in rows])
    liked = np.concatenate([row.liked for row in rows]).astype(np.float64)
    weight = np.concatenate([row.weight for row in rows])
    user = np.repeat([row.user for row in rows], [len(row.liked) for row in rows])
    rare = liked if prior is MET else np.ones(len(liked))
    per_user = np.bincount(user, weight * rare)
    if per_user.sum() == 0:
        return np.array([prior.level, prior.level])
    effective = per_user.sum() ** 2 / np.square(per_user).sum()
    weight = weight * (effective * prior.per_user / per_user.sum())
    both = (mix[:, :, None] * features[:, None, :]).reshape(len(liked), -1)  # (N, 2 F)
    level, precision = np.array(prior.level), np.array(prior.precision)

    def loss(flat: Array) -> tuple[float, Array]:
        ends = flat.reshape(2, -1)
        value = both @ flat
        off, tilt = ends.mean(axis=0) - level, ends[1] - ends[0]
        total = float(weight @ (np.logaddexp(0, value) - liked * value))
        total += 0.5 * float(precision @ np.square(off) + prior.tilt * tilt @ tilt)
        gradient = (both.T @ (weight * (expit(value) - liked))).reshape(2, -1)
        gradient += precision * off / 2 + prior.tilt * np.outer([-1, 1], tilt)
        return total, gradient.ravel()

    start = np.array(prior.level)
    if prior is MET:  # begin at the right number of likes
        share = (weight @ liked + 0.5) / (weight.sum() + 1)
        start[0] = logit(share) - features[:, 1:].mean(axis=0) @ level[1:]
    bounds = [(None, None), *[(0.0, None)] * (len(level) - 1)] * 2
    from scipy.optimize import minimize  # half a second that a loaded model need not spend

    found = minimize(loss, np.tile(start, 2), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x.reshape(2, -1))
