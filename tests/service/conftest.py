"""A small service in this process: a store in a file, a fitted model, and a client that asks it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fewrec.config import Config, ModelSettings, ServiceSettings
from fewrec.service.app import create_app
from fewrec.service.hub import Hub
from fewrec.service.worker import work
from fewrec.store import Store, open_store
from fewrec.store.events import Event
from fewrec.testing.postgresql import empty_postgresql, postgresql

__all__ = ["empty_postgresql", "postgresql"]

ITEMS = {
    "7": {"title": "Alien", "genre": ["science fiction", "horror"], "price": 9},
    "8": {"title": "Aliens", "genre": ["science fiction", "action"], "price": 12},
    "9": {"title": "Amélie", "genre": ["comedy", "romance"], "price": 25},
    "10": {"title": "Titanic", "genre": ["drama", "romance"], "price": 8},
    "11": {"title": "The Matrix", "genre": ["science fiction", "action"], "price": 15},
    "12": {"title": "Notting Hill", "genre": ["comedy", "romance"], "price": 7},
    "13": {"title": "Solaris", "genre": ["science fiction", "drama"], "price": 30},
    "14": {"title": "Heat", "genre": ["crime", "action"], "price": 11},
}
BUYS = {
    "anna": ["7", "8"], "bert": ["7", "11", "13"], "cleo": ["9", "12", "10"], "dora": ["12", "9"],
    "emil": ["8", "11", "14"], "fred": ["7", "8", "11"], "gina": ["10", "12"],
}  # fmt: skip
CONFIG = Config(model=ModelSettings(encoder="hashed", tune=False), service=ServiceSettings(rate=0.0))


def buys(people: dict[str, list[str]]) -> list[Event]:
    """One event each, with ids that follow from who bought what."""
    return [
        Event(f"{user}-{item}", user, item, "buy", None, 1e9 + at)
        for user, items in people.items()
        for at, item in enumerate(items)
    ]


def filled(store: Store, people: list[str]) -> Store:
    """The shop of these tests."""
    store.put_items(list(ITEMS.items()))
    store.put_users([("anna", {"city": "Oslo"}), ("bert", {"city": "Rome"})])
    store.append(buys({user: BUYS[user] for user in people}))
    return store


def fit_now(hub: Hub) -> int:
    """Fits a version on what the store holds, in this process, and lets it answer."""
    version, _ = hub.store.versions.request()
    started = hub.store.versions.start()
    assert started is not None
    assert work(hub.store, hub.config, hub.models, version.version, None) == "ready"
    hub.store.versions.activate(version.version)
    hub.refresh()
    return version.version


@dataclasses.dataclass
class Shop:
    """A service and how to ask it."""

    hub: Hub
    make: Callable[..., TestClient]
    client: TestClient

    @property
    def store(self) -> Store:
        return self.hub.store

    def ask(self, method: str, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        """The data of an answer with this status; of a failure the error."""
        answer = self.client.request(method, path, json=body, **more)
        assert answer.status_code == status, answer.text
        plain = answer.json()
        assert list(plain) == ["error"] if status >= 400 else "data" in plain
        return plain["error"] if status >= 400 else plain["data"]

    def titles(self, user: str, **query: Any) -> list[str]:
        """The titles of a user's list."""
        rows = self.ask("GET", f"/v1/users/{user}/recommendations", params=query)["recommendations"]
        return [row["title"] for row in rows]


@dataclasses.dataclass
class Lasting:
    """An application to ask without the client of Starlette, and the headers that open everything."""

    app: Any
    headers: dict[str, str]
    store: Store

    def restock(self) -> None:
        """Brings back what was deleted."""
        filled(self.store, list(BUYS))


def shop_in(
    folder: Path,
    config: Config = CONFIG,
    *,
    fit: bool = True,
    fill: bool = True,
    url: str | None = None,
    people: list[str] | None = None,
) -> Shop:
    """A service with its files in a folder; ``people``: who came, by default all."""
    store = open_store(url or f"sqlite:///{folder / 'fewrec.db'}")
    if fill:
        filled(store, list(BUYS) if people is None else people)
    hub = Hub(store, config, folder / "models", cache=None)
    if fit:
        fit_now(hub)

    def make(settings: ServiceSettings | None = None, host: str = "127.0.0.1", **more: Any) -> TestClient:
        app = create_app(hub, settings or config.service, host=host, **more)
        return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)

    return Shop(hub, make, make())


@pytest.fixture
def open_shop() -> Iterator[Callable[..., Shop]]:
    """``shop_in``; what it opened is closed at the end."""
    opened: list[Shop] = []

    def make(*given: Any, **more: Any) -> Shop:
        opened.append(shop_in(*given, **more))
        return opened[-1]

    yield make
    for one in opened:
        one.store.close()


@pytest.fixture
def shop(open_shop: Callable[..., Shop], tmp_path: Path) -> Shop:
    """A shop with a model."""
    return open_shop(tmp_path)


@pytest.fixture(scope="module")
def lasting_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lasting]:
    """One shop with a model for all tests of a file, which may do with it whatever the API allows."""
    one = shop_in(tmp_path_factory.mktemp("shop"))
    secret, _ = one.store.keys.create("tests", "admin")
    yield Lasting(create_app(one.hub, CONFIG.service), {"Authorization": f"Bearer {secret}"}, one.store)
    one.store.close()


@pytest.fixture
def empty(open_shop: Callable[..., Shop], tmp_path: Path) -> Shop:
    """A shop on its first morning: no rows, no model."""
    return open_shop(tmp_path, fit=False, fill=False)


@pytest.fixture
def fitted() -> Callable[[Hub], int]:
    """Fits a version now, and lets it answer; its number."""
    return fit_now
