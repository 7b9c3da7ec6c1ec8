"""The READMEs show what benchmarks/RESULTS.md says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("docs_figures", Path(__file__).with_name("figures.py"))
figures = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = figures
spec.loader.exec_module(figures)

# The two forms of tables that the benchmark writes.
RESULTS = """# Quality

Words.

## ml-100k

| n | k | fewrec | popularity | fewrec - popularity | best peer | its mean | tuned elsewhere | its mean there |
|---|---|---|---|---|---|---|---|---|
| 10 | 3 | 0.2950 | 0.2800 | +.0150 ± .0060 | ease | 0.2900 | userknn | 0.2910 |
| all | 1 | 0.4050 | 0.3700 | +.0350 ± .0060 | ease | 0.3900 | userknn | 0.3800 |

## uci-restaurant

| n | k | fewrec | popularity | fewrec - popularity | best peer | its mean |
|---|---|---|---|---|---|---|
| 50 | 3 | 0.1800 | 0.1900 | **-.0100 ± .0040** | knn | 0.2000 |

## Floors

All are met.
"""


@pytest.mark.parametrize(("name", "language"), [("README.md", "en"), ("README.zh.md", "zh")])
def test_the_readme_shows_what_was_measured(name, language):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert text.count("<!-- begin: benchmarks -->") == 1
    assert text == figures.filled(text, language, figures.results()), f"run scripts/update_docs {name}"


def test_rows_are_chosen_and_worse_is_shown_as_it_is():
    made = figures.table(RESULTS, "en").splitlines()
    assert made[2:4] == [
        "| films (MovieLens 100k) | 10 | **0.2950** | 0.2800 | +.0150 ± .0060 | 0.2910 |",
        "| restaurants (UCI) | 50 | 0.1800 | 0.1900 | -.0100 ± .0040 | **0.2000** |",
    ]
    assert made[4] == ""


def test_without_results_the_readme_says_so():
    text = "a\n<!-- begin: benchmarks -->\nold\n<!-- end: benchmarks -->\nb\n"
    made = figures.filled(text, "en", None)
    assert "Not measured yet" in made
    assert figures.filled(made, "en", None) == made
