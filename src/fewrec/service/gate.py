"""What every request passes, whatever its path: an id, security headers, CORS, limits, the log, the count.

Plain ASGI, so that nothing is buffered on the way.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fewrec.config import ServiceSettings
from fewrec.errors import FewrecError
from fewrec.service.answers import Refused, failure, status_of, to_json
from fewrec.service.endpoint import Reply
from fewrec.service.request import Request, too_large

if TYPE_CHECKING:
    from fewrec.service.meter import Meter

__all__ = ["Gate"]

SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    # Scripts and styles from files of this service alone, and no text is ever read as HTML: titles are data.
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
}
HEADERS = tuple((name.encode(), value.encode()) for name, value in SECURITY.items())
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Request-Id",
    "Access-Control-Max-Age": "600",
}


class Gate:
    """The ASGI application around ``answer``, which gives the reply to a request or raises ``FewrecError``."""

    def __init__(
        self, answer: Callable[[Request], Awaitable[Reply]], settings: ServiceSettings, meter: Meter, log: Any
    ) -> None:
        self.answer, self.settings, self.meter, self.log = answer, settings, meter, log

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":  # there is nothing to begin or to end
            for part in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{part}.complete"})
            return
        if scope["type"] != "http":
            raise NotImplementedError(f"{scope['type']}: the service answers HTTP alone.")
        request = Request(scope, receive)
        broke: Exception | None = None
        size = 0
        try:
            reply = await self._reply(request)
        except FewrecError as error:
            reply = refused(error)
        except Exception as error:
            # Nobody may be shown what broke: the place is in the log, under the id that the answer carries.
            broke, reply = error, refused(_internal(request))
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": reply.status,
                    "headers": self._headers(request, reply),
                }
            )
            if isinstance(reply.raw, bytes):
                size = len(reply.raw)
                await send({"type": "http.response.body", "body": reply.raw})
            elif reply.raw is not None:
                async for part in reply.raw:
                    size += len(part)
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
        except Exception as error:
            self._tell(request, 500, size, error)
            raise  # the answer has begun; all that is left is to break it off
        self.meter.count(request, reply.status)
        self._tell(request, reply.status, size, broke)

    async def _reply(self, request: Request) -> Reply:
        if request.method == "OPTIONS" and self._origin(request):
            return Reply(raw=b"", status=204, headers=PREFLIGHT)
        most = self.settings.body_mb * 1e6
        if (request.length or 0) > most:  # what can be refused before anything is read
            raise too_large(most)
        return await self.answer(request)

    def _origin(self, request: Request) -> str:
        """The origin of a page that may read answers, "" for any other."""
        origin = request.header(b"origin")
        return origin if origin in self.settings.cors else ""

    def _headers(self, request: Request, reply: Reply) -> list[tuple[bytes, bytes]]:
        headers = [(b"content-type", reply.kind.encode()), (b"x-request-id", request.id.encode()), *HEADERS]
        if isinstance(reply.raw, bytes):
            headers.append((b"content-length", b"%d" % len(reply.raw)))
        if reply.headers:
            headers += [(name.lower().encode(), value.encode()) for name, value in reply.headers.items()]
        origin = self._origin(request)
        if origin:
            headers += [(b"access-control-allow-origin", origin.encode()), (b"vary", b"Origin")]
        return headers

    def _tell(self, request: Request, status: int, size: int, error: Exception | None) -> None:
        """One JSON line: neither ids nor queries nor bodies, unless the settings ask for the path."""
        if self.log is None:
            return
        line: dict[str, Any] = {
            "time": round(time.time(), 3),
            "level": "error" if status >= 500 else "info",
            "request": request.id,
            "method": request.method if len(request.method) < 10 else "other",
            "route": request.endpoint.path if request.endpoint else None,
            "status": status,
            "ms": round((time.perf_counter() - request.began) * 1000, 2),
            "bytes": size,
            "key": request.key.id if request.key else None,
        }
        if self.settings.log_ids:
            line["path"] = request.scope["path"]
            line["query"] = request.scope["query_string"].decode("latin-1")
        if error is not None:
            # The message could quote what was sent; places in the code cannot.
            frames = traceback.extract_tb(error.__traceback__)
            line["error"] = type(error).__name__
            line["stack"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
            if self.settings.log_ids:
                line["message"] = str(error)
        self.log.write(f"{json.dumps(line)}\n")
        self.log.flush()


def _internal(request: Request) -> Refused:
    return Refused(
        500,
        "internal",
        "something broke in fewrec.",
        hint=f"The log has more under the request id {request.id}.",
    )


def refused(error: FewrecError) -> Reply:
    """An error of the family as a reply."""
    headers = error.headers if isinstance(error, Refused) else {}
    return Reply(raw=to_json(failure(error)), status=status_of(error), headers=headers)
