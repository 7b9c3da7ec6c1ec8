"""Runs the service until it is told to stop: one process, or several that share one socket."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import uvicorn

from fewrec.config import Config, ServiceSettings
from fewrec.errors import ConfigError, StoreError
from fewrec.recommender.threads import one_thread
from fewrec.service.access import check_binding
from fewrec.service.app import create_app
from fewrec.service.caretaker import Caretaker
from fewrec.service.hub import Hub
from fewrec.service.place import database_of, is_there, models_of, vectors_in
from fewrec.store import Store, open_store

__all__ = ["serve"]

GRACE_SECONDS = 30
"""How long requests in flight may take when the service is told to stop."""


def serve(
    config: Config,
    *,
    cache: Path | None,
    tell: Callable[[str], None],
    prepare: Callable[[Store, Hub], None] | None = None,
) -> None:
    """Answers until SIGTERM or SIGINT; requests in flight are finished.

    ``cache``: the folder of vectors, ``None`` for none. ``prepare``: called once with the open store.
    """
    settings = config.service
    url = database_of(settings)
    if url in ("sqlite://", "sqlite:///:memory:"):
        raise ConfigError(
            "a database in memory is nobody's but this process's, and ends with it.",
            where="service.database",
            value=url,
            hint="Use --data FOLDER, or --demo for a try.",
        )
    if settings.workers > 1 and not hasattr(os, "fork"):
        raise ConfigError(
            "this system cannot share a socket between processes.",
            where="service.workers",
            value=settings.workers,
            hint="Use --workers 1.",
        )
    if not is_there(url):
        check_binding(settings.host, False)  # what is refused makes no database first
    with contextlib.closing(_listen(settings)) as listening:
        store = open_store(url)
        with contextlib.closing(store):
            check_binding(settings.host, store.keys.any())
            hub = Hub(store, config, models_of(settings), cache=vectors_in(cache, config))
            if prepare is not None:
                prepare(store, hub)
            with _others(config, cache, listening):
                host, port = listening.getsockname()[:2]
                address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
                answer(hub, listening, cache, tell, f"Listening on {address} (Ctrl-C ends it).")


def answer(
    hub: Hub, listening: socket.socket, cache: Path | None, tell: Callable[[str], None], ready: str
) -> None:
    """Answers on a socket, in this process, until a signal comes."""
    settings = hub.config.service
    hub.refresh()
    caretaker = Caretaker(
        hub, database_of(settings), cache=str(cache) if cache else "", tell=warn, settled=_spare_the_collector
    )
    server = _Server(
        uvicorn.Config(
            create_app(hub, settings, host=settings.host, log=sys.stderr),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=30,
            limit_concurrency=1000,
            h11_max_incomplete_event_size=64 * 1024,
        )
    )
    caretaker.start()
    tell(ready)
    try:
        # Here for good, and not for each list anew: looking after the libraries costs more than a small product.
        with one_thread:
            server.run(sockets=[listening])
    finally:
        caretaker.stop()


def _spare_the_collector() -> None:
    """Millions of cells that stay need no looking through by the garbage collector, which holds all requests up."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def warn(text: str) -> None:
    """A line of the log that belongs to no request, in the same form."""
    print(
        json.dumps({"time": round(time.time(), 3), "level": "warning", "message": text}),
        file=sys.stderr,
        flush=True,
    )


class _Server(uvicorn.Server):
    """Ends by returning: uvicorn's own would raise the signal again, and nothing behind it would be put away."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            self.should_exit = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextlib.contextmanager
def _others(config: Config, cache: Path | None, listening: socket.socket) -> Iterator[None]:
    """The other processes of the service, which answer on the same socket; one that dies is begun anew."""
    task = json.dumps(
        {"config": config.to_dict(), "cache": str(cache) if cache else None, "socket": listening.fileno()}
    )
    over = threading.Event()
    running: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-m", "fewrec.service.child"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, pass_fds=[listening.fileno()],
        )  # fmt: skip
        with contextlib.suppress(BrokenPipeError):  # it died at once, and is begun anew
            if child.stdin is not None:
                child.stdin.write(f"{task}\n")
                child.stdin.flush()  # and left open: where it closes, this process is gone, and the child ends
        return child

    def look() -> None:
        while not over.wait(1.0):
            for at, child in enumerate(running):
                if child.poll() is not None and not over.is_set():
                    warn(f"A worker ended with exit code {child.returncode}; another one takes its place.")
                    running[at] = begin()

    if config.service.workers == 1:
        yield
        return
    running += [begin() for _ in range(config.service.workers - 1)]
    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()
        for child in running:
            child.terminate()
        for child in running:
            child.wait()
            if child.stdin is not None:
                child.stdin.close()


def _listen(settings: ServiceSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # TCP by name: asyncio sends at once (TCP_NODELAY) only where it sees that, and else the body of an answer waits up
    # to 40 ms for the acknowledgement of its head.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except (OSError, OverflowError) as error:
        listening.close()
        why = str(getattr(error, "strerror", None) or error).rstrip(".")
        raise StoreError(
            f"cannot listen on {settings.host}, port {settings.port}: {why}.",
            where="service",
            hint="Choose another with --port; 0 takes a free one.",
        ) from error
    listening.listen(2048)
    return listening
