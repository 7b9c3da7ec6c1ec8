"""What the service says of the quality of its lists."""

from __future__ import annotations

import pytest

from fewrec.service.routes.measures import reach


def test_measures_are_those_that_the_lists_quote(shop):
    found = shop.ask("GET", "/v1/measures")
    assert found["model"] == 1
    trust = shop.hub.now.model._fitted.ranker.trust
    rows = [(row["known"], row["hits"], row["bestsellers"]) for row in found["curve"]]
    assert rows == [pytest.approx(row) for row in (trust.hits if trust else ())]


def test_the_reach_counts_different_items_of_all_lists(shop):
    """Seven people are fewer than are looked at, so everybody's list counts; by hand, over the API."""
    listed = set()
    for user in ("anna", "bert", "cleo", "dora", "emil", "fred", "gina"):
        listed |= set(shop.titles(user, n=10))
    assert reach(shop.hub.now) == {"users": 7, "items": len(listed), "share": len(listed) / 8}


def test_without_a_model_nothing_is_measured(empty):
    assert "no model yet" in empty.ask("GET", "/v1/measures", status=503)["message"]


def test_without_people_there_is_no_reach(open_shop, tmp_path):
    shop = open_shop(tmp_path, people=[], fit=False)
    for user in ("anna", "bert"):
        shop.ask("DELETE", f"/v1/users/{user}", status=202)
    version, _ = shop.store.versions.request()
    shop.store.versions.start()
    from fewrec.service.worker import work

    assert work(shop.store, shop.hub.config, shop.hub.models, version.version, None) == "ready"
    shop.store.versions.activate(version.version)
    shop.hub.refresh()
    found = shop.ask("GET", "/v1/measures")
    assert found["reach"] is None
    assert found["curve"] == []


def test_a_slow_shop_is_looked_at_for_a_moment_only(shop, monkeypatch):
    monkeypatch.setattr("fewrec.service.routes.measures.SECONDS", -1.0)
    found = reach(shop.hub.now)
    assert found["users"] == 1
    assert found["items"] <= 8
