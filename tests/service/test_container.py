"""What the container files are made of: no engine builds them here, so their parts are tried one by one."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
VARIABLES = dict(re.findall(r"(FEWREC_\w+)=(\S+)", DOCKERFILE))


def lines(word: str) -> list[str]:
    """What stands behind an instruction, each time."""
    return re.findall(rf"^{word} +(.*)$", DOCKERFILE, flags=re.M)


def environment(**more: str) -> dict[str, str]:
    """That of this process, without what it says to fewrec."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FEWREC_")} | more


def fewrec(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The entry point with these words, in an environment with these variables."""
    return subprocess.run(
        [sys.executable, "-m", "fewrec.cli", *words], capture_output=True, text=True, timeout=120, check=False,
        env=environment(**variables),
    )  # fmt: skip


def test_what_is_copied_is_there_and_not_left_out():
    copied = [name for line in lines("COPY") for name in line.split()[:-1]]
    kept = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line[:1] == "!"
    }
    assert copied
    assert set(copied) == kept
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_extras_are_those_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (extras,) = re.findall(r"'\.\[([\w,]+)\]'", DOCKERFILE)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    assert "python:3.12" in lines("FROM")[0]


def test_every_variable_is_a_setting(tmp_path):
    given = {**VARIABLES, **COMPOSE["services"]["fewrec"]["environment"]}
    given = {name: re.sub(r"\$\{\w+:\?[^}]*\}", "secret", value) for name, value in given.items()}
    told = fewrec("config", "show", "--json", **given)
    assert told.returncode == 0, told.stderr
    shown = {name: row for name, row in json.loads(told.stdout).items() if "environment" in row["source"].lower()
             or "FEWREC_" in row["source"]}  # fmt: skip
    assert set(shown) == {"service.host", "service.data", "service.database", "cache.folder"}
    assert shown["service.database"]["value"] == "postgresql://fewrec:***@database/fewrec"
    assert shown["service.host"]["value"] == "0.0.0.0"
    # The database has the name, the user and the port that the address means.
    database = COMPOSE["services"]["database"]["environment"]
    assert (database["POSTGRES_USER"], database["POSTGRES_DB"]) == ("fewrec", "fewrec")


def test_the_ports_are_the_one_that_it_listens_on():
    from fewrec.config import ServiceSettings

    port = str(ServiceSettings().port)
    assert lines("EXPOSE") == [port]
    assert COMPOSE["services"]["fewrec"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"http://127.0.0.1:{port}/healthz" in DOCKERFILE


@pytest.mark.slow
def test_it_starts_with_a_key_alone_and_its_health_is_seen(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    variables = {**VARIABLES, "FEWREC_SERVICE_DATA": str(tmp_path / "data"), "FEWREC_CACHE": str(tmp_path / "cache"),
                 "FEWREC_SERVICE_PORT": port}  # fmt: skip
    (command,) = map(json.loads, re.findall(r"HEALTHCHECK .*CMD (\[.*\])", DOCKERFILE))
    look = [sys.executable, *(word.replace(":8787/", f":{port}/") for word in command[1:])]
    healthy = lambda: subprocess.run(look, capture_output=True, timeout=30, check=False).returncode == 0  # noqa: E731
    (start,) = map(json.loads, lines("CMD"))
    assert not healthy()
    assert "there is no key" in fewrec(*start, **variables).stderr
    assert fewrec("keys", "create", "--name", "shop", "--role", "admin", **variables).returncode == 0
    running = subprocess.Popen(
        [sys.executable, "-m", "fewrec.cli", *start], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=environment(**variables),
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not healthy():
            assert running.poll() is None
            assert time.monotonic() < until
    finally:
        running.terminate()
        assert running.wait(timeout=40) == 0
