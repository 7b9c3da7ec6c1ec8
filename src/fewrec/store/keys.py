"""API keys: kept as hashes, so that whoever reads the database cannot use them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any

from fewrec.errors import ConfigError, UnknownIdError
from fewrec.store.backend import Backend

__all__ = ["ROLES", "Key", "Keys", "check_new"]

ROLES = ("read", "write", "admin")
"""Each may do what those before it may: ask for lists; send events, items and users; manage."""

PREFIX = "fewrec"


@dataclass(frozen=True)
class Key:
    """One key without its secret."""

    id: str
    name: str
    role: str
    created: float  # unix seconds
    revoked: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return {
            "id": self.id,
            "name": self.name,
            "role": self.role,
            "created": self.created,
            "revoked": self.revoked,
        }


class Keys:
    """Makes, checks and revokes keys. A key reads ``fewrec_ID_SECRET``.

    The secret has 256 random bits, so one round of SHA-256 keeps it as well as a slow hash would: there is nothing to
    guess. It is compared in constant time.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def create(self, name: str, role: str) -> tuple[str, Key]:
        """``(the key as it is to be sent, what is kept of it)``; nobody can see the first again."""
        check_new(name, role)
        secret = secrets.token_hex(32)
        key = Key(secrets.token_hex(6), name.strip(), role, time.time())
        with self._backend.write() as session:
            session.run(
                "INSERT INTO keys (id, name, role, digest, created, revoked) VALUES (?, ?, ?, ?, ?, NULL)",
                (key.id, key.name, key.role, _digest(secret), key.created),
            )
            session.run("UPDATE counters SET value = value + 1 WHERE name = 'keys'")
        return f"{PREFIX}_{key.id}_{secret}", key

    def check(self, text: str) -> Key | None:
        """The key that ``text`` is, ``None`` where it is none, or one that was revoked."""
        prefix, _, rest = text.partition("_")
        id, _, secret = rest.partition("_")
        with self._backend.read() as session:
            rows = session.rows(
                "SELECT id, name, role, created, revoked, digest FROM keys WHERE id = ?",
                (id if id.isascii() and id.isalnum() else "",),
            )
        kept = rows[0][5] if rows else _digest("")  # an unknown id takes as long as a wrong secret
        same = hmac.compare_digest(kept, _digest(secret))
        if not rows or not same or prefix != PREFIX:
            return None
        key = Key(*rows[0][:5])
        return key if key.revoked is None else None

    def revoke(self, id: str) -> Key:
        """The key, which from now on opens nothing."""
        with self._backend.write() as session:
            session.run(
                "UPDATE keys SET revoked = ? WHERE id = ? AND revoked IS NULL",
                (time.time(), id),
            )
            rows = session.rows("SELECT id, name, role, created, revoked FROM keys WHERE id = ?", (id,))
            session.run("UPDATE counters SET value = value + 1 WHERE name = 'keys'")
        if not rows:
            raise UnknownIdError(
                "there is no such key.", where="key", value=id, hint="fewrec keys list tells their ids."
            )
        return Key(*rows[0])

    def all(self) -> list[Key]:
        """All keys, the oldest first."""
        with self._backend.read() as session:
            rows = session.rows("SELECT id, name, role, created, revoked FROM keys ORDER BY created, id")
        return [Key(*row) for row in rows]

    def state(self, *, wait: bool = True) -> int:
        """What grows whenever a key is made or revoked; cheap. Without ``wait`` as :meth:`Backend.rows` tells."""
        return int(self._backend.rows("SELECT value FROM counters WHERE name = 'keys'", wait=wait)[0][0])

    def any(self) -> bool:
        """Whether there is a key that opens something."""
        with self._backend.read() as session:
            return bool(session.rows("SELECT 1 FROM keys WHERE revoked IS NULL LIMIT 1"))


def check_new(name: str, role: str) -> None:
    """``ConfigError`` for a name or a role that no key can have."""
    if role not in ROLES:
        raise ConfigError(
            f"{role!r} is not a role.", where="role", value=role, hint=f"Roles: {', '.join(ROLES)}."
        )
    if not isinstance(name, str) or not 0 < len(name.strip()) <= 100 or not name.isprintable():
        raise ConfigError(
            "a key needs a name of 1 to 100 characters.", where="name", hint="Say who will use it: shop."
        )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
