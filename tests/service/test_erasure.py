"""A person who was erased is nowhere: not in rows, not in the next model, not in the folders of the ones before."""

from __future__ import annotations

import hashlib
import json

import pytest

from fewrec.config import Config, ModelSettings, ServiceSettings
from fewrec.service.caretaker import Caretaker

STRICT = Config(
    model=ModelSettings(encoder="hashed", tune=False), service=ServiceSettings(rate=0.0, erase_at_once=True)
)


def contents(folder):
    """Every file of a saved model, by name."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def never(open_shop, tmp_path, fitted):
    """The same shop, to which fred and dora never came."""
    (tmp_path / "never").mkdir()
    shop = open_shop(tmp_path / "never", fit=False, people=["anna", "bert", "cleo", "emil", "gina"])
    fitted(shop.hub)
    return shop


def test_the_next_model_is_that_of_a_shop_that_never_saw_them(shop, never, fitted):
    """Bit for bit: every file of the saved model is the same."""
    assert contents(shop.hub.folder(1)) != contents(never.hub.folder(1))
    for user in ("fred", "dora"):
        shop.ask("DELETE", f"/v1/users/{user}", status=202)
    assert fitted(shop.hub) == 2
    assert contents(shop.hub.folder(2)) == contents(never.hub.folder(1))
    told = [shop.ask("POST", "/v1/recommendations", {"support": ["7"], "explain": True}),
            never.ask("POST", "/v1/recommendations", {"support": ["7"], "explain": True})]  # fmt: skip
    assert told[0]["recommendations"] == told[1]["recommendations"]


def test_the_receipt_says_what_went_and_which_model_is_free(shop, fitted):
    receipt = shop.ask("DELETE", "/v1/users/fred", status=202)
    assert receipt["deleted"] == {"users": 1, "interactions": 3}
    assert (receipt["status"], receipt["free_model"], receipt["models_to_delete"]) == ("fitting", None, [1])
    assert receipt["influenced_model"] == 1  # it answers the others meanwhile, and says so
    assert shop.ask("GET", "/v1/report")["erased"] == {"influenced_model": 1, "models_to_delete": [1]}
    assert "fred" not in json.dumps(receipt)
    shop.ask("GET", "/v1/users/fred", status=404)
    shop.ask("GET", "/v1/users/fred/recommendations", status=404)
    shop.ask("DELETE", "/v1/users/fred", status=404)
    assert fitted(shop.hub) == 2
    Caretaker(shop.hub, "", cache="").look()
    receipt = shop.ask("GET", f"/v1/erasures/{receipt['id']}")
    assert (receipt["status"], receipt["free_model"], receipt["models_to_delete"]) == ("done", 2, [])
    assert receipt["influenced_model"] is None
    assert shop.ask("GET", "/v1/report")["erased"] == {"influenced_model": None, "models_to_delete": []}
    # The model that had seen them cannot come back.
    assert not shop.hub.folder(1).exists()
    assert shop.ask("POST", "/v1/models/1/activate", status=422)["message"].startswith("version 1 is erased")


def test_until_then_the_model_that_answers_knows_no_row_of_theirs(shop):
    audience = shop.ask("GET", "/v1/items/9/audience", params={"n": 20})["audience"]
    assert "fred" in [row["user"] for row in audience]
    shop.ask("DELETE", "/v1/users/fred", status=202)
    audience = shop.ask("GET", "/v1/items/9/audience", params={"n": 20})["audience"]
    assert "fred" not in [row["user"] for row in audience]


def test_a_version_that_saw_them_cannot_be_activated_meanwhile(shop, fitted):
    fitted(shop.hub)
    shop.ask("DELETE", "/v1/users/fred", status=202)
    error = shop.ask("POST", "/v1/models/1/activate", status=422)
    assert "erased" in error["message"]


def test_who_comes_back_is_a_stranger(shop):
    shop.ask("DELETE", "/v1/users/fred", status=202)
    shop.ask("POST", "/v1/interactions", {"user": "fred", "item": "9", "event": "buy"}, 201)
    stranger = shop.ask("POST", "/v1/recommendations", {"support": {"9": 4}})["recommendations"]
    assert shop.ask("GET", "/v1/users/fred/recommendations")["recommendations"] == stranger


def test_a_fit_that_began_before_is_thrown_away(shop, monkeypatch):
    from fewrec.service import worker

    real = worker.fit

    def slow(*given, **more):
        about = real(*given, **more)
        shop.store.erase_user("fred")  # while it was fitted
        return about

    monkeypatch.setattr(worker, "fit", slow)
    shop.store.versions.request()
    version = shop.store.versions.start().version
    assert worker.work(shop.store, shop.hub.config, shop.hub.models, version, None) == "erased"
    assert not shop.hub.folder(version).exists()
    assert shop.store.versions.all()[0].status == "waiting"  # the next one is asked for


def test_everything_that_is_held_is_given(shop):
    told = shop.ask("GET", "/v1/users/anna/export")
    assert told["user"] == {"id": "anna", "columns": {"city": "Oslo"}}
    assert [(e["id"], e["item"], e["event"]) for e in told["interactions"]] == [
        ("anna-7", "7", "buy"), ("anna-8", "8", "buy")]  # fmt: skip


@pytest.mark.slow
def test_it_holds_for_ratings_and_a_tuned_model(tmp_path):
    """The bundled restaurants, with weights learned on past users; the two stores were filled in different ways."""
    from fewrec import samples
    from fewrec.config import Config
    from fewrec.service.hub import Hub
    from fewrec.service.intake import take_in
    from fewrec.service.worker import work
    from fewrec.store import open_store

    data = samples.restaurants()
    folders = []
    for name, rows in (("all", data), ("never", data.without_user("U1077").without_user("U1001"))):
        store = open_store(f"sqlite:///{tmp_path / name / 'fewrec.db'}")
        take_in(store, rows)
        if name == "all":
            for user in ("U1001", "U1077"):
                store.erase_user(user)
        hub = Hub(store, Config(), tmp_path / name / "models")
        store.versions.request()
        version = store.versions.start().version
        assert work(store, hub.config, hub.models, version, "default") == "ready"
        folders.append(contents(hub.folder(version)))
        store.close()
    assert folders[0] == folders[1]


def test_until_then_others_are_answered_from_what_it_learned(shop, fitted):
    """What is so, and documented: the shares that the old model counted hold the erased person until the next fit."""
    alien = {"support": ["9"], "n": 8, "explain": True}
    before = shop.ask("POST", "/v1/recommendations", alien)["recommendations"]
    shop.ask("DELETE", "/v1/users/fred", status=202)
    meanwhile = shop.ask("POST", "/v1/recommendations", alien)
    assert (meanwhile["recommendations"], meanwhile["model"]) == (before, 1)
    fitted(shop.hub)
    after = shop.ask("POST", "/v1/recommendations", alien)["recommendations"]
    assert after != before


def test_who_must_answers_from_no_model_that_learned_from_them(open_shop, tmp_path, fitted):
    shop = open_shop(tmp_path, STRICT)
    assert shop.titles("anna")
    receipt = shop.ask("DELETE", "/v1/users/fred", status=202)
    assert (receipt["status"], receipt["influenced_model"], receipt["models_to_delete"]) == (
        "fitting",
        None,
        [1],
    )
    assert (shop.hub._histories.size, shop.hub._lists.size, shop.hub._warmed) == (
        0,
        0,
        None,
    )  # nothing of fred is kept
    for _ in range(2):
        error = shop.ask("GET", "/v1/users/anna/recommendations", status=503)
        assert error["message"].startswith("version 1 had learned from somebody who was erased")
        shop.hub.refresh()  # as the caretaker does: it does not come back
    assert shop.ask("GET", "/readyz", status=503)["code"] == "not_fitted"
    assert shop.ask("GET", "/v1/report")["erased"] == {"influenced_model": None, "models_to_delete": [1]}
    shop.ask("PUT", "/v1/items", {"id": "99", "columns": {"title": "New"}})  # writes go on
    fitted(shop.hub)
    assert shop.titles("anna")
    assert shop.hub.trouble is None
