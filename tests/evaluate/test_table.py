"""The table for a terminal, wide and narrow."""

from __future__ import annotations

import pytest

import fewrec
from fewrec.evaluate.table import as_text


@pytest.fixture(scope="module")
def found(world):
    return fewrec.evaluate(
        world,
        ["random", "popularity", "ease"],
        seeds=2,
        k_shot=(0, 1, 2, 3, 4),
        train_users=(10, "all"),
        progress=False,
    )


def cell(found, system, k_shot):
    (row,) = (
        row for row in found.cells
        if (row["system"], row["k_shot"], row["metric"], row["train_users"]) == (system, k_shot, "ndcg@10", "all")
    )  # fmt: skip
    return row


def test_a_row_holds_means_errors_and_verdicts(found):
    last = [line for line in as_text(found, 110).splitlines() if line.startswith("ease  ")][-1]
    row = cell(found, "ease", 4)
    assert last.endswith(f"{row['mean']:.3f} ±{row['se_users']:.3f} ▲")


def test_where_it_is_narrow_errors_stand_below(found):
    lines = as_text(found, 70).splitlines()
    at = [number for number, line in enumerate(lines) if line.startswith("ease  ")][-1]
    row = cell(found, "ease", 4)
    assert lines[at].endswith(f"{row['mean']:.3f} ▲")
    assert lines[at + 1].rstrip().endswith(f"±{row['se_users']:.3f}")
    assert max(map(len, lines)) <= 70
    assert "…" not in "".join(lines)


def test_it_says_how_many_people_were_learned_from(found):
    text = as_text(found, 100)
    assert "ndcg@10, learned from 10 people" in text
    assert "ndcg@10, learned from all people" in text
    assert "Against popularity, paired, p < 0.05 after Holm's correction" in text


def test_every_auc_says_from_how_many_people_it_was_learned(found):
    text = " ".join(as_text(found, 300).split())
    assert text.count("AUC of ease, k = 4, learned from 10 people:") == 1
    assert text.count("AUC of ease, k = 4, learned from all people:") == 1


def test_notes_are_below(world):
    found = fewrec.evaluate(world, ["popularity"], seeds=1, k_shot=(0, 12), progress=False)
    assert "Note: After 12 shown nothing was measured" in str(found)
