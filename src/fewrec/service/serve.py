"""Runs the service until it is told to stop."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fewrec.config import Config, ServiceSettings
from fewrec.errors import ConfigError, StoreError
from fewrec.service.access import check_binding
from fewrec.service.app import create_app
from fewrec.service.caretaker import Caretaker
from fewrec.service.hub import Hub
from fewrec.service.place import database_of, models_of
from fewrec.store import Store, open_store

__all__ = ["serve"]


def serve(
    config: Config,
    *,
    cache: Path | None,
    vectors: Any,
    tell: Callable[[str], None],
    prepare: Callable[[Store, Hub], None] | None = None,
) -> None:
    """Answers until SIGTERM or SIGINT; requests in flight are finished.

    ``cache``, ``vectors``: the folder of vectors and what reads it. ``prepare``: called once with the open store.
    """
    import uvicorn

    settings = config.service
    url = database_of(settings)
    if url in ("sqlite://", "sqlite:///:memory:"):
        raise ConfigError(
            "a database in memory is nobody's but this process's, and ends with it.",
            where="service.database",
            value=url,
            hint="Use --data FOLDER, or --demo for a try.",
        )
    store = open_store(url)
    hub = Hub(store, config, models_of(settings), cache=vectors)
    check_binding(settings.host, store.keys.any())
    listening = _listen(settings)
    if prepare is not None:
        prepare(store, hub)
    hub.refresh()
    caretaker = Caretaker(hub, url, cache=str(cache) if cache else "", tell=tell)
    app = create_app(hub, settings, host=settings.host, log=sys.stderr)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            lifespan="off",
            timeout_graceful_shutdown=30,
            timeout_keep_alive=30,
            limit_concurrency=1000,
            h11_max_incomplete_event_size=64 * 1024,
        )
    )
    host, port = listening.getsockname()[:2]
    tell(f"Listening on http://{f'[{host}]' if ':' in host else host}:{port} (Ctrl-C ends it).")
    caretaker.start()
    try:
        server.run(sockets=[listening])
    finally:
        caretaker.stop()
        store.close()


def _listen(settings: ServiceSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise StoreError(
            f"cannot listen on {settings.host}, port {settings.port}: {os.strerror(error.errno or 0)}.",
            where="service",
            hint="Choose another with --port; 0 takes a free one.",
        ) from error
    listening.listen(2048)
    listening.set_inheritable(True)
    return listening
