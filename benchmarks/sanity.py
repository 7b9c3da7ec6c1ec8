"""What cannot be in a table of peers: a number that is missing or impossible, a peer that is wired wrongly.

The printed text is looked at, as a reader would, and not what it was made of. ``scripts/bench quality`` says what is
found and then fails, so that a run in CI needs nobody to look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.compared import OWN

__all__ = ["Asked", "findings"]

Asked = Mapping[tuple[str, str, int], Sequence[str]]  # (set, training users, k) -> systems
Cells = dict[tuple[str, str, int], dict[str, str]]

DIFFERENCE = re.compile(r"\**([+-]\d\.\d+) ± (\d\.\d+)\**")


def findings(text: str, asked: Asked, left_out: Sequence[str] = ()) -> list[str]:
    """One sentence for each thing in ``text`` that cannot be; ``left_out``: the sentences on what is not installed."""
    means, compared = _read(text)
    return [
        *(f'not said: "{line}"' for line in left_out if line not in text),
        *_numbers(means, asked),
        *_without_evidence(means, asked),
        *_as_a_whole(means, asked),
        *_against_popularity(compared, asked),
    ]


def _read(text: str) -> tuple[Cells, Cells]:
    """``(means of all systems, the row of each cell against popularity)``: cell -> column -> what stands there."""
    means, compared = Cells(), Cells()
    name, header = "", list[str]()
    for line in text.splitlines():
        if line.startswith("#"):
            name, header = line.strip("# ").removesuffix(": means of all systems"), []
        elif not line.startswith("|"):
            header = []
        elif not header:
            header = _cells(line)
        elif not line.startswith("|---"):
            row = _cells(line)
            if header[0].startswith("n = "):
                for column, number in zip(header[1:], row[1:], strict=True):
                    cell = (name, header[0].removeprefix("n = "), int(column.removeprefix("k = ")))
                    means.setdefault(cell, {})[row[0]] = number
            elif header[:2] == ["n", "k"]:
                compared[name, row[0], int(row[1])] = dict(zip(header, row, strict=True))
    return means, compared


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[+-]?\d+\.\d+", text) else None


def _where(cell: tuple[str, str, int]) -> str:
    return f"{cell[0]}, n = {cell[1]}, k = {cell[2]}"


def _numbers(means: Cells, asked: Asked) -> Iterator[str]:
    """Every system that was asked has a number from 0 to 1 in every cell."""
    for cell, systems in asked.items():
        for system in systems:
            found = means.get(cell, {}).get(system, "")
            number = _number(found)
            if number is None or not 0 <= number <= 1:
                yield f"{_where(cell)}: {system} has {found or 'nothing'!r}, no number from 0 to 1."


def _without_evidence(means: Cells, asked: Asked) -> Iterator[str]:
    """Of somebody who told nothing a library knows nothing: its list is that of the bestsellers."""
    for cell, systems in asked.items():
        here = means.get(cell, {})
        for system in systems if cell[2] == 0 else ():
            if system not in OWN and here.get(system) != here.get("popularity"):
                yield f"{_where(cell)}: {system} {here.get(system)}, popularity {here.get('popularity')}: not the same."


def _as_a_whole(means: Cells, asked: Asked) -> Iterator[str]:
    """With evidence, random has under half of fewrec's mean, and no peer is popularity in every cell of a set."""
    for name in dict.fromkeys(cell[0] for cell in asked):
        shown = [means.get(cell, {}) for cell in asked if cell[0] == name and cell[2]]
        ours, theirs = (sum(_number(row.get(s, "")) or 0.0 for row in shown) for s in ("fewrec", "random"))
        if not theirs < ours / 2:
            yield f"{name}: random has {theirs / len(shown):.4f} in the mean, fewrec {ours / len(shown):.4f}."
        for system in dict.fromkeys(s for cell, systems in asked.items() if cell[0] == name for s in systems):
            if system not in (*OWN, "popularity") and all(
                row.get(system) == row.get("popularity") for row in shown
            ):
                yield f"{name}: {system} has the numbers of popularity in every cell; it says nothing of its own."


def _against_popularity(compared: Cells, asked: Asked) -> Iterator[str]:
    """fewrec is never worse than the bestseller list by more than two standard errors."""
    for cell, systems in asked.items():
        if not {"fewrec", "popularity"} <= set(systems):
            continue
        said = compared.get(cell, {}).get("fewrec - popularity", "")
        found = DIFFERENCE.fullmatch(said)
        if found is None:
            yield f"{_where(cell)}: no difference between fewrec and popularity, but {said or 'nothing'!r}."
        elif float(found[1]) < -float(found[2]):
            yield f"{_where(cell)}: fewrec is worse than popularity, {said}."
