"""fewrec beside EASE, implicit, LensKit and LightFM at the same work in one run; who is not installed is named."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from benchmarks.speed_peers import LIBRARIES, Library
from benchmarks.speed_tasks import Times
from benchmarks.timing import shown, started, task

__all__ = ["BESIDE", "Work", "beside", "beside_table"]

BESIDE = """
## Beside other libraries

The same work on each side: the matrix of who rated what 4 or more, the same strangers with five ratings, a ranking of
all items to a list of ten, one thread. fewrec also reads the texts, and its lists come with reasons; the libraries see
the matrix alone, with settings as they are (iALS and WARP with 64 factors, EASE in NumPy), not searched for. CPU
times, median and range; the ratio is that of the medians, in brackets our least by its most, and the reverse.
`scripts/bench speed --heavy` brings all of them, `--peers` all but LensKit and sentence-transformers.

| work | fewrec | beside | takes | fewrec / it |
|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Work:
    """One thing that is done by all: every try's seconds (or megabytes), by whom; ``None``: not installed."""

    what: str
    ours: Sequence[float]
    theirs: Mapping[str, Sequence[float] | None]
    megabytes: bool = False

    def __str__(self) -> str:
        lines = []
        for name, taken in self.theirs.items():
            if taken is None:
                lines.append(f"| {self.what} | {self._told(self.ours)} | {name} | not installed |  |\n")
                continue
            ratio = statistics.median(self.ours) / statistics.median(taken)
            spread = f"{short(min(self.ours) / max(taken))} - {short(max(self.ours) / min(taken))}"
            cells = (self.what, self._told(self.ours), name, self._told(taken), f"{short(ratio)} ({spread})")
            lines.append("| " + " | ".join(cells) + " |\n")
        return "".join(lines)

    def _told(self, taken: Sequence[float]) -> str:
        def one(amount: float) -> str:
            return f"{amount:,.0f} MB" if self.megabytes else shown(amount)

        middle = one(statistics.median(taken))
        return middle if len(taken) == 1 else f"{middle} ({one(min(taken))} - {one(max(taken))})"


def short(ratio: float) -> str:
    """Two digits or whole numbers: 0.0023, 0.45, 3.1, 87."""
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"


def beside(
    cache: Path,
    fits: Mapping[str, tuple[Times, Mapping[str, float]]],
    small: str,
    big: str,
    files: Sequence[Path],
    first: Sequence[float],
    libraries: Mapping[str, Library] = LIBRARIES,
) -> list[Work]:
    """``fits``: what fewrec and EASE took, see `benchmarks.speed.fits`. ``files``: items and ratings of ``big``, from
    which fewrec made its first list in a process of its own in ``first`` CPU seconds."""
    measured: dict[str, dict[str, tuple[Times, dict[str, float]]]] = {small: {}, big: {}}
    starts, lists = dict[str, list[float] | None](), dict[str, list[float] | None]()
    for name, library in libraries.items():
        starts[library.told] = lists[library.told] = None
        if not library.there:
            continue
        for size, by_name in measured.items():
            by_name[library.told] = task(cache, "library", name, size)
        line = [sys.executable, "-m", "benchmarks.speed_peers", name, *map(str, files)]
        lists[library.told] = _cpu(started(line, cache, 3))
        starts[library.told] = _cpu(started([sys.executable, "-c", library.imported], cache, 3))

    def theirs(what: str, size: str) -> dict[str, list[float] | None]:
        found = {library.told: measured[size].get(library.told) for library in libraries.values()}
        return {told: _cpu(taken[0][what]) if taken else None for told, taken in found.items()}

    ease = {what: {"EASE, NumPy": _cpu(fits["EASE"][0][f"EASE {what}"])} for what in ("fit", "list")}
    memory = {told: [taken[1]["lists"]] if (taken := measured[big].get(told)) else None for told in starts}
    tuned, large = fits["tuned"][0], fits["big"][0]
    ours = [sys.executable, "-c", "from fewrec import Dataset, Recommender"]
    return [
        Work(
            f"{small}: fit without tuning",
            _cpu(fits["untuned"][0]["fit"]),
            ease["fit"] | theirs("fit", small),
        ),
        Work(f"{small}: fit", _cpu(tuned["fit"]), ease["fit"] | theirs("fit", small)),
        Work(
            f"{small}: a stranger's ten with reasons",
            _cpu(tuned["list"]),
            ease["list"] | theirs("list", small),
        ),
        Work(
            f"{small}: a stranger's scores, unsorted",
            _cpu(tuned["scores alone"]),
            ease["list"] | theirs("list", small),
        ),
        Work(f"{big}: fit", _cpu(large["fit"]), theirs("fit", big)),
        Work(f"{big}: a stranger's ten with reasons", _cpu(large["list"]), theirs("list", big)),
        Work(
            f"{big}: peak of the process with its tables", [fits["big"][1]["lists"]], memory, megabytes=True
        ),
        Work(f"{big}: first list from two CSV files, the whole process", first, lists),
        Work("import, Python's own start included", _cpu(started(ours, cache, 3)), starts),
    ]


def _cpu(times: Sequence[Sequence[float]]) -> list[float]:
    return [cpu for _, cpu in times]


def beside_table(works: Sequence[Work]) -> str:
    there = [library.requirement for library in LIBRARIES.values() if library.there]
    named = ", ".join(f"{name} {metadata.version(name)}" for name in there)
    return BESIDE + "".join(map(str, works)) + (f"\n{named}.\n" if named else "")
