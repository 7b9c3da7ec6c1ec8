"""A model is asked in the language it has learned: what values meant at fit holds until the next fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from fewrec import Dataset, Recommender
from fewrec.data.feedback import Feedback


def rated() -> Recommender:
    """Ann and ben rated on 1..5, eve gave nothing but 4s."""
    rows = [
        ("ann", "a", 5),
        ("ann", "b", 1),
        ("ben", "b", 5),
        ("ben", "c", 2),
        ("eve", "a", 4),
        ("eve", "c", 4),
    ]
    columns = zip(*rows, strict=True)
    items = {"item": ["a", "b", "c", "d"], "title": ["Alien", "Heat", "Solaris", "Aliens"]}
    data = Dataset(items=items, interactions=dict(zip(("user", "item", "rating"), columns, strict=True)))
    return Recommender(encoder="hashed", tune=False, cache=None).fit(data, progress=False)


@pytest.mark.filterwarnings("ignore:interactions. all ratings are 4")
def test_forgetting_the_others_leaves_a_low_rating_a_dislike(tmp_path: Path) -> None:
    model = rated()
    before = model.recommend(support={"a": 1}, n=3)
    for user in ("ann", "ben"):
        model.forget(user)
    assert model.data.feedback.kind == "implicit"  # nothing but 4s are left
    assert model.recommend(support={"a": 1}, n=3).to_dict() == before.to_dict()
    model.save(tmp_path / "model")
    assert Recommender.load(tmp_path / "model").recommend(support={"a": 1}, n=3).to_dict() == before.to_dict()


def test_feedback_survives_a_trip_through_json() -> None:
    for feedback in (rated().data.feedback, Feedback("implicit", 2.0, None, {"buy": 4.0}, 30.0)):
        assert Feedback.from_dict(feedback.to_dict()) == feedback
