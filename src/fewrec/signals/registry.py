"""Signals by name: ours are registered through the same function as an outsider's."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence

from fewrec.errors import ConfigError
from fewrec.signals.base import Signal
from fewrec.signals.factors import ImplicitFactors, RatingFactors
from fewrec.signals.habits import Exposure, GraphMet, GraphNarrow, GraphWide, MetTogether, TextEase, TextGraph
from fewrec.signals.popularity import Popularity
from fewrec.signals.portrait import Portrait
from fewrec.signals.sparse import Sparse
from fewrec.signals.taste import TasteMatch
from fewrec.signals.text import (
    DescriptionSimilarity,
    Dislike,
    NearestText,
    SharedNames,
    TextSimilarity,
    WordSimilarity,
)

__all__ = ["DEFAULT", "known_signals", "register_signal", "resolve_signals"]

_SIGNALS: dict[str, Callable[[], Signal]] = {}

DEFAULT = (
    "popularity",
    "text",
    "description",
    "words",
    "nearest",
    "names",
    "dislike",
    "graph-narrow",
    "graph-wide",
    "text-graph",
    "text-ease",
    "exposure",
    "graph-met",
    "met-together",
    "taste",
    "portrait",
)


def register_signal(name: str, factory: Callable[[], Signal]) -> None:
    """Make ``name`` usable in ``Recommender(signals=[...])``."""
    _SIGNALS[name] = factory


for _signal in (
    Popularity,
    TextSimilarity,
    DescriptionSimilarity,
    WordSimilarity,
    NearestText,
    SharedNames,
    Dislike,
    GraphNarrow,
    GraphWide,
    TextGraph,
    TextEase,
    Exposure,
    GraphMet,
    MetTogether,
    TasteMatch,
    Portrait,
    Sparse,
    ImplicitFactors,
    RatingFactors,
):
    register_signal(_signal.name, _signal)


def resolve_signals(signals: str | Sequence[str | Signal]) -> list[Signal]:
    """New signals from ``"default"`` or a list of names and ready objects (``"default"`` may be in it).

    Raises ``ConfigError`` for anything else.
    """
    if not isinstance(signals, Sequence) or isinstance(signals, bytes):
        raise ConfigError(
            f"{signals!r} is no list of signals.",
            where="signals",
            value=signals,
            hint=f"Give a list. {_known()}",
        )
    wanted = [signals] if isinstance(signals, str) else list(signals)
    if not wanted:
        raise ConfigError("the list of signals is empty.", where="signals", value=signals, hint=_known())
    result: list[Signal] = []
    for entry in wanted:
        if isinstance(entry, Signal):
            result.append(entry)
        elif isinstance(entry, str) and entry == "default":
            result.extend(_SIGNALS[name]() for name in DEFAULT)
        elif isinstance(entry, str) and entry in _SIGNALS:
            result.append(_SIGNALS[entry]())
        else:
            near = difflib.get_close_matches(str(entry), _SIGNALS, 1)
            guess = f"Did you mean {near[0]!r}? " if near else ""
            raise ConfigError(
                f"there is no signal {entry!r}.", where="signals", value=entry, hint=guess + _known()
            )
    names = [signal.name for signal in result]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(
            f"the signal {twice[0]!r} is named twice.",
            where="signals",
            value=twice[0],
            hint="Name each signal once.",
        )
    return result


def known_signals() -> list[str]:
    """All names that ``Recommender(signals=[...])`` takes, beside "default", in alphabetical order."""
    return sorted(_SIGNALS)


def _known() -> str:
    return f"Signals are: default, {', '.join(known_signals())}; or objects of fewrec.signals.Signal."
