"""A slow rater at the top of the list: how much it counts, learned on a few episodes in a given time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.fewshot.episodes import Episode
from fewrec.fewshot.fusion import Fusion
from fewrec.fewshot.smoothrank import CUTOFF, ideal_gain

__all__ = ["Rate", "Rescoring", "learn_rescoring"]

Floats = NDArray[np.float64]
Rate = Callable[[Episode, NDArray[np.intp], float], Floats | None]
"""``rate(episode, items, seconds)``: ``(C,)`` log-odds that the stranger likes each item, ``None`` if out of time."""

GRID = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.5, 2.0)
FOLDS = 5
LEAST_USERS = 10
"""With fewer past users nothing is proven."""

PROOF = 1.645
"""Standard errors by which lists with the rater must be ahead: a rater that says nothing gets weight 1 time in 20."""

MOST_OF_A_KIND = 5  # hidden likes, and hidden dislikes, that are rated for the calibration
LEAST_OF_A_KIND = 10


@dataclass(frozen=True)
class Rescoring:
    """The weight of a rater at the top of a list, and the comparison that earned it, or did not."""

    rater: str  # its id
    top: int  # candidates that are rated
    weight: float  # of the rater's standard deviation, in those of the fused score; 0: it is not asked
    spread: float  # RMS over episodes of the fused score's standard deviation among the top
    scale: float  # the same of the rater's scores
    gain: float  # mean NDCG@10 above the list without it, by weights learned on other users
    error: float  # its standard error over users
    users: int  # past users it was tried on
    ratings: int  # answers that took part
    seconds: float
    stopped: bool  # whether time ran out before all users had their turn
    chance: tuple[float, float] | None = None  # intercept and slope: rating log-odds -> log-odds of a like

    def reordered(self, fused: Floats, rated: Floats) -> Floats:
        """``(C,)`` scores of the top after both had their say: the fused scores, exchanged among the candidates.

        The best ``fused / spread + weight rated / scale`` gets the largest fused score, and so on. So the top stays
        above all other items, and the chances that go with scores stay what they were.
        """
        both = _mixed(fused, rated, self.spread, self.scale, self.weight)
        found = np.empty_like(fused)
        found[np.argsort(-both, kind="stable")] = np.sort(fused)[::-1]
        return found

    def chance_of(self, rated: Floats) -> Floats | None:
        """``(C,)`` calibrated probability of a like; ``None`` where there was too little to calibrate on."""
        if self.chance is None:
            return None
        found: Floats = 1 / (1 + np.exp(-(self.chance[0] + self.chance[1] * np.asarray(rated))))
        return found

    def __str__(self) -> str:
        tried = f"{self.ratings} ratings of {self.users} past users in {self.seconds:.0f} s"
        tried += ", then time was up" if self.stopped else ""
        compared = f"NDCG@10 {self.gain:+.4f} ± {self.error:.4f}"
        if self.users < LEAST_USERS:
            return f"{self.rater} has no weight: too few past users to prove anything ({tried})."
        if self.weight == 0:
            return f"{self.rater} earned no weight, and is not asked: {compared} with it ({tried})."
        return f"{self.rater} earned the weight {self.weight:g}: {compared} with it ({tried})."

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return {**asdict(self), "chance": None if self.chance is None else list(self.chance)}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Rescoring:
        """The inverse of :meth:`to_dict`, after a trip through JSON."""
        chance = fields["chance"]
        return cls(**{**fields, "chance": None if chance is None else (chance[0], chance[1])})


def learn_rescoring(
    episodes: Sequence[Episode],
    fusion: Fusion,
    rate: Rate,
    *,
    rater: str,
    top: int,
    most_users: int,
    seconds: float,
    seed: int,
    clock: Callable[[], float] = time.monotonic,
    progress: Callable[[int, int], None] | None = None,
) -> Rescoring:
    """Tries the rater on one episode of each of ``most_users`` past users, or of as many as ``seconds`` allow.

    Rating every item in every episode would take hours, and is not needed: ``fusion`` picks the ``top`` candidates
    without the rater, and only their order can change. An episode without a hidden like among them, or with nothing
    else, counts with a gain of 0 and costs nothing. The weight is the one of nine with the largest mean NDCG@10. It
    is kept where lists by weights learned on other users (five folds) are ahead by 1.645 standard errors, else 0.
    ``fusion`` was learned on the same episodes, which flatters the list without the rater, not the rater.
    """
    rng = np.random.default_rng(seed)
    by_user: dict[int, list[Episode]] = {}
    for episode in episodes:
        by_user.setdefault(episode.user, []).append(episode)
    chosen = rng.permutation(np.array(sorted(by_user), dtype=np.intp))[:most_users].tolist()
    begin, stopped, ratings = clock(), False, 0
    tried: list[_Tried | None] = []
    answers: list[tuple[Floats, NDArray[np.bool_]]] = []
    for place, user in enumerate(chosen):
        # In turn through the sizes that were drawn, so that all k take part.
        episode = by_user[user][place % len(by_user[user])]
        fused = (episode.scores @ fusion.weights(episode.k_shot).astype(np.float32)).astype(np.float64)
        at = np.argsort(-fused, kind="stable")[:top]
        hit = episode.positive[at]
        if not hit.any() or hit.all():
            tried.append(None)
            continue
        liked, disliked = _for_calibration(episode, at, rng)
        items = np.concatenate([episode.candidates[at], liked, disliked])
        left = seconds - (clock() - begin)
        rated = rate(episode, items, left) if left > 0 else None
        if rated is None:
            stopped = True
            break
        ratings += len(items)
        tried.append(_Tried(fused[at], rated[: len(at)], hit, episode.n_positive))
        answers.append(_answers(rated, hit, len(liked), len(disliked)))
        if progress is not None:
            progress(place + 1, len(chosen))
    asked = [one for one in tried if one is not None]
    spread = _rms([one.fused.std() for one in asked])
    scale = _rms([one.rated.std() for one in asked])
    gains = np.zeros((len(tried), len(GRID)))
    for row, one in enumerate(tried):
        if one is not None:
            gains[row] = one.ndcg(spread, scale)
    gains -= gains[:, :1]
    gain, error = _held_out(gains, rng)
    proven = len(asked) >= LEAST_USERS and gain > PROOF * error
    weight = GRID[int(np.argmax(gains.mean(axis=0)))] if proven else 0.0
    return Rescoring(
        rater=rater,
        top=top,
        weight=weight,
        spread=spread,
        scale=scale,
        gain=gain,
        error=error,
        users=len(asked),
        ratings=ratings,
        seconds=clock() - begin,
        stopped=stopped,
        chance=_chance(answers),
    )


@dataclass(frozen=True)
class _Tried:
    """The top of one episode's list, rated."""

    fused: Floats
    rated: Floats
    hit: NDArray[np.bool_]
    n_positive: int

    def ndcg(self, spread: float, scale: float) -> Floats:
        """NDCG@10 at every weight of the grid."""
        found = np.zeros(len(GRID))
        for at, weight in enumerate(GRID):
            order = np.argsort(-_mixed(self.fused, self.rated, spread, scale, weight), kind="stable")[:CUTOFF]
            gain = self.hit[order] / np.log2(np.arange(2, len(order) + 2))
            found[at] = gain.sum() / ideal_gain(self.n_positive)
        return found


