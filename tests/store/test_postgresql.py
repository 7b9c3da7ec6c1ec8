"""What is PostgreSQL's own: connections that break, locks that are held, passwords that nobody may read."""

from __future__ import annotations

import threading

import pytest

from fewrec.store import open_store
from fewrec.store.events import Event
from fewrec.store.failures import StoreBusy
from fewrec.store.postgresql import PostgreSQL
from fewrec.store.schema import migrate
from fewrec.store.store import Store

ONE = Event("e1", "anna", "7", "view", None, 1.0)


def test_a_connection_that_broke_is_made_anew(empty_postgresql):
    psycopg = pytest.importorskip("psycopg")
    store = open_store(empty_postgresql)
    store.append([ONE])
    with psycopg.connect(empty_postgresql, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                      "AND datname = current_database()")  # fmt: skip
    assert store.visitor("anna")[1] == [ONE]
    assert store.append([ONE]) == (0, 1)
    store.close()


def test_rows_that_somebody_holds_are_told_of(empty_postgresql):
    psycopg = pytest.importorskip("psycopg")
    backend = PostgreSQL(empty_postgresql, busy_seconds=0.2)
    migrate(backend)
    store = Store(backend)
    with psycopg.connect(empty_postgresql) as other:
        other.execute("LOCK TABLE counters IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreBusy, match=r"locked for more than 0.2 s"):
            store.append([ONE])
    assert store.append([ONE]) == (1, 0)
    store.close()


def test_more_readers_than_connections_wait_for_each_other(empty_postgresql):
    store = open_store(empty_postgresql)
    store.append([ONE])
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(store.counts()["interactions"])) for _ in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 40
    store.close()


def test_two_that_start_together_make_the_tables_once(empty_postgresql):
    opened, wrong = [], []

    def start():
        try:
            opened.append(open_store(empty_postgresql))
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=start) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert opened[0].append([ONE]) == (1, 0)
    assert opened[-1].counts()["interactions"] == 1
    for store in opened:
        store.close()


def test_the_password_stands_nowhere():
    pytest.importorskip("psycopg")
    backend = PostgreSQL("postgresql://anna:secret@host/shop")
    assert backend.url == "postgresql://anna:***@host/shop"
