"""Finished pieces of an evaluation, each in a file of its own: an interruption loses at most the piece at work."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from fewrec.errors import StoreError
from fewrec.evaluate.jobs import Job, Measured

__all__ = ["Kept", "run_key"]


def run_key(**parts: Any) -> str:
    """A name for everything that decides what comes out: pieces of another run must not be taken for this one's."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


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
        file = self.folder / f"{measured.job.name}.json"
        part = file.with_suffix(".part")
        part.write_text(json.dumps({"run": self.key, "measured": measured.to_dict()}), encoding="utf-8")
        os.replace(part, file)
