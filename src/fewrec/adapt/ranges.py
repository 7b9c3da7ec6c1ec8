"""Numbers of a tuning run that no run could work with are refused when its settings are made."""

from __future__ import annotations

import math
from typing import Any

from fewrec.errors import ConfigError

__all__ = ["at_least_one", "check_ranges"]

COUNTS = (
    "rank",
    "batch_size",
    "steps",
    "items",
    "people",
    "vocabulary",
    "width",
    "layers",
    "heads",
    "tokens",
)
ABOVE = ("learning_rate", "clip")
FROM = ("l2", "weight_decay", "warm_up")


def check_ranges(settings: Any) -> None:
    """Raises ``ConfigError`` for a count below 1, a rate that is not above 0, or a pull below 0."""
    for names, least, kind in (
        (COUNTS, "a whole number from 1 on", lambda x: isinstance(x, int) and x >= 1),
        (ABOVE, "a number above 0", lambda x: math.isfinite(x) and x > 0),
        (FROM, "a number from 0 on", lambda x: math.isfinite(x) and x >= 0),
    ):
        for name in names:
            value = getattr(settings, name, None)
            if value is not None and not kind(value):
                raise ConfigError(f"{name} must be {least}, not {value}.", where="settings", value=value)
    dropout = getattr(settings, "dropout", 0.0)
    if not 0 <= dropout < 1:
        raise ConfigError(
            f"dropout must be a share from 0 to below 1, not {dropout}.", where="settings", value=dropout
        )


def at_least_one(name: str, value: int) -> None:
    """Raises ``ConfigError`` for a count below 1."""
    if value < 1:
        raise ConfigError(
            f"{value} is too few; it is at least 1.",
            where=name,
            value=value,
            hint="Give a whole number from 1 on.",
        )
