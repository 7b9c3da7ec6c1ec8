"""Ratings and events in one store: both count, on one scale, and none is dropped unsaid."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewrec.config import DataSettings
from fewrec.service.reading import Reading, reading_of
from fewrec.service.tables import dataset_of, history_of
from fewrec.store.events import Event
from fewrec.store.store import Snapshot


def events(*rows):
    """Events from (user, item, name, value); one a second."""
    return [Event(f"e{at}", *row, 1e9 + at) for at, row in enumerate(rows)]


def data_of(rows, **given_settings):
    return dataset_of(Snapshot(1, [], [], rows), DataSettings(**given_settings))


MOSTLY_RATED = events(
    ("anna", "x", "rating", 5.0), ("anna", "y", "rating", 2.0),
    ("bert", "x", "rating", 4.0), ("bert", "y", "rating", 1.0),
    ("bert", "x", "buy", None),  # beside a rating: says nothing more
    ("cleo", "z", "view", None), ("cleo", "z", "buy", None),  # 1 + 4 > 0: a like
    ("cleo", "x", "hide", None), ("cleo", "x", "view", None),  # -4 + 1 < 0: none
)  # fmt: skip


def test_mostly_rated_pairs_are_read_as_ratings():
    # 4 of 6 pairs have a rating. On 1 to 5 a like begins at 1 + 0.65 * 4 = 3.6: 4 and 5 are likes, 1 and 2 are not; the
    # lower middles are 4 and 1.
    data, reading = data_of(MOSTLY_RATED)
    assert reading == Reading(True, 0, 4.0, 1.0, None, moved=4, beside=1)
    assert data.feedback.kind == "explicit"
    assert data.history("anna") == {"x": 5.0, "y": 2.0}
    assert data.history("bert") == {"x": 4.0, "y": 1.0}
    assert data.history("cleo") == {"z": 4.0, "x": 1.0}
    assert data.feedback.describe() == "ratings from 1 to 5; 3.6 and more is a like"
    assert reading.describe() == (
        "4 events of pairs without a rating count as ratings, of 4 where they are a like and 1 where they are none; "
        "1 beside a rating say nothing more"
    )


EIGHT_VIEWS = [(f"u{at}", item, "view", None) for at in range(4) for item in ("x", "y")]


@pytest.mark.parametrize(
    ("ratings", "liked"),
    [([1.0], []), ([5.0], [0]), ([1.0, 2.0], []), ([2.0, 4.0], [1]), ([0.0, 1.0], [1]), ([8.0], [0])],
)
def test_a_shops_first_ratings_are_read_on_the_usual_scale(ratings, liked):
    """Two different ones at most say nothing of the scale: 1 to 5 where it holds them, or 1 to 10."""
    rows = [*EIGHT_VIEWS, *((f"r{at}", "z", "rating", value) for at, value in enumerate(ratings))]
    data, reading = data_of(events(*rows))
    assert not reading.ratings
    assert [at for at in range(len(ratings)) if data.history(f"r{at}")["z"] > 0] == liked


def test_liked_at_tells_ratings_apart_that_count_as_events():
    rows = [*EIGHT_VIEWS, ("a", "z", "rating", 3.7), ("b", "z", "rating", 1.0), ("c", "z", "rating", 5.0)]
    data, reading = data_of(events(*rows), liked_at=4.0)
    assert reading.liked_at == 4.0
    assert [data.history(user)["z"] > 0 for user in "abc"] == [False, False, True]
    assert data.interactions.liked.sum() == 9  # and the strength of a view is not asked to reach 4


MOSTLY_EVENTS = events(
    ("anna", "x", "buy", None), ("anna", "y", "view", None), ("bert", "x", "buy", None), ("bert", "z", "buy", None),
    ("cleo", "x", "rating", 5.0), ("cleo", "y", "rating", 1.0),
    ("cleo", "y", "buy", None),  # beside a rating, which knows better
)  # fmt: skip


def test_mostly_unrated_pairs_are_read_as_events():
    # 2 of 6 pairs have a rating. Strengths of the others: 4, 1, 4, 4; their lower middle is 4.
    data, reading = data_of(MOSTLY_EVENTS)
    assert reading == Reading(False, 0, 4.0, -4.0, pytest.approx(3.6), moved=2, beside=1)
    assert data.feedback.kind == "implicit"
    assert data.history("anna") == {"x": 4.0, "y": 1.0}
    assert data.history("cleo") == {"x": 4.0, "y": -4.0}
    assert reading.describe() == (
        "2 ratings count as events, of weight 4 from 3.6 on and -4 below; 1 events beside a rating say nothing more"
    )


def test_several_ratings_of_a_pair_are_one_event():
    rows = [*MOSTLY_EVENTS[:5], *events(("cleo", "x", "rating", 1.0))]  # 5 and 1: 3 of 5 is no like
    assert data_of(rows)[0].history("cleo") == {"x": -4.0}


def test_wishes_go_before():
    data, reading = data_of(MOSTLY_EVENTS, feedback="explicit")
    assert (reading.unused, reading.moved, data.history("cleo")) == (5, 0, {"x": 5.0, "y": 1.0})
    data, reading = data_of(MOSTLY_RATED, feedback="implicit")
    assert (reading.unused, reading.moved, data.history("cleo")) == (4, 0, {"z": 5.0, "x": -3.0})
    assert reading.describe() == "events of one kind count, the others do not"


def test_a_like_of_the_house_counts():
    # From 2 on a rating is a like: 5, 2 and 4; their lower middle is 4; 1 is none.
    _, reading = data_of(MOSTLY_RATED, liked_at=2.0)
    assert (reading.like, reading.dislike) == (4.0, 1.0)
    _, reading = data_of(MOSTLY_RATED, liked_at=1.5)
    assert reading.like == 4.0


def test_a_version_keeps_its_reading_until_the_next_fit():
    """Many events later the model still knows ratings alone; what comes meanwhile is put on their scale."""
    reading = reading_of(MOSTLY_RATED, DataSettings())
    more = [*MOSTLY_RATED, *events(*[(f"u{at}", "x", "buy", None) for at in range(20)])]
    assert not reading_of(more, DataSettings()).ratings
    data, laid = dataset_of(Snapshot(1, [], [], more), DataSettings(), reading)
    assert data.history("u3") == {"x": 4.0}
    assert (laid.ratings, laid.moved, laid.beside, laid.unused) == (True, 24, 1, 0)
    # Of an earlier fewrec, which noted less: the other kind does not count, and that is said.
    _, old = dataset_of(Snapshot(1, [], [], more), DataSettings(), Reading(**{"ratings": True, "unused": 5}))
    assert (old.unused, old.moved) == (25, 0)


rows = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.sampled_from("wxyz"),
        st.sampled_from(["rating", "view", "buy", "hide"]), st.sampled_from([1.0, 2.0, 4.0, 5.0]),
        st.sampled_from([0.0, 1e9, 1.2e9]),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


@settings(max_examples=80, deadline=None, derandomize=True)
@given(given_rows=rows, fades=st.booleans())
def test_one_persons_values_are_those_that_the_data_set_of_all_has(given_rows, fades):
    mixed = [Event(f"e{at}", *row) for at, row in enumerate(given_rows)]
    if fades:
        mixed = [Event(e.id, e.user, e.item, e.event, e.value, e.time or 1e9) for e in mixed]
    configured = DataSettings(half_life=500.0 if fades else None)
    data, reading = dataset_of(Snapshot(1, [], [], mixed), configured)
    assert reading.unused == 0
    other = sum((event.event == "rating") != reading.ratings for event in mixed)
    assert reading.moved + reading.beside >= other * (
        other < len(mixed)
    )  # each of the other kind is accounted for
    latest = max(event.time for event in mixed)
    for user in data.users.ids:
        theirs = [event for event in mixed if event.user == user]
        assert history_of(theirs, reading, data.feedback, configured, latest) == pytest.approx(
            data.history(user), rel=1e-6
        )


def test_the_report_says_what_was_read_how(open_shop, tmp_path, fitted):
    shop = open_shop(tmp_path, fit=False, fill=False)
    shop.store.append(MOSTLY_RATED)
    fitted(shop.hub)
    told = shop.ask("GET", "/v1/report")["data"]
    assert told["unused_events"] == 0
    assert {name: told["reading"][name] for name in ("ratings", "moved", "beside", "like")} == {
        "ratings": True, "moved": 4, "beside": 1, "like": 4.0}  # fmt: skip
    assert told["reading"]["rule"].startswith("4 events of pairs without a rating count as ratings")
    # A click of the next visitor counts at once, as it would have at the fit.
    shop.ask("POST", "/v1/interactions", {"user": "dora", "item": "z", "event": "buy"}, 201)
    assert shop.hub.visitor(shop.hub.now, "dora")["support"] == {"z": 4.0}
    # A new item is laid over with the same reading, whatever the majority is by now.
    shop.store.append([Event(f"n{at}", f"n{at}", "x", "buy", None, 1e9) for at in range(20)])
    shop.ask("PUT", "/v1/items", {"id": "w", "columns": {"title": "New"}})
    assert shop.hub.now.reading.ratings
    assert shop.hub.now.reading.moved == 25
    assert shop.ask("GET", "/v1/users/dora/recommendations")["recommendations"]
