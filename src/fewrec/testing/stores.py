"""The contract of a store: what every kind of database must do, as tests to inherit.

class TestMine(StoreContract):
    @pytest.fixture
    def address(self):
        return "sqlite://"
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from fewrec.errors import ConfigError, UnknownIdError
from fewrec.store import Store, open_store
from fewrec.store.events import Event
from fewrec.testing.evaluations import EvaluationsContract
from fewrec.testing.keys import KeysContract

__all__ = ["StoreContract"]


def event(
    id: str, user: str = "anna", item: str = "7", name: str = "view", value: float | None = None
) -> Event:
    """An event at time 1."""
    return Event(id, user, item, name, value, 1.0)


class StoreContract(EvaluationsContract, KeysContract):
    """Inherit, and give the fixture ``address``: the URL of a database that is empty before each test."""

    @pytest.fixture
    def store(self, address: str) -> Iterator[Store]:
        store = open_store(address)
        yield store
        store.close()

    # -- rows

    def test_what_was_put_is_there(self, store: Store) -> None:
        store.put_items(
            [("7", {"title": "Alien", "price": 9.5, "genre": ["a", "b"], "new": True, "none": None})]
        )
        store.put_users([("anna", {"city": "Köln 🎬"})])
        assert store.item("7").columns == {
            "title": "Alien",
            "price": 9.5,
            "genre": ["a", "b"],
            "new": True,
            "none": None,
        }
        assert store.user("anna").columns == {"city": "Köln 🎬"}

    def test_a_second_put_replaces_the_first(self, store: Store) -> None:
        store.put_items([("7", {"title": "Alien", "price": 9})])
        store.put_items([("7", {"title": "Aliens"}), ("8", {}), ("8", {"title": "last wins"})])
        assert store.item("7").columns == {"title": "Aliens"}
        assert store.item("8").columns == {"title": "last wins"}
        assert store.counts() == {"items": 2, "users": 0, "interactions": 0}

    def test_the_same_event_counts_once(self, store: Store) -> None:
        assert store.append([event("e1"), event("e1", item="8"), event("e2")]) == (2, 1)
        assert store.append([event("e1", user="bert"), event("e3")]) == (1, 1)
        kept = [found for found, _ in store.interactions()]
        # The first form of e1 stays: of anna with 7.
        assert [(e.id, e.user, e.item) for e in kept] == [
            ("e1", "anna", "7"),
            ("e2", "anna", "7"),
            ("e3", "anna", "7"),
        ]

    def test_an_event_is_kept_to_the_bit(self, store: Store) -> None:
        given = Event("e", "anna", "7", "rating", 0.1 + 0.2, 1e9 + 1 / 3)
        store.append([given])
        assert store.visitor("anna")[1] == [given]

    def test_events_make_users(self, store: Store) -> None:
        store.put_users([("anna", {"city": "Oslo"})])
        store.append([event("e1"), event("e2", user="bert")])
        assert store.user("anna").columns == {"city": "Oslo"}
        assert store.user("bert").columns == {}

    def test_pages_come_in_the_order_of_code_points(self, store: Store) -> None:
        ids = ["b", "a", "B", "ä", "10", "9", "a b", "\U0001f600", "zz"]
        store.put_items([(id, {}) for id in ids])
        first = store.items(limit=4)
        rest = store.items(after=first[-1].id, limit=100)
        assert [row.id for row in [*first, *rest]] == sorted(ids)

    def test_a_search_finds_every_word_and_titles_first(self, store: Store) -> None:
        store.put_items(
            [
                ("1", {"title": "A review of Alien", "text": "not the film"}),
                ("2", {"title": "Alien"}),
                (
                    "3",
                    {
                        "title": "Solaris",
                        "text": "slower than ALIEN, and 100% Soviet",
                        "tags": ["Épopée", "1972"],
                    },
                ),
                ("4", {"title": "Aliens", "price": 77.0}),
                ("alien", {}),
                ("5", {"title": "Moon", "new": True, "none": None}),
                ("6", {"标题": "异形：普罗米修斯", "text": "Straße a_b"}),
            ]
        )

        def ids(text: str) -> list[tuple[str, int]]:
            return [(row.id, place) for row, place in store.search(text)]

        # Place 0: "alien" by its id, 2 and 4 by how their titles begin; 1 holds it later; 3 elsewhere.
        assert ids("alien") == [("2", 0), ("4", 0), ("alien", 0), ("1", 1), ("3", 2)]
        assert ids("ALIEN film") == [("1", 2)]
        assert ids("epopee 1972") == [("3", 2)]  # lists and numbers, without accents
        assert ids("77") == [("4", 2)]
        assert ids("普罗米修斯") == [("6", 1)]  # a part of a text without spaces
        assert ids("strasse") == [("6", 2)]
        assert ids("100%") == [("3", 2)]  # no sign of SQL means more than itself
        assert ids("a_b") == [("6", 2)]
        assert ids("a%b") == ids("77.0") == ids("true") == ids("title") == ids("' OR 1=1 --") == []
        assert len(ids(" ")) == 7  # no word asks for nothing
        pages, after = [], (0, "")
        while rows := store.search("alien", after, 2):
            pages += [row.id for row, _ in rows]
            after = rows[-1][1], rows[-1][0].id
        assert pages == ["2", "4", "alien", "1", "3"]
        store.put_items([("2", {"title": "Heat"})])
        store.delete_item("4")
        assert [id for id, _ in ids("alien")] == ["alien", "1", "3"]

    def test_a_search_looks_at_the_beginning_of_long_texts(self, store: Store) -> None:
        store.put_items([("7", {"text": "x" * 990 + " early " + "y" * 2000 + " late"})])
        assert [row.id for row, _ in store.search("early")] == ["7"]
        assert store.search("late") == []

    def test_pages_of_events_miss_nothing(self, store: Store) -> None:
        for batch in range(4):
            store.append([event(f"{batch}-{at}", user=f"u{at % 2}") for at in range(5)])
        found, place = [], (0, "")
        while rows := store.interactions(after=place, limit=3):
            found += [e.id for e, _ in rows]
            place = rows[-1][1], rows[-1][0].id
        assert found == [f"{batch}-{at}" for batch in range(4) for at in range(5)]
        assert [e.id for e, _ in store.interactions("u1", limit=100)] == [
            f"{b}-{a}" for b in range(4) for a in (1, 3)
        ]

    def test_a_snapshot_does_not_depend_on_the_order_of_writes(self, store: Store) -> None:
        store.put_items([("b", {}), ("a", {"x": 1})])
        store.append([event("e2"), event("e1")])
        found = store.snapshot()
        assert [id for id, _ in found.items] == ["a", "b"]
        assert [e.id for e in found.events] == ["e1", "e2"]
        assert found.seq == store.seen().data

    def test_streams_have_every_row(self, store: Store) -> None:
        store.put_items([(str(at), {"n": at}) for at in range(25)])
        store.append([event(str(at)) for at in range(25)])
        assert sorted(row["n"] for row in store.stream("items", page=7)) == list(range(25))
        assert len(list(store.stream("interactions", page=7))) == 25
        assert [row["id"] for row in store.stream("users")] == ["anna"]

    @pytest.mark.parametrize(
        "read", ["item", "user", "visitor", "stamp", "delete_item", "delete_event", "erase_user", "erasure"]
    )
    def test_unknown_ids_are_told(self, store: Store, read: str) -> None:
        with pytest.raises(UnknownIdError, match="is not known"):
            getattr(store, read)("nobody")

    # -- counters

    def test_counters_tell_what_changed(self, store: Store) -> None:
        start = store.seen()
        store.append([event("e1")])
        after = store.seen()
        assert after.data > start.data
        assert (after.items, after.models, after.keys) == (start.items, start.models, start.keys)
        store.put_items([("7", {})])
        assert store.seen().items > after.items
        store.keys.create("shop", "read")
        assert store.seen().keys > after.keys

    def test_the_stamp_of_a_user_changes_with_what_is_theirs(self, store: Store) -> None:
        store.append([event("e1"), event("b1", user="bert")])
        before = store.stamp("anna")
        store.append([event("b2", user="bert")])
        assert store.stamp("anna") == before
        store.append([event("e2")])
        assert store.stamp("anna") != before

    # -- going away

    def test_erasing_leaves_nothing(self, store: Store) -> None:
        store.put_users([("anna", {"city": "Oslo"}), ("bert", {})])
        store.append([event("e1"), event("e2"), event("b1", user="bert")])
        receipt = store.erase_user("anna")
        assert receipt["deleted"] == {"users": 1, "interactions": 2}
        assert receipt["seq"] == store.seen().data
        assert [row.id for row in store.users()] == ["bert"]
        assert [e.id for e, _ in store.interactions()] == ["b1"]
        kept = store.erasure(receipt["id"])
        assert kept == receipt
        assert "anna" not in str(kept)
        assert store.last_erasure() == receipt["seq"]

    def test_a_deleted_item_takes_its_events_along(self, store: Store) -> None:
        store.put_items([("7", {}), ("8", {})])
        store.append([event("e1"), event("e2", item="8")])
        assert store.delete_item("7") == {"items": 1, "interactions": 1}
        assert [e.id for e, _ in store.interactions()] == ["e2"]

    def test_several_appends_at_once_are_told_apart(self, store: Store) -> None:
        store.append([event("e0")])
        found = store.append_each([[event("e1"), event("e0")], [], [event("e1")], [event("e2", user="ben")]])
        assert found == [(1, 1), (0, 0), (0, 1), (1, 0)]
        assert store.counts() == {"items": 0, "users": 2, "interactions": 3}

    def test_an_event_that_is_deleted_is_gone_and_changes_the_stamp(self, store: Store) -> None:
        store.append([event("e1"), event("e2", user="ben")])
        store.append([event("e3")])  # the later one, so that only the deletion can change the stamp
        before, others = store.stamp("anna"), store.stamp("ben")
        assert store.delete_event("e1") == {"interactions": 1}
        assert [one.id for one in store.visitor("anna")[1]] == ["e3"]
        assert store.stamp("anna") != before
        assert store.stamp("ben") == others
        assert store.user("anna").born == store.seen().data  # older models know too much of her
        assert store.append([event("e1")]) == (1, 0)  # and may come again

    # -- reading without waiting

    def test_who_does_not_wait_reads_the_same_or_is_told(self, store: Store) -> None:
        store.append([event("e1")])
        secret, _ = store.keys.create("shop", "read")
        for _ in range(2):
            try:
                found = store.stamp("anna", wait=False), store.keys.state(wait=False)
            except BlockingIOError:
                pass
            else:
                assert found == (store.stamp("anna"), store.keys.state())
            store.append([event("e2")])
            store.keys.revoke(secret.split("_")[1])

    def test_who_does_not_wait_is_held_up_by_no_writer(self, store: Store) -> None:
        store.append([event("e1")])
        before = store.stamp("anna")
        told: list[Any] = []

        def look() -> None:
            try:
                told.append(store.stamp("anna", wait=False))
            except BlockingIOError:
                told.append(before)

        with store.backend.write() as session:
            session.run("UPDATE users SET seq = seq + 1")
            thread = threading.Thread(target=look)
            thread.start()
            thread.join(timeout=10)
            assert told == [before]  # what is not yet kept is not yet seen

    # -- all or nothing

    def test_a_write_that_fails_leaves_nothing(self, store: Store) -> None:
        class Stopped(Exception):
            pass

        def half_a_write() -> None:
            with store.backend.write() as session:
                session.run("INSERT INTO items (id, cells, seq) VALUES ('x', '{}', 1)")
                raise Stopped

        with pytest.raises(Stopped):
            half_a_write()
        assert store.counts()["items"] == 0
        store.put_items([("y", {})])  # and the next one is not disturbed
        assert store.counts()["items"] == 1

    def test_writes_at_once_lose_nothing(self, store: Store) -> None:
        wrong: list[BaseException] = []

        def write(number: int) -> None:
            try:
                for at in range(20):
                    # Every thread sends the same 20 events, and 20 of its own.
                    store.append([event(f"same-{at}"), event(f"{number}-{at}", user=f"u{number}")])
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert store.counts()["interactions"] == 20 + 6 * 20
        seqs = [seq for _, seq in store.interactions(limit=1000)]
        assert seqs == sorted(seqs)

    # -- versions

    def test_a_version_from_request_to_rest(self, store: Store) -> None:
        versions = store.versions
        first, new = versions.request()
        assert (first.version, first.status, new) == (1, "waiting", True)
        assert versions.request()[1] is False  # one that waits will see what was asked for since
        started = versions.start()
        assert started is not None
        assert started.status == "fitting"
        versions.request()
        assert versions.start() is None  # one at a time
        versions.say(1, progress={"done": 1})
        versions.say(1, status="ready", seq=5, reading={"ratings": True})
        assert versions.activate(1).active
        found = versions.active()
        assert found is not None
        assert (found.seq, found.about["progress"], found.about["reading"]) == (
            5,
            {"done": 1},
            {"ratings": True},
        )
        second = versions.start()
        assert second is not None
        assert second.version == 2
        with pytest.raises(ConfigError, match="version 2 is fitting"):
            versions.activate(2)
        versions.say(2, status="failed", reason="no reason")
        assert [(v.version, v.status, v.active) for v in versions.all()] == [
            (2, "failed", False),
            (1, "ready", True),
        ]
        with pytest.raises(UnknownIdError, match="no model version 9"):
            versions.get(9)

    def test_a_silent_fit_is_put_down_as_failed(self, store: Store, monkeypatch: Any) -> None:
        from fewrec.store import versions

        store.versions.request()
        store.versions.start()
        monkeypatch.setattr(versions, "SILENT_SECONDS", -1.0)
        store.versions.request()
        found = store.versions.start()
        assert found is not None
        assert found.version == 2
        assert store.versions.get(1).about["reason"] == "the worker ended without a word."

    def test_no_version_is_fitted_twice_at_once(self, store: Store) -> None:
        for number in range(1, 6):
            store.versions.request()
            started: list[Any] = []
            gate = threading.Barrier(5)

            def start(gate: threading.Barrier = gate, started: list[Any] = started) -> None:
                gate.wait()
                started.append(store.versions.start())

            threads = [threading.Thread(target=start) for _ in range(5)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert [version.version for version in started if version is not None] == [number]
            store.versions.say(number, status="failed")

    # -- opening again

    def test_a_store_can_be_opened_twice(self, store: Store, address: str) -> None:
        if address in ("sqlite://", "sqlite:///:memory:"):
            pytest.skip("memory is nobody else's")
        other = open_store(address)
        try:
            store.append([event("e1")])
            assert other.visitor("anna")[1] == [event("e1")]
            other.append([event("e2")])
            assert store.counts()["interactions"] == 2
        finally:
            other.close()
