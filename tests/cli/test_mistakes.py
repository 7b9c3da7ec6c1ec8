"""Mistakes of users: each has its exit code and says what was wrong and how to mend it, without a stack."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fewrec.recommender import Recommender


def prepared() -> None:
    """Files that are wrong in one way each."""
    Path("empty.csv").write_text("", encoding="utf-8")
    Path("header.csv").write_text("item_id,title\n", encoding="utf-8")
    Path("binary.csv").write_bytes(b"PK\x03\x04\0\0\0")
    Path("folder").mkdir()
    Path("twins.csv").write_text("item_id,title\n1,Alien\n2,Alien\n3,Heat\n", encoding="utf-8")
    Path("undated.csv").write_text("user_id,item_id,event\na,1,buy\nb,2,view\n", encoding="utf-8")
    Path("broken.toml").write_text("[list\n", encoding="utf-8")
    Path("wrong.toml").write_text("[list]\nnn = 5\n", encoding="utf-8")
    Path("no model").mkdir()


BARE = ["--encoder", "hashed"]
MISTAKES = {
    "no such file": (["recommend", "--items", "item.csv"], 3, "the file does not exist."),
    "a folder as a table": (["recommend", "--items", "folder"], 3, "this is a folder, not a file."),
    "an empty file": (["check", "--items", "empty.csv"], 3, "empty.csv"),
    "a header only": (["recommend", "--items", "header.csv", *BARE], 3, "header.csv"),
    "a spreadsheet": (["check", "--items", "binary.csv"], 3, "Save the sheet as CSV."),
    "an unknown column": (["check", "--items", "items.csv", "--columns", "item=movie"], 3, '"movie"'),
    "an unknown role": (["check", "--items", "items.csv", "--columns", "itm=item_id"], 4, "Nearest: item"),
    "half-life without times": (
        ["check", "--interactions", "undated.csv", "--half-life", "3"], 4, "or leave --half-life out.",
    ),
    "an unknown encoder": (["recommend", "--items", "items.csv", "--encoder", "minilmm"], 4, "minilm"),
    "a missing file of vectors": (["recommend", "--items", "items.csv", "--encoder", "v.npy"], 8, "v.npy"),
    "n = 0": (["recommend", "SHOP", "-n", "0"], 4, "-n: 0 is out of range."),
    "n is no number": (["recommend", "SHOP", "-n", "ten"], 4, '-n: "ten" is not a whole number.'),
    "too diverse": (["recommend", "SHOP", "--diversity", "2"], 4, "--diversity: 2.0 is out of range."),
    "a threshold that is no number": (["check", "SHOP", "--liked-at", "high"], 4, '--liked-at: "high"'),
    "a weight that is no number": (["check", "SHOP", "--event", "buy=x"], 4, '--event: "x" is not a number.'),
    "an unknown user": (["recommend", "SHOP", "--user", "ana"], 5, "'anna'"),
    "an unknown item": (["recommend", "SHOP", "--like", "Alienn"], 5, "'Alienn' is not known"),
    "an unknown item excluded": (["recommend", "SHOP", "--exclude", "Brazil"], 5, "'Brazil' is not known"),
    "an item like an unknown one": (["similar", "SHOP", "--item", "Brazil"], 5, "'Brazil' is not known"),
    "the audience of an unknown item": (["audience", "SHOP", "--item", "Brazil"], 5, "'Brazil' is not"),
    "an ambiguous title": (
        ["recommend", "--items", "twins.csv", *BARE, "--like", "Alien"], 5, "2 items are called",
    ),
    "a rating without a value": (["recommend", "SHOP", "--rate", "Alien"], 4, '--rate: "Alien" is not of'),
    "a rating that is no number": (["recommend", "SHOP", "--rate", "Alien=five"], 4, '--rate: "five"'),
    "a rating that is not finite": (["recommend", "SHOP", "--rate", "Alien=nan"], 4, '--rate: "nan"'),
    "a rating off the scale": (["recommend", "SHOP", "--rate", "Alien=50"], 3, "50"),
    "liked and disliked": (
        ["recommend", "SHOP", "--like", "Alien", "--dislike", "Alien"], 4, '"Alien" is named more than once',
    ),
    "liked by id, disliked by title": (
        ["recommend", "SHOP", "--like", "1", "--dislike", "Alien"], 3, "has two values",
    ),
    "an attribute without a value": (["recommend", "SHOP", "--attribute", "city"], 4, '--attribute: "city"'),
    "a condition that cannot be read": (["recommend", "SHOP", "--where", "price <"], 4, "where"),
    "a condition on an unknown column": (["recommend", "SHOP", "--where", "cost < 5"], 4, "cost"),
    "no such model": (["recommend", "--model", "nowhere"], 7, "nowhere"),
    "a folder that is no model": (["recommend", "--model", "no model"], 7, "no model"),
    "a file as a model": (["recommend", "--model", "items.csv"], 7, "items.csv"),
    "a model inside a file": (["fit", "SHOP", "--no-tune", "--out", "items.csv/model"], 7, "items.csv"),
    "no such settings": (["check", "SHOP", "--config", "mine.toml"], 4, "the file does not exist."),
    "broken settings": (["check", "SHOP", "--config", "broken.toml"], 4, "this is not valid TOML"),
    "an unknown setting": (["check", "SHOP", "--config", "wrong.toml"], 4, "there is no setting list.nn."),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told(run, shop, mistake):
    prepared()
    line, code, message = MISTAKES[mistake]
    line = [word for part in line for word in (shop if part == "SHOP" and line[0] != "check" else
            shop[:6] if part == "SHOP" else [part])]  # fmt: skip
    result = run(*line)
    assert (result.code, result.out) == (code, ""), result.err
    told = [line for line in result.err.splitlines() if line.startswith("fewrec: ")]
    assert told, result.err
    assert message in result.err
    assert "Traceback" not in result.err
    assert "bug" not in result.err


def test_a_misspelt_variable_is_told(run, shop, monkeypatch):
    monkeypatch.setenv("FEWREC_LIST_NN", "5")
    result = run("recommend", *shop)
    assert (result.code, result.out) == (4, "")
    assert result.err.startswith("fewrec: FEWREC_LIST_NN: there is no such setting.\nNearest: FEWREC_LIST_N")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="rights do not hold for this user")
def test_a_file_without_rights_is_told(run, shop):
    Path("items.csv").chmod(0)
    result = run("check", "--items", "items.csv")
    assert (result.code, result.out) == (3, "")
    assert "may not be read" in result.err


@pytest.mark.parametrize(
    "line",
    [
        ["recommend", "--where", "cost < 5"],
        ["recommend", "--user", "ana"],
        ["recommend", "--like", "Brazil"],
        ["recommend", "--rate", "Alien=50"],
        ["similar", "--item", "Brazil"],
        ["audience", "--item", "Brazil"],
    ],
)
def test_nobody_waits_for_a_fit_to_be_told_of_a_mistake(run, shop, monkeypatch, line):
    def fit(self, *arguments, **more):
        pytest.fail("the model was fitted")

    monkeypatch.setattr(Recommender, "fit", fit)
    assert run(*line, *shop).code in (3, 4, 5)
