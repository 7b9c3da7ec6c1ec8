"""Finished pieces of an evaluation, each in a file of its own: an interruption loses at most the piece at work."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from fewrec.errors import StoreError
from fewrec.evaluate.jobs import Job, Measured

__all__ = ["Kept", "run_key", "write_whole"]


def run_key(**parts: Any) -> str:
    """A name for everything that decides what comes out: pieces of another run must not be taken for this one's."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_whole(file: str | os.PathLike[str], content: bytes, what: str, *, try_only: bool = False) -> Path:
    """Puts ``content`` into ``file``, whole or not at all; gives back its path. ``StoreError`` where that cannot be
    done; then what was there before is untouched. ``what``: what it is, in words. ``try_only``: leaves no trace."""
    path = Path(file)
    part = path.with_name(f".{path.name}.part") if path.name else path
    try:
        part.write_bytes(content)
        if try_only:
            part.unlink()
        else:
            os.replace(part, path)
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        with contextlib.suppress(OSError, ValueError):
            part.unlink()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise StoreError(
            f"{what} cannot be written: {reason}.",
            where=str(file),
            value=str(file),
            hint="Name a file in a folder that exists and that you may write to, on a disk with room.",
        ) from error
    return path


class Kept:
    """The pieces in one folder. ``key``: the run they belong to."""

    def __init__(self, folder: str | os.PathLike[str], key: str) -> None:
        self.folder, self.key = Path(folder), key
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"the folder cannot be made: {error.strerror}.", where=str(folder), hint="Choose another one."
            ) from error

    def read(self, job: Job) -> Measured | None:
        """The piece, if it was finished. ``StoreError`` where it belongs to another run, or is no piece at all."""
        file = self.folder / f"{job.name}.json"
        if not file.exists():
            return None
        try:
            stored = json.loads(file.read_text(encoding="utf-8"))
            key, found = stored["run"], Measured.from_dict(stored["measured"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
            raise StoreError(
                "this is no finished piece of an evaluation.", where=str(file), hint="Delete the file."
            ) from error
        if key != self.key or found.job != job:
            raise StoreError(
                "this piece belongs to an evaluation of other data, settings, systems or versions.",
                where=str(file),
                hint="Choose another folder, or empty this one.",
            )
        return found

    def write(self, measured: Measured) -> None:
        """Puts the piece there, whole or not at all."""
        text = json.dumps({"run": self.key, "measured": measured.to_dict()})
        write_whole(self.folder / f"{measured.job.name}.json", text.encode(), "a finished piece")
