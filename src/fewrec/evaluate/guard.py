"""Catches a system that knows the answers from elsewhere than what it was given.

A world is made in which every item id stands for another item: texts, attributes and interactions of the bestseller
carry the id of the item that sells least, and so on. The system learns in this world and is then asked about real
people by the real ids. What it learned of items is of no use there: at best its lists happen to show everybody what is
popular among the test users. So who clearly beats the best list that is the same for everybody, made with hindsight
from the very answers, has seen the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from fewrec.data import Dataset
from fewrec.errors import ConfigError
from fewrec.evaluate.jobs import Work
from fewrec.evaluate.lists import ranked, tie_noise
from fewrec.evaluate.measure import BLOCK, masks
from fewrec.evaluate.metrics import ndcg
from fewrec.evaluate.splits import Case
from fewrec.evaluate.statistics import error_over_users
from fewrec.evaluate.systems import Asked
from fewrec.recommender.threads import one_thread

__all__ = ["check_system", "mirrored"]

Floats = NDArray[np.float64]
Scores = Callable[[Sequence[Case]], Floats]
TRAINING = 50
"""Training users of the mirrored world: enough to learn from, and quick."""
ERRORS = 4.0
"""Standard errors ahead from which on it cannot be chance."""
LEAST = 0.05
"""NDCG ahead below which it is no matter."""


def mirrored(data: Dataset, counted: Dataset) -> Dataset:
    """``data`` with every item under another's id: the ids in order of interactions in ``counted``, turned round."""
    count = np.bincount(counted.interactions.item_index, minlength=len(counted.items))
    mixed = np.random.default_rng(0).permutation(len(count))
    order = mixed[np.argsort(count[mixed], kind="stable")].tolist()
    ids = counted.items.ids
    names = {ids[mine]: ids[other] for mine, other in zip(order, reversed(order), strict=True)}
    return data.with_item_names(names)


@one_thread
def check_system(work: Work, name: str) -> None:
    """``ConfigError`` where the system finds what people like in the mirrored world."""
    data, split = work.world.data, work.plan.splits[0]
    learned = mirrored(data.only(split.pairs(data, TRAINING)), data)
    asked = Asked(name, work.fresh(name), learned, data)
    hindsight = np.bincount(
        np.concatenate([case.relevant for case in split.cases]), minlength=len(data.items)
    ).astype(np.float64)
    best = _marks(lambda cases: np.tile(hindsight, (len(cases), 1)), split.cases, work)
    for scores in _answers(asked, work):
        found = _marks(scores, split.cases, work)
        if foreseen(found - best):
            known = ~np.isnan(found)
            raise ConfigError(
                f"it finds what people like (NDCG@{work.settings.n} {found[known].mean():.2f}; the best list for "
                f"everybody has {best[known].mean():.2f}) after learning from data in which every item id stands for "
                "another item. So it has seen the answers.",
                where=f"systems[{name!r}]",
                value=float(found[known].mean()),
                hint="A system may know nothing but what fit(data) and score(support) give it. If it knows items by id "
                "from elsewhere, and never saw these people, switch the check off with guard=False.",
            )


def foreseen(ahead: Floats) -> bool:
    """Whether people's NDCG is so far ``ahead`` (B,) of the best list for everybody that it cannot be chance. NaN: a
    person without a mark. One person alone tells nothing.
    """
    marks = ahead[~np.isnan(ahead)]
    if len(marks) < 2:
        return False
    error = error_over_users(marks, np.arange(len(marks)))
    return bool(marks.mean() > max(LEAST, ERRORS * error))


def _answers(asked: Asked, work: Work) -> Iterator[Scores]:
    """Every way in which a system orders items: by score, and by what it predicts."""
    k_shot = work.plan.k_shots[-1]
    yield lambda cases: asked.scores(cases, k_shot)
    if asked.predicts:
        for field in ("mean", "probability"):
            yield lambda cases, field=field: np.stack(  # type: ignore[misc]
                [asked.predictions(case, k_shot)[field] for case in cases]
            )


def _marks(scores: Scores, cases: Sequence[Case], work: Work) -> Floats:
    """NDCG of the lists that these scores make."""
    items, k_shot = len(work.world.data.items), work.plan.k_shots[-1]
    noise = tie_noise(0, len(cases), items)
    parts = []
    for start in range(0, len(cases), BLOCK):
        block = cases[start : start + BLOCK]
        allowed, relevant = masks(block, k_shot, items)
        top = ranked(scores(block), allowed, noise[start : start + BLOCK], work.settings.n).top
        hits = np.take_along_axis(relevant, np.maximum(top, 0), axis=1) & (top >= 0)
        parts.append(ndcg(hits, relevant.sum(axis=1)))
    return np.concatenate(parts)
