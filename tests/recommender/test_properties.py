"""What must hold for any small world: order is nothing, appended is as good as together, forgotten is never
seen, a batch is its rows, a saved model is the same model."""

from __future__ import annotations

import json
import random
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewrec import Dataset, Recommender
from fewrec.errors import FewrecWarning
from fewrec.testing.recommenders import contents

IDS = [3, 1, 2, 10, "b", "a", "ä", "x y"]
WORDS = ["red planet", "love letter", "crime scene", "planet crime", "", None]
PEOPLE = ["anna", "bert", "cleo", 7, 8]
REQUESTS: list[dict[str, Any]] = [
    {},
    {"taste": "red crime"},
    {"attributes": {"city": "Oslo"}},
    {"taste": "planet", "attributes": {"city": "Rome"}},
]


def few(examples: int) -> Any:
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, suppress_health_check=slow)


@dataclass(frozen=True)
class Tables:
    items: list[dict[str, Any]]
    events: list[dict[str, Any]]
    users: list[dict[str, Any]]
    how: dict[str, Any]

    def data(self) -> Dataset:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FewrecWarning)  # of all-equal ratings, which are wanted here, too
            return Dataset(self.items, self.events or None, self.users, **self.how)

    def shuffled(self, order: random.Random) -> Tables:
        turned = [order.sample(rows, len(rows)) for rows in (self.items, self.events, self.users)]
        return Tables(*turned, how=self.how)

    def requests(self) -> list[dict[str, Any]]:
        """Questions about strangers and about every user with a history."""
        first, last = self.items[0]["item"], self.items[-1]["item"]
        known = {row["user"] for row in self.events}
        asked = [*REQUESTS, {"support": [first]}, {"support": [last, first]}]
        asked += [{"user": user} for user in PEOPLE if user in known]
        return asked + [
            {"user": user, "support": [last], "taste": "love"} for user in PEOPLE[:1] if user in known
        ]


@st.composite
def tables(draw: Any) -> Tables:
    """1 to 8 items with ids of both types, some without a text; 0 to 5 users; ratings, visits, or events with times
    that fade."""
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=8, unique=True))
    described = draw(st.booleans())
    items: list[dict[str, Any]] = [{"item": item, "title": draw(st.sampled_from(WORDS))} for item in ids]
    for row in items if described else []:
        row["genre"] = draw(st.sampled_from(["drama", "crime|drama", "crime", None]))
        row["description"] = draw(
            st.sampled_from(["a long walk on a red planet", "two letters, one love", None])
        )
    pairs = draw(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(ids)), max_size=24, unique=True))
    kind = draw(st.sampled_from(["rating", "visit", "event"]))
    events: list[dict[str, Any]] = [{"user": user, "item": item} for user, item in pairs]
    for row in events:
        if kind == "rating":
            row["rating"] = draw(st.integers(1, 5))
        if kind == "event":
            row["event"] = draw(st.sampled_from(["view", "buy", "hide"]))
            row["time"] = 1_700_000_000 + 86_400 * draw(st.integers(0, 9))
    users = [{"user": user, "city": draw(st.sampled_from(["Oslo", "Rome"]))} for user in PEOPLE]
    return Tables(items, events, users, {"half_life": 3.0} if kind == "event" and events else {})


def fit(data: Dataset, **how: Any) -> Recommender:
    return Recommender(encoder="hashed", **{"tune": False, **how}).fit(data, progress=False)


def same(one: Recommender, other: Recommender, asked: list[dict[str, Any]], ids: list[Any]) -> None:
    """Both give equal scores, item by item and to the last bit, and equal lists."""
    for request in asked:
        np.testing.assert_array_equal(one.score(items=ids, **request), other.score(items=ids, **request))
        assert one.recommend(**request).to_dict() == other.recommend(**request).to_dict()


@few(15)
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_items_users_and_rows_changes_no_bit(world: Tables, order: random.Random) -> None:
    model, turned = fit(world.data()), fit(world.shuffled(order).data())
    ids = [row["item"] for row in world.items]
    same(model, turned, world.requests(), ids)
    for item in ids[:2]:
        assert model.similar_items(item).to_dict() == turned.similar_items(item).to_dict()
        assert model.audience(item).to_dict() == turned.audience(item).to_dict()


@few(10)
@given(tables())
def test_a_batch_gives_what_its_rows_give_alone(world: Tables) -> None:
    model = fit(world.data())
    ids = [row["item"] for row in world.items]
    value = model.data.feedback.dislike_value
    supports: list[Any] = [[], ids[:1], ids[-2:], {ids[0]: value}, ids]
    many = model.score_many(supports)
    for support, row in zip(supports, many, strict=True):
        # Products of one row and of several round differently in the last bit or two.
        np.testing.assert_allclose(row, model.score(support), rtol=1e-5, atol=1e-5)
    requests = [{"support": support, "n": 3} for support in supports]
    lists = model.recommend_many(requests, taste="planet")
    assert [found.to_dict() for found in lists] == [
        model.recommend(taste="planet", **request).to_dict() for request in requests
    ]


