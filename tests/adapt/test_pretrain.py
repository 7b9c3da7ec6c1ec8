"""`pretrain` on sentences in which one word tells the next: the perplexity falls, and the folder is an encoder."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec.adapt.pretrain import PretrainSettings, masked, pretrain
from fewrec.encode import resolve
from fewrec.errors import ConfigError, DataError, EncoderError

for needed in ("torch", "transformers", "peft", "sentence_transformers"):
    pytest.importorskip(needed, reason="needs the extra train")

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]
TEXTS = [f"{c} {animal} number{n % 5}" for n in range(40)
         for c, animal in [("red", "fox"), ("grey", "wolf"), ("white", "bear")]]  # fmt: skip
TEXTS = [f"{text} story{at}" for at, text in enumerate(TEXTS)]
SMALL = PretrainSettings(vocabulary=200, width=32, tokens=16, learning_rate=3e-3)


def test_masking_asks_for_a_share_and_never_for_special_tokens():
    tokens = np.tile(np.arange(100), (200, 1))
    special = tokens < 5
    seen, labels = masked(tokens, special, 4, 100, 0.15, np.random.default_rng(0))
    asked = labels != -100
    assert not (asked & special).any()
    assert asked.sum() / (~special).sum() == pytest.approx(0.15, abs=0.01)
    assert (labels[asked] == tokens[asked]).all()
    assert (seen[~asked] == tokens[~asked]).all()
    assert (seen[asked] == 4).mean() == pytest.approx(0.8, abs=0.02)
    assert (seen[asked] == tokens[asked]).mean() == pytest.approx(0.1, abs=0.02)


def test_perplexity_falls_and_a_broken_run_goes_on(tmp_path):
    whole = pretrain(TEXTS, tmp_path / "whole", epochs=4, settings=SMALL)
    assert whole.perplexity[-1] < 0.7 * whole.perplexity[0]
    vectors = resolve(whole.folder).encode(["red fox", ""])
    assert vectors.shape == (2, 32)
    assert not vectors[1].any()

    class Killed(Exception):
        pass

    before = []

    def say(line):
        before.append(line)
        if line.startswith("epoch 3"):
            raise Killed

    with pytest.raises(Killed):
        pretrain(TEXTS, tmp_path / "model", epochs=4, settings=SMALL, checkpoint=tmp_path / "kept", say=say)
    assert not (tmp_path / "model").exists()
    lines = []
    again = pretrain(
        TEXTS, tmp_path / "model", epochs=4, settings=SMALL, checkpoint=tmp_path / "kept", say=lines.append
    )
    # The third epoch was not kept any more: it is trained again, to the same perplexity.
    assert lines[0] == before[2]
    assert [line.split(":")[0] for line in lines] == ["epoch 3", "epoch 4"]
    # From a checkpoint: it starts where the other ended.
    further = pretrain(TEXTS, tmp_path / "further", base=again.folder, epochs=1, settings=SMALL)
    assert further.perplexity[0] == pytest.approx(again.perplexity[-1], rel=1e-3)


def test_too_few_texts_are_said(tmp_path):
    with pytest.raises(DataError, match="2 different texts are too few"):
        pretrain(["a", "b", "b", " "], tmp_path / "model")


def test_a_base_that_cannot_be_had_is_named_before_any_data_are_read(tmp_path, capsys, monkeypatch, tiny):
    from fewrec.cli import main

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    line = ["adapt", "pretrain", "--items=nowhere.csv", f"--out={tmp_path / 'reader'}"]
    for base, told in (
        (
            "hub:nobody/nothing",
            "hub:nobody/nothing: the model is not on this machine and cannot be downloaded",
        ),
        (str(tmp_path / "gone"), "no such file or folder"),
        ("hashed", "is no Transformers model"),
    ):
        assert main([*line, f"--base={base}"]) != 0
        printed = capsys.readouterr().err
        assert told in printed
        assert "nowhere.csv" not in printed
    with pytest.raises(
        EncoderError, match="the checkpoint guesses no hidden words: ValueError: its tokenizer has no"
    ):
        pretrain(TEXTS, tmp_path / "model", base=tiny)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"layers": 0}, "layers must be a whole number from 1 on, not 0"),
        ({"masked": 1.0}, "masked must be a share between 0 and 1, not 1.0"),
        ({"width": 100, "heads": 3}, "a width of 100 cannot be shared by 3 heads"),
    ],
)
def test_settings_that_cannot_be_are_refused(wrong, told):
    with pytest.raises(ConfigError, match=told):
        PretrainSettings(**wrong)


def test_the_command_line(tmp_path, capsys):
    import json

    from fewrec.cli import main
    from fewrec.samples import path

    (tmp_path / "more.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    line = [
        "adapt",
        "pretrain",
        f"--items={path('restaurants') / 'items.csv'}",
        f"--text={tmp_path / 'more.txt'}",
    ]
    assert main([*line, "--epochs=1", f"--out={tmp_path / 'reader'}", "--json"]) == 0
    printed = capsys.readouterr()
    assert len(json.loads(printed.out)["perplexity"]) == 2
    assert "epoch 1: held-out perplexity" in printed.err
    assert (tmp_path / "reader" / "model.safetensors").exists()
