"""SQLite: one file with a write-ahead log, or memory."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fewrec.errors import StoreError
from fewrec.store.failures import StoreBusy, StoreFull

__all__ = ["SQLite"]

Row = tuple[Any, ...]
BUSY_SECONDS = 5.0
"""How long a write waits for another process."""

KEPT_READERS = 16
"""Connections that wait for the next reader; more than these are closed after use."""


class _Session:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        return self._connection.execute(sql, values).rowcount

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        return max(self._connection.executemany(sql, rows).rowcount, 0)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._connection.execute(sql, values).fetchall()

    def stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        cursor = self._connection.execute(sql, values)
        while rows := cursor.fetchmany(2000):
            yield from rows


class SQLite:
    """One connection writes, others read, as many as there are readers at once; in memory one does both.

    ``synchronous=FULL``: a write has reached the disk when it returns, so a power cut loses nothing acknowledged. With
    ``NORMAL`` only a crash of the process would be safe.
    """

    dialect = "sqlite"

    def __init__(self, url: str, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.url = url
        path = url.removeprefix("sqlite://").removeprefix("/")
        self._path = None if path in ("", ":memory:") else Path(path)
        self._busy = busy_seconds
        self._lock = threading.RLock()
        self._pool = threading.Lock()  # not the one of the writer: no reader waits for a disk
        self._looking = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        with self._told():
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
            self._looker = self._writer
            if self._path is not None:
                self._looker = self._connect()
                self._looker.execute("PRAGMA busy_timeout=0")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            ":memory:" if self._path is None else str(self._path),
            timeout=self._busy,
            isolation_level=None,  # transactions begin and end where this file says so
            check_same_thread=False,
        )
        if self._path is not None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    @contextmanager
    def read(self) -> Iterator[_Session]:
        if self._path is None:
            with self._lock, self._told():
                yield _Session(self._writer)
            return
        with self._told():
            with self._pool:
                connection = self._idle.pop() if self._idle else None
            connection = connection or self._connect()
            try:
                connection.execute("BEGIN")
                try:
                    yield _Session(connection)
                finally:
                    connection.execute("ROLLBACK")
            except sqlite3.Error:
                connection.close()  # whatever state it is in, nobody else shall have it
                raise
            except BaseException:
                self._put_back(connection)
                raise
            self._put_back(connection)

    def rows(self, sql: str, values: Sequence[Any] = (), *, wait: bool = True) -> list[Row]:
        if not wait:
            return self._glance(sql, values)
        if self._path is None:
            with self.read() as session:
                return session.rows(sql, values)
        with self._told():
            with self._pool:
                connection = self._idle.pop() if self._idle else None
            connection = connection or self._connect()
            try:
                found = connection.execute(sql, values).fetchall()
            except BaseException:
                connection.close()
                raise
            self._put_back(connection)
            return found

    def _glance(self, sql: str, values: Sequence[Any]) -> list[Row]:
        """Rows without waiting, neither for a thread that uses the connection nor for whoever holds the file."""
        lock, connection = (self._lock, self._writer) if self._path is None else (self._looking, self._looker)
        if not lock.acquire(blocking=False):
            raise BlockingIOError
        try:
            return connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:  # whatever it is, who waits is told
            raise BlockingIOError from error
        finally:
            lock.release()

    def _put_back(self, connection: sqlite3.Connection) -> None:
        """Keeps a connection for the next reader. Threads come and go, so none owns one for good."""
        with self._pool:
            if self._closed or len(self._idle) >= KEPT_READERS:
                connection.close()
            else:
                self._idle.append(connection)

    @contextmanager
    def write(self) -> Iterator[_Session]:
        with self._lock, self._told():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield _Session(self._writer)
                self._writer.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # after a full disk SQLite has rolled back by itself
                    self._writer.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock, self._pool, self._looking:
            self._closed = True
            for connection in [self._writer, self._looker, *self._idle]:
                connection.close()
            self._idle.clear()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns SQLite's errors into those of the family."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_FULL:
                raise StoreFull(
                    "the disk is full.", where="store", hint="Make room, then send the request again."
                ) from error
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise StoreBusy(
                    f"the database was locked for more than {self._busy:g} s.",
                    where="store",
                    hint="Another program holds it; send the request again.",
                ) from error
            raise StoreError(
                f"the database failed: {error}.", where="store", hint="See the log of the service."
            ) from error
        except OSError as error:
            raise StoreError(
                f"the database cannot be opened: {error.strerror or error}.",
                where=str(self._path),
                hint="Name a folder that can be written: --data FOLDER, or --database URL.",
            ) from error
