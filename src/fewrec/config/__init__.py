"""All settings in one place: names, defaults, ranges, and what each does.

TOML file, environment, flags and these objects are views of one definition; `fewrec.config.sources` lays them
over each other.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar

from fewrec.config.kinds import (
    columns_by_role,
    day,
    names,
    number,
    one_text,
    paths,
    refuse,
    weights,
    whole,
    whole_numbers,
    yes_no,
)
from fewrec.config.section import Section, about
from fewrec.config.service import ServiceSettings


@dataclass(frozen=True)
class DataSettings(Section):
    """What to read, and how."""

    section: ClassVar[str] = "data"
    items: tuple[str, ...] = field(
        default=(),
        metadata=about(
            paths(), "table of items: an id and a title are enough", flag="--items", metavar="FILE"
        ),
    )
    interactions: tuple[str, ...] = field(
        default=(),
        metadata=about(paths(), "who rated, bought or read what", flag="--interactions", metavar="FILE"),
    )
    users: tuple[str, ...] = field(
        default=(),
        metadata=about(paths(), "what is known about the users", flag="--users", metavar="FILE"),
    )
    columns: dict[str, tuple[str, ...]] = field(
        default_factory=dict,
        metadata=about(
            columns_by_role(),
            "the column that plays a role, where it is not found by itself",
            flag="--columns",
            metavar="ROLE=COLUMN",
        ),
    )
    feedback: str = field(
        default="auto",
        metadata=about(
            one_text("auto", "explicit", "implicit"),
            "whether interactions are ratings (explicit) or events (implicit)",
            flag="--feedback",
        ),
    )
    liked_at: float | None = field(
        default=None,
        metadata=about(
            number(-math.inf, optional=True),
            "the rating from which on an item is liked",
            flag="--liked-at",
            metavar="X",
        ),
    )
    events: dict[str, float] = field(
        default_factory=dict,
        metadata=about(
            weights(),
            "weight of a kind of event, beside or instead of the known ones",
            flag="--event",
            metavar="NAME=WEIGHT",
        ),
    )
    half_life: float | None = field(
        default=None,
        metadata=about(
            number(0, above=True, optional=True, noun="number of days"),
            "days after which an interaction counts half",
            flag="--half-life",
            metavar="DAYS",
        ),
    )
    on_bad_row: str = field(
        default="stop",
        metadata=about(
            one_text("stop", "skip"),
            "stop at rows that cannot be used, or leave them out",
            flag="--on-bad-row",
        ),
    )


@dataclass(frozen=True)
class ModelSettings(Section):
    """What is fitted."""

    section: ClassVar[str] = "model"
    encoder: str = field(
        default="default",
        metadata=about(
            one_text(),
            "what turns texts into vectors: a name, a folder, or a file of vectors",
            flag="--encoder",
            metavar="NAME",
        ),
    )
    tune: bool = field(
        default=True,
        metadata=about(yes_no(), "learn the weights of the signals from the data", flag="--tune"),
    )
    seed: int = field(
        default=0, metadata=about(whole(0), "fixes all random choices", flag="--seed", metavar="N")
    )


@dataclass(frozen=True)
class ListSettings(Section):
    """What an answer looks like."""

    section: ClassVar[str] = "list"
    n: int = field(default=10, metadata=about(whole(1), "length of the list", flag="-n", metavar="N"))
    diversity: float = field(
        default=0.0,
        metadata=about(
            number(0, 1),
            "0 ranks by score alone, 1 avoids items that resemble each other",
            flag="--diversity",
            metavar="X",
        ),
    )
    on_unknown: str = field(
        default="raise",
        metadata=about(
            one_text("raise", "warn", "skip"),
            "what to do about ids that are not in the data",
            flag="--on-unknown",
        ),
    )


@dataclass(frozen=True)
class EvaluateSettings(Section):
    """What `fewrec evaluate` measures, and how."""

    section: ClassVar[str] = "evaluate"
    task: str = field(
        default="cold-users",
        metadata=about(
            one_text("cold-users", "cold-items", "warm", "time", "rating", "candidates"),
            "what is asked: cold-users, cold-items, warm, time, rating or candidates",
            flag="--task",
            metavar="TASK",
        ),
    )
    systems: tuple[str, ...] | None = field(
        default=None,
        metadata=about(
            names(), "which systems; fewrec and the baselines by itself", flag="--systems", metavar="NAME,..."
        ),
    )
    k_shot: tuple[int, ...] = field(
        default=(0, 1, 3, 5, 10),
        metadata=about(
            whole_numbers(0),
            "how many interactions of a test user are shown",
            flag="--k-shot",
            metavar="K,...",
        ),
    )
    train_users: tuple[int | str, ...] = field(
        default=("all",),
        metadata=about(
            whole_numbers(1, "all"),
            "how many people there are to learn from, such as 10,50,200,all",
            flag="--train-users",
            metavar="N,...",
        ),
    )
    seeds: int = field(
        default=3, metadata=about(whole(1), "how many random splits", flag="--seeds", metavar="N")
    )
    test_users: int = field(
        default=150,
        metadata=about(whole(5), "test users of a split, at most", flag="--test-users", metavar="N"),
    )
    share: float = field(
        default=0.2,
        metadata=about(
            number(0, 1, above=True),
            "how much is held out: of the items, the interactions or the time",
            flag="--share",
            metavar="X",
        ),
    )
    last: bool = field(
        default=False,
        metadata=about(yes_no(), "task warm: hold out the latest, not a random share", flag="--last"),
    )
    date: str | None = field(
        default=None,
        metadata=about(
            day(),
            "task time: train on what was before it, test on the rest",
            flag="--date",
            metavar="DATE",
        ),
    )
    splits: str | None = field(
        default=None,
        metadata=about(
            one_text(optional=True, path=True),
            "fixed splits, instead of random ones",
            flag="--splits",
            metavar="FILE",
        ),
    )
    workers: int = field(
        default=1,
        metadata=about(whole(1), "processes; they change no number", flag="--workers", metavar="N"),
    )


@dataclass(frozen=True)
class CacheSettings(Section):
    """What is kept between runs."""

    section: ClassVar[str] = "cache"
    folder: str | None = field(
        default=None,
        metadata=about(
            one_text(optional=True, path=True),
            "where vectors and models are kept between runs, or off",
            flag="--cache",
            metavar="FOLDER",
            variable="FEWREC_CACHE",
        ),
    )
    vectors_mb: float = field(
        default=1000.0, metadata=about(number(1), "most megabytes of vectors; the oldest go first")
    )
    models_mb: float = field(
        default=1000.0,
        metadata=about(
            number(0), "most megabytes of fitted models; those unused for longest go first; 0 keeps none"
        ),
    )


@dataclass(frozen=True)
class Config:
    """All settings, by section.

    >>> Config(list=ListSettings(n=5)).to_dict()["list"]
    {'n': 5, 'diversity': 0.0, 'on_unknown': 'raise'}
    """

    data: DataSettings = field(default_factory=DataSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    list: ListSettings = field(default_factory=ListSettings)
    evaluate: EvaluateSettings = field(default_factory=EvaluateSettings)
    cache: CacheSettings = field(default_factory=CacheSettings)
    service: ServiceSettings = field(default_factory=ServiceSettings)

    def __post_init__(self) -> None:
        for name, section in SECTIONS.items():
            if not isinstance(getattr(self, name), section):
                value = getattr(self, name)
                refuse(
                    f"{value!r} is not a {section.__name__}.", name, value, "Use Config.from_dict for dicts."
                )

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """``{section: {name: value}}``, JSON-ready; ``from_dict`` gives it back."""
        return {
            section: {
                entry.name: _plain(getattr(getattr(self, section), entry.name)) for entry in fields(kind)
            }
            for section, kind in SECTIONS.items()
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Config:
        """The inverse of ``to_dict``; what is left out has its default. ``ConfigError`` for an unknown
        section or name (the nearest is named), and for a value out of range."""
        check_names(plain, "the settings")
        return cls(**{name: SECTIONS[name](**values) for name, values in plain.items()})


SECTIONS: dict[str, type[Any]] = {
    section.section: section
    for section in (
        DataSettings,
        ModelSettings,
        ListSettings,
        EvaluateSettings,
        CacheSettings,
        ServiceSettings,
    )
}


def definitions() -> Iterator[tuple[str, Field[Any]]]:
    """``("list.n", field)`` for every setting, in order."""
    for section, kind in SECTIONS.items():
        for entry in fields(kind):
            yield f"{section}.{entry.name}", entry


def default_of(entry: Field[Any]) -> Any:
    """The value that a setting has when nobody says anything."""
    return entry.default if entry.default_factory is MISSING else entry.default_factory()


def check_names(plain: Mapping[str, Any], where: str) -> None:
    """``ConfigError`` for a section or name that does not exist; ``where``: the file, or what holds them."""
    known = {section: [entry.name for entry in fields(kind)] for section, kind in SECTIONS.items()}
    for section, values in plain.items():
        if section not in known:
            homes = [home for home, names in known.items() if section in names]
            hint = (
                f"Write it in the section [{homes[0]}]."
                if homes
                else nearest(section, list(known), "Sections")
            )
            refuse(f"there is no section {section!r}.", where, section, hint)
        if not isinstance(values, Mapping):
            refuse(
                f"{section} is a section, not a value.",
                where,
                values,
                f"Write [{section}] on a line of its own.",
            )
        for name in values:
            if name not in known[section]:
                homes = [home for home, names in known.items() if name in names]
                hint = (
                    f"It belongs in the section [{homes[0]}]."
                    if homes
                    else nearest(name, known[section], "Known")
                )
                refuse(f"there is no setting {section}.{name}.", where, name, hint)


def nearest(name: str, known: list[str], noun: str) -> str:
    """The hint that names what looks like ``name``, or everything there is."""
    near = difflib.get_close_matches(str(name), known, 3, 0.5)
    return f"Nearest: {', '.join(near)}." if near else f"{noun}: {', '.join(known)}."


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [*value]
    if isinstance(value, dict):
        return {key: _plain(cell) for key, cell in value.items()}
    return value
