"""Task -> its splits."""

from __future__ import annotations

import os
from collections.abc import Callable

from fewrec.data import Dataset
from fewrec.evaluate.settings import Settings
from fewrec.evaluate.splits import Plan, cold_users

__all__ = ["plan_of"]

_PLANS: dict[str, Callable[[Dataset, Settings], Plan]] = {"cold-users": cold_users, "rating": cold_users}


def plan_of(
    data: Dataset, settings: Settings, splits: str | os.PathLike[str] | None
) -> tuple[Settings, Plan]:
    """The splits that the settings ask for, or those of the file ``splits``; and the settings that hold then."""
    return settings, _PLANS[settings.task](data, settings)
