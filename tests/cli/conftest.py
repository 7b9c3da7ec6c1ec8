"""Shared by the tests of the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fewrec.cli import main

ITEMS = """item_id,title,genre,price
1,Alien,science fiction|horror,9
2,Aliens,science fiction|action,12
3,Amélie,comedy|romance,25
4,Titanic,drama|romance,8
5,The Matrix,science fiction|action,15
6,Notting Hill,comedy|romance,7
7,Solaris,science fiction|drama,30
8,Heat,crime|action,11
"""
RATINGS = """user_id,item_id,rating
anna,1,5
anna,2,5
anna,4,1
anna,6,2
bert,1,4
bert,5,5
bert,7,4
bert,3,2
cleo,3,5
cleo,6,5
cleo,4,4
cleo,1,1
dora,6,4
dora,3,4
dora,5,1
emil,2,5
emil,5,4
emil,8,4
emil,4,2
"""
USERS = """user_id,age_group,city
anna,young,Oslo
bert,old,Rome
cleo,young,Rome
dora,old,Oslo
emil,young,Oslo
"""


@dataclass
class Result:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout as JSON."""
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs in a folder of its own, with a cache of its own and no settings from outside."""
    import os

    for name in list(os.environ):
        if name.startswith("FEWREC_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FEWREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def shop() -> list[str]:
    """Three small tables in the working folder; the flags that name them, with a quick encoder."""
    Path("items.csv").write_text(ITEMS, encoding="utf-8")
    Path("ratings.csv").write_text(RATINGS, encoding="utf-8")
    Path("users.csv").write_text(USERS, encoding="utf-8")
    return [
        *("--items", "items.csv", "--interactions", "ratings.csv", "--users", "users.csv"),
        *("--encoder", "hashed"),
    ]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Runs one command line in this process."""

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        code = main(list(arguments))
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return call
