"""Exponents of growth by hand, and what the table says of sizes that were not measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.growth import exponent, growth_table
from benchmarks.speed import with_part

ROOT = Path(__file__).resolve().parents[2]


def measured(fit: float, each: float, memory: float):
    return {"fit": [[9.0, fit]], "list": [[9.0, each]] * 3}, {"tables": 100.0, "lists": 100.0 + memory}


def test_exponents_by_hand() -> None:
    assert exponent([10, 100, 1000], [3, 30, 300]) == pytest.approx(1)
    assert exponent([10, 100], [5, 500]) == pytest.approx(2)
    assert exponent([10, 100, 1000], [7, 7, 7]) == pytest.approx(0)


def test_the_table() -> None:
    """Fits of 1, 10 and 1,000 seconds at 1,000, 10,000 and 100,000 items: the last step is a square."""
    text = growth_table({
        (1_000, 1_000): measured(1.0, 0.001, 10),
        (10_000, 1_000): measured(10.0, 0.001, 100),
        (100_000, 1_000): measured(1000.0, 0.001, 1000),
    })  # fmt: skip
    assert "| 100,000 | 1,000 | 1000.0 s | 1.0 ms | 1,000 MB |" in text
    assert "(2.00), list 0.00 (0.00), memory 1.00 (1.00)." in text
    assert "Exponents in users" not in text  # one size alone has none


def test_a_part_of_the_file_is_written_alone() -> None:
    old = "# Speed\n\nrows\n\n## Encoding\n\nfast\n\n## Growth\n\nold\n\nMeasured on x86_64, Linux.\n"
    new = with_part(old, "\n## Growth\n\nnew\n")
    assert new == old.replace("old", "new")
    both = with_part(
        new, "\n## Beside other libraries\n\nrows\n"
    )  # not there yet: it goes before the encoders
    assert both == new.replace("\n## Encoding", "\n## Beside other libraries\n\nrows\n\n## Encoding")
    assert with_part(both, "\n## Beside other libraries\n\nothers\n") == both.replace(
        "rows\n\n## E", "others\n\n## E"
    )


def test_a_size_is_measured_in_a_process_of_its_own() -> None:
    line = [sys.executable, "-m", "benchmarks.speed_tasks", "grow", "120x40"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert set(found["times"]) == {"fit", "list"}
    assert found["memory"]["lists"] > found["memory"]["tables"] > 0
