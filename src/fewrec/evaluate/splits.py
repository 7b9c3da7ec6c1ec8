"""Who is asked what: splits of a data set into what may be learned from and lists that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fewrec.data import Dataset
from fewrec.errors import DataError
from fewrec.evaluate.settings import LEAST_USERS, Settings
from fewrec.evaluate.twins import twins_of

__all__ = ["Case", "Plan", "Split", "cold_users"]

Id = str | int
Indices = NDArray[np.intp]
FEW = 20
"""Fewer test users of a seed than this make a cell that says next to nothing."""
GAIN = 1.2
"""The largest k goes where so many times more people could be tested without it, and they are few with it."""


@dataclass(frozen=True, eq=False)
class Case:
    """One list that is asked for. Items are positions in ``data.items``."""

    user: Id
    support: Indices  # (S,) in the order in which they are revealed; the first k are shown
    support_values: NDArray[np.float32]  # (S,)
    query: Indices  # (Q,) held out beyond the whole support: the same for every k
    query_values: NDArray[np.float32]  # (Q,)
    relevant: Indices  # (R,) the liked part of the query
    history: int  # interactions of this user in all the data
    candidates: Indices | None = None  # None: the whole catalogue but what is shown
    known: bool = False  # whether the user takes part in training


@dataclass(frozen=True, eq=False)
class Split:
    """One seed: the first n of ``training_users`` (positions in ``data.users``) are the n training users."""

    seed: int
    training_users: Indices
    cases: tuple[Case, ...]
    held_out: NDArray[np.bool_]  # (N,) interactions that nobody may learn from

    def pairs(self, data: Dataset, size: int | None) -> NDArray[np.bool_]:
        """(N,) the interactions that ``size`` training users bring."""
        chosen = np.zeros(len(data.users), dtype=bool)
        chosen[self.training_users[:size]] = True
        return np.asarray(chosen[data.interactions.user_index] & ~self.held_out)


@dataclass(frozen=True, eq=False)
class Plan:
    """All splits of an evaluation and its axes."""

    splits: tuple[Split, ...]
    k_shots: tuple[int | None, ...]  # None: the whole support
    sizes: tuple[int | None, ...]  # training users; None: all
    notes: tuple[str, ...] = field(default=())


class Histories:
    """Every user's interactions as one slice of the arrays of ``data.interactions``."""

    def __init__(self, data: Dataset) -> None:
        self.pairs = data.interactions
        self.bounds = np.searchsorted(self.pairs.user_index, np.arange(len(data.users) + 1))
        self.count = np.diff(self.bounds)

    def rows(self, user: int) -> Indices:
        """Positions in the arrays of the interactions."""
        return np.arange(self.bounds[user], self.bounds[user + 1])

    def case(self, user: Id, support: Indices, query: Indices, *, known: bool = False, history: int = 0,
             candidates: Indices | None = None) -> Case:  # fmt: skip
        """``support`` and ``query``: rows of the interactions."""
        pairs = self.pairs
        return Case(
            user=user,
            support=pairs.item_index[support].astype(np.intp),
            support_values=pairs.value[support],
            query=pairs.item_index[query].astype(np.intp),
            query_values=pairs.value[query],
            relevant=pairs.item_index[query[pairs.liked[query]]].astype(np.intp),
            history=history or len(support) + len(query),
            known=known,
            candidates=candidates,
        )


def need_interactions(data: Dataset, least: int = 1) -> None:
    """``DataError`` where there is nothing to test on."""
    if len(data.interactions) < least or not len(data.users):
        raise DataError(
            "there are no interactions to test on.",
            where="evaluate",
            hint="Give a table of interactions: who rated, bought or read what.",
        )


