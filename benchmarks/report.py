"""RESULTS.md: fewrec against every peer in every cell, the floors, new items, and who was how good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from benchmarks.compared import Cells, People, Row, best, by_set, compared, elsewhere
from benchmarks.floors import floors
from benchmarks.kept import versions
from benchmarks.new_items import new_items
from benchmarks.peers import SYSTEMS
from benchmarks.protocol import seed_mean
from benchmarks.reference import Peers
from benchmarks.systems import Marks

__all__ = ["render"]

HEAD = """# Quality: fewrec beside the libraries you could have taken instead

NDCG@10 (binary gain, ideal of min(10, relevant)), mean over people, then over seeds. A stranger is never in training; k
of a stranger's interactions are shown, all items of the catalogue but these are ranked, the liked ones among the rest
are looked for. "n": training users. All systems of a row ran on the same people and the same lists to choose from.

    {command}

{code} {versions} {extent}

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
  30), 10, 50, 200 and all training users (the restaurants have no 200), and every setting. How long fits take is
  measured in SPEED.md.
{left_out}"""

RECTOOLS = """\
- RecTools is not here: its current release refuses NumPy 2, and beside sequence models it brings what is here
  already (EASE, nearest neighbours and iALS by implicit, LightFM).
"""

ABOUT = {
    "complete-journey": """\
Households and 20,897 products; a product has a department, brand, category, type and size, no title. 150 test
households a seed with 15 or more products, supports in random order.""",
    "ibm-articles": """\
Readers and 1,328 articles with titles, four fifths of them with description and body. 150 test readers a seed
with 15 or more articles, supports in random order. Nearly every busy reader is in these data twice, under two
hashes, so that copying the twin looks like foresight; one of each pair is left out.""",
    "uci-restaurant": """\
138 guests, 130 places in three cities, ratings 0 to 2 (2 is liked). 30 test guests a seed with 8 or more
ratings. The bestsellers of one city are of no use in the others, so that popularity says little.
"fewrec + attributes" was also told what the stranger's guest profile says, which no peer can use.""",
}
STORED = """\
"tuned elsewhere": the best of some twenty systems whose marks on the same people are stored beside the
data; tuned on 150 other users, some refitted with the supports of all test users."""


def render(
    marks: Sequence[Marks],
    people: People,
    stored: Mapping[str, Peers],
    left_out: Sequence[str],
    absent: Sequence[str],
    command: str,
) -> tuple[str, list[str]]:
    """``(the text of RESULTS.md, one sentence for each thing in it that should not be)``."""
    cells = by_set(marks, "users")
    seeds = sorted({row.seed for row in marks})
    extent = f"Seeds: {', '.join(map(str, seeds))}."
    if len(seeds) < 3:
        extent += " Not the full run, which has seeds 0, 1 and 2."
    said = "".join(f"- {line}\n" for line in left_out) + RECTOOLS
    outside = versions(*dict.fromkeys(s.requirement for s in SYSTEMS if s.requirement and s.there))
    parts = [
        HEAD.format(command=command, code=revisions(marks), versions=outside, extent=extent, left_out=said)
    ]
    found = {name: list(compared(name, here, people)) for name, here in cells.items()}
    tuned = {
        name: [elsewhere(cell, row["fewrec"], stored[name]) for cell, row in here.items() if "fewrec" in row]
        for name, here in cells.items()
        if name in stored
    }
    parts.append(summary(found, tuned))
    text, missed = floors(cells, stored)
    parts.append(text)
    text, missed_new = new_items(by_set(marks, "items"), stored)
    parts.append(text)
    for name, here in cells.items():
        parts += table(name, here, found[name], stored.get(name))
    for name, here in cells.items():
        parts += means(name, here)
    if absent:
        parts.append(f"\nNot measured (set, system, training users, seed): {', '.join(absent)}.\n")
    below = [
        f"{name}, n = {row.cell[0]}, k = {row.cell[1]}: {row} to popularity"
        for name, rows in found.items()
        for row in rows
        if row.peer == "popularity" and row.worse
    ]
    return "".join(parts), missed + missed_new + below


def revisions(marks: Sequence[Marks]) -> str:
    """The code that each number was measured with; kept cells may be older than the page."""
    ours = sorted({row.code for row in marks if row.system.startswith("fewrec")})
    theirs = sorted({row.code for row in marks if not row.system.startswith("fewrec")})
    if ours == theirs or not theirs:
        return f"Code: {', '.join(ours)}."
    return f"Code: fewrec {', '.join(ours) or 'not measured'}; the other systems {', '.join(theirs)}."


def summary(found: Mapping[str, Sequence[Row]], tuned: Mapping[str, Sequence[Row]]) -> str:
    lines = ["\n## In short\n\n"]
    lines.append("Cells with k >= 1, fewrec against the best peer of each cell, by two standard errors:\n\n")
    head = ("set", "cells", "better", "no clear winner", "worse", "worse than popularity")
    lines.append(f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n")
    lost, total = list[tuple[str, Row]](), np.zeros(5, dtype=int)
    for name, rows in found.items():
        tops = [best(rows, cell) for cell in dict.fromkeys(row.cell for row in rows) if cell[1]]
        there = [row for row in tops if row is not None]
        better, worse = sum(row.better for row in there), sum(row.worse for row in there)
        popular = sum(row.worse for row in rows if row.peer == "popularity")
        counts = np.array([len(there), better, len(there) - better - worse, worse, popular])
        total += counts
        lines.append(f"| {name} | {' | '.join(map(str, counts))} |\n")
        lost += [(name, row) for row in (*rows, *tuned.get(name, ())) if row.worse]
    lines.append(f"| all | {' | '.join(map(str, total))} |\n")
    lines.append("\nWhere fewrec is worse than any system by more than two standard errors (all k):\n\n")
    for name, row in lost:
        sure = ", also after Holm" if row.p < 0.05 else ""
        lines.append(
            f"- {name}, n = {row.cell[0]}, k = {row.cell[1]}: {row.peer} {row.mean:.4f}, "
            f"difference {row.difference:+.4f} ± {2 * row.error:.4f}{sure}\n"
        )
    if not lost:
        lines.append("Nowhere.\n")
    return "".join(lines)


def table(name: str, cells: Cells, rows: Sequence[Row], stored: Peers | None) -> Iterator[str]:
    """One row for each cell in which fewrec was measured beside others."""
    yield f"\n## {name}\n\n{STORED if stored else ABOUT.get(name, '')}\n\n"
    head = [
        "n",
        "k",
        "fewrec",
        "popularity",
        "fewrec - popularity",
        "best peer",
        "its mean",
        "fewrec - it",
        "p",
    ]
    head += ["tuned elsewhere", "its mean there", "fewrec - that"] if stored else []
    yield f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n"
    for cell, systems in cells.items():
        here = [row for row in rows if row.cell == cell]
        if not here:
            continue
        popular, top = next((row for row in here if row.peer == "popularity"), None), best(here, cell)
        parts = [cell[0], str(cell[1]), f"{seed_mean(systems['fewrec']):.4f}"]
        parts += [f"{popular.mean:.4f}", str(popular)] if popular else ["", ""]
        parts += [top.peer, f"{top.mean:.4f}", str(top), f"{top.p:.3f}"] if top else [""] * 4
        if stored:
            row = elsewhere(cell, systems["fewrec"], stored)
            parts += [row.peer.partition(" (")[0], f"{row.mean:.4f}", str(row)]
        yield f"| {' | '.join(parts)} |\n"


def means(name: str, cells: Cells) -> Iterator[str]:
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
