"""An encoder that ``fewrec adapt export`` has written: a network for ONNX Runtime and its tokenizer. No torch is
needed.

It lies in a folder of fewrec's own (`fewrec.persist`): a manifest, and the network and the tokenizer as bytes in one
file with checksums, so that a damaged or half-written one never loads. Needs the extra ``onnx``."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from fewrec.encode.checks import checked_vectors
from fewrec.encode.onnxbatches import in_batches, padded, session_of
from fewrec.errors import EncoderError

__all__ = ["CLASS", "OnnxEncoder"]

CLASS = "OnnxEncoder"
_MAX_CHARACTERS = 20_000


class OnnxEncoder:
    """``network``: an ONNX model from token ids and mask to one vector per text. ``tokenizer``: a ``tokenizer.json``.

    One thread, so that the answer does not depend on the machine. Raises `EncoderError` without the extra.
    """

    batch_size = 64

    def __init__(self, network: bytes, tokenizer: bytes, name: str, dimension: int, max_tokens: int) -> None:
        lacking = [module for module in ("onnxruntime", "tokenizers") if find_spec(module) is None]
        if lacking:
            raise EncoderError(
                f"needs {', '.join(lacking)}.",
                where=name,
                value=lacking,
                hint='Install it: pip install "fewrec[onnx]".',
            )
        self.id, self.dimension = name, dimension
        self._network, self._bytes, self._max_tokens = network, tokenizer, max_tokens
        self._session: Any = None
        self._lock = threading.Lock()

    @classmethod
    def of(cls, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> OnnxEncoder:
        """From the parts of a saved folder."""
        network, tokenizer = arrays["network"].tobytes(), arrays["tokenizer"].tobytes()
        return cls(network, tokenizer, about["id"], about["dimension"], about["max_tokens"])

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32; blank texts give zero rows, texts are cut where the model's own limit is."""

        def tokenizer() -> Any:
            self.load()
            return self._tokenizer

        return in_batches(texts, self.dimension, _MAX_CHARACTERS, tokenizer, self._embed)

    def _embed(self, ids: list[list[int]]) -> np.ndarray:
        feed = padded(ids)
        found = self._session.run(None, {name: feed[name] for name in self._names})[0]
        return checked_vectors(found, len(ids), self.id, self.dimension)

    def load(self) -> None:
        """Loads the model now, not at the first `encode`."""
        with self._lock:
            if self._session is not None:
                return
            from tokenizers import Tokenizer

            self._tokenizer = Tokenizer.from_str(self._bytes.decode("utf-8"))
            self._tokenizer.no_padding()
            self._tokenizer.enable_truncation(self._max_tokens)
            session = session_of(self._network)
            self._names = [entry.name for entry in session.get_inputs()]
            self._session = session
