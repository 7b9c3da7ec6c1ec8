"""``fewrec adapt``: files and numbers that cannot be used are named."""

from __future__ import annotations

import pytest

from fewrec.cli import main

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
