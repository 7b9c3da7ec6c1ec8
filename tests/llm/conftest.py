from __future__ import annotations

import math

import numpy as np
import pytest


class Planted:
    """A model whose likelihood of Yes is given by a function of the prompt; ``clock`` moves by ``cost`` a prompt."""

    def __init__(self, likes, batch_size: int = 4, cost: float = 0.0, id: str = "planted@1") -> None:
        self.id, self.batch_size, self.likes, self.cost = id, batch_size, likes, cost
        self.now, self.asked = 0.0, []

    def clock(self) -> float:
        return self.now

    def likelihoods(self, prompts, words, seconds=None):
        assert words[0] in ("Yes", "是")
        self.asked += [prompt.user for prompt in prompts]
        self.now += self.cost * len(prompts)
        liked = [self.likes(prompt.user) for prompt in prompts]
        return np.array([[math.log(one), math.log(1 - one)] for one in liked], dtype=np.float32)

    def write(self, prompt, tokens):
        return f"About {len(prompt.user)} letters."


@pytest.fixture(autouse=True)
def own_cache_and_no_keys(tmp_path, monkeypatch):
    """No test here touches the developer's cache, or knows the developer's keys."""
    monkeypatch.setenv("FEWREC_CACHE", str(tmp_path / "cache"))
    for name in ("FEWREC_OPENAI_BASE_URL", "OPENAI_BASE_URL", "FEWREC_OPENAI_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def planted():
    return Planted
