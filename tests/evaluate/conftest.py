"""A small world that is quick to evaluate: two tastes, and items whose words tell which taste they are for."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec import Dataset


def planted(users: int = 60, items: int = 24, seed: int = 0) -> Dataset:
    """Half of the users rate the even items 5 and the odd ones 1, the other half the other way round."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"u{user}", item, 5 if (user + item) % 2 == 0 else 1, 86_400 * (user + place))
        for user in range(users)
        for place, item in enumerate(rng.permutation(items)[:12].tolist())
    ]
    user, item, rating, time = zip(*rows, strict=True)
    words = ["even calm lake", "odd loud city"]
    return Dataset(
        items={"item": list(range(items)), "title": [f"{words[item % 2]} {item}" for item in range(items)]},
        interactions={
            "user": list(user),
            "item": list(item),
            "rating": list(rating),
            "timestamp": list(time),
        },
        liked_at=4,
    )


@pytest.fixture(scope="session")
def world() -> Dataset:
    return planted(seed=1)
