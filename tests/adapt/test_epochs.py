"""What an epoch of `lora` and `full` reads: needs what the extra `train` brings."""

from __future__ import annotations

import pytest

from fewrec import Dataset
from fewrec.adapt import finetune
from fewrec.adapt.transformer import TransformerSettings, TransformerTuner

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("sentence_transformers", reason="needs the extra train")

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]


def test_epochs_are_marked_without_reading_descriptions(shop, tiny, monkeypatch):
    """Descriptions are long, and only the verdict needs them."""
    data, read, line = shop(), [], []
    told = Dataset(
        items={
            "item": data.items.ids,
            "title": data.texts["title"],
            "description": [
                f"A long story about {title}, told again and again." for title in data.texts["title"]
            ],
        },
        interactions=shop_rows(data),
    )
    column = TransformerTuner._read
    monkeypatch.setattr(
        TransformerTuner, "_read", lambda self, texts: (read.append(texts[0]), column(self, texts))[1]
    )
    how = TransformerSettings(steps=2, items=32, learning_rate=1e-2)
    finetune(
        told, tiny, mode="full", settings=how, epochs=2, cache=None, progress=False,
        say=lambda said: line.append((said, len([text for text in read if "story" in text]))),
    )  # fmt: skip
    epochs = [descriptions for said, descriptions in line if said.startswith("epoch")]
    assert len(epochs) == 3
    assert not any(epochs)
    assert read


def shop_rows(data):
    """Its interactions as a table."""
    liked = data.matrix("liked").tocoo()
    return {"user": liked.row.tolist(), "item": [data.items.ids[at] for at in liked.col]}
