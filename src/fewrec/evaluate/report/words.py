"""What the numbers mean, in sentences for somebody who has to decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fewrec.evaluate.catalogue import METRICS, base_name

if TYPE_CHECKING:
    from fewrec.evaluate.evaluation import Evaluation

__all__ = ["TASK_TITLES", "Lookup", "called", "headline", "shown_words", "tiles"]

TASK_TITLES = {
    "cold-users": "How good are the lists for people we have never seen?",
    "cold-items": "How good are the lists of items that are new?",
    "warm": "How good are the lists for people we know?",
    "time": "How good are the lists for what came later?",
    "rating": "How well are ratings and likes foretold for people we have never seen?",
    "candidates": "How well are the given candidates ranked?",
}

CALLED = {
    "random": "random order",
    "popularity": "the bestseller list",
    "item-mean": "the mean rating of each item",
    "user-mean": "the mean rating of each person",
    "text": "the most similar text",
}


def called(system: str) -> str:
    """A system's name inside a sentence."""
    return CALLED.get(system, system)


class Lookup:
    """Cells and comparisons by their axes."""

    def __init__(self, found: Evaluation) -> None:
        self.found = found
        self.systems = list(dict.fromkeys(row["system"] for row in found.cells))
        self.sizes = list(dict.fromkeys(row["train_users"] for row in found.cells))
        self.shots = list(dict.fromkeys(row["k_shot"] for row in found.cells))
        compared = list(dict.fromkeys(row["system"] for row in found.comparisons))
        self.contenders = [name for name in self.systems if name in compared]
        self.metrics = list(dict.fromkeys(row["metric"] for row in found.cells))
        primary = list(dict.fromkeys(row["metric"] for row in found.comparisons))
        self.primary = primary or self.metrics[:1]
        self._cells = {
            (row["system"], row["train_users"], row["k_shot"], row["metric"]): row for row in found.cells
        }

    def cell(self, system: str, size: Any, shot: Any, metric: str) -> dict[str, Any] | None:
        """One cell, where there is one."""
        return self._cells.get((system, size, shot, metric))

    def against(self, system: str, other: str, metric: str, size: Any) -> list[dict[str, Any]]:
        """The comparisons of two systems, by k."""
        return [
            row
            for row in self.found.comparisons
            if (row["system"], row["against"], row["metric"], row["train_users"])
            == (system, other, metric, size)
        ]


def shown_words(shot: int | None) -> str:
    """How much is known of a person, in words."""
    if shot is None:
        return "with their whole history shown"
    return "with nothing shown" if shot == 0 else f"with {shot} interaction{'s' if shot != 1 else ''} shown"


def headline(table: Lookup) -> str:
    """The result in one or two sentences."""
    found = table.found
    if not table.contenders:
        return "Only baselines were measured, so there is nothing to compare."
    mine, size, metric = table.contenders[0], table.sizes[-1], table.primary[0]
    rows = table.against(mine, found.must_beat, metric, size)
    rival = called(found.must_beat)
    if not rows:
        return f"{mine} was measured; {rival} could not be compared with it."
    better = [row for row in rows if row["verdict"] == "better"]
    worse = [row for row in rows if row["verdict"] == "worse"]
    if worse:
        return f"{mine} is clearly worse than {rival} {_shots(worse)}. It should not be used there."
    if not better:
        return f"There is no clear winner between {mine} and {rival}: this test cannot tell them apart."
    rest = [row for row in rows if row["verdict"] != "better"]
    sentence = f"{mine} is clearly better than {rival} {_shots(better)}"
    return f"{sentence}; {_shots(rest)} there is no clear winner." if rest else f"{sentence}."


def _shots(rows: Sequence[dict[str, Any]]) -> str:
    shots = [row["k_shot"] for row in rows]
    if shots == [None] or len(shots) == 1:
        return shown_words(shots[0])
    told = ", ".join(str(shot) for shot in shots[:-1])
    return f"with {told} and {shots[-1]} interactions shown"


def tiles(table: Lookup) -> list[tuple[str, str]]:
    """Up to four numbers worth remembering, with what they are."""
    found = table.found
    people = max((row["users"] for row in found.cells), default=0)
    seeds = found.settings["seeds"]
    lists = f"in {found.settings['lists']:,} lists" + (f" over {seeds} splits" if seeds > 1 else "")
    told = [(f"{people:,}", f"people tested, {lists}")]
    mine = table.contenders[0] if table.contenders else table.systems[-1]
    size, shot = table.sizes[-1], table.shots[-1]
    for metric in table.metrics:
        if base_name(metric) == "hit" and (cell := table.cell(mine, size, shot, metric)):
            length = metric.partition("@")[2]
            other = table.cell(found.must_beat, size, shot, metric)
            rival = f"; {called(found.must_beat)}: {other['mean']:.0%}" if other else ""
            words = f"find something they like among {length}, {shown_words(shot)} ({mine}{rival})"
            told.append((f"{cell['mean']:.0%}", words))
    rows = table.against(mine, found.must_beat, table.primary[0], size)
    if rows:
        last = rows[-1]
        told.append((
            f"{last['difference']:+.3f}",
            f"{last['metric']} against {called(found.must_beat)}, {shown_words(last['k_shot'])} "
            f"(95 % sure: {last['low']:+.3f} to {last['high']:+.3f})",
        ))  # fmt: skip
    for metric in ("ece", "interval-coverage"):
        if cell := table.cell(mine, size, shot, metric):
            words = {
                "ece": "how far stated probabilities are from what came true, on average",
                "interval-coverage": "of ratings lie in their stated 80 % interval",
            }[metric]
            told.append(
                (f"{cell['mean']:.1%}" if metric == "ece" else f"{cell['mean']:.0%}", f"{words} ({mine})")
            )
    return told[:4]


def metric_words(metric: str) -> str:
    """What a metric says, and which way is better."""
    about = METRICS[base_name(metric)]
    way = {"high": " More is better.", "low": " Less is better.", "neither": ""}[about.better]
    return about.says + way
