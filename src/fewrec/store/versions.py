"""Model versions: what was fitted when and on what, and which one answers."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fewrec.errors import ConfigError, UnknownIdError
from fewrec.store.backend import Backend, Session

__all__ = ["Version", "Versions"]

UNFINISHED = ("waiting", "fitting")
SILENT_SECONDS = 30.0
"""A fit that has not been heard of for so long is dead: its worker says every few seconds that it is alive."""


@dataclass(frozen=True)
class Version:
    """One model version.

    ``status``: waiting, fitting, ready, failed, or erased (its folder is gone, because it had learned from somebody who
    was erased). ``seq``: the state of the data that it was fitted on. ``about``: progress, reason, times, counts.
    """

    version: int
    status: str
    seq: int
    about: dict[str, Any] = field(default_factory=dict)
    active: bool = False

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return {
            "version": self.version,
            "status": self.status,
            "active": self.active,
            "data_seq": self.seq,
            **self.about,
        }


class Versions:
    """The book of models. Each call is one transaction; every change is seen by all processes."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def request(self, **about: Any) -> tuple[Version, bool]:
        """``(version, whether it is new)``: a new version that waits for a worker, or the one that waits already."""
        with self._backend.write() as session:
            _changed(session)
            rows = session.rows("SELECT version, status, seq, about FROM models WHERE status = 'waiting'")
            if rows:
                return _version(rows[0]), False
            last = session.rows("SELECT COALESCE(MAX(version), 0) FROM models")[0][0]
            version = Version(int(last) + 1, "waiting", 0, {"requested": time.time(), **about})
            session.run(
                "INSERT INTO models (version, status, seq, about, beat) VALUES (?, ?, ?, ?, ?)",
                (version.version, version.status, 0, _json(version.about), time.time()),
            )
        return version, True

    def start(self) -> Version | None:
        """The waiting version, now fitting; ``None`` where none waits or another fit is alive. A fit that has been
        silent for long is put down as failed."""
        with self._backend.read() as session:
            if not session.rows("SELECT 1 FROM models WHERE status = 'waiting' LIMIT 1"):
                return None  # asked several times a second: a look costs no write
        with self._backend.write() as session:
            session.run(
                "UPDATE counters SET value = value WHERE name = 'models'"
            )  # others wait here for their turn
            waiting = session.rows("SELECT version FROM models WHERE status = 'waiting' ORDER BY version")
            fitting = session.rows("SELECT version, beat FROM models WHERE status = 'fitting'")
            alive = [version for version, beat in fitting if time.time() - beat < SILENT_SECONDS]
            for version, _ in fitting:
                if version not in alive:
                    _update(
                        session,
                        version,
                        status="failed",
                        about={"reason": "the worker ended without a word.", "finished": time.time()},
                    )
            if len(alive) < len(fitting):
                _changed(session)
            if alive or not waiting:
                return None
            _update(session, waiting[0][0], status="fitting", about={"started": time.time()})
            _changed(session)
            return _find(session, waiting[0][0])

    def say(self, version: int, *, status: str | None = None, seq: int | None = None, **about: Any) -> None:
        """Notes how a fit goes. ``about``: laid over what is there."""
        with self._backend.write() as session:
            _update(session, version, status=status, seq=seq, about=about)
            if status is not None:
                _changed(session)

    def activate(self, version: int) -> Version:
        """The version, which answers from now on. ``ConfigError`` where it is not ready."""
        with self._backend.write() as session:
            found = _find(session, version)
            if found.status != "ready":
                raise ConfigError(
                    f"version {version} is {found.status}, so it cannot answer.",
                    where="version",
                    value=version,
                    hint="Choose one that is ready.",
                )
            erased = session.rows("SELECT COALESCE(MAX(seq), 0) FROM erasures")[0][0]
            if found.seq < erased:
                raise ConfigError(
                    f"version {version} had learned from somebody who was erased.",
                    where="version",
                    value=version,
                    hint="Choose one that was fitted since.",
                )
            session.run("UPDATE counters SET value = ? WHERE name = 'active'", (version,))
            _changed(session)
            return Version(found.version, found.status, found.seq, found.about, True)

    def get(self, version: int) -> Version:
        """One version; ``UnknownIdError`` where there is none."""
        with self._backend.read() as session:
            return _find(session, version)

    def active(self) -> Version | None:
        """The version that answers."""
        with self._backend.read() as session:
            rows = session.rows(
                "SELECT version, status, seq, about FROM models WHERE version = "
                "(SELECT value FROM counters WHERE name = 'active')"
            )
        return _version(rows[0], active=True) if rows else None

    def all(self) -> list[Version]:
        """All versions, the latest first."""
        with self._backend.read() as session:
            active = _active(session)
            rows = session.rows("SELECT version, status, seq, about FROM models ORDER BY version DESC")
        return [_version(row, active=row[0] == active) for row in rows]


def _active(session: Session) -> int:
    return int(session.rows("SELECT value FROM counters WHERE name = 'active'")[0][0])


def _find(session: Session, version: int) -> Version:
    rows = session.rows("SELECT version, status, seq, about FROM models WHERE version = ?", (version,))
    if not rows:
        raise UnknownIdError(
            f"there is no model version {version}.",
            where="version",
            value=version,
            hint="GET /v1/models lists them.",
        )
    return _version(rows[0], active=_active(session) == version)


def _update(
    session: Session,
    version: int,
    *,
    status: str | None = None,
    seq: int | None = None,
    about: Mapping[str, Any] | None = None,
) -> None:
    found = _find(session, version)
    session.run(
        "UPDATE models SET status = ?, seq = ?, about = ?, beat = ? WHERE version = ?",
        (
            found.status if status is None else status,
            found.seq if seq is None else seq,
            _json({**found.about, **(about or {})}),
            time.time(),
            version,
        ),
    )


def _changed(session: Session) -> None:
    session.run("UPDATE counters SET value = value + 1 WHERE name = 'models'")


def _version(row: tuple[Any, ...], *, active: bool = False) -> Version:
    return Version(int(row[0]), row[1], int(row[2]), json.loads(row[3]), active)


def _json(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
