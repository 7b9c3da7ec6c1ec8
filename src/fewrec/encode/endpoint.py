"""``openai:MODEL``: an embedding service that speaks OpenAI's protocol, in the cloud or on your own machine.

Never used unless asked for by name: texts then leave the machine. The key comes from the environment alone,
and never shows in an error, a repr or a log.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fewrec.encode.checks import checked_vectors
from fewrec.encode.openai import OpenAiService
from fewrec.errors import ConfigError, EncoderError

_MAX_CHARACTERS = 24_000  # about 8,000 tokens, where such services stop


class EmbeddingEndpoint(OpenAiService):
    """``POST {base_url}/embeddings``: (N, D) float32 as the service gives them.

    Address, key, ``timeout`` and ``retries`` as in `OpenAiService`. ``dimensions`` asks for shorter vectors where
    the model can.

    Raises `ConfigError` for an unusable address, a key that would go over an open line, or no key where one
    is needed; `EncoderError` for what the service answers.
    """

    path = "embeddings"
    retry_hint = "What was encoded so far is in the cache; try again later, or choose another encoder."

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        dimensions: int | None = None,
        batch_size: int = 64,
        timeout: float = 30.0,
        retries: int = 4,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        for name, value in (
            ("batch_size", batch_size),
            ("dimensions", 1 if dimensions is None else dimensions),
        ):
            if value < 1:
                raise ConfigError(f"{name} must be at least 1, not {value}.", where="openai", value=value)
        super().__init__(model, base_url, timeout, retries, sleep)
        self.batch_size = batch_size
        self.dimension = dimensions
        self._dimensions = dimensions
        if dimensions:
            self.id = f"openai:{model}/{dimensions}@{self._place}"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32; blank texts are not sent and give zero rows."""
        rows = [row for row, text in enumerate(texts) if text.strip()]
        parts = [
            self._embed([texts[row] for row in rows[start : start + self.batch_size]])
            for start in range(0, len(rows), self.batch_size)
        ]
        if self.dimension is None:  # only blank texts so far: one word tells how wide a row is
            self._embed(["text"])
        out = np.zeros((len(texts), self.dimension or 0), dtype=np.float32)
        if parts:
            out[rows] = np.concatenate(parts)
        return out

    def _embed(self, texts: list[str]) -> np.ndarray:
        clean = [text[:_MAX_CHARACTERS].encode("utf-8", "replace").decode() for text in texts]
        body: dict[str, Any] = {"model": self.model, "input": clean, "encoding_format": "float"}
        if self._dimensions is not None:
            body["dimensions"] = self._dimensions
        answer = self._post(json.dumps(body).encode())
        try:
            entries = json.loads(answer)["data"]
            order = [int(entry.get("index", place)) for place, entry in enumerate(entries)]
            rows = [entry["embedding"] for entry in entries]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EncoderError(
                f"the answer is not a list of embeddings ({type(error).__name__}).",
                where=self.id,
                hint="Is the address that of an OpenAI-compatible service? It must end before /embeddings.",
            ) from error
        if sorted(order) != list(range(len(texts))):
            raise EncoderError(
                f"{len(texts)} texts gave {len(rows)} vectors.", where=self.id, value=len(rows)
            )
        ordered = [rows[place] for place in np.argsort(order)]  # services may answer in any order
        vectors = checked_vectors(ordered, len(texts), self.id, self.dimension)
        self.dimension = int(vectors.shape[1])
        return vectors


def openai_encoder(argument: str | None) -> EmbeddingEndpoint:
    """``openai:MODEL``."""
    if argument is None:
        raise ConfigError(
            "openai needs a model's name.", value="openai", hint="Write openai:text-embedding-3-small, say."
        )
    return EmbeddingEndpoint(argument)
