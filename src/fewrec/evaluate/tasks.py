"""Task -> its splits."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fewrec.data import Dataset
from fewrec.errors import ConfigError, DataError
from fewrec.evaluate.settings import Settings
from fewrec.evaluate.splits import Plan, cold_users
from fewrec.evaluate.splitsfile import plan_from
from fewrec.evaluate.warm import cold_items, held_out, later

__all__ = ["plan_of"]

_PLANS: dict[str, Callable[[Dataset, Settings], Plan]] = {
    "cold-users": cold_users,
    "cold-items": cold_items,
    "warm": held_out,
    "time": later,
    "rating": cold_users,
}


def plan_of(
    given: Dataset, data: Dataset, settings: Settings, splits: str | os.PathLike[str] | None
) -> tuple[Settings, Plan]:
    """The splits that the settings ask for, or those of the file ``splits``; and the settings that hold then.

    ``given``: the data as the caller has them; ``data``: the same in canonical order, which positions refer to.
    """
    if settings.task == "rating" and data.feedback.kind != "explicit":
        raise DataError(
            "there are no ratings to foretell.",
            where="evaluate",
            hint='Choose another task, or name the column of ratings: columns={"rating": ...}.',
        )
    if splits is not None:
        plan = plan_from(splits, data, given.users.ids, settings)
    elif settings.task in _PLANS:
        plan = _PLANS[settings.task](data, settings)
    else:
        raise ConfigError(
            f"the task {settings.task!r} needs a file.",
            where="splits",
            hint="Name one with splits=FILE: see the docs.",
        )
    plan = replace(plan, notes=(*plan.notes, *_all_listed(plan, len(data.items), settings)))
    return replace(settings, seeds=len(plan.splits)), plan


def _all_listed(plan: Plan, items: int, settings: Settings) -> list[str]:
    """A note where every list holds all that could be in it, so that its marks say little."""
    shown = plan.k_shots[0]
    most = max(
        items - len(case.support[:shown])
        if case.candidates is None
        else len(np.setdiff1d(case.candidates, case.support[:shown]))
        for split in plan.splits
        for case in split.cases
    )
    if settings.task == "rating" or most > settings.n:
        return []
    return [
        f"a list of {settings.n} holds all that can be in it, {most} items: recall and hit are 1 whatever the system, "
        "and random order looks good, too." + (f" Choose n below {most}." if most > 1 else "")
    ]
