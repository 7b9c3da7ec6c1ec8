"""``Store``: users, items and interactions, with what belongs to running a service on them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fewrec.errors import UnknownIdError
from fewrec.store.backend import Backend, Session, open_backend
from fewrec.store.evaluations import Evaluations, erase_results
from fewrec.store.events import Event
from fewrec.store.keys import Keys
from fewrec.store.schema import migrate
from fewrec.store.search import found, sought
from fewrec.store.versions import Versions

__all__ = ["Entity", "Store", "open_store"]

Cells = dict[str, Any]


def open_store(url: str) -> Store:
    """The store at ``url``: ``sqlite:///FILE``, ``sqlite://`` (in memory), ``postgresql://...``; tables are made, or
    brought up to date. Raises ``StoreError``, and ``ConfigError`` for another kind of address."""
    backend = open_backend(url)
    try:
        migrate(backend)
    except BaseException:
        backend.close()
        raise
    return Store(backend)


@dataclass(frozen=True)
class Entity:
    """An item or a user: its columns, the state of the data when it was last written, and ``born``: a model that was
    fitted on an earlier state does not know them, because they came later, or because it knows what was deleted since.
    """

    id: str
    columns: Cells
    seq: int
    born: int = 0


@dataclass(frozen=True)
class Seen:
    """How far the data have come: each number grows with every write of its kind, and never otherwise."""

    data: int  # items, users and interactions
    items: int  # what every list depends on: items, and people who were erased
    models: int  # model versions
    keys: int


class Store:
    """Rows in a database. Every method that writes has kept what it was given when it returns, or raises.

    >>> store = open_store("sqlite://")
    >>> store.put_items([("7", {"title": "Alien"})])
    1
    >>> store.append([Event("e1", "anna", "7", "view", None, 0.0), Event("e1", "anna", "7", "view", None, 0.0)])
    (1, 1)
    >>> store.counts()
    {'items': 1, 'users': 1, 'interactions': 1}
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.keys = Keys(backend)
        self.versions = Versions(backend)
        self.evaluations = Evaluations(backend)

    def close(self) -> None:
        """Lets go of the database."""
        self.backend.close()

    # -- writing

    def put_items(self, items: Sequence[tuple[str, Cells]]) -> int:
        """The state after items were added, or took the place of those with the same id."""
        with self.backend.write() as session:
            seq = count_up(session, "data")
            count_up(session, "items")
            session.run_many(
                "INSERT INTO items (id, cells, seq, sought, name) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "
                "SET cells = excluded.cells, seq = excluded.seq, sought = excluded.sought, name = excluded.name",
                [(id, _json(cells), seq, *sought(id, cells)) for id, cells in items],
            )
        return seq

    def put_users(self, users: Sequence[tuple[str, Cells]]) -> int:
        """The state after users were added, or what is known of them was replaced."""
        with self.backend.write() as session:
            seq = count_up(session, "data")
            session.run_many(
                "INSERT INTO users (id, cells, seq, born) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "cells = excluded.cells, seq = excluded.seq",
                [(id, _json(cells), seq, seq) for id, cells in users],
            )
        return seq

    def append(self, events: Sequence[Event]) -> tuple[int, int]:
        """``(added, already there)``. An id that is there already, or twice among ``events``, counts once; its first
        form stays. People whom nobody has told of are added as users without columns."""
        return self.append_each([events])[0]

    def append_each(self, several: Sequence[Sequence[Event]]) -> list[tuple[int, int]]:
        """:meth:`append` for each, all of it kept at once: the disk is waited for once."""
        with self.backend.write() as session:
            seq = count_up(session, "data")
            session.run_many(
                "INSERT INTO users (id, cells, seq, born) VALUES (?, '{}', ?, ?) ON CONFLICT (id) DO NOTHING",
                [(user, seq, seq) for user in dict.fromkeys(e.user for events in several for e in events)],
            )
            added = [
                session.run_many(
                    "INSERT INTO interactions (id, user_id, item_id, event, value, time, seq) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                    [(e.id, e.user, e.item, e.event, e.value, e.time, seq) for e in events],
                )
                for events in several
            ]
        return [(count, len(events) - count) for count, events in zip(added, several, strict=True)]

    def delete_item(self, item: str) -> dict[str, int]:
        """How many rows went: the item, and what people did with it (else it would stay an item)."""
        with self.backend.write() as session:
            items = session.run("DELETE FROM items WHERE id = ?", (item,))
            gone = session.run("DELETE FROM interactions WHERE item_id = ?", (item,))
            if not items and not gone:
                raise unknown("item", item)
            count_up(session, "data")
            count_up(session, "items")
        return {"items": items, "interactions": gone}

    def delete_event(self, id: str) -> dict[str, int]:
        """How many rows went: the event. To every model fitted before, its user is from now on somebody new, with the
        events that are left: what it knows of them holds what was deleted."""
        with self.backend.write() as session:
            rows = session.rows("SELECT user_id FROM interactions WHERE id = ?", (id,))
            gone = session.run("DELETE FROM interactions WHERE id = ?", (id,))
            if not gone:
                raise unknown("event", id)
            seq = count_up(session, "data")
            session.run("UPDATE users SET seq = ?, born = ? WHERE id = ?", (seq, seq, rows[0][0]))
        return {"interactions": gone}

    def erase_user(self, user: str) -> dict[str, Any]:
        """The receipt: its id, how many rows went, and the state of the data from which on they are nowhere in it.

        The receipt that is kept does not say whose it is.
        """
        with self.backend.write() as session:
            users = session.run("DELETE FROM users WHERE id = ?", (user,))
            gone = session.run("DELETE FROM interactions WHERE user_id = ?", (user,))
            if not users and not gone:
                raise unknown("user", user)
            seq = count_up(session, "data")
            count_up(session, "items")
            erase_results(session)
            receipt = {
                "id": uuid.uuid4().hex,
                "deleted": {"users": users, "interactions": gone},
                "seq": seq,
                "time": time.time(),
            }
            session.run(
                "INSERT INTO erasures (id, seq, created, deleted) VALUES (?, ?, ?, ?)",
                (receipt["id"], seq, receipt["time"], _json(receipt["deleted"])),
            )
        return receipt

    # -- reading

    def seen(self) -> Seen:
        """How far the data have come."""
        found: dict[str, int] = dict(self.backend.rows("SELECT name, value FROM counters"))
        return Seen(*(int(found[name]) for name in ("data", "items", "models", "keys")))

    def counts(self) -> dict[str, int]:
        """Rows of each kind."""
        with self.backend.read() as session:
            return {
                name: int(session.rows(f"SELECT COUNT(*) FROM {name}")[0][0])
                for name in ("items", "users", "interactions")
            }

    def item(self, item: str) -> Entity:
        """One item; ``UnknownIdError`` where there is none."""
        with self.backend.read() as session:
            rows = session.rows("SELECT id, cells, seq, 0 FROM items WHERE id = ?", (item,))
        return _one(rows, "item", item)

    def user(self, user: str) -> Entity:
        """One user; ``UnknownIdError`` where there is none."""
        with self.backend.read() as session:
            rows = session.rows("SELECT id, cells, seq, born FROM users WHERE id = ?", (user,))
        return _one(rows, "user", user)

    def items(self, after: str = "", limit: int = 100) -> list[Entity]:
        """At most ``limit`` items whose ids come after ``after``, in order of code points."""
        return self._page("SELECT id, cells, seq, 0 FROM items", after, limit)

    def search(
        self, text: str, after: tuple[int, str] = (0, ""), limit: int = 100
    ) -> list[tuple[Entity, int]]:
        """At most ``limit`` items that hold every word of ``text`` in their id or columns, with their place: 0 where
        the title begins so, 1 where it holds them, 2 where another column does; in each by id. A word is found
        anywhere, whatever its case and accents; of each cell the first 1,000 characters are looked at."""
        with self.backend.read() as session:
            rows = found(session, text, after, limit)
        return [(_entity(row), int(row[4])) for row in rows]

    def users(self, after: str = "", limit: int = 100) -> list[Entity]:
        """At most ``limit`` users whose ids come after ``after``, in order of code points."""
        return self._page("SELECT id, cells, seq, born FROM users", after, limit)

    def _page(self, select: str, after: str, limit: int) -> list[Entity]:
        with self.backend.read() as session:
            rows = session.rows(f"{select} WHERE id > ? ORDER BY id LIMIT ?", (after, limit))
        return [_entity(row) for row in rows]

    def interactions(self, user: str | None = None, after: tuple[int, str] = (0, ""), limit: int = 100
                     ) -> list[tuple[Event, int]]:  # fmt: skip
        """At most ``limit`` events with their place, in the order in which they came; of one user, or of all."""
        whose, values = ("", ()) if user is None else ("user_id = ? AND ", (user,))
        with self.backend.read() as session:
            rows = session.rows(
                f"SELECT id, user_id, item_id, event, value, time, seq FROM interactions WHERE {whose}"
                "(seq > ? OR (seq = ? AND id > ?)) ORDER BY seq, id LIMIT ?",
                (*values, after[0], after[0], after[1], limit),
            )
        return [(Event(*row[:6]), int(row[6])) for row in rows]

    def visitor(self, user: str) -> tuple[Entity, list[Event]]:
        """A user and all that they did, as of one moment, in the order in which it came."""
        with self.backend.read() as session:
            rows = session.rows("SELECT id, cells, seq, born FROM users WHERE id = ?", (user,))
            events = session.rows(
                "SELECT id, user_id, item_id, event, value, time FROM interactions WHERE user_id = ? "
                "ORDER BY seq, id",
                (user,),
            )
        return _one(rows, "user", user), [Event(*row) for row in events]

    def stamp(self, user: str, *, wait: bool = True) -> tuple[int, int]:
        """What changes whenever something of a user does; cheap. Without ``wait`` as :meth:`Backend.rows` tells."""
        rows = self.backend.rows(
            "SELECT seq, (SELECT MAX(seq) FROM interactions WHERE user_id = users.id) FROM users WHERE id = ?",
            (user,),
            wait=wait,
        )
        if not rows:
            raise unknown("user", user)
        return int(rows[0][0]), int(rows[0][1] or 0)

    def erasure(self, receipt: str) -> dict[str, Any]:
        """A receipt of :meth:`erase_user`."""
        with self.backend.read() as session:
            rows = session.rows("SELECT id, deleted, seq, created FROM erasures WHERE id = ?", (receipt,))
        if not rows:
            raise unknown("receipt", receipt)
        id, deleted, seq, created = rows[0]
        return {"id": id, "deleted": json.loads(deleted), "seq": int(seq), "time": created}

    def last_erasure(self) -> int:
        """The state of the data after the last erasure, 0 where there was none."""
        with self.backend.read() as session:
            return int(session.rows("SELECT COALESCE(MAX(seq), 0) FROM erasures")[0][0])

    def snapshot(self) -> Snapshot:
        """All rows as of one moment, for a fit."""
        with self.backend.read() as session:
            seq = int(session.rows("SELECT value FROM counters WHERE name = 'data'")[0][0])
            items = [(id, json.loads(cells)) for id, cells in session.stream(
                "SELECT id, cells FROM items ORDER BY id")]  # fmt: skip
            users = [(id, json.loads(cells)) for id, cells in session.stream(
                "SELECT id, cells FROM users ORDER BY id")]  # fmt: skip
            events = [Event(*row) for row in session.stream(
                "SELECT id, user_id, item_id, event, value, time FROM interactions ORDER BY id")]  # fmt: skip
        return Snapshot(seq, items, users, events)

    def stream(self, table: str, page: int = 2000) -> Iterator[Mapping[str, Any]]:
        """The rows of ``items``, ``users`` or ``interactions`` as dicts, a page at a time in memory.

        Every page is as of one moment; a row that changes meanwhile may come in either form.
        """
        if table == "interactions":
            place = (0, "")
            while rows := self.interactions(after=place, limit=page):
                yield from (event.to_dict() for event, _ in rows)
                place = rows[-1][1], rows[-1][0].id
            return
        read, after = {"items": self.items, "users": self.users}[table], ""
        while found := read(after, page):
            yield from ({"id": row.id, **row.columns} for row in found)
            after = found[-1].id


@dataclass(frozen=True)
class Snapshot:
    """All rows as of one moment."""

    seq: int
    items: list[tuple[str, Cells]]
    users: list[tuple[str, Cells]]
    events: list[Event]


def count_up(session: Session, counter: str) -> int:
    """The next number of a counter. Whoever writes waits here for the one before: so numbers become visible in
    order, and nobody who reads past one misses a smaller one that is still to come."""
    session.run("UPDATE counters SET value = value + 1 WHERE name = ?", (counter,))
    return int(session.rows("SELECT value FROM counters WHERE name = ?", (counter,))[0][0])


def unknown(noun: str, id: str) -> UnknownIdError:
    """What to say of an id that is not there."""
    return UnknownIdError(
        f"the {noun} is not known.",
        where=noun,
        value=id,
        hint=f"Ids are those of {noun}s that were sent.",
    )


def _one(rows: list[tuple[Any, ...]], noun: str, id: str) -> Entity:
    if not rows:
        raise unknown(noun, id)
    return _entity(rows[0])


def _entity(row: tuple[Any, ...]) -> Entity:
    return Entity(row[0], json.loads(row[1]), int(row[2]), int(row[3]))


def _json(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
