"""A service in a process of its own, with an empty store, and a real browser that looks at its page."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LIKED = {
    "science fiction": ["Alien", "Solaris", "The Matrix", "Arrival", "Moon", "Gravity"],
    "romance": ["Amélie", "Notting Hill", "Titanic", "Before Sunrise", "Casablanca", "Her"],
    "crime": ["Heat", "Fargo", "Chinatown", "Zodiac", "Se7en", "Memento"],
}
HOSTILE = "<script>window.broken = 1</script><img src=x onerror='window.broken = 1'>"
LONG = "A title that goes on and on, as those of listings on a marketplace do, " * 3


def films() -> str:
    """Six films of each kind, one whose title would do harm if it were read as HTML, one too long, one row too bad."""
    rows = ["item_id,title,genre,year"]
    titles = [(genre, title) for genre, titles in LIKED.items() for title in titles]
    rows += [f'{at},"{title}",{genre},{1980 + at}' for at, (genre, title) in enumerate(titles)]
    return "\n".join(
        [*rows, f'90,"{HOSTILE}",crime,2001', f'91,"{LONG}",romance,2002', ",No id,crime,2003", ""]
    )


def events(each: int = 4) -> str:
    """Six people for each kind, everyone with four of its films, or ``each``, never the same four."""
    ids = {title: at for at, title in enumerate(title for titles in LIKED.values() for title in titles)}
    rows = ["user,item,event"]
    for genre, titles in LIKED.items():
        for person in range(6):
            rows += [f"{genre[:2]}{person},{ids[titles[(person + step) % 6]]},buy" for step in range(each)]
    return "\n".join([*rows, ""])


class Service:
    """``fewrec serve`` on a free port of loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, 0
        self.start()

    def start(self) -> None:
        """Starts it, on the port that it had before."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        log = self.folder / f"log-{time.monotonic_ns()}"
        with log.open("w", encoding="utf-8") as out:  # a pipe that nobody reads would stop it
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fewrec.cli", "serve", "--data", str(self.folder / "data"),
                 "--port", str(self.port), "--encoder", "hashed", "--cache", "off"],
                cwd=self.folder, env=environment, stdout=subprocess.DEVNULL, stderr=out,
            )  # fmt: skip
        until = time.monotonic() + 60
        while not (
            found := re.search(r"Listening on http://127\.0\.0\.1:(\d+)", log.read_text(encoding="utf-8"))
        ):
            assert self.process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < until
            time.sleep(0.05)
        self.port = int(found[1])

    def stop(self) -> None:
        """Stops it gracefully."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=40) == 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service that nobody has used yet."""
    running = Service(tmp_path)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; the tests are skipped where it, or Playwright, is not installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("Chromium is not installed")
    quiet = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--disable-quic"]  # fmt: skip
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # Chromium insists
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=program, args=[*quiet, *root])
        yield opened
        opened.close()


class Tab:
    """One page, which notes every error that the browser reports, and every request that leaves the service."""

    def __init__(self, browser: Any, address: str, **settings: Any) -> None:
        self.address = address
        self.context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **settings}
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._console)
        self.page.on("request", self._request)

    def _console(self, message: Any) -> None:
        # A refusal of the service is no error of the page, but the browser lists it as one.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    def _request(self, request: Any) -> None:
        if not request.url.startswith(self.address):
            self.errors.append(f"a request to {request.url}")

    def go(self, part: str = "try") -> Any:
        """Opens a part of the page as from a bookmark."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}#/{part}")
        self.page.wait_for_selector("h1")
        return self.page

    def follow(self, name: str) -> None:
        """Goes to a part by its link, and waits until it is there."""
        self.page.get_by_role("link", name=name).click()
        self.page.get_by_role("heading", name=name, level=1).wait_for()

    def settled(self) -> None:
        """Waits until nothing is loading."""
        self.page.wait_for_selector('[aria-busy="true"]', state="detached")

    def titles(self) -> list[str]:
        """The titles of the list."""
        self.settled()
        return self.page.locator(".rows .row h3 a").all_inner_texts()


@pytest.fixture
def tab(browser: Any, service: Service) -> Iterator[Any]:
    """Opens tabs on the service; at the end none may have met an error."""
    opened: list[Tab] = []

    def open_tab(**settings: Any) -> Tab:
        opened.append(Tab(browser, service.address, **settings))
        return opened[-1]

    yield open_tab
    for one in opened:
        one.context.close()
    assert [error for one in opened for error in one.errors] == []


@pytest.fixture
def fill(service: Service) -> Any:
    """Fills the store over the API and fits; for tests that begin with a list."""
    from urllib.request import Request, urlopen

    def send(method: str, path: str, body: str, kind: str = "text/csv") -> Any:
        request = Request(service.address + path, body.encode(), {"Content-Type": kind}, method=method)
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)["data"]

    def ready() -> bool:
        from urllib.error import HTTPError

        try:
            with urlopen(service.address + "readyz", timeout=30):
                return True
        except HTTPError as error:
            error.close()
            return False

    def prepare(each: int = 4) -> None:
        send("POST", "v1/imports?table=items&skip_bad_rows=true", films())
        send("POST", "v1/imports?table=interactions", events(each))
        send("POST", "v1/models", "{}", "application/json")
        until = time.monotonic() + 60
        while not ready():
            assert time.monotonic() < until
            time.sleep(0.1)

    return prepare


@pytest.fixture
def tables(tmp_path: Path) -> list[Path]:
    """The films and the events as files."""
    (tmp_path / "films.csv").write_text(films(), encoding="utf-8")
    (tmp_path / "sales.csv").write_text(events(), encoding="utf-8")
    return [tmp_path / "films.csv", tmp_path / "sales.csv"]
