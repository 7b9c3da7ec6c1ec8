"""All systems by name, where they come from, and which of them can run here."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

from fewrec.evaluate import register_system

__all__ = ["SYSTEMS", "System", "installed", "register"]


@dataclass(frozen=True)
class System:
    """One system: where its class is, and the package it needs."""

    name: str
    module: str
    kind: str
    package: str = ""  # import name; "" for what fewrec itself brings
    requirement: str = ""  # how the package is called where it is installed from
    ratings: bool = False  # learns from ratings alone

    @property
    def there(self) -> bool:
        return not self.package or importlib.util.find_spec(self.package) is not None

    def make(self) -> Any:
        return getattr(importlib.import_module(self.module), self.kind)()


_OURS, _TEXTBOOK = "fewrec.evaluate.baselines", "fewrec.evaluate.textbook"
_IMPLICIT, _LENSKIT = "benchmarks.peers.with_implicit", "benchmarks.peers.with_lenskit"

SYSTEMS: tuple[System, ...] = (
    System("random", _OURS, "Random"),
    System("popularity", _OURS, "Popularity"),
    System("text", _OURS, "Text"),
    System("encoder-text", "benchmarks.peers.encoder_text", "EncoderText"),
    System("user-knn", _TEXTBOOK, "UserKnn"),
    System("ease", _TEXTBOOK, "Ease"),
    System("implicit-ials", _IMPLICIT, "Ials", "implicit", "implicit"),
    System("implicit-bpr", _IMPLICIT, "Bpr", "implicit", "implicit"),
    System("implicit-item-knn", _IMPLICIT, "ItemKnn", "implicit", "implicit"),
    System("lightfm", "benchmarks.peers.with_lightfm", "LightFm", "lightfm", "lightfm-next"),
    System("lenskit-ials", _LENSKIT, "Ials", "lenskit", "lenskit"),
    System("lenskit-user-knn", _LENSKIT, "UserKnn", "lenskit", "lenskit"),
    System("lenskit-item-knn", _LENSKIT, "ItemKnn", "lenskit", "lenskit"),
    System("lenskit-biased-mf", _LENSKIT, "BiasedMf", "lenskit", "lenskit", ratings=True),
)
"""RecTools is not among them: its release of today refuses NumPy 2, and what it has of its own beside sequence models
(EASE, PureSVD, nearest neighbours by implicit, LightFM) is here already."""


def installed() -> tuple[list[System], list[str]]:
    """``(the systems that can run, one sentence for each package that is missing)``."""
    missing: dict[str, list[str]] = {}
    for system in SYSTEMS:
        if not system.there:
            missing.setdefault(system.requirement, []).append(system.name)
    said = [
        f"{package} is not installed; left out: {', '.join(names)}." for package, names in missing.items()
    ]
    return [system for system in SYSTEMS if system.there], said


def register() -> list[str]:
    """Makes every peer that is installed known to ``fewrec.evaluate`` by its name; gives back the names."""
    there = [system for system in installed()[0] if system.module.startswith("benchmarks.")]
    for system in there:
        register_system(system.name, system.make)
    return [system.name for system in there]
