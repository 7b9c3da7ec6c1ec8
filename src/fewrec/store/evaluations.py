"""Evaluations of the store's rows: asked for, run by a worker, and their results."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fewrec.errors import UnknownIdError
from fewrec.store.backend import Backend, Session

__all__ = ["Evaluations", "Run"]

KEPT = 20
"""Evaluations that are kept; the oldest go."""

SILENT_SECONDS = 30.0
"""One that has not been heard of for so long is dead: its worker says every few seconds that it is alive."""


@dataclass(frozen=True)
class Run:
    """One evaluation.

    ``status``: waiting, running, done, failed, or erased (its result is gone, because somebody who was erased was among
    those it was measured on). ``seq``: the state of the data that was measured. ``about``: progress, reason, times.
    ``result``: what ``Evaluation.to_dict`` gives; ``None`` until it is done, and in lists.
    """

    id: int
    status: str
    seq: int
    about: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready fields, without the result."""
        return {"id": self.id, "status": self.status, "data_seq": self.seq, **self.about}


class Evaluations:
    """The book of evaluations. Each call is one transaction; one evaluation runs at a time."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def request(self, **about: Any) -> tuple[Run, bool]:
        """``(evaluation, whether it is new)``: one that waits for a worker, or the one that waits or runs already."""
        with self._backend.write() as session:
            _turn(session)
            rows = session.rows(
                "SELECT id, status, seq, about FROM evaluations WHERE status IN ('waiting', 'running') ORDER BY id"
            )
            if rows:
                return _run(rows[0]), False
            last = int(session.rows("SELECT COALESCE(MAX(id), 0) FROM evaluations")[0][0])
            run = Run(last + 1, "waiting", 0, {"requested": time.time(), **about})
            session.run(
                "INSERT INTO evaluations (id, status, seq, about, result, beat) VALUES (?, ?, ?, ?, NULL, ?)",
                (run.id, run.status, run.seq, _json(run.about), time.time()),
            )
            session.run("DELETE FROM evaluations WHERE id <= ?", (run.id - KEPT,))
        return run, True

    def start(self) -> Run | None:
        """The waiting evaluation, now running; ``None`` where none waits. One that has been silent for long is put
        down as failed."""
        silent = time.time() - SILENT_SECONDS
        with self._backend.read() as session:
            if not session.rows(
                "SELECT 1 FROM evaluations WHERE status = 'waiting' OR (status = 'running' AND beat < ?) LIMIT 1",
                (silent,),
            ):
                return None  # asked several times a second: a look costs no write
        with self._backend.write() as session:
            _turn(session)
            for (id,) in session.rows(
                "SELECT id FROM evaluations WHERE status = 'running' AND beat < ?", (silent,)
            ):
                _update(session, id, "failed", None, {"reason": "the worker ended without a word.",
                                                      "finished": time.time()})  # fmt: skip
            waiting = session.rows("SELECT id FROM evaluations WHERE status = 'waiting' ORDER BY id")
            if not waiting or session.rows("SELECT 1 FROM evaluations WHERE status = 'running' LIMIT 1"):
                return None
            _update(session, waiting[0][0], "running", None, {"started": time.time()})
            return _find(session, waiting[0][0])

    def say(self, id: int, *, status: str | None = None, seq: int | None = None, **about: Any) -> None:
        """Notes how an evaluation goes. ``about``: laid over what is there."""
        with self._backend.write() as session:
            _update(session, id, status, seq, about)

    def finish(self, id: int, seq: int, result: Mapping[str, Any]) -> Run:
        """Keeps a result that was measured at ``seq``; nothing of it where somebody was erased since, or where it was
        put down as failed meanwhile."""
        with self._backend.write() as session:
            # Whoever erases waits here, or has been waited for: no result slips in between.
            session.run("UPDATE counters SET value = value WHERE name = 'data'")
            found = _find(session, id)
            if found.status == "failed":
                return found
            erased = session.rows("SELECT COALESCE(MAX(seq), 0) FROM erasures")[0][0] > seq
            about: dict[str, Any] = {"finished": time.time(), "progress": None}
            _update(session, id, "erased" if erased else "done", seq, about)
            if not erased:
                session.run("UPDATE evaluations SET result = ? WHERE id = ?", (_json(result), id))
            return _find(session, id)

    def get(self, id: int) -> Run:
        """One evaluation with its result; ``UnknownIdError`` where there is none."""
        with self._backend.read() as session:
            return _find(session, id)

    def all(self) -> list[Run]:
        """All evaluations, the latest first, without their results."""
        with self._backend.read() as session:
            rows = session.rows("SELECT id, status, seq, about FROM evaluations ORDER BY id DESC")
        return [_run(row) for row in rows]


def erase_results(session: Session) -> None:
    """Takes the results of all evaluations away, as a part of an erasure."""
    session.run("UPDATE evaluations SET status = 'erased', result = NULL WHERE status = 'done'")


def _turn(session: Session) -> None:
    session.run(
        "UPDATE counters SET value = value WHERE name = 'evaluations'"
    )  # others wait here for their turn


def _find(session: Session, id: int) -> Run:
    rows = session.rows("SELECT id, status, seq, about, result FROM evaluations WHERE id = ?", (id,))
    if not rows:
        raise UnknownIdError(
            f"there is no evaluation {id}.", where="id", value=id, hint="GET /v1/evaluations lists them."
        )
    return _run(rows[0])


def _update(session: Session, id: int, status: str | None, seq: int | None, about: Mapping[str, Any]) -> None:
    found = _find(session, id)
    session.run(
        "UPDATE evaluations SET status = ?, seq = ?, about = ?, beat = ? WHERE id = ?",
        (
            found.status if status is None else status,
            found.seq if seq is None else seq,
            _json({**found.about, **about}),
            time.time(),
            id,
        ),
    )


def _run(row: tuple[Any, ...]) -> Run:
    result = json.loads(row[4]) if len(row) > 4 and row[4] is not None else None
    return Run(int(row[0]), row[1], int(row[2]), json.loads(row[3]), result)


def _json(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
