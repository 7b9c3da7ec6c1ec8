"""The documentation names every command, flag, setting, variable and exit code."""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from fewrec import errors
from fewrec.cli import entry
from fewrec.cli.parser import build_parser
from fewrec.config import Config, definitions
from fewrec.config.sources import resolve, variable_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
CLI = (DOCS / "cli.md").read_text(encoding="utf-8")
CONFIGURATION = (DOCS / "configuration.md").read_text(encoding="utf-8")


def lines_and_flags() -> list[tuple[str, list[str]]]:
    """Every command line with its flags."""
    found = []

    def walk(parser: argparse.ArgumentParser) -> None:
        found.append((parser.prog, [flag for action in parser._actions for flag in action.option_strings]))
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for inner in action.choices.values():
                    walk(inner)

    walk(build_parser())
    return found


def names(text: str, flag: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", text) is not None


@pytest.mark.parametrize("line", [line for line, _ in lines_and_flags()])
def test_every_command_is_documented(line):
    assert f"`{line}`" in CLI or f"## {line}\n" in CLI or line == "fewrec"


def test_every_flag_is_documented():
    flags = {flag for _, several in lines_and_flags() for flag in several}
    assert len(flags) > 30
    assert sorted(flag for flag in flags if not names(CLI, flag)) == []


def test_no_flag_is_documented_that_does_not_exist():
    flags = {flag for _, several in lines_and_flags() for flag in several}
    written = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", CLI + CONFIGURATION))
    assert sorted(written - flags) == []


def test_every_setting_is_documented_with_its_variable_and_flag():
    rows = {cells[1].strip(" `"): row for row in CONFIGURATION.splitlines()
            if len(cells := row.split("|")) > 5}  # fmt: skip
    for name, entry_ in definitions():
        assert name in rows, name
        assert f"`{variable_of(name)}`" in rows[name]
        assert entry_.metadata["flag"] is None or f"`{entry_.metadata['flag']}`" in rows[name]
    assert set(rows) - {"Setting", "---"} == {name for name, _ in definitions()}


def test_every_exit_code_is_documented():
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", CLI, flags=re.MULTILINE)}
    family = {
        kind.exit_code for kind in errors.FewrecError.__subclasses__() if kind.__module__ == "fewrec.errors"
    }
    assert codes == {entry.OK, entry.BUG, entry.USAGE, entry.INTERRUPTED, entry.CLOSED} | family


def keys(plain: Any) -> Any:
    """The shape of JSON: its keys, and those of the first element of every list."""
    if isinstance(plain, dict):
        return {name: keys(value) for name, value in plain.items()}
    return [keys(plain[0])] if isinstance(plain, list) and plain else None


def test_the_documented_json_is_what_is_printed(run, shop):
    of_list, of_audience = (
        json.loads(text) for text in re.findall(r"```json\n(.*?)```", CLI, flags=re.DOTALL)
    )
    printed = run("recommend", *shop, "--like", "Alien", "--json").json
    printed["profile"] = of_list["profile"] = printed["warnings"] = of_list["warnings"] = None
    for row in (*printed["recommendations"], *of_list["recommendations"]):
        row["rating"] = None  # null where nothing can be said
    assert keys(printed) == keys(of_list)
    assert keys(run("audience", *shop, "--item", "Solaris", "--json").json) == keys(of_audience)


def test_the_example_file_names_every_setting(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", CONFIGURATION, flags=re.DOTALL)
    plain = tomllib.loads(text)
    assert {f"{section}.{name}" for section, values in plain.items() for name in values} == {
        name for name, _ in definitions()
    }
    (tmp_path / "fewrec.toml").write_text(text, encoding="utf-8")
    assert resolve({}, {}, tmp_path / "fewrec.toml").config != Config()


def test_the_python_example_runs(tmp_path, capsys):
    (text,) = re.findall(r"```python\n(.*?)```", CONFIGURATION, flags=re.DOTALL)
    Path("fewrec.toml").write_text("[list]\nn = 4\n", encoding="utf-8")
    exec(compile(text, "configuration.md", "exec"), {})
    assert capsys.readouterr().out == "4 fewrec.toml\n"
