"""A GGUF file through llama.cpp, in this process: the package ``xllamacpp`` (extra ``llamacpp``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fewrec.errors import ConfigError, EncoderError
from fewrec.llm.endpoint import ChatProtocol
from fewrec.llm.files import gguf_id, needed

__all__ = ["LlamaCpp"]


class LlamaCpp(ChatProtocol):
    """The model in the file ``path``, loaded at once. Quantised weights stay as they are: quick, and small.

    ``context``: tokens of a prompt and its answer at most. ``threads``: None leaves it to llama.cpp. A call cannot be
    broken off: a `fewrec.llm.Rater` looks at the time between two prompts.

    A server of llama.cpp, Ollama or vLLM that runs already is asked by `fewrec.llm.ChatEndpoint`.
    """

    def __init__(self, path: str | Path, *, context: int = 4096, threads: int | None = None) -> None:
        needed("llama.cpp", "xllamacpp", install='pip install "fewrec[llamacpp]"')
        if context < 256:
            raise ConfigError(
                f"context must be at least 256, not {context}.", where="llama.cpp", value=context
            )
        self.id = f"llamacpp:{gguf_id(path)}"
        self.model = Path(path).stem
        import xllamacpp

        settings = xllamacpp.CommonParams()
        settings.model.path = str(path)
        settings.n_ctx = context
        settings.n_parallel = 1
        settings.warmup = False
        settings.verbosity = -1
        if threads is not None:
            settings.cpuparams.n_threads = threads
        try:
            self._server: Any = xllamacpp.Server(settings)
        except Exception as error:  # a RuntimeError of the library, whatever is wrong
            raise EncoderError(
                f"the model cannot be loaded: {error}",
                where=self.id,
                hint="It must be a GGUF file of a model that chats.",
            ) from error

    def _post(self, body: bytes, seconds: float | None = None) -> bytes:
        answer = self._server.handle_chat_completions(json.loads(body))
        told = answer if isinstance(answer, dict) else json.loads(answer)
        if "error" in told:
            raise EncoderError(f"llama.cpp answered: {told['error']}", where=self.id, value=told.get("code"))
        return json.dumps(told).encode()
