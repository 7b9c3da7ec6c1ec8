"""What every request passes, whatever its path: an id, security headers, CORS, limits, the log, the count.

Plain ASGI, so that nothing is buffered on the way.
"""

from __future__ import annotations

import json
import re
import secrets
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from fewrec.config import ServiceSettings
from fewrec.errors import FewrecError
from fewrec.service.answers import Refused, failure, status_of, to_json
from fewrec.service.request import length_of, too_large

if TYPE_CHECKING:
    from fewrec.service.endpoint import Endpoint
    from fewrec.service.meter import Meter
    from fewrec.store import Key

__all__ = ["Gate", "Passing", "refused"]

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


OWN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(slots=True)
class Passing:
    """One request on its way, as ``scope["fewrec"]``; what the rooms find out about it is for the log.

    ``id``: of the log line and the answer, the caller's own where it may be one. ``key``: whose it is, ``None`` where
    no key is needed; ``admitted``: whether that was looked at.
    """

    id: str
    began: float = field(default_factory=time.perf_counter)
    endpoint: Endpoint | None = None
    key: Key | None = None
    admitted: bool = False


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(self, app: Any, settings: ServiceSettings, meter: Meter, log: Any) -> None:
        self.app, self.settings, self.meter, self.log = app, settings, meter, log

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        given = request.headers.get("x-request-id", "")
        passing = scope["fewrec"] = Passing(given if OWN_ID.fullmatch(given) else secrets.token_hex(8))
        origin = self._origin(request)
        broke: Exception | None = None
        status, size = 0, 0

        async def sending(message: Any) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._headers(passing, origin)]
            else:
                size += len(message["body"])
            await send(message)

        try:
            if request.method == "OPTIONS" and origin:
                await Response(status_code=204, headers=PREFLIGHT)(scope, receive, sending)
            else:
                most = self.settings.body_mb * 1e6
                if (length_of(request) or 0) > most:  # what can be refused before anything is read
                    raise too_large(most)
                await self.app(scope, receive, sending)
        except Exception as error:
            if status:
                self._tell(request, 500, size, error)
                raise  # the answer has begun; all that is left is to break it off
            if not isinstance(error, FewrecError):
                # Nobody may be shown what broke: the place is in the log, under the id that the answer carries.
                broke, error = error, _internal(passing)
            await refused(error)(scope, receive, sending)
        self.meter.count(passing, status)
        self._tell(request, status, size, broke)

    def _origin(self, request: Request) -> str:
        """The origin of a page that may read answers, "" for any other."""
        origin = request.headers.get("origin", "")
        return origin if origin in self.settings.cors else ""

    @staticmethod
    def _headers(passing: Passing, origin: str) -> list[tuple[bytes, bytes]]:
        headers = [(b"x-request-id", passing.id.encode()), *HEADERS]
        if origin:
            headers += [(b"access-control-allow-origin", origin.encode()), (b"vary", b"Origin")]
        return headers

    def _tell(self, request: Request, status: int, size: int, error: Exception | None) -> None:
        """One JSON line: neither ids nor queries nor bodies, unless the settings ask for the path."""
        if self.log is None:
            return
        passing: Passing = request.scope["fewrec"]
        line: dict[str, Any] = {
            "time": round(time.time(), 3),
            "level": "error" if status >= 500 else "info",
            "request": passing.id,
            "method": request.method if len(request.method) < 10 else "other",
            "route": passing.endpoint.path if passing.endpoint else None,
            "status": status,
            "ms": round((time.perf_counter() - passing.began) * 1000, 2),
            "bytes": size,
            "key": passing.key.id if passing.key else None,
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


def _internal(passing: Passing) -> Refused:
    return Refused(
        500,
        "internal",
        "something broke in fewrec.",
        hint=f"The log has more under the request id {passing.id}.",
    )


def refused(error: FewrecError) -> Response:
    """An error of the family as a response."""
    headers = error.headers if isinstance(error, Refused) else {}
    return Response(to_json(failure(error)), status_of(error), headers, "application/json")
