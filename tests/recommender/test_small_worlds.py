"""Worlds at the edge: one item, one user, no likes, no text, nothing at all, odd ids and long titles."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewrec import Dataset, Recommender
from fewrec.errors import FewrecWarning

TITLES = {"item": ["a", "b", "c"], "title": ["red planet", "red letter", "love letter"]}
BLIND = (
    "A blind guess: nothing is known about this visitor, and nobody has liked anything yet. "
    "The items are in random order. Name a liked item or describe what is wanted."
)
BLIND_ANYWAY = BLIND.replace("nothing is known", "nothing that tells these items apart is known")
GUESS = "A guess: nothing is known about this visitor, so this is the bestseller list."

WORLDS: dict[str, tuple[Any, ...]] = {
    "one item": ({"item": ["a"], "title": ["red planet"]},),
    "one item without a title": ({"item": ["a"]},),
    "one item, one user": ({"item": ["a"], "title": ["red planet"]}, {"user": ["u"], "item": ["a"]}),
    "one user": (TITLES, {"user": ["u", "u"], "item": ["a", "b"], "rating": [5, 1]}),
    "two users": (TITLES, {"user": ["u", "v"], "item": ["a", "b"], "rating": [5, 1]}),
    "no likes": (TITLES, {"user": ["u", "v"], "item": ["a", "b"], "event": ["hide", "hide"]}),
    "all-equal ratings": (TITLES, {"user": ["u", "v", "u"], "item": ["a", "b", "b"], "rating": [3, 3, 3]}),
    "all meet everything": (
        TITLES,
        {"user": list("uuuvvv"), "item": list("abcabc"), "rating": [5, 1, 5, 1, 5, 1]},
    ),
    "no text": (None, {"user": list("uuvvw"), "item": list("abbca"), "rating": [5, 1, 4, 5, 2]}),
    "text only": (TITLES,),
    "neither": ({"item": ["a", "b", "c"]},),
    "some without a title": (
        {"item": ["a", "b", "c"], "title": ["red planet", None, ""]},
        {"user": ["u", "v"], "item": ["a", "b"], "rating": [5, 1]},
    ),
    "users, but no interactions": (TITLES, None, {"user": ["u", "v"], "city": ["Oslo", "Oslo"]}),
    "unicode and emoji": (
        {"item": ["🍜", "寿司", "naïve", "a b"], "title": ["Rāmen bar", "寿司店", "Café 🍰", "🍜🍜"]},
        {"user": ["👩", "👩", "é"], "item": ["🍜", "寿司", "naïve"], "rating": [5, 1, 4]},
    ),
    "1,000 characters": (
        {"item": ["a", "b", "c"], "title": ["x" * 1000, "word " * 200, "word"]},
        {"user": ["u", "v"], "item": ["a", "b"], "rating": [5, 1]},
    ),
    "one title for all": (
        {"item": ["a", "b", "c"], "title": ["same", "same", "same"]},
        {"user": ["u", "v"], "item": ["a", "b"], "rating": [5, 1]},
    ),
    "integers": (
        {"item": [3, 1, 2], "title": ["red planet", "red letter", "love letter"]},
        {"user": [10, 20], "item": [3, 1], "rating": [5, 1]},
    ),
    "ratings from -10 to 10": (TITLES, {"user": ["u", "v"], "item": ["a", "b"], "rating": [10, -10]}),
}


def fit(*tables: Any, **how: Any) -> Recommender:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)  # of data that are read as implicit, which is intended
        data = Dataset(*tables)
    return Recommender(encoder="hashed", **how).fit(data, progress=False)


def requests(model: Recommender) -> list[dict[str, Any]]:
    first, last = model.data.items.ids[0], model.data.items.ids[-1]
    feedback = model.data.feedback
    asked: list[dict[str, Any]] = [
        {},
        {"support": [first]},
        {"support": {last: feedback.dislike_value}},
        {"support": {first: feedback.like_value, last: feedback.like_value}},
        {"taste": "red 红色"},
        {"attributes": {"city": "Oslo"}},
        {"support": [first], "taste": "red", "attributes": {"city": "Oslo"}, "diversity": 0.5},
    ]
    return asked + [{"user": user} for user in model.data.users]


@pytest.mark.parametrize("tune", [True, False], ids=["tuned", "untuned"])
@pytest.mark.parametrize("name", WORLDS)
def test_every_question_is_answered(name: str, tune: bool, tmp_path: Path) -> None:
    model = fit(*WORLDS[name], tune=tune)
    folder = model.save(tmp_path / "model")
    loaded = Recommender.load(folder)
    ids = model.data.items.ids
    for request in requests(model):
        found = model.recommend(**request)
        met = set(request.get("support", {})) | set(
            model.data.history(request["user"]) if "user" in request else ()
        )
        assert not met & {row.item for row in found}
        assert len(found) == len(ids) - sum(found.dropped.values())
        assert found.sure
        for row in found:
            assert np.isfinite(row.score)
            assert sum(r.contribution for r in row.reasons) == pytest.approx(row.score, rel=1e-4, abs=1e-5)
        assert loaded.recommend(**request).to_dict() == found.to_dict()
    for item in ids:
        similar = model.similar_items(item)
        assert item not in [row.item for row in similar]
        assert all(np.isfinite(row.score) for row in similar)
        audience = model.audience(item)
        assert {row.user for row in audience} <= {
            u for u in model.data.users if item not in model.data.history(u)
        }
        assert all(np.isfinite(row.score) for row in audience)


@pytest.mark.parametrize("name", WORLDS)
def test_every_small_world_can_grow_and_forget(name: str) -> None:
    model = fit(*WORLDS[name], tune=False)
    numbers = isinstance(model.data.items.ids[0], int)
    new, visitor = (99, 999) if numbers else ("new", "visitor")
    first = model.data.items.ids[0]
    row: dict[str, Any] = {"user": visitor, "item": first}
    tables = WORLDS[name]
    log = tables[1] if len(tables) > 1 else None
    if log and "rating" in log:
        row["rating"] = 4
    if log and "event" in log:
        row["event"] = "read"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)
        model.update(items=[{"item": new, "title": "red comet"}], interactions=[row])
        known = model.recommend(user=visitor)
        assert first not in [row.item for row in known]
        model.fit(progress=False)
        assert model.data.history(visitor)
        model.forget(visitor)
        if len(model.data.users):
            model.fit(progress=False)
            assert visitor not in model.data.users
        assert len(model.recommend(n=50)) >= 1


def test_nothing_known_at_all_is_a_blind_guess_and_says_so() -> None:
    model = fit({"item": [f"x{at}" for at in range(30)]})
    found = model.recommend(n=30)
    assert found.sure == BLIND
    assert {row.served for row in found} == {"cold"}
    assert [row.item for row in found] != sorted(row.item for row in found)  # not the order of ids either
    for row in found:
        assert [(reason.kind, reason.what) for reason in row.reasons] == [
            ("random", "nothing is known yet: drawn at random")
        ]
        assert row.probability is None
    assert np.isnan(model.score()).all()
    other = fit({"item": [f"x{at}" for at in range(30)]}, seed=1).recommend(n=30)
    assert [row.item for row in other] != [row.item for row in found]  # drawn by the seed
    same = fit({"item": [f"x{at}" for at in range(30)]}).recommend(n=30)
    assert [row.item for row in same] == [row.item for row in found]


def test_what_says_nothing_about_any_item_is_a_blind_guess_too() -> None:
    model = fit({"item": ["a", "b", "c"]})
    assert model.recommend(support=["a"]).sure == BLIND_ANYWAY
    found = model.recommend(taste="red")
    assert found.sure == BLIND
    assert found.warnings == (
        "the taste sentence 'red' says nothing that can be read here; it was left out.",
    )
    # Texts are known, but nobody's dislikes are: there is nothing a dislike could be told by.
    texts = fit(TITLES)
    assert texts.recommend(support={"a": -1}).sure == BLIND_ANYWAY
    assert np.isnan(texts.score({"a": -1})).all()
    people = fit(*WORLDS["users, but no interactions"])
    assert people.recommend(user="u").sure == BLIND_ANYWAY
    assert people.recommend(attributes={"city": "Oslo"}).sure == BLIND_ANYWAY


def test_texts_alone_serve_a_visitor_who_says_something() -> None:
    model = fit(TITLES)
    assert model.recommend().sure == BLIND
    liked = model.recommend(support=["a"])
    assert [row.item for row in liked] == ["b", "c"]  # "red letter" is nearer to "red planet"
    assert liked.sure == "A first idea from 1 interaction and the texts alone: nobody has liked anything yet."
    assert {row.served for row in liked} == {"warm"}
    asked = model.recommend(taste="love")
    assert asked[0].item == "c"
    assert asked.sure == "A first idea from a sentence and the texts alone: nobody has liked anything yet."


def test_habits_alone_serve_without_any_text() -> None:
    model = fit(*WORLDS["no text"])
    assert model.recommend().sure.startswith(GUESS)
    assert [row.title for row in model.recommend(n=1)] == [model.recommend(n=1)[0].item]
    found = model.recommend(taste="red")
    assert found.sure.startswith(GUESS)
    assert found.warnings == (
        "the taste sentence 'red' says nothing that can be read here; it was left out.",
    )
    assert model.similar_items("a").sure == "Resemblance by text and habits."


def test_an_item_without_text_and_interactions_is_never_listed_beside_others() -> None:
    model = fit(*WORLDS["some without a title"])
    scores = model.score(["a"])
    assert np.isnan(scores).tolist() == [False, False, True]
    found = model.recommend()
    assert "c" not in [row.item for row in found]
    assert found.dropped == {"already met": 0, "nothing known": 1}
    nothing = model.audience("c")
    assert len(nothing) == 0
    assert nothing.sure == "Nothing is known about this item: nobody has met it, and it has no text."
    only = model.recommend(exclude=["a", "b"])
    assert len(only) == 0
    told = "3 items came in, 2 dropped (excluded), 1 dropped (nothing known), 0 left."
    assert only.why_empty() == f"Nothing to recommend: {told}"


def test_more_than_there_is_gives_what_there_is() -> None:
    model = fit(*WORLDS["two users"])
    assert len(model.recommend(n=1000)) == 3
    assert len(model.similar_items("a", n=1000)) <= 2
    assert len(model.audience("a", n=1000)) == 1  # u has met it


def test_a_support_of_everything_leaves_nothing() -> None:
    found = fit(*WORLDS["two users"]).recommend(support=["a", "b", "c"])
    assert len(found) == 0
    assert found.sure == "Nothing to recommend."
    assert found.why_empty() == "Nothing to recommend: 3 items came in, 3 dropped (already met), 0 left."
