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
from pathlib import Path
from typing import Any

from fewrec.config import Config
from fewrec.errors import StoreError
from fewrec.service.hub import fit
from fewrec.service.place import vectors_in
from fewrec.store import Store, open_store

__all__ = ["main", "work"]

BEAT_SECONDS = 5.0


def work(store: Store, config: Config, models: Path, version: int, cache: Any) -> str:
    """Fits a version, and the status it ends with: "ready", or "erased" where somebody was erased meanwhile."""
    said: dict[str, Any] = {}
    over = threading.Event()

    def progress(what: str, done: int, total: int) -> None:
        said.update(what=what, done=int(done), total=int(total))

    def beat() -> None:
        before: dict[str, Any] = {}
        last = time.monotonic()
        while not over.wait(0.5):
            if said != before or time.monotonic() - last > BEAT_SECONDS:
                before, last = dict(said), time.monotonic()
                with contextlib.suppress(StoreError):  # a busy store hears the next beat
                    store.versions.say(version, progress=before)

    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        about = fit(store, config, models, version, progress=progress, cache=cache)
    finally:
        over.set()
        beating.join()
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


def main() -> int:
    """Reads the task, does it, and activates the version."""
    task = json.load(sys.stdin)
    if hasattr(os, "nice"):
        os.nice(task["nice"])  # who answers comes first
    store = open_store(task["database"])
    config = Config.from_dict(task["config"])
    cache = vectors_in(Path(task["cache"]) if task["cache"] else None, config)
    if work(store, config, Path(task["models"]), task["version"], cache) == "ready":
        store.versions.activate(task["version"])
    store.close()
    return 0


if __name__ == "__main__":
    from fewrec.errors import FewrecError

    try:
        code = main()
    except FewrecError as error:
        print(error, file=sys.stderr)
        code = error.exit_code
    raise SystemExit(code)
