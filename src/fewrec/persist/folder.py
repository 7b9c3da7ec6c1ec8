"""Writing and reading a saved folder as a whole: all of it or nothing."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from fewrec.errors import FewrecWarning, StoreError
from fewrec.persist import manifest as manifests
from fewrec.persist.arrays import Array, read_arrays, write_arrays
from fewrec.persist.manifest import FORMAT_VERSION, Manifest
from fewrec.persist.place import beside, check_target, stamp, sweep, take_place
from fewrec.persist.tables import read_table, table_bytes

__all__ = ["FORMAT_VERSION", "read_folder", "read_manifest", "write_folder"]

Arrays = dict[str, Array]
Tables = dict[str, dict[str, list[Any]]]

_ARRAYS = "arrays.npz"


def write_folder(
    folder: str | os.PathLike[str],
    manifest: Mapping[str, Any],
    arrays: Mapping[str, Array],
    tables: Mapping[str, Mapping[str, Sequence[Any]]],
) -> Path:
    """Saves all parts under ``folder`` and returns its path.

    ``manifest``: a JSON-ready dict. ``arrays``: name -> ``np.ndarray`` of bool, integers or floats, or a csr
    or csc matrix. ``tables``: name -> column -> cells (str, int, float, bool, ``None``, or lists of these).

    The parts are written to a hidden folder beside it, which then takes the place: whoever reads sees the old
    model or the new one, and a save that is killed leaves the old one. Missing parents are made.

    ``StoreError`` when the folder holds anything but a saved model, when a part cannot be stored, or when the
    disk is full.
    """
    target = Path(os.path.realpath(_path(folder)))  # of a link, the folder it leads to is replaced
    plain = dict(manifest)
    manifests.check_plain(plain, "manifest")
    table_files = _files(tables)
    written = {table_files[name]: table_bytes(name, table) for name, table in tables.items()}
    check_target(target)
    saving = target.with_name(f".{target.name}.saving-{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target)
        saving.mkdir()
        described: dict[str, dict[str, Any]] = {}
        if arrays:
            with open(saving / _ARRAYS, "wb") as file:
                described = write_arrays(file, arrays)
                _flush(file)
        for name, data in written.items():
            _write(saving / name, data)
        files = {}
        for name in sorted([*written, *([_ARRAYS] if arrays else [])]):
            files[name] = {"bytes": (saving / name).stat().st_size, "sha256": _sha256(saving / name)}
        about = {
            name: {
                "file": table_files[name],
                "rows": len(next(iter(table.values()), ())),
                "columns": list(table),
            }
            for name, table in tables.items()
        }
        # The manifest comes last: without it, nothing loads.
        _write(saving / manifests.NAME, Manifest(plain, described, about, files).to_bytes())
        take_place(saving, target)
    except OSError as error:
        raise StoreError(
            f"the model cannot be saved: {error.strerror or error}.",
            where=str(folder),
            hint="The earlier model, if there was one, is untouched.",
        ) from error
    finally:
        shutil.rmtree(saving, ignore_errors=True)
    return target


def _path(folder: Any) -> Path:
    if not isinstance(folder, str | os.PathLike):
        raise StoreError(
            f"{folder!r} is no folder.", where="folder", value=folder, hint='Give a path, such as "model".'
        )
    return Path(folder)


def read_folder(folder: str | os.PathLike[str]) -> tuple[dict[str, Any], Arrays, Tables]:
    """``(manifest, arrays, tables)`` as they were given to ``write_folder``.

    Only files that the manifest names are opened, each is compared with its checksum, and nothing in them is
    run. ``StoreError`` names what is missing or damaged.
    """
    path = _path(folder)
    for _ in range(9):
        before = stamp(path)
        try:
            return _read(path)
        except StoreError:
            # A save that finished meanwhile put other files in place: read those.
            if stamp(path) == before:
                raise
    return _read(path)


def read_manifest(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """The manifest alone, as it was given to ``write_folder``; no other file is opened or checked."""
    return manifests.read(_existing(Path(folder))).model


# -- reading


def _read(path: Path) -> tuple[dict[str, Any], Arrays, Tables]:
    path = _existing(path)
    found = manifests.read(path)
    arrays: Arrays = {}
    contents: dict[str, bytes] = {}
    with ExitStack() as stack:
        # All are opened first: an open file can still be read when a save takes the folder away.
        files = {name: stack.enter_context(_open(path / name)) for name in found.files}
        for name, file in files.items():
            _check_file(path / name, file, found.files[name])
            if name == _ARRAYS:
                arrays = read_arrays(str(path / name), file, found.arrays)
            else:
                contents[name] = file.read()
    tables: Tables = {}
    for name, about in found.tables.items():
        where = str(path / about["file"])
        table = read_table(where, contents[about["file"]])
        rows = len(next(iter(table.values()), ()))
        if list(table) != about["columns"] or rows != about["rows"]:
            raise StoreError("its columns or rows are not those of the manifest.", where=where)
        tables[name] = table
    return found.model, arrays, tables


def _existing(path: Path) -> Path:
    """``path``, or the earlier model where a save was killed between taking the old one away and putting the
    new one in place."""
    asides: list[Path] = []
    for wait in (0.0, 0.02, 0.08, 0.4):  # that moment is short: another process may be about to end it
        time.sleep(wait)
        if os.path.isdir(path):
            return path
        if os.path.exists(path):
            raise StoreError("this is a file; a saved model is a folder.", where=str(path))
        asides = beside(Path(os.path.realpath(path)), "replaced")
        if not asides and not os.path.isdir(path):
            raise StoreError(
                "there is no such folder.", where=str(path), hint="Give the folder that a model was saved to."
            )
    warnings.warn(
        f"{path}: an interrupted save left the earlier model in {asides[-1].name}; that one is read.",
        FewrecWarning,
        stacklevel=4,
    )
    return asides[-1]


def _open(path: Path) -> io.BufferedReader:
    try:
        return open(path, "rb")
    except FileNotFoundError:
        raise StoreError(
            "this part of the model is missing.", where=str(path), hint="Save the model anew."
        ) from None
    except OSError as error:
        raise StoreError(f"the file cannot be read: {error.strerror or error}.", where=str(path)) from error


def _check_file(path: Path, file: io.BufferedReader, about: Mapping[str, Any]) -> None:
    """``StoreError`` unless length and checksum are right; the file is then at its start again."""
    size = os.fstat(file.fileno()).st_size
    if size != about["bytes"]:
        raise StoreError(
            f"the file has {size} bytes instead of {about['bytes']}.",
            where=str(path),
            hint="Was it cut off or edited? Save the model anew.",
        )
    if hashlib.file_digest(file, "sha256").hexdigest() != about["sha256"]:
        raise StoreError(
            "the file is not the one that was saved: its checksum differs.",
            where=str(path),
            hint="Was it damaged or edited? Save the model anew.",
        )
    file.seek(0)


# -- writing


def _files(tables: Mapping[str, Any]) -> dict[str, str]:
    """Table -> its file inside the folder."""
    files: dict[str, str] = {}
    for name in tables:
        file = f"tables/{re.sub(r'[^A-Za-z0-9_]+', '-', name).strip('-')}.jsonl" if type(name) is str else ""
        if file in ("", "tables/.jsonl") or file.casefold() in {other.casefold() for other in files.values()}:
            raise StoreError(
                f"{name!r} cannot name a table.",
                where="tables",
                value=name,
                hint="Names differ in letters or digits.",
            )
        files[name] = file
    return files


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
        _flush(file)


def _flush(file: IO[bytes]) -> None:
    """Onto the disk, so that a power cut cannot leave a renamed folder with empty files."""
    file.flush()
    os.fsync(file.fileno())


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
