"""``fewrec evaluate`` from end to end: table, JSON, CSV, report, resume."""

from __future__ import annotations

import csv
import io
import json
import os
import random
from pathlib import Path

import pytest

import fewrec
from fewrec.config import Config, definitions
from fewrec.evaluate import workers
from fewrec.evaluate.settings import Settings


@pytest.fixture
def films() -> list[str]:
    """Enough people to test on: thirty, of two tastes; a quick encoder."""
    chance = random.Random(0)
    rows = [
        f"u{user},{item},{5 if (user + item) % 2 == 0 else 1}"
        for user in range(30)
        for item in chance.sample(range(12), 7)
    ]
    Path("ratings.csv").write_text("user_id,item_id,rating\n" + "\n".join(rows) + "\n", encoding="utf-8")
    words = ["calm even lake", "loud odd city"]
    items = [f"{item},{words[item % 2]} {item}" for item in range(12)]
    Path("items.csv").write_text("item_id,title\n" + "\n".join(items) + "\n", encoding="utf-8")
    return ["evaluate", "--items", "items.csv", "--interactions", "ratings.csv", "--encoder", "hashed", "--no-tune",
            "--k-shot", "0,3", "--seeds", "2"]  # fmt: skip


def test_the_table_and_what_is_said_beside_it(run, films):
    result = run(*films)
    assert result.code == 0
    heads = [line.split() for line in result.out.splitlines() if line.startswith("system")]
    assert heads == [["system", "k", "=", "0", "k", "=", "3"]]
    first = [line.split()[0] for line in result.out.splitlines() if line]
    assert [name for name in first if name in fewrec.evaluate.system_names()][:5] == [
        "random", "popularity", "item-mean", "text", "fewrec",
    ]  # fmt: skip
    assert "12 items, 210 interactions" in result.err
    assert "Measured in" in result.err


def test_the_same_command_prints_the_same_bytes(run, films):
    first, again = run(*films, "--json"), run(*films, "--json")
    assert first.out == again.out
    assert set(first.json) == {
        "cells", "comparisons", "slices", "calibration", "tuning", "flags", "notes", "settings", "versions",
    }  # fmt: skip
    assert list(first.json["cells"][0]) == [
        "task", "system", "train_users", "k_shot", "metric", "mean", "se_users", "se_seeds", "users",
    ]  # fmt: skip
    assert {"system", "against", "task", "train_users", "k_shot", "metric", "difference", "low", "high", "p_holm",
            "verdict"} <= set(first.json["comparisons"][0])  # fmt: skip


def test_the_csv_holds_every_list(run, films):
    rows = list(csv.DictReader(io.StringIO(run(*films, "--systems", "random", "--csv").out)))
    told = json.loads(run(*films, "--systems", "random", "--json").out)
    marks = [
        float(row["value"]) for row in rows
        if (row["system"], row["k_shot"], row["metric"]) == ("popularity", "3", "ndcg@10") and row["value"]
    ]  # fmt: skip
    (cell,) = (
        cell for cell in told["cells"]
        if (cell["system"], cell["k_shot"], cell["metric"]) == ("popularity", 3, "ndcg@10")
    )  # fmt: skip
    assert sum(marks) / len(marks) == pytest.approx(cell["mean"], abs=1e-5)


