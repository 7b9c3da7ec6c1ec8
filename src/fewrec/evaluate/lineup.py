"""Who takes part: systems by name, the baselines that always come first, and what stands beside them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fewrec.errors import ConfigError
from fewrec.evaluate.baselines import ItemMean, Popularity, Random, Text, UserMean
from fewrec.evaluate.settings import Settings
from fewrec.evaluate.systems import WithAttributes, is_factory
from fewrec.evaluate.textbook import Ease, UserKnn
from fewrec.evaluate.world import World
from fewrec.recommender import Recommender

__all__ = ["BASELINES", "Lineup", "lineup", "must_beat", "register_system", "system_names"]

Factory = Callable[[], Any]

BASELINES: dict[str, Factory] = {
    "random": Random,
    "popularity": Popularity,
    "item-mean": ItemMean,
    "user-mean": UserMean,
    "text": Text,
}
"""What everybody has to beat."""

_SYSTEMS: dict[str, Factory] = {
    **BASELINES,
    "user-knn": UserKnn,
    "ease": Ease,
    "fewrec": Recommender,
    "fewrec-attributes": WithAttributes,
}


def register_system(name: str, make: Factory) -> None:
    """Makes ``make()`` known as ``name``, for ``systems=[name]`` and ``--systems name``."""
    _SYSTEMS[name] = make


def system_names() -> list[str]:
    """The names that can be asked for."""
    return list(_SYSTEMS)


@dataclass(frozen=True)
class Lineup:
    """Name -> system, baselines first; and which of them were given as objects, so that nobody vouches for them."""

    systems: dict[str, Any]
    given: tuple[str, ...]

    def described(self) -> dict[str, str]:
        """Each system in words that change when it does, as far as one can see from outside."""
        return {name: in_words(system) for name, system in self.systems.items()}


def lineup(
    systems: Sequence[str] | Mapping[str, Any] | None,
    fewrec: Recommender | None,
    world: World,
    settings: Settings,
) -> Lineup:
    """``None``: the usual baselines and fewrec. A mapping: the baselines, and what it holds (objects, or names). Names:
    these, and the one that all must beat. ``fewrec``: what is behind that name. Raises ``ConfigError``."""
    if systems is None:
        systems = [*usual_baselines(world, settings), *ours(world, settings)]
    if isinstance(systems, Mapping):
        wanted = {**{name: name for name in usual_baselines(world, settings)}, **systems}
    else:
        names = [systems] if isinstance(systems, str) else list(systems)
        wanted = {name: name for name in (must_beat(settings), *names)}
    for name in wanted:
        if not isinstance(name, str) or not name.strip():
            raise ConfigError(
                f"{name!r} is no name.", where="systems", value=name, hint="Name each system by a text."
            )
    ready = {} if fewrec is None else {"fewrec": fewrec, "fewrec-attributes": WithAttributes(fewrec)}
    order = [
        *(name for name in BASELINES if name in wanted),
        *(name for name in wanted if name not in BASELINES),
    ]
    found = {name: _made(name, wanted[name], ready) for name in order}
    return Lineup(found, tuple(name for name in order if not isinstance(wanted[name], str)))


def usual_baselines(world: World, settings: Settings) -> list[str]:
    """Those for which the data hold something."""
    if settings.task == "rating":
        return ["item-mean", "user-mean"]
    explicit = world.data.feedback.kind == "explicit"
    possible = {"random": True, "popularity": True, "item-mean": explicit, "text": world.words.nnz > 0}
    return [name for name, there in possible.items() if there]


def ours(world: World, settings: Settings) -> list[str]:
    """fewrec, and where something is known of users, fewrec that is told of it."""
    told = settings.task == "cold-users" and world.data.user_features[0].nnz > 0
    return ["fewrec", "fewrec-attributes"] if told else ["fewrec"]


def must_beat(settings: Settings) -> str:
    """The baseline that is always there, and that a system is flagged for not beating."""
    return "item-mean" if settings.task == "rating" else "popularity"


def _made(name: str, wanted: Any, ready: Mapping[str, Any]) -> Any:
    if isinstance(wanted, str):
        return ready[wanted] if wanted in ready else _by_name(wanted)
    if is_factory(wanted) and not isinstance(wanted, type):
        return wanted
    for method in ("fit", "score"):
        if not callable(getattr(wanted, method, None)):
            raise ConfigError(
                f"a {type(wanted).__name__} has no method {method}.",
                where=f"systems[{name!r}]",
                hint="A system has fit(data) and score(support) -> (I,) numbers. Give one, its class, or its maker.",
            )
    return wanted


def _by_name(name: str) -> Any:
    if name not in _SYSTEMS:
        near = difflib.get_close_matches(name, _SYSTEMS, 1, 0.4)
        known = f"Systems: {', '.join(_SYSTEMS)}; or give an object with fit and score."
        raise ConfigError(
            f"there is no system {name!r}.",
            where="systems",
            value=name,
            hint=f"Did you mean {near[0]}? {known}" if near else known,
        )
    return _SYSTEMS[name]()


def in_words(system: Any) -> str:
    """What a system is: settings of fewrec, what a built-in one does, the class of any other."""
    kind = system if is_factory(system) else type(system)
    if isinstance(system, Recommender):
        encoder = system.encoder if isinstance(system.encoder, str) else type(system.encoder).__name__
        chosen = system.signals
        signals = (
            chosen
            if isinstance(chosen, str)
            else [one if isinstance(one, str) else one.name for one in chosen]
        )
        return (
            f"Recommender(encoder={encoder!r}, signals={signals!r}, tune={system.tune}, seed={system.seed}, "
            f"s={system.s})"
        )
    first = (kind.__doc__ or "").partition("\n")[0]
    if isinstance(system, WithAttributes):
        return f"{first} {in_words(system.model)}"
    return (
        first if kind.__module__.startswith("fewrec.evaluate.") else f"{kind.__module__}.{kind.__qualname__}"
    )
