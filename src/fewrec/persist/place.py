"""Putting a finished folder where an earlier model may be, while others read and save.

A folder cannot be replaced in one step on every system. So the earlier model is renamed aside, to
``.NAME.replaced-XXXXXXXX``, the new one is renamed to ``NAME``, and then the earlier one is removed. A reader
that comes between the two renames waits, and a save that is killed there leaves the earlier model where
`beside` finds it.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

from fewrec.errors import StoreError
from fewrec.persist import manifest as manifests

_LEFTOVERS = {".DS_Store", "Thumbs.db", "desktop.ini"}  # what file managers drop into folders
_TRIES = 100  # of a save that others get in the way of
_DAY = 86_400.0  # seconds after which an unfinished save is surely dead


def stamp(path: Path) -> tuple[int, ...] | None:
    """What tells one save from another."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def check_target(target: Path) -> None:
    """``StoreError`` unless ``target`` is free, empty, or a saved model and nothing else."""
    for _ in range(_TRIES):
        before = stamp(target)
        try:
            return _check_folder(target)
        except FileNotFoundError:
            continue  # another save put it away while it was looked at
        except StoreError:
            if stamp(target) == before:  # else another save changed it meanwhile
                raise
    raise _crowded(target)


def _crowded(target: Path) -> StoreError:
    return StoreError("other saves to this folder keep getting in the way.", where=str(target))


def _check_folder(target: Path) -> None:
    if not os.path.lexists(target):
        return
    hint = "Choose another folder, or remove this one yourself."
    if not target.is_dir():
        raise StoreError("a file of this name is in the way.", where=str(target), hint=hint)
    found = {
        path.relative_to(target).as_posix()
        for path in target.rglob("*")
        if path.name not in _LEFTOVERS and (path.is_symlink() or not path.is_dir())
    }
    if not found:
        return
    try:
        content = manifests.content_of(target)
    except StoreError:
        content = None
    if content is None or content.get("format") != manifests.FORMAT:
        raise StoreError(
            "the folder is not empty and no saved model, so it is left alone.", where=str(target), hint=hint
        )
    files = content.get("files")
    foreign = sorted(found - {manifests.NAME} - set(files if isinstance(files, dict) else ()))
    if foreign:
        raise StoreError(
            f"beside the saved model the folder holds {foreign[0]}, which would be lost.",
            where=str(target),
            value=foreign,
            hint="Move that away, or choose another folder.",
        )


def take_place(saving: Path, target: Path) -> None:
    """Renames ``saving`` to ``target``; a model that is there is renamed aside and removed afterwards."""
    asides: list[Path] = []
    try:
        for _ in range(_TRIES):
            check_target(target)
            try:
                os.rename(saving, target)  # works where there is nothing, or (not on Windows) an empty folder
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            aside = target.with_name(f".{target.name}.replaced-{secrets.token_hex(4)}")
            try:
                os.rename(target, aside)
                asides.append(aside)
            except FileNotFoundError:  # another save has just taken it aside
                continue
        raise _crowded(target)
    except BaseException:
        if asides and not target.exists():
            os.rename(asides.pop(), target)
        raise
    finally:
        for aside in asides:
            shutil.rmtree(aside, ignore_errors=True)


def beside(target: Path, what: str) -> list[Path]:
    """Hidden folders of unfinished saves to ``target``, oldest first."""
    pattern = re.compile(re.escape(f".{target.name}.{what}-") + "[0-9a-f]{8}")
    found = []
    with suppress(FileNotFoundError):
        found = [path for path in target.parent.iterdir() if pattern.fullmatch(path.name)]
    return sorted(found, key=lambda path: (stamp(path) or (0, 0))[1])


def sweep(target: Path) -> None:
    """Removes what saves killed long ago have left; an earlier model only where a later one is in place."""
    for what in ("saving", "replaced") if target.exists() else ("saving",):
        for path in beside(target, what):
            with suppress(FileNotFoundError):  # another save has just removed it
                if time.time() - path.stat().st_mtime > _DAY:
                    shutil.rmtree(path, ignore_errors=True)
