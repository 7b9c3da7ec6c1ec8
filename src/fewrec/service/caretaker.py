"""``Caretaker``: a thread that keeps the hub in step, starts fits and evaluations, and puts away what has to go."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from fewrec.errors import FewrecError
from fewrec.service.hub import Hub
from fewrec.store import Evaluations, Versions

__all__ = ["Caretaker"]

PERIOD = 0.25
KEEP = 5
"""Ready versions whose folders are kept, so that one can go back."""


@dataclass(frozen=True)
class _Job:
    """A worker process, and where it is noted how it ends."""

    process: subprocess.Popen[str]
    number: int
    errors: IO[str]
    book: Versions | Evaluations

    def failed(self, reason: str) -> None:
        """Notes why it ended."""
        self.book.say(self.number, status="failed", reason=reason, finished=time.time())


class Caretaker:
    """Looks after one process; where several share a store, whichever comes first starts a fit or an evaluation."""

    def __init__(
        self,
        hub: Hub,
        database: str,
        *,
        cache: str = "",
        tell: Callable[[str], None] | None = None,
        settled: Callable[[], None] | None = None,
    ) -> None:
        """``database``: its URL, with its password, for the worker. ``cache``: folder of vectors; "" for none.
        ``settled``: called when another model is ready to answer."""
        self.hub, self.database, self.cache = hub, database, cache
        self.tell = tell or (lambda text: None)
        self.settled = settled or (lambda: None)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="caretaker", daemon=True)
        self._fit: _Job | None = None
        self._evaluation: _Job | None = None
        self._told: str | None = None

    def start(self) -> None:
        """Begins; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ends, and with it a fit and an evaluation that are under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)
        for job in (self._fit, self._evaluation):
            if job is None:
                continue
            job.process.terminate()
            job.process.wait()
            job.errors.close()
            with contextlib.suppress(FewrecError):
                if job.book.get(job.number).status in ("fitting", "running"):
                    job.failed("the service was stopped.")

    def _run(self) -> None:
        while not self._stop.wait(PERIOD):
            try:
                self.look()
                self._told = None
            except (
                Exception
            ) as error:  # any: without this thread nothing would be fitted or refreshed any more
                said = (
                    str(error)
                    if isinstance(error, FewrecError)
                    else f"unexpected {error!r}: a bug in fewrec."
                )
                if said != self._told:  # told once, not four times a second
                    self._told = said
                    self.tell(said)

    def look(self) -> None:
        """One round."""
        self.hub.refresh()
        if self.hub.warm():
            self.settled()
        self._look_at_fit()
        self._look_at_evaluation()
        self._put_away()

    def _look_at_fit(self) -> None:
        """A fit that has ended is put down, and the next one begun."""
        if self._fit is not None and self._over(self._fit):
            number, failed = self._fit.number, self._fit.process.returncode != 0
            self._fit = None
            if failed:
                self.tell(f"The fit of version {number} failed; the model before it goes on answering.")
            self.hub.refresh()
        if self._fit is None:
            version = self.hub.store.versions.start()
            if version is not None:
                self._fit = self._begin("worker", version.version, self.hub.store.versions, nice=5)

    def _look_at_evaluation(self) -> None:
        """The same of an evaluation; it begins when nothing is fitted, and never holds a fit up."""
        if self._evaluation is not None and self._over(self._evaluation):
            if self._evaluation.process.returncode != 0:
                self.tell(f"Evaluation {self._evaluation.number} failed.")
            self._evaluation = None
        if self._evaluation is None and self._fit is None:
            run = self.hub.store.evaluations.start()
            if run is not None:
                self._evaluation = self._begin("evaluator", run.id, self.hub.store.evaluations, nice=10)

    def _begin(self, module: str, number: int, book: Versions | Evaluations, *, nice: int) -> _Job:
        import tempfile

        errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed at its end
        process = subprocess.Popen(
            [sys.executable, "-m", f"fewrec.service.{module}"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, text=True,
        )  # fmt: skip
        task = {
            "database": self.database,
            "config": self.hub.config.to_dict(),
            "models": str(self.hub.models),
            "number": number,
            "cache": self.cache,
            "nice": nice,
        }
        with contextlib.suppress(BrokenPipeError):  # it died at once: its exit code tells
            if process.stdin is not None:
                process.stdin.write(json.dumps(task))
                process.stdin.close()
        return _Job(process, number, errors, book)

    @staticmethod
    def _over(job: _Job) -> bool:
        """Whether a worker has ended; where it failed, the reason is noted."""
        if job.process.poll() is None:
            return False
        if job.process.returncode != 0:
            job.errors.seek(0)
            job.failed(_reason(job.process.returncode, job.errors.read().strip()))
        job.errors.close()
        return True

    def _put_away(self) -> None:
        """Removes the folders of versions that learned from somebody erased, and of the oldest."""
        versions = self.hub.store.versions.all()
        active = next((version for version in versions if version.active), None)
        erased = self.hub.store.last_erasure()
        ready = [version for version in versions if version.status == "ready" and not version.active]
        if active is None or active.seq < erased:
            return  # the model that answers is needed until one that is free of them is there
        for place, version in enumerate(ready):
            if version.seq < erased:
                reason = "it had learned from somebody who was erased."
            elif place >= KEEP:
                reason = "there are newer ones."
            else:
                continue
            shutil.rmtree(self.hub.folder(version.version), ignore_errors=True)
            self.hub.store.versions.say(version.version, status="erased", reason=reason)


def _reason(code: int, said: str) -> str:
    """Why a worker ended; of a stack only its last line, which says what."""
    if code < 0:
        return f"the worker was ended by signal {-code}; was there enough memory?"
    if "Traceback" in said:
        return said.splitlines()[-1][:500]
    return said[:2000] or f"the worker ended with exit code {code}."
