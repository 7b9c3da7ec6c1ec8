"""Fixed splits from a file, so that numbers can be met list by list.

JSON (also .gz) with some of these parts, each a list with one entry a seed::

    {"cold_users": [{"seed": 0, "training_users": ["b", "c"], "test_users": [{"user": "a", "support": [7, 3]}]}],
     "cold_items": [{"seed": 0, "hidden_items": [7, 9]}],
     "candidates": [{"seed": 0, "lists": [{"user": "a", "support": [7], "candidates": [1, 3, 9], "relevant": [3]}]}]}

``support`` is in the order of revealing; the query is all else that the interactions hold of the user. Users of
``lists`` are taken out of training; ``support`` may be item -> value there, and ``training_users`` may stand beside.
Relevant items that are no candidates of their list are dropped, with a note.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
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
MOST_VALUE = 1e30
"""Values are kept as float32, which ends at 3e38; nobody rates so high."""


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
    except _Unusable as error:
        raise DataError(str(error), where=str(file), hint="See the docs: fixed splits.") from error
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
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"the file cannot be read: {error.strerror}.", where=str(path), hint="Check its name."
        ) from error
    try:
        stored = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    except (ValueError, OSError, EOFError, zlib.error, RecursionError) as error:
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
        able = tuple(k for k in settings.k_shot if k <= longest) or (longest,)
        if able != settings.k_shot:
            notes.append(f"at most {longest} interactions can be shown: the file has no more.")
        shown = [len(case.support) for split in splits for case in split.cases]
        if short := sum(count < max(able) for count in shown):
            notes.append(
                f"{short} of {len(shown)} lists are shown fewer than {max(able)} interactions: the file has no "
                "more of these people."
            )
        k_shots = able
    elif part == "cold_items":
        splits = [_new_items(data, appearance, entry) for entry in entries]
    else:
        splits = [_candidates(data, entry) for entry in entries]
        notes += _unreachable(entries, splits)
    if not any(
        len(case.relevant if part == "candidates" else case.query) for split in splits for case in split.cases
    ):
        raise _Unusable("there is nothing to look for in any list.")
    sizes, more = trained_sizes(settings.train_users, min(len(split.training_users) for split in splits))
    return Plan(tuple(splits), k_shots, sizes, (*notes, *more))


def _unreachable(entries: Sequence[Mapping[str, Any]], splits: Sequence[Split]) -> list[str]:
    """A note where relevant items were dropped because no list could hold them."""
    named = sum(len(one["relevant"]) for entry in entries for one in entry["lists"])
    kept = [len(case.relevant) for split in splits for case in split.cases]
    if sum(kept) == named:
        return []
    note = (
        f"{named - sum(kept)} of {named} relevant items were dropped: they are not among the candidates of their list, "
        "or are shown."
    )
    empty = kept.count(0)
    lists = f"{empty} list{'s have' if empty != 1 else ' has'} nothing to look for and no mark"
    return [f"{note} {lists}." if empty else note]


class _Unusable(Exception):
    """What is wrong with an entry, in words; the caller knows the file."""


def _at(entry: Mapping[str, Any], name: str, known: Vocabulary) -> Indices:
    """Positions of the ids that stand under ``name``, in their order."""
    ids = entry[name]
    if not isinstance(ids, list):
        raise _Unusable(f'"{name}" is {_shown(ids)} and no list of ids.')
    found = np.array([known.index(id) for id in ids], dtype=np.intp)
    _, first, count = np.unique(found, return_index=True, return_counts=True)
    if (count > 1).any():
        raise _Unusable(f'"{name}" holds {_shown(ids[int(first[count > 1][0])])} twice.')
    return found


def _seed(entry: Mapping[str, Any]) -> int:
    seed = entry["seed"]
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise _Unusable(f'"seed" is {_shown(seed)} and no whole number from 0 on.')
    return seed


def _several(entry: Mapping[str, Any], name: str) -> list[Any]:
    there = entry[name]
    if not isinstance(there, list) or not there:
        raise _Unusable(f'"{name}" of seed {_shown(entry["seed"])} holds nobody to test on.')
    return there


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _strangers(data: Dataset, entry: Mapping[str, Any]) -> Split:
    histories, pairs = Histories(data), data.interactions
    cases, tested = [], []
    for test in _several(entry, "test_users"):
        user = data.users.index(test["user"])
        rows = histories.rows(user)
        row_of = dict(zip(pairs.item_index[rows].tolist(), rows.tolist(), strict=True))
        items = _at(test, "support", data.items).tolist()
        if foreign := [item for item in items if item not in row_of]:
            raise _Unusable(
                f'"support" shows the user {_shown(test["user"])} the item {_shown(data.items.ids[foreign[0]])}, '
                "of which the interactions say nothing."
            )
        support = np.array([row_of[item] for item in items], dtype=np.intp)
        cases.append(histories.case(data.users.ids[user], support, np.setdiff1d(rows, support)))
        tested.append(user)
    held_out = np.isin(pairs.user_index, tested)
    return Split(_seed(entry), _at(entry, "training_users", data.users), tuple(cases), held_out)


def _new_items(data: Dataset, appearance: Sequence[Any], entry: Mapping[str, Any]) -> Split:
    hidden, seed = np.sort(_at(entry, "hidden_items", data.items)), _seed(entry)
    place = {id: at for at, id in enumerate(appearance)}
    able = sorted(likers(data, hidden).tolist(), key=lambda user: place[data.users.ids[user]])
    if not able:
        raise _Unusable(f'nobody likes any of the "hidden_items" of seed {seed}.')
    drawn = np.random.default_rng(seed).permutation(len(able))[:NEW_ITEM_USERS]
    tested = np.array([able[at] for at in drawn.tolist()], dtype=np.intp)
    return hidden_items(data, seed, hidden, tested)


def _candidates(data: Dataset, entry: Mapping[str, Any]) -> Split:
    cases = [_list(data, one) for one in _several(entry, "lists")]
    tested = [at for case in cases if (at := data.users.get(case.user)) is not None]
    held_out = np.isin(data.interactions.user_index, tested)
    training = (
        _at(entry, "training_users", data.users)
        if entry.get("training_users") is not None
        else np.setdiff1d(np.arange(len(data.users)), tested)
    )
    return Split(_seed(entry), training.astype(np.intp), tuple(cases), held_out)


def _list(data: Dataset, one: Mapping[str, Any]) -> Case:
    """Candidates that are not relevant count as disliked."""
    feedback, user, support = data.feedback, one["user"], one["support"]
    if isinstance(user, bool) or not isinstance(user, str | int):
        raise _Unusable(f'"user" is {_shown(user)} and no id: ids are strings or integers.')
    shown = {"support": list(support)} if isinstance(support, Mapping) else one
    values = list(support.values()) if isinstance(support, Mapping) else [feedback.like_value] * len(support)
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MOST_VALUE:
            raise _Unusable(
                f'"support" of the user {_shown(user)} holds {_shown(value)} where a number belongs.'
            )
    candidates, relevant = _at(one, "candidates", data.items), _at(one, "relevant", data.items)
    seen, wanted = _at(shown, "support", data.items), len(relevant)
    relevant = relevant[np.isin(relevant, candidates) & ~np.isin(relevant, seen)]
    truth = np.where(np.isin(candidates, relevant), feedback.like_value, feedback.dislike_value)
    return Case(
        user=user,
        support=seen,
        support_values=np.array(values, dtype=np.float32),
        query=candidates,
        query_values=truth.astype(np.float32),
        relevant=relevant,
        history=len(values) + wanted,
        candidates=candidates,
    )
