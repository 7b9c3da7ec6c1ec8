"""One cell: a system, a data set, a seed and a number of training users; NDCG@10 per stranger for every k."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from benchmarks.kept import load
from benchmarks.peers.registry import SYSTEMS, System
from benchmarks.protocol import Split, World, ndcg
from benchmarks.systems import Marks, fewrec_marks, quiet, rounded, shown_and_wanted, size_name
from fewrec import Dataset

__all__ = ["Job", "explicit", "jobs"]


@dataclass(frozen=True)
class Job:
    """One fit and what is marked with it."""

    world: str
    seed: int
    n: int | None
    system: str

    @property
    def file(self) -> str:
        return f"{self.world}.{self.system}.{size_name(self.n)}.{self.seed}.json"

    def run(self) -> Iterator[Marks]:
        world = load(self.world)
        split = next(split for split in world.splits if split.seed == self.seed)
        if self.system == "fewrec":
            # Told nothing beyond the support: what a guest profile says no peer can use.
            yield from (row for row in fewrec_marks(world, split, self.n) if row.system == "fewrec")
            return
        system = next(system for system in SYSTEMS if system.name == self.system)
        yield from peer_marks(world, split, self.n, system)


def explicit(world: World) -> bool:
    """Whether there are ratings, so that some are no likes."""
    return any(value < world.liked_at for history in world.histories.values() for value in history.values())


@lru_cache(maxsize=1)
def training(name: str, seed: int, n: int | None) -> Dataset:
    """The whole catalogue and the interactions of the training users; a like is what the protocol calls one."""
    world = load(name)
    users = next(split for split in world.splits if split.seed == seed).training_users[:n]
    threshold: dict[str, Any] = {"liked_at": world.liked_at} if explicit(world) else {}
    data = quiet({"items": world.items, "interactions": world.rows(users), **threshold})
    if tuple(data.items.ids) != world.catalogue:
        raise ValueError(f"{name}: the data set holds other items than the catalogue.")
    return data


def peer_marks(world: World, split: Split, n: int | None, system: System) -> Iterator[Marks]:
    """One row per k. The libraries' own warnings are about speed and internals, and stay out of the output."""
    data = training(world.name, split.seed, n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        started = time.perf_counter()
        made = system.make()
        made.fit(data)
        seconds = time.perf_counter() - started
        for k_shot in world.k_shots:
            scores = np.asarray(made.score_many([stranger.shown(k_shot) for stranger in split.strangers]))
            shown, wanted = shown_and_wanted(world, split, k_shot)
            chosen = getattr(made, "tuning", {}).get("chosen", {})
            note = str(chosen.get(f"k = {k_shot}", ""))
            found = rounded(ndcg(scores, shown, wanted, split.seed))
            yield Marks(
                world.name, "users", system.name, size_name(n), k_shot, split.seed, found, seconds, note
            )


def jobs(names: list[str], systems: list[System], seeds: int, sizes: int | None) -> Iterator[Job]:
    """Seed by seed, so that an interrupted run leaves whole seeds; ``sizes``: only the first so many of each set."""
    for seed in range(seeds):
        for name in names:
            world = load(name)
            for n in world.sizes[:sizes]:
                yield Job(name, seed, n, "fewrec")
                for system in systems:
                    if not system.ratings or explicit(world):
                        yield Job(name, seed, n, system.name)
