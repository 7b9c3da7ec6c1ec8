"""A planted world: what tells tastes apart is a small part of a vector that is mostly noise."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec import Dataset
from fewrec.encode import encoder as registry
from fewrec.encode import register_encoder

ITEMS, PEOPLE, WIDTH, GROUPS = 200, 120, 24, 4
GROUP = np.random.default_rng(0).integers(0, GROUPS, ITEMS)


class Noisy:
    """ "thing3 7042" -> item 42: its group in one of the first four columns, noise in all."""

    id = "noisy@1"
    dimension = WIDTH
    batch_size = 64

    def encode(self, texts):
        out = np.zeros((len(texts), WIDTH), dtype=np.float32)
        for row, text in enumerate(texts):
            if text.strip():
                item = int(text[-3:]) if text[-3:].isdigit() else 0  # a sentence about taste
                out[row] = np.random.default_rng(item).standard_normal(WIDTH)
                out[row, :GROUPS] *= 0.3
                out[row, GROUP[item]] += 1.5
        return out


def planted(*, shuffled: bool = False, seed: int = 0) -> Dataset:
    """Everybody likes 12 items of one group; ``shuffled``: as many likes of as many people, dealt out at random."""
    rng = np.random.default_rng(seed)
    users = [user for user in range(PEOPLE) for _ in range(12)]
    items = np.concatenate([
        rng.permutation(np.flatnonzero(user % GROUPS == GROUP))[:12] for user in range(PEOPLE)
    ])  # fmt: skip
    if shuffled:
        items = rng.permutation(items)
    return Dataset(
        items={
            "item": list(range(ITEMS)),
            "title": [f"thing{item % 7} {7000 + item}" for item in range(ITEMS)],
        },
        interactions={"user": users, "item": items.tolist()},
    )


@pytest.fixture(scope="session")
def shop():
    """The function that makes the data."""
    return planted


@pytest.fixture
def noisy():
    """The encoder's name, so that a folder can name it."""
    register_encoder("noisy", lambda argument: Noisy())
    yield "noisy"
    del registry._registry["noisy"]
