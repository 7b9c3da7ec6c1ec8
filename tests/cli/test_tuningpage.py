"""The page of a tuning run: every epoch, both tests, all settings, nothing from outside, nothing that runs."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from fewrec.adapt.finetune import Finetuned
from fewrec.adapt.run import Epoch
from fewrec.adapt.trial import Paired
from fewrec.cli import main
from fewrec.cli.tuningpage import page
from fewrec.encode import resolve

FOUND = Finetuned(
    encoder=resolve("hashed"),
    verdict="tuned",
    why="tuned: <b>NDCG@10</b> of new items 0.2 tuned.",
    mode="delta",
    loss="softmax",
    epochs=[Epoch(1, 2.5, 0.61, 0.21), Epoch(2, 2.25, 0.66, 0.24), Epoch(3, 2.125, 0.7, 0.23)],
    best_epoch=2,
    test=Paired(0.2, 0.25, 0.05, 0.01, 300),
    strangers=Paired(0.3, 0.29, -0.01, 0.02, 1234),
    seconds=61.4,
    base="hashed",
    base_id="hashed@1 & co",
    start=0.2,
    settings={"epochs": 30, "learning_rate": 0.002},
)


def test_all_that_was_measured_is_there():
    told = page(FOUND)
    assert "Tuned: &lt;b&gt;NDCG@10&lt;/b&gt; of new items" in told
    assert "hashed@1 &amp; co" in told
    for epoch, loss, marked in ((1, 2.5, 0.21), (2, 2.25, 0.24), (3, 2.125, 0.23)):
        assert f"<title>epoch {epoch}: {loss:.4f}</title>" in told
        assert f"<title>epoch {epoch}: {marked:.4f}</title>" in told
    assert "<title>epoch 0: 0.2000</title>" in told  # the frozen encoder, in validation alone
    assert "<title>epoch 2: 0.6600</title>" in told
    assert told.count('r="5"') == 3  # the epoch that counts, in each of three charts
    assert 'class="better">+0.0500' in told
    assert 'class="even">-0.0100' in told
    assert "1,234" in told
    assert "What stands behind ± is one standard error of the difference, over people." in told
    assert "(± 0.0100, one standard error)" in told
    assert "<dt>learning rate</dt><dd>0.002</dd>" in told


def test_it_needs_nothing_from_outside_and_runs_nothing():
    told = page(FOUND)
    assert not re.search(r"<script|<link|https?://|url[(]|onload", told)
    assert told.count("<svg") == told.count("</svg>") == 3


def test_what_was_not_asked_is_said():
    frozen = replace(
        FOUND,
        verdict="kept frozen",
        epochs=[Epoch(1, 1.0, None, 0.1)],
        best_epoch=0,
        test=Paired(0, 0, 0, 0, 0),
        strangers=None,
    )
    told = page(frozen)
    assert told.count("not asked: it was decided before") == 2
    assert told.count("<svg") == 2  # no accuracy where the loss has none
    assert told.count('r="5"') == 1  # the frozen encoder itself


def test_a_page_that_cannot_be_written_is_told_before_tuning(tmp_path, capsys):
    options = ["--items=none.csv", "--interactions=none.csv", f"--out={tmp_path / 'encoder'}"]
    assert main(["adapt", "finetune", *options, f"--report={tmp_path / 'lacking' / 'report.html'}"]) != 0
    assert "--report: the folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["Training loss", "NDCG@10 in validation", "Likes and dislikes told apart"])
def test_every_chart_has_a_caption(name):
    assert f"<figcaption>{name}</figcaption>" in page(FOUND)