def test_the_report_is_written(run, films):
    result = run(*films, "--systems", "popularity,ease", "--report", "report.html")
    assert "Report: report.html" in result.err
    assert Path("report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [path.name for path in Path().glob("*.part")] == []


def test_a_report_that_cannot_be_written_is_told_of_before_anything_is_measured(run, films):
    result = run(*films, "--report", "n" * 300)
    assert result.code == 7
    assert "the report cannot be written: File name too long." in result.err
    assert "Evaluating" not in result.err
    assert result.out == ""
    assert not list(Path().glob(".*"))


def test_a_report_that_fails_in_the_end_takes_no_numbers_with_it(run, films):
    flags = (*films, "--systems", "popularity", "--json", "--report", "report.html")
    whole, replace = run(*flags).out, os.replace
    Path("report.html").unlink()

    def full(part, file):
        if str(file).endswith(".html"):
            raise OSError(28, "No space left on device")
        replace(part, file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fewrec.evaluate.keep.os.replace", full)
        result = run(*flags)
    assert result.code == 7
    assert "report.html: the report cannot be written: No space left on device." in result.err
    assert "the same command with --resume goes on from there" in result.err
    assert result.out == whole
    again = run(*flags, "--resume")
    assert (again.code, again.out) == (0, whole)
    assert Path("report.html").exists()


def test_an_interrupted_run_goes_on(run, films, monkeypatch, tmp_path):
    whole = run(*films, "--json").out
    done = []

    def stopped(work, jobs, count):
        for job in jobs[:4]:
            done.append(job)
            yield work.do(job)
        raise KeyboardInterrupt

    monkeypatch.setattr("fewrec.evaluate.run.done", stopped)
    stop = run(*films, "--json")
    assert stop.code == 130
    assert "the same command with --resume goes on from there" in stop.err
    kept = sorted(path.name for path in (tmp_path / "cache" / "evaluations").rglob("*.json"))
    assert kept == sorted(f"{job.name}.json" for job in done)

    def counted(work, jobs, count):
        done.extend(jobs)
        yield from workers.done(work, jobs, count)

    monkeypatch.setattr("fewrec.evaluate.run.done", counted)
    assert run(*films, "--json", "--resume").out == whole
    assert len(done) == len(set(done)) == 10  # five systems, two seeds, none of them twice
    assert list((tmp_path / "cache" / "evaluations").iterdir()) == []  # nothing is left of a finished run


def test_without_resume_everything_is_done_again(run, films, monkeypatch):
    def stopped(work, jobs, count):
        yield work.do(jobs[0])
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fewrec.evaluate.run.done", stopped)
        assert run(*films).code == 130
    done = []

    def counted(work, jobs, count):
        done.extend(jobs)
        yield from workers.done(work, jobs, count)

    monkeypatch.setattr("fewrec.evaluate.run.done", counted)
    assert run(*films).code == 0
    assert len(done) == 10


def test_it_works_without_a_cache(run, films):
    assert run(*films, "--systems", "popularity", "--cache", "off").code == 0


@pytest.mark.parametrize(
    ("flags", "told", "code"),
    [
        (("--seeds", "few"), '--seeds: "few" is not a whole number.', 4),
        (("--train-users", "10,most"), '--train-users: "most" is not a whole number.', 4),
        (("--share", "half"), '--share: "half" is not a number.', 4),
        (("--report", "nowhere/report.html"), "--report: the folder 'nowhere' does not exist.", 4),
        (("--report", "."), "--report: '.' is a folder.", 4),
        (("--resume", "--cache", "off"), "--resume needs a cache, and --cache is off: nothing was kept.", 2),
        (("--task", "warmth"), '--task: "warmth" is not a choice.\nChoose one of: cold-users, ', 4),
        (
            ("--share", "0.3"),
            "--share: it does nothing in the task 'cold-users'.\nLeave it out; it counts in the tasks "
            "cold-items, warm and time.",
            4,
        ),
        (
            ("--task", "warm"),
            "--k-shot: it does nothing in the task 'warm'.\nLeave it out; it counts in the tasks "
            "cold-users and rating.",
            4,
        ),
        (("--systems", "fewrek"), "systems: there is no system 'fewrek'.\nDid you mean fewrec?", 4),
    ],
)
def test_mistakes(run, films, flags, told, code):
    result = run(*films, *flags)
    assert told in result.err
    assert result.code == code


def test_settings_come_from_flags_environment_and_file(run, films, monkeypatch):
    Path("fewrec.toml").write_text(
        '[evaluate]\nsystems = "popularity"\nseeds = 4\ntest_users = 7\ntrain_users = [9, "all"]\n[list]\nn = 4\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("FEWREC_EVALUATE_TEST_USERS", "6")
    told = run(*films, "--json").json
    assert {row["system"] for row in told["cells"]} == {"popularity"}
    assert "ndcg@4" in {row["metric"] for row in told["cells"]}
    held = {name: told["settings"][name] for name in ("k_shot", "seeds", "test_users", "train_users", "n")}
    assert held == {"k_shot": [0, 3], "seeds": 2, "test_users": 6, "train_users": [9, "all"], "n": 4}


def test_a_flag_that_does_nothing_is_refused_and_a_setting_for_another_task_is_told_of(
    run, films, monkeypatch
):
    Path("fewrec.toml").write_text(
        "[evaluate]\nshare = 0.4\ndate = 2020-05-17\nlast = false\n", encoding="utf-8"
    )
    result = run(*films, "--systems", "popularity", "--json")
    assert result.code == 0
    assert "Note: evaluate.share (fewrec.toml): it does nothing in the task 'cold-users'." in result.err
    assert "Note: evaluate.date (fewrec.toml): it does nothing in the task 'cold-users'." in result.err
    assert "evaluate.last" not in result.err
    assert result.json["settings"]["share"] is None
    few = [flag for flag in films if flag not in ("--k-shot", "0,3")]
    warm = run(*few, "--systems", "popularity", "--task", "warm", "--json")
    assert warm.json["settings"]["share"] == 0.4
    assert run(*films, "--date", "2020-05-17").code == 4


def test_the_tasks_of_the_settings_are_those_of_evaluate():
    assert definitions_of("evaluate.task").choices == tuple(fewrec.evaluate.TASKS)


def definitions_of(name):
    return dict(definitions())[name].metadata["kind"]


def test_the_defaults_of_the_settings_are_those_of_evaluate(run):
    plain = Config().to_dict()["evaluate"]
    python = Settings()
    for name in ("task", "k_shot", "seeds", "test_users", "share", "last", "date"):
        value = getattr(python, name)
        assert plain[name] == (list(value) if isinstance(value, tuple) else value)
    assert (plain["train_users"], python.train_users) == (["all"], (None,))
    assert Config().list.n == python.n


def test_no_data_is_a_wrong_command_line(run):
    result = run("evaluate")
    assert result.code == 2
    assert "Name a table with --items FILE or --interactions FILE." in result.err


def test_clearing_the_cache_forgets_interrupted_runs(run, films, monkeypatch, tmp_path):
    def stopped(work, jobs, count):
        yield work.do(jobs[0])
        raise KeyboardInterrupt

    monkeypatch.setattr("fewrec.evaluate.run.done", stopped)
    assert run(*films).code == 130
    left = tmp_path / "cache" / "evaluations"
    assert run("cache", "clear", "--vectors").code == 0
    assert len(list(left.rglob("*.json"))) == 1
    assert run("cache", "clear").code == 0
    assert not left.exists()
