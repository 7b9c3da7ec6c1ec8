"""A young shop in which nobody has given a 1 yet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fewrec import Dataset, Recommender
from fewrec.errors import DataError


@pytest.fixture(scope="module", params=[(3, 4, 5), (4, 5)], ids=["3 to 5", "4 to 5"])
def young(request: pytest.FixtureRequest, world: Any) -> Recommender:
    """A rating of 5 for the user's own kind; the others have the lower values in turn."""
    lower = request.param[:-1]
    rows = [
        {**row, "rating": 5 if row["rating"] == 5 else lower[row["rating"] % len(lower)]}
        for row in world.ratings
    ]
    return Recommender(encoder="hashed").fit(Dataset(world.items, rows, world.users), progress=False)


def test_a_stranger_may_give_a_one(young: Recommender) -> None:
    assert young.data.feedback.scale == (1, 5)
    liked, disliked = young.predict(support={"i0": 5}), young.predict(support={"i0": 1})
    for found in (liked, disliked):
        assert np.isfinite(found.mean).all()
        assert (found.low >= 1).all()
        assert (found.high <= 5).all()
    assert disliked.mean[0, 0] < liked.mean[0, 0] - 0.5  # the item itself
    assert young.recommend(support={"i0": 1}).sure.startswith("Unsure: 1 interaction and nothing liked")
    assert young.recommend(support={"i0": 4}, n=3)[0].reasons


def test_what_lies_outside_the_usual_scale_is_still_refused(young: Recommender) -> None:
    with pytest.raises(DataError, match=r"6 lies outside the scale\.\nRatings in this data go from 1 to 5\."):
        young.recommend(support={"i0": 6})
