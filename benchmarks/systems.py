"""Runs fewrec on the strangers of a split and marks its lists."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.protocol import Floats, NewItemSplit, Split, World, ndcg
from benchmarks.reference import new_item_users, peer_users
from fewrec import Dataset, Recommender
from fewrec.errors import FewrecWarning

__all__ = ["Marks", "fewrec_marks", "fit", "new_item_marks"]

FIRST_USERS = 600


@dataclass(frozen=True)
class Marks:
    """NDCG@10 of one system in one cell, per user."""

    world: str
    task: str  # "users" or "items"
    system: str
    n: str  # training users, "all" for all
    k_shot: int
    seed: int
    marks: list[float | None]
    fit_seconds: float = 0.0
    note: str = ""
    code: str = ""  # the revision that it was measured with

    @property
    def array(self) -> Floats:
        """NaN where a user has no mark."""
        return np.array([np.nan if mark is None else mark for mark in self.marks], dtype=float)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def rounded(marks: Floats) -> list[float | None]:
    return [None if np.isnan(mark) else round(float(mark), 5) for mark in marks]


def size_name(n: int | None) -> str:
    return "all" if n is None else str(n)


def quiet(data: dict[str, Any]) -> Dataset:
    """A data set whose remarks (a guessed threshold, missing times) stay out of the benchmark's output."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)
        return Dataset(**data)


def fit(world: World, rows: dict[str, list[Any]], users: Sequence[str] = (), **options: Any) -> Recommender:
    """fewrec on the whole catalogue and these interactions; ``users``: whose attributes are known."""
    tables: dict[str, Any] = {"items": world.items, "interactions": rows}
    if world.users is not None and users:
        id_column = next(iter(world.users))
        wanted = set(users)
        keep = [row for row, user in enumerate(world.users[id_column]) if user in wanted]
        tables["users"] = {name: [column[row] for row in keep] for name, column in world.users.items()}
    return Recommender(**options).fit(quiet(tables), progress=False)


def positions(world: World) -> dict[str, int]:
    return {item: at for at, item in enumerate(world.catalogue)}


def shown_and_wanted(world: World, split: Split, k_shot: int) -> tuple[list[list[int]], list[list[int]]]:
    """Item positions per stranger: what may not be listed, and what should be."""
    at = positions(world)
    shown = [[at[item] for item in stranger.shown(k_shot)] for stranger in split.strangers]
    return shown, [sorted(at[item] for item in stranger.relevant) for stranger in split.strangers]


def fewrec_marks(world: World, split: Split, n: int | None, **options: Any) -> Iterator[Marks]:
    """One row per k, through the public interface alone; where there are attributes, one more with them."""
    users = split.training_users[:n]
    started = time.perf_counter()
    model = fit(world, world.rows(users), users if world.users is not None else (), **options)
    seconds = time.perf_counter() - started
    if tuple(model.data.items.ids) != world.catalogue:
        raise ValueError(f"{world.name}: the data set holds other items than the catalogue.")
    threshold = f"{model.data.feedback.kind}, liked_at {model.data.feedback.liked_at:.3g}"
    for k_shot in world.k_shots:
        supports = [stranger.shown(k_shot) for stranger in split.strangers]
        shown, wanted = shown_and_wanted(world, split, k_shot)
        scores = model.score_many(supports)
        found = ndcg(scores, shown, wanted, split.seed)
        yield Marks(
            world.name,
            "users",
            "fewrec",
            size_name(n),
            k_shot,
            split.seed,
            rounded(found),
            seconds,
            threshold,
        )
        if world.attributes:
            told = np.stack([
                model.score(support, attributes=known_attributes(world, stranger.user))
                for support, stranger in zip(supports, split.strangers, strict=True)
            ])  # fmt: skip
            found = ndcg(told, shown, wanted, split.seed)
            yield Marks(
                world.name,
                "users",
                "fewrec + attributes",
                size_name(n),
                k_shot,
                split.seed,
                rounded(found),
                seconds,
            )


def known_attributes(world: World, user: str) -> dict[str, Any]:
    """What a stranger tells: everything but the id."""
    told = dict(world.attributes.get(user, {}))
    told.pop(world.user_column, None)
    return told


def new_item_marks(world: World, split: NewItemSplit, **options: Any) -> Iterator[Marks]:
    """Hidden items ranked among themselves for users whose other interactions are known.

    For all users who like one of them, the first 600 of these, and the 600 whom the peers were marked on.
    """
    started = time.perf_counter()
    model = fit(world, world.rows(without=split.hidden), **options)
    seconds = time.perf_counter() - started
    at = {item: place for place, item in enumerate(split.hidden)}
    users = new_item_users(world, split)
    scores = np.stack([
        model.score(user=user, items=split.hidden)
        if user in model.data.users
        else model.score(items=split.hidden)
        for user in users
    ])  # fmt: skip
    wanted = [
        sorted(
            at[item]
            for item, value in world.histories[user].items()
            if item in at and value >= world.liked_at
        )
        for user in users
    ]
    found = ndcg(scores, [[]] * len(users), wanted, split.seed)
    by_user = dict(zip(users, found, strict=True))
    groups = {
        "fewrec, all users": users,
        "fewrec, first 600": users[:FIRST_USERS],
        "fewrec": peer_users(world, split),
    }
    for system, group in groups.items():
        marks = rounded(np.array([by_user[user] for user in group]))
        yield Marks(world.name, "items", system, "all", 0, split.seed, marks, seconds)
