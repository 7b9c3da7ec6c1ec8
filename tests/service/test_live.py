"""What happened is in the next list; what was learned stays until the next fit."""

from __future__ import annotations

import pytest


def test_an_event_changes_the_next_list(shop):
    before = shop.titles("gina")
    assert "Notting Hill" not in before  # she has it
    shop.ask("POST", "/v1/interactions", {"id": "g1", "user": "gina", "item": "9", "event": "buy"}, 201)
    after = shop.titles("gina")
    assert "Amélie" in before
    assert "Amélie" not in after
    assert shop.hub.store.versions.active().version == 1


def test_one_title_that_is_a_list_leaves_the_others_their_titles(shop):
    before = shop.titles("gina")
    shop.ask("PUT", "/v1/items", {"id": "odd", "columns": {"title": ["Odd", "End"]}})
    after = shop.titles("gina", n=20)
    assert set(before) <= set(after)


def test_a_rating_beyond_the_scale_counts_as_its_end_until_the_next_fit(open_shop, tmp_path, fitted):
    shop = open_shop(tmp_path, fit=False, people=[])
    rows = [{"user": u, "item": i, "event": "rating", "value": v}
            for u, rated in {"a": (5, 4, 1), "b": (4, 5, 2), "c": (1, 2, 5)}.items()
            for i, v in zip(("7", "8", "9"), rated, strict=True)]  # fmt: skip
    shop.ask("POST", "/v1/interactions", rows, 201)
    fitted(shop.hub)
    shop.ask("POST", "/v1/interactions", {"user": "d", "item": "9", "event": "rating", "value": 0}, 201)
    assert shop.hub.visitor(shop.hub.now, "d")["support"] == {"9": 1.0}
    assert shop.titles("d")
    error = shop.ask(
        "POST", "/v1/interactions", {"user": "d", "item": "9", "event": "rating", "value": 1e9}, 422
    )
    assert (error["message"], error["where"]) == ("a rating lies within ±1,000.", "body.value")


def test_a_new_user_is_served_from_the_first_event(shop):
    assert "is not known" in shop.ask("GET", "/v1/users/hans/recommendations", status=404)["message"]
    shop.ask("POST", "/v1/interactions", {"user": "hans", "item": "7", "event": "view"}, 201)
    assert shop.titles("hans")[0] in ("Aliens", "The Matrix")
    # A dislike outweighs the look, and Alien is met all the same.
    shop.ask("POST", "/v1/interactions", {"user": "hans", "item": "7", "event": "hide"}, 201)
    assert "Alien" not in shop.titles("hans")


def test_the_list_of_a_user_is_that_of_a_stranger_with_the_same_history(shop):
    shop.ask(
        "POST", "/v1/interactions", [{"user": "hans", "item": i, "event": "buy"} for i in ("7", "11")], 201
    )
    # A purchase weighs 4 (fewrec.data.feedback.SHOP).
    stranger = shop.ask("POST", "/v1/recommendations", {"support": {"7": 4, "11": 4}})
    known = shop.ask("GET", "/v1/users/hans/recommendations")
    for row in (*known["recommendations"], *stranger["recommendations"]):
        assert "reasons" not in row
    assert known["recommendations"] == stranger["recommendations"]


def test_an_event_that_is_taken_back_is_gone_from_the_next_list(shop, fitted):
    """Also one that the model has learned from, and that is not the last: anna bought 7 and 8, both before the fit."""
    before, other = shop.titles("anna"), shop.client.get("/v1/users/bert/recommendations").content
    assert "Alien" not in before
    assert shop.ask("DELETE", "/v1/interactions/anna-7") == {"deleted": {"interactions": 1}}
    shop.ask("DELETE", "/v1/interactions/anna-7", status=404)
    left = {"support": {"8": 4}, "attributes": {"city": "Oslo"}}  # a purchase weighs 4
    for path, body in (("/v1/recommendations", left), ("/v1/recommendations", {"user": "anna"})):
        stranger = shop.ask("POST", path, body)["recommendations"]
        assert shop.ask("GET", "/v1/users/anna/recommendations")["recommendations"] == stranger
    assert "Alien" in shop.titles("anna")
    assert shop.client.get("/v1/users/bert/recommendations").content == other
    assert [row["id"] for row in shop.ask("GET", "/v1/interactions", params={"user": "anna"})] == ["anna-8"]
    # The model itself goes on with what it learned, and forgets with the next fit.
    assert shop.hub.now.model.data.history("anna") == {"7": 4.0, "8": 4.0}
    fitted(shop.hub)
    assert shop.hub.now.model.data.history("anna") == {"8": 4.0}
    assert shop.hub.visitor(shop.hub.now, "anna")["user"] == "anna"


