"""From marks to the cells of the result: means, errors over users and over seeds, slices, comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.evaluate.catalogue import METRICS, base_name, primary_metrics
from fewrec.evaluate.jobs import Measured
from fewrec.evaluate.lineup import BASELINES
from fewrec.evaluate.measure import Marks
from fewrec.evaluate.settings import Settings, size_name
from fewrec.evaluate.splits import Plan
from fewrec.evaluate.statistics import (
    compare,
    error_over_seeds,
    error_over_users,
    holm,
    verdict,
)

__all__ = ["Group", "cells", "comparisons", "groups", "rounded", "slices", "user_rows"]

Floats = NDArray[np.float64]
DIGITS = 6
"""Of every number in the result: what lies beyond differs between machines, and nobody reads it."""


@dataclass(frozen=True, eq=False)
class Group:
    """One system with one number of training users and of shown interactions, all seeds."""

    system: str
    size: int | None
    k_shot: int | None
    marks: tuple[Marks, ...]  # one a seed
    person: NDArray[np.intp]  # (N,) whose mark it is, all seeds in a row

    def row(self, metric: str) -> Floats | None:
        """(N,) per-user marks, ``None`` where this metric has none."""
        rows = [marks.per_user.get(metric) for marks in self.marks]
        return (
            None
            if any(row is None for row in rows)
            else np.concatenate([row for row in rows if row is not None])
        )

    @property
    def where(self) -> dict[str, Any]:
        """The axes, JSON-ready."""
        return {"train_users": size_name(self.size), "k_shot": self.k_shot}


def groups(plan: Plan, measured: Sequence[Measured]) -> list[Group]:
    """The cells' raw material, in the order of the pieces."""
    users = [[case.user for case in split.cases] for split in plan.splits]
    number: dict[Any, int] = {}
    person = np.array([number.setdefault(user, len(number)) for row in users for user in row], dtype=np.intp)
    pieces: dict[tuple[str, int | None], list[Measured]] = {}
    for piece in measured:
        pieces.setdefault((piece.job.system, piece.job.size), []).append(piece)
    return [
        Group(system, size, k_shot, tuple(piece.marks[at] for piece in found), person)
        for (system, size), found in pieces.items()
        for at, k_shot in enumerate(plan.k_shots)
    ]


def rounded(value: float) -> float | None:
    """JSON-ready: ``None`` for NaN, no negative zero."""
    return None if not np.isfinite(value) else round(float(value), DIGITS) + 0.0


def cells(settings: Settings, found: Sequence[Group]) -> list[dict[str, Any]]:
    """One row for each system, size, k and metric."""
    rows = []
    for group in found:
        names = dict.fromkeys(name for marks in group.marks for name in (*marks.per_user, *marks.whole))
        for metric in sorted(names, key=lambda name: list(METRICS).index(base_name(name))):
            marks = group.row(metric)
            axes = {"task": settings.task, "system": group.system, **group.where, "metric": metric}
            rows.append({**axes, **(_whole(group, metric) if marks is None else _mean(group, metric, marks))})
    return [row for row in rows if row["mean"] is not None]


def _mean(group: Group, metric: str, marks: Floats) -> dict[str, Any]:
    known = ~np.isnan(marks)
    means = [_nanmean(one.per_user[metric]) for one in group.marks]
    return {
        "mean": rounded(_nanmean(marks)),
        "se_users": rounded(error_over_users(marks, group.person)),
        "se_seeds": rounded(error_over_seeds(means)),
        "users": len(np.unique(group.person[known])),
    }


def _whole(group: Group, metric: str) -> dict[str, Any]:
    means = [marks.whole[metric] for marks in group.marks]
    people = len(np.unique(group.person))
    return {
        "mean": rounded(_nanmean(np.array(means))),
        "se_users": None,
        "se_seeds": rounded(error_over_seeds(means)),
        "users": people,
    }


def _nanmean(marks: Floats) -> float:
    known = marks[~np.isnan(marks)]
    return float(known.mean()) if len(known) else float("nan")


