"""The fixed splits beside the project: data, test users and the marks that tuned libraries got on them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.protocol import Floats, NewItemSplit, Split, Stranger, World

__all__ = ["REFERENCE", "SETS", "Peers", "read_peers", "read_table", "read_world"]

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference"
SETS = ("ml-100k", "goodbooks")
LIKED_AT = 4.0
PEER_USERS = 600  # of the cold-item task


def read_table(path: Path, encoding: str = "utf-8") -> dict[str, list[str]]:
    """The columns of a CSV file, gzip or plain, every cell as text."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode(encoding)
    rows = csv.reader(io.StringIO(text, newline=""))
    header = next(rows)
    columns = list(zip(*rows, strict=True))
    return {name: list(column) for name, column in zip(header, columns, strict=True)}


def histories_of(users: list[str], items: list[str], values: list[float]) -> dict[str, dict[str, float]]:
    """User -> item -> value; users in order of first appearance."""
    found: dict[str, dict[str, float]] = {}
    for user, item, value in zip(users, items, values, strict=True):
        found.setdefault(user, {})[item] = value
    return found


def read_world(name: str, folder: Path = REFERENCE) -> World:
    """One of the two sets: items with their columns as given, interactions, splits."""
    items = read_table(folder / name / "items.csv.gz")
    events = read_table(folder / name / "interactions.csv.gz")
    histories = histories_of(events["user"], events["item"], [float(value) for value in events["value"]])
    with gzip.open(folder / name / "splits.json.gz", "rt") as file:
        stored = json.load(file)
    splits = []
    for entry in stored["cold_users"]:
        strangers = []
        for test in entry["test_users"]:
            history, shown = histories[test["user"]], test["support"]
            relevant = {i for i, value in history.items() if value >= LIKED_AT} - set(shown)
            strangers.append(
                Stranger(test["user"], tuple((item, history[item]) for item in shown), frozenset(relevant))
            )
        splits.append(Split(entry["seed"], tuple(entry["training_users"]), tuple(strangers)))
    return World(
        name=name,
        items=items,
        events=events,
        user_column="user",
        item_column="item",
        catalogue=tuple(items["item"]),
        texts=tuple(items["text"]),
        histories=histories,
        liked_at=LIKED_AT,
        splits=tuple(splits),
        new_items=tuple(
            NewItemSplit(entry["seed"], tuple(entry["hidden_items"])) for entry in stored["cold_items"]
        ),
    )


@dataclass(frozen=True)
class Peers:
    """Marks of the tuned libraries."""

    cold_users: Mapping[tuple[str, str, int], Mapping[int, Floats]]  # (system, n, k) -> seed -> per user
    new_items: Mapping[str, Mapping[int, Floats]]  # system -> seed -> per user, see peer_users

    def best(self, n: str, k_shot: int) -> tuple[str, Mapping[int, Floats]]:
        """The system with the highest mean at ``n`` training users and ``k_shot``.

        It is chosen on the test users, so its mean is biased upwards.
        """
        marks = {key[0]: row for key, row in self.cold_users.items() if key[1:] == (n, k_shot)}
        name = max(marks, key=lambda system: np.mean([np.nanmean(row) for row in marks[system].values()]))
        return name, marks[name]


def read_peers(name: str, folder: Path = REFERENCE) -> Peers:
    """The stored marks; a user without a mark is NaN."""
    users: dict[tuple[str, str, int], dict[int, Floats]] = {}
    items: dict[str, dict[int, Floats]] = {}
    with gzip.open(folder / name / "peers.jsonl.gz", "rt") as file:
        for line in file:
            row = json.loads(line)
            marks = np.array([np.nan if mark is None else mark for mark in row["per_user"]], dtype=float)
            if row["task"] == "cold-user":
                users.setdefault((row["system"], str(row["n_train"]), row["k"]), {})[row["seed"]] = marks
            else:
                items.setdefault(row["system"], {})[row["seed"]] = marks
    return Peers(users, items)


def new_item_users(world: World, split: NewItemSplit) -> list[str]:
    """Users who like a hidden item, by first appearance in the interactions file."""
    hidden = set(split.hidden)
    return [
        user
        for user, history in world.histories.items()
        if any(item in hidden and value >= world.liked_at for item, value in history.items())
    ]


def peer_users(world: World, split: NewItemSplit) -> list[str]:
    """The 600 users whom the stored cold-item marks belong to, in their order.

    The files do not name them. A plain word-cosine baseline correlates with the stored one for exactly this
    drawing (.93 to .96 on goodbooks, below .15 for any other that was tried), so this is the one.
    """
    users = new_item_users(world, split)
    order = np.random.default_rng(split.seed).permutation(len(users))[:PEER_USERS]
    return [users[at] for at in order]