def test_the_last_event_that_is_taken_back_leaves_a_user_of_whom_nothing_is_known(shop):
    shop.ask("POST", "/v1/interactions", {"id": "h/1", "user": "hans", "item": "7", "event": "buy"}, 201)
    assert "Alien" not in shop.titles("hans")
    shop.ask("DELETE", "/v1/interactions/h/1")
    nobody = shop.ask("POST", "/v1/recommendations", {})["recommendations"]
    assert shop.ask("GET", "/v1/users/hans/recommendations")["recommendations"] == nobody


def test_a_new_item_with_text_is_recommended_at_once(shop):
    shop.ask(
        "PUT",
        "/v1/items",
        {"id": "new", "columns": {"title": "Alien Resurrection", "genre": ["science fiction"]}},
    )
    rows = shop.ask("POST", "/v1/recommendations", {"support": ["7"], "explain": True})["recommendations"]
    assert "new" in [row["item"] for row in rows]
    assert next(row for row in rows if row["item"] == "new")["served"] == "warm"
    assert shop.ask("GET", "/v1/items/new/audience", params={"n": 2})["audience"]


def test_a_changed_price_counts_at_once(shop):
    asked = {"where": "price < 8"}
    assert [r["item"] for r in shop.ask("POST", "/v1/recommendations", asked)["recommendations"]] == ["12"]
    shop.ask("PUT", "/v1/items", {"id": "13", "columns": {**{"title": "Solaris"}, "price": 1}})
    found = shop.ask("POST", "/v1/recommendations", asked)["recommendations"]
    assert sorted(row["item"] for row in found) == ["12", "13"]


def test_a_deleted_item_is_listed_no_more(shop):
    shop.ask("DELETE", "/v1/items/8")
    assert "Aliens" not in [
        r["title"] for r in shop.ask("POST", "/v1/recommendations", {})["recommendations"]
    ]
    shop.ask("GET", "/v1/items/8", status=404)
    shop.ask("GET", "/v1/items/8/similar", status=404)


def test_another_process_sees_what_this_one_was_told(open_shop, tmp_path):
    one = open_shop(tmp_path)
    two = open_shop(tmp_path, fit=False, fill=False)
    two.hub.refresh()
    one.ask("POST", "/v1/interactions", {"user": "hans", "item": "7", "event": "buy"}, 201)
    assert two.titles("hans") == one.titles("hans")


def test_without_a_model_every_list_says_so(empty):
    empty.ask("PUT", "/v1/items", {"id": "1", "columns": {"title": "Alien"}})
    error = empty.ask("POST", "/v1/recommendations", {}, 503)
    assert error["code"] == "not_fitted"
    assert "POST /v1/models" in error["hint"]
    empty.ask("GET", "/readyz", status=503)
    empty.ask("GET", "/healthz")


@pytest.mark.parametrize("event", [{"event": "rating"}, {"event": "frobnicate"}])
def test_events_that_could_never_be_learned_from_are_refused(shop, event):
    error = shop.ask("POST", "/v1/interactions", {"user": "a", "item": "7", **event}, 422)
    assert "rating needs" in error["message"] or "no weight" in error["message"]
    assert shop.store.counts()["interactions"] == 18


def test_a_list_is_made_again_only_when_something_changed(shop, fitted, monkeypatch):
    from fewrec import Recommender

    made = []
    real = Recommender.recommend
    monkeypatch.setattr(
        Recommender, "recommend", lambda self, *given, **more: made.append(1) or real(self, *given, **more)
    )

    def count(**query):
        before = len(made)
        shop.titles("anna", **query)
        return len(made) - before

    assert [count(), count(), count(n=3), count(n=3)] == [1, 0, 1, 0]
    shop.ask("POST", "/v1/interactions", {"user": "bert", "item": "9", "event": "buy"}, 201)
    assert count() == 0  # somebody else's
    shop.ask("POST", "/v1/interactions", {"user": "anna", "item": "9", "event": "view"}, 201)
    assert [count(), count()] == [1, 0]
    shop.ask("PUT", "/v1/users", {"id": "anna", "columns": {"city": "Rome"}})
    assert [count(), count()] == [1, 0]
    shop.ask("PUT", "/v1/items", {"id": "7", "columns": {"title": "Alien", "price": 1}})
    assert [count(), count()] == [1, 0]
    fitted(shop.hub)
    assert [count(), count()] == [1, 0]


def test_the_encoder_is_loaded_before_the_first_sentence(shop, monkeypatch):
    from fewrec.encode.hashed import HashedWords

    loaded = []
    monkeypatch.setattr(HashedWords, "load", lambda self: loaded.append(1), raising=False)
    assert shop.hub.warm()
    assert not shop.hub.warm()  # once for each model
    assert len(loaded) == 1
