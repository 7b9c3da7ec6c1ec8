"""What arrives later and what is forgotten: seen at once where it can be, in full after the next fit.
And what asking must never change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewrec import Dataset, Recommender
from fewrec.errors import UnknownIdError
from fewrec.testing.recommenders import contents

Fresh = Callable[[], Recommender]


def test_new_interactions_count_at_once_for_that_user_alone(fresh: Fresh) -> None:
    model = fresh()
    before = {user: model.recommend(user=user).to_dict() for user in ("u0", "u1")}
    liked = next(row["item"] for row in before["u0"]["recommendations"])
    model.update(interactions=[{"user": "u0", "item": liked, "rating": 5}])
    assert liked in model.data.history("u0")
    after = model.recommend(user="u0")
    assert liked not in [row.item for row in after]
    assert model.recommend(user="u1").to_dict() == before["u1"]


def test_a_new_user_is_known_at_once(fresh: Fresh) -> None:
    model = fresh()
    rows = [{"user": "late", "item": item, "rating": 5} for item in ("i0", "i4")]
    model.update(interactions=rows)
    np.testing.assert_array_equal(model.score(user="late"), model.score(["i0", "i4"]))
    assert "late" in [row.user for row in model.audience("i8", n=99)]
    model.fit(progress=False)
    assert "late" in model.data.users


def test_updates_in_steps_are_one_update(fresh: Fresh, world: Any) -> None:
    new = [{"item": "x", "title": "space story violet"}, {"item": "y", "title": "farm story violet"}]
    rows = [{"user": "u0", "item": "x", "rating": 5}, {"user": "late", "item": "y", "rating": 4}]
    people = [{"user": "late", "city": "Rome"}]
    steps = fresh().update(items=new[:1]).update(items=new[1:]).update(interactions=rows).update(users=people)
    once = fresh().update(items=new, interactions=rows, users=people)
    for request in ({"user": "u0"}, {"user": "late"}, {"support": ["y"]}, {"taste": "violet"}):
        np.testing.assert_array_equal(steps.score(**request), once.score(**request))
    steps.fit(progress=False)
    whole = Dataset([*world.items, *new], [*world.ratings, *rows], [*world.users, *people])
    ready = Recommender(encoder="hashed", tune=False).fit(whole, progress=False)
    for request in ({"user": "u0"}, {"user": "late"}, {"support": ["y"]}, {"taste": "violet"}):
        assert steps.recommend(**request).to_dict() == ready.recommend(**request).to_dict()


def test_the_order_in_which_new_items_arrive_changes_nothing(fresh: Fresh) -> None:
    new = [
        {"item": f"x{at}", "title": f"{kind} story violet"}
        for at, kind in enumerate(("space", "love", "farm"))
    ]
    one, other = fresh().update(items=new), fresh().update(items=new[::-1])
    ids = list(one.data.items)
    np.testing.assert_array_equal(one.score(["i0"], items=ids), other.score(["i0"], items=ids))
    listed = [[row.item for row in model.recommend(n=20)] for model in (one, other)]
    assert listed[0] == listed[1]


def test_an_empty_update_changes_nothing(fresh: Fresh) -> None:
    model = fresh()
    before = model.recommend(user="u0").to_dict()
    assert model.update() is model
    assert model.recommend(user="u0").to_dict() == before


def test_a_grown_model_is_saved_and_loaded_as_it_is(fresh: Fresh, tmp_path: Path) -> None:
    model = fresh().update(
        items=[{"item": "x", "title": "space story violet"}],
        interactions=[{"user": "late", "item": "x", "rating": 5}],
        users=[{"user": "late", "city": "Bern"}],
    )
    model.forget("u3")
    loaded = Recommender.load(model.save(tmp_path / "model"))
    for request in ({}, {"user": "late"}, {"user": "u0"}, {"support": ["x"]}, {"taste": "a farm"}):
        assert loaded.recommend(**request, n=20).to_dict() == model.recommend(**request, n=20).to_dict()
    assert loaded.audience("x").to_dict() == model.audience("x").to_dict()
    loaded.fit(progress=False)
    model.fit(progress=False)
    assert loaded.recommend(user="late").to_dict() == model.recommend(user="late").to_dict()


def test_portraits_keep_their_meaning_when_new_columns_arrive(towns: Recommender, tmp_path: Path) -> None:
    model = Recommender.load(towns.save(tmp_path / "model"))
    wanted = {city: model.score(attributes={"city": city}) for city in ("Oslo", "Rome")}
    people = [
        {"user": f"new{at}", "city": city} for at, city in enumerate(["Bern", "Bern", "Paris", "Paris"])
    ]
    rows = [{"user": f"new{at}", "item": "a", "rating": 5} for at in range(4)]
    model.update(users=people, interactions=rows)
    assert "city: Bern" in model.data.user_features[1]  # before "city: Oslo": columns have moved
    for city, scores in wanted.items():
        np.testing.assert_array_equal(model.score(attributes={"city": city}), scores)
    np.testing.assert_array_equal(model.score(user="p00"), towns.score(user="p00"))
    found = model.recommend(attributes={"city": "Bern"})
    assert found.warnings == ("nothing is known about the attributes city: Bern; they were left out.",)
    model.fit(progress=False)  # from now on Bern is known
    assert model.recommend(attributes={"city": "Bern"}).warnings == ()


def test_a_forgotten_user_is_gone_at_once(fresh: Fresh) -> None:
    model = fresh()
    assert model.forget("u0") is model
    with pytest.raises(UnknownIdError, match="the user 'u0' is not known"):
        model.recommend(user="u0")
    assert "u0" not in [row.user for row in model.audience("i5", n=99)]
    assert "u0" not in model.data.users
    assert model.recommend(user="u1").to_dict() == fresh().recommend(user="u1").to_dict()


def test_items_that_only_a_forgotten_user_knew_are_gone_too(world: Any) -> None:
    rows = [*world.ratings, {"user": "u0", "item": "secret", "rating": 5}]
    data = Dataset(world.items, rows, world.users)
    model = Recommender(encoder="hashed", tune=False).fit(data, progress=False)
    assert "secret" in [row.item for row in model.recommend(n=99)]
    model.forget("u0")
    found = model.recommend(n=99)
    assert "secret" not in [row.item for row in found]
    assert found.dropped["forgotten"] == 1
    assert len(model.score()) == 16
    with pytest.raises(UnknownIdError):
        model.score(["secret"])
    assert "secret" not in [row.item for row in model.similar_items("i0", n=99)]
    for row in model.recommend(support=["i0"], n=99):  # titles stay those of their items
        assert row.title == model.data.titles[model.data.items.index(row.item)]
    back = model.update(interactions=[{"user": "u1", "item": "secret", "rating": 4}])
    assert "secret" in back.data.items
    assert "secret" in [row.item for row in back.recommend(n=99)]


def test_forget_an_update_again(fresh: Fresh) -> None:
    model = fresh()
    before = contents_of(model)
    model.update(interactions=[{"user": "late", "item": "i0", "rating": 5}]).forget("late").fit(
        progress=False
    )
    assert contents_of(model) == before


def contents_of(model: Recommender) -> list[Any]:
    """Scores of many questions, to the last bit."""
    asked: list[dict[str, Any]] = [{}, {"support": ["i0"]}, {"user": "u1"}, {"taste": "a farm"}]
    return [model.score(**request).tobytes() for request in asked]


def test_fit_again_is_fit_once(fresh: Fresh, tmp_path: Path) -> None:
    model = fresh()
    once = contents(model.save(tmp_path / "model"))
    assert contents(model.fit(progress=False).save(tmp_path / "model")) == once


def test_fit_on_other_data_forgets_the_first(fresh: Fresh, towns: Recommender) -> None:
    model = fresh().fit(towns.data, progress=False)
    assert {row.item for row in model.recommend(n=3)} <= set("abcdefghijklmnop")
    with pytest.raises(UnknownIdError):
        model.score(["i0"])


def test_asking_never_changes_the_model(tuned: Recommender, tmp_path: Path) -> None:
    before = contents(tuned.save(tmp_path / "model"))
    data = tuned.data
    for n in (1, 5):
        tuned.recommend(n=n)
        tuned.recommend(
            user="u0", support={"i0": 1}, taste="a farm", attributes={"city": "Oslo"}, n=n, diversity=0.5
        )
        tuned.recommend_many([{"user": "u1"}, {"support": ["i3"]}], n=n)
        tuned.similar_items("i0", n=n)
        tuned.audience("i15", n=n)
    tuned.score(["i0"])
    tuned.score_many([["i0"], {"i1": 2}])
    tuned.predict(["u0", "u1"])
    tuned.predict(support=["i0"])
    assert contents(tuned.save(tmp_path / "model")) == before
    assert tuned.data is data


def test_what_is_handed_in_is_left_as_it_is(tuned: Recommender) -> None:
    request: dict[str, Any] = {
        "support": {"i0": 5, "i1": 1},
        "attributes": {"city": ["Oslo"]},
        "exclude": ["i2"],
        "where": {"genre": ["space"]},
    }
    tuned.recommend(**request)
    assert request == {
        "support": {"i0": 5, "i1": 1},
        "attributes": {"city": ["Oslo"]},
        "exclude": ["i2"],
        "where": {"genre": ["space"]},
    }


def test_scores_given_out_belong_to_the_caller(tuned: Recommender) -> None:
    wanted = tuned.score()
    tuned.score()[:] = 0
    np.testing.assert_array_equal(tuned.score(), wanted)
