"""One cell: a data set, a seed, a number of training users, a system; NDCG@10 per stranger for every k."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from benchmarks.kept import load
from benchmarks.peers import SYSTEMS, System
from benchmarks.protocol import Split, World, ndcg
from benchmarks.systems import (
    Marks,
    fewrec_marks,
    new_item_marks,
    quiet,
    rounded,
    shown_and_wanted,
    size_name,
)
from fewrec import Dataset

__all__ = ["Job", "explicit", "jobs"]


@dataclass(frozen=True)
class Job:
    """One fit and what is marked with it: strangers, or (``items``) items that nobody has met."""

    world: str
    seed: int
    n: int | None
    system: str
    items: bool = False

    @property
    def file(self) -> str:
        if self.items:
            return f"{self.world}.{self.system}-new-items.{self.seed}.json"
        return f"{self.world}.{self.system}.{size_name(self.n)}.{self.seed}.json"

    def run(self) -> Iterator[Marks]:
        world = load(self.world)
        splits = world.new_items if self.items else world.splits
        split = next(split for split in splits if split.seed == self.seed)  # type: ignore[attr-defined]
        if self.system != "fewrec":
            system = next(system for system in SYSTEMS if system.name == self.system)
            yield from peer_marks(world, split, self.n, system)
            return
        with np.errstate(all="raise", under="ignore"):
            found = list(new_item_marks(world, split) if self.items else fewrec_marks(world, split, self.n))
        yield from found


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
    """Seed by seed, so that an interrupted run leaves whole seeds.

    ``sizes``: only the first so many numbers of training users of each set, and no new items.
    """
    for seed in range(seeds):
        for name in names:
            world = load(name)
            for n in world.sizes[:sizes]:
                yield Job(name, seed, n, "fewrec")
                for system in systems:
                    if not system.ratings or explicit(world):
                        yield Job(name, seed, n, system.name)
            if any(new.seed == seed for new in world.new_items) and sizes is None:
                yield Job(name, seed, None, "fewrec", items=True)
