"""The table of items that nobody has met: fewrec beside its floor and the best of the stored systems."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.compared import Cells
from benchmarks.floors import NEW_ITEM_FLOORS
from benchmarks.protocol import paired, seed_mean
from benchmarks.reference import Peers

__all__ = ["new_items"]

HEAD = """
## New items

A fifth of the items is hidden from training and ranked alone, for users whose other interactions are known.
Three groups of users with a liked hidden item: all of them, the first 600 by first appearance, and the 600
whom the stored systems were marked on (paired; ± two standard errors).

| set | users | fewrec | floor | met | best other | its mean | fewrec - it |
|---|---|---|---|---|---|---|---|
"""
GROUPS = {"fewrec, all users": "all", "fewrec, first 600": "first 600", "fewrec": "the stored 600"}


def new_items(cells: Mapping[str, Cells], stored: Mapping[str, Peers]) -> tuple[str, list[str]]:
    """``(the section, one line for each floor that is not met)``; empty where nothing was measured."""
    lines, missed = list[str](), list[str]()
    for name, here in cells.items():
        systems, least = here["all", 0], NEW_ITEM_FLOORS[name]
        for system, who in GROUPS.items():
            mean = seed_mean(systems[system])
            if mean < least:
                missed.append(f"{name}, new items, {who} users: {mean:.4f}, floor {least:.4f}")
            compared = ["", "", ""]
            if system == "fewrec":
                others = stored[name].new_items
                best = max(others, key=lambda peer: seed_mean(others[peer]))
                theirs = {seed: others[best][seed] for seed in systems[system]}
                less = paired(systems[system], theirs)
                text = f"{less.mean:+.4f} ± {2 * less.error:.4f}"
                compared = [best, f"{seed_mean(theirs):.4f}", f"**{text}**" if less.worse else text]
            met = "yes" if mean >= least else "**no**"
            lines.append(f"| {name} | {who} | {mean:.4f} | {least:.4f} | {met} | {' | '.join(compared)} |\n")
    return (HEAD + "".join(lines) if lines else ""), missed
