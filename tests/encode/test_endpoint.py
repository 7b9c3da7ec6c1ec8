"""The embedding endpoint against a small service on the loopback address."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from fewrec.encode import VectorCache, encode_texts, resolve
from fewrec.encode.endpoint import EmbeddingEndpoint
from fewrec.errors import ConfigError, EncoderError, FewrecError

KEY = "sk-secret-0123456789"


class Service:
    """Answers with [length of the text, 1, 2]; ``script`` holds (status, headers, body) to give first."""

    def __init__(self) -> None:
        self.script: list[tuple[int, dict[str, str], bytes] | str] = []
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append(body)
                outer.headers.append(dict(self.headers.items()))
                outer.paths.append(self.path)
                planned = outer.script.pop(0) if outer.script else None
                if planned == "hang up":
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if isinstance(planned, tuple):
                    self.answer(*planned)
                    return
                data = [
                    {"index": place, "embedding": [len(text), 1.0, 2.0]}
                    for place, text in enumerate(body["input"])
                ]
                self.answer(200, {}, json.dumps({"data": data[::-1]}).encode())  # in reverse: index counts

            def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True, args=(0.01,))
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    yield running
    running.stop()


def endpoint(service: Service, waits: list[float] | None = None, **settings: Any) -> EmbeddingEndpoint:
    waited = waits if waits is not None else []
    return EmbeddingEndpoint("small", base_url=service.url, sleep=waited.append, **settings)


def error(status: int, message: str = "no", **headers: str) -> tuple[int, dict[str, str], bytes]:
    return status, headers, json.dumps({"error": {"message": message}}).encode()


def test_texts_go_in_batches_and_come_back_in_order(service: Service) -> None:
    encoder = endpoint(service, batch_size=2)
    vectors = encode_texts(encoder, ["ccc", "", "a", "bb", "a"])
    assert vectors.tolist() == [[3, 1, 2], [0, 0, 0], [1, 1, 2], [2, 1, 2], [1, 1, 2]]
    assert [request["input"] for request in service.requests] == [["a", "bb"], ["ccc"]]
    assert service.requests[0] == {"model": "small", "input": ["a", "bb"], "encoding_format": "float"}
    assert service.paths == ["/v1/embeddings"] * 2
    assert encoder.id == f"openai:small@{service.url.removeprefix('http://')}"
    assert encoder.dimension == 3


def test_the_environment_gives_address_and_key(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", service.url + "/")
    assert resolve("openai:small").encode(["ab"]).tolist() == [[2, 1, 2]]
    assert "Authorization" not in service.headers[0]
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    resolve("openai:small").encode(["ab"])
    assert service.headers[1]["Authorization"] == f"Bearer {KEY}"
    monkeypatch.setenv("FEWREC_OPENAI_API_KEY", "mine")
    monkeypatch.setenv("FEWREC_OPENAI_BASE_URL", service.url + "/other")
    resolve("openai:small").encode(["ab"])
    assert service.headers[2]["Authorization"] == "Bearer mine"
    assert service.paths[2] == "/v1/other/embeddings"


def test_dimensions_are_asked_for_and_part_of_the_id(service: Service) -> None:
    encoder = endpoint(service, dimensions=3)
    assert encoder.id.startswith("openai:small/3@")
    encoder.encode(["a"])
    assert service.requests[0]["dimensions"] == 3
    with pytest.raises(EncoderError, match="the vectors have 3 columns, but 2 were expected"):
        endpoint(service, dimensions=2).encode(["a"])


def test_blank_texts_alone_ask_once_for_the_width(service: Service) -> None:
    encoder = endpoint(service)
    assert encoder.encode(["", " "]).tolist() == [[0] * 3] * 2
    assert encoder.encode([]).shape == (0, 3)
    assert [request["input"] for request in service.requests] == [["text"]]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
def test_passing_failures_are_tried_again(service: Service, status: int) -> None:
    waits: list[float] = []
    service.script = [error(status), error(status), error(status)]
    assert endpoint(service, waits).encode(["a"]).tolist() == [[1, 1, 2]]
    assert waits == [1, 2, 4]


def test_the_service_says_how_long_to_wait(service: Service) -> None:
    waits: list[float] = []
    service.script = [error(429, **{"Retry-After": value}) for value in ("7", "9999", "soon", "-1")]
    endpoint(service, waits).encode(["a"])
    assert waits == [7, 60, 4, 8]


def test_broken_connections_are_tried_again(service: Service) -> None:
    waits: list[float] = []
    service.script = ["hang up", "hang up"]
    assert endpoint(service, waits).encode(["a"]).tolist() == [[1, 1, 2]]
    assert waits == [1, 2]


def test_tries_come_to_an_end(service: Service) -> None:
    waits: list[float] = []
    service.script = [error(503)] * 3
    with pytest.raises(EncoderError) as caught:
        endpoint(service, waits, retries=2).encode(["a"])
    assert str(caught.value).endswith(
        "the service answered 503 Service Unavailable (tries: 3).\n"
        "What was encoded so far is in the cache; try again later, or choose another encoder."
    )
    assert waits == [1, 2]
    assert len(service.requests) == 3


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(EncoderError, match=r"the service cannot be reached: .* \(tries: 2\)"):
        EmbeddingEndpoint("m", base_url=url, retries=1, sleep=lambda seconds: None).encode(["a"])


def test_a_slow_service_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        encoder = EmbeddingEndpoint("m", base_url=url, timeout=0.1, retries=0)
        with pytest.raises(EncoderError, match=r"the service cannot be reached: timed out \(tries: 1\)"):
            encoder.encode(["a"])


def test_what_was_done_before_a_failure_is_kept(service: Service) -> None:
    texts = [f"{i}" for i in range(6)]
    service.script = ["go on", "go on", error(400)]
    with pytest.raises(EncoderError, match="the service answered 400: no"):
        encode_texts(endpoint(service, batch_size=2), texts)
    assert VectorCache().info().vectors == 4


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (400, "Check the model's name and the address."),
        (401, "Check the key in OPENAI_API_KEY or FEWREC_OPENAI_API_KEY."),
        (403, "The key may not use this model."),
        (404, "Check the model's name and the address; the address must end before /embeddings."),
        (302, "Check the model's name and the address."),
    ],
)
def test_refusals_are_final_and_never_show_the_key(
    service: Service, monkeypatch: pytest.MonkeyPatch, status: int, hint: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    service.script = [error(status, f"Incorrect API key provided: {KEY}.", Location="http://127.0.0.1:9/")]
    encoder = endpoint(service)
    with pytest.raises(EncoderError) as caught:
        encoder.encode(["a"])
    assert str(caught.value) == (
        f"{encoder.id}: the service answered {status}: Incorrect API key provided: [key].\n{hint}"
    )
    assert len(service.requests) == 1
    assert_no_key(caught.value, encoder)


def assert_no_key(error: BaseException, encoder: EmbeddingEndpoint) -> None:
    import traceback

    shown = "".join(traceback.format_exception(error)) + repr(encoder) + str(vars(encoder)) + encoder.id
    assert KEY not in shown


def test_a_refusal_without_the_protocol_s_body(service: Service) -> None:
    service.script = [(400, {}, b"<html>"), (400, {}, b'{"error": "plain"}')]
    with pytest.raises(EncoderError, match="the service answered 400: Bad Request"):
        endpoint(service).encode(["a"])
    with pytest.raises(EncoderError, match="the service answered 400: plain"):
        endpoint(service).encode(["a"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", r"the answer is not a list of embeddings \(JSONDecodeError\)"),
        (b'{"result": []}', r"the answer is not a list of embeddings \(KeyError\)"),
        (b"[1]", r"the answer is not a list of embeddings \(TypeError\)"),
        (b'{"data": []}', "1 texts gave 0 vectors"),
        (b'{"data": [{"index": 3, "embedding": [1]}]}', "1 texts gave 1 vectors"),
        (b'{"data": [{"embedding": "AAAA"}]}', "the vectors are not numbers"),
        (b'{"data": [{"embedding": [NaN]}]}', "1 of 1 vectors hold NaN or infinity"),
        (b'{"data": [{"embedding": []}]}', r"the vectors have shape \(1, 0\)"),
    ],
)
def test_strange_answers_are_refused(service: Service, body: bytes, message: str) -> None:
    service.script = [(200, {}, body)]
    with pytest.raises(EncoderError, match=message):
        endpoint(service).encode(["a"])


def test_an_endless_answer_is_cut_off(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewrec.encode.openai._MAX_ANSWER", 10)
    with pytest.raises(EncoderError, match="the answer is larger than 10 bytes"):
        endpoint(service).encode(["a"])


def test_a_key_is_needed_elsewhere_and_travels_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"no key is set.\nPut it into the environment: OPENAI_API_KEY or"):
        resolve("openai:small").encode(["a"])
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(ConfigError, match="the key would travel unencrypted") as caught:
        EmbeddingEndpoint("small", base_url="http://embeddings.example/v1").encode(["a"])
    assert KEY not in str(caught.value)
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\r\nX-Other: 1")
    with pytest.raises(ConfigError, match="holds characters that no key has") as caught:
        EmbeddingEndpoint("small", base_url="https://embeddings.example/v1").encode(["a"])
    assert KEY not in str(caught.value)


def test_a_key_in_the_address_is_refused() -> None:
    with pytest.raises(ConfigError, match="the address must not hold a name or a key") as caught:
        EmbeddingEndpoint("small", base_url=f"https://user:{KEY}@embeddings.example/v1")
    assert KEY not in str(caught.value) + str(caught.value.value)


@pytest.mark.parametrize(
    "url",
    ["ftp://x/v1", "embeddings", "https://", "https://x:port/", "https://x/v1?key=secret", "http://[::1"],
)
def test_unusable_addresses_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"openai: .* is not the address of a service.\nIt looks") as caught:
        EmbeddingEndpoint("small", base_url=url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "openai: batch_size must be at least 1, not 0."),
        ({"retries": -1}, "openai: retries must be at least 0, not -1."),
        ({"dimensions": 0}, "openai: dimensions must be at least 1, not 0."),
        ({"timeout": 0.0}, "openai: timeout must be above 0 seconds, not 0.0."),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(FewrecError) as caught:
        EmbeddingEndpoint("small", **settings)
    assert str(caught.value) == message


def test_long_texts_are_cut_and_broken_characters_replaced(service: Service) -> None:
    vectors = endpoint(service).encode(["x" * 100_000, "a\ud800"])
    assert vectors[:, 0].tolist() == [24_000, 2]
    assert vectors.dtype == np.float32
