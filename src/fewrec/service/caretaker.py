"""``Caretaker``: a thread that keeps the hub in step, starts fits, and puts away what may no longer be kept."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO

from fewrec.errors import FewrecError
from fewrec.service.hub import Hub

__all__ = ["Caretaker"]

PERIOD = 0.25
KEEP = 5
"""Ready versions whose folders are kept, so that one can go back."""


class Caretaker:
    """Looks after one process; where several share a store, whichever comes first starts the fit."""

    def __init__(
        self, hub: Hub, database: str, *, cache: str = "", tell: Callable[[str], None] | None = None
    ) -> None:
        """``database``: its URL, with its password, for the worker. ``cache``: folder of vectors; "" for none."""
        self.hub, self.database, self.cache = hub, database, cache
        self.tell = tell or (lambda text: None)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="caretaker", daemon=True)
        self._worker: tuple[subprocess.Popen[str], int, IO[str]] | None = None
        self._told: str | None = None

    def start(self) -> None:
        """Begins; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ends, and with it a fit that is under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)
        if self._worker is not None:
            process, version, errors = self._worker
            ended = process.poll() is not None
            process.terminate()
            process.wait()
            errors.close()
            with contextlib.suppress(FewrecError):
                if ended and self.hub.store.versions.get(version).status != "fitting":
                    return
                self.hub.store.versions.say(
                    version, status="failed", reason="the service was stopped.", finished=time.time()
                )

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
        self.hub.warm()
        self._look_at_worker()
        if self._worker is None:
            version = self.hub.store.versions.start()
            if version is not None:
                self._worker = self._begin(version.version)
        self._put_away()

    def _begin(self, version: int) -> tuple[subprocess.Popen[str], int, IO[str]]:
        import tempfile

        errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed at its end
        process = subprocess.Popen(
            [sys.executable, "-m", "fewrec.service.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, text=True,
        )  # fmt: skip
        task = {
            "database": self.database,
            "config": self.hub.config.to_dict(),
            "models": str(self.hub.models),
            "version": version,
            "cache": self.cache,
            "nice": 5,
        }
        with contextlib.suppress(BrokenPipeError):  # it died at once: its exit code tells
            if process.stdin is not None:
                process.stdin.write(json.dumps(task))
                process.stdin.close()
        return process, version, errors

    def _look_at_worker(self) -> None:
        if self._worker is None or self._worker[0].poll() is None:
            return
        process, version, errors = self._worker
        self._worker = None
        if process.returncode != 0:
            errors.seek(0)
            said = errors.read().strip()
            self.hub.store.versions.say(
                version, status="failed", reason=_reason(process.returncode, said), finished=time.time()
            )
            self.tell(f"The fit of version {version} failed; the model before it goes on answering.")
        errors.close()
        self.hub.refresh()

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
