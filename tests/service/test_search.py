"""Items are found by words, in a large catalogue, too."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fewrec.store import search


def found(shop, text, **query):
    return [row["columns"]["title"] for row in shop.ask("GET", "/v1/items", params={"search": text, **query})]


def test_words_are_found_in_every_column(shop):
    assert found(shop, "alien") == ["Alien", "Aliens"]
    assert found(shop, "AMELIE") == ["Amélie"]
    # "romance" stands in no title: by id, as text ("10" < "12" < "9").
    assert found(shop, "romance") == ["Titanic", "Notting Hill", "Amélie"]
    assert found(shop, "comedy hill") == ["Notting Hill"]
    assert found(shop, "30") == ["Solaris"]  # its price
    assert found(shop, "nothing of this") == []
    assert len(found(shop, "  ")) == 8


def test_the_page_calls_an_item_by_the_columns_that_the_search_puts_first():
    page = (Path(search.__file__).parents[1] / "service" / "page" / "catalogue.js").read_text(
        encoding="utf-8"
    )
    assert json.loads(re.search(r"TITLES = (\[.*?\]);", page)[1]) == list(search.TITLES)


def test_a_search_comes_a_page_at_a_time(shop):
    titles, cursor = [], None
    while True:
        query = {"search": "action", "limit": 2, **({"cursor": cursor} if cursor else {})}
        answer = shop.client.get("/v1/items", params=query).json()
        titles += [row["columns"]["title"] for row in answer["data"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert titles == ["The Matrix", "Heat", "Aliens"]  # 11, 14, 8


def test_ids_of_any_letters_lead_to_the_next_page(empty):
    ids = [letter * 200 for letter in ('"', "a", "字", "😀")]
    empty.store.put_items([(id, {"title": "Lamp"}) for id in ids])
    for query in ({"search": "lamp"}, {}):
        seen, cursor = [], None
        for _ in ids:
            asked = {**query, "limit": 1, **({"cursor": cursor} if cursor else {})}
            answer = empty.client.get("/v1/items", params=asked).json()
            seen += [row["id"] for row in answer["data"]]
            cursor = answer["next"]
        assert seen == ids


def test_the_cursor_of_a_search_is_no_other(shop):
    plain = shop.client.get("/v1/items", params={"limit": 1}).json()["next"]
    searched = shop.client.get("/v1/items", params={"limit": 1, "search": "alien"}).json()["next"]
    for query in ({"search": "alien", "cursor": plain}, {"cursor": searched}):
        assert shop.ask("GET", "/v1/items", params=query, status=422)["message"] == "this is no cursor."
    from fewrec.service.routes.entities import cursor_of

    far = {"search": "alien", "cursor": cursor_of(3, "7")}
    assert shop.ask("GET", "/v1/items", params=far, status=422)["message"] == "this is no cursor."


@pytest.mark.slow
def test_the_last_of_a_hundred_thousand_is_found(empty):
    for begin in range(0, 100_000, 10_000):
        empty.store.put_items([(f"i{at}", {"title": f"Lamp {at}"}) for at in range(begin, begin + 10_000)])
    assert found(empty, "lamp 99999") == ["Lamp 99999"]
    assert len(found(empty, "lamp", limit=7)) == 7
