"""A planted world: what tells tastes apart is a small part of a vector that is mostly noise."""

from __future__ import annotations

from pathlib import Path

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


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """A folder with a BERT of two layers, random weights, and a word for every number."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        *[f"thing{n}" for n in range(7)],
        *map(str, range(7000, 7200)),
    ]
    inner = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    torch.manual_seed(0)
    model = BertModel(
        BertConfig(
            vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=64, max_position_embeddings=32,
        )
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("tiny") / "bert"
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return folder
