"""Fixed splits from a file, so that numbers can be met list by list.

JSON (also .gz) with some of these parts, each a list with one entry a seed::

    {"cold_users": [{"seed": 0, "training_users": ["b", "c"], "test_users": [{"user": "a", "support": [7, 3]}]}],
     "cold_items": [{"seed": 0, "hidden_items": [7, 9]}],
     "candidates": [{"seed": 0, "lists": [{"user": "a", "support": [7], "candidates": [1, 3, 9], "relevant": [3]}]}]}

``support`` is in the order of revealing; the query is all else that the interactions hold of the user. Users of
``lists`` are taken out of training; ``support`` may be item -> value there, and ``training_users`` may stand beside.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fewrec.data import Dataset
from fewrec.data.vocabulary import Vocabulary
from fewrec.errors import DataError, UnknownIdError
from fewrec.evaluate.settings import Settings
from fewrec.evaluate.splits import Case, Histories, Indices, Plan, Split, trained_sizes
from fewrec.evaluate.warm import hidden_items, likers

__all__ = ["digest", "plan_from"]

PARTS = {
    "cold-users": "cold_users",
    "rating": "cold_users",
    "cold-items": "cold_items",
    "candidates": "candidates",
}
NEW_ITEM_USERS = 600
"""At most so many people are asked about new items, drawn by the seed among those who like one."""


def plan_from(
    file: str | os.PathLike[str], data: Dataset, appearance: Sequence[Any], settings: Settings
) -> Plan:
    """The splits of ``file``. ``appearance``: user ids in the order of the tables, on which a draw depends.

    Raises ``DataError`` where the file or a part of it cannot be used, ``UnknownIdError`` for ids that the data lack.
    """
    part = PARTS.get(settings.task)
    if part is None:
        raise DataError(
            f"a file of splits says nothing about the task {settings.task!r}.",
            where=str(file),
            hint=f"Tasks with fixed splits: {', '.join(PARTS)}.",
        )
    stored = _read(Path(file))
    entries = stored.get(part)
    if not isinstance(entries, list) or not entries:
        raise DataError(
            f'there is no list "{part}" in the file.', where=str(file), hint="See the docs: fixed splits."
        )
    try:
        return _plan(part, entries[: settings.seeds], data, appearance, settings)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f'an entry of "{part}" lacks something or has the wrong form: {error}.',
            where=str(file),
            hint="See the docs: fixed splits.",
        ) from error
    except UnknownIdError as error:
        raise UnknownIdError(error.message, where=str(file), value=error.value, hint=error.hint) from error


def digest(file: str | os.PathLike[str]) -> str:
    """The file's name and a hash of its content: what tells one set of splits from another."""
    path = Path(file)
    return f"{path.name} ({hashlib.sha256(path.read_bytes()).hexdigest()[:12]})"


def _read(path: Path) -> dict[str, Any]:
    raw = path.read_bytes()
    try:
        stored = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    except (ValueError, OSError) as error:
        raise DataError(
            f"this is no JSON: {error}.", where=str(path), hint="See the docs: fixed splits."
        ) from error
    if not isinstance(stored, dict):
        raise DataError("the file holds no object.", where=str(path), hint="See the docs: fixed splits.")
    return stored


def _plan(
    part: str, entries: list[Any], data: Dataset, appearance: Sequence[Any], settings: Settings
) -> Plan:
    k_shots: tuple[int | None, ...] = (None,)
    notes: list[str] = []
    if part == "cold_users":
        splits = [_strangers(data, entry) for entry in entries]
        longest = max(len(case.support) for split in splits for case in split.cases)
        k_shots = tuple(k for k in settings.k_shot if k <= longest)
        if len(k_shots) < len(settings.k_shot):
            notes.append(f"at most {longest} interactions can be shown: the file has no more.")
    elif part == "cold_items":
        splits = [_new_items(data, appearance, entry) for entry in entries]
    else:
        splits = [_candidates(data, entry) for entry in entries]
    sizes, more = trained_sizes(settings.train_users, min(len(split.training_users) for split in splits))
    return Plan(tuple(splits), k_shots or (0,), sizes, (*notes, *more))


def _at(ids: Sequence[Any], known: Vocabulary) -> Indices:
    return np.array([known.index(id) for id in ids], dtype=np.intp)


def _strangers(data: Dataset, entry: Mapping[str, Any]) -> Split:
    histories, pairs = Histories(data), data.interactions
    cases, tested = [], []
    for test in entry["test_users"]:
        user = data.users.index(test["user"])
        rows = histories.rows(user)
        row_of = dict(zip(pairs.item_index[rows].tolist(), rows.tolist(), strict=True))
        support = np.array(
            [row_of[item] for item in _at(test["support"], data.items).tolist()], dtype=np.intp
        )
        cases.append(histories.case(data.users.ids[user], support, np.setdiff1d(rows, support)))
        tested.append(user)
    held_out = np.isin(pairs.user_index, tested)
    return Split(int(entry["seed"]), _at(entry["training_users"], data.users), tuple(cases), held_out)


def _new_items(data: Dataset, appearance: Sequence[Any], entry: Mapping[str, Any]) -> Split:
    hidden = np.sort(_at(entry["hidden_items"], data.items))
    place = {id: at for at, id in enumerate(appearance)}
    able = sorted(likers(data, hidden).tolist(), key=lambda user: place[data.users.ids[user]])
    drawn = np.random.default_rng(int(entry["seed"])).permutation(len(able))[:NEW_ITEM_USERS]
    tested = np.array([able[at] for at in drawn.tolist()], dtype=np.intp)
    return hidden_items(data, int(entry["seed"]), hidden, tested)


def _candidates(data: Dataset, entry: Mapping[str, Any]) -> Split:
    cases = [_list(data, one) for one in entry["lists"]]
    tested = [at for case in cases if (at := data.users.get(case.user)) is not None]
    held_out = np.isin(data.interactions.user_index, tested)
    named = entry.get("training_users")
    training = np.setdiff1d(np.arange(len(data.users)), tested) if named is None else _at(named, data.users)
    return Split(int(entry["seed"]), training.astype(np.intp), tuple(cases), held_out)


def _list(data: Dataset, one: Mapping[str, Any]) -> Case:
    """Candidates that are not relevant count as disliked."""
    feedback, support = data.feedback, one["support"]
    shown = support if isinstance(support, Mapping) else dict.fromkeys(support, feedback.like_value)
    candidates, relevant = _at(one["candidates"], data.items), _at(one["relevant"], data.items)
    values = np.where(np.isin(candidates, relevant), feedback.like_value, feedback.dislike_value)
    return Case(
        user=one["user"],
        support=_at(list(shown), data.items),
        support_values=np.array(list(shown.values()), dtype=np.float32),
        query=candidates,
        query_values=values.astype(np.float32),
        relevant=relevant,
        history=len(shown) + len(relevant),
        candidates=candidates,
    )
