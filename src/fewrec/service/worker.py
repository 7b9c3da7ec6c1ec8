"""A fit in a process of its own: ``python -m fewrec.service.worker``, with its task as JSON on stdin.

Nothing here can disturb who answers: the worker reads the store, writes a new folder, and notes the version as ready.
If it dies, the caretaker notes why.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fewrec.config import Config
from fewrec.errors import FewrecError, StoreError
from fewrec.service.hub import fit
from fewrec.service.place import vectors_in
from fewrec.store import Store, open_store

__all__ = ["beating", "carried_out", "work"]

BEAT_SECONDS = 5.0


@contextlib.contextmanager
def beating(say: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """A dict whose entries are noted as the progress, by ``say(progress=...)``, as long as the block runs: when they
    change, and every few seconds in any case, as a sign of life."""
    said: dict[str, Any] = {}
    over = threading.Event()

    def beat() -> None:
        before: dict[str, Any] = {}
        last = time.monotonic()
        while not over.wait(0.5):
            if said != before or time.monotonic() - last > BEAT_SECONDS:
                before, last = dict(said), time.monotonic()
                with contextlib.suppress(StoreError):  # a busy store hears the next beat
                    say(progress=before)

    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        yield said
    finally:
        over.set()
        beating.join()


def work(store: Store, config: Config, models: Path, version: int, cache: Any) -> str:
    """Fits a version, and the status it ends with: "ready", or "erased" where somebody was erased meanwhile."""
    with beating(lambda **about: store.versions.say(version, **about)) as said:

        def progress(what: str, done: int, total: int) -> None:
            said.update(what=what, done=int(done), total=int(total))

        about = fit(store, config, models, version, progress=progress, cache=cache)
    seq = about.pop("seq")
    if store.last_erasure() > seq:
        shutil.rmtree(models / f"{version:06d}", ignore_errors=True)
        store.versions.say(
            version, status="erased", seq=seq, finished=time.time(),
            reason="somebody was erased while it was fitted; another fit follows.",
        )  # fmt: skip
        store.versions.request(by="erasure")
        return "erased"
    store.versions.say(version, status="ready", seq=seq, finished=time.time(), progress=None, **about)
    return "ready"


Task = Callable[[Store, Config, Mapping[str, Any], Any], None]
"""What a process of its own does with the open store, the settings, its task and the folder of vectors."""


def carried_out(do: Task) -> int:
    """Reads a task from stdin and does it; the exit code, after an error of the family on stderr."""
    task = json.load(sys.stdin)
    if hasattr(os, "nice"):
        os.nice(task["nice"])  # who answers comes first
    try:
        with contextlib.closing(open_store(task["database"])) as store:
            config = Config.from_dict(task["config"])
            do(store, config, task, vectors_in(Path(task["cache"]) if task["cache"] else None, config))
    except FewrecError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def fit_and_activate(store: Store, config: Config, task: Mapping[str, Any], cache: Any) -> None:
    """The task of this module."""
    if work(store, config, Path(task["models"]), task["number"], cache) == "ready":
        store.versions.activate(task["number"])


if __name__ == "__main__":
    raise SystemExit(carried_out(fit_and_activate))