def _mixed(fused: Floats, rated: Floats, spread: float, scale: float, weight: float) -> Floats:
    return np.asarray(fused, dtype=np.float64) / spread + weight * np.asarray(rated) / scale


def _rms(values: Sequence[float]) -> float:
    found = math.sqrt(float(np.mean(np.square(values)))) if values else 0.0
    return found if found > 0 else 1.0  # what never varied says nothing, whatever it is divided by


def _held_out(gains: Floats, rng: np.random.Generator) -> tuple[float, float]:
    """Mean gain over users, each by the best weight of the other folds, and its standard error."""
    n = len(gains)
    if n < 2:
        return 0.0, 0.0
    fold = rng.permutation(n) % min(FOLDS, n)
    own = np.zeros(n)
    for held in range(min(FOLDS, n)):
        best = int(np.argmax(gains[fold != held].mean(axis=0)))
        own[fold == held] = gains[fold == held, best]
    return float(own.mean()), float(own.std(ddof=1) / math.sqrt(n))


def _for_calibration(
    episode: Episode, at: NDArray[np.intp], rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Hidden items that were met: some liked ones beyond the top, and disliked ones; none where nobody dislikes."""
    if len(episode.disliked) == 0:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    beyond = np.setdiff1d(episode.candidates[episode.positive], episode.candidates[at])
    return rng.permutation(beyond)[:MOST_OF_A_KIND], rng.permutation(episode.disliked)[:MOST_OF_A_KIND]


def _answers(
    rated: Floats, hit: NDArray[np.bool_], liked: int, disliked: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Ratings of items that were met, and which of them were liked; of all candidates where nobody dislikes."""
    top = len(hit)
    if disliked == 0:
        return rated[:top], hit
    met = np.concatenate([rated[:top][hit], rated[top:]])
    return met, np.arange(len(met)) < int(hit.sum()) + liked


def _chance(answers: Sequence[tuple[Floats, NDArray[np.bool_]]]) -> tuple[float, float] | None:
    """Platt's two numbers (1999) by Newton's method, the slope held near 0 by a normal prior of variance 1 and never
    below: a rater that says the opposite of what people like says nothing."""
    if not answers:
        return None
    odds = np.concatenate([rated for rated, _ in answers])
    liked = np.concatenate([hit for _, hit in answers]).astype(np.float64)
    if min(liked.sum(), len(liked) - liked.sum()) < LEAST_OF_A_KIND:
        return None
    base = math.log(liked.mean() / (1 - liked.mean()))
    design = np.stack([np.ones(len(odds)), odds], axis=1)
    theta = np.array([base, 0.0])
    for _ in range(30):
        p = 1 / (1 + np.exp(-design @ theta))
        gradient = design.T @ (liked - p) - np.array([0.0, theta[1]])
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.diag([1e-6, 1.0])
        step = np.linalg.solve(hessian, gradient)
        theta = theta + step / max(1.0, float(np.abs(step).max()))  # never further than 1 at once
    return (float(theta[0]), float(theta[1])) if theta[1] > 0 else (base, 0.0)
