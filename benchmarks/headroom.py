"""What an encoder can bring to new items at all, written into docs/adapt.md.

    scripts/bench headroom                 writes the table
    scripts/bench headroom --print         only prints it
    scripts/bench headroom --set ml-100k --print

The items that decide `scripts/bench adapt` with its first seed are left out whole. Of the others, three times a fifth
is hidden and ranked alone by the whole model (`fewrec.adapt.trial.new_item_ndcg`), for all users: with the vectors of
the default encoder; with none; with random ones; and in the order of their true popularity, which no model knows. Where
the model loses little without vectors, better vectors of the same texts can hardly gain much."""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from benchmarks.adapt import PAGE, SETS, new_item_split
from benchmarks.kept import commit, load, present, written
from benchmarks.protocol import World
from benchmarks.systems import quiet
from fewrec.adapt.trial import Remembering, mean_mark, ndcg, new_item_ndcg, paired, with_views
from fewrec.adapt.world import read
from fewrec.encode import resolve
from fewrec.recommender.threads import one_thread
from fewrec.signals import TrainingData, centred

BEGIN, END = "<!-- begin: headroom -->", "<!-- end: headroom -->"
PARTS, HIDDEN = 5, 3
"""Into how many parts the items are dealt, and how many of them are hidden, one at a time."""


def known(world: World, seed: int) -> TrainingData:
    """The set as the default encoder reads it, without what decides the benchmark."""
    rows = world.rows(without=new_item_split(world, seed).hidden)
    return read(
        quiet({"items": world.items, "interactions": rows}).sorted(), resolve("default"), seed, "default"
    )[1]


def parts(training: TrainingData, seed: int) -> list[NDArray[np.intp]]:
    """The items that are hidden, part by part."""
    items = np.random.default_rng(seed).permutation(np.unique(training.liked.indices)).astype(np.intp)
    return [np.sort(part) for part in np.array_split(items, PARTS)[:HIDDEN]]


def row(name: str, training: TrainingData, seed: int) -> str:
    """One line of the table."""
    seen, users = Remembering.of(training), np.arange(training.n_users)
    rng, hidden = np.random.default_rng(seed), parts(training, seed)
    views = {
        "none": {view: np.zeros_like(rows) for view, rows in seen.views.items()},
        "random": {
            view: centred(rng.standard_normal(rows.shape, dtype=np.float32))[0]
            for view, rows in seen.views.items()
        },
    }

    def marked(data: TrainingData) -> NDArray[np.float64]:
        return mean_mark(np.stack([new_item_ndcg(data, items, users, seed) for items in hidden]))

    frozen = marked(seen)
    found = {which: paired(frozen, marked(with_views(seen, other))) for which, other in views.items()}
    likes = np.bincount(seen.liked.indices, minlength=seen.n_items)
    popular = [
        ndcg(
            np.tile(likes[items], (len(users), 1)).astype(np.float32),
            np.asarray(seen.liked[:, items].toarray() > 0),
        )
        for items in hidden
    ]
    cells = [
        f"{test.difference:+.4f} ± {test.error:.4f} ({test.difference / test.frozen:+.1%})"
        for test in found.values()
    ]
    oracle = np.nanmean(mean_mark(np.stack(popular)))
    return f"| {name} | {np.nanmean(frozen):.4f} | {' | '.join(cells)} | {oracle:.4f} |"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench headroom", description=__doc__.splitlines()[0])
    parser.add_argument("--set", action="append", choices=SETS, help="only this set")
    parser.add_argument("--print", action="store_true", dest="only", help="write nothing")
    options = parser.parse_args(arguments)
    lines = [
        "| set | default encoder | no vectors | random vectors | by true popularity alone |",
        "|---|---|---|---|---|",
    ]
    with one_thread:
        for name in present(options.set or SETS):
            lines.append(row(name, known(load(name), 0), 0))
            print(lines[-1], flush=True)
    told = "\n".join([f"Measured at {commit()}.", "", *lines, ""])
    if not options.only:
        written(PAGE, BEGIN, END, told)
    print(told)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
