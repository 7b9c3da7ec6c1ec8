"""Where a tuning run stands, on disk: after Ctrl-C or a kill, the same command goes on from the last epoch."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fewrec.persist import read_folder, write_folder

__all__ = ["Checkpoint", "key_of"]

CLASS = "TuningCheckpoint"


class Stateful(Protocol):
    def state(self) -> dict[str, Any]: ...

    def restore(self, state: Mapping[str, Any]) -> None: ...


def key_of(**settings: Any) -> str:
    """One text for all that a run rests on: where it differs, the run starts anew."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Checkpoint:
    """States by name, each in a folder of its own, written whole or not at all; nowhere without a ``folder``.

    None of them is an encoder: `fewrec.encode.resolve` refuses such a folder.
    """

    folder: Path | None
    key: str

    def resume(self, what: str, tuner: Stateful) -> list[list[Any]]:
        """The rows of the last `keep` of this run, with ``tuner`` as it was then; none where there is nothing."""
        if self.folder is None or not (self.folder / what).is_dir():
            return []
        about, arrays, _ = read_folder(self.folder / what)
        if about.get("class") != CLASS or about.get("key") != self.key:
            return []
        tuner.restore(arrays)
        rows: list[list[Any]] = about["rows"]
        return rows

    def keep(self, what: str, tuner: Stateful, rows: list[list[Any]]) -> None:
        if self.folder is not None:
            write_folder(
                self.folder / what, {"class": CLASS, "key": self.key, "rows": rows}, tuner.state(), {}
            )

    def clear(self) -> None:
        """The run is over."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
