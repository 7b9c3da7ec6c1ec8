"""Vectors kept on disk, by encoder id and content of the text.

One SQLite file, because it gives for nothing what shard files would have to be taught: two processes may
write at once, a killed process leaves no half-written batch, single vectors can be evicted, and there is one
file to delete. Looking up 10,000 vectors of 512 columns takes some 0.05 s.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fewrec.errors import ConfigError, FewrecWarning, StoreError

FILE_NAME = "vectors-1.sqlite"  # the number is the version of the tables below
DEFAULT_MAX_BYTES = 1_000_000_000
_PAGE = 8192  # three 512-column vectors fit on a page
_WAIT_SECONDS = 30.0  # how long one process waits for another that is writing

_TABLES = """
CREATE TABLE IF NOT EXISTS encoders (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS vectors (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- rises with age, so the smallest are the oldest
    encoder INTEGER NOT NULL,
    text BLOB NOT NULL,                        -- SHA-256 of the text
    vector BLOB NOT NULL,                      -- float32, little-endian
    UNIQUE (encoder, text)
);
"""


def cache_folder() -> Path | None:
    """Where the cache lives: ``FEWREC_CACHE``, else the platform's folder for caches; ``None`` if switched
    off.

    ``FEWREC_CACHE=off`` switches it off. The platform's folder is ``%LOCALAPPDATA%\\fewrec\\cache`` on
    Windows, ``~/Library/Caches/fewrec`` on a Mac, else ``$XDG_CACHE_HOME/fewrec`` or ``~/.cache/fewrec``.
    """
    chosen = os.environ.get("FEWREC_CACHE", "").strip()
    if chosen:
        return None if chosen.lower() == "off" else Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "fewrec" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "fewrec"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fewrec"


def text_key(text: str) -> bytes:
    """SHA-256 of the text: 32 bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True)
