"""``openai:MODEL``: an embedding service that speaks OpenAI's protocol, in the cloud or on your own machine.

Never used unless asked for by name: texts then leave the machine. The key comes from the environment alone,
and never shows in an error, a repr or a log.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fewrec.encode.checks import checked_vectors
from fewrec.errors import ConfigError, EncoderError

DEFAULT_BASE_URL = "https://api.openai.com/v1"
URL_VARIABLES = ("FEWREC_OPENAI_BASE_URL", "OPENAI_BASE_URL")
KEY_VARIABLES = ("FEWREC_OPENAI_API_KEY", "OPENAI_API_KEY")
_LOCAL = {"localhost", "127.0.0.1", "::1"}
_MAX_CHARACTERS = 24_000  # about 8,000 tokens, where such services stop
_MAX_ANSWER = 256_000_000  # bytes
_LONGEST_WAIT = 60.0  # seconds between two tries, whatever the service asks for


class EmbeddingEndpoint:
    """``POST {base_url}/embeddings``: (N, D) float32 as the service gives them.

    ``base_url`` default: ``FEWREC_OPENAI_BASE_URL``, ``OPENAI_BASE_URL``, else OpenAI's own. The key is read
    from ``FEWREC_OPENAI_API_KEY`` or ``OPENAI_API_KEY`` at every call; a service on this machine needs none.
    ``dimensions`` asks for shorter vectors where the model can. ``timeout`` seconds for one call; answers
    408, 409, 429 and 5xx and broken connections are tried again ``retries`` times, after 1, 2, 4, ... seconds
    or as long as the service asks.

    Raises `ConfigError` for an unusable address, a key that would go over an open line, or no key where one
    is needed; `EncoderError` for what the service answers.
    """

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
        for name, value, least in (
            ("batch_size", batch_size, 1),
            ("retries", retries, 0),
            ("dimensions", 1 if dimensions is None else dimensions, 1),
        ):
            if value < least:
                raise ConfigError(
                    f"{name} must be at least {least}, not {value}.", where="openai", value=value
                )
        if not (math.isfinite(timeout) and timeout > 0):
            raise ConfigError(
                f"timeout must be above 0 seconds, not {timeout}.", where="openai", value=timeout
            )
        self.model = model
        self.base_url = _checked_url(base_url or _from_environment(URL_VARIABLES) or DEFAULT_BASE_URL)
        self.batch_size = batch_size
        self.dimension = dimensions
        self._dimensions = dimensions
        self._timeout = timeout
        self._retries = retries
        self._sleep = sleep
        parts = urllib.parse.urlsplit(self.base_url)
        self._host = parts.hostname or ""
        short = f"/{dimensions}" if dimensions else ""
        self.id = f"openai:{model}{short}@{parts.netloc}{parts.path}"
        self._opener = urllib.request.build_opener(_NoRedirect)

    def __repr__(self) -> str:
        return f"EmbeddingEndpoint({self.model!r}, base_url={self.base_url!r})"

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

    def _post(self, body: bytes) -> bytes:
        """The answer's body; tries again where that can help."""
        request = urllib.request.Request(
            f"{self.base_url}/embeddings", data=body, headers=self._headers(), method="POST"
        )
        for attempt in range(self._retries + 1):
            asked: float | None = None
            try:
                with self._opener.open(request, timeout=self._timeout) as response:
                    content: bytes = response.read(_MAX_ANSWER + 1)
                if len(content) > _MAX_ANSWER:
                    raise EncoderError(f"the answer is larger than {_MAX_ANSWER} bytes.", where=self.id)
                return content
            except urllib.error.HTTPError as error:
                with error:
                    if error.code not in (408, 409, 429) and error.code < 500:
                        raise self._refused(error) from None
                    asked = _seconds(error.headers.get("Retry-After"))
                problem = f"the service answered {error.code} {error.reason}"
            except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
                reason = getattr(error, "reason", error)
                problem = (
                    f"the service cannot be reached: {self._without_key(str(reason) or type(error).__name__)}"
                )
            if attempt < self._retries:
                self._sleep(min(asked if asked is not None else 2.0**attempt, _LONGEST_WAIT))
        raise EncoderError(
            f"{problem} (tries: {self._retries + 1}).",
            where=self.id,
            hint="What was encoded so far is in the cache; try again later, or choose another encoder.",
        )

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "fewrec"}
        key = _from_environment(KEY_VARIABLES)
        local = self._host in _LOCAL
        if key is None:
            if not local:
                raise ConfigError(
                    "no key is set.",
                    where=self.id,
                    hint=f"Put it into the environment: {KEY_VARIABLES[1]} or {KEY_VARIABLES[0]}.",
                )
            return headers
        if not local and self.base_url.startswith("http:"):
            raise ConfigError(
                "the key would travel unencrypted.",
                where=self.id,
                hint="Use an address that begins with https.",
            )
        if not key.isascii() or not key.isprintable():
            raise ConfigError(
                "the key in the environment holds characters that no key has.",
                where=self.id,
                hint="Copy it again; quotes and line ends do not belong to it.",
            )
        headers["Authorization"] = f"Bearer {key}"
        return headers

    def _refused(self, error: urllib.error.HTTPError) -> EncoderError:
        detail = ""
        try:
            told = json.loads(error.read(10_000))["error"]
            detail = str(told["message"] if isinstance(told, dict) else told)
        except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
            detail = str(error.reason)  # the body was not the protocol's; the status line will do
        hints = {
            401: f"Check the key in {KEY_VARIABLES[1]} or {KEY_VARIABLES[0]}.",
            403: "The key may not use this model.",
            404: "Check the model's name and the address; the address must end before /embeddings.",
        }
        return EncoderError(
            f"the service answered {error.code}: {self._without_key(detail)[:300]}",
            where=self.id,
            value=error.code,
            hint=hints.get(error.code, "Check the model's name and the address."),
        )

    @staticmethod
    def _without_key(text: str) -> str:
        """``text`` without the key: some services repeat it in their answers."""
        key = _from_environment(KEY_VARIABLES)
        return text.replace(key, "[key]") if key else text


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected request would carry the key to another address."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def openai_encoder(argument: str | None) -> EmbeddingEndpoint:
    """``openai:MODEL``."""
    if argument is None:
        raise ConfigError(
            "openai needs a model's name.", value="openai", hint="Write openai:text-embedding-3-small, say."
        )
    return EmbeddingEndpoint(argument)


def _from_environment(names: Sequence[str]) -> str | None:
    return next((value for name in names if (value := os.environ.get(name, "").strip())), None)


def _checked_url(url: str) -> str:
    address = url.strip()
    shown = address.split("?")[0].split("#")[0]  # what stands behind may be a key
    try:
        parts = urllib.parse.urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        usable = usable and shown == address
    except ValueError:  # a port that is no number, say
        usable = False
    if "@" in address:
        raise ConfigError(
            "the address must not hold a name or a key.", where="openai", hint="Leave out NAME@."
        )
    if not usable:
        raise ConfigError(
            f"{shown!r} is not the address of a service.",
            where="openai",
            value=shown,
            hint="It looks like https://host/v1, with nothing behind.",
        )
    return address.rstrip("/")


def _seconds(header: str | None) -> float | None:
    """The Retry-After header as seconds; dates, which are rare, count as not given."""
    try:
        value = float(header) if header is not None else None
    except ValueError:
        return None
    return value if value is not None and math.isfinite(value) and value >= 0 else None
