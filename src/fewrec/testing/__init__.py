"""Contract suites that an outsider can run on parts of their own, and small worlds whose answer is known.

``check_encoder``, ``check_signal``, ``check_system`` and ``worlds`` are loaded when they are first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["check_encoder", "check_signal", "check_system", "worlds"]

_HOMES = {"check_encoder": "encoders", "check_signal": "signals", "check_system": "systems"}


def __getattr__(name: str) -> Any:
    if name == "worlds":
        return import_module("fewrec.testing.worlds")
    if name in _HOMES:
        return getattr(import_module(f"fewrec.testing.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
