"""How a data set is to be read: the arguments of ``Dataset``, checked once."""

from __future__ import annotations

import datetime
import difflib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from fewrec.data.feedback import event_weights
from fewrec.data.roles import Wishes
from fewrec.data.times import EXAMPLES, parse_times
from fewrec.errors import ConfigError


@dataclass(frozen=True)
class Settings:
    """The arguments of ``Dataset`` other than its tables; ``ConfigError`` for values that mean nothing."""

    columns: dict[str, Any] = field(default_factory=dict)
    feedback: str = "auto"
    liked_at: float | None = None
    events: dict[str, float] | None = None
    half_life: float | None = None
    on_bad_row: str = "stop"
    now: float | None = None

    def __post_init__(self) -> None:
        one_of("feedback", self.feedback, ("auto", "explicit", "implicit"))
        one_of("on_bad_row", self.on_bad_row, ("stop", "skip"))
        if not isinstance(self.columns, Mapping):
            raise ConfigError(
                f"{self.columns!r} is not a dict.", where="columns", hint='Write columns={"item": "movieId"}.'
            )
        object.__setattr__(self, "columns", dict(self.columns))
        if self.liked_at is not None:
            object.__setattr__(self, "liked_at", _number("liked_at", self.liked_at))
        if self.half_life is not None:
            days = _number("half_life", self.half_life)
            if days <= 0:
                raise ConfigError(
                    f"{days:g} is not a half-life.", where="half_life", value=days, hint="Give days above 0."
                )
            object.__setattr__(self, "half_life", days)
        if self.events is not None:
            if not isinstance(self.events, Mapping):
                raise ConfigError(
                    f"{self.events!r} is not a dict.",
                    where="events",
                    hint='Write events={"view": 1, "buy": 4}.',
                )
            checked = {
                str(name): _number(f"events[{str(name)!r}]", weight) for name, weight in self.events.items()
            }
            object.__setattr__(self, "events", checked)
        object.__setattr__(self, "now", _moment(self.now))
        Wishes(self.columns)

    def weights(self) -> dict[str, float]:
        """Event name -> weight, the defaults with ``events`` laid over them."""
        return event_weights(self.events)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; ``from_dict`` gives it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Settings:
        """The inverse of ``to_dict``; ``ConfigError`` for a key that is none of the settings."""
        known = {entry.name for entry in fields(cls)}
        for key in plain:
            if key not in known:
                near = difflib.get_close_matches(key, known, 2, 0.5)
                raise ConfigError(
                    f"{key!r} is not a setting of a data set.",
                    value=key,
                    hint=f"{'Nearest' if near else 'Settings'}: {', '.join(near or sorted(known))}.",
                )
        return cls(**plain)


def checked_settings(given: Mapping[str, Any]) -> Settings:
    """``Settings`` from keyword arguments; ``ConfigError`` for unknown ones and for values that mean
    nothing."""
    return Settings.from_dict({**given, "columns": {} if given.get("columns") is None else given["columns"]})


def one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    """``ConfigError`` unless ``value`` is one of ``allowed``."""
    if value not in allowed:
        quoted = ", ".join(f'"{choice}"' for choice in allowed)
        raise ConfigError(
            f"{value!r} is not a choice.", where=name, value=value, hint=f"Choose one of {quoted}."
        )


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigError(
            f"{value!r} is not a number.", where=name, value=value, hint="Give a finite number."
        )
    return float(value)


def _moment(now: Any) -> float | None:
    if now is None or (isinstance(now, float) and math.isfinite(now)):
        return now
    if isinstance(now, datetime.date):
        now = now.isoformat()
    seconds, bad = parse_times([now])
    if bad[0] or not math.isfinite(seconds[0]):
        raise ConfigError(f"{now!r} is not a time.", where="now", value=now, hint=f"Give {EXAMPLES}.")
    return float(seconds[0])
