"""A database as this room needs it: short reads, and writes that are kept once they have returned.

Plain SQL on the standard library's sqlite3, or on psycopg 3: the statements are few and the same for both (both know
``ON CONFLICT``), so a layer between would add a dependency and take away the sight of what is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from fewrec.errors import ConfigError
from fewrec.store.failures import UNKNOWN_URL

__all__ = ["Backend", "Session", "open_backend"]

Row = tuple[Any, ...]


class Session(Protocol):
    """One transaction. Placeholders are ``?`` in every dialect."""

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Rows changed by one statement."""

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Rows changed by one statement, run for each of ``rows``."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a SELECT."""

    def stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        """The rows of a SELECT, a few thousand at a time in memory."""


class Backend(Protocol):
    """A place for rows."""

    dialect: str  # "sqlite" or "postgresql"
    url: str  # without a password

    def read(self) -> AbstractContextManager[Session]:
        """A session that sees one state of the database, and changes nothing."""

    def rows(self, sql: str, values: Sequence[Any] = (), *, wait: bool = True) -> list[Row]:
        """All rows of a single SELECT, which needs no transaction around it to see one state. Without ``wait``
        ``BlockingIOError`` where a network, or whoever else uses the database, would have to be waited for."""

    def write(self) -> AbstractContextManager[Session]:
        """A session that is kept as a whole when the block ends, and forgotten as a whole when it raises."""

    def close(self) -> None:
        """Lets go of all connections."""


def open_backend(url: str) -> Backend:
    """The database at ``url``: ``sqlite:///FILE``, ``sqlite://`` (in memory) or ``postgresql://...``."""
    if url.startswith("sqlite://"):
        from fewrec.store.sqlite import SQLite

        return SQLite(url)
    if url.startswith(("postgresql://", "postgres://")):
        from fewrec.store.postgresql import PostgreSQL

        return PostgreSQL(url)
    raise ConfigError(
        f"{url.partition(':')[0]!r} is no kind of database that fewrec knows.",
        where="database",
        value=url.partition(":")[0],
        hint=UNKNOWN_URL,
    )
