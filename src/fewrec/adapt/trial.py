"""Frozen against tuned on people and items that tuning has not seen: the pair of marks that decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from fewrec.fewshot.episodes import K_SHOTS
from fewrec.fewshot.newitems import NewItems, history_supports
from fewrec.fewshot.ranker import Ranker
from fewrec.fewshot.smoothrank import CUTOFF, ideal_gain
from fewrec.signals import Supports, TrainingData, resolve_signals, text_neighbours

__all__ = [
    "Judge",
    "Paired",
    "Remembering",
    "judged",
    "mean_mark",
    "new_item_ndcg",
    "new_user_ndcg",
    "paired",
    "with_views",
]

Floats = NDArray[np.float64]
BATCH = 64
CERTAIN = 2.5
"""Standard errors by which the tuned encoder must be ahead; chance alone gets so far once in 160 times. Of few people
it takes more, by Student's t."""

WORSE = 2.0
"""Standard errors behind from which on it counts as worse, where it has to be no more than as good; the same."""

LEAST = 10
"""People who must have a mark, or nothing is decided."""


@dataclass(frozen=True)
class Paired:
    """Marks of the same users under the frozen and the tuned encoder."""

    frozen: float
    tuned: float
    difference: float
    error: float  # standard error of the difference
    users: int
    parts: tuple[float, ...] = ()  # differences for each part of the items, where there are several

    @property
    def ahead(self) -> bool:
        """Beyond noise, and in most of the parts."""
        return self.certain and self.widely

    @property
    def certain(self) -> bool:
        """Ahead beyond the noise of who was asked."""
        return self.enough and self.difference > _asked_for(CERTAIN, self.users) * self.error

    @property
    def widely(self) -> bool:
        """Ahead in more than half of the parts. The standard error knows how people differ, and not how items do: a
        gain that one part makes alone says nothing of the next."""
        return not self.parts or 2 * sum(part > 0 for part in self.parts) > len(self.parts)

    @property
    def behind(self) -> bool:
        """Worse, beyond noise."""
        return self.enough and self.difference < -_asked_for(WORSE, self.users) * self.error

    @property
    def enough(self) -> bool:
        """Whether there were people enough to decide anything."""
        return self.users >= LEAST

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "frozen": self.frozen,
            "tuned": self.tuned,
            "difference": self.difference,
            "standard_error": self.error,
            "users": self.users,
        }
        return {**found, "parts": list(self.parts)} if self.parts else found


def paired(frozen: Floats, tuned: Floats) -> Paired:
    """The test; who has no mark (NaN) under either does not count."""
    both = ~(np.isnan(frozen) | np.isnan(tuned))
    off = (tuned - frozen)[both]
    if len(off) < 2:
        return Paired(0.0, 0.0, 0.0, 0.0, len(off))
    error = float(off.std(ddof=1) / np.sqrt(len(off)))
    return Paired(float(frozen[both].mean()), float(tuned[both].mean()), float(off.mean()), error, len(off))


def _asked_for(errors: float, users: int) -> float:
    """Standard errors that chance exceeds as seldom as a normal one exceeds ``errors``."""
    return float(stdtrit(users - 1, ndtr(errors)))


def with_views(
    training: TrainingData, views: Mapping[str, NDArray[np.float32]], items: NDArray[np.intp] | None = None
) -> TrainingData:
    """The same with other embeddings, and the text neighbours that follow from them: of ``items``, or of all."""
    title = views.get("title")
    if title is None or training.words is None:
        return replace(training, views=dict(views))
    asked = None if items is None else np.isin(np.arange(training.n_items), items)
    return replace(training, views=dict(views), neighbours=text_neighbours(title, training.words, of=asked))


def judged(training: TrainingData) -> TrainingData:
    """The same arrays, decomposed in float32: both encoders see the same decompositions, and marks of the third digit
    do not ask for more."""
    return replace(training, single=True, _spectra={})  # those of one precision must not become the other's