class CacheInfo:
    """What the cache holds: ``bytes`` on disk, and ``encoders``, vectors by encoder id."""

    path: str
    vectors: int
    bytes: int
    max_bytes: int
    encoders: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class VectorCache:
    """A bounded store of vectors in ``folder`` (default: `cache_folder`).

    At most about ``max_bytes`` on disk: beyond that the vectors stored longest ago go first. A folder that
    cannot be used gives one `FewrecWarning`, and the cache then holds nothing; work goes on without it.
    Objects may be shared by threads and survive a fork: every call opens the file for itself.
    """

    def __init__(
        self, folder: str | os.PathLike[str] | None = None, *, max_bytes: int = DEFAULT_MAX_BYTES
    ) -> None:
        if max_bytes < 1_000_000:
            raise ConfigError(
                f"max_bytes must be at least 1000000, not {max_bytes}.", where="cache", value=max_bytes
            )
        chosen = Path(folder) if folder is not None else cache_folder()
        self.path: Path | None = None if chosen is None else chosen / FILE_NAME
        self.max_bytes = max_bytes
        self._broken = False

    def get(self, encoder_id: str, texts: Sequence[str]) -> dict[int, np.ndarray]:
        """``{position in texts: (D,) float32}`` for the texts that are known."""
        if self.path is None or self._broken or not self.path.exists():
            return {}
        keys = [text_key(text) for text in texts]
        positions: dict[bytes, list[int]] = {}
        for position, key in enumerate(keys):
            positions.setdefault(key, []).append(position)
        found: dict[int, np.ndarray] = {}
        with self._used("read"), self._open() as db:
            row = None
            if _has_tables(db):
                row = db.execute("SELECT number FROM encoders WHERE id = ?", (encoder_id,)).fetchone()
            if row is None:
                return {}
            unique = list(positions)
            for start in range(0, len(unique), 500):  # SQLite takes at least 999 parameters
                part = unique[start : start + 500]
                marks = ",".join("?" * len(part))
                query = f"SELECT text, vector FROM vectors WHERE encoder = ? AND text IN ({marks})"
                for key, blob in db.execute(query, (row[0], *part)):
                    if len(blob) % 4 == 0 and blob:
                        vector = np.frombuffer(blob, dtype="<f4")
                        found.update((position, vector) for position in positions[key])
        return found

    def put(self, encoder_id: str, texts: Sequence[str], vectors: np.ndarray) -> None:
        """Stores one row of ``vectors`` (N, D) for each text, all or none; known texts get the new vector."""
        if self.path is None or self._broken or not len(texts):
            return
        rows = np.ascontiguousarray(vectors, dtype="<f4")
        with self._used("written"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._open() as db:
                db.executescript(_TABLES)
                db.execute("BEGIN IMMEDIATE")  # waits for its turn here, not in the middle of the work
                db.execute("INSERT OR IGNORE INTO encoders (id) VALUES (?)", (encoder_id,))
                (number,) = db.execute("SELECT number FROM encoders WHERE id = ?", (encoder_id,)).fetchone()
                db.executemany(
                    "INSERT OR REPLACE INTO vectors (encoder, text, vector) VALUES (?, ?, ?)",
                    ((number, text_key(text), row.tobytes()) for text, row in zip(texts, rows, strict=True)),
                )
                evicted = self._evict(db)
                db.execute("COMMIT")
                if evicted:
                    db.execute("PRAGMA incremental_vacuum").fetchall()  # gives the room back to the disk

    def _evict(self, db: sqlite3.Connection) -> bool:
        """Drops the oldest vectors until a tenth of the room is free, so that it is not needed every time."""
        size = _bytes_used(db)
        if size <= self.max_bytes:
            return False
        (count,) = db.execute("SELECT count(*) FROM vectors").fetchone()
        surplus = int(np.ceil(count * (1.0 - 0.9 * self.max_bytes / size)))
        db.execute(
            "DELETE FROM vectors WHERE number IN (SELECT number FROM vectors ORDER BY number LIMIT ?)",
            (surplus,),
        )
        return True

    def info(self) -> CacheInfo:
        """What the cache holds now. Raises `StoreError` if the file cannot be read."""
        if self.path is None or not self.path.exists():
            return CacheInfo(str(self.path) if self.path else "off", 0, 0, self.max_bytes, {})
        try:
            with self._open() as db:
                query = (
                    "SELECT id, count(*) FROM vectors JOIN encoders ON encoders.number = vectors.encoder"
                    " GROUP BY id ORDER BY id"
                )
                counts = dict(db.execute(query).fetchall()) if _has_tables(db) else {}
        except (sqlite3.Error, OSError) as error:
            raise _unreadable(self.path, error) from error
        size = sum(p.stat().st_size for p in _files(self.path) if p.exists())
        return CacheInfo(str(self.path), sum(counts.values()), size, self.max_bytes, counts)

    def clear(self) -> int:
        """Deletes the whole cache, a damaged one too; gives back the number of bytes freed."""
        if self.path is None:
            return 0
        freed = 0
        for path in _files(self.path):
            try:
                size = path.stat().st_size
                path.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StoreError(
                    f"the cache cannot be deleted: {error.strerror}.",
                    where=str(path),
                    hint="Close the programs that use it, or mend the rights of its folder.",
                ) from error
            freed += size
        self._broken = False
        return freed

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(str(self.path), timeout=_WAIT_SECONDS, isolation_level=None)
        try:
            db.execute(f"PRAGMA page_size = {_PAGE}")  # this and the next act on a new file only
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            # With a write-ahead log readers do not wait for a writer; NORMAL may lose the last batches when
            # the power fails, never the file.
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            yield db
        finally:
            db.close()

    @contextlib.contextmanager
    def _used(self, verb: str) -> Iterator[None]:
        """Turns a failure of the store into one visible warning; the cache is not used any more then."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            self._broken = True
            warnings.warn(
                f"the vector cache {self.path} cannot be {verb} ({error}); going on without it. "
                "Clear it with `fewrec cache clear`, or choose another folder with FEWREC_CACHE.",
                FewrecWarning,
                stacklevel=5,
            )


def _has_tables(db: sqlite3.Connection) -> bool:
    """False for a file that another process is just about to fill for the first time."""
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'vectors'").fetchone() is not None


def _bytes_used(db: sqlite3.Connection) -> int:
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _files(path: Path) -> list[Path]:
    return [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]


def _unreadable(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"the vector cache cannot be read ({error}).",
        where=str(path),
        hint="Delete it with `fewrec cache clear`; it will be filled again.",
    )
