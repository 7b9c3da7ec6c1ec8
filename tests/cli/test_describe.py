"""``fewrec describe`` by a small service on the loopback address."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from fewrec.cli import main


@pytest.fixture
def service(monkeypatch):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told = asked["messages"][1]["content"].partition("<item>")[2].partition("</item>")[0]
            body = json.dumps({"choices": [{"message": {"content": f"About {told}"}}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("FEWREC_OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    for name in ("FEWREC_OPENAI_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def items(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text("item_id,title\n1,Alien\n2,Heat\n", encoding="utf-8")
    return str(path)


def test_summaries_are_written(service, items, tmp_path, capsys):
    out = tmp_path / "own.jsonl"
    line = ["describe", "--items", items, "--language-model", "openai:small", "--out", str(out)]
    assert main([*line, "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == {
        "file": str(out), "provenance": str(tmp_path / "own.provenance.jsonl"),
        "written": 2, "kept": 0, "silent": 0,
    }  # fmt: skip
    assert "Written by a machine" in told.err
    assert json.loads(out.read_text().splitlines()[1])["machine_written_summary"] == "About Heat"
    assert main(line) == 0
    assert capsys.readouterr().out == f"{out}: 0 written, 2 kept, 0 without a word.\n"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            ["--language-model", "nowhere.gguf", "--out", "x.jsonl"],
            "there is no language model 'nowhere.gguf'",
        ),
        (["--language-model", "openai:m", "--out", "x.csv"], "'x.csv' does not end with .jsonl"),
        (["--language-model", "openai:m", "--out", "x.jsonl", "--of", "films"], "of must be items or users"),
        (["--language-model", "openai:m", "--out", "x.jsonl", "--language", "fr"], "no prompts in 'fr'"),
    ],
)
def test_what_is_wrong_is_told(service, items, capsys, flags, said):
    assert main(["describe", "--items", items, *flags]) == 4
    assert said in capsys.readouterr().err
