"""What a setting's value may be: each kind checks a value, and reads one from text.

A kind has two functions. ``take(value, where)`` gives back the value in its normal form. ``read(texts,
where)`` turns the words of a flag, or of an environment variable cut at ";", into a value for ``take``. Both
raise a ``ConfigError`` that names ``where``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NoReturn

from fewrec.errors import ConfigError

SEPARATOR = ";"  # between the parts of an environment variable: no path, name or number holds one


@dataclass(frozen=True)
class Kind:
    """``shape``: "one" value, "several" (a flag may be repeated) or "pairs" (``KEY=VALUE``, repeated)."""

    take: Callable[[Any, str], Any]
    read: Callable[[list[str], str], Any]
    shape: str = "one"
    choices: tuple[str, ...] = ()
    path: bool = False


def refuse(problem: str, where: str, value: Any, hint: str | None) -> NoReturn:
    """Raises ``ConfigError``."""
    raise ConfigError(problem, where=where, value=value, hint=hint)


def shown(value: Any) -> str:
    """A value as messages quote it: text in double quotes, other values plainly."""
    return f'"{value}"' if isinstance(value, str) else str(value)


def digits(text: str) -> str:
    """The text of a number. ``ValueError`` where Python reads one that nobody writes so: " 80", "8_0", "٣٠٠٠"."""
    if not text.isascii() or "_" in text or text != text.strip():
        raise ValueError(text)
    return text


def one_text(*choices: str, optional: bool = False, path: bool = False) -> Kind:
    """A text that is not blank; one of ``choices`` where there are any; ``None`` where ``optional``."""

    def take(value: Any, where: str) -> str | None:
        if value is None and optional:
            return None
        if not isinstance(value, str) or not value.strip():
            refuse(f"{shown(value)} is not a text.", where, value, "Give a text that is not blank.")
        if choices and value not in choices:
            refuse(f"{shown(value)} is not a choice.", where, value, f"Choose one of: {', '.join(choices)}.")
        return value

    return Kind(take, lambda texts, where: texts[-1], choices=choices, path=path)


def number(
    low: float, high: float = math.inf, *, above: bool = False, optional: bool = False, noun: str = "number"
) -> Kind:
    """A finite float from ``low`` (or ``above`` it) to ``high``; ``None`` where ``optional``."""
    start = f"above {low:g}" if above else f"from {low:g}"
    span = start if high == math.inf else f"{start} to {high:g}"
    hint = "Give a number." if low == -math.inf else f"Give a {noun} {span}."

    def take(value: Any, where: str) -> float | None:
        if value is None and optional:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            refuse(f"{shown(value)} is not a number.", where, value, hint)
        if value < low or value > high or (above and value == low):
            refuse(f"{shown(value)} is out of range.", where, value, hint)
        return float(value)

    def read(texts: list[str], where: str) -> float:
        try:
            return float(digits(texts[-1]))
        except ValueError:
            refuse(f"{shown(texts[-1])} is not a number.", where, texts[-1], hint)

    return Kind(take, read)


def whole(low: int, high: int | None = None) -> Kind:
    """An int from ``low`` on, or to ``high``."""
    hint = f"Give a whole number from {low} {'on' if high is None else f'to {high}'}."

    def take(value: Any, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            refuse(f"{shown(value)} is not a whole number.", where, value, hint)
        if value < low or (high is not None and value > high):
            refuse(f"{value} is out of range.", where, value, hint)
        return value

    def read(texts: list[str], where: str) -> int:
        try:
            return int(digits(texts[-1]))
        except ValueError:
            refuse(f"{shown(texts[-1])} is not a whole number.", where, texts[-1], hint)

    return Kind(take, read)


def whole_numbers(low: int, *words: str) -> Kind:
    """A tuple of ints from ``low`` on, or of these ``words``; a single one is a tuple of one. In text: commas."""
    hint = f"Give whole numbers from {low} on" + "".join(f", or {word}" for word in words) + "."

    def take(value: Any, where: str) -> tuple[int | str, ...]:
        listed = [value] if isinstance(value, int | str) else value
        if not isinstance(listed, list | tuple) or not listed:
            refuse(f"{shown(value)} is no list of whole numbers.", where, value, hint)
        for one in listed:
            if one in words:
                continue
            if isinstance(one, bool) or not isinstance(one, int):
                refuse(f"{shown(one)} is not a whole number.", where, one, hint)
            if one < low:
                refuse(f"{one} is out of range.", where, one, hint)
        return tuple(listed)

    def read(texts: list[str], where: str) -> list[int | str]:
        parts = [part.strip() for part in texts[-1].split(",") if part.strip()]
        try:
            return [part if part in words else int(digits(part)) for part in parts]
        except ValueError:
            odd = [part for part in parts if part not in words and not re.fullmatch("[+-]?[0-9]+", part)]
            bad = (odd or [texts[-1]])[0]
            refuse(f"{shown(bad)} is not a whole number.", where, bad, hint)

    return Kind(take, read)


def names(*, empty: bool = False) -> Kind:
    """A tuple of names, or ``None``; a single text is a tuple of one. In text: commas. ``empty``: none will do."""

    def take(value: Any, where: str) -> tuple[str, ...] | None:
        if value is None and not empty:
            return None
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list | tuple) or not all(isinstance(v, str) and v.strip() for v in listed):
            refuse(f"{shown(value)} is not a name.", where, value, "Give a name, or a list of them.")
        if not listed and not empty:
            refuse("no name is given.", where, value, "Give a name, or a list of them.")
        return tuple(listed)

    return Kind(take, lambda texts, where: [part.strip() for part in texts[-1].split(",") if part.strip()])


def day() -> Kind:
    """A date as text, or ``None``; the dates of TOML are read, too."""

    def take(value: Any, where: str) -> str | None:
        text = value.isoformat() if isinstance(value, date | datetime) else value
        if text is not None and (not isinstance(text, str) or not text.strip()):
            refuse(f"{shown(value)} is no date.", where, value, "Write 2024-05-17.")
        return text

    return Kind(take, lambda texts, where: texts[-1])


_YES_NO = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


def yes_no() -> Kind:
    """A bool."""
    hint = "Give true or false."

    def take(value: Any, where: str) -> bool:
        if not isinstance(value, bool):
            refuse(f"{shown(value)} is neither true nor false.", where, value, hint)
        return value

    def read(texts: list[str], where: str) -> bool:
        if texts[-1].strip().casefold() not in _YES_NO:
            refuse(f"{shown(texts[-1])} is neither true nor false.", where, texts[-1], hint)
        return _YES_NO[texts[-1].strip().casefold()]

    return Kind(take, read)


def paths() -> Kind:
    """A tuple of file names; a single text is a tuple of one."""

    def take(value: Any, where: str) -> tuple[str, ...]:
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list | tuple) or not all(isinstance(v, str) and v.strip() for v in listed):
            refuse(
                f"{shown(value)} is not a file name.", where, value, "Give a file name, or a list of them."
            )
        return tuple(listed)

    return Kind(take, lambda texts, where: list(texts), shape="several", path=True)


def _pairs(texts: list[str], where: str, example: str) -> list[tuple[str, str]]:
    split = []
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not key.strip():
            refuse(f"{shown(text)} is not of the form KEY=VALUE.", where, text, f"Write {example}.")
        split.append((key.strip(), value.strip()))
    return split


def columns_by_role() -> Kind:
    """A dict role -> tuple of column names; an empty tuple switches the role off. The data room knows which
    roles there are."""
    hint = 'Give a column name, or a list of them; "" where no column plays the role.'

    def take(value: Any, where: str) -> dict[str, tuple[str, ...]]:
        if not isinstance(value, Mapping):
            refuse(f"{shown(value)} is not a table of roles.", where, value, 'Write { item = "movieId" }.')
        taken = {}
        for role, names in value.items():
            listed = [names] if isinstance(names, str) else names
            if not isinstance(listed, list | tuple) or not all(isinstance(name, str) for name in listed):
                refuse(f"{shown(names)} is not a column name.", f"{where}.{role}", names, hint)
            taken[str(role)] = tuple(name for name in listed if name)
        return taken

    def read(texts: list[str], where: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for role, names in _pairs(texts, where, "item=movieId, or text=title,genres"):
            found.setdefault(role, []).extend(name.strip() for name in names.split(","))
        return found

    return Kind(take, read, shape="pairs")


def weights() -> Kind:
    """A dict event name -> finite weight."""
    one = number(-math.inf)

    def take(value: Any, where: str) -> dict[str, float]:
        if not isinstance(value, Mapping):
            refuse(f"{shown(value)} is not a table of weights.", where, value, "Write { view = 1, buy = 4 }.")
        return {str(name): one.take(weight, f"{where}.{name}") for name, weight in value.items()}

    def read(texts: list[str], where: str) -> dict[str, float]:
        return {name: one.read([text], where) for name, text in _pairs(texts, where, "buy=4")}

    return Kind(take, read, shape="pairs")