def comparisons(settings: Settings, found: Sequence[Group]) -> list[dict[str, Any]]:
    """Every system that is no baseline against every other one (all pairs where there are only baselines), on the
    metrics that matter most in this task; p corrected over all of them together."""
    rows: list[dict[str, Any]] = []
    raw: list[float] = []
    for metric in primary_metrics(settings):
        for mine, theirs in _pairs(found):
            ours, others = mine.row(metric), theirs.row(metric)
            if ours is None or others is None or (met := compare(ours, others, mine.person)) is None:
                continue
            rows.append({
                "system": mine.system, "against": theirs.system, "task": settings.task, **mine.where, "metric": metric,
                "difference": rounded(met.mean), "low": rounded(met.low), "high": rounded(met.high),
                "effect": rounded(met.effect), "p": rounded(met.p), "p_holm": None, "users": met.people,
                "verdict": "",
            })  # fmt: skip
            raw.append(met.p)
    for row, p in zip(rows, holm(raw), strict=True):
        row["p_holm"] = rounded(p)
        better_up = METRICS[base_name(row["metric"])].better == "high"
        row["verdict"] = verdict(row["difference"], p, larger_is_better=better_up)
    return rows


def _pairs(found: Sequence[Group]) -> Iterator[tuple[Group, Group]]:
    order = list(dict.fromkeys(group.system for group in found))
    contenders = [name for name in order if name not in BASELINES]
    for mine in found:
        for theirs in found:
            if (mine.size, mine.k_shot) != (theirs.size, theirs.k_shot) or mine.system == theirs.system:
                continue
            later = order.index(mine.system) > order.index(theirs.system)
            if (mine.system in contenders and (theirs.system in BASELINES or later)) or (
                not contenders and later
            ):
                yield mine, theirs


ACTIVITY = ("few interactions", "some interactions", "many interactions")


def slices(settings: Settings, plan: Plan, found: Sequence[Group]) -> list[dict[str, Any]]:
    """Where a system is good: among items that training met (hot), knows by text alone (warm) or not at all (cold);
    for people with few, some and many interactions in all the data (thirds); for known and for new people."""
    cases = [case for split in plan.splits for case in split.cases]
    history = np.array([case.history for case in cases])
    known = np.array([case.known for case in cases])
    metric = primary_metrics(settings)[0]
    bounds = np.quantile(history, [1 / 3, 2 / 3]) if len(history) else np.zeros(2)
    third = (history > bounds[0]).astype(int) + (history > bounds[1])
    people: Mapping[str, NDArray[np.bool_]] = {
        **{name: third == at for at, name in enumerate(ACTIVITY)},
        **({"known people": known, "new people": ~known} if known.any() and not known.all() else {}),
    }
    rows = []
    for group in found:
        axes = {"task": settings.task, "system": group.system, **group.where}
        for name in ("hot", "warm", "cold"):
            marks = [one.slices.get(name) for one in group.marks]
            if all(row is not None for row in marks):
                recall = np.concatenate([row for row in marks if row is not None])
                rows.append(
                    {
                        **axes,
                        "slice": f"{name} items",
                        "metric": f"recall@{settings.n}",
                        **_slice(recall, group),
                    }
                )
        if (row := group.row(metric)) is None:
            continue
        for name, chosen in people.items():
            part = _slice(np.where(chosen, row, np.nan), group)
            rows.append({**axes, "slice": name, "metric": metric, **part})
    return [row for row in rows if row["users"]]


def _slice(marks: Floats, group: Group) -> dict[str, Any]:
    known = ~np.isnan(marks)
    if not known.any():
        return {"mean": None, "se_users": None, "users": 0}
    error = error_over_users(marks, group.person)
    users = len(np.unique(group.person[known]))
    return {"mean": rounded(_nanmean(marks)), "se_users": rounded(error), "users": users}


def user_rows(settings: Settings, plan: Plan, found: Sequence[Group]) -> Iterator[dict[str, Any]]:
    """One row for each list and metric: what the means are made of."""
    for group in found:
        for split, marks in zip(plan.splits, group.marks, strict=True):
            for metric, row in marks.per_user.items():
                for case, mark in zip(split.cases, row.tolist(), strict=True):
                    yield {
                        "task": settings.task, "system": group.system, **group.where, "seed": split.seed,
                        "user": case.user, "metric": metric, "value": rounded(mark),
                    }  # fmt: skip
