"""The rows of a recommender's answer, and the answer as a whole."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, overload

from fewrec.data.vocabulary import Id, Vocabulary
from fewrec.errors import UnknownIdError

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

Served = Literal["hot", "warm", "cold"]


@dataclass(frozen=True)
class Reason:
    """One term of an item's score, in words.

    ``kind`` is for programs ("popularity", "liked", "feature", ...), ``what`` for people, ``contribution`` is
    the term itself: the contributions of all reasons add up to the score.
    """

    kind: str
    what: str
    contribution: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return {"kind": self.kind, "what": self.what, "contribution": _number(self.contribution)}


@dataclass(frozen=True)
class Rating:
    """A predicted rating on the users' own scale; 80 % of such ratings are between ``low`` and ``high``."""

    mean: float
    low: float
    high: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return {"mean": _number(self.mean), "low": _number(self.low), "high": _number(self.high)}


@dataclass(frozen=True)
class Recommendation:
    """One row of a list. ``str()`` shows every reason with its share of the score."""

    item: Id
    title: str
    rank: int  # from 1
    score: float  # any real number: only the order within one list means something
    probability: float | None = None  # that this user likes the item, between 0 and 1
    rating: Rating | None = None
    served: Served = "hot"  # hot: seen in training; warm: known by its text alone; cold: neither
    reasons: tuple[Reason, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready fields; what is not known is ``None``."""
        return {
            "item": self.item,
            "title": self.title,
            "rank": int(self.rank),
            "score": _number(self.score),
            "probability": _number(self.probability),
            "rating": None if self.rating is None else self.rating.to_dict(),
            "served": self.served,
            "reasons": [reason.to_dict() for reason in self.reasons],
        }

    def __str__(self) -> str:
        from fewrec.recommendations.table import explanation

        return explanation(self)


@dataclass(frozen=True, repr=False)
class Recommendations(Sequence[Recommendation]):
    """A ranked list: a sequence of `Recommendation`, with what holds for the list as a whole.

    ``print(list)`` shows a table as wide as the terminal; a notebook shows an HTML table. Numbers are rounded
    there and nowhere else. An empty list says what came in and which filter removed how much.

    >>> rows = [Recommendation("a7", "Alien", 1, 1.5, probability=0.87)]
    >>> found = Recommendations(rows, sure="Fairly sure: 12 ratings are known.", profile=["science fiction"])
    >>> found[0].title, found.explain("a7").rank, found.to_dict()["profile"]
    ('Alien', 1, ['science fiction'])
    """

    rows: tuple[Recommendation, ...] = ()
    sure: str = ""  # one line: how sure the list as a whole is, and whether it is a guess
    profile: tuple[str, ...] = ()  # the features that this user seems to like
    warnings: tuple[str, ...] = ()
    dropped: Mapping[str, int] = field(
        default_factory=dict
    )  # filter -> items it removed, in order of filtering
    candidates: int | None = None  # items that came in before any filter

    def __post_init__(self) -> None:
        for name in ("rows", "profile", "warnings"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "dropped", dict(self.dropped))

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.rows)

    @overload
    def __getitem__(self, at: int) -> Recommendation: ...
    @overload
    def __getitem__(self, at: slice) -> Recommendations: ...
    def __getitem__(self, at: int | slice) -> Recommendation | Recommendations:
        """The row at a position, or a shorter list that keeps everything else."""
        if isinstance(at, slice):
            return Recommendations(
                self.rows[at], self.sure, self.profile, self.warnings, self.dropped, self.candidates
            )
        return self.rows[at]

    def explain(self, item: Id) -> Recommendation:
        """The row of ``item``, given by id or by an unambiguous title; print it to see all its reasons.

        Raises ``UnknownIdError`` when the item is not in this list.
        """
        at = Vocabulary(row.item for row in self.rows).get(item)
        if at is not None:
            return self.rows[at]
        titled = [row for row in self.rows if isinstance(item, str) and row.title == item]
        if len(titled) == 1:
            return titled[0]
        if titled:
            ids = ", ".join(repr(row.item) for row in titled)
            raise UnknownIdError(
                f"{len(titled)} items of this list are called {item!r}.",
                value=item,
                hint=f"Give the id: {ids}.",
            )
        raise UnknownIdError(
            f"the item {item!r} is not in this list of {len(self.rows)}.",
            value=item,
            hint=self._nearest(item),
        )

    def _nearest(self, item: Any) -> str | None:
        if not self.rows:
            return self.why_empty()
        by_title = Vocabulary(dict.fromkeys(row.title for row in self.rows))
        nearest = [*Vocabulary(row.item for row in self.rows).nearest(item), *by_title.nearest(item)]
        named = ", ".join(map(repr, dict.fromkeys(nearest)))
        return f"Nearest in the list: {named}." if nearest else "Only listed items can be explained."

    def why_empty(self) -> str | None:
        """Where all the candidates went, in words; ``None`` for a list with rows."""
        if self.rows:
            return None
        removed = sum(self.dropped.values())
        came_in = removed if self.candidates is None else self.candidates
        if not came_in:
            return "Nothing to recommend: there are no items to choose from."
        steps = [f"{count} dropped ({name})" for name, count in self.dropped.items() if count]
        came = f"{came_in} {'item' if came_in == 1 else 'items'} came in"
        return f"Nothing to recommend: {', '.join([came, *steps, f'{came_in - removed} left'])}."

    # -- other forms of the same rows

    def to_dict(self) -> dict[str, Any]:
        """``{"recommendations": [...], "sure": ..., "profile": [...], "warnings": [...]}``, JSON-ready.

        Numbers are not rounded; what is not known is ``None``. An empty list explains itself in ``warnings``.
        """
        empty = self.why_empty()
        return {
            "recommendations": [row.to_dict() for row in self.rows],
            "sure": self.sure,
            "profile": list(self.profile),
            "warnings": [*self.warnings, *([empty] if empty else [])],
        }

    def to_frame(self, backend: str | None = None) -> Any:
        """A data frame, one row an item: rank, item, title, score, probability, rating, rating_low,
        rating_high, served, why.

        ``backend``: "pandas", "polars" or "pyarrow"; by default the first of these that is installed. Raises
        ``ConfigError`` when there is none.
        """
        from fewrec.recommendations.export import to_frame

        return to_frame(self, backend)

    def to_csv(self) -> str:
        """The columns of ``to_frame`` as comma-separated text with a header; empty where nothing is known."""
        from fewrec.recommendations.export import to_csv

        return to_csv(self)

    # -- for people

    def __str__(self) -> str:
        from fewrec.recommendations.table import as_text

        return as_text(self)

    def __repr__(self) -> str:
        if not self.rows:
            return "Recommendations(no items)"
        shown = ", ".join(repr(row.title) for row in self.rows[:3]) + (", ..." if len(self) > 3 else "")
        return f"Recommendations({len(self)} {'item' if len(self) == 1 else 'items'}: {shown})"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from fewrec.recommendations.table import as_table

        yield from as_table(self, options.max_width)

    def _repr_html_(self) -> str:
        from fewrec.recommendations.table import as_html

        return as_html(self)


def _number(value: float | None) -> float | None:
    """A Python float, ``None`` for what JSON cannot say."""
    return float(value) if value is not None and math.isfinite(value) else None