def cold_users(data: Dataset, settings: Settings) -> Plan:
    """Test users are drawn among those with a liked item beyond the largest k; everybody else may train, but for who
    has nearly the same items as a test user.

    The order in which a test user's interactions are revealed is random. A seed draws at most ``test_users`` and at
    most a third of those who can be tested. Values of k for which fewer than twenty users could be tested, and clearly
    more without them, are left out, with a note.
    """
    need_interactions(data)
    histories = Histories(data)
    orders = {seed: _orders(histories, seed) for seed in range(settings.seeds)}
    notes, k_shots = [], settings.k_shot
    able = _able(histories, orders, max(k_shots), settings)
    while min(map(len, able.values())) < 3 * FEW and len(k_shots) > 1:
        easier = _able(histories, orders, max(k_shots[:-1]), settings)
        left, gained = (min(map(len, users.values())) for users in (able, easier))
        if left and gained < GAIN * left:
            break
        notes.append(f"After {max(k_shots)} shown nothing was measured: {_beyond(left, max(k_shots))}.")
        k_shots, able = k_shots[:-1], easier
    splits, doubles = [], []
    for seed, users in able.items():
        tested = users[: min(settings.test_users, len(users) // 3)]
        if len(tested) < LEAST_USERS:
            mend = "Lower k_shot, or collect more." if max(k_shots) else "Collect more."
            raise DataError(
                f"{_beyond(len(users), max(k_shots))}.",
                where="evaluate",
                value=len(users),
                hint=f"At least {3 * LEAST_USERS} are needed: a third is tested. {mend}",
            )
        twins = twins_of(data, tested, np.setdiff1d(np.flatnonzero(histories.count), tested))
        doubles.append(len(twins))
        splits.append(_strangers(data, histories, seed, (tested, twins), orders[seed], max(k_shots)))
    if any(doubles):
        notes.append(
            f"{max(doubles)} users did not train: they have nearly the same items as a test user, and may be the same "
            "person under another name."
        )
    sizes, more = trained_sizes(settings.train_users, min(len(split.training_users) for split in splits))
    return Plan(tuple(splits), k_shots, sizes, (*notes, *more))


def _beyond(users: int, shown: int) -> str:
    """How many can be tested, as a clause."""
    who = f"only {users} user{'s' if users != 1 else ''}" if users else "nobody"
    has = "has" if users < 2 else "have"
    return f"{who} {has} something to look for" + (
        f" beyond {shown} interaction{'s' if shown != 1 else ''}" if shown else ""
    )


def _orders(histories: Histories, seed: int) -> list[Indices]:
    """Each user's rows in the order of revealing; a user's order depends on nothing but seed and position."""
    return [
        np.random.default_rng((seed, user)).permutation(histories.rows(user))
        for user in range(len(histories.count))
    ]


def _able(
    histories: Histories, orders: dict[int, list[Indices]], shown: int, settings: Settings
) -> dict[int, Indices]:
    """Seed -> users with something to look for beyond the first ``shown``, in random order."""
    liked = histories.pairs.liked

    def enough(rest: Indices) -> bool:
        return len(rest) > 0 if settings.task == "rating" else bool(liked[rest].any())

    found = {}
    for seed, order in orders.items():
        users = [user for user, rows in enumerate(order) if len(rows) > shown and enough(rows[shown:])]
        found[seed] = np.random.default_rng((seed, len(order))).permutation(np.array(users, dtype=np.intp))
    return found


def _strangers(
    data: Dataset,
    histories: Histories,
    seed: int,
    kept_out: tuple[Indices, Indices],
    orders: Sequence[Indices],
    shown: int,
) -> Split:
    """``kept_out``: who is tested, and their twins; neither trains."""
    tested, twins = kept_out
    others = np.setdiff1d(np.flatnonzero(histories.count), np.concatenate([tested, twins]))
    cases = [
        histories.case(data.users.ids[user], orders[user][:shown], orders[user][shown:])
        for user in tested.tolist()
    ]
    held_out = np.isin(histories.pairs.user_index, tested)
    training = np.random.default_rng((seed, len(orders), 1)).permutation(others)
    return Split(seed, training, tuple(cases), held_out)


def trained_sizes(wanted: Sequence[int | None], there: int) -> tuple[tuple[int | None, ...], list[str]]:
    """The numbers of training users that there are enough users for, and notes on those that there are not."""
    kept = tuple(size for size in wanted if size is None or size < there)
    if len(kept) == len(wanted):
        return kept, []
    dropped = ", ".join(str(size) for size in wanted if size not in kept)
    note = f'train_users {dropped} became "all": there are {there} training users.'
    return (*(size for size in kept if size is not None), None), [note]
