"""The ASGI application: from a request to an endpoint and back."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, Router

from fewrec.config import ServiceSettings
from fewrec.errors import DataError, FewrecError
from fewrec.service.access import Access
from fewrec.service.answers import Refused, envelope, failure, status_of, to_json
from fewrec.service.check import check, from_text
from fewrec.service.endpoint import Ask, Endpoint, Reply
from fewrec.service.gate import Gate
from fewrec.service.hub import Hub
from fewrec.service.limit import Limit
from fewrec.service.meter import Meter
from fewrec.service.routes import ENDPOINTS
from fewrec.service.threads import Threads

__all__ = ["create_app"]

DEPTH = 30
"""Levels of nesting that a body may have; the deepest that any endpoint reads has 5."""


def create_app(hub: Hub, settings: ServiceSettings, *, host: str = "127.0.0.1", log: Any = None) -> Gate:
    """The service as an ASGI application. ``host``: the address that it is bound to: on others than loopback nobody
    gets in without a key. ``log``: a text stream for one JSON line a request, ``None`` for none."""
    meter = Meter(hub)
    rooms = Rooms(hub, settings, Access(hub, host), meter)
    by_path: dict[str, list[Endpoint]] = {}
    for endpoint in ENDPOINTS:
        by_path.setdefault(endpoint.path, []).append(endpoint)
    # The more a path spells out, the earlier it is tried: an id may hold any letters.
    paths = sorted(by_path, key=lambda path: (-path.count("/"), path.count("{"), path))
    routes = [
        Route(
            path.replace("{id}", "{id:path}"),
            Room(rooms, {endpoint.method: endpoint for endpoint in by_path[path]}),
            methods=[endpoint.method for endpoint in by_path[path]],
        )
        for path in paths
    ]
    # A bare router: Starlette's own answer to a bug is a plain text, and the gate has a better one.
    return Gate(Router(routes, redirect_slashes=False), settings, meter, log)


@dataclass
class Room:
    """One path, as an ASGI application."""

    rooms: Rooms
    methods: dict[str, Endpoint]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        request = Request(scope, receive, send)
        await (await self.rooms.answer(self.methods, request))(scope, receive, send)


SHORT = 65_536
"""Bytes of a body that are read before its key is looked at, in the thread that also answers."""


class Rooms:
    """Runs endpoints in worker threads, so that a slow one never stops the event loop."""

    def __init__(self, hub: Hub, settings: ServiceSettings, access: Access, meter: Meter) -> None:
        self.hub, self.settings, self.access, self.meter = hub, settings, access, meter
        self.limit = Limit(settings.rate)
        self._quick = Threads(settings.threads, settings.queue)
        self._slow = Threads(settings.threads, settings.queue)

    async def answer(self, methods: dict[str, Endpoint], request: Request) -> Response:
        """The response of the endpoint for this request, or what is wrong with it."""
        endpoint = methods["GET" if request.method == "HEAD" else request.method]
        request.scope["fewrec"].endpoint = endpoint
        try:
            return await self._answer(endpoint, request)
        except FewrecError as error:
            return refused(error)
        except ClientDisconnect:
            return refused(Refused(400, "gone", "the client went away."))

    async def _answer(self, endpoint: Endpoint, request: Request) -> Response:
        threads = self._slow if endpoint.slow else self._quick
        threads.check()
        raw: bytes | None = None
        admitted = False
        if endpoint.body is not None:
            length = request.headers.get("content-length", "")
            if endpoint.slow or not (length.isascii() and length.isdigit()) or int(length[:20]) > SHORT:
                await self._quick.run(self._admit, endpoint, request)
                admitted = True
            # A short body costs less to read than a second thread: whoever has no key is told so afterwards.
            raw = await self._read(request)
        reply, sent = await threads.run(self._run, endpoint, request, raw, admitted)
        if isinstance(sent, bytes):
            return Response(sent, reply.status, media_type=reply.kind)
        return StreamingResponse(sent, reply.status, media_type=reply.kind)

    def _admit(self, endpoint: Endpoint, request: Request) -> None:
        """Notes whose request it is. ``Refused`` where they may not, or have asked too often."""
        address = f"address {request.client.host if request.client else ''}"
        try:
            key = self.access.check(endpoint, request)
        except Refused:
            self.limit.take(address)
            raise
        self.limit.take(f"key {key.id}" if key else address)
        request.scope["fewrec"].key = key

    def _run(
        self, endpoint: Endpoint, request: Request, raw: bytes | None, admitted: bool
    ) -> tuple[Reply, Any]:
        if not admitted:
            self._admit(endpoint, request)
        passing = request.scope["fewrec"]
        query = self._query(endpoint, request)
        body = self._body(endpoint, request, raw)
        if len(endpoint.bodies) > 1:
            query["kind"] = passing.kind
        reply = endpoint.handle(Ask(self.hub, request.path_params, query, body, passing.key, self.meter))
        return reply, to_json(envelope(reply.data, reply.more)) if reply.raw is None else reply.raw

    @staticmethod
    def _query(endpoint: Endpoint, request: Request) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, schema in endpoint.query.items():
            if schema.get("x-required") and name not in request.query_params:
                raise DataError(
                    "this parameter is missing.", where=f"query.{name}", hint=schema["description"]
                )
        for name, text in request.query_params.multi_items():
            if name not in endpoint.query:
                known = ", ".join(endpoint.query) or "none"
                raise DataError(
                    "there is no such parameter.",
                    where=f"query.{ascii(name)[1:-1][:60]}",
                    hint=f"Known: {known}.",
                )
            if name in found:
                raise DataError(
                    "this parameter stands there twice.", where=f"query.{name}", hint="Give it once."
                )
            found[name] = from_text(text, endpoint.query[name], f"query.{name}")
        return found

    @staticmethod
    def _body(endpoint: Endpoint, request: Request, raw: bytes | None) -> Any:
        if endpoint.body is None or raw is None:
            return None
        kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind not in endpoint.bodies:
            raise Refused(415, "media_type", "the body is of a kind that is not read here.", where="Content-Type",
                          hint=f"Send {' or '.join(endpoint.bodies)}.")  # fmt: skip
        if kind != "application/json":
            request.scope["fewrec"].kind = kind
            return raw
        if not raw and not endpoint.body.get("required") and "oneOf" not in endpoint.body:
            return {}
        plain = parsed(raw)
        schema = endpoint.body
        if "oneOf" in schema:
            schema = schema["oneOf"][1] if isinstance(plain, list) else schema["x-one"]
        check(plain, schema, "body")
        return plain

    async def _read(self, request: Request) -> bytes:
        most = self.settings.body_mb * 1e6
        parts, size = [], 0
        try:
            with anyio.fail_after(self.settings.patience):
                async for part in request.stream():
                    size += len(part)
                    if size > most:
                        raise too_large(most)
                    parts.append(part)
        except TimeoutError as error:
            raise Refused(408, "too_slow", "the body did not arrive in time.",
                          hint=f"It may take {self.settings.patience:g} s.") from error  # fmt: skip
        return b"".join(parts)


def too_large(most: float) -> Refused:
    """What to say of a body beyond the limit."""
    return Refused(413, "too_large", "the body is too large.", where="body",
                   hint=f"At most {most / 1e6:g} MB (service.body_mb); send it in parts.")  # fmt: skip


def parsed(raw: bytes) -> Any:
    """The JSON in a body. ``DataError`` for what is none, for NaN and infinity, and for what is nested too deep."""

    def no_number(name: str) -> Any:
        raise DataError(f"{name} is no number of JSON.", where="body", hint="Leave it out, or send null.")

    def finite(text: str) -> float:
        number = float(text)
        if not math.isfinite(number):
            raise DataError("a number is too large.", where="body", hint="Numbers have at most 308 digits.")
        return number

    try:
        plain = json.loads(raw, parse_constant=no_number, parse_float=finite)
    except RecursionError as error:
        raise _too_deep() from error
    except (UnicodeDecodeError, ValueError) as error:
        place = (
            f", line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise DataError(f"the body is no JSON{place}.", where="body", hint="Send UTF-8 JSON.") from error
    level, deepest = [plain], 0
    while level:
        deepest += 1
        if deepest > DEPTH:
            raise _too_deep()
        inner = [
            part.values() if isinstance(part, dict) else part
            for part in level
            if isinstance(part, dict | list)
        ]
        level = [cell for part in inner for cell in part if isinstance(cell, dict | list)]
    return plain


def _too_deep() -> DataError:
    return DataError("the body is nested too deep.", where="body", hint=f"At most {DEPTH} levels.")


def refused(error: FewrecError) -> Response:
    """An error of the family as a response."""
    headers = error.headers if isinstance(error, Refused) else {}
    return Response(to_json(failure(error)), status_of(error), headers=headers, media_type="application/json")
