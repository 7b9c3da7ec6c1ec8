"""The tables of tuned encoders: who is paired with whom, and what is said of a cell that was ended."""

from __future__ import annotations

import json

import pytest

from benchmarks import adapt
from benchmarks.adapt import (
    FROZEN,
    FROZEN_MINILM,
    Job,
    frozen_of,
    missing,
    planned,
    robust_table,
    table,
)
from benchmarks.kept import written
from benchmarks.systems import Marks

LORA = "lora, ridge, adversarial"


def cell(way, marks, verdict="tuned", task="adapt", n="all"):
    note = json.dumps({"verdict": verdict, "seconds": 60.0, "megabytes": 500.0})
    return Marks("films", task, way, n, 0, 0, marks, note=note)


def test_one_thing_is_changed_at_a_time():
    assert frozen_of(LORA) == FROZEN_MINILM
    assert frozen_of("delta, ridge, altered texts") == FROZEN
    # two frozen ones; delta and lora by five losses, full by two; one change of ridge at a time
    assert len(adapt.WAYS) == 2 + (5 + 3) + (5 + 2) + 2
    start = adapt.WAYS[adapt.DEFAULT]
    for way, given in adapt.WAYS.items():
        if way.startswith("delta"):
            assert sum(given.get(key) != start.get(key) for key in ("loss", "augment", "settings")) <= 1, way


def test_more_seeds_are_for_the_default_and_transformers_for_few_items():
    jobs = planned(adapt.SETS, adapt.SEEDS, adapt.WAYS)
    assert len(jobs) == len(set(jobs)) == 4 * (1 + 8) + 2 * (1 + 7 + 2) + 4 * 2 * 2
    assert {job.way for job in jobs if job.seed} == {FROZEN, adapt.DEFAULT}
    assert {job.world for job in jobs if job.way.startswith(("lora", "full"))} == {"ml-100k", "ibm-articles"}
    for job in jobs:  # who is paired is there
        assert any(
            (other.world, other.seed, other.way) == (job.world, job.seed, frozen_of(job.way))
            for other in jobs
        )


def test_a_way_is_paired_with_the_encoder_it_starts_from():
    marks = [
        cell(FROZEN, [0.2, 0.4], FROZEN),
        cell("delta, ridge", [0.3, 0.5]),
        cell(FROZEN_MINILM, [0.1, 0.1], FROZEN),
        cell(LORA, [0.15, 0.15], "kept frozen"),
        cell("full, mse", [], "out of time"),
    ]
    assert table(marks).splitlines()[2:] == [
        "| films | frozen | 1 | 0.3000 |  |  |  | 60 | 500 |",
        "| films | delta, ridge | 1 | 0.4000 | +0.1000 ± 0.0000 | +33.3% | 1 of 1 | 60 | 500 |",
        "| films | frozen, MiniLM | 1 | 0.1000 |  |  |  | 60 | 500 |",
        "| films | lora, ridge, adversarial | 1 | 0.1500 | +0.0500 ± 0.0000 | +50.0% | 0 of 1 | 60 | 500 |",
        "| films | full, mse | 1 | out of time: 1 | | | | 60 | 500 |",
    ]


def test_what_an_attack_takes():
    """Frozen: 0.4 clean, 0.2 and 0.3 under attack, so 0.15 is lost; the tuned one loses 0.05, 0.1 less."""
    marks = [
        cell(way, [value, value], task="robust", n=n)
        for way, values in ((FROZEN, (0.4, 0.2, 0.3)), ("delta, ridge", (0.5, 0.45, 0.45)))
        for n, value in zip(("clean", "typos 10%", "typos 20%"), values, strict=True)
    ]
    assert robust_table(marks).splitlines()[2:] == [
        "| films | frozen | 1 | 0.4000 | -0.2000 | -0.1000 | -0.1500 |  |",
        "| films | delta, ridge | 1 | 0.5000 | -0.0500 | -0.0500 | -0.0500 | +0.1000 ± 0.0000 |",
    ]


def test_what_is_missing_is_counted():
    assert (
        missing(["films.a.0", "films.b.0", "books.a.0"], 9)
        == "Not measured: 3 of 9 cells (2 of films, 1 of books).\n"
    )
    assert missing([], 9) == ""


def test_a_cell_whose_time_is_over_is_ended():
    (mark,) = Job("films", FROZEN, 0, minutes=0).run()
    assert json.loads(mark.note)["verdict"] == "out of time"


def test_a_table_stands_between_its_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"a\n{adapt.BEGIN}\nold\n{adapt.END}\nz\n")
    written(page, adapt.BEGIN, adapt.END, "new\n")
    assert page.read_text() == f"a\n{adapt.BEGIN}\nnew\n{adapt.END}\nz\n"


@pytest.mark.parametrize("mark", [adapt.BEGIN, adapt.END, adapt.ROBUST_BEGIN, adapt.ROBUST_END])
def test_the_page_has_the_marks(mark):
    assert adapt.PAGE.read_text(encoding="utf-8").count(mark) == 1
