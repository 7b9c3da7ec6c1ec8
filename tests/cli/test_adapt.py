"""``fewrec adapt``: files and numbers that cannot be used are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fewrec.adapt.delta import DeltaSettings
from fewrec.adapt.transformer import TransformerSettings
from fewrec.cli import main
from fewrec.cli.finetune import _settings
from fewrec.cli.parser import build_parser
from fewrec.errors import DataError
from fewrec.text.augment import Named, SpanMask, WordDrop
from fewrec.text.augment.named import common_words

ITEMS = "item,title\n1,red wine\n2,green tea\n"


@pytest.fixture
def items(tmp_path):
    (tmp_path / "items.csv").write_text(ITEMS)
    return str(tmp_path / "items.csv")


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "cannot be read: No such file"), (b"\xff\xfe\x00", "it is not text in UTF-8")],
)
def test_a_text_that_cannot_be_read_is_named(tmp_path, items, capsys, content, told):
    file = tmp_path / "more.txt"
    if content is not None:
        file.write_bytes(content)
    out = tmp_path / "reader"
    assert main(["adapt", "pretrain", "--items", items, "--text", str(file), "--out", str(out)]) != 0
    said = capsys.readouterr().err
    assert told in said
    assert str(file) in said
    assert not out.exists()


@pytest.mark.parametrize(("out", "report"), [(".", None), (" ", None), ("a file", None), ("new", "new")])
def test_where_nothing_can_be_saved_nothing_is_tuned(tmp_path, items, capsys, monkeypatch, out, report):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a file").touch()
    flags = [] if report is None else ["--report", report]
    assert main(["adapt", "finetune", "--items", str(items), "--out", out, *flags]) != 0
    said = capsys.readouterr().err
    assert "--out" in said
    assert "epoch" not in said


def test_what_is_no_transformers_model_is_not_exported(tmp_path, items, capsys):
    out = tmp_path / "small"
    line = ["adapt", "export", "--items", items, "--encoder", "hashed", "--out", str(out)]
    assert main(line) != 0
    said = capsys.readouterr().err
    assert "is no Transformers model" in said
    assert "needs no export" in said
    assert not out.exists()


IDLE = [
    (["--epochs", "0"], "epochs: 0 is too few"),
    (["--patience", "0"], "patience: 0 is too few"),
    (
        ["--user", "text"],
        "--user: it changes nothing with --mode delta and --loss ridge. It takes --mode lora",
    ),
    (["--user", "text", "--loss", "softmax"], "--user: it changes nothing with --mode delta"),
    (["--user", "text", "--mode", "lora"], "--user: it changes nothing with --mode lora and --loss ridge"),
    (["--user", "mean", "--mode", "full"], "--user: it changes nothing"),
    (["--l2", "0.1", "--mode", "lora"], "--l2: it changes nothing"),
    (["--rank", "4", "--mode", "full"], "--rank: it changes nothing"),
    (["--batch-size", "8"], "--batch-size: it changes nothing"),
    (["--rank", "0"], "rank must be a whole number from 1 on, not 0"),
    (["--learning-rate", "0"], "learning_rate must be a number above 0"),
    (["--learning-rate", "nan"], "learning_rate must be a number above 0"),
    (["--l2", "-1"], "l2 must be a number from 0 on"),
    (["--epsilon", "-1"], "epsilon is at least 0"),
    (["--virtual", "inf"], "virtual is at least 0"),
    (
        ["--augment", "word-dorp"],
        "--augment: there is no way 'word-dorp' to alter texts. Did you mean word-drop?",
    ),
    (["--augment", "word-drop:0"], "--augment: '0' is no share of the words"),
    (["--augment", "word-drop:much"], "--augment: 'much' is no share of the words"),
    (["--mode", "lora", "--encoder", "hashed"], "is no Transformers model"),
]


@pytest.mark.parametrize(("flags", "told"), IDLE, ids=[" ".join(flags) for flags, _ in IDLE])
def test_what_cannot_work_is_said_before_any_data_is_read(tmp_path, capsys, flags, told):
    out = tmp_path / "encoder"
    line = [
        "adapt",
        "finetune",
        "--items",
        "none.csv",
        "--interactions",
        "none.csv",
        "--out",
        str(out),
        *flags,
    ]
    assert main(line) == 4
    said = " ".join(capsys.readouterr().err.split())
    assert told in said
    assert "none.csv" not in said  # else the file that is not there would have been missed
    assert not out.exists()


def test_pretraining_without_an_epoch_is_refused_before_any_data_is_read(tmp_path, capsys):
    line = ["adapt", "pretrain", "--items", "none.csv", "--out", str(tmp_path / "reader"), "--epochs", "0"]
    assert main(line) == 4
    said = capsys.readouterr().err
    assert "--epochs: 0 is too few" in said
    assert "none.csv" not in said


def test_every_flag_reaches_the_run(tmp_path, shop, capsys):
    """On the eight items of the tests, which are too few to be tuned on: so the run itself is a stand-in."""
    seen = {}

    def noted(data, encoder, **how):
        seen.update(how)
        raise DataError("noted.")

    flags = {
        "--rank": "4", "--learning-rate": "0.01", "--l2": "0.5", "--batch-size": "8", "--epsilon": "0.1",
        "--virtual": "0.05", "--loss": "softmax", "--epochs": "2", "--patience": "1",
    }  # fmt: skip
    plain = [part for pair in flags.items() for part in pair]
    ways = ["--augment", "word-drop:0.2", "--augment", "span-mask"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fewrec.adapt.finetune", noted)
        assert main(["adapt", "finetune", *shop, "--out", str(tmp_path / "out"), *plain, *ways]) == 3
    assert "noted" in capsys.readouterr().err
    assert seen["settings"] == DeltaSettings(
        rank=4, learning_rate=0.01, l2=0.5, batch_size=8, epsilon=0.1, virtual=0.05
    )
    assert (seen["loss"], seen["epochs"], seen["patience"]) == ("softmax", 2, 1)
    assert seen["augment"] == [WordDrop(0.2), SpanMask()]


def test_the_tower_of_the_user_is_a_flag():
    options = build_parser().parse_args(
        ["adapt", "finetune", "--out=x", "--mode=lora", "--user=text", "--rank=2"]
    )
    assert _settings(options) == TransformerSettings(user="text", rank=2)


def test_synonyms_come_from_the_encoder(tmp_path, shop, capsys):
    """Planted: "film" and "movie" have one vector, all other words have their own."""

    class Planted:
        id, dimension, batch_size = "planted@1", 8, 64

        def encode(self, texts):
            places = ["film", "a", "red", "sad"]
            return np.eye(8)[[places.index(text.replace("movie", "film")) for text in texts]]

    texts = ["A red film", "a sad movie", "A film"]
    assert common_words(texts) == ["a", "film", "movie", "red", "sad"]  # 3, 2 and then by the alphabet
    assert Named.of("synonyms:1").made(texts, Planted()).table == {"film": ("movie",), "movie": ("film",)}
    line = [
        "adapt",
        "finetune",
        "--items",
        "plain.csv",
        "--encoder",
        "hashed",
        "--out",
        str(tmp_path / "out"),
    ]
    Path("plain.csv").write_text(
        "item,title\n1,1979\n2,1984\n", encoding="utf-8"
    )  # numbers are never altered
    assert main([*line, "--augment", "synonyms"]) == 3
    assert "synonyms: no word of the texts has a neighbour" in capsys.readouterr().err
