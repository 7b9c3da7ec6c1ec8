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
from fewrec.errors import EncoderError

__all__ = ["CLASS", "OnnxEncoder"]

CLASS = "OnnxEncoder"
_AT_ONCE = 8  # larger batches are slower on one core: they leave the cache
_MAX_CHARACTERS = 20_000
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


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
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        rows = [row for row, text in enumerate(texts) if text.strip()]
        if not rows:
            return out
        self._load()
        clean = [texts[row][:_MAX_CHARACTERS].encode("utf-8", "replace").decode() for row in rows]
        tokens = [found.ids for found in self._tokenizer.encode_batch(clean)]
        order = sorted(range(len(rows)), key=lambda at: len(tokens[at]))  # little is computed for padding
        for start in range(0, len(order), _AT_ONCE):
            part = order[start : start + _AT_ONCE]
            found = self._session.run(None, self._feed([tokens[at] for at in part]))[0]
            out[[rows[at] for at in part]] = checked_vectors(found, len(part), self.id, self.dimension)
        return out

    def _feed(self, ids: list[list[int]]) -> dict[str, np.ndarray]:
        tokens = np.zeros((len(ids), max(map(len, ids))), dtype=np.int64)
        mask = np.zeros_like(tokens)
        for row, own in enumerate(ids):
            tokens[row, : len(own)] = own
            mask[row, : len(own)] = 1
        feed = dict(zip(_INPUTS, (tokens, mask, np.zeros_like(tokens)), strict=True))
        return {name: feed[name] for name in self._names}

    def _load(self) -> None:
        with self._lock:
            if self._session is not None:
                return
            import onnxruntime
            from tokenizers import Tokenizer

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            options.log_severity_level = 3
            self._tokenizer = Tokenizer.from_str(self._bytes.decode("utf-8"))
            self._tokenizer.no_padding()
            self._tokenizer.enable_truncation(self._max_tokens)
            session = onnxruntime.InferenceSession(self._network, options, providers=["CPUExecutionProvider"])
            self._names = [entry.name for entry in session.get_inputs()]
            self._session = session
