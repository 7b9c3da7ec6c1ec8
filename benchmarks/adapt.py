"""Tuned encoders: NDCG@10 of new items inside the whole model, frozen against tuned, written into docs/adapt.md.

    scripts/bench adapt                    all cells: some hours on one core
    scripts/bench adapt --set ml-100k --way "delta, ridge" --resume

A fifth of the items is hidden from tuning and from the model and ranked alone, as in ``scripts/bench quality``. What
is marked is what a user gets: where the verdict is "kept frozen", the tuned encoder is the frozen one. Every cell
runs in a process of its own, whose peak memory is noted. The kept cells go on with ``--resume``; the table is written
from whatever cells there are, and names those that are missing."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.kept import ROOT, add_options, commit, gathered, load, present
from benchmarks.protocol import NewItemSplit, World, paired, seed_mean
from benchmarks.systems import Marks, new_item_marks, quiet
from fewrec.adapt import finetune
from fewrec.adapt.delta import DeltaSettings

PAGE = ROOT / "docs" / "adapt.md"
BEGIN, END = "<!-- begin: adapt -->", "<!-- end: adapt -->"
SETS = ("ml-100k", "goodbooks", "ibm-articles", "complete-journey")
SEEDS = (0, 1, 2)
FROZEN = "frozen"
WAYS: dict[str, dict[str, Any]] = {  # name -> arguments of finetune
    FROZEN: {},
    "delta, ridge": {"loss": "ridge"},
    "delta, mse": {"loss": "mse"},
    "delta, softmax-mse": {"loss": "softmax-mse"},
    "delta, softmax": {"loss": "softmax"},
    "delta, contrastive": {"loss": "contrastive"},
    "delta, ridge, adversarial": {"loss": "ridge", "settings": DeltaSettings(epsilon=0.1)},
}
MARKED = "fewrec, first 600"


@dataclass(frozen=True)
class Job:
    """One way of tuning on one set with one seed."""

    world: str
    way: str
    seed: int

    @property
    def file(self) -> str:
        return f"{self.world}.{self.way.replace(', ', '-').replace(' ', '-')}.{self.seed}.json"

    def run(self) -> Iterator[Marks]:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(
            1, context
        ) as pool:  # a fresh process: its peak of memory is that of this cell
            yield pool.submit(measured, self).result()


def measured(job: Job) -> Marks:
    world = load(job.world)
    split = new_item_split(world, job.seed)
    note: dict[str, Any] = {"verdict": FROZEN, "seconds": 0.0}
    encoder: Any = "default"
    if job.way != FROZEN:
        rows = quiet({"items": world.items, "interactions": world.rows(without=split.hidden)})
        started = time.perf_counter()
        found = finetune(rows, seed=job.seed, progress=False, **WAYS[job.way])
        note = {"verdict": found.verdict, "seconds": time.perf_counter() - started, "why": found.why}
        encoder = found.encoder
    tuned_at = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    marks = next(mark for mark in new_item_marks(world, split, encoder=encoder) if mark.system == MARKED)
    note["megabytes"] = tuned_at / (1e6 if sys.platform == "darwin" else 1e3)
    return Marks(**{**asdict(marks), "system": job.way, "task": "adapt", "note": json.dumps(note)})


def new_item_split(world: World, seed: int) -> NewItemSplit:
    """The fixed split, or a fifth of the items that somebody met."""
    for split in world.new_items:
        if split.seed == seed:
            return split
    met = sorted({item for history in world.histories.values() for item in history})
    order = np.random.default_rng(seed).permutation(len(met))
    return NewItemSplit(seed, tuple(sorted(met[at] for at in order[: len(met) // 5])))


def table(marks: list[Marks]) -> str:
    """One row for each set and way, paired with the frozen encoder on the same users."""
    lines = [
        "| set | way | seeds | NDCG@10 | against frozen | | verdict: tuned | tuning, s | peak MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for world in dict.fromkeys(mark.world for mark in marks):
        of_world = [mark for mark in marks if mark.world == world]
        frozen = {mark.seed: mark.array for mark in of_world if mark.system == FROZEN}
        for way in dict.fromkeys(mark.system for mark in of_world):
            rows = [mark for mark in of_world if mark.system == way and mark.seed in frozen]
            if not rows:
                continue
            mine = {mark.seed: mark.array for mark in rows}
            notes = [json.loads(mark.note) for mark in rows]
            mean = seed_mean(mine)
            cells = ["", "", ""]
            if way != FROZEN:
                base = seed_mean({seed: frozen[seed] for seed in mine})
                found = paired(mine, frozen)
                tuned = sum(note["verdict"] == "tuned" for note in notes)
                cells = [
                    f"{found.mean:+.4f} ± {found.error:.4f}",
                    f"{mean / base - 1:+.1%}",
                    f"{tuned} of {len(notes)}",
                ]
            seconds = np.mean([note["seconds"] for note in notes])
            memory = max(note["megabytes"] for note in notes)
            lines.append(
                f"| {world} | {way} | {len(rows)} | {mean:.4f} | {' | '.join(cells)} | {seconds:.0f} | {memory:.0f} |"
            )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench adapt", description=__doc__.splitlines()[0])
    parser.add_argument("--way", action="append", choices=list(WAYS), help="only this way, and frozen")
    parser.add_argument("--seed", action="append", type=int, choices=SEEDS, help="only this seed")
    add_options(parser, "adapt")
    options = parser.parse_args(arguments)
    ways = [FROZEN, *(way for way in options.way or WAYS if way != FROZEN)]
    jobs = [
        Job(name, way, seed)
        for name in present(options.set or SETS)
        for seed in options.seed or SEEDS
        for way in ways
    ]
    marks, _, absent = gathered(jobs, options)
    if not marks:
        print("Nothing was measured.", file=sys.stderr)
        return 1
    text = f"Measured at {commit()}, on the CPU.\n\n{table(marks)}\n"
    if absent:
        text += f"\nNot measured (set, way, seed): {', '.join(absent)}.\n"
    if not (options.set or options.way or options.seed):
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{text}{END}{rest.partition(END)[2]}")
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
