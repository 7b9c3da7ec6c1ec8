"""A service that speaks OpenAI's protocol, in the cloud or on your own machine: its address, its key, its answers.

The key comes from the environment alone, and never shows in an error, a repr or a log.
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

from fewrec.errors import ConfigError, EncoderError

__all__ = ["OpenAiService"]

DEFAULT_BASE_URL = "https://api.openai.com/v1"
URL_VARIABLES = ("FEWREC_OPENAI_BASE_URL", "OPENAI_BASE_URL")
KEY_VARIABLES = ("FEWREC_OPENAI_API_KEY", "OPENAI_API_KEY")
_LOCAL = {"localhost", "127.0.0.1", "::1"}
_MAX_ANSWER = 256_000_000  # bytes
_LONGEST_WAIT = 60.0  # seconds between two tries, whatever the service asks for


class OpenAiService:
    """Base of what asks such a service: ``POST {base_url}/{path}``.

    ``base_url`` default: ``FEWREC_OPENAI_BASE_URL``, ``OPENAI_BASE_URL``, else OpenAI's own. The key is read
    from ``FEWREC_OPENAI_API_KEY`` or ``OPENAI_API_KEY`` at every call; a service on this machine needs none.
    ``timeout`` seconds for one call; answers 408, 409, 429 and 5xx and broken connections are tried again
    ``retries`` times, after 1, 2, 4, ... seconds or as long as the service asks.
    """

    path: str  # behind base_url
    retry_hint = "Try again later."

    def __init__(
        self, model: str, base_url: str | None, timeout: float, retries: int, sleep: Callable[[float], None]
    ) -> None:
        if retries < 0:
            raise ConfigError(f"retries must be at least 0, not {retries}.", where="openai", value=retries)
        if not (math.isfinite(timeout) and timeout > 0):
            raise ConfigError(
                f"timeout must be above 0 seconds, not {timeout}.", where="openai", value=timeout
            )
        self.model = model
        self.base_url = _checked_url(base_url or _from_environment(URL_VARIABLES) or DEFAULT_BASE_URL)
        self._timeout = timeout
        self._retries = retries
        self._sleep = sleep
        parts = urllib.parse.urlsplit(self.base_url)
        self._host = parts.hostname or ""
        self._place = f"{parts.netloc}{parts.path}"
        self.id = f"openai:{model}@{self._place}"
        self._opener = urllib.request.build_opener(_NoRedirect)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model!r}, base_url={self.base_url!r})"

    def _post(self, body: bytes, seconds: float | None = None) -> bytes:
        """The answer's body; tries again where that can help.

        With ``seconds``, all tries together must do with them; then ``TimeoutError``.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        request = urllib.request.Request(
            f"{self.base_url}/{self.path}", data=body, headers=self._headers(), method="POST"
        )
        for attempt in range(self._retries + 1):
            asked: float | None = None
            left = self._timeout if deadline is None else min(self._timeout, deadline - time.monotonic())
            if left <= 0:
                raise TimeoutError(f"{self.id} did not answer within {seconds:g} seconds.")
            try:
                with self._opener.open(request, timeout=left) as response:
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
                pause = min(asked if asked is not None else 2.0**attempt, _LONGEST_WAIT)
                if deadline is not None and time.monotonic() + pause >= deadline:
                    raise TimeoutError(f"{self.id} did not answer within {seconds:g} seconds: {problem}.")
                self._sleep(pause)
        if deadline is not None and time.monotonic() >= deadline:
            raise TimeoutError(f"{self.id} did not answer within {seconds:g} seconds: {problem}.")
        raise EncoderError(
            f"{problem} (tries: {self._retries + 1}).",
            where=self.id,
            hint=self.retry_hint,
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
            404: f"Check the model's name and the address; the address must end before /{self.path}.",
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