@dataclass(frozen=True)
class Remembering(TrainingData):
    """`judged` arrays whose parts remember their decompositions: two encoders that are judged on the same hidden items
    and people share them, because they rest on who met what, and not on vectors."""

    _parts: dict[bytes, tuple[dict[Any, Any], dict[bytes, Any]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @classmethod
    def of(cls, training: TrainingData) -> Self:
        parts = judged(training)
        return cls(**{part.name: getattr(parts, part.name) for part in fields(TrainingData) if part.init})

    def with_users(self, rows: NDArray[np.intp]) -> Remembering:
        return self._part(b"users", rows, super().with_users(rows))

    def without_items(self, hidden: NDArray[np.intp]) -> Remembering:
        return self._part(b"items", hidden, super().without_items(hidden))

    def _part(self, kind: bytes, which: NDArray[np.intp], part: TrainingData) -> Remembering:
        key = kind + np.ascontiguousarray(which, dtype=np.int64).tobytes()
        spectra, parts = self._parts.setdefault(key, ({}, {}))
        return cast(Remembering, replace(part, _spectra=spectra, _parts=parts))  # type: ignore[call-arg]


def new_item_ndcg(
    training: TrainingData, hidden: NDArray[np.intp], users: NDArray[np.intp], seed: int
) -> Floats:
    """(U,) NDCG@10 of ``hidden`` items, ranked among themselves as the full model does, for ``users`` whose other
    items are known: by `NewItems`, or by the fused signals where texts share no words. NaN for who likes none of
    them."""
    marks = np.full(len(users), np.nan)
    reduced = training.without_items(hidden)
    score = _scorer(reduced, hidden, seed)
    wanted = training.liked[users][:, hidden].toarray() > 0
    for start in range(0, len(users), BATCH):
        rows = np.arange(start, min(start + BATCH, len(users)))
        rows = rows[wanted[rows].any(axis=1)]
        if len(rows):
            marks[rows] = ndcg(score(history_supports(reduced, users[rows])), wanted[rows])
    return marks


def new_user_ndcg(training: TrainingData, strangers: NDArray[np.intp], seed: int) -> Floats:
    """(V,) NDCG@10 of the whole model for ``strangers``, who are cut out of training: 1, 3, 5 and 10 of their items are
    shown in random order, all others are ranked, and what they liked among these is wanted. A stranger's mark is the
    mean over the numbers shown that leave a like to be found; NaN where none does."""
    rest = np.setdiff1d(np.arange(training.n_users), strangers)
    known = training.with_users(rest)
    ranker, _ = Ranker.fit(known, lambda: resolve_signals("default"), seed)
    marks = np.full((len(strangers), len(K_SHOTS)), np.nan)
    for column, k_shot in enumerate(K_SHOTS):
        rows, shown, likes = [], [], []
        for row, user in enumerate(strangers):
            order = np.random.default_rng((seed, int(user))).permutation(training.seen[user].indices)
            liked = training.liked[user].indices
            if np.isin(order[k_shot:], liked).any():
                rows.append(row)
                shown.append(order[:k_shot].astype(np.intp))
                likes.append(np.isin(order[:k_shot], liked))
        for start in range(0, len(rows), BATCH):
            part = slice(start, start + BATCH)
            users = strangers[rows[part]]
            portraits = None if training.portraits is None else training.portraits[users]
            scores = ranker.score(
                Supports.of(shown[part], likes[part], training.n_items, portraits=portraits)
            )
            wanted = training.liked[users].toarray() > 0
            for at, items in enumerate(shown[part]):
                scores[at, items], wanted[at, items] = -np.inf, False
            marks[rows[part], column] = ndcg(scores, wanted)
    return mean_mark(marks.T)


def mean_mark(marks: Floats) -> Floats:
    """(U,) each user's mean over the rows of ``marks`` (N, U) in which they have one; NaN for who has none."""
    there = ~np.isnan(marks)
    count = there.sum(axis=0)
    total = np.where(there, marks, 0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _scorer(
    training: TrainingData, items: NDArray[np.intp], seed: int
) -> Callable[[Supports], NDArray[np.float32]]:
    """Supports -> (B, C) scores of new ``items``."""
    weights = NewItems.learn(training, seed)
    if weights is not None:
        return NewItems.of(training, weights, items).score
    ranker, _ = Ranker.fit(training, lambda: resolve_signals("default"), seed)
    return lambda supports: ranker.score_items(supports, items)


class Judge:
    """Marks embeddings by the NDCG@10 of ``hidden`` items for ``people``, quickly: the weights of `NewItems` are
    learned once, with the frozen embeddings. Where texts share no words, plain cosines rank. It looks at the embeddings
    of titles alone: to read every description anew for each epoch costs more than the epoch."""

    VIEWS = ("title",)

    def __init__(
        self, training: TrainingData, hidden: NDArray[np.intp], people: NDArray[np.intp], seed: int
    ) -> None:
        self._training, self._hidden = judged(training).without_items(hidden), hidden
        wanted = training.liked[people][:, hidden].toarray() > 0
        playing = wanted.any(axis=1) & (np.diff(self._training.liked[people].indptr) > 0)
        self._people, self._wanted = people[playing][:QUICK_JUDGES], wanted[playing][:QUICK_JUDGES]
        self._weights = NewItems.learn(self._training, seed)
        self.frozen = self.mark(training.views)

    def mark(self, views: Mapping[str, NDArray[np.float32]]) -> float:
        """0 where nobody can be asked."""
        if not len(self._people):
            return 0.0
        training = with_views(self._training, views, self._hidden)  # nobody asks for neighbours of the others
        supports = history_supports(training, self._people)
        if self._weights is None:
            scores = np.asarray(supports.liked @ views["title"]) @ views["title"][self._hidden].T
        else:
            scores = NewItems.of(training, self._weights, self._hidden, QUICK_LANDMARKS).score(supports)
        return float(ndcg(scores, self._wanted).mean())


QUICK_JUDGES, QUICK_LANDMARKS = 300, 1000


def ndcg(scores: NDArray[np.float32], wanted: NDArray[np.bool_]) -> Floats:
    """(B,) NDCG@10 of rows (B, C); equal scores stand in the order of the items, whose numbers say nothing."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :CUTOFF]
    gain = np.take_along_axis(wanted, order, axis=1) / np.log2(np.arange(2, order.shape[1] + 2))
    ideal = np.array([ideal_gain(int(count)) if count else np.nan for count in wanted.sum(axis=1)])
    return np.asarray(gain.sum(axis=1) / ideal, dtype=np.float64)
