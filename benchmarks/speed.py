"""Speed and memory on one core, written to SPEED.md: medians, spread and the limits.

scripts/bench speed             some twenty minutes; with --peers beside implicit and LightFM, with --heavy beside
                                LensKit and sentence-transformers as well
scripts/bench speed --quick     small sizes, to look at; SPEED.md stays as it is
scripts/bench speed --encoding  texts a second alone, five minutes; SPEED.md stays as it is
scripts/bench speed --beside    fewrec and other libraries alone; writes this part of SPEED.md
scripts/bench speed --growth    growth alone, some five minutes; writes this part of SPEED.md
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.growth import GROWTH, growth_table
from benchmarks.kept import versions
from benchmarks.reference import REFERENCE
from benchmarks.speed_beside import beside, beside_table
from benchmarks.speed_encoding import ENCODING, encoding
from benchmarks.speed_peers import LIBRARIES
from benchmarks.speed_tasks import Times
from benchmarks.synthetic import shop, write
from benchmarks.timing import Row, started, task

RESULTS = Path(__file__).resolve().with_name("SPEED.md")

STARTS = 9
"""How often a process is started for the time that starting takes."""

HEAD = """# Speed

One core, one thread, each row in processes of its own:

    {command}

{versions}

Median and range of the time on the clock, and the median CPU time: on a busy machine the clock says more than
the work took. A limit is held by the CPU time. Texts are encoded once and come from the cache afterwards.

| what | median | range | CPU | limit | met |
|---|---|---|---|---|---|
"""


def command() -> str:
    """How this run was started, told by what is installed: by `scripts/bench` in one of three environments."""
    there = {name for name, library in LIBRARIES.items() if library.there}
    return "scripts/bench speed" + (" --heavy" if "lenskit" in there else " --peers" if there else "")


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


def fits(cache: Path, small: str, big: str) -> dict[str, tuple[Times, Mapping[str, float]]]:
    """What fewrec takes, tuned and untuned and on the big set, and EASE with the bestseller list."""
    return {
        "tuned": task(cache, "fit", small),
        "untuned": task(cache, "fit", small, "no"),
        "big": task(cache, "fit", big),
        "EASE": task(cache, "peers", small),
    }


def fitting(
    taken: Mapping[str, tuple[Times, Mapping[str, float]]], small: str, big: str
) -> tuple[list[Row], dict[str, float]]:
    tuned, plain, large, other = (taken[name][0] for name in ("tuned", "untuned", "big", "EASE"))
    rows = [
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
    return rows, ratios


def command_line(cache: Path, files: Sequence[Path], size: str) -> list[Row]:
    """The first and the second ``fewrec recommend`` on the same files."""
    line = [sys.executable, "-m", "fewrec.cli", "recommend", "--items", str(files[0])]
    line += ["--interactions", str(files[1]), "--like", "i7", "--rate", "i11=5", "-n", "10"]
    print("command line", file=sys.stderr, flush=True)
    first = started(line, cache, 1)
    items, users = size.split("x")
    return [
        Row(f"`fewrec recommend` on {int(items):,} items x {int(users):,} users, first run", first),
        Row("the same, second run", started(line, cache, 3), 2.0),
    ]


def written(size: str, folder: Path) -> list[Path]:
    """The two tables of a made-up shop as CSV files."""
    items, users = (int(part) for part in size.split("x"))
    table, events = shop(items, users, 50)
    return [write(table, folder / "items.csv"), write(events, folder / "ratings.csv")]


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


def with_part(text: str, part: str) -> str:
    """SPEED.md with one part made anew, from its heading to the next one or the last line; the rest stays as it is."""
    heading = part.split("\n")[1]
    before, found, after = text.partition(f"\n{heading}\n")
    if not found:
        before, _, after = text.partition("\n## Encoding\n")
        return f"{before}{part}\n## Encoding\n{after}"
    ends = [at for at in (after.find("\n## "), after.rfind("\nMeasured on")) if at >= 0]
    return before + part + after[min(ends) :]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench speed", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes; writes no SPEED.md")
    parser.add_argument("--encoding", action="store_true", help="texts a second alone; writes no SPEED.md")
    parser.add_argument(
        "--beside", action="store_true", help="other libraries alone; writes this part of SPEED.md"
    )
    parser.add_argument("--growth", action="store_true", help="growth alone; writes its part of SPEED.md")
    options = parser.parse_args(arguments)
    small = "ml-100k" if (REFERENCE / "ml-100k").exists() else "1700x900"
    big, tries = "10000x2000", STARTS
    if options.quick:
        small, big, tries = "500x200", "1000x300", 3
    with tempfile.TemporaryDirectory() as place:
        folder, cache = Path(place), Path(place) / "cache"
        if options.encoding:
            print(ENCODING + encoding(cache, 200 if options.quick else 1000))
            return 0
        if options.growth:
            text = with_part(RESULTS.read_text(), part := growth(cache, options.quick))
        else:
            starts = [] if options.beside else starting(cache, tries)
            taken, files = fits(cache, small, big), written(big, folder)
            told = command_line(folder / "second", files, big)
            works = beside(cache, taken, small, big, files, [cpu for _, cpu in told[0].times])
            part = beside_table(works)
            if options.beside:
                text = with_part(RESULTS.read_text(), part)
            else:
                rows, ratios = fitting(taken, small, big)
                text = HEAD.format(command=command(), versions=versions()) + "".join(
                    map(str, [*starts, *rows, *told])
                )
                text += (
                    f"\n{big} is a made-up shop: ITEMS x USERS, power-law popularity, 50 ratings a user.\n"
                )
                text += "\n## Ratios of CPU times in this run\n\n"
                text += "".join(f"- {name}: {value:.1f}\n" for name, value in ratios.items())
                text += part + ENCODING + encoding(cache, 200 if options.quick else 1000)
                text += memory_table({big: taken["big"][1]}) + growth(cache, options.quick)
                text += f"\nMeasured on {platform.machine()}, {platform.system()}.\n"
    if not options.quick:
        RESULTS.write_text(text)
    print(part if options.growth or options.beside else text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
