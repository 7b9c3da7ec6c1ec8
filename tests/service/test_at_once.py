"""A list that is remembered is answered without a thread, as long as nothing has to be waited for to know that it is
right; and it never is an old one."""

from __future__ import annotations

import pytest

from fewrec.service.threads import Threads
from fewrec.store import open_store
from fewrec.store.events import Event

LIST = "/v1/users/anna/recommendations"


@pytest.fixture
def in_threads(monkeypatch):
    """The names of what was worked on in threads."""
    names = []
    real = Threads.run

    async def run(self, work, *given):
        names.append(work.__name__)
        return await real(self, work, *given)

    monkeypatch.setattr(Threads, "run", run)
    return names


def test_the_second_time_no_thread_is_asked(shop, in_threads):
    first = shop.client.get(LIST).content
    assert len(in_threads) == 1
    assert shop.client.get(LIST).content == first
    assert len(in_threads) == 1
    assert shop.client.get(LIST, params={"n": 2}).content != first  # another question
    assert len(in_threads) == 2


def test_a_remembered_list_is_answered_while_all_threads_are_asked(shop, monkeypatch):
    shop.client.get(LIST)
    monkeypatch.setattr(Threads, "check", lambda self: pytest.fail("a thread was asked"))
    assert shop.client.get(LIST).status_code == 200


def test_what_another_process_wrote_is_in_the_next_list(shop, tmp_path, in_threads):
    """The other process has connections of its own: here another store on the same file."""
    other = open_store(f"sqlite:///{tmp_path / 'fewrec.db'}")
    before = shop.titles("anna")
    assert shop.titles("anna") == before
    assert len(in_threads) == 1
    other.append([Event("x", "anna", shop.ask("GET", LIST)["recommendations"][0]["item"], "buy", None, 1e9)])
    after = shop.titles("anna")
    assert before[0] not in after
    assert len(in_threads) == 2
    other.close()


def test_a_key_revoked_by_another_process_opens_no_remembered_list(shop, tmp_path):
    other = open_store(f"sqlite:///{tmp_path / 'fewrec.db'}")
    secret, key = other.keys.create("shop", "read")
    headers = {"Authorization": f"Bearer {secret}"}
    for _ in range(3):
        assert shop.client.get(LIST, headers=headers).status_code == 200
        assert shop.client.get(LIST).status_code == 401
    other.keys.revoke(key.id)
    other.keys.create("another", "read")
    assert shop.client.get(LIST, headers=headers).status_code == 401
    other.close()


def test_who_was_erased_by_another_process_is_known_no_more(shop, tmp_path):
    other = open_store(f"sqlite:///{tmp_path / 'fewrec.db'}")
    shop.client.get(LIST)
    other.erase_user("anna")
    assert shop.client.get(LIST).status_code == 404
    other.close()


def test_a_remembered_list_counts_towards_the_limit_once(shop, monkeypatch):
    from fewrec.config import ServiceSettings
    from fewrec.service import limit

    class Clock:
        monotonic = staticmethod(lambda: 100.0)  # stands still

    monkeypatch.setattr(limit, "time", Clock)
    client = shop.make(ServiceSettings(rate=3.0))
    # The first is looked for on the event loop and then made in a thread: one request all the same.
    assert [client.get(LIST).status_code for _ in range(8)] == [200] * 6 + [429] * 2


def test_where_waiting_is_needed_a_thread_waits(shop, monkeypatch, in_threads):
    """As with PostgreSQL, where every question crosses a network."""
    real = shop.store.backend.rows

    def rows(sql, values=(), *, wait=True):
        if not wait:
            raise BlockingIOError
        return real(sql, values)

    monkeypatch.setattr(shop.store.backend, "rows", rows)
    first = shop.client.get(LIST).content
    assert shop.client.get(LIST).content == first
    assert len(in_threads) == 2


def test_on_postgresql_the_lists_are_the_same(open_shop, empty_postgresql, tmp_path):
    shop = open_shop(tmp_path, url=empty_postgresql)
    first = shop.client.get(LIST).content
    assert shop.client.get(LIST).content == first
    item = shop.ask("GET", LIST)["recommendations"][0]["item"]
    shop.ask("POST", "/v1/interactions", {"user": "anna", "item": item, "event": "buy"}, 201)
    assert shop.client.get(LIST).content != first
