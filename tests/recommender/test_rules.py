"""Rules of the house in a list: each leaves a reason where it changed something, and reasons still add up."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec import Dataset, Recommender
from fewrec.errors import ConfigError, UnknownIdError


@pytest.fixture(scope="module")
def model():
    titles = ["Alien", "Aliens", "Heat", "Amélie", "Titanic", "Solaris", "Stalker", "Up"]
    items = {"item": list(range(8)), "title": titles, "price": [5, 15, 5, 15, 5, 15, 5, 15]}
    pairs = [(u, (u + k) % 8) for u in range(12) for k in range(3)]
    events = {
        "user": [f"u{u}" for u, _ in pairs],
        "item": [i for _, i in pairs],
        "event": ["buy"] * len(pairs),
    }
    return Recommender(encoder="hashed", tune=False, cache=None).fit(Dataset(items, events), progress=False)


def kinds(found, kind):
    return [row.title for row in found if kind in [reason.kind for reason in row.reasons]]


def adds_up(found):
    for row in found:
        assert sum(reason.contribution for reason in row.reasons) == pytest.approx(row.score, abs=1e-4)


def test_without_rules_nothing_changes(model):
    plain = model.recommend(support=["Alien"])
    assert model.recommend(support=["Alien"], boosts={}, pinned=[], explore=0.0) == plain
    assert not {"boost", "pinned", "explored", "diversity"} & {r.kind for row in plain for r in row.reasons}


def test_a_boost_lifts_what_it_names_and_says_so(model):
    plain = model.recommend(support=["Alien"])
    found = model.recommend(support=["Alien"], boosts={"price < 10": 10})
    cheap = {"Heat", "Titanic", "Stalker"}
    assert {row.title for row in found[:3]} == cheap
    assert set(kinds(found, "boost")) == cheap
    adds_up(found)
    held = model.recommend(support=["Alien"], boosts={"price < 10": -10})
    assert {row.title for row in held[-3:]} == cheap
    assert held[-1].reasons[-1].what == "held back: price < 10"
    assert {row.title for row in plain} == {row.title for row in found}


def test_pinned_items_come_first_even_when_drawn_or_low(model):
    found = model.recommend(support=["Alien"], n=3, pinned=["Up", "Titanic"], explore=0.4)
    assert [row.title for row in found[:2]] == ["Up", "Titanic"]
    assert len(found) == 3
    assert kinds(found, "pinned") == ["Up", "Titanic"]
    assert len({row.item for row in found}) == 3
    adds_up(found)


def test_a_pinned_item_that_a_filter_leaves_out_is_told_of(model):
    found = model.recommend(support=["Alien"], pinned=["Up"], where="price < 10")
    assert "Up" not in [row.title for row in found]
    assert found.warnings == ("“Up” is pinned, but a filter leaves it out.",)


def test_explored_places_are_told_and_stay_for_the_same_visitor(model):
    found = model.recommend(support=["Alien"], n=4, explore=0.5)
    assert len(kinds(found, "explored")) == 2
    assert model.recommend(support=["Alien"], n=4, explore=0.5) == found
    plain = model.recommend(support=["Alien"], n=4)
    assert [row.title for row in found[:2]] == [row.title for row in plain[:2]]
    adds_up(found)


def test_diversity_tells_what_it_moved_up():
    """Two lamps are liked most and read alike; with variety the chair comes before the second lamp."""
    items = {"item": [1, 2, 3], "title": ["red desk lamp", "red desk lamp", "oak chair"]}
    likes = [(u, 1) for u in range(6)] + [(u, 2) for u in range(6, 11)] + [(u, 3) for u in range(11, 15)]
    events = {
        "user": [f"u{u}" for u, _ in likes],
        "item": [i for _, i in likes],
        "event": ["buy"] * len(likes),
    }
    lamps = Recommender(encoder="hashed", tune=False, cache=None).fit(Dataset(items, events), progress=False)
    assert [row.item for row in lamps.recommend()] == [1, 2, 3]
    found = lamps.recommend(diversity=0.9)
    assert [row.item for row in found] == [1, 3, 2]
    assert [[r.what for r in row.reasons if r.kind == "diversity"] for row in found] == [
        [], ["moved up from place 3, for variety"], []]  # fmt: skip
    adds_up(found)


def test_unknown_pinned_items_are_answered(model):
    with pytest.raises(UnknownIdError, match="'Nothing' is not known"):
        model.recommend(pinned=["Nothing"])
    assert "was left out" in model.recommend(pinned=["Nothing"], on_unknown="skip").warnings[0]
    with pytest.raises(ConfigError, match="strength"):
        model.recommend(boosts={"price < 10": "x"})


# -- what to ask


def test_what_was_answered_or_asked_is_not_asked(model):
    found = model.next_question(support=["Alien"], n=20, exclude=["Heat"])
    assert not {"Alien", "Heat"} & {row.title for row in found}
    assert len(found) == 6
    assert [row.score for row in found] == sorted((row.score for row in found), reverse=True)
    adds_up(found)
    assert model.next_question(n=20, where="price < 10")[0].title in ("Alien", "Heat", "Titanic", "Stalker")
    # The order of ids in an answer must not matter to the bit.
    assert model.next_question(support=["Alien", "Up"]) == model.next_question(support=["Up", "Alien"])


@pytest.mark.parametrize("data", [
    Dataset({"item": [1, 2, 3], "title": ["Alien", "Aliens", "Amélie"]}),
    Dataset(None, {"user": ["a", "a", "b"], "item": [1, 2, 2], "event": ["buy"] * 3}),
    Dataset({"item": [1, 2, 3], "title": ["A", "B", "C"]},
            {"user": ["a", "a", "b", "b"], "item": [1, 2, 2, 3], "rating": [5, 1, 4, 2]}),
], ids=["text", "habits", "ratings"])  # fmt: skip
def test_it_asks_with_whatever_there_is(data):
    model = Recommender(encoder="hashed", tune=False, cache=None).fit(data, progress=False)
    found = model.next_question(n=5)
    assert len(found) == len(data.items)
    assert all(np.isfinite(row.score) and row.score > 0 for row in found)


# -- other rows


def test_on_other_rows_the_same_model_answers(model):
    data = Dataset({"item": ["0", "1", "new"], "title": ["Alien", "Aliens", "Alien Resurrection"]})
    other = model.on(data)
    rows = other.recommend(support=["Alien"])
    assert {row.item for row in rows} == {"1", "new"}  # as the new rows spell them
    assert next(row for row in rows if row.item == "1").served == "hot"  # 1 and "1" are one
    assert next(row for row in rows if row.item == "new").served == "warm"
    assert len(model.recommend(support=["Alien"])) == 7  # the first one stays as it was


def test_on_the_same_rows_nothing_changes(model):
    assert model.on(model.data).recommend(user="u1") == model.recommend(user="u1")
