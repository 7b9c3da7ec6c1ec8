"""The Keras page of the documentation, run with whatever backend is installed."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from fewrec import Dataset, Recommender

pytestmark = pytest.mark.torch


PAGE = Path(__file__).resolve().parents[2] / "docs" / "adapt.md"


def example() -> str:
    section = PAGE.read_text(encoding="utf-8").partition("## A Keras model as an encoder")[2]
    return re.search(r"```python\n(.*?)```", section, flags=re.DOTALL)[1]


def test_the_example_is_python():
    compile(example(), "adapt.md", "exec")


@pytest.mark.filterwarnings("default")  # Keras and its backends warn of their own affairs
def test_a_keras_model_is_an_encoder(monkeypatch):
    backend = next((name for name in ("tensorflow", "jax", "torch") if importlib.util.find_spec(name)), None)
    if backend is None or importlib.util.find_spec("keras") is None:
        pytest.skip("needs Keras and a backend")
    monkeypatch.setenv("KERAS_BACKEND", backend)
    names: dict = {}
    exec(compile(example(), "adapt.md", "exec"), names)
    encoder = names["encoder"]
    vectors = encoder.encode(["a red rug", "", "a red rug"])
    assert vectors.shape == (3, 64)
    assert not vectors[1].any()
    assert np.array_equal(vectors[0], vectors[2])
    shop = Dataset(items={"item": [1, 2, 3], "title": ["red rug", "red chair", "green vase"]})
    model = Recommender(encoder=encoder, cache=None).fit(shop, progress=False)
    assert len(model.recommend(support=["red rug"], n=2)) == 2
