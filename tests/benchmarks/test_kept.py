"""What is measured is measured once: kept in files, gone on from, and told of where it is missing."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import pytest

from benchmarks.kept import add_options, gathered
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
