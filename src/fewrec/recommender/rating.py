"""A language model at the top of the list: its weight learned at fit, its say in one answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.data import Dataset
from fewrec.errors import ConfigError, EncoderError, StoreError
from fewrec.fewshot.episodes import Episode
from fewrec.fewshot.rescoring import Rescoring, learn_rescoring
from fewrec.llm import Rater, named_rater
from fewrec.rank import top_n
from fewrec.recommendations import Reason
from fewrec.recommender.model import FittedModel
from fewrec.recommender.predictions import scores_of
from fewrec.recommender.visitors import Visitor, tell
from fewrec.signals import Supports, TrainingData

__all__ = [
    "Say",
    "has_say",
    "heard",
    "item_texts",
    "learn_rater",
    "loaded_rater",
    "not_asked",
    "rater_of",
    "say_of",
    "scores_with_say",
]

Id = str | int
NOT_ASKED = "The language model has no say in this: it rates the top of one visitor's list."
"""What answers say that go without it: for many people and all items it would have to be asked for hours."""


@dataclass(frozen=True)
class Say:
    """What a rater made of one list. ``scores``: of all items, as it left them."""

    scores: NDArray[np.float32]  # (I,)
    before: NDArray[np.float32]  # (I,) the fused scores
    moved: NDArray[np.float32] | None = None  # (I,) what it added; None where it had no say
    chance: dict[int, float] | None = None  # its calibrated rating, by item
    notes: tuple[str, ...] = ()

    def reason(self, at: int) -> tuple[Reason, ...]:
        """What the rater added to the score of one item, and how it rates it."""
        if self.moved is None or not self.moved[at]:
            return ()
        rated = "" if self.chance is None or at not in self.chance else f": {self.chance[at] * 100:.0f} %"
        return (Reason("rater", f"a language model's rating{rated}", float(self.moved[at])),)


def rater_of(rater: Any) -> Rater | None:
    """The `Rater` that is given, or that of the language model which a name stands for. ``ConfigError`` else."""
    if rater is None or isinstance(rater, Rater):
        return rater
    if isinstance(rater, str | PathLike):
        return named_rater(Path(rater) if isinstance(rater, PathLike) else rater)
    hint = "Use None, fewrec.llm.Rater(model), or the name of a language model: a folder, or a .gguf file."
    raise ConfigError(f"{rater!r} is no rater.", where="rater", value=rater, hint=hint)


def item_texts(data: Dataset) -> list[str]:
    """``(I,)`` what a rater reads of each item: title and attributes, then the description."""
    return [_text(data, row) for row in range(len(data.items))]


def _text(data: Dataset, row: int) -> str:
    return ". ".join(view[row] for view in data.texts.values() if view[row])


def learn_rater(
    rater: Rater,
    data: Dataset,
    model: FittedModel,
    episodes: Sequence[Episode],
    seed: int,
    progress: Callable[[str, int, int], None] | None,
) -> Rescoring:
    """Tries the rater on past users it was not tuned on. ``data``: that of the fit, in the model's order."""
    unknown = [one for one in episodes if model.user_ids[one.user] not in rater.trained_on]
    texts, training = item_texts(data), model.training

    def rate(episode: Episode, items: NDArray[np.intp], seconds: float) -> NDArray[np.float64] | None:
        shown = [(texts[at], liked) for at, liked in _shown(training, episode)]
        return rater.scores(shown, [texts[at] for at in items.tolist()], seconds=seconds)

    return learn_rescoring(
        unknown,
        model.ranker.fusion,
        rate,
        rater=rater.id,
        top=rater.top,
        most_users=rater.learning_users,
        seconds=rater.learning_seconds,
        seed=seed,
        clock=rater.clock,
        progress=None
        if progress is None
        else lambda done, total: progress("Asking the language model", done, total),
    )


def _shown(training: TrainingData, episode: Episode) -> list[tuple[int, bool]]:
    """Support items in the model's order: as in an answer, the order of a history says nothing."""
    likes = set(training.liked[episode.user].indices.tolist())
    return [(at, at in likes) for at in sorted(episode.shown.tolist())]


def has_say(rater: Rater | None, model: FittedModel) -> bool:
    """Whether a rater is there that has earned weight."""
    return rater is not None and model.rescoring is not None and model.rescoring.weight > 0


