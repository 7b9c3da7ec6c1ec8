"""What every request passes, whatever its path: an id, security headers, CORS, limits, the log, the count.

Plain ASGI, so that nothing is buffered on the way.
"""

from __future__ import annotations

import json
import re
import secrets
import sys
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fewrec.config import ServiceSettings
from fewrec.errors import FewrecError
from fewrec.service.answers import Refused, failure, status_of, to_json

if TYPE_CHECKING:
    from fewrec.service.endpoint import Endpoint
    from fewrec.service.meter import Meter
    from fewrec.store import Key

__all__ = ["Gate", "Passing"]

HEADERS = {
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
RAW_HEADERS = tuple((name.encode(), value.encode()) for name, value in HEADERS.items())
OWN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass
class Passing:
    """One request on its way; what the rooms found out about it is for the log."""

    id: str
    began: float = field(default_factory=time.perf_counter)
    endpoint: Endpoint | None = None
    key: Key | None = None
    kind: str = ""  # of the body, where an endpoint reads several


class Gate:
    """Wraps the application."""

    def __init__(self, app: Any, settings: ServiceSettings, meter: Meter, log: Any) -> None:
        self.app, self.settings, self.meter, self.log = app, settings, meter, log

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = _header(scope, b"x-request-id")
        passing = Passing(given if OWN_ID.fullmatch(given) else secrets.token_hex(8))
        scope["fewrec"] = passing
        status, size = 0, 0
        origin = self._origin(scope)

        async def sending(message: Any) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": self._headers(message["headers"], passing, origin)}
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            if scope["method"] == "OPTIONS" and origin is not None:
                await _send(sending, 204, b"", self._preflight())
            else:
                self._check(scope)
                await self.app(scope, receive, self._in_envelope(sending))
        except FewrecError as error:
            await _send(sending, status_of(error), to_json(failure(error)), _extra(error))
        except Exception as error:
            # Nobody may be shown what broke: the place is in the log, under the id that the answer carries.
            self._tell(passing, scope, 500, size, error)
            if status:
                raise  # the answer has begun; all that is left is to break it off
            await _send(sending, 500, to_json(failure(_internal(passing))), {})
            self.meter.count(passing, 500)
            return
        self.meter.count(passing, status)
        self._tell(passing, scope, status, size, None)

    def _check(self, scope: Any) -> None:
        """What can be refused before anything is read."""
        length = _header(scope, b"content-length")
        most = self.settings.body_mb * 1e6
        if length.isdigit() and int(length[:20]) > most:
            from fewrec.service.app import too_large

            raise too_large(most)

    @staticmethod
    def _in_envelope(send: Any) -> Any:
        """Turns the framework's own plain answers (no such path, no such method) into the envelope."""
        held: dict[str, Any] = {}

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] in (404, 405, 307, 400):
                headers = dict(message["headers"])
                if headers.get(b"content-type", b"").startswith(b"text/plain"):
                    held.update(message)
                    return
            if held:
                if message.get("more_body"):
                    return
                from fewrec.service.routes.state import nothing_here

                error = nothing_here("")
                if held["status"] == 405:
                    error = Refused(405, "method", "this path does not know the method.", where="method")
                allow = {key.decode(): value.decode() for key, value in held["headers"] if key == b"allow"}
                await _send(send, held["status"], to_json(failure(error)), allow)
                held.clear()
                return
            await send(message)

        return sending

    def _origin(self, scope: Any) -> str | None:
        """The origin of a page that may read answers, ``None`` for any other."""
        origin = _header(scope, b"origin")
        return origin if origin and origin in self.settings.cors else None

    def _preflight(self) -> dict[str, str]:
        return {
            "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Request-Id",
            "Access-Control-Max-Age": "600",
        }

    @staticmethod
    def _headers(headers: Any, passing: Passing, origin: str | None) -> list[tuple[bytes, bytes]]:
        there = {name for name, _ in headers}
        found = [*headers, *(pair for pair in RAW_HEADERS if pair[0] not in there)]
        found.append((b"x-request-id", passing.id.encode()))
        if origin is not None:
            found += [(b"access-control-allow-origin", origin.encode()), (b"vary", b"Origin")]
        return found

    def _tell(self, passing: Passing, scope: Any, status: int, size: int, error: Exception | None) -> None:
        """One JSON line: neither ids nor queries nor bodies, unless the settings ask for the path."""
        if self.log is None:
            return
        line: dict[str, Any] = {
            "time": round(time.time(), 3),
            "level": "error" if status >= 500 else "info",
            "request": passing.id,
            "method": scope["method"] if len(scope["method"]) < 10 else "other",
            "route": passing.endpoint.path if passing.endpoint else None,
            "status": status,
            "ms": round((time.perf_counter() - passing.began) * 1000, 2),
            "bytes": size,
            "key": passing.key.id if passing.key else None,
        }
        if self.settings.log_ids:
            line["path"] = scope["path"]
            line["query"] = scope["query_string"].decode("latin-1")
        if error is not None:
            # The message could quote what was sent; places in the code cannot.
            frames = traceback.extract_tb(error.__traceback__)
            line["error"] = type(error).__name__
            line["stack"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
            if self.settings.log_ids:
                line["message"] = str(error)
        print(json.dumps(line), file=self.log, flush=True)


def _internal(passing: Passing) -> Refused:
    return Refused(
        500,
        "internal",
        "something broke in fewrec.",
        hint=f"The log has more under the request id {passing.id}.",
    )


def _extra(error: FewrecError) -> dict[str, str]:
    return error.headers if isinstance(error, Refused) else {}


def _header(scope: Any, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


async def _send(send: Any, status: int, body: bytes, more: dict[str, str]) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in more.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def stderr() -> Any:
    """Where the log goes."""
    return sys.stderr
