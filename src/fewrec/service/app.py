"""From a request to an endpoint and back: the ASGI application, and the threads behind it.

The way of a request: the gate gives it an id; the router finds its endpoint; its body is read; then, in a thread, its
key and its rate are looked at, query and body are held against the endpoint's schemas, and the endpoint makes the
reply, which the gate sends, logs and counts. Two short cuts: an endpoint with ``at_once`` may reply on the event loop
instead, and requests to one with ``together`` share a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from fewrec.config import ServiceSettings
from fewrec.service.access import Access
from fewrec.service.answers import Refused, envelope, to_json
from fewrec.service.endpoint import Ask, Endpoint, Reply
from fewrec.service.gate import Gate
from fewrec.service.hub import Hub
from fewrec.service.limit import Limit
from fewrec.service.meter import Meter
from fewrec.service.request import Request
from fewrec.service.router import Router
from fewrec.service.routes import ENDPOINTS
from fewrec.service.threads import Threads
from fewrec.service.together import Together

__all__ = ["create_app"]

SHORT = 65_536
"""Bytes of a body that are read before its key is looked at, in the thread that also answers."""


def create_app(hub: Hub, settings: ServiceSettings, *, host: str = "127.0.0.1", log: Any = None) -> Gate:
    """The service as an ASGI application. ``host``: the address that it is bound to: on others than loopback nobody
    gets in without a key. ``log``: a text stream for one JSON line a request, ``None`` for none."""
    meter = Meter(hub)
    return Gate(Rooms(hub, settings, Access(hub, host), meter).answer, settings, meter, log)


class Rooms:
    """Runs endpoints: at once where nobody has to be waited for, else in worker threads, so that a slow one never
    stops the event loop."""

    def __init__(self, hub: Hub, settings: ServiceSettings, access: Access, meter: Meter) -> None:
        self.hub, self.settings, self.access, self.meter = hub, settings, access, meter
        self.limit = Limit(settings.rate)
        self.router = Router(ENDPOINTS)
        self._quick = Threads(settings.threads, settings.queue)
        self._slow = Threads(settings.threads, settings.queue)
        self._together = {
            one.name: Together(self._quick, self._run_together)
            for one in ENDPOINTS
            if one.together is not None
        }

    async def answer(self, request: Request) -> Reply:
        """The reply to this request, with its bytes. Raises ``FewrecError`` where something is wrong with it."""
        endpoint, request.path = self.router.find(request.method, request.scope["path"])
        request.endpoint = endpoint
        if endpoint.at_once is not None:
            reply = self._at_once(endpoint.at_once, endpoint, request)
            if reply is not None:
                return reply
        threads = self._slow if endpoint.slow else self._quick
        threads.check()
        if endpoint.body is not None:
            if endpoint.slow or request.length is None or request.length > SHORT:
                await self._quick.run(self._admit, endpoint, request)
            # A short body costs less to read than a second thread: whoever has no key is told so afterwards.
            await request.read(self.settings.body_mb * 1e6, self.settings.patience)
        if endpoint.together is not None:
            return await self._together[endpoint.name].run((endpoint, request))
        reply = await threads.run(self._run, endpoint, request)
        if not isinstance(reply.raw, bytes):
            reply.raw = self._pieces(reply.raw, request)
        return reply

    def _at_once(self, answer: Any, endpoint: Endpoint, request: Request) -> Reply | None:
        try:
            self._admit(endpoint, request, wait=False)
            reply: Reply | None = answer(self._ask(endpoint, request))
        except BlockingIOError:
            return None
        return reply if reply is None else _with_bytes(reply)

    def _run(self, endpoint: Endpoint, request: Request) -> Reply:
        self._admit(endpoint, request)
        return _with_bytes(endpoint.handle(self._ask(endpoint, request)))

    def _run_together(self, several: Sequence[tuple[Endpoint, Request]]) -> list[Reply | Exception]:
        """What is wrong with one of them is told to that one alone; what goes wrong with all, to all."""
        endpoint = several[0][0]
        read: list[Any] = []
        wrong: dict[int, Exception] = {}
        for at, (_, request) in enumerate(several):
            try:
                self._admit(endpoint, request)
                read.append(endpoint.handle(self._ask(endpoint, request)))
            except Exception as error:
                wrong[at] = error
        replies = iter(endpoint.together(self.hub, read) if endpoint.together and read else ())
        return [wrong[at] if at in wrong else _with_bytes(next(replies)) for at in range(len(several))]

    def _admit(self, endpoint: Endpoint, request: Request, *, wait: bool = True) -> None:
        """Notes whose request it is. ``Refused`` where they may not, or have asked too often; ``BlockingIOError`` where
        that cannot be said without waiting, and ``wait`` is false."""
        if request.admitted:
            return
        try:
            request.key = self.access.check(endpoint, request, wait=wait)
        except Refused:
            self.limit.take(f"address {request.address}")
            raise
        self.limit.take(f"key {request.key.id}" if request.key else f"address {request.address}")
        request.admitted = True

    def _ask(self, endpoint: Endpoint, request: Request) -> Ask:
        query = request.query(endpoint.query)
        body, kind = request.body(endpoint)
        if len(endpoint.bodies) > 1:
            query["kind"] = kind
        return Ask(self.hub, request.path, query, body, request.key, self.meter)

    async def _pieces(self, parts: Iterator[bytes], request: Request) -> AsyncIterator[bytes]:
        """Each part when it is ready; no more of them when the client has gone away."""
        left = asyncio.ensure_future(request.left())
        try:
            while not left.done():
                part = await self._slow.run(next, parts, None)
                if part is None:
                    break
                yield part
        finally:
            left.cancel()


def _with_bytes(reply: Reply) -> Reply:
    if reply.raw is None:
        reply.raw = to_json(envelope(reply.data, reply.more))
    return reply