def not_asked(rater: Rater | None, model: FittedModel) -> tuple[str, ...]:
    """What an answer has to say that goes without a rater that has earned weight."""
    return (NOT_ASKED,) if has_say(rater, model) else ()


def heard(supports: Supports, visitors: Sequence[Visitor]) -> list[Visitor]:
    """The visitors, without sentences of which nothing could be read."""
    read = supports.taste
    return [
        visitor.unread() if read is not None and visitor.taste and not read.present[at] else visitor
        for at, visitor in enumerate(visitors)
    ]


def scores_with_say(
    rater: Rater | None,
    model: FittedModel,
    visitors: Sequence[Visitor],
    say: Callable[[Visitor, NDArray[np.float32], NDArray[np.bool_]], Say],
    mask_of: Callable[[Visitor], NDArray[np.bool_]],
) -> NDArray[np.float32]:
    """``(B, I)`` in model order, the top of each row as ``say`` leaves it: the scores of lists without conditions.

    ``mask_of``: which items such a list may hold. Where the rater gave no answer, a warning says so.
    """
    supports = model.supports(visitors)
    scores = scores_of(model, supports, visitors)
    if not has_say(rater, model):
        return scores
    for row, visitor in zip(scores, heard(supports, visitors), strict=True):
        found = say(visitor, row, mask_of(visitor) & ~np.isnan(row))
        tell((note.replace("the list is", "these scores are") for note in found.notes), stacklevel=5)
        row[:] = found.scores
    return scores


def say_of(
    rater: Rater | None,
    model: FittedModel,
    visitor: Visitor,
    scores: NDArray[np.float32],
    mask: NDArray[np.bool_],
    data: Dataset,
    row: NDArray[np.intp],
) -> Say:
    """The rater's say in one list, where it has earned one and the visitor has shown an interaction.

    A list for a sentence alone stays as it is: the weight was earned on shown interactions. Where the model cannot be
    asked, or not in time, the list is served without it, and a note says so. ``row`` (I,): item -> row of ``data``.
    """
    rescoring = model.rescoring
    if rater is None or rescoring is None or not has_say(rater, model) or not visitor.values:
        return Say(scores, scores)
    top = top_n(scores, mask, rescoring.top, model.training.tie_break)
    if len(top) < 2:
        return Say(scores, scores)

    def text(at: int) -> str:
        return _text(data, int(row[at]))

    shown = sorted((model.position[item], liked) for item, liked in visitor.liked.items())
    try:
        rated = rater.scores(
            [(text(at), liked) for at, liked in shown], [text(at) for at in top.tolist()], taste=visitor.taste
        )
    except EncoderError as error:
        return Say(scores, scores, notes=(f"the list is without the language model's say: {error}",))
    if rated is None:
        limit = f"{rater.seconds:g} seconds"
        return Say(
            scores, scores, notes=(f"the list is without the language model's say: no answer in {limit}.",)
        )
    found = scores.copy()
    found[top] = rescoring.reordered(scores[top].astype(np.float64), rated)
    chances = rescoring.chance_of(rated)
    by_item = None if chances is None else dict(zip(top.tolist(), chances.tolist(), strict=True))
    return Say(found, scores, found - scores, by_item)


def loaded_rater(rater: Any, rescoring: Rescoring | None, folder: str) -> Rater | None:
    """The rater of a loaded model: the one given, if it is the one that was saved; ``False`` goes without.

    Raises `StoreError` where one with a weight is needed and none is given, or another one is.
    """
    if rater is False:
        return None
    rater = rater_of(rater)
    if rater is None:
        if rescoring is not None and rescoring.weight:
            raise StoreError(
                f"this model's lists had a say of {rescoring.rater}, which is not in the folder.",
                where=folder,
                hint="Give it again: Recommender.load(folder, rater=...), or go without: rater=False. "
                "On the command line: --rater MODEL, or --rater off.",
            )
        return None
    if rescoring is None or rater.id != rescoring.rater:
        had = "none" if rescoring is None else rescoring.rater
        raise StoreError(
            f"the rater is {rater.id}, but the weight was learned with {had}.",
            where=folder,
            hint="Give the same one, or fit the model again with this one.",
        )
    return rater
