"""``fewrec keys``, ``fewrec ask``, and what ``fewrec serve`` refuses before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_a_key_is_made_listed_and_revoked(run):
    made = run("keys", "create", "--name", "shop", "--role", "write", "--data", "shop")
    assert made.code == 0
    key = made.out.strip()
    assert key.startswith("fewrec_")
    assert "shown once" in made.err
    (row,) = run("keys", "list", "--json", "--data", "shop").json
    assert (row["name"], row["role"], row["revoked"]) == ("shop", "write", None)
    assert key.rpartition("_")[2] not in run("keys", "list", "--data", "shop").out
    gone = run("keys", "revoke", "--id", row["id"], "--json", "--data", "shop").json
    assert gone[0]["revoked"] is not None
    assert run("keys", "list", "--json", "--data", "elsewhere").json == []


def test_the_key_as_json(run):
    made = run("keys", "create", "--name", "shop", "--json").json
    assert made["role"] == "read"
    assert made["key"].startswith(f"fewrec_{made['id']}_")


@pytest.mark.parametrize(("line", "code", "told"), [
    (["create", "--name", "x", "--role", "king"], 4, "'king' is not a role"),
    (["revoke", "--id", "0123"], 5, "there is no such key"),
    (["list", "--database", "mysql://x"], 4, "no kind of database"),
])  # fmt: skip
def test_what_cannot_be_is_told(run, line, code, told):
    found = run("keys", *line)
    assert found.code == code
    assert told in found.err
    assert not Path("fewrec-data").exists()


@pytest.mark.parametrize(("flags", "code", "told"), [
    (["--host", "0.0.0.0"], 4, "there is no key"),
    (["--database", "sqlite://"], 4, "in memory"),
    (["--model", "x", "--demo"], 2, "--model brings its own rows"),
    (["--model", "nowhere"], 7, "no such folder"),
    (["--port", "99999"], 4, "99999 is out of range"),
    (["--port", " 80"], 4, '" 80" is not a whole number'),
    (["--port", "8_0"], 4, '"8_0" is not a whole number'),
    (["--port", "٣٠٠٠"], 4, '"٣٠٠٠" is not a whole number'),
    (["--host", "203.0.113.7", "--port", "0"], 4, "there is no key"),
    (["--items", "nowhere.csv"], 3, "nowhere.csv"),
])  # fmt: skip
def test_serve_refuses_before_it_starts(run, flags, code, told):
    found = run("serve", "--cache", "off", *flags)
    assert found.code == code
    assert told in found.err
    assert not Path("fewrec-data").exists()  # and leaves nothing behind


def test_a_port_has_a_range(run):
    told = run("serve", "--port", "99999").err
    assert "service.port" in told or "--port" in told
    assert "Give a whole number from 0 to 65535." in told


def test_a_port_that_is_taken_leaves_nothing_behind(run):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = run("serve", "--cache", "off", "--port", str(taken.getsockname()[1]))
    assert found.code == 7
    assert "cannot listen on 127.0.0.1" in found.err
    assert not Path("fewrec-data").exists()


def test_ask_tells_what_to_ask(run, shop):
    found = run("ask", *shop, "--like", "Alien", "-n", "3", "--json").json
    titles = [row["title"] for row in found["recommendations"]]
    assert len(titles) == 3
    assert "Alien" not in titles
    less = run("ask", *shop, "--like", "Alien", "--exclude", titles[0], "-n", "20", "--json").json
    assert titles[0] not in [row["title"] for row in less["recommendations"]]
    assert run("ask", *shop, "--like", "Nothing").code == 5


def test_a_password_is_never_shown(run, monkeypatch):
    monkeypatch.setenv("FEWREC_SERVICE_DATABASE", "postgresql://anna:secret@host/shop")
    for form in ([], ["--json"]):
        out = run("config", "show", *form).out
        assert "postgresql://anna:***@host/shop" in out
        assert "secret" not in out
