"""Fitted models kept between runs, so that the second run on the same files answers at once.

A kept model is found by a hash of everything that could change it: content and names of the files, settings
of data and model, the encoder's id, the version and the code of fewrec. It lies in the cache folder as
``Recommender.save`` writes it. Beyond the allowed size, models that were not used for longest go first.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewrec.errors import FewrecError, StoreError

if TYPE_CHECKING:
    from fewrec.recommender import Recommender

FOLDER = "models-1"  # the number is the version of the layout below
_UNFINISHED = ".unfinished-"  # beginning of the names of models that are just being written
_GIVEN_UP = 86_400  # seconds after which an unfinished model is taken as left behind


def model_key(
    files: Mapping[str, Sequence[str]], data: Mapping[str, Any], model: Mapping[str, Any], encoder_id: str
) -> str | None:
    """32 hexadecimal digits; ``None`` when a file is none that can be read twice (a pipe, or missing).

    ``files``: table -> paths. ``data`` and ``model``: JSON-ready settings.
    """
    hashed: dict[str, list[list[str]]] = {}
    for table, paths in files.items():
        hashed[table] = []
        for path in map(Path, paths):
            if not path.is_file():
                return None
            try:
                with open(path, "rb") as stream:
                    hashed[table].append([path.name, hashlib.file_digest(stream, "sha256").hexdigest()])
            except OSError:
                return None  # reading the table tells in full what is wrong with the file
    parts = {"files": hashed, "data": data, "model": model, "encoder": encoder_id, "code": _code()}
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


@functools.cache  # what is loaded is what counts, even if a file changes while this process runs
def _code() -> list[Any]:
    """The version, with size and time of every source file: a changed checkout keeps its version number."""
    from fewrec.cli.version import fewrec_version

    package = Path(__file__).resolve().parent.parent
    code = sorted(path for path in package.rglob("*.py") if path.parent.name not in ("cli", "samples"))
    stamps = [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in code]
    return [fewrec_version(), hashlib.sha256(json.dumps(stamps).encode()).hexdigest()]


class ModelCache:
    """The models kept in ``root`` (``None``: nothing is kept), at most ``max_bytes`` of them.

    ``tell`` is called with a line whenever something could not be done: a cache that fails is no reason to
    fail.
    """

    def __init__(self, root: Path | None, max_bytes: float, tell: Callable[[str], None]) -> None:
        self.folder = None if root is None or max_bytes <= 0 else root / FOLDER
        self.max_bytes = max_bytes
        self._tell = tell

    def load(self, key: str | None, **more: Any) -> Recommender | None:
        """The model kept under ``key``, or ``None``; ``more``: for ``Recommender.load``. A damaged one is
        told of and deleted."""
        if self.folder is None or key is None or not (self.folder / key).is_dir():
            return None
        from fewrec.recommender import Recommender

        place = self.folder / key
        try:
            model = Recommender.load(place, **more)
        except FewrecError as error:
            self._tell(f"the kept model cannot be used and is fitted anew ({error.message})")
            shutil.rmtree(place, ignore_errors=True)
            return None
        with contextlib.suppress(OSError):  # it then only looks older than it is
            os.utime(place)
        return model

    def keep(self, key: str | None, model: Recommender) -> bool:
        """Whether ``model`` is now kept under ``key``."""
        if self.folder is None or key is None:
            return False
        unfinished: Path | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self.folder))
            model.save(unfinished / "model")
            if _size(unfinished) > self.max_bytes:
                self._tell(
                    f"the model is larger than all kept models may be ({self.max_bytes / 1e6:g} MB, set by "
                    "cache.models_mb); the next run fits it again."
                )
                return False
            try:
                os.rename(unfinished / "model", self.folder / key)
            except OSError:
                if not (self.folder / key).is_dir():  # it is there when another process was quicker
                    raise
            self._evict(key)
            return (self.folder / key).is_dir()
        except (OSError, FewrecError) as error:
            self._tell(f"the fitted model cannot be kept for the next run: {error}")
            return False
        finally:
            if unfinished is not None:
                shutil.rmtree(unfinished, ignore_errors=True)

    def _evict(self, newest: str) -> None:
        """Deletes what was not used for longest until the rest is small enough, and what was left behind."""
        if self.folder is None:
            return
        for path in self.folder.glob(f"{_UNFINISHED}*"):
            if path.stat().st_mtime < time.time() - _GIVEN_UP:
                shutil.rmtree(path, ignore_errors=True)
        sizes = {path: _size(path) for path in self._models()}
        total = sum(sizes.values())
        for path in sorted(sizes, key=lambda path: (path.name == newest, path.stat().st_mtime)):
            if total <= self.max_bytes:
                return
            shutil.rmtree(path, ignore_errors=True)
            total -= sizes[path]

    def _models(self) -> list[Path]:
        if self.folder is None or not self.folder.is_dir():
            return []
        return [path for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith(".")]

    def info(self) -> dict[str, Any]:
        """JSON-ready: ``path``, ``models`` (how many), ``bytes``, ``max_bytes``."""
        models = self._models()
        return {
            "path": "off" if self.folder is None else str(self.folder),
            "models": len(models),
            "bytes": sum(map(_size, models)),
            "max_bytes": int(self.max_bytes),
        }

    def clear(self) -> int:
        """Deletes all kept models; gives back the number of bytes freed. Raises ``StoreError``."""
        if self.folder is None or not self.folder.is_dir():
            return 0
        freed = _size(self.folder)
        try:
            shutil.rmtree(self.folder)
        except OSError as error:
            raise StoreError(
                f"the kept models cannot be deleted: {error.strerror}.",
                where=str(self.folder),
                hint="Mend the rights of the folder.",
            ) from error
        return freed


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # another process may be deleting it
            total += path.stat().st_size if path.is_file() else 0
    return total
