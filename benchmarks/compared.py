"""fewrec less another system, person by person, in one cell: mean, error, and p after Holm's correction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from benchmarks.protocol import Floats, seed_mean
from benchmarks.reference import Peers
from benchmarks.systems import Marks
from fewrec.evaluate.statistics import error_over_users, holm

__all__ = ["OWN", "Cell", "Cells", "People", "Row", "Seeds", "best", "by_set", "compared", "elsewhere"]

Seeds = Mapping[int, Floats]
People = Mapping[tuple[str, int], Sequence[str]]  # (set, seed) -> the strangers, in the order of their marks
Cell = tuple[str, int]  # training users, k
Cells = Mapping[Cell, Mapping[str, Seeds]]  # cell -> system -> seed -> per stranger

OWN = ("fewrec", "fewrec + attributes", "random")
"""Not peers: ours, and what is there only to show that a number means something."""


@dataclass(frozen=True)
class Row:
    """fewrec less one peer in one cell."""

    cell: Cell
    peer: str
    mean: float  # of the peer
    difference: float
    error: float
    p: float = 1.0

    @property
    def worse(self) -> bool:
        return self.difference < -2 * self.error

    @property
    def better(self) -> bool:
        return self.difference > 2 * self.error

    def __str__(self) -> str:
        text = f"{self.difference:+.4f} ± {2 * self.error:.4f}"
        return f"**{text}**" if self.worse else text


def by_set(marks: Sequence[Marks], task: str) -> dict[str, dict[Cell, dict[str, dict[int, Floats]]]]:
    """The marks of one task, sorted: set -> cell -> system -> seed -> per stranger."""
    found: dict[str, dict[Cell, dict[str, dict[int, Floats]]]] = {}
    for row in marks:
        if row.task == task:
            here = found.setdefault(row.world, {}).setdefault((row.n, row.k_shot), {})
            here.setdefault(row.system, {})[row.seed] = row.array
    return found


def compared(name: str, cells: Cells, people: People) -> Iterator[Row]:
    """fewrec against every peer in every cell, p corrected over all of them."""
    rows = []
    for cell, systems in cells.items():
        for peer, theirs in systems.items():
            if peer not in OWN and "fewrec" in systems:
                rows.append(_difference(name, cell, peer, systems["fewrec"], theirs, people))
    for row, p in zip(rows, holm([row.p for row in rows]), strict=True):
        yield replace(row, p=p)


def _difference(name: str, cell: Cell, peer: str, mine: Seeds, theirs: Seeds, people: People) -> Row:
    """Paired over the seeds that both have; the lists of one person count as one person."""
    shared = sorted(set(mine) & set(theirs))
    less = np.concatenate([mine[seed] - theirs[seed] for seed in shared])
    _, who = np.unique(np.concatenate([people[name, seed] for seed in shared]), return_inverse=True)
    mean, error = float(np.nanmean(less)), error_over_users(less, who)
    count = len(np.unique(who[~np.isnan(less)]))
    p = float(2 * stats.t.sf(abs(mean) / error, count - 1)) if error > 0 else 1.0
    return Row(cell, peer, seed_mean({seed: theirs[seed] for seed in shared}), mean, error, p)


def best(rows: Sequence[Row], cell: Cell) -> Row | None:
    """The peer with the highest mean in ``cell``; the bestseller list, which has a column of its own, is none."""
    peers = [row for row in rows if row.cell == cell and row.peer != "popularity"]
    return max(peers, key=lambda row: row.mean, default=None)


def elsewhere(cell: Cell, mine: Seeds, stored: Peers) -> Row:
    """fewrec less the best of the stored systems, on the same people."""
    peer, marks = stored.best(*cell)
    less = np.concatenate([mine[seed] - marks[seed] for seed in mine])
    theirs = seed_mean({seed: marks[seed] for seed in mine})
    error = error_over_users(less, np.arange(len(less)))
    return Row(cell, f"{peer} (tuned elsewhere)", theirs, float(np.nanmean(less)), error)
