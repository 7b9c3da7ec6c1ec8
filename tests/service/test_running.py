"""The real command, as real processes: it starts, answers, stops, and several see the same."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
ITEMS = (
    "item_id,title,genre\n7,Alien,science fiction\n8,Aliens,science fiction\n9,Amélie,comedy\n10,Up,comedy\n"
)
EVENTS = (
    "user,item,event\nanna,7,buy\nanna,8,buy\nbert,7,view\nbert,8,buy\ncleo,9,buy\ncleo,10,buy\ndora,9,view\n"
)


@dataclass
class Running:
    """One process of ``fewrec serve``."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def address(self) -> str:
        return self.wait(lambda: next(
            (found[1] for line in self.said if (found := re.search(r"Listening on (\S+)", line))), None))  # fmt: skip

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.address() + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def wait(self, condition: Callable[[], Any], seconds: float = 60.0) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            assert self.process.poll() is None, "\n".join(self.said)
            time.sleep(0.02)
        raise AssertionError("\n".join(["it did not happen in time", *self.said]))

    def ready(self) -> None:
        self.wait(lambda: self.ask("GET", "/readyz")[0] == 200)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts ``fewrec serve`` with a free port in a folder of its own."""
    started: list[Running] = []
    (tmp_path / "items.csv").write_text(ITEMS, encoding="utf-8")
    (tmp_path / "events.csv").write_text(EVENTS, encoding="utf-8")

    def run(*flags: str, port: str = "0") -> Running:
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("FEWREC_")},
            "TMPDIR": str(tmp_path),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "fewrec.cli", "serve", "--port", port, "--encoder", "hashed", "--no-tune",
             "--cache", "off", *flags],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=tmp_path, env=environment,
        )  # fmt: skip
        found = Running(process)

        def read() -> None:
            assert process.stderr is not None
            for line in process.stderr:
                found.said.append(line)
            process.stderr.close()

        threading.Thread(target=read, daemon=True).start()
        started.append(found)
        return found

    yield run
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


TABLES = ("--items", "items.csv", "--interactions", "events.csv")


def test_one_command_leads_from_tables_to_lists(start, tmp_path):
    one = start(*TABLES)
    one.ready()
    assert one.ask("GET", "/v1/report")[1]["data"]["counts"] == {"items": 4, "users": 4, "interactions": 7}
    assert (
        one.ask("POST", "/v1/recommendations", {"support": ["7"]})[1]["data"]["recommendations"][0]["title"]
        == "Aliens"
    )
    assert one.ask("GET", "/v1/users/anna/recommendations")[0] == 200
    assert one.stop() == 0
    # The same command again: nothing counts twice, and the model is there at once.
    again = start(*TABLES)
    again.ready()
    assert again.ask("GET", "/v1/report")[1]["data"]["counts"]["interactions"] == 7
    assert [v["version"] for v in again.ask("GET", "/v1/models")[1]["data"]] == [1]
    assert again.stop() == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.csv", "fewrec-data", "items.csv"]


def test_an_answer_is_not_held_back_for_its_second_half():
    """Head and body are sent one after the other; without TCP_NODELAY the body may wait 40 ms for a receipt."""
    import asyncio
    import contextlib

    from fewrec.config import ServiceSettings
    from fewrec.service.serve import _listen

    async def asked(listening):
        found = asyncio.get_running_loop().create_future()

        def come(reader, writer):
            found.set_result(
                writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            )
            writer.close()

        async with await asyncio.start_server(come, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            writer.close()
            return await found

    with contextlib.closing(_listen(ServiceSettings(port=0))) as listening:
        with contextlib.closing(socket.socket(fileno=os.dup(listening.fileno()))) as another_process:
            assert another_process.proto == socket.IPPROTO_TCP
        assert asyncio.run(asked(listening)) == 1


def test_the_demo_leaves_nothing_behind(start, tmp_path):
    one = start("--demo")
    one.ready()
    rows = one.ask("POST", "/v1/recommendations", {"support": {"132825": 2}, "n": 3})[1]["data"][
        "recommendations"
    ]
    assert len(rows) == 3
    assert one.stop() == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.csv", "items.csv"]


def test_a_saved_model_is_served_without_a_fit(start, tmp_path):
    from fewrec import Dataset, Recommender

    data = Dataset.from_files(items=tmp_path / "items.csv", interactions=tmp_path / "events.csv")
    model = Recommender(encoder="hashed", tune=False, cache=None).fit(data, progress=False)
    model.save(tmp_path / "saved")
    one = start("--model", "saved")
    one.ready()
    told = one.ask("GET", "/v1/users/anna/recommendations")[1]["data"]
    # Its ids are integers, those of the service are text; the list is the same.
    assert [row["item"] for row in told["recommendations"]] == [
        str(row.item) for row in model.recommend(user="anna")
    ]
    versions = one.ask("GET", "/v1/models")[1]["data"]
    assert [(v["version"], v["status"]) for v in versions] == [(1, "ready")]
    one.ask("POST", "/v1/interactions", {"user": "anna", "item": "9", "event": "buy"})
    after = one.ask("GET", "/v1/users/anna/recommendations")[1]["data"]["recommendations"]
    assert [row["item"] for row in after] == ["10"]
    one.stop()
    two = start("--model", "saved")
    assert two.process.wait(timeout=60) == 4
    time.sleep(0.2)
    assert "the store is not empty" in "".join(two.said)


def test_a_request_in_flight_is_finished(start):
    one = start(*TABLES)
    one.ready()
    host, port = one.address().removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as wire:
        body = b'{"support": ["7"]}'
        wire.sendall(b"POST /v1/recommendations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body))  # fmt: skip
        time.sleep(0.3)
        one.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        wire.sendall(body)
        answer = wire.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200")
    assert one.process.wait(timeout=40) == 0


def test_a_client_that_sends_slowly_holds_nobody_up(start, tmp_path):
    (tmp_path / "fewrec.toml").write_text("[service]\npatience = 0.5\n", encoding="utf-8")
    one = start(*TABLES)
    one.ready()
    host, port = one.address().removeprefix("http://").split(":")
    wires = [socket.create_connection((host, int(port)), timeout=30) for _ in range(30)]
    for wire in wires:
        wire.sendall(b"PUT /v1/items HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
    assert one.ask("GET", "/v1/users/anna/recommendations")[0] == 200
    for wire in wires:
        assert wire.recv(65536).startswith(b"HTTP/1.1 408")
        wire.close()


def test_an_address_that_others_reach_needs_a_key(start):
    one = start("--host", "0.0.0.0")
    assert one.process.wait(timeout=60) == 4
    time.sleep(0.2)
    assert "there is no key" in "".join(one.said)


def test_a_port_that_is_taken_is_told_of(start):
    one = start()
    port = one.address().rpartition(":")[2]
    two = start(port=port)
    assert two.process.wait(timeout=60) == 7
    time.sleep(0.2)
    assert f"cannot listen on 127.0.0.1, port {port}" in "".join(two.said)
    assert one.ask("GET", "/healthz")[0] == 200


def test_workers_answer_on_one_socket_and_see_the_same(start):
    one = start(*TABLES, "--workers", "2")
    one.ready()
    one.wait(lambda: any("Another process" in line for line in one.said))
    time.sleep(1.0)  # until the other has its model
    one.ask("POST", "/v1/interactions", {"user": "hans", "item": "7", "event": "buy"})
    lists = {json.dumps(one.ask("GET", "/v1/users/hans/recommendations")[1]["data"]) for _ in range(30)}
    assert len(lists) == 1
    assert one.stop() == 0


def test_a_worker_that_dies_is_begun_anew(start):
    one = start(*TABLES, "--workers", "2")
    one.ready()
    one.wait(lambda: any("Another process" in line for line in one.said))
    children = Path(f"/proc/{one.process.pid}/task/{one.process.pid}/children")
    if not children.exists():
        pytest.skip("this system does not tell whose child a process is")
    for child in children.read_text().split():
        if b"fewrec.service.child" in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(int(child), signal.SIGKILL)
    one.wait(lambda: sum("Another process" in line for line in one.said) == 2)
    warned = next(json.loads(line) for line in one.said if "A worker ended" in line)
    assert warned["level"] == "warning"
    assert one.ask("GET", "/v1/users/anna/recommendations")[0] == 200
    assert one.stop() == 0


def test_two_services_on_one_postgresql_see_each_other(start, empty_postgresql):
    flags = ("--database", empty_postgresql, "--data", "shared")
    one = start(*flags, *TABLES)
    one.ready()
    # Started before there is a model, it would ask for a fit of its own: what is being fitted may be half of the rows.
    two = start(*flags)
    two.ready()
    for number, (writer, reader) in enumerate([(one, two), (two, one)]):
        user = f"hans{number}"
        assert writer.ask("POST", "/v1/interactions", {"user": user, "item": "7", "event": "buy"})[0] == 201
        told = reader.ask("GET", f"/v1/users/{user}/recommendations")[1]["data"]
        assert told == writer.ask("GET", f"/v1/users/{user}/recommendations")[1]["data"]
        assert told["recommendations"][0]["title"] == "Aliens"
    # A new version is fitted once, and both serve it.
    two.ask("POST", "/v1/models", {})
    for each in (one, two):
        each.wait(lambda each=each: each.ask("POST", "/v1/recommendations", {})[1]["data"]["model"] == 2)
    assert [v["version"] for v in one.ask("GET", "/v1/models")[1]["data"]] == [2, 1]
    # A new item comes to the other one within the half second that the page promises, and a bit for a busy machine.
    one.ask(
        "PUT",
        "/v1/items",
        {"id": "new", "columns": {"title": "Alien Resurrection", "genre": "science fiction"}},
    )
    two.wait(
        lambda: (
            "new"
            in [r["item"] for r in two.ask("POST", "/v1/recommendations", {})[1]["data"]["recommendations"]]
        )
    )
    assert one.stop() == two.stop() == 0
