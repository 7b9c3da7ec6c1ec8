"""Predicted ratings, their intervals, the probability of a like and the profile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewrec import Dataset, Recommender
from fewrec.errors import DataError, NotFittedError, UnknownIdError
from fewrec.recommender.predictions import Predictions


def check(found: Predictions, users: int, items: int) -> None:
    assert (len(found.users), len(found.items)) == (users, items)
    for name in ("mean", "low", "high", "probability"):
        assert getattr(found, name).shape == (users, items)
        assert np.isfinite(getattr(found, name)).all()
    assert (found.low >= 1).all()
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()
    assert (found.high <= 5).all()
    assert ((found.probability >= 0) & (found.probability <= 1)).all()


def test_the_whole_matrix_is_on_the_scale_of_the_data(tuned: Recommender) -> None:
    found = tuned.predict()
    check(found, 12, 16)
    assert found.users == tuple(tuned.data.users.ids)
    assert found.items == tuple(tuned.data.items.ids)


def test_a_users_own_kind_is_predicted_above_the_others(tuned: Recommender) -> None:
    found = tuned.predict()
    for user, row in zip(found.users, found.mean, strict=True):
        own = np.array([int(item[1:]) % 4 == int(str(user)[1:]) % 4 for item in map(str, found.items)])
        assert row[own].mean() > row[~own].mean() + 0.5


def test_chosen_users_and_items_are_parts_of_the_matrix(tuned: Recommender) -> None:
    whole = tuned.predict()
    part = tuned.predict(["u3", "u0"], ["i9", "space story red"])
    check(part, 2, 2)
    assert (part.users, part.items) == (("u3", "u0"), ("i9", "i0"))
    np.testing.assert_allclose(part.mean, whole.mean[np.ix_([3, 0], [9, 0])], rtol=1e-5)
    np.testing.assert_allclose(part.probability, whole.probability[np.ix_([3, 0], [9, 0])], rtol=1e-4)
    check(tuned.predict("u3", "i9"), 1, 1)
    assert tuned.predict([]).mean.shape == (0, 16)
    assert tuned.predict(items=[]).mean.shape == (12, 0)


def test_a_stranger_is_predicted_from_a_support(tuned: Recommender) -> None:
    liked, disliked = tuned.predict(support={"i0": 5}), tuned.predict(support={"i0": 1})
    check(liked, 1, 16)
    assert liked.users == (None,)
    assert liked.mean[0, 0] > disliked.mean[0, 0] + 1  # the item itself
    assert liked.mean[0, 4] > disliked.mean[0, 4]  # another of its kind
    wide, narrow = liked.high - liked.low, tuned.predict(support=dict.fromkeys(["i0", "i1", "i2", "i3"], 3))
    assert (narrow.high - narrow.low).mean() < wide.mean()  # evidence narrows


def test_what_a_known_user_says_now_counts(tuned: Recommender) -> None:
    item = next(item for item in tuned.data.items if item not in tuned.data.history("u1"))
    before, after = tuned.predict(["u1"], [item]), tuned.predict(["u1"], [item], support={item: 5})
    assert after.mean[0, 0] > before.mean[0, 0]
    assert after.users == ("u1",)


def test_lists_carry_the_same_numbers(tuned: Recommender) -> None:
    for row in tuned.recommend(support={"i0": 5, "i1": 2}, n=16):
        found = tuned.predict(support={"i0": 5, "i1": 2}, items=[row.item])
        assert row.rating is not None
        assert row.rating.mean == pytest.approx(found.mean[0, 0])
        assert row.rating.low == pytest.approx(found.low[0, 0])
        assert row.rating.high == pytest.approx(found.high[0, 0])
        assert row.probability == pytest.approx(found.probability[0, 0])


def test_the_audience_is_told_how_likely_it_is(tuned: Recommender) -> None:
    for row in tuned.audience("i4", n=12):
        found = tuned.predict([row.user], ["i4"])
        assert row.probability == pytest.approx(found.probability[0, 0])


def test_the_order_of_a_support_changes_no_bit(tuned: Recommender) -> None:
    support = {"i0": 5, "i1": 2, "i6": 3, "i9": 4}
    one, other = tuned.predict(support=support), tuned.predict(support=dict(reversed(support.items())))
    for name in ("mean", "low", "high", "probability"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_predictions_as_json(tuned: Recommender) -> None:
    told = tuned.predict(["u0"], ["i0", "i1"]).to_dict()
    assert list(told) == ["users", "items", "mean", "low", "high", "probability", "warnings"]
    assert told["users"] == ["u0"]
    assert len(told["mean"][0]) == 2


def test_without_ratings_there_is_a_probability_but_no_rating(make_world: Callable[..., Any]) -> None:
    world = make_world(users=24)
    rows = [{"user": row["user"], "item": row["item"]} for row in world.ratings if row["rating"] > 3]
    model = Recommender(encoder="hashed").fit(Dataset(world.items, rows), progress=False)
    found = model.predict()
    assert np.isnan(found.mean).all()
    assert found.to_dict()["mean"][0][0] is None
    assert np.isfinite(found.probability).all()
    assert all(row.rating is None and row.probability is not None for row in model.recommend(support=["i0"]))


def test_where_nothing_is_known_there_is_neither() -> None:
    model = Recommender(encoder="hashed").fit(Dataset({"item": ["a", "b", "c"]}), progress=False)
    found = model.predict(support=["a"])
    for name in ("mean", "low", "high", "probability"):
        assert np.isnan(getattr(found, name)).all()
    assert all(row.rating is None and row.probability is None for row in model.recommend())


def test_a_new_item_is_predicted_at_once_and_in_a_loaded_model(
    fresh: Callable[[], Recommender], tmp_path: Path
) -> None:
    model = fresh().update(items=[{"item": "new", "title": "space story violet"}])
    found = model.predict(items=["new", "i0"])
    check(found, 12, 2)
    space = [at for at, user in enumerate(found.users) if int(str(user)[1:]) % 4 == 0]
    rest = [at for at in range(12) if at not in space]
    assert found.mean[space, 0].mean() > found.mean[rest, 0].mean()
    loaded = Recommender.load(model.save(tmp_path / "model"))
    again = loaded.predict(items=["new", "i0"])
    np.testing.assert_array_equal(again.mean, found.mean)
    np.testing.assert_array_equal(again.probability, found.probability)


def test_mistakes() -> None:
    model = Recommender(encoder="hashed", tune=False)
    with pytest.raises(NotFittedError, match="Call fit"):
        model.predict()
    data = Dataset(
        {"item": ["a", "b"], "title": ["x", "y"]}, {"user": ["u", "v"], "item": ["a", "b"], "rating": [5, 1]}
    )
    model.fit(data, progress=False)
    with pytest.raises(UnknownIdError, match="the user 'w' is not known"):
        model.predict(["w"])
    with pytest.raises(UnknownIdError, match="the item 'w' is not known"):
        model.predict(items=["w"])
    with pytest.raises(DataError, match="9 lies outside the scale"):
        model.predict(support={"a": 9})


def test_the_profile_names_what_a_visitor_seems_to_like(tuned: Recommender) -> None:
    assert "space" in " ".join(tuned.recommend(support=["i0", "i4", "i8"]).profile)
    assert "love" in " ".join(tuned.recommend(user="u1").profile)
    assert tuned.recommend().profile == ()


def test_a_profile_has_at_most_s_features(world: Any) -> None:
    model = Recommender(encoder="hashed", s=1, tune=False).fit(world.data(), progress=False)
    assert len(model.recommend(support=["i0", "i5", "i10", "i3"]).profile) <= 1
