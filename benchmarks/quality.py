"""Quality: NDCG@10 of fewrec and of simple and tuned systems on the same strangers, written to RESULTS.md.

    scripts/bench quality                all cells: about an hour on one core
    scripts/bench quality --workers 2    the same by two processes; the numbers stay
    scripts/bench quality --quick        seed 0 and the small cells, to look at; RESULTS.md stays as it is

Every finished cell is kept in a file of its own under ``build/benchmarks/quality`` (``--keep``); ``--resume``
goes on from there, after an interruption or when some cells are to be measured again (delete their files).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import open_sets, reference
from benchmarks.kept import SETS, add_options, commit, gathered, load, present
from benchmarks.protocol import World
from benchmarks.report import render
from benchmarks.systems import Marks, baseline_marks, fewrec_marks, new_item_marks, size_name

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
        np.seterr(all="raise", under="ignore")  # here, because it may run in a process of its own
        world = load(self.world)
        if self.task == "items":
            yield from new_item_marks(world, next(s for s in world.new_items if s.seed == self.seed))
            return
        split = next(split for split in world.splits if split.seed == self.seed)
        run: Callable[[World, object, int | None], Iterator[Marks]] = (
            baseline_marks if self.task == "baselines" else fewrec_marks  # type: ignore[assignment]
        )
        yield from run(world, split, self.n)


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


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench quality", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="seed 0 and the small cells; writes no RESULTS.md"
    )
    parser.add_argument(
        "--task", action="append", choices=["users", "items", "baselines"], help="only this task"
    )
    add_options(parser, "quality")
    options = parser.parse_args(arguments)
    everything = not (options.quick or options.set or options.task)
    names = present(options.set or SETS)
    planned = (job for job in jobs(names, options.quick) if not options.task or job.task in options.task)
    marks, _, absent = gathered(planned, options)
    if not marks:
        print("Nothing was measured.", file=sys.stderr)
        return 1
    peers = {name: reference.read_peers(name) for name in names if name in reference.SETS}
    text, missed = render(marks, peers, commit())
    if absent:
        text += f"\nNot measured yet (set, task, training users, seed): {', '.join(absent)}.\n"
    if everything:
        RESULTS.write_text(text)
    print(text)
    print("\n".join(["Not met:", *missed]) if missed else "All floors are met.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
