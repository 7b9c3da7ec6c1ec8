"""The manifest: what a saved folder is, how it was made, and what every other file in it must look like."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from fewrec.errors import StoreError

NAME = "manifest.json"
FORMAT = "fewrec model"
FORMAT_VERSION = 1  # raised when an older fewrec could not read, or would misread, what is written
_FILE = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)?[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_LARGEST = 50_000_000  # bytes; a manifest has a few thousand


@dataclass(frozen=True)
class Manifest:
    """The content of ``manifest.json``; the keys in the file are those of the fields."""

    model: dict[str, Any]  # what the caller said of the model: class, configuration, encoder, data, numbers
    arrays: dict[str, dict[str, Any]]  # name -> {"kind", "dtype", "shape"}
    tables: dict[str, dict[str, Any]]  # name -> {"file", "rows", "columns"}
    files: dict[str, dict[str, Any]]  # path inside the folder -> {"bytes", "sha256"}

    def to_bytes(self) -> bytes:
        """The file, for people to read."""
        content = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "fewrec_version": library_version(),
            "model": self.model,
            "arrays": self.arrays,
            "tables": self.tables,
            "files": self.files,
        }
        text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)
        # Short lists of numbers stay on one line.
        text = re.sub(
            r"\[\s+((?:-?\d+,\s+)*-?\d+)\s+\]", lambda match: f"[{' '.join(match[1].split())}]", text
        )
        return (text + "\n").encode("utf-8", "surrogatepass")


def library_version() -> str:
    """The installed version of fewrec."""
    try:
        return metadata.version("fewrec")
    except metadata.PackageNotFoundError:  # run from a source tree that was never installed
        return "unknown"


def read(folder: Path) -> Manifest:
    """The manifest of a saved folder; ``StoreError`` when there is none that this version understands."""
    where = str(folder / NAME)
    content = content_of(folder)
    if content is None:
        raise StoreError(
            f"this is no saved model: it holds no {NAME}.",
            where=str(folder),
            hint="Give the folder that a model was saved to.",
        )
    if content.get("format") != FORMAT:
        raise StoreError("this file describes no model of fewrec.", where=where)
    version = content.get("format_version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        newer = isinstance(version, int) and version > FORMAT_VERSION
        writer = content.get("fewrec_version", "an unknown version")
        raise StoreError(
            f"the model is saved in format {version!r}, by fewrec {writer}; "
            f"this fewrec {library_version()} reads format {FORMAT_VERSION}.",
            where=where,
            value=version,
            hint="Install a newer fewrec (pip install --upgrade fewrec), or fit the model anew and save it."
            if newer
            else "Fit the model anew and save it.",
        )
    problem = _problem(content)
    if problem:
        raise StoreError(f"the manifest is damaged: {problem}.", where=where, hint="Save the model anew.")
    return Manifest(content["model"], content["arrays"], content["tables"], content["files"])


def content_of(folder: Path) -> dict[str, Any] | None:
    """The parsed manifest, unchecked; ``None`` where there is no such file."""
    path = folder / NAME
    try:
        if path.stat().st_size > _LARGEST:
            raise StoreError("the manifest is too large to be one.", where=str(path))
        content = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"the manifest cannot be read: {error.strerror}.", where=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise StoreError(
            f"the manifest is damaged: {error}", where=str(path), hint="Save the model anew."
        ) from error
    if not isinstance(content, dict):
        raise StoreError("the manifest is damaged: it is no JSON object.", where=str(path))
    return content


def _problem(content: Mapping[str, Any]) -> str | None:
    """What does not fit, in words."""
    shapes: dict[str, dict[str, type]] = {
        "arrays": {"kind": str, "dtype": str, "shape": list},
        "tables": {"file": str, "rows": int, "columns": list},
        "files": {"bytes": int, "sha256": str},
    }
    if not isinstance(content.get("model"), dict):
        return 'it has no "model"'
    for part, fields in shapes.items():
        if not isinstance(content.get(part), dict):
            return f'it has no "{part}"'
        for name, about in content[part].items():
            for field, kind in fields.items():
                if not isinstance(about, dict) or not isinstance(about.get(field), kind):
                    return f'"{field}" of {name!r} in "{part}" is no {kind.__name__}'
    for name in content["files"]:
        if not _FILE.fullmatch(name):
            return f"{name!r} is no file inside the folder"
    named = {about["file"] for about in content["tables"].values()} | (
        {"arrays.npz"} if content["arrays"] else set()
    )
    lacking = sorted(named - set(content["files"]))
    return f'{lacking[0]!r} is missing in "files"' if lacking else None


def check_plain(value: Any, where: str) -> None:
    """``StoreError`` for what JSON would not give back as it was, with the place where it stands."""
    if isinstance(value, dict):
        for key, part in value.items():
            if type(key) is not str:
                raise StoreError(f"the key {key!r} is no text.", where=where, value=key)
            check_plain(part, f"{where}, {key}")
    elif type(value) is list:
        for at, part in enumerate(value):
            check_plain(part, f"{where}[{at}]")
    elif type(value) is float and value - value != 0:
        raise StoreError(f"{value} cannot be stored.", where=where, hint="Use None for what is not known.")
    elif value is not None and type(value) not in (str, int, float, bool):
        raise StoreError(
            f"a {type(value).__name__} cannot be stored.",
            where=where,
            value=value,
            hint="A manifest holds dicts with text keys, lists, str, int, float, bool and None.",
        )
