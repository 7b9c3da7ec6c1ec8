"""What fewrec is timed beside: the same likes, the same ten, and rows for libraries that are not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks import speed_beside
from benchmarks.speed_beside import Work, beside, beside_table, short
from benchmarks.speed_peers import LIBRARIES, likes_of, strangers_ten

SECONDS = [[9.0, 0.2], [9.0, 0.1], [9.0, 0.4]]  # [wall, CPU]


def test_likes_are_ratings_of_four_and_more() -> None:
    items = {"item_id": ["a", "b", "c"]}
    events = {"user_id": ["u", "v", "u"], "item_id": ["b", "c", "a"], "rating": ["4", "3.5", "5"]}
    liked, index = likes_of(items, events)
    assert liked.toarray().tolist() == [[1, 1, 0], [0, 0, 0]]
    assert index == {"a": 0, "b": 1, "c": 2}
    other = {"user": events["user_id"], "item": events["item_id"], "value": events["rating"]}
    assert (likes_of({"item": items["item_id"]}, other)[0] != liked).nnz == 0


def test_ten_of_all_items_but_those_that_were_named() -> None:
    index = {f"i{at}": at for at in range(15)}
    told = []

    def score(support: sp.csr_matrix) -> np.ndarray:
        told.append(support.toarray()[0].nonzero()[0].tolist())
        return np.arange(15.0)

    assert strangers_ten(score, {"i14": 5, "i2": 4, "i12": 1}, index).tolist() == [13, *range(11, 2, -1)]
    assert told == [[2, 14]]  # what was rated 1 is no like, and is no candidate either


def test_ratios_have_their_spread() -> None:
    work = Work("fit", [0.3, 0.4, 0.6], {"EASE": [0.2, 0.1, 0.4], "X": None})
    assert str(work) == (
        "| fit | 0.40 s (0.30 s - 0.60 s) | EASE | 0.20 s (100.00 ms - 0.40 s) | 2 (0.75 - 6) |\n"
        "| fit | 0.40 s (0.30 s - 0.60 s) | X | not installed |  |\n"
    )  # .3 / .4 and .6 / .1
    memory = str(Work("peak", [800.0], {"X": [1600.0]}, megabytes=True))
    assert memory == "| peak | 800 MB | X | 1,600 MB | 0.5 (0.5 - 0.5) |\n"
    assert [short(ratio) for ratio in (0.00234, 0.45, 3.14, 87.4, 1234.0)] == [
        "0.0023",
        "0.45",
        "3.1",
        "87",
        "1,234",
    ]


def test_libraries_that_are_not_installed_are_named_and_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = []

    def started(command: list[str], cache: Path, tries: int) -> list[list[float]]:
        commands.append(command)
        return [[0.9, 0.3]] * tries

    def task(*arguments: object) -> None:
        raise AssertionError("nothing of an absent library is measured")

    monkeypatch.setattr(speed_beside, "started", started)
    monkeypatch.setattr(speed_beside, "task", task)
    ours = {"fit": SECONDS, "list": SECONDS, "scores alone": SECONDS}
    fits = {name: (ours, {"lists": 700.0}) for name in ("tuned", "untuned", "big")}
    fits["EASE"] = ({"EASE fit": SECONDS, "EASE list": SECONDS}, {"peers": 100.0})
    absent = {name: replace(library, package="no_such_package") for name, library in LIBRARIES.items()}
    table = beside_table(beside(Path(), fits, "1x1", "2x2", [], [3.0], absent))
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 4 * 4 + 5 * 3  # EASE beside the small set's four; the three libraries beside all nine
    assert sum("not installed" in row for row in rows) == 9 * 3
    assert (
        "| 1x1: fit | 0.20 s (100.00 ms - 0.40 s) | EASE, NumPy | 0.20 s (100.00 ms - 0.40 s) | 1 (0.25 - 4) |"
        in rows
    )
    assert (
        "| 2x2: peak of the process with its tables | 700 MB | LensKit, iALS, a query with a history |"
        in table
    )
    assert len(commands) == 1  # our own import


@pytest.mark.filterwarnings("ignore")  # what the libraries warn of is theirs to mend
@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_finds_the_taste(name: str) -> None:
    """Ninety users of two tastes like eight of the fifteen items of their own: of the twelve left, ten are shown."""
    if not LIBRARIES[name].there:
        pytest.skip(f"{LIBRARIES[name].requirement} is not installed.")
    rng = np.random.default_rng(0)
    liked = np.zeros((90, 30))
    for user in range(90):
        liked[user, 15 * (user % 2) + rng.choice(15, 8, replace=False)] = 1
    index = {f"i{at}": at for at in range(30)}
    score = LIBRARIES[name].fit(sp.csr_matrix(liked))
    support = {"i0": 5.0, "i1": 5.0, "i2": 4.0, "i17": 1.0}
    found = strangers_ten(score, support, index)
    assert (found < 15).sum() >= 8
    assert not set(found) & {0, 1, 2, 17}
    assert strangers_ten(score, support, index).tolist() == found.tolist()  # asking changes nothing
