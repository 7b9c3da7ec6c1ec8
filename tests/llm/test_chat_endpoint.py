"""A language model behind the protocol, by a small service on the loopback address."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from fewrec.errors import EncoderError
from fewrec.llm import ChatEndpoint, Prompt, Rater

ASKED = Prompt("Rate.", "Lamp?")


class Service:
    """Answers with ``script``'s entries in turn: a status and a body, or seconds to wait before the last one."""

    def __init__(self) -> None:
        self.script: list[tuple[int, Any]] = []
        self.delay = 0.0
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                outer.paths.append(self.path)
                time.sleep(outer.delay)
                status, answer = outer.script.pop(0) if len(outer.script) > 1 else outer.script[0]
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except (BrokenPipeError, ConnectionResetError):  # who asked did not wait
                    self.close_connection = True

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join()


def logprobs(**likelihoods: float) -> dict[str, Any]:
    listed = [{"token": token, "logprob": float(np.log(one))} for token, one in likelihoods.items()]
    told = [{"token": listed[0]["token"], "logprob": listed[0]["logprob"], "top_logprobs": listed}]
    return {"choices": [{"message": {"content": "Yes"}, "logprobs": {"content": told}}]}


def message(content: str) -> dict[str, Any]:
    return {"choices": [{"message": {"content": content}}]}


def test_likelihoods_come_from_the_first_token(service):
    # "Yes" and "yes" are one word: .5 + .1. "Maybe" is none. "No" is .2.
    service.script = [(200, logprobs(Yes=0.5, No=0.2, yes=0.1, Maybe=0.05))]
    found = ChatEndpoint("m", base_url=service.url).likelihoods([ASKED], ["Yes", "No"])
    np.testing.assert_allclose(np.exp(found), [[0.6, 0.2]], atol=1e-6)
    (sent,) = service.requests
    assert service.paths == ["/v1/chat/completions"]
    assert sent["messages"] == [
        {"role": "system", "content": "Rate."},
        {"role": "user", "content": "Lamp?"},
    ]
    assert (sent["logprobs"], sent["max_tokens"], sent["temperature"]) == (True, 1, 0)


def test_a_word_that_is_not_listed_is_no_likelier_than_the_last(service):
    service.script = [(200, logprobs(Yes=0.9, Sure=0.05))]
    found = ChatEndpoint("m", base_url=service.url).likelihoods([ASKED], ["Yes", "No"])
    np.testing.assert_allclose(np.exp(found), [[0.9, 0.05]], atol=1e-6)


@pytest.mark.parametrize("first", [(400, {"error": "no logprobs"}), (200, message("Yes"))])
def test_without_likelihoods_an_answer_by_schema(service, first):
    service.script = [first, (200, message('{"answer": "No"}')), (200, message('{"answer": "Yes"}'))]
    found = ChatEndpoint("m", base_url=service.url).likelihoods([ASKED, ASKED], ["Yes", "No"])
    np.testing.assert_allclose(np.exp(found), [[0.05, 0.95], [0.95, 0.05]], atol=1e-6)
    schema = service.requests[1]["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["answer"]["enum"] == ["Yes", "No"]
    assert len(service.requests) == 3  # likelihoods are not asked for again


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([(200, message("x")), (200, message("I think Yes!"))], "neither likelihoods nor the JSON"),
        (
            [(200, message("x")), (200, message('{"answer": "Perhaps"}'))],
            "'Perhaps', which is no rating word",
        ),
        ([(200, {"choices": []})], "it is no chat completion"),
        ([(200, {"choices": [7]})], "it is no chat completion"),
        ([(200, logprobs(Yes=5.0))], "its logprobs are no logarithms of likelihoods"),
        (
            [(200, {"choices": [{"logprobs": {"content": [{"top_logprobs": [{"token": "Yes"}]}]}}]})],
            "its logprobs cannot be read",
        ),
        ([(404, {"error": {"message": "no such model"}})], "the service answered 404: no such model"),
    ],
)
def test_strange_answers_are_told(service, answers, said):
    service.script = answers
    with pytest.raises(EncoderError, match=said):
        ChatEndpoint("m", base_url=service.url).likelihoods([ASKED], ["Yes", "No"])


def test_a_slow_service_is_left_in_time(service):
    service.script, service.delay = [(200, logprobs(Yes=0.6, No=0.4))], 0.6
    endpoint = ChatEndpoint("m", base_url=service.url)
    begin = time.monotonic()
    assert Rater(endpoint, seconds=0.2, cache=None).scores([], ["lamp"]) is None
    assert time.monotonic() - begin < 0.5
    with pytest.raises(TimeoutError, match=r"did not answer within|no time is left"):
        endpoint.likelihoods([ASKED], ["Yes", "No"], 0.1)
    assert Rater(endpoint, seconds=30.0, cache=None).scores([], ["lamp"]) is not None


def test_a_text_is_written(service):
    service.script = [(200, message("  A red lamp. "))]
    assert ChatEndpoint("m", base_url=service.url).write(ASKED, 20) == "A red lamp."
    assert service.requests[0]["max_tokens"] == 20
    service.script = [(200, {"choices": [{"message": {}}]})]
    with pytest.raises(EncoderError, match="there is no text in the answer"):
        ChatEndpoint("m", base_url=service.url).write(ASKED, 20)


def test_retries_stop_where_time_runs_out(service):
    service.script = [(503, {})]
    endpoint = ChatEndpoint("m", base_url=service.url, retries=4)
    with pytest.raises(TimeoutError, match="503"):  # the first pause would be 1 s
        endpoint.likelihoods([ASKED], ["Yes", "No"], 0.5)
    with pytest.raises(EncoderError, match=r"503 .* \(tries: 1\)"):
        ChatEndpoint("m", base_url=service.url, retries=0).likelihoods([ASKED], ["Yes", "No"])
