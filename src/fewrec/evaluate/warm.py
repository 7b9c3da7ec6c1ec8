"""Splits in which people are known: new items, held-out interactions, and what came after a date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fewrec.data import Dataset
from fewrec.errors import DataError
from fewrec.evaluate.settings import LEAST_USERS, Settings
from fewrec.evaluate.splits import (
    Case,
    Histories,
    Indices,
    Plan,
    Split,
    need_interactions,
    trained_sizes,
)
from fewrec.evaluate.twins import item_twins_of

__all__ = ["cold_items", "held_out", "hidden_items", "later"]

Mask = NDArray[np.bool_]


def cold_items(data: Dataset, settings: Settings) -> Plan:
    """A share of the items is taken out of training and ranked alone, for people who like one of them. Twins of these
    items do not train either, and are not ranked."""
    need_interactions(data)
    splits, doubles = [], []
    for seed in range(settings.seeds):
        rng = np.random.default_rng(seed)
        count = max(1, round(settings.share * len(data.items)))
        hidden = np.sort(rng.permutation(len(data.items))[:count])
        able = likers(data, hidden)
        tested = _enough(rng.permutation(able)[: settings.test_users], "like a new item")
        twins = item_twins_of(data, hidden)
        doubles.append(len(twins))
        splits.append(hidden_items(data, seed, hidden, tested, twins))
    plan = _plan(splits, settings)
    if not any(doubles):
        return plan
    note = (
        f"{max(doubles)} items did not train: they have the title and nearly all words of a new item, and may be the "
        "same item under another id."
    )
    return replace(plan, notes=(note, *plan.notes))


def likers(data: Dataset, items: Indices) -> Indices:
    """Users who like one of the ``items``, by position."""
    pairs = data.interactions
    return np.unique(pairs.user_index[pairs.liked & np.isin(pairs.item_index, items)]).astype(np.intp)


def hidden_items(
    data: Dataset, seed: int, hidden: Indices, tested: Indices, twins: Indices | None = None
) -> Split:
    """The ``hidden`` items for the ``tested`` users, all of whose other interactions are known, but for those with
    ``twins`` of these items."""
    histories, out = Histories(data), np.isin(data.interactions.item_index, hidden)
    double = np.isin(data.interactions.item_index, () if twins is None else twins)
    cases = [
        replace(_case(data, histories, user, out, double), candidates=hidden.astype(np.intp))
        for user in tested.tolist()
    ]
    return Split(seed, _everybody(data, seed), tuple(cases), out | double)


def held_out(data: Dataset, settings: Settings) -> Plan:
    """Of every test user a share of the interactions is held out, at random or the latest; all else is known."""
    need_interactions(data)
    histories, pairs = Histories(data), data.interactions
    if settings.last and (pairs.time is None or np.isnan(pairs.time).all()):
        raise DataError(
            "the interactions have no times.",
            where="evaluate",
            hint="Leave last out, or name a column of times.",
        )
    splits = []
    for seed in range(settings.seeds):
        rng = np.random.default_rng(seed)
        out = np.zeros(len(pairs), dtype=bool)
        tested: list[int] = []
        for user in rng.permutation(np.flatnonzero(histories.count > 1)).tolist():
            rows = np.random.default_rng((seed, user)).permutation(histories.rows(user))
            if settings.last and pairs.time is not None:
                rows = rows[np.argsort(-np.nan_to_num(pairs.time[rows], nan=-np.inf), kind="stable")]
            hidden = rows[: min(max(1, round(settings.share * len(rows))), len(rows) - 1)]
            if len(tested) < settings.test_users and pairs.liked[hidden].any():
                tested.append(user)
                out[hidden] = True
        _enough(tested, "have a liked interaction held out")
        cases = tuple(_case(data, histories, user, out) for user in tested)
        splits.append(Split(seed, _everybody(data, seed), cases, out))
    return _plan(splits, settings)


def later(data: Dataset, settings: Settings) -> Plan:
    """Training on what was before a date, testing on what came from then on; one split.

    The date is that of the settings, or the one after which ``share`` of the interactions fall. An interaction is dated
    by its last event; those without a time are taken for old.
    """
    need_interactions(data)
    times = data.interactions.time
    if times is None or np.isnan(times).all():
        raise DataError(
            "the interactions have no times.",
            where="evaluate",
            hint='Name the column of times, or choose the task "cold-users".',
        )
    date = float(np.nanquantile(times, 1 - settings.share)) if settings.date is None else settings.date
    out = np.nan_to_num(times, nan=-np.inf) >= date
    if out.all() or not out.any():
        raise DataError(
            f"all interactions are {'from' if out.all() else 'before'} that date.",
            where="date",
            value=date,
            hint="Choose a date inside the span of the data.",
        )
    pairs, histories = data.interactions, Histories(data)
    able = np.unique(pairs.user_index[out & pairs.liked])
    tested = _enough(
        np.random.default_rng(0).permutation(able)[: settings.test_users], "like something after the date"
    )
    cases = tuple(_case(data, histories, user, out) for user in tested.tolist())
    return _plan([Split(0, _everybody(data, 0), cases, out)], settings)


def _case(data: Dataset, histories: Histories, user: int, out: Mask, unseen: Mask | None = None) -> Case:
    """What is left of a user's history is shown, what is ``out`` is looked for, what is ``unseen`` is neither."""
    rows = histories.rows(user)
    if unseen is not None:
        rows = rows[~unseen[rows]]
    left, hidden = rows[~out[rows]], rows[out[rows]]
    return histories.case(data.users.ids[user], left, hidden, known=len(left) > 0)


def _everybody(data: Dataset, seed: int) -> Indices:
    return np.random.default_rng((seed, 1)).permutation(len(data.users))


def _enough(tested: Sequence[int] | Indices, what: str) -> Indices:
    if len(tested) < LEAST_USERS:
        raise DataError(
            f"only {len(tested)} users {what}.",
            where="evaluate",
            value=len(tested),
            hint=f"At least {LEAST_USERS} are needed.",
        )
    return np.asarray(tested, dtype=np.intp)


def _plan(splits: Sequence[Split], settings: Settings) -> Plan:
    sizes, notes = trained_sizes(settings.train_users, min(len(split.training_users) for split in splits))
    return Plan(tuple(splits), (None,), sizes, tuple(notes))
