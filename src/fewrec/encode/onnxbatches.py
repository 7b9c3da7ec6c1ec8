"""Texts through a tokenizer and a network on ONNX Runtime, a few of like length at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["in_batches", "padded", "session_of"]

AT_ONCE = 8  # larger batches are slower on one core: they leave the cache


def in_batches(
    texts: Sequence[str],
    dimension: int,
    most_characters: int,
    tokenizer: Callable[[], Any],
    embed: Callable[[list[list[int]]], np.ndarray],
) -> np.ndarray:
    """(N, D) float32, blank texts give zero rows; ``embed``: token ids of some texts -> (n, D).

    ``tokenizer`` is asked for only when there is something to read. ``most_characters``: what is longer is cut before
    it is tokenized, which spares the tokenizer a 10 MB cell.
    """
    out = np.zeros((len(texts), dimension), dtype=np.float32)
    rows = [row for row, text in enumerate(texts) if text.strip()]
    if not rows:
        return out
    clean = [texts[row][:most_characters].encode("utf-8", "replace").decode() for row in rows]
    tokens = [found.ids for found in tokenizer().encode_batch(clean)]
    order = sorted(range(len(rows)), key=lambda at: len(tokens[at]))  # little is computed for padding
    for start in range(0, len(order), AT_ONCE):
        part = order[start : start + AT_ONCE]
        out[[rows[at] for at in part]] = embed([tokens[at] for at in part])
    return out


def padded(ids: list[list[int]]) -> dict[str, np.ndarray]:
    """What a BERT-like network is fed: (n, longest) int64 each; 0 is the padding."""
    tokens = np.zeros((len(ids), max(map(len, ids))), dtype=np.int64)
    mask = np.zeros_like(tokens)
    for row, own in enumerate(ids):
        tokens[row, : len(own)] = own
        mask[row, : len(own)] = 1
    return {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}


def session_of(network: bytes, threads: int = 1) -> Any:
    """The network, ready to run on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
