"""What ``Recommender`` and ``fit`` may be given: everything else is refused, and said what there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fewrec.errors import ConfigError

__all__ = ["check_progress", "check_requests", "check_settings"]

ASKED = (
    "user",
    "support",
    "taste",
    "attributes",
    "n",
    "exclude",
    "where",
    "diversity",
    "on_unknown",
    "include_seen",
    "boosts",
    "pinned",
    "explore",
    "explain",
)
"""The arguments of ``recommend``."""


def check_settings(tune: Any, seed: Any, cache: Any, s: Any) -> None:
    """``ConfigError`` for what means nothing; encoder and signals are read when fitting, by their own rooms."""
    if not isinstance(tune, bool):
        _refuse(
            "tune", tune, "is neither True nor False", "Use True to learn weights from the data, or False."
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        _refuse("seed", seed, "is not a seed", "Use an integer from 0 on.")
    if cache is not None and cache != "default" and not (hasattr(cache, "get") and hasattr(cache, "put")):
        hint = 'Use "default", None for nowhere, or fewrec.encode.VectorCache(folder).'
        _refuse("cache", cache, "is no cache", hint)
    if isinstance(s, bool) or not isinstance(s, int) or s < 1:
        _refuse("s", s, "is not a number of features", "Use 1 or more.")


def check_progress(progress: Any) -> None:
    """``ConfigError`` for anything but ``True``, ``False`` and a function."""
    if not isinstance(progress, bool) and not callable(progress):
        hint = "Use True for a bar, False for silence, or a function (what, done, total)."
        _refuse("progress", progress, "is no way to show progress", hint)


def check_requests(requests: Any, common: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The requests of ``recommend_many``; ``ConfigError`` for what is no list of dicts of its arguments."""
    if isinstance(requests, str | bytes | Mapping) or not isinstance(requests, Iterable):
        _refuse("requests", requests, "is no list of requests", 'Give a list of dicts, [{"user": "anna"}].')
    listed = list(requests)
    for at, request in enumerate([common, *listed]):
        where = f"request {at - 1}" if at else "recommend_many"
        if not isinstance(request, Mapping):
            _refuse(where, request, "is no request", 'Give a dict, such as {"user": "anna", "n": 5}.')
        for name in request:
            if name not in ASKED:
                _refuse(where, name, "is no argument of recommend", f"Known are: {', '.join(ASKED)}.")
    return listed


def _refuse(name: str, value: Any, what: str, hint: str) -> None:
    raise ConfigError(f"{value!r} {what}.", where=name, value=value, hint=hint)
