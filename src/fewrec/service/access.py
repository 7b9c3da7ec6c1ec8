"""Who may do what.

Without any key, a service on loopback is open to whoever is on this machine. As soon as there is a key, everybody needs
one. A key that is wrong or revoked is refused in any case.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict

from starlette.requests import Request

from fewrec.errors import ConfigError
from fewrec.service.answers import Refused
from fewrec.service.endpoint import Endpoint
from fewrec.service.hub import Hub
from fewrec.store import Key
from fewrec.store.keys import ROLES

__all__ = ["Access", "check_binding", "is_loopback"]

KEPT = 1000
HINT = "Send Authorization: Bearer fewrec_...; fewrec keys create makes a key."


def is_loopback(host: str) -> bool:
    """Whether an address, or the host of a Host header, is this machine alone."""
    name = host.strip().strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def check_binding(host: str, any_key: bool) -> None:
    """``ConfigError`` for an address that others can reach while there is no key."""
    if not is_loopback(host) and not any_key:
        raise ConfigError(
            f"{host} can be reached from other machines, and there is no key.",
            where="service.host",
            value=host,
            hint="Make one first: fewrec keys create --name shop --role write; or serve on 127.0.0.1.",
        )


class Access:
    """Checks requests against the roles of endpoints."""

    def __init__(self, hub: Hub, host: str) -> None:
        self.hub, self.loopback = hub, is_loopback(host)
        self._lock = threading.Lock()
        self._state = -1
        self._any = False
        self._keys: OrderedDict[int, Key] = (
            OrderedDict()
        )  # hash of the sent text -> key, while no key changes

    def check(self, endpoint: Endpoint, request: Request, *, wait: bool = True) -> Key | None:
        """The key of the request, ``None`` where none is needed. ``Refused``: 401 without a good key, 403 where its
        role does not suffice. ``BlockingIOError`` where the database must be waited for, and ``wait`` is false."""
        if endpoint.role == "none":
            return None
        self._follow(wait)
        text = request.headers.get("authorization")
        if text is None:
            if self._any or not self.loopback:
                raise _who("a key is needed.")
            self._check_local(request)
            return None
        scheme, _, token = text.partition(" ")
        key = self._key(token.strip(), wait) if scheme.lower() == "bearer" else None
        if key is None:
            raise _who("the key is wrong, or was revoked.")
        if ROLES.index(key.role) < ROLES.index(endpoint.role):
            raise Refused(
                403, "role", f"this needs the role {endpoint.role}; the key has {key.role}.", where="Authorization",
                hint="Use another key.",
            )  # fmt: skip
        return key

    def _follow(self, wait: bool) -> None:
        """Forgets what is remembered when a key was made or revoked, by whatever process."""
        state = self.hub.store.keys.state(wait=wait)
        if state != self._state:
            if not wait:
                raise BlockingIOError
            with self._lock:
                self._keys.clear()
                self._any = self.hub.store.keys.any()
                self._state = state

    def _key(self, token: str, wait: bool) -> Key | None:
        with self._lock:
            key = self._keys.get(hash(token))
        if key is None:
            if not wait:
                raise BlockingIOError
            key = self.hub.store.keys.check(token)
            if key is not None:
                with self._lock:
                    self._keys[hash(token)] = key
                    while len(self._keys) > KEPT:
                        self._keys.popitem(last=False)
        return key

    @staticmethod
    def _check_local(request: Request) -> None:
        """An open service answers programs of this machine: no other site's page, and nobody behind a proxy."""
        host = request.headers.get("host", "localhost")
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        origin = request.headers.get("origin")
        foreign = origin is not None and origin.partition("://")[2] != host
        proxied = any(request.headers.get(name) for name in ("forwarded", "x-forwarded-for", "x-real-ip"))
        site = request.headers.get("sec-fetch-site", "none")
        if not is_loopback(name) or foreign or proxied or site == "cross-site":
            raise _who("without a key only this machine is answered.")


def _who(message: str) -> Refused:
    return Refused(
        401, "key", message, where="Authorization", hint=HINT, headers={"WWW-Authenticate": "Bearer"}
    )
