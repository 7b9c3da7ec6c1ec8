"""How likely somebody is to like an item, and how they would rate it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fewrec.recommendations import Rating
from fewrec.recommender.model import FittedModel
from fewrec.recommender.threads import one_thread
from fewrec.recommender.visitors import Visitor
from fewrec.signals import Supports

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

__all__ = ["Predictions", "Prospects", "matrix", "prospects_of", "scores_of"]

Id = str | int
Array = NDArray[np.float64]
LEVEL = 0.8
BATCH = 64
"""Visitors scored at once."""
SHOWN = 10
"""Predictions that are printed; the arrays have all."""


@dataclass(frozen=True, repr=False)
class Predictions:
    """The predicted rating matrix: ``B`` people x ``C`` items; ``print`` shows the first of them in words.

    ``mean``, ``low``, ``high`` are on the users' own scale, 80 % of such ratings lie between the last two; NaN
    throughout where the data hold no ratings. ``probability`` is that of a like, NaN where nothing can be known.
    """

    users: tuple[Id | None, ...]  # None: a stranger
    items: tuple[Id, ...]
    mean: Array  # (B, C)
    low: Array  # (B, C)
    high: Array  # (B, C)
    probability: Array  # (B, C)
    titles: tuple[str, ...] = ()  # of the items, for people
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: one list per person and field, ``None`` for NaN."""

        def plain(matrix: Array) -> list[list[float | None]]:
            return [[None if np.isnan(cell) else float(cell) for cell in row] for row in matrix]

        fields = ("mean", "low", "high", "probability")
        return {
            "users": list(self.users),
            "items": list(self.items),
            **{name: plain(getattr(self, name)) for name in fields},
            "warnings": list(self.warnings),
        }

    def __repr__(self) -> str:
        return f"Predictions({self._size()})"

    def __str__(self) -> str:
        from fewrec.recommendations.table import as_text

        return as_text(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        from fewrec.recommendations.table import table_of

        heads, rows = self._cells()
        if rows:
            yield table_of(heads, rows)
            yield Text()
        for line in self._lines():
            yield Text(line)

    def _repr_html_(self) -> str:
        from fewrec.recommendations.table import html_table

        heads, rows = self._cells()
        lines = [f"<p>{html.escape(line)}</p>" for line in self._lines()]
        return "\n".join(["<div>", *([html_table(heads, rows)] if rows else []), *lines, "</div>"])

    def _size(self) -> str:
        people, items = self.mean.shape
        return (
            f"{people} {'person' if people == 1 else 'people'} x {items} {'item' if items == 1 else 'items'}"
        )

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        """Heads and the first rows, one for each person and item."""
        from fewrec.recommendations.table import LONGEST, decimals_of, interval, percent, readable

        places = list(islice(product(*map(range, self.mean.shape)), SHOWN))
        ratings = [_rating(self.mean[at], self.low[at], self.high[at]) for at in places]
        decimals = decimals_of([rating for rating in ratings if rating is not None])
        users = [self.users[person] for person, _ in places]
        titles = self.titles or tuple(map(str, self.items))
        columns = {
            "user": ["a stranger" if user is None else readable(str(user), LONGEST) for user in users],
            "title": [readable(titles[item], LONGEST) or str(self.items[item]) for _, item in places],
            "chance": [percent(_known(self.probability[at])) for at in places],
            "rating": [interval(rating, decimals) for rating in ratings],
        }
        told = {head: cells for head, cells in columns.items() if head == "title" or any(cells)}
        return list(told), [list(row) for row in zip(*told.values(), strict=True)]

    def _lines(self) -> list[str]:
        """What stands below the table."""
        if not self.mean.size:
            return [f"Nothing to predict: {self._size()}."]
        lines = []
        if not np.isnan(self.mean).all():
            lines.append("Eight of ten such ratings lie in the range. The chance is that of a like.")
        elif not np.isnan(self.probability).all():
            lines.append("The data hold no ratings; the chance is that of a like.")
        else:
            lines.append("Nothing is known that could predict a rating or a like.")
        if self.mean.size > SHOWN:
            lines.append(
                f"These are {SHOWN} of {self.mean.size} predictions; mean, low, high and probability have all."
            )
        return [*lines, *self.warnings]


@dataclass(frozen=True)
class Prospects:
    """Ratings and probabilities of one visitor for chosen items."""

    mean: Array  # (C,)
    low: Array
    high: Array
    probability: Array

    @classmethod
    @one_thread
    def of(
        cls,
        model: FittedModel,
        visitor: Visitor,
        k_shot: int,
        scores: NDArray[np.float32],
        items: NDArray[np.intp],
    ) -> Prospects:
        """For model positions ``items``; ``scores`` ``(I,)`` are the visitor's of all items."""
        nothing = np.full(len(items), np.nan)
        mean, low, high, probit = nothing, nothing, nothing, None
        if model.posterior is not None:
            # By position: the order in which items are named must not change the last bits.
            rated = sorted((model.position[item], value) for item, value in visitor.values.items())
            support = np.array([at for at, _ in rated], dtype=np.intp)
            mean, variance = model.posterior.predict(support, np.array([value for _, value in rated]), items)
            low, high = model.posterior.interval(mean, variance, LEVEL)
            probit = model.posterior.probit(mean, variance)
            mean = np.clip(mean, *model.posterior.scale)  # as the interval is: nobody can rate 5.02 of 5
        probability = nothing
        if model.calibration is not None:
            probability = model.calibration.probability_of(scores, k_shot, items, probit)
        return cls(np.asarray(mean), np.asarray(low), np.asarray(high), probability)

    def rating(self, at: int) -> Rating | None:
        """The rating of the item at this place, ``None`` where the data hold no ratings."""
        return _rating(self.mean[at], self.low[at], self.high[at])

    def chance(self, at: int) -> float | None:
        """The probability of liking, ``None`` where nothing can be known."""
        return _known(self.probability[at])


def _known(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def _rating(mean: float, low: float, high: float) -> Rating | None:
    return None if np.isnan(mean) else Rating(float(mean), float(low), float(high))


def matrix(
    people: Sequence[Prospects],
    users: Sequence[Id | None],
    items: Sequence[Id],
    titles: Sequence[str],
    warnings: tuple[str, ...] = (),
) -> Predictions:
    """One row per person."""

    def stacked(name: str) -> Array:
        rows = [getattr(person, name) for person in people]
        return np.stack(rows) if rows else np.zeros((0, len(items)))

    return Predictions(
        tuple(users),
        tuple(items),
        stacked("mean"),
        stacked("low"),
        stacked("high"),
        stacked("probability"),
        tuple(titles),
        warnings,
    )


def scores_of(model: FittedModel, supports: Supports, visitors: Sequence[Visitor]) -> NDArray[np.float32]:
    """``(B, I)`` in model order, NaN where nothing can be known."""
    return model.score(supports, np.array([visitor.user in model.trained_users for visitor in visitors]))


def prospects_of(
    model: FittedModel, visitors: Sequence[Visitor], items: NDArray[np.intp]
) -> list[tuple[Prospects, NDArray[np.float32]]]:
    """For every visitor the prospects and the scores of ``items``, in batches of bounded memory."""
    people = []
    for start in range(0, len(visitors), BATCH):
        part = visitors[start : start + BATCH]
        supports = model.supports(part)
        for visitor, k_shot, row in zip(part, supports.k_shot, scores_of(model, supports, part), strict=True):
            people.append((Prospects.of(model, visitor, int(k_shot), row, items), row[items]))
    return people
