"""A database of the first released version opens for ever; one of a later version is left alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from fewrec.errors import ConfigError, StoreError
from fewrec.store import open_store
from fewrec.store.schema import MIGRATIONS, VERSION, migrate
from fewrec.store.sqlite import SQLite

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_every_released_version_opens(tmp_path, version):
    with sqlite3.connect(tmp_path / "old.db") as old:
        old.executescript((GOLDEN / f"schema-{version}.sql").read_text(encoding="utf-8"))
    old.close()
    store = open_store(f"sqlite:///{tmp_path / 'old.db'}")
    assert store.item("7").columns == {"title": "Alien"}
    assert [row.id for row, _ in store.search("alien")] == ["7"]
    assert [event.to_dict() for event, _ in store.interactions()] == [
        {"id": "e1", "user": "anna", "item": "7", "event": "rating", "value": 4.5, "time": 1000000000.0}]  # fmt: skip
    assert store.user("anna").columns == {"city": "Oslo"}
    assert [(v.version, v.status, v.active) for v in store.versions.all()] == [(1, "ready", True)]
    assert [key.name for key in store.keys.all()] == ["shop"]
    assert store.seen().data == 3
    store.close()


def test_a_later_version_is_left_alone(tmp_path):
    address = f"sqlite:///{tmp_path / 'late.db'}"
    store = open_store(address)
    with store.backend.write() as session:
        session.run("UPDATE fewrec_schema SET version = 99")
    store.close()
    with pytest.raises(StoreError, match=f"has version 99, this fewrec knows versions up to {VERSION}"):
        open_store(address)


def test_a_step_that_fails_changes_nothing(tmp_path, monkeypatch):
    from fewrec.store import schema

    backend = SQLite(f"sqlite:///{tmp_path / 'x.db'}")
    monkeypatch.setattr(schema, "MIGRATIONS", (("CREATE TABLE a (x TEXT)", "NO SQL AT ALL"),))
    with pytest.raises(StoreError, match="the database failed"):
        migrate(backend, to=1)
    with backend.read() as session:
        assert session.rows("SELECT name FROM sqlite_master") == []
    backend.close()


def test_versions_have_their_golden_files():
    assert sorted(path.name for path in GOLDEN.iterdir()) == [
        f"schema-{v + 1}.sql" for v in range(len(MIGRATIONS))
    ]


@pytest.mark.parametrize("url", ["mysql://x", "fewrec.db", ""])
def test_other_databases_are_refused(url):
    with pytest.raises(ConfigError, match="is no kind of database"):
        open_store(url)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "x.db").write_text("hello " * 1000)
    with pytest.raises(StoreError, match="not a database"):
        open_store(f"sqlite:///{tmp_path / 'x.db'}")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened") as told:
        open_store(f"sqlite:///{tmp_path / 'file' / 'x.db'}")
    assert told.value.where == str(tmp_path / "file" / "x.db")
    assert "--data FOLDER" in str(told.value)


def test_a_server_that_is_not_there_is_told_of_without_its_password():
    pytest.importorskip("psycopg")
    from fewrec.store.failures import StoreGone

    with pytest.raises(StoreGone, match="cannot be reached") as told:
        open_store("postgresql://anna:secret@127.0.0.1:1/nowhere")
    assert "secret" not in str(told.value)
