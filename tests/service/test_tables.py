"""One person's values from their events are those that the data set of everybody has."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewrec.config import DataSettings
from fewrec.service.tables import check_event, dataset_of, history_of, reading_of
from fewrec.store.events import Event
from fewrec.store.store import Snapshot

names = st.sampled_from(["view", "buy", "hide", "cart", "return"])
amounts = st.none() | st.sampled_from([0.0, 1.0, 2.0, 7.5, -1.0])
times = st.sampled_from([0.0, 1e9, 1.1e9, 1.2e9])


@st.composite
def events(draw, ratings=False):
    found = []
    for at in range(draw(st.integers(1, 25))):
        value = draw(st.sampled_from([1.0, 2.0, 4.0, 5.0])) if ratings else draw(amounts)
        name = "rating" if ratings else draw(names)
        user, item = draw(st.sampled_from("ab")), draw(st.sampled_from("xyz"))
        found.append(Event(str(at), user, item, name, value, draw(times)))
    return found


def same(rows, configured):
    data, reading = dataset_of(Snapshot(1, [], [], rows), configured)
    latest = max(event.time for event in rows)
    for user in data.users.ids:
        theirs = [event for event in rows if event.user == user]
        got = history_of(theirs, reading, data.feedback, configured, latest)
        assert got == pytest.approx(data.history(user), rel=1e-6)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=events())
def test_of_events(rows):
    same(rows, DataSettings())


@settings(max_examples=40, deadline=None, derandomize=True)
@given(rows=events())
def test_of_events_with_weights_of_the_house(rows):
    same(rows, DataSettings(events={"view": 3.0, "buy": 0.5}, liked_at=2.0))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=events(ratings=True))
def test_of_ratings(rows):
    same(rows, DataSettings())


@settings(max_examples=40, deadline=None, derandomize=True)
@given(rows=events())
def test_of_events_that_fade(rows):
    dated = [dataclasses.replace(event, time=event.time or 1e9) for event in rows]
    same(dated, DataSettings(half_life=500.0))


def test_ratings_count_where_there_is_nothing_else():
    rating, view = Event("1", "a", "x", "rating", 5.0, 0.0), Event("2", "a", "y", "view", None, 0.0)
    assert reading_of([rating], DataSettings()).ratings
    wished = reading_of([rating, view, view], DataSettings(feedback="explicit"))
    assert (wished.ratings, wished.unused, wished.like) == (True, 2, None)
    wished = reading_of([rating, view, view], DataSettings(feedback="implicit"))
    assert (wished.ratings, wished.unused, wished.like) == (False, 1, None)


def test_events_of_the_house_are_known():
    event = Event("1", "a", "x", "frobnicate", None, 0.0)
    assert check_event(event, DataSettings()) is not None
    assert check_event(event, DataSettings(events={"frobnicate": 2.0})) is None
    assert check_event(dataclasses.replace(event, event="Add to cart"), DataSettings()) is None
