"""One of several processes that answer on one socket: ``python -m fewrec.service.child``, its task as JSON on stdin."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from fewrec.config import Config
from fewrec.errors import FewrecError
from fewrec.service.hub import Hub
from fewrec.service.place import database_of, models_of, vectors_in
from fewrec.service.serve import answer
from fewrec.store import open_store

__all__ = ["main"]


def main() -> int:
    """Answers until told to stop, or until whoever began it is gone."""
    task = json.loads(sys.stdin.readline())
    config = Config.from_dict(task["config"])
    cache = None if task["cache"] is None else Path(task["cache"])

    def wait_for_parent() -> None:
        sys.stdin.read()  # ends when the parent does
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_parent, daemon=True).start()
    with (
        contextlib.closing(open_store(database_of(config.service))) as store,
        contextlib.closing(socket.socket(fileno=task["socket"])) as listening,
    ):
        hub = Hub(store, config, models_of(config.service), cache=vectors_in(cache, config))
        tell = lambda text: print(text, file=sys.stderr, flush=True)  # noqa: E731
        answer(hub, listening, cache, tell, "Another process answers, too.")
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except FewrecError as error:
        print(error, file=sys.stderr)
        raise SystemExit(error.exit_code) from error
