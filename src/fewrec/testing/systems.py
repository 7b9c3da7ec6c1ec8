"""The contract of every system that is evaluated, ours and an outsider's, as one function to call in a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fewrec.data import Dataset

FIELDS = ("mean", "low", "high", "probability")


def check_system(make: Callable[[], Any], dataset: Dataset, *, tolerance: float = 1e-6) -> None:
    """Raises `AssertionError` naming the first rule of the contract of `fewrec.evaluate` that ``make()`` breaks.

    ``make`` gives a new system that has not been fitted: ``fit(data)`` and ``score(support)``. ``dataset`` has two
    users with two interactions each at least.

    The rules: fitting leaves the data as they are, and begins anew each time; scores are numbers, one for each of
    ``data.items``, never infinite, NaN for "no idea"; asking changes neither the system nor the support; the order in
    which a support is named does not matter. Checked where there are such methods: ``score_many`` gives what ``score``
    gives alone (within ``tolerance`` times the largest score); of ``predict(support=...)`` probabilities lie between 0
    and 1 and means inside their intervals.

    Use it in a test: ``def test_contract(): check_system(MySystem, my_data)``.
    """
    users = [user for user in dataset.users.ids if len(dataset.history(user)) > 1]
    _rule(len(users) > 1, "the data set needs two users with two interactions each")
    supports: list[dict[Any, float]] = [dict(list(dataset.history(user).items())[:3]) for user in users[:5]]
    supports.append({})
    kept = [dict(support) for support in supports]
    before = dataset.fingerprint
    system = _fitted(make(), dataset)
    _rule(dataset.fingerprint == before, "fit must leave the data as they are")
    first = _scores(system, supports, len(dataset.items))
    _rule(kept == supports, "asking must not change the support")
    again = _scores(system, supports, len(dataset.items))
    _rule(_same(again, first), "asking must not change the system")
    turned = [dict(reversed(list(support.items()))) for support in supports]
    _rule(_same(_scores(system, turned, len(dataset.items)), first), "the order of a support must not matter")
    if callable(getattr(system, "score_many", None)):
        many = np.asarray(system.score_many(supports), dtype=np.float64)
        _rule(many.shape == first.shape, f"score_many must give {first.shape}, not {many.shape}")
        close = tolerance * max(float(np.nanmax(np.abs(first), initial=0.0)), 1.0)
        _rule(
            np.allclose(many, first, rtol=0, atol=close, equal_nan=True),
            "a batch must give what its rows give alone",
        )
    if callable(getattr(system, "predict", None)):
        for support in supports:
            _check_prediction(system.predict(support=support), len(dataset.items))
    part = dataset.only(dataset.interactions.user_index != dataset.users.index(users[0]))
    _fitted(system, part)
    moved = _scores(system, supports, len(dataset.items))
    fresh = _scores(_fitted(make(), part), supports, len(dataset.items))
    _rule(_same(moved, fresh), "fit must begin anew: what an earlier fit learned must be gone")


def _fitted(system: Any, data: Dataset) -> Any:
    system.fit(data)
    return system


def _scores(system: Any, supports: list[dict[Any, float]], items: int) -> np.ndarray:
    """(B, I), one by one."""
    rows = [np.asarray(_asked(system, support), dtype=np.float64) for support in supports]
    for row in rows:
        _rule(row.shape == (items,), f"score must give ({items},), one number an item, not {row.shape}")
        _rule(not np.isinf(row).any(), "a score must not be infinite; NaN is no idea")
    return np.stack(rows)


def _asked(system: Any, support: Mapping[Any, float]) -> Any:
    return system.score(support, {}) if getattr(system, "wants_attributes", False) else system.score(support)


def _check_prediction(found: Any, items: int) -> None:
    told = {
        name: np.asarray(getattr(found, name), dtype=np.float64) for name in FIELDS if hasattr(found, name)
    }
    for name, row in told.items():
        _rule(row.shape == (1, items), f"{name} must be (1, {items}), not {row.shape}")
    if "probability" in told:
        said = told["probability"][~np.isnan(told["probability"])]
        _rule(bool(((said >= 0) & (said <= 1)).all()), "a probability must lie between 0 and 1")
    if {"mean", "low", "high"} <= set(told):
        stated = ~np.isnan(told["low"]) & ~np.isnan(told["high"])
        mean, low, high = (told[name][stated] for name in ("mean", "low", "high"))
        _rule(bool(((low <= mean) & (mean <= high)).all()), "a mean must lie inside its interval")


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.array_equal(one, other, equal_nan=True))


def _rule(holds: bool, broken: str) -> None:
    assert holds, broken
