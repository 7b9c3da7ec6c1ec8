"""`lora` and `full` on a BERT of 25,000 weights made here: needs what the extra `train` brings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fewrec import Recommender
from fewrec.adapt import finetune
from fewrec.adapt.transformer import TransformerSettings, TransformerTuner, tunable
from fewrec.encode import resolve
from fewrec.errors import ConfigError, StoreError

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("peft", reason="needs the extra train")
pytest.importorskip("sentence_transformers", reason="needs the extra train")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
QUICK = TransformerSettings(steps=2, items=32, learning_rate=1e-2)


@pytest.fixture(scope="module")
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


def tuner(shop, tiny, mode="lora", loss="ridge", **settings):
    from fewrec.adapt.world import World

    base = resolve(tiny)
    world = World.of(shop().sorted(), base, 0, None, lambda *told: None)
    how = TransformerSettings(**{"steps": 2, "items": 32, "learning_rate": 1e-2, **settings})
    return TransformerTuner(
        tunable(base), world.texts, world.raw, world.training, None, mode, loss, how, 0
    ), world


@pytest.mark.parametrize("mode", ["lora", "full"])
def test_tuning_starts_at_the_frozen_model_and_lowers_the_loss(shop, tiny, mode):
    start, world = tuner(shop, tiny, mode, steps=8)
    assert start.vectors()["title"] == pytest.approx(world.raw["title"], abs=1e-5)
    first = start.epoch(np.random.default_rng(0))[0]
    for _ in range(5):
        last = start.epoch(np.random.default_rng(0))[0]
    assert last < first


def test_small_parts_give_the_gradient_of_the_whole(shop, tiny):
    """Gradient caching: one backward pass over all texts, or eight over parts of four."""
    moved = []
    for size in (4, 64):
        one, _ = tuner(shop, tiny, "full", batch_size=size, steps=1)
        one.epoch(np.random.default_rng(0))
        moved.append(one.vectors()["title"])
    assert moved[0] == pytest.approx(moved[1], abs=1e-4)


@pytest.mark.parametrize("loss", ["mse", "softmax-mse", "softmax", "contrastive"])
def test_every_loss_trains(shop, tiny, loss):
    one, world = tuner(shop, tiny, loss=loss)
    assert np.isfinite(one.epoch(np.random.default_rng(0))[0])
    assert np.abs(one.vectors()["title"] - world.raw["title"]).max() > 1e-6


def test_a_restored_tuner_goes_on_as_it_would_have(shop, tiny):
    one, _ = tuner(shop, tiny)
    one.epoch(np.random.default_rng(0))
    other, _ = tuner(shop, tiny)
    other.restore(one.state())
    for each in (one, other):
        each.epoch(np.random.default_rng(1))
    assert other.vectors()["title"] == pytest.approx(one.vectors()["title"], abs=1e-6)


def test_a_tuned_model_is_a_folder_that_serves(shop, tiny, tmp_path, monkeypatch):
    from fewrec.adapt import run
    from fewrec.adapt.trial import Paired

    # The verdict is another test's: here it is what is saved that matters.
    monkeypatch.setattr(run.Run, "verdict", lambda self, *rest: Paired(0.1, 0.3, 0.2, 0.01, 99))
    monkeypatch.setattr(run, "_best", lambda done: len(done) - 1)
    lines = []
    found = finetune(
        shop(), tiny, mode="lora", settings=QUICK, epochs=1, cache=None, progress=False, say=lines.append
    )
    assert lines[0].startswith("lora: at most ")
    assert "minutes for 1 epochs on this machine" in lines[0]
    assert found.verdict == "tuned"
    before = found.encoder.encode(["thing1 7001"])
    found.save(tmp_path / "encoder")
    loaded = resolve(tmp_path / "encoder")
    assert loaded.encode(["thing1 7001"]) == pytest.approx(before, abs=1e-5)
    assert np.abs(before - resolve(tiny).encode(["thing1 7001"])).max() > 1e-6
    assert json.loads((tmp_path / "encoder" / "fewrec-adapt.json").read_text())["verdict"] == "tuned"
    model = Recommender(encoder=tmp_path / "encoder", tune=False, cache=None).fit(shop(), progress=False)
    assert len(model.recommend(support=[3], n=5)) == 5
    found.save(tmp_path / "encoder")  # over its own earlier result
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("mine")
    with pytest.raises(StoreError, match="not empty and no tuned model"):
        found.save(tmp_path / "other")


def test_a_save_that_fails_leaves_no_folder(shop, tiny, tmp_path):
    from fewrec.adapt.modelfolder import put_model

    def broken(folder):
        folder.mkdir()
        (folder / "config.json").write_text("{}")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put_model(tmp_path / "encoder", broken, {})
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_transformer_is_refused(shop):
    with pytest.raises(ConfigError, match="is no Transformers model"):
        finetune(shop(), "hashed", mode="lora", cache=None, progress=False)
    with pytest.raises(ConfigError, match="TransformerSettings are not those of mode 'delta'"):
        finetune(shop(), "hashed", settings=QUICK, cache=None, progress=False)


def test_an_exported_model_serves_without_torch(tiny, tmp_path):
    import subprocess
    import sys

    from fewrec.adapt.export import export

    texts = [f"thing{n % 7} {7000 + n}" for n in range(200)]
    found = export(tiny, tmp_path / "small", texts)
    assert found.cosine > 0.98
    assert found.shared > 0.9
    code = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = None\n"
        "import json; from fewrec.encode import resolve\n"
        f"print(json.dumps(resolve({str(found.folder)!r}).encode(['thing1 7001', '']).tolist()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    served, blank = np.array(json.loads(done.stdout))
    model = resolve(tiny).encode(["thing1 7001"])[0]
    assert served @ model / np.linalg.norm(served) / np.linalg.norm(model) > 0.98
    assert not blank.any()


def test_an_export_that_differs_is_not_written(tiny, tmp_path, monkeypatch):
    from fewrec.adapt import export as room
    from fewrec.errors import EncoderError

    monkeypatch.setattr(room, "LEAST_COSINE", 1.1)
    with pytest.raises(EncoderError, match=r"the exported model differs: mean cosine .* Nothing was written"):
        room.export(tiny, tmp_path / "small", ["thing1 7001", "thing2 7002"])
    assert list(tmp_path.iterdir()) == []
