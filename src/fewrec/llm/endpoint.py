"""A language model behind OpenAI's protocol: in the cloud, or llama.cpp, vLLM, Ollama on your own machine."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.encode.openai import OpenAiService
from fewrec.errors import EncoderError
from fewrec.llm.prompts import Prompt

__all__ = ["ChatEndpoint", "ChatProtocol"]

TOP_LOGPROBS = 20  # the most that the protocol allows
SAID = 0.95
"""Likelihood given to the word of a JSON answer: it says which, not how sure."""


class ChatProtocol:
    """Likelihoods and texts from whatever answers OpenAI's chat completions: see `ChatEndpoint`."""

    id: str
    model: str
    batch_size = 1
    _schema = False  # whether it has shown that it gives no likelihoods

    def _post(self, body: bytes, seconds: float | None = None) -> bytes:
        """The answer's body; ``TimeoutError`` where it takes longer than ``seconds`` and can be broken off."""
        raise NotImplementedError

    def likelihoods(
        self, prompts: Sequence[Prompt], words: Sequence[str], seconds: float | None = None
    ) -> NDArray[np.float32]:
        """See `fewrec.llm.LanguageModel`. A word that is not among the 20 likeliest gets the likelihood of the last."""
        deadline = None if seconds is None else time.monotonic() + seconds
        rows = []
        for prompt in prompts:
            left = None if deadline is None else deadline - time.monotonic()
            row = None if self._schema else self._by_logprobs(prompt, words, left)
            if row is None:
                self._schema = True
                left = None if deadline is None else deadline - time.monotonic()
                row = self._by_schema(prompt, words, left)
            rows.append(row)
        return np.array(rows, dtype=np.float32).reshape(len(prompts), len(words))

    def write(self, prompt: Prompt, tokens: int) -> str:
        """See `fewrec.llm.LanguageModel`."""
        choice = self._ask(prompt, {"max_tokens": tokens}, None)
        content = choice.get("message", {}).get("content")
        if not isinstance(content, str):
            raise self._strange("there is no text in the answer")
        return content.strip()

    def _by_logprobs(self, prompt: Prompt, words: Sequence[str], seconds: float | None) -> list[float] | None:
        """``None`` where the service gives none."""
        try:
            choice = self._ask(
                prompt, {"max_tokens": 1, "logprobs": True, "top_logprobs": TOP_LOGPROBS}, seconds
            )
        except EncoderError as error:
            if error.value in (400, 422):  # it does not know the field
                return None
            raise
        told = (choice.get("logprobs") or {}).get("content")
        if not told:
            return None
        try:
            listed = [(str(one["token"]), float(one["logprob"])) for one in told[0]["top_logprobs"]]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise self._strange(f"its logprobs cannot be read ({type(error).__name__})") from error
        if not listed:
            return None
        if any(math.isnan(logarithm) or logarithm > 1e-3 for _, logarithm in listed):
            raise self._strange("its logprobs are no logarithms of likelihoods")
        least = min(logarithm for _, logarithm in listed)
        row = []
        for word in words:
            same = [logarithm for token, logarithm in listed if _names(token, word)]
            row.append(float(np.logaddexp.reduce(same)) if same else least)
        return [min(one, 0.0) for one in row]

    def _by_schema(self, prompt: Prompt, words: Sequence[str], seconds: float | None) -> list[float]:
        schema = {
            "type": "object",
            "properties": {"answer": {"type": "string", "enum": list(words)}},
            "required": ["answer"],
            "additionalProperties": False,
        }
        form = {"type": "json_schema", "json_schema": {"name": "rating", "strict": True, "schema": schema}}
        choice = self._ask(prompt, {"max_tokens": 30, "response_format": form}, seconds)
        try:
            answer = json.loads(choice["message"]["content"])["answer"]
        except (KeyError, TypeError, ValueError) as error:
            raise self._strange("it gives neither likelihoods nor the JSON that was asked for") from error
        if answer not in words:
            raise self._strange(f"it answered {str(answer)[:50]!r}, which is no rating word")
        others = math.log((1 - SAID) / (len(words) - 1))
        return [math.log(SAID) if word == answer else others for word in words]

    def _ask(self, prompt: Prompt, more: Mapping[str, Any], seconds: float | None) -> dict[str, Any]:
        """The first choice of the answer."""
        messages = [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ]
        body = {"model": self.model, "messages": messages, "temperature": 0, **more}
        if seconds is not None and seconds <= 0:
            raise TimeoutError(f"no time is left to ask {self.id}.")
        answer = self._post(json.dumps(body).encode(), seconds)
        try:
            choice = json.loads(answer)["choices"][0]
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise self._strange(f"it is no chat completion ({type(error).__name__})") from error
        if not isinstance(choice, dict):
            raise self._strange("it is no chat completion")
        return choice

    def _strange(self, what: str) -> EncoderError:
        return EncoderError(
            f"the answer cannot be used: {what}.",
            where=self.id,
            hint="Is the address that of an OpenAI-compatible service? It must end before /chat/completions.",
        )


class ChatEndpoint(OpenAiService, ChatProtocol):
    """``POST {base_url}/chat/completions``: likelihoods of the first word of the answer, one call a prompt.

    Services that give no likelihoods (``logprobs``) are asked for JSON with the rating word by a schema; an answer
    then counts as 95 % likely, whatever the service thought. Nothing is read out of free text.

    Prompts leave the machine unless the service runs on it: titles, and what the visitor liked. Address, key,
    ``timeout`` and ``retries`` as in `fewrec.encode.openai.OpenAiService`.
    """

    path = "chat/completions"
    retry_hint = "What was answered so far is in the cache; try again later."

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        timeout: float = 30.0,
        retries: int = 2,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(model, base_url, timeout, retries, sleep)


def _names(token: str, word: str) -> bool:
    """Whether a token is the word, case and blanks aside."""
    bare = token.strip().casefold()
    return bool(bare) and bare == word.casefold()
