"""The tables, and how an older database becomes a newer one: forwards only, one step a version."""

from __future__ import annotations

from collections.abc import Callable

from fewrec.errors import StoreError
from fewrec.store.backend import Backend, Session
from fewrec.store.search import refill

__all__ = ["MIGRATIONS", "VERSION", "migrate"]

# {id}: text ordered by code point in both dialects, so that pages of a list come in the same order.
MIGRATIONS: tuple[tuple[str | Callable[[Session], None], ...], ...] = (
    (
        "CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
        "INSERT INTO counters VALUES ('data', 0), ('items', 0), ('models', 0), ('keys', 0), ('active', 0)",
        "CREATE TABLE items (id {id} PRIMARY KEY, cells TEXT NOT NULL, seq BIGINT NOT NULL)",
        "CREATE TABLE users (id {id} PRIMARY KEY, cells TEXT NOT NULL, seq BIGINT NOT NULL, born BIGINT NOT NULL)",
        "CREATE TABLE interactions (id {id} PRIMARY KEY, user_id {id} NOT NULL, item_id {id} NOT NULL, "
        "event TEXT NOT NULL, value DOUBLE PRECISION, time DOUBLE PRECISION NOT NULL, seq BIGINT NOT NULL)",
        "CREATE INDEX interactions_user ON interactions (user_id, seq)",
        "CREATE INDEX interactions_seq ON interactions (seq, id)",
        "CREATE TABLE models (version BIGINT PRIMARY KEY, status TEXT NOT NULL, seq BIGINT NOT NULL, "
        "about TEXT NOT NULL, beat DOUBLE PRECISION NOT NULL)",
        "CREATE TABLE keys (id {id} PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, digest TEXT NOT NULL, "
        "created DOUBLE PRECISION NOT NULL, revoked DOUBLE PRECISION)",
        "CREATE TABLE erasures (id {id} PRIMARY KEY, seq BIGINT NOT NULL, created DOUBLE PRECISION NOT NULL, "
        "deleted TEXT NOT NULL)",
    ),
    (
        "ALTER TABLE items ADD COLUMN sought TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE items ADD COLUMN name TEXT NOT NULL DEFAULT ''",
        refill,
    ),
    (
        "CREATE TABLE evaluations (id BIGINT PRIMARY KEY, status TEXT NOT NULL, seq BIGINT NOT NULL, "
        "about TEXT NOT NULL, result TEXT, beat DOUBLE PRECISION NOT NULL)",
        "INSERT INTO counters VALUES ('evaluations', 0)",
    ),
)
"""Statements, and functions where SQL does not suffice, that lead from each version to the next; those of a released
version are never changed."""

VERSION = len(MIGRATIONS)
ID = {"sqlite": "TEXT", "postgresql": 'TEXT COLLATE "C"'}


def migrate(backend: Backend, *, to: int = VERSION) -> None:
    """Brings the database to version ``to``. Raises ``StoreError`` for one that a later fewrec has written."""
    with backend.write() as session:
        if backend.dialect == "postgresql":
            session.run("SELECT pg_advisory_xact_lock(7305793)")  # processes that start together take turns
        session.run("CREATE TABLE IF NOT EXISTS fewrec_schema (version BIGINT NOT NULL)")
        found = version_of(session)
        if found > VERSION:
            raise StoreError(
                f"the database has version {found}, this fewrec knows versions up to {VERSION}.",
                where="store",
                value=found,
                hint="Use a later fewrec; a database is never turned back.",
            )
        for step in MIGRATIONS[found:to]:
            for part in step:
                if callable(part):
                    part(session)
                else:
                    session.run(part.replace("{id}", ID[backend.dialect]))
        if found < to:
            session.run("DELETE FROM fewrec_schema")
            session.run("INSERT INTO fewrec_schema VALUES (?)", (to,))


def version_of(session: Session) -> int:
    """The version of the tables, 0 where there are none."""
    rows = session.rows("SELECT version FROM fewrec_schema")
    return int(rows[0][0]) if rows else 0
