"""What a fit makes of a data set: everything that answers requests, in index arrays."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.data import Dataset
from fewrec.data.feedback import Feedback
from fewrec.data.vocabulary import Vocabulary
from fewrec.encode import Encoder, progress_bar
from fewrec.fewshot.calibration import Calibration
from fewrec.fewshot.episodes import Episode
from fewrec.fewshot.newitems import NewItems
from fewrec.fewshot.newmaps import NewMaps
from fewrec.fewshot.posterior import RatingPosterior
from fewrec.fewshot.ranker import Ranker
from fewrec.fewshot.rescoring import Rescoring
from fewrec.fewshot.tasting import learn_taste
from fewrec.recommender.sentences import practice
from fewrec.recommender.threads import one_thread
from fewrec.recommender.visitors import Visitor
from fewrec.signals import Signal, Sparse, Supports, TrainingData, resolve_signals, text_neighbours
from fewrec.text import TextReader

__all__ = ["FittedModel", "Progress", "fit_model", "shown", "training_arrays"]

DOUBLINGS = 3
"""A like by events is strongest from a value of 2^3 on, and weakest up to 1, a look."""

Progress = Callable[[str, int, int], None]
"""``progress(what, done, total)``."""


@contextlib.contextmanager
def shown(progress: bool | Progress) -> Iterator[Progress | None]:
    """Bars on stderr, one for each kind of work, where that is a terminal."""
    if callable(progress):
        yield progress
        return
    if not progress:
        yield None
        return
    with contextlib.ExitStack() as stack:
        bars: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = stack.enter_context(progress_bar(what))
            bars[what](done, total)

        yield show


@dataclass
class FittedModel:
    """All that was learned. Items are numbered in canonical order of their ids; later items come after them."""

    item_ids: list[str | int]
    reader: TextReader
    training: TrainingData
    ranker: Ranker
    user_ids: list[str | int]  # the training users, row by row
    feedback: Feedback  # what values meant in the data that it was fitted on
    new_weights: NDArray[np.float64] | None  # of NewItems; None where there is nothing to learn them from
    portrait_names: list[str]  # what the columns of training.portraits mean
    profile_size: int  # features in a profile at most
    feature_names: list[str]  # what the columns of training.features mean
    posterior: RatingPosterior | None  # where there are ratings
    calibration: Calibration | None  # where there are interactions
    rescoring: Rescoring | None = None  # where a rater was tried
    new_maps: NewMaps | None = None  # what NewItems reads off its maps, where a saved model brought it along

    @cached_property
    def position(self) -> dict[str | int, int]:
        """Item id -> number."""
        return {item: at for at, item in enumerate(self.item_ids)}

    def spelled(self, data: Dataset) -> FittedModel:
        """The same with ids as ``data`` spells them: 7 and "7" are one, unless it knows both."""
        items = [_spelling(data.items, id) for id in self.item_ids]
        users = [_spelling(data.users, id) for id in self.user_ids]
        if items == self.item_ids and users == self.user_ids:
            return self
        return replace(self, item_ids=items, user_ids=users)

    @cached_property
    def trained_users(self) -> frozenset[str | int]:
        return frozenset(self.user_ids)

    @cached_property
    def has_text(self) -> NDArray[np.bool_]:
        """``(I,)`` items of which some view or word says something."""
        return says_something(self.training.views, self.training.words, len(self.item_ids))

    @cached_property
    def met(self) -> NDArray[np.bool_]:
        """``(I,)`` items with any interaction in training."""
        return np.bincount(self.training.seen.indices, minlength=self.training.n_items) > 0

    @cached_property
    def silent(self) -> NDArray[np.intp]:
        """Items of which nothing is known: nobody has met them, and they have no text."""
        return np.flatnonzero(~(self.met | self.has_text))

    @cached_property
    def likes(self) -> NDArray[np.intp]:
        """``(I,)`` training users who liked the item."""
        return np.bincount(self.training.liked.indices, minlength=self.training.n_items)

    @cached_property
    def new_items(self) -> NewItems | None:
        """What ranks items that nobody has met; made when first asked for, from weights learned at fit."""
        new = np.flatnonzero(~self.met & self.has_text)
        if self.new_weights is None or len(new) < 2:
            return None
        if self.new_maps is not None:
            return NewItems(self.new_maps, self.training, self.new_weights)
        return NewItems.of(self.training, self.new_weights, new)

    def extras(self) -> dict[str, dict[str, NDArray[Any]]]:
        """The rating posterior and the calibration as arrays, by part."""
        parts = {"posterior": self.posterior, "calibration": self.calibration}
        return {name: part.to_arrays() for name, part in parts.items() if part is not None}

    @staticmethod
    def extras_from(arrays: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """The inverse of :meth:`extras`: keyword arguments of this class."""
        posterior, calibration = arrays.get("posterior"), arrays.get("calibration")
        return {
            "posterior": RatingPosterior.from_arrays(posterior) if posterior else None,
            "calibration": Calibration.from_arrays(calibration) if calibration else None,
        }

    def grown_extras(self, training: TrainingData) -> dict[str, Any]:
        """The same for a catalogue with more items."""
        view = training.views.get("title")
        return {"posterior": self.posterior and self.posterior.grown(training.n_items, view)}

    @cached_property
    def taste_profile(self) -> Sparse | None:
        """What finds the named features that explain a visitor; ``None`` where items have none."""
        features = self.training.features
        if features is None:
            return None
        # What most items carry, and ranges of numbers, say nothing about a person that a person would say.
        share = np.bincount(features.indices, minlength=features.shape[1]) / max(features.shape[0], 1)
        numbers = np.array([any(c.isdigit() for c in name) for name in self.feature_names], dtype=bool)
        kept = sp.csr_matrix(features @ sp.diags(((share <= 0.5) & ~numbers).astype(np.float32)))
        kept.eliminate_zeros()
        ready = Sparse(self.profile_size)
        training = replace(self.training, features=kept)
        return ready.fit(training) if ready.available(training) else None

    @one_thread
    def profile(self, supports: Supports) -> tuple[str, ...]:
        """The named features that the one visitor here seems to like, strongest first."""
        if self.taste_profile is None or supports.liked_rows.nnz == 0:
            return ()
        found = self.taste_profile.explain(supports)[0]
        return tuple(_said(self.feature_names[feature]) for feature, _ in found)

    def supports(self, visitors: Sequence[Visitor]) -> Supports:
        """What the visitors said, in index arrays, one row each."""
        position, tastes = self.position, [visitor.taste for visitor in visitors]
        portraits = None
        if self.training.portraits is not None and any(v.portrait is not None for v in visitors):
            empty = sp.csr_matrix((1, self.training.portraits.shape[1]), dtype=np.float32)
            portraits = sp.vstack(
                [empty if v.portrait is None else v.portrait for v in visitors], format="csr"
            )
        # By position: the order in which items are named, or stand in a history, must not change the last bits.
        shown = [sorted((position[item], v.liked[item]) for item in v.values) for v in visitors]
        return Supports.of(
            [np.array([at for at, _ in row], dtype=np.intp) for row in shown],
            [np.array([liked for _, liked in row], dtype=bool) for row in shown],
            len(self.item_ids),
            taste=self.reader.taste(tastes) if any(tastes) else None,
            portraits=portraits,
        )

    def served(self, at: int) -> Literal["hot", "warm", "cold"]:
        """hot: met in training; warm: known by its text alone; cold: neither."""
        return "hot" if self.met[at] else "warm" if self.has_text[at] else "cold"

    @one_thread
    def score(self, supports: Supports, known: NDArray[np.bool_]) -> NDArray[np.float32]:
        """``(B, I)``, NaN where nothing can be known. ``known`` (B,): training users, whose new items are put into
        the order of :class:`NewItems`; the places that new items take in the list stay those of the fused score."""
        scores = self.ranker.score(supports)
        if known.any() and self.new_items is not None:
            rows = np.flatnonzero(known)
            people = supports if known.all() else supports[rows]
            cells = np.ix_(rows, self.new_items.maps.items)
            order = np.argsort(self.new_items.score(people), axis=1)
            fused = np.sort(scores[cells], axis=1)
            placed = np.empty_like(fused)
            np.put_along_axis(placed, order, fused, axis=1)
            scores[cells] = placed
        if not self.met.any():
            scores[~scores.any(axis=1)] = np.nan  # nothing was said, or nothing that tells these items apart
        scores[:, self.silent] = np.nan
        return scores


def _spelling(known: Vocabulary, id: str | int) -> str | int:
    at = known.get(id)
    return id if at is None else known.ids[at]


def fit_model(
    data: Dataset,
    encoder: Encoder,
    signals: str | Sequence[str | Signal],
    *,
    tune: bool,
    seed: int,
    cache: Any,
    profile_size: int,
    progress: Progress | None,
) -> tuple[FittedModel, list[Episode]]:
    """Fits everything on ``data``, which is in canonical order already: so row order cannot change an answer.

    Linear algebra runs on one thread: for arrays of this size it is faster, and sums come out the same on every
    machine whatever its number of cores. The episodes come back, too.
    """
    with one_thread:
        reader = TextReader(encoder, cache)
        say = progress or (lambda what, done, total: None)
        reading = reader.fit(
            data.items.ids, data.texts, progress=lambda done, total: say("Reading texts", done, total)
        )
        training = training_arrays(data, reading.views, reading.words, seed)

        def make() -> list[Signal]:
            return resolve_signals(signals)

        ranker, episodes = Ranker.fit(
            training,
            make,
            seed,
            tune=tune,
            progress=lambda done, total: say("Learning from past users", done, total),
        )
        posterior, calibration = _certainty(data, training, ranker, episodes, seed, few=not tune)
        tasting = practice(training, data.item_features[1], reader, seed) if tune else None
        ranker = learn_taste(ranker, training, make, tasting, seed)
        new_weights = NewItems.learn(training, seed, tune)
    model = FittedModel(
        item_ids=list(data.items.ids),
        reader=reader,
        training=training,
        ranker=ranker,
        user_ids=list(data.users.ids),
        feedback=data.feedback,
        new_weights=new_weights,
        portrait_names=list(data.user_features[1]),
        profile_size=profile_size,
        feature_names=list(data.item_features[1]),
        posterior=posterior,
        calibration=calibration,
    )
    return model, episodes


def _certainty(
    data: Dataset,
    training: TrainingData,
    ranker: Ranker,
    episodes: Sequence[Episode],
    seed: int,
    *,
    few: bool,
) -> tuple[RatingPosterior | None, Calibration | None]:
    """What turns scores into ratings and probabilities, learned on the episodes of the ranker."""
    if training.seen.nnz == 0:
        return None, None
    personal = np.array([signal.personal for signal in ranker.signals], dtype=bool)
    if not training.explicit:
        return None, Calibration.fit(episodes, ranker.fusion, training, personal=personal)
    values = data.matrix("value")
    posterior, held_out = RatingPosterior.fit_with_folds(
        values,
        training.views.get("title"),
        liked_at=data.feedback.liked_at,
        scale=data.feedback.scale,
        seed=seed,
        few=few,
    )
    return posterior, Calibration.fit(episodes, ranker.fusion, training, held_out, values, personal)


def training_arrays(
    data: Dataset, views: dict[str, NDArray[np.float32]], words: sp.csr_matrix, seed: int
) -> TrainingData:
    """A data set and its vectors as the arrays that signals are fitted on."""
    liked, seen, values = data.matrix("liked"), data.matrix("all"), data.matrix("value")
    feedback, pairs = data.feedback, data.interactions
    strength = sp.csr_matrix(values.multiply(liked))
    freshness = None
    if feedback.scale is not None:
        top = max(feedback.scale[1] - feedback.liked_at, 1e-9)
        strength.data = np.clip((strength.data - feedback.liked_at) / top, 0, 1).astype(np.float32)
    else:  # doublings: a purchase (4) says more than a look (1), the tenth carton of milk not ten times more
        strength.data = (np.log2(np.clip(strength.data, 1, 2**DOUBLINGS)) / DOUBLINGS).astype(np.float32)
    if feedback.half_life is not None and pairs.time is not None and len(pairs):
        age = np.nan_to_num(np.nanmax(pairs.time) - pairs.time, nan=0.0) / 86_400
        freshness = sp.csr_matrix(
            ((0.5 ** (age / feedback.half_life)).astype(np.float32), seen.indices, seen.indptr), seen.shape
        )
    items, portraits = data.item_features[0], data.user_features[0]
    title = views.get("title", np.zeros((len(data.items), 1), dtype=np.float32))
    return TrainingData(
        liked=liked,
        seen=seen,
        explicit=feedback.kind == "explicit",
        views=views,
        words=words,
        neighbours=text_neighbours(title, words)
        if says_something(views, words, len(data.items)).any()
        else None,
        features=items if items.shape[1] else None,
        portraits=portraits if portraits.shape[1] else None,
        strength=strength,
        freshness=freshness,
        tie_break=np.random.default_rng(seed).random(len(data.items), dtype=np.float32),
    )


def says_something(
    views: dict[str, NDArray[np.float32]], words: sp.csr_matrix | None, n_items: int
) -> NDArray[np.bool_]:
    """``(I,)`` items with a word or a non-zero embedding in some view."""
    known = np.zeros(n_items, dtype=bool) if words is None else np.diff(words.indptr) > 0
    for view in views.values():
        known = known | view.any(axis=1)
    return known


def _said(feature: str) -> str:
    """``"cuisine: Mexican"`` as ``"Mexican"``, where the value speaks for itself."""
    column, _, value = feature.partition(": ")
    bare = value.casefold() in {
        "yes",
        "no",
        "none",
        "low",
        "medium",
        "high",
        "true",
        "false",
        "other",
        "open",
    }
    return value if value and len(value) > 3 and not bare else feature if value else column
