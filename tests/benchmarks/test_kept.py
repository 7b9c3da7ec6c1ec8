"""What is measured is measured once: kept in files, gone on from, and told of where it is missing."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import pytest

from benchmarks.cells import Job
from benchmarks.kept import add_options, gathered, present
from benchmarks.systems import Marks

RUNS: list[str] = []


@dataclass(frozen=True)
class Counted:
    """A job that writes down that it ran."""

    name: str
    fails: bool = False

    @property
    def file(self) -> str:
        return f"{self.name}.json"

    def run(self):
        RUNS.append(self.name)
        yield Marks("toy", "users", self.name, "all", 0, 0, [0.5, None])
        if self.fails:
            raise RuntimeError("the power went")


@pytest.fixture
def gather(tmp_path):
    def run(jobs, *flags):
        RUNS.clear()
        parser = argparse.ArgumentParser()
        add_options(parser, "toy")
        marks, done, absent = gathered(jobs, parser.parse_args(["--keep", str(tmp_path), *flags]))
        return [mark.system for mark in marks], [job.name for job in done], absent, list(RUNS)

    return run


def test_everything_is_measured_unless_asked_to_go_on(gather):
    a, b = Counted("a"), Counted("b")
    assert gather([a]) == (["a"], ["a"], [], ["a"])
    assert gather([a, b]) == (["a", "b"], ["a", "b"], [], ["a", "b"])
    assert gather([b, a], "--resume") == (["b", "a"], ["b", "a"], [], [])


def test_a_report_measures_nothing_and_names_what_is_missing(gather):
    gather([Counted("a")])
    assert gather([Counted("a"), Counted("b")], "--report") == (["a"], ["a"], ["b"], [])


def test_what_was_not_finished_is_measured_again(gather):
    with pytest.raises(RuntimeError, match="the power went"):
        gather([Counted("a"), Counted("b", fails=True)])
    assert gather([Counted("a"), Counted("b")], "--resume") == (["a", "b"], ["a", "b"], [], ["b"])


def test_two_processes_measure_the_same(tmp_path):
    if not present(["uci-restaurant"]):
        pytest.skip("uci-restaurant is not beside the project")
    jobs = [Job("uci-restaurant", seed, 10, system) for seed in (0, 1) for system in ("random", "user-knn")]
    found = []
    for workers in ("1", "2"):
        parser = argparse.ArgumentParser()
        add_options(parser, "toy")
        options = parser.parse_args(["--keep", str(tmp_path / workers), "--workers", workers])
        marks, done, absent = gathered(jobs, options)
        assert (done, absent) == (jobs, [])
        found.append([{**mark.to_dict(), "fit_seconds": 0} for mark in marks])
    assert found[0] == found[1]
    assert len(found[0]) == 16  # k = 0, 1, 3, 5
