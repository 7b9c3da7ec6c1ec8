"""From a request to an endpoint and back: the ASGI application, and the threads behind it.

The way of a request: the gate gives it an id; Starlette's router finds the endpoint; its body is read; then, in a
thread, its key and its rate are looked at, query and body are held against the endpoint's schemas, and the endpoint
makes the reply, which goes back through the gate. Two short cuts: an endpoint with ``at_once`` may reply on the event
loop instead, and requests to one with ``together`` share a thread.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from fewrec.config import ServiceSettings
from fewrec.service.access import Access
from fewrec.service.answers import Refused, envelope, nothing_here, to_json
from fewrec.service.endpoint import Ask, Endpoint, Reply
from fewrec.service.gate import Gate, Passing, refused
from fewrec.service.hub import Hub
from fewrec.service.limit import Limit
from fewrec.service.meter import Meter
from fewrec.service.request import body_of, length_of, query_of, read
from fewrec.service.routes import ENDPOINTS
from fewrec.service.threads import Threads
from fewrec.service.together import Together

__all__ = ["create_app"]

SHORT = 65_536
"""Bytes of a body that are read before its key is looked at, in the thread that also answers."""


def create_app(hub: Hub, settings: ServiceSettings, *, host: str = "127.0.0.1", log: Any = None) -> Starlette:
    """The service as an ASGI application. ``host``: the address that it is bound to: on others than loopback nobody
    gets in without a key. ``log``: a text stream for one JSON line a request, ``None`` for none."""
    meter = Meter(hub)
    app = Starlette(
        routes=_routes(Rooms(hub, settings, Access(hub, host), meter)),
        middleware=[Middleware(Gate, settings=settings, meter=meter, log=log)],
        exception_handlers={404: _nowhere, 405: _another_method},
    )
    app.router.redirect_slashes = False
    return app


def _routes(rooms: Rooms) -> list[Route]:
    """One route for each path. Starlette tries them one after the other, so that what a path spells out has to come
    before an id, which may hold any letters; and first come the endpoints that are asked for most."""
    by_path: dict[str, list[Endpoint]] = {}
    for endpoint in ENDPOINTS:
        by_path.setdefault(endpoint.path, []).append(endpoint)

    def place(path: str) -> tuple[bool, int, int, str]:
        often = any(one.at_once or one.together for one in by_path[path])
        return not often, -path.count("/"), path.count("{"), path

    return [
        Route(
            path.replace("{id}", "{id:path}"),
            Room(rooms, {endpoint.method: endpoint for endpoint in by_path[path]}),
            methods=[endpoint.method for endpoint in by_path[path]],
        )
        for path in sorted(by_path, key=place)
    ]


async def _nowhere(request: Request, error: Exception) -> Response:
    return refused(nothing_here())


async def _another_method(request: Request, error: Exception) -> Response:
    headers = error.headers if isinstance(error, HTTPException) else None  # "Allow"
    return refused(
        Refused(405, "method", "this path does not know the method.", where="method", headers=headers)
    )


@dataclass
class Room:
    """One path, as an ASGI application."""

    rooms: Rooms
    methods: dict[str, Endpoint]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        request = Request(scope, receive)
        endpoint = self.methods["GET" if request.method == "HEAD" else request.method]
        scope["fewrec"].endpoint = endpoint
        reply = await self.rooms.answer(endpoint, request)
        sent: Any = reply.raw
        answer = Response if isinstance(sent, bytes) else StreamingResponse
        await answer(sent, reply.status, media_type=reply.kind)(scope, receive, send)


class Rooms:
    """Runs endpoints: at once where nobody has to be waited for, else in worker threads, so that a slow one never
    stops the event loop."""

    def __init__(self, hub: Hub, settings: ServiceSettings, access: Access, meter: Meter) -> None:
        self.hub, self.settings, self.access, self.meter = hub, settings, access, meter
        self.limit = Limit(settings.rate)
        self._quick = Threads(settings.threads, settings.queue)
        self._slow = Threads(settings.threads, settings.queue)
        # A thread of their own: an event takes less than a millisecond, and would wait behind lists that take ten.
        self._together = {
            one.name: Together(Threads(1, settings.queue), self._run_together)
            for one in ENDPOINTS
            if one.together is not None
        }

    async def answer(self, endpoint: Endpoint, request: Request) -> Reply:
        """The reply to this request, with its bytes. Raises ``FewrecError`` where something is wrong with it."""
        if endpoint.at_once is not None:
            reply = self._at_once(endpoint.at_once, endpoint, request)
            if reply is not None:
                return reply
        together = self._together.get(endpoint.name)
        threads = together.threads if together else self._slow if endpoint.slow else self._quick
        threads.check()
        raw: bytes | None = None
        if endpoint.body is not None:
            length = length_of(request)
            if endpoint.slow or length is None or length > SHORT:
                await self._quick.run(self._admit, endpoint, request)
            # A short body costs less to read than a second thread: whoever has no key is told so afterwards.
            raw = await read(request, self.settings.body_mb * 1e6, self.settings.patience)
        if together is not None:
            return await together.run((endpoint, request, raw))
        reply = await threads.run(self._run, endpoint, request, raw)
        if not isinstance(reply.raw, bytes):
            reply.raw = self._pieces(reply.raw)
        return reply

    def _at_once(self, answer: Any, endpoint: Endpoint, request: Request) -> Reply | None:
        try:
            self._admit(endpoint, request, wait=False)
            reply: Reply | None = answer(self._ask(endpoint, request, None))
        except BlockingIOError:
            return None
        return reply if reply is None else _with_bytes(reply)

    def _run(self, endpoint: Endpoint, request: Request, raw: bytes | None) -> Reply:
        self._admit(endpoint, request)
        return _with_bytes(endpoint.handle(self._ask(endpoint, request, raw)))

    def _run_together(
        self, several: Sequence[tuple[Endpoint, Request, bytes | None]]
    ) -> list[Reply | Exception]:
        """What is wrong with one of them is told to that one alone; what goes wrong with all, to all."""
        endpoint = several[0][0]
        read: list[Any] = []
        wrong: dict[int, Exception] = {}
        for at, (_, request, raw) in enumerate(several):
            try:
                self._admit(endpoint, request)
                read.append(endpoint.handle(self._ask(endpoint, request, raw)))
            except Exception as error:
                wrong[at] = error
        replies = iter(endpoint.together(self.hub, read) if endpoint.together and read else ())
        return [wrong[at] if at in wrong else _with_bytes(next(replies)) for at in range(len(several))]

    def _admit(self, endpoint: Endpoint, request: Request, *, wait: bool = True) -> None:
        """Notes whose request it is. ``Refused`` where they may not, or have asked too often; ``BlockingIOError`` where
        that cannot be said without waiting, and ``wait`` is false."""
        passing: Passing = request.scope["fewrec"]
        if passing.admitted:
            return
        address = f"address {request.client.host if request.client else ''}"
        try:
            passing.key = self.access.check(endpoint, request, wait=wait)
        except Refused:
            self.limit.take(address)
            raise
        self.limit.take(f"key {passing.key.id}" if passing.key else address)
        passing.admitted = True

    def _ask(self, endpoint: Endpoint, request: Request, raw: bytes | None) -> Ask:
        query = query_of(request, endpoint.query)
        body, kind = body_of(request, raw, endpoint)
        if len(endpoint.bodies) > 1:
            query["kind"] = kind
        return Ask(self.hub, request.path_params, query, body, request.scope["fewrec"].key, self.meter)

    async def _pieces(self, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
        """Each part when it is ready."""
        while (part := await self._slow.run(next, parts, None)) is not None:
            yield part


def _with_bytes(reply: Reply) -> Reply:
    if reply.raw is None:
        reply.raw = to_json(envelope(reply.data, reply.more))
    return reply
