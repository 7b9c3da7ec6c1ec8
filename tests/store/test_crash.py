"""Nothing acknowledged is lost: a process that writes is killed in the middle, again and again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from fewrec.store import open_store
from fewrec.store.events import Event

KILLS = 50
WRITER = """
import sys, threading
from fewrec.store import open_store
from fewrec.store.events import Event

store = open_store(sys.argv[1])
name = sys.argv[2]
lock = threading.Lock()

def write(thread):
    at = 0
    while True:
        ids = [f"{name}-{thread}-{at + k}" for k in range(1 + at % 7)]
        at += len(ids)
        store.append([Event(id, f"user{at % 50}", "item", "view", None, 1.0) for id in ids])
        store.append([Event(ids[0], "again", "item", "view", None, 1.0)])  # sent twice, as after a lost answer
        with lock:
            print(" ".join(ids), flush=True)  # acknowledged

for thread in range(3):
    threading.Thread(target=write, args=(thread,)).start()
"""


def kill_and_compare(address: str) -> None:
    """``KILLS`` times: start a writer, kill it at a random moment, and look at what is there."""
    rng = random.Random(6)
    acknowledged: set[str] = set()
    for kill in range(KILLS):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, address, f"run{kill}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True,
        )  # fmt: skip
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(rng.uniform(0, 0.15))
        os.kill(writer.pid, signal.SIGKILL)
        said, _ = writer.communicate()
        lines = (first + said).split("\n")
        # What is behind the last newline was cut off while it was printed: nobody has read it.
        acknowledged |= {id for line in lines[:-1] for id in line.split()}
        store = open_store(address)
        try:
            kept = [event.id for event, _ in store.interactions(limit=10**9)]
        finally:
            store.close()
        assert len(kept) == len(set(kept)), "doubled"
        assert acknowledged <= set(kept), (
            f"lost after kill {kill + 1}: {sorted(acknowledged - set(kept))[:5]}"
        )
        # A batch is there as a whole or not at all, so beyond the acknowledged at most one batch a thread and kill.
        assert len(kept) - len(acknowledged) <= 3 * 7 * (kill + 1)
    assert len(acknowledged) > 10 * KILLS, "the writer hardly wrote"


@pytest.mark.slow
def test_sqlite_loses_nothing_when_killed(tmp_path):
    kill_and_compare(f"sqlite:///{tmp_path / 'fewrec.db'}")


@pytest.mark.slow
def test_postgresql_loses_nothing_when_killed(empty_postgresql):
    kill_and_compare(empty_postgresql)


def test_the_comparison_would_see_a_loss(tmp_path, monkeypatch):
    """With a store that forgets, the test above fails."""
    from fewrec.store import store as room

    monkeypatch.setattr(sys.modules[__name__], "KILLS", 1)
    real = room.Store.interactions
    monkeypatch.setattr(room.Store, "interactions", lambda self, **more: real(self, **more)[1:])
    with pytest.raises(AssertionError, match="lost after kill 1"):
        kill_and_compare(f"sqlite:///{tmp_path / 'fewrec.db'}")


def test_a_full_disk_is_told_and_the_store_goes_on(tmp_path):
    from fewrec.store.failures import StoreFull

    store = open_store(f"sqlite:///{tmp_path / 'fewrec.db'}")
    store.append([Event("before", "anna", "7", "view", None, 1.0)])
    pages = store.backend._writer.execute("PRAGMA page_count").fetchone()[0]
    store.backend._writer.execute(f"PRAGMA max_page_count = {pages + 2}")  # as good as a full disk to SQLite
    many = [Event(f"e{at}" * 20, "anna", "7", "view", None, 1.0) for at in range(2000)]
    with pytest.raises(StoreFull, match="the disk is full"):
        store.append(many)
    assert [event.id for event, _ in store.interactions()] == ["before"]
    store.backend._writer.execute("PRAGMA max_page_count = 1000000")
    assert store.append(many) == (2000, 0)
    store.close()


def test_a_locked_database_is_told_and_the_store_goes_on(tmp_path):
    import sqlite3

    from fewrec.store.failures import StoreBusy
    from fewrec.store.schema import migrate
    from fewrec.store.sqlite import SQLite
    from fewrec.store.store import Store

    backend = SQLite(f"sqlite:///{tmp_path / 'fewrec.db'}", busy_seconds=0.1)
    migrate(backend)
    store = Store(backend)
    other = sqlite3.connect(tmp_path / "fewrec.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match=r"locked for more than 0.1 s"):
        store.append([Event("e1", "anna", "7", "view", None, 1.0)])
    assert store.counts()["interactions"] == 0  # reading goes on meanwhile
    other.execute("ROLLBACK")
    other.close()
    assert store.append([Event("e1", "anna", "7", "view", None, 1.0)]) == (1, 0)
    store.close()


def test_readers_leave_no_connection_behind(tmp_path):
    """Threads of a server come and go; files that they opened must not stay open."""
    import threading

    store = open_store(f"sqlite:///{tmp_path / 'fewrec.db'}")
    for _ in range(10):
        threads = [threading.Thread(target=store.counts) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(store.backend._idle) <= 10
    store.close()
