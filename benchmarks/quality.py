"""Quality: NDCG@10 of fewrec and of simple and tuned systems on the same strangers, written to RESULTS.md.

    scripts/bench quality            all cells: about an hour on one core
    scripts/bench quality --quick    seed 0 and the small cells, to look at; RESULTS.md stays as it is

Every finished cell is kept in a file of its own under ``build/benchmarks/quality`` (``--keep``); ``--resume``
goes on from there, after an interruption or when some cells are to be measured again (delete their files).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from benchmarks import open_sets, reference
from benchmarks.protocol import World
from benchmarks.report import render
from benchmarks.systems import Marks, baseline_marks, fewrec_marks, new_item_marks, size_name

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().with_name("RESULTS.md")


@dataclass(frozen=True)
class Job:
    """One fit and all that is marked with it."""

    world: str
    task: str  # "users", "items" or "baselines"
    seed: int
    n: int | None = None

    @property
    def file(self) -> str:
        return f"{self.world}.{self.task}.{size_name(self.n)}.{self.seed}.json"

    def run(self) -> Iterator[Marks]:
        world = load(self.world)
        if self.task == "items":
            yield from new_item_marks(world, next(s for s in world.new_items if s.seed == self.seed))
            return
        split = next(split for split in world.splits if split.seed == self.seed)
        run: Callable[[World, object, int | None], Iterator[Marks]] = (
            baseline_marks if self.task == "baselines" else fewrec_marks  # type: ignore[assignment]
        )
        yield from run(world, split, self.n)


@lru_cache(maxsize=1)
def load(name: str) -> World:
    return (reference if name in reference.SETS else open_sets).read_world(name)


def jobs(sets: list[str], quick: bool) -> Iterator[Job]:
    """All cells, set by set; ``quick``: seed 0, 10 and 50 users, no baselines above 50."""
    for name in sets:
        world = load(name)
        for split in world.splits[: 1 if quick else None]:
            for n in world.sizes[: 2 if quick else None]:
                yield Job(name, "users", split.seed, n)
                if name in open_sets.SETS:
                    yield Job(name, "baselines", split.seed, n)
        for new in world.new_items[: 1 if quick else None]:
            yield Job(name, "items", new.seed)


def present(sets: list[str]) -> list[str]:
    """Those of ``sets`` whose data lie beside the project; says which do not."""
    found = []
    for name in sets:
        folder = (reference.REFERENCE if name in reference.SETS else open_sets.DATA) / name
        if folder.exists():
            found.append(name)
        else:
            print(f"{name}: left out, its data are not beside the project.", file=sys.stderr)
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench quality", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="seed 0 and the small cells; writes no RESULTS.md"
    )
    parser.add_argument(
        "--set", action="append", choices=[*reference.SETS, *open_sets.SETS], help="only this set"
    )
    parser.add_argument(
        "--task", action="append", choices=["users", "items", "baselines"], help="only this task"
    )
    parser.add_argument("--resume", action="store_true", help="keep the cells that are there")
    parser.add_argument(
        "--report", action="store_true", help="measure nothing, write the table of what is kept"
    )
    parser.add_argument(
        "--keep", type=Path, default=ROOT / "build" / "benchmarks" / "quality", help="kept cells"
    )
    options = parser.parse_args(arguments)
    options.keep.mkdir(parents=True, exist_ok=True)
    everything = not (options.quick or options.set or options.task)
    names = present(options.set or [*reference.SETS, *open_sets.SETS])
    marks: list[Marks] = []
    absent: list[str] = []
    for job in jobs(names, options.quick):
        if options.task and job.task not in options.task:
            continue
        file = options.keep / job.file
        if not ((options.resume or options.report) and file.exists()):
            if options.report:
                absent.append(job.file.removesuffix(".json"))
                continue
            started = time.perf_counter()
            found = [mark.to_dict() for mark in job.run()]
            written = file.with_suffix(".part")
            written.write_text(json.dumps(found))
            os.replace(written, file)
            print(f"{job.file}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        marks += [Marks(**row) for row in json.loads(file.read_text())]
    if not marks:
        print("Nothing was measured.", file=sys.stderr)
        return 1
    peers = {name: reference.read_peers(name) for name in names if name in reference.SETS}
    text, missed = render(marks, peers)
    if absent:
        text += f"\nNot measured yet (set, task, training users, seed): {', '.join(absent)}.\n"
    if everything:
        RESULTS.write_text(text)
    print(text)
    print("\n".join(["Not met:", *missed]) if missed else "All floors are met.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    raise SystemExit(main())
