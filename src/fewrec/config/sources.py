"""Settings from a file, the environment and flags, laid over each other; which source won is remembered.

Precedence: flags > environment > file > defaults. Tables (``data.columns``, ``data.events``) are merged key
by key.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewrec.config import Config, check_names, default_of, definitions, nearest, refuse
from fewrec.config.kinds import SEPARATOR
from fewrec.errors import ConfigError

FILE_NAME = "fewrec.toml"
PREFIX = "FEWREC_"
_NOT_SETTINGS = ("FEWREC_OPENAI_BASE_URL", "FEWREC_OPENAI_API_KEY")  # address and secret of an endpoint


@dataclass(frozen=True)
class Resolved:
    """``config``, and ``sources``: "list.n" -> "default", "fewrec.toml", "FEWREC_LIST_N" or "-n".

    A key of a table has its own source: "data.events.buy". ``file`` is the file that was read, or ``None``.
    """

    config: Config
    sources: dict[str, str]
    file: str | None

    def rows(self) -> list[tuple[str, Any, str]]:
        """``(name, value, source)`` for every setting, in order; a table has a row for each of its keys."""
        plain = self.config.to_dict()
        rows: list[tuple[str, Any, str]] = []
        for name, _ in definitions():
            section, _, key = name.partition(".")
            value = plain[section][key]
            if isinstance(value, dict) and value:
                rows += [(f"{name}.{part}", value[part], self.sources[f"{name}.{part}"]) for part in value]
            else:
                rows.append((name, value, self.sources.get(name, "default")))
        return rows


def variable_of(name: str) -> str:
    """The environment variable of a setting: "FEWREC_LIST_N" for "list.n"."""
    entry = dict(definitions())[name]
    return entry.metadata["variable"] or PREFIX + name.replace(".", "_").upper()


def resolve(
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    file: str | os.PathLike[str] | None = None,
) -> Resolved:
    """The settings that hold now.

    ``flags``: "list.n" -> list of texts, or a bool; ``None`` where a flag was not given. ``environment``:
    default ``os.environ``. ``file``: default "fewrec.toml" in the working folder, if it is there.

    Raises ``ConfigError`` for unknown names and for values out of range; it names the source that is to
    blame.
    """
    path, from_file = _from_file(file)
    layers = [
        from_file,
        _from_environment(os.environ if environment is None else environment),
        _from_flags(flags),
    ]
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for layer in layers:
        for name, (value, source) in layer.items():
            if isinstance(value, dict):
                values[name] = {**values.get(name, {}), **value}
                sources.update({f"{name}.{key}": source for key in value})
            else:
                values[name] = value
                sources[name] = source
    plain: dict[str, dict[str, Any]] = {}
    for name, entry in definitions():
        section, _, key = name.partition(".")
        plain.setdefault(section, {})[key] = values.get(name, default_of(entry))
    return Resolved(Config.from_dict(plain), sources, path)


Layer = dict[str, tuple[Any, str]]


def _from_file(file: str | os.PathLike[str] | None) -> tuple[str | None, Layer]:
    path = Path(FILE_NAME if file is None else file)
    if file is None and not path.exists():
        return None, {}
    plain = _read_toml(path)
    label = path.name if path.parent == Path() else str(path)
    check_names(plain, label)
    layer: Layer = {}
    for name, entry in definitions():
        section, _, key = name.partition(".")
        if key in plain.get(section, {}):
            kind = entry.metadata["kind"]
            value = kind.take(plain[section][key], f"{label}, {name}")
            layer[name] = (_beside(value, path.parent) if kind.path else value, label)
    return str(path), layer


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        refuse("the file does not exist.", str(path), str(path), "Name the file of settings with --config.")
    except IsADirectoryError:
        refuse("this is a folder, not a file.", str(path), str(path), f"Name the file: {path / FILE_NAME}.")
    except OSError as error:
        refuse(f"the file cannot be read ({error.strerror}).", str(path), str(path), None)
    except UnicodeDecodeError:
        refuse("the file is not UTF-8 text.", str(path), str(path), "Save it as UTF-8.")
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"this is not valid TOML: {error}.",
            where=str(path),
            hint="Text needs quotes, a section stands in brackets: [list], then n = 5.",
        ) from None


def _beside(value: Any, folder: Path) -> Any:
    """Paths in a file start at the folder of that file."""
    if isinstance(value, tuple):
        return tuple(str(folder / Path(path).expanduser()) for path in value)
    return value if value is None or value == "off" else str(folder / Path(value).expanduser())


def _from_environment(environment: Mapping[str, str]) -> Layer:
    known = {variable_of(name): name for name, _ in definitions()}
    entries = dict(definitions())
    layer: Layer = {}
    for variable in sorted(environment):
        text = environment[variable]
        if not variable.startswith(PREFIX) or variable in _NOT_SETTINGS:
            continue
        if variable not in known:
            refuse("there is no such setting.", variable, variable, nearest(variable, list(known), "Known"))
        if text.strip():  # an empty variable is how shells take one back
            kind = entries[known[variable]].metadata["kind"]
            texts = (
                [text] if kind.shape == "one" else [part for part in text.split(SEPARATOR) if part.strip()]
            )
            value = kind.take(kind.read(texts, variable), variable)
            layer[known[variable]] = (value, variable)
    return layer


def _from_flags(flags: Mapping[str, Any] | None) -> Layer:
    entries = dict(definitions())
    layer: Layer = {}
    for name, given in (flags or {}).items():
        if given is None:
            continue
        metadata = entries[name].metadata
        flag, kind = metadata["flag"], metadata["kind"]
        if isinstance(given, bool):
            layer[name] = (given, flag if given else "--no-" + flag.removeprefix("--"))
        else:
            layer[name] = (kind.take(kind.read(list(given), flag), flag), flag)
    return layer
