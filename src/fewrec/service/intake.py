"""A ``Dataset`` into a store: the rows of files, of a sample, or of a saved model."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fewrec.data import Dataset
from fewrec.data.times import parse_times
from fewrec.errors import ConfigError
from fewrec.recommender import Recommender
from fewrec.service.hub import Hub, facts
from fewrec.service.tables import reading_of
from fewrec.store import Store
from fewrec.store.events import Event, check_cells, check_id

__all__ = ["adopt", "take_in"]

BATCH = 5000
OWN_IDS = ("event_id", "id")
"""Columns of interactions that hold the events' own ids."""


def adopt(hub: Hub, model: Recommender) -> int:
    """The version that a saved model becomes in an empty store, with the rows it was fitted on. Raises ``ConfigError``
    where the store holds anything."""
    store = hub.store
    if any(store.counts().values()) or store.versions.all():
        raise ConfigError(
            "the store is not empty: a saved model brings its own rows.",
            where="--model",
            hint="Start with another --data folder, or without --model.",
        )
    take_in(store, model.data)
    version, _ = store.versions.request(by="saved model")
    store.versions.start()
    model.save(hub.folder(version.version))
    snapshot = store.snapshot()
    about = facts(model.data, reading_of(snapshot.events, hub.config.data), snapshot, hub.config.data)
    store.versions.say(version.version, status="ready", seq=snapshot.seq, items_seq=-1, **about)
    store.versions.activate(version.version)
    return version.version


def take_in(store: Store, data: Dataset, *, only: str | None = None) -> dict[str, int]:
    """How many rows came in. An event gets an id from its content, so the same file twice counts once.

    ``only``: the table that there is; items and users that only its events name are added as events add them.
    """
    counts = {"items": 0, "users": 0, "interactions": 0, "already_there": 0}
    if only == "interactions":
        counts["interactions"], counts["already_there"] = _append(store, data)
        return counts
    if only == "users":
        data_items: Sequence[Any] = []
    else:
        data_items = data.items.ids
    for items in _batches(_entities(data_items, data.item_columns, "items")):
        store.put_items(items)
        counts["items"] += len(items)
    described = _entities(data.users.ids, data.user_columns, "users")
    for users in _batches(iter(described)):
        store.put_users(users)
        counts["users"] += len(users)
    counts["interactions"], counts["already_there"] = _append(store, data)
    return counts


def _append(store: Store, data: Dataset) -> tuple[int, int]:
    counts = [store.append(events) for events in _batches(_events(data))]
    return sum(added for added, _ in counts), sum(known for _, known in counts)


def _batches(rows: Iterator[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _entities(
    ids: Sequence[Any], columns: Mapping[str, Sequence[Any]], table: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    for at, id in enumerate(ids):
        cells = {name: _plain(column[at]) for name, column in columns.items() if column[at] is not None}
        where = f"{table}, row {at + 1}"
        yield check_id(id, where), check_cells(cells, where)


def _plain(cell: Any) -> Any:
    return list(cell) if isinstance(cell, tuple) else cell


def _events(data: Dataset) -> Iterator[Event]:
    """The rows of the interactions table, by the roles of its columns."""
    events = data.checked_events
    if events is None:
        return
    roles = {
        role: data.roles.column("interactions", role)
        for role in ("rating", "event", "quantity", "time", "click")
    }

    def cells(role: str) -> list[Any] | None:
        column = roles[role]
        return None if column is None else events.table.columns[column].cells()

    names, amounts, clicks = cells("event"), cells("quantity"), cells("click")
    times = cells("time")
    seconds = None if times is None else parse_times([None if t == "" else t for t in times])[0]
    seen: Counter[str] = Counter()
    own = next((events.table.columns[name].cells() for name in OWN_IDS if name in events.table.columns), None)
    for row in events.good.nonzero()[0].tolist():
        user, item = events.users.ids[events.users.codes[row]], events.items.ids[events.items.codes[row]]
        value: float | None = None
        if events.rating is not None:
            name, value = "rating", float(events.rating[row])
        elif names is not None:
            name = str(names[row])
        elif clicks is not None:
            name = "click" if str(clicks[row]).casefold() in ("1", "1.0", "true", "yes") else "impression"
        else:
            name = "view"
        if events.rating is None and amounts is not None and amounts[row] not in (None, ""):
            value = float(amounts[row])
        time = 0.0 if seconds is None or not seconds[row] >= 0 else float(seconds[row])
        if own is not None and own[row] not in (None, ""):
            id = check_id(own[row], f'interactions, column "{OWN_IDS[0]}"')
            yield Event(
                id, check_id(user, "user"), check_id(item, "item"), check_id(name, "event"), value, time
            )
            continue
        text = f"{user!s}\0{item!s}\0{name}\0{value}\0{time}"
        seen[text] += 1  # the same row twice in one file is two events
        id = hashlib.blake2b(f"{text}\0{seen[text]}".encode(), digest_size=16).hexdigest()
        yield Event(
            f"file-{id}", check_id(user, "user"), check_id(item, "item"), check_id(name, "event"), value, time
        )
