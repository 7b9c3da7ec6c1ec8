"""What every group of settings has: fields that carry their kind, flag and meaning, checked when one is built."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar

from fewrec.config.kinds import Kind

__all__ = ["Section", "about"]


def about(
    kind: Kind, help: str, *, flag: str | None = None, metavar: str | None = None, variable: str | None = None
) -> dict[str, Any]:
    """What a field carries for the other views: ``flag`` on the command line, its ``metavar``, the
    environment ``variable`` where it does not follow from the name."""
    return {"kind": kind, "help": help, "flag": flag, "metavar": metavar, "variable": variable}


class Section:
    """Base of the groups of settings. Values are checked, and brought into normal form, when one is built."""

    section: ClassVar[str]

    def __post_init__(self) -> None:
        for entry in fields(self):  # type: ignore[arg-type]
            value = entry.metadata["kind"].take(getattr(self, entry.name), f"{self.section}.{entry.name}")
            object.__setattr__(self, entry.name, value)
