"""Fits in a process of their own: they never stop the answers, and a failed one changes nothing."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from fewrec.service import caretaker as caretaking
from fewrec.service.caretaker import Caretaker


def until(condition, seconds: float = 60.0):
    """The first true value of ``condition``; fails where there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


@pytest.fixture
def cared(shop, tmp_path):
    """A shop with its caretaker at work."""
    keeper = Caretaker(shop.hub, f"sqlite:///{tmp_path / 'fewrec.db'}", cache="")
    keeper.start()
    yield shop
    keeper.stop()


def status(shop, version: int) -> dict:
    return shop.ask("GET", f"/v1/models/{version}")


@pytest.mark.slow
def test_a_fit_runs_beside_the_answers_and_takes_over(cared):
    cared.ask("POST", "/v1/interactions", {"user": "hans", "item": "7", "event": "buy"}, 201)
    asked = cared.ask("POST", "/v1/models", {}, 202)
    assert (asked["version"], asked["status"]) == (2, "waiting")
    seen = set()

    def done():
        version = cared.ask("POST", "/v1/recommendations", {"n": 1})["model"]
        seen.add((version, status(cared, 2)["status"]))
        return version == 2

    until(done)
    assert {version for version, _ in seen} == {1, 2}
    assert (1, "fitting") in seen  # it was answered from the old one meanwhile
    told = status(cared, 2)
    assert told["active"]
    assert told["counts"]["users"] == 8
    # and back
    cared.ask("POST", "/v1/models/1/activate")
    assert cared.ask("POST", "/v1/recommendations", {"n": 1})["model"] == 1


@pytest.mark.slow
def test_a_fit_that_fails_says_why_and_the_old_model_answers(cared):
    with (
        cared.store.backend.write() as session
    ):  # as an earlier fewrec, or another program, might have left it
        session.run("UPDATE interactions SET event = 'frobnicate' WHERE id = 'anna-7'")
    cared.ask("POST", "/v1/models", {}, 202)
    told = until(lambda: (found := status(cared, 2))["status"] == "failed" and found)
    assert 'no weight is known for the event "frobnicate"' in told["reason"]
    assert "Traceback" not in told["reason"]
    assert cared.ask("POST", "/v1/recommendations", {"n": 1})["model"] == 1
    assert not cared.hub.folder(2).exists()


@pytest.mark.slow
def test_a_worker_that_is_killed_is_told_of(cared):
    cared.ask("POST", "/v1/models", {}, 202)
    keeper = next(t for t in __import__("threading").enumerate() if t.name == "caretaker")._target.__self__
    fit = until(lambda: keeper._fit)
    fit.process.kill()
    told = until(lambda: (found := status(cared, 2))["status"] == "failed" and found)
    assert "signal 9" in told["reason"]
    assert cared.ask("POST", "/v1/recommendations", {"n": 1})["model"] == 1


@pytest.mark.slow
def test_the_first_rows_of_an_empty_shop_lead_to_a_list(empty, tmp_path):
    keeper = Caretaker(empty.hub, f"sqlite:///{tmp_path / 'fewrec.db'}", cache="")
    keeper.start()
    try:
        rows = [
            {"id": str(at), "columns": {"title": title}}
            for at, title in enumerate(["Alien", "Aliens", "Heat"])
        ]
        empty.ask("PUT", "/v1/items", rows)
        empty.ask("POST", "/v1/models", {}, 202)
        until(lambda: empty.client.get("/readyz").status_code == 200)
        found = empty.ask("POST", "/v1/recommendations", {"support": ["0"]})["recommendations"]
        assert found[0]["title"] == "Aliens"
    finally:
        keeper.stop()


def test_old_versions_are_put_away(shop, fitted, monkeypatch):
    monkeypatch.setattr(caretaking, "KEEP", 1)
    for _ in range(2):
        fitted(shop.hub)
    Caretaker(shop.hub, "", cache="").look()
    assert [(v.version, v.status) for v in shop.store.versions.all()] == [
        (3, "ready"),
        (2, "ready"),
        (1, "erased"),
    ]
    assert [shop.hub.folder(version).exists() for version in (1, 2, 3)] == [False, True, True]


def test_a_folder_that_is_gone_is_told_of(shop, fitted):
    import shutil

    fitted(shop.hub)
    shutil.rmtree(shop.hub.folder(1))
    shop.store.versions.activate(1)
    shop.hub.refresh()
    assert shop.hub.trouble is not None
    assert "no such folder" in shop.hub.trouble.message
    assert shop.ask("POST", "/v1/recommendations", {"n": 1})["model"] == 2  # who answered goes on
    assert shop.ask("GET", "/v1/report")["trouble"]["code"] == "store"


def test_a_new_version_reads_with_the_encoder_that_is_loaded_unless_it_has_another(shop, fitted):
    first = shop.hub._loaded
    assert first.id == "hashed-words-1024@1"
    fitted(shop.hub)
    assert shop.hub.now.version.version == 2
    assert shop.hub._loaded is shop.hub.now.model._encoder is first
    config = shop.hub.config
    shop.hub.config = replace(config, model=replace(config.model, encoder="hashed:64"))
    fitted(shop.hub)
    assert shop.hub._loaded is shop.hub.now.model._encoder
    assert shop.hub._loaded.id == "hashed-words-64@1"
    taste = {"taste": "romance"}
    assert shop.ask("POST", "/v1/recommendations", taste)["recommendations"]
