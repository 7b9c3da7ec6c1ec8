"""PostgreSQL through psycopg 3 (extra ``postgresql``)."""

from __future__ import annotations

import queue
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from fewrec.errors import ConfigError, StoreError
from fewrec.store.failures import StoreBusy, StoreFull, StoreGone

__all__ = ["PostgreSQL"]

Row = tuple[Any, ...]
CONNECTIONS = 8
"""Open at once by one process; more requests than this wait for each other."""

FULL = ("53100", "53200")
BUSY = ("55P03", "40001", "40P01", "57014")


class _Session:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        count: int = self._connection.execute(_dialect(sql), values).rowcount
        return count

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        with self._connection.cursor() as cursor:
            cursor.executemany(_dialect(sql), rows)
            return max(cursor.rowcount, 0)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        found: list[Row] = self._connection.execute(_dialect(sql), values).fetchall()
        return found

    def stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        with self._connection.cursor(name="rows") as cursor:
            cursor.itersize = 2000
            cursor.execute(_dialect(sql), values)
            yield from cursor


class PostgreSQL:
    """A few connections, opened when first needed and used in turn."""

    dialect = "postgresql"

    def __init__(self, url: str, *, busy_seconds: float = 5.0) -> None:
        try:
            import psycopg
        except ModuleNotFoundError as error:
            raise ConfigError(
                "psycopg is not installed.", where="database", hint="pip install 'fewrec[postgresql]'"
            ) from error
        self._psycopg = psycopg
        self._address = url
        self._busy = busy_seconds
        self.url = re.sub(r"//([^:/@]*):[^@]*@", r"//\1:***@", url)
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(CONNECTIONS):
            self._idle.put(None)

    @contextmanager
    def read(self) -> Iterator[_Session]:
        with self._connection("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as connection:
            yield _Session(connection)

    def rows(self, sql: str, values: Sequence[Any] = (), *, wait: bool = True) -> list[Row]:
        if not wait:  # a network lies between
            raise BlockingIOError
        with self.read() as session:
            return session.rows(sql, values)

    @contextmanager
    def write(self) -> Iterator[_Session]:
        with self._connection("BEGIN") as connection:
            yield _Session(connection)

    @contextmanager
    def _connection(self, begin: str) -> Iterator[Any]:
        connection = self._idle.get()
        try:
            with self._told():
                if connection is None or connection.closed:
                    connection = self._psycopg.connect(self._address, autocommit=True, connect_timeout=5)
                    connection.execute(f"SET lock_timeout = {int(self._busy * 1000)}")
                try:
                    connection.execute(begin)
                except self._psycopg.OperationalError:  # the server was restarted while this one lay idle
                    connection.close()
                    connection = self._psycopg.connect(self._address, autocommit=True, connect_timeout=5)
                    connection.execute(begin)
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    with suppress(self._psycopg.Error):
                        connection.execute("ROLLBACK")
                    raise
        finally:
            self._idle.put(connection)

    def close(self) -> None:
        for connection in [self._idle.get() for _ in range(CONNECTIONS)]:
            if connection is not None:
                connection.close()
            self._idle.put(None)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns psycopg's errors into those of the family."""
        try:
            yield
        except self._psycopg.Error as error:
            state = error.sqlstate or ""
            if state in FULL:
                raise StoreFull(
                    "the database is out of room.", where="store", hint="Make room there."
                ) from error
            if state in BUSY:
                raise StoreBusy(
                    f"the rows were locked for more than {self._busy:g} s.",
                    where="store",
                    hint="Send the request again.",
                ) from error
            if isinstance(error, self._psycopg.OperationalError):
                raise StoreGone(
                    "the database cannot be reached.",
                    where="store",
                    hint="Is it running? Send the request again.",
                ) from error
            raise StoreError(
                f"the database failed: {type(error).__name__} {state}.", where="store", hint="See its log."
            ) from error


def _dialect(sql: str) -> str:
    return sql.replace("?", "%s")
