"""``fewrec demo``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fewrec import samples
from fewrec.cli.demo import _told_times

CHECK = Path(__file__).resolve().parents[2] / "scripts" / "check_demo"


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> subprocess.CompletedProcess[str]:
    """The demo as a user starts it."""
    return subprocess.run(
        [sys.executable, "-m", "fewrec.cli", "demo"],
        capture_output=True,
        check=False,
        cwd=tmp_path_factory.mktemp("demo"),
        text=True,
    )


def test_the_demo_passes_its_check(demo):
    assert demo.returncode == 0, demo.stderr
    check = subprocess.run(
        [sys.executable, str(CHECK)], input=demo.stdout, capture_output=True, check=False, text=True
    )
    assert check.returncode == 0, check.stderr


def test_the_demo_serves_three_kinds_of_strangers_and_somebody_known(demo):
    for who in (
        "1. A stranger\n   Nothing is known.",
        "2. A stranger with two ratings",
        "3. A stranger with a sentence\n",
        "4. A stranger with a sentence in Chinese",
        "5. Somebody known: ",
    ):
        assert who in demo.stdout
    assert "寿司" in demo.stdout
    assert demo.stdout.count("why") >= 5


def test_the_demo_tells_what_it_took_and_what_to_type_next(demo):
    last = demo.stdout[demo.stdout.rindex("Fitted in") :]
    assert " ms" in last
    assert "on one core of this machine." in last
    assert "fewrec recommend --items items.csv --interactions ratings.csv" in last


def test_the_demo_as_json(run):
    plain = run("demo", "--json").json
    assert set(plain) == {"data", "answers", "seconds"}
    assert plain["data"]["items"] == 130
    assert plain["answers"][0]["request"] == {}
    assert set(plain["seconds"]) == {"fit", "lists", "total"}
    assert len(plain["seconds"]["lists"]) == len(plain["answers"])
    for answer in plain["answers"]:
        assert set(answer) == {
            "who", "known", "request", "recommendations", "sure", "profile", "warnings",
        }  # fmt: skip
        assert len(answer["recommendations"]) == 5
        assert answer["sure"]
    known = plain["answers"][-1]["request"]["user"]
    met = samples.restaurants().history(known)
    assert not {row["item"] for row in plain["answers"][-1]["recommendations"]} & set(met)
    assert f"{len(met)} ratings" in plain["answers"][-1]["known"]


def test_the_encoder_that_must_be_loaded_is_told_apart():
    assert _told_times([0.01, 0.02, 0.03]) == "A list took 20 ms, on one core of this machine."
    assert _told_times([0.01, 0.02, 1.0]) == (
        "A list took 20 ms, the slowest 1.0 s (to load the encoder), on one core of this machine."
    )
