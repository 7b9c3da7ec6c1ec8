"""Events that come while others are being kept are kept together, and each is told what became of it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from fewrec.errors import StoreError
from fewrec.service.answers import Refused
from fewrec.service.threads import Threads
from fewrec.service.together import MOST, Together


def test_what_comes_meanwhile_is_done_in_one_go():
    batches, release = [], threading.Event()

    def work(several):
        batches.append(list(several))
        release.wait(10)
        return [one * 10 for one in several]

    async def go():
        threads = Threads(2, 10)
        together = Together(threads, work)
        first = asyncio.ensure_future(together.run(1))
        while not batches:
            await asyncio.sleep(0.001)
        others = [asyncio.ensure_future(together.run(at)) for at in (2, 3, 4)]
        await asyncio.sleep(0.01)
        assert threads.asked == 5  # four who wait, and the thread at work
        release.set()
        found = await asyncio.gather(first, *others)
        assert threads.asked == 0
        return found

    assert asyncio.run(go()) == [10, 20, 30, 40]
    assert batches == [[1], [2, 3, 4]]


def test_one_that_is_wrong_is_told_alone_and_a_failure_to_all():
    def work(several):
        if 7 in several:
            raise StoreError("full.")
        return [Refused(422, "odd", "odd.") if one % 2 else one for one in several]

    async def go(numbers):
        together = Together(Threads(1, 10), work)
        return await asyncio.gather(*(together.run(at) for at in numbers), return_exceptions=True)

    found = asyncio.run(go([2, 3, 4]))
    assert [found[0], found[2]] == [2, 4]
    assert isinstance(found[1], Refused)
    assert [type(one) for one in asyncio.run(go([2, 7]))] == [StoreError, StoreError]


def test_no_more_at_once_than_may_wait_for_each_other():
    sizes = []

    def work(several):
        sizes.append(len(several))
        return list(several)

    async def go():
        together = Together(Threads(1, 1000), work)
        await asyncio.gather(*(together.run(at) for at in range(MOST + 5)))

    asyncio.run(go())
    assert sizes == [MOST, 5]


@pytest.fixture
def asked_at_once(shop):
    """Sends several bodies to ``POST /v1/interactions`` before the first is answered; the statuses."""

    def ask(bodies, headers=({},) * 99):
        async def one(body, sent):
            found = []

            async def receive():
                return {"type": "http.request", "body": body, "more_body": False}

            async def send(message):
                found.append(message.get("status", message.get("body")))

            headers = [(b"host", b"localhost"), (b"content-length", str(len(body)).encode()), *sent.items()]
            await shop.client.app({"type": "http", "method": "POST", "path": "/v1/interactions", "query_string": b"",
                                   "headers": headers, "client": ("127.0.0.1", 1)}, receive, send)  # fmt: skip
            return found[0]

        async def go():
            return await asyncio.gather(
                *(one(body, sent) for body, sent in zip(bodies, headers, strict=False))
            )

        return asyncio.run(go())

    return ask


def test_each_request_of_a_batch_is_answered_for_itself(shop, asked_at_once, monkeypatch):
    kept = []
    real = shop.store.append_each
    monkeypatch.setattr(shop.store, "append_each", lambda several: kept.append(len(several)) or real(several))
    good = b'{"id": "e%d", "user": "zoe", "item": "7", "event": "buy"}'
    bodies = [good % 1, b"{", good % 2, b'{"user": "zoe"}', good % 1, b"[%s, %s]" % (good % 3, good % 2)]
    before = shop.store.counts()["interactions"]
    assert asked_at_once(bodies) == [201, 422, 201, 422, 201, 201]
    assert kept == [4]
    assert shop.store.counts()["interactions"] == before + 3
    assert sorted(event.id for event, _ in shop.store.interactions("zoe")) == ["e1", "e2", "e3"]


def test_who_may_not_keeps_nothing_in_the_batch_of_those_who_may(shop, asked_at_once):
    secret, _ = shop.store.keys.create("shop", "write")
    mine = {b"authorization": f"Bearer {secret}".encode()}
    good = b'{"id": "e%d", "user": "zoe", "item": "7", "event": "buy"}'
    assert asked_at_once([good % 1, good % 2, good % 3], [mine, {}, mine]) == [201, 401, 201]
    assert [event.id for event, _ in shop.store.interactions("zoe")] == ["e1", "e3"]


def test_a_bug_that_one_sets_off_is_not_told_to_the_others(shop, asked_at_once, monkeypatch):
    from fewrec.service.routes import events

    real = events.check_event

    def odd(event, settings):
        if event.id == "e2":
            raise RuntimeError("a bug")
        return real(event, settings)

    monkeypatch.setattr(events, "check_event", odd)
    good = b'{"id": "e%d", "user": "zoe", "item": "7", "event": "buy"}'
    assert asked_at_once([good % 1, good % 2, good % 3]) == [201, 500, 201]
