"""What an event is worth: a purchase says more than a look, in the bestseller list."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec import Dataset, Recommender
from fewrec.recommender.model import training_arrays


def shop(event: dict[str, str]) -> Dataset:
    """Three customers, each with one event for each of three things."""
    users = ["ann", "ben", "eve"]
    return Dataset(
        items={"item": list(event), "title": [f"thing {name}" for name in event]},
        interactions={
            "user": [user for user in users for _ in event],
            "item": list(event) * 3,
            "event": list(event.values()) * 3,
        },
    )


def test_a_strong_like_is_one_of_eight_looks() -> None:
    data = shop({"a": "view", "b": "cart", "c": "buy", "d": "return"})
    words = np.zeros((4, 1), dtype=np.float32)
    strength = training_arrays(data, {"title": words}, None, 0).strength  # type: ignore[arg-type]
    assert strength is not None
    np.testing.assert_allclose(strength.toarray(), [[0, 1 / 3, 2 / 3, 0]] * 3, atol=1e-6)


@pytest.mark.parametrize("bought", ["a", "b", "c"])
def test_what_was_bought_stands_above_what_was_looked_at(bought: str) -> None:
    events = {name: "buy" if name == bought else "view" for name in "abc"}
    model = Recommender(encoder="hashed", tune=False, cache=None).fit(shop(events), progress=False)
    assert model.recommend(n=3)[0].item == bought