@few(10)
@given(tables())
def test_a_loaded_model_is_the_saved_one_and_asking_changes_neither(world: Tables) -> None:
    model = fit(world.data())
    asked = world.requests()
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "model"
        before = contents(model.save(folder))
        for request in asked:
            model.recommend(**request, diversity=0.3)
        model.similar_items(world.items[0]["item"])
        model.audience(world.items[-1]["item"])
        assert contents(model.save(folder)) == before
        loaded = Recommender.load(folder)
        same(model, loaded, asked, [row["item"] for row in world.items])
        assert contents(loaded.save(folder)) == before


@few(15)
@given(tables(), st.data())
def test_update_then_fit_equals_a_fit_on_all_rows(world: Tables, draw: st.DataObject) -> None:
    n_items = draw.draw(st.integers(1, len(world.items)), label="items first")
    early = {row["item"] for row in world.items[:n_items]}
    first = [row for row in world.events if row["item"] in early]
    n_events = draw.draw(st.integers(0, len(first)), label="events first")
    start = Tables(world.items[:n_items], first[:n_events], world.users, world.how)
    late = [row for row in world.events if row not in first[:n_events]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)
        model = fit(start.data()).update(items=world.items[n_items:] or None, interactions=late or None)
        for request in world.requests():  # it must answer in between, too
            listed = {row.item for row in model.recommend(**request)}
            if "user" in request:
                assert not listed & {row["item"] for row in world.events if row["user"] == request["user"]}
        model.fit(progress=False)
    same(model, fit(world.data()), world.requests(), [row["item"] for row in world.items])


@few(12)
@given(tables(), st.sampled_from(PEOPLE[:3]))
def test_forget_then_fit_equals_never_seen_bit_for_bit(world: Tables, user: Any) -> None:
    left = [row for row in world.events if row["user"] != user]
    if left == world.events or not left:
        return
    never = Tables(world.items, left, [row for row in world.users if row["user"] != user], world.how)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)
        model = fit(world.data()).forget(user)
        model.recommend(support=[world.items[0]["item"]])
        model.fit(progress=False)
    fresh = fit(never.data())
    with tempfile.TemporaryDirectory() as parent:
        saved = [contents(one.save(Path(parent) / name)) for name, one in (("a", model), ("b", fresh))]
    manifests = [json.loads(parts.pop("manifest.json")) for parts in saved]
    for manifest in manifests:  # the numbers of the original rows show a gap, and nothing else
        for table in manifest["model"]["data"]["tables"].values():
            del table["places"]
    assert manifests[0] == manifests[1]
    assert saved[0] == saved[1]
    same(model, fresh, never.requests(), [row["item"] for row in world.items])


@few(15)
@given(tables(), st.data())
def test_a_list_obeys_every_exclusion_and_holds_no_nan(world: Tables, draw: st.DataObject) -> None:
    model = fit(world.data())
    ids = [row["item"] for row in world.items]
    excluded = draw.draw(st.lists(st.sampled_from(ids), unique=True), label="excluded")
    allowed = draw.draw(st.lists(st.sampled_from(WORDS[:4]), min_size=1, unique=True), label="where")
    n = draw.draw(st.integers(1, 10), label="n")
    told = {
        row["item"] for row in world.items if any(row.get(name) for name in ("title", "genre", "description"))
    }
    met = {row["item"] for row in world.events}
    for request in world.requests():
        known = set(request.get("support", []))
        known |= {row["item"] for row in world.events if row["user"] == request.get("user", "nobody")}
        scores = dict(zip(ids, model.score(items=ids, **request).tolist(), strict=True))
        assert not np.isinf(list(scores.values())).any()
        if met:
            # Once somebody has done something, only items without text that nobody met cannot be scored.
            assert {item for item, score in scores.items() if np.isnan(score)} == set(ids) - told - met
        found = model.recommend(n=n, exclude=excluded, where={"title": allowed}, **request)
        fitting = {row["item"] for row in world.items if row["title"] in allowed}
        listed = [row.item for row in found]
        assert len(listed) == len(set(listed)) <= n
        assert set(listed) <= fitting - set(excluded) - known
        assert all(np.isfinite(row.score) for row in found)
        if not np.isnan(list(scores.values())).all():
            assert not any(np.isnan(scores[item]) for item in listed)
        came, removed = len(ids), sum(found.dropped.values())
        assert found.candidates == came
        assert len(listed) == min(n, came - removed)  # what is missing is accounted for
