"""``export``: a tuned Transformers model as 8-bit ONNX that is served without torch, accepted only if it says the
same."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fewrec.adapt.loading import load_model, tunable
from fewrec.adapt.trial import Paired, new_item_ndcg, paired
from fewrec.adapt.world import HELD_OUT, MIN_ITEMS, MIN_USERS, read
from fewrec.data import Dataset
from fewrec.encode import resolve
from fewrec.encode.hub import HubEncoder
from fewrec.encode.onnxfolder import CLASS, OnnxEncoder
from fewrec.errors import EncoderError
from fewrec.persist import write_folder
from fewrec.recommender.threads import one_thread

__all__ = ["LEAST_COSINE", "Exported", "export"]

LEAST_COSINE = 0.98
"""Mean cosine between the vectors of the model and of its 8-bit form, below which it is not accepted."""

LEAST_NDCG = 0.98
"""Share of the NDCG@10 of new items that it must keep, unless the loss is within noise."""

MOST_PEOPLE = 1000
"""Whose lists are compared, at most."""

LEAST_SHARED = 0.9
"""Mean share of a text's ten nearest others that both forms name, below which it is not accepted."""


@dataclass(frozen=True)
class Exported:
    """What was written, and how near it is."""

    folder: Path
    id: str
    cosine: float  # mean over the texts
    shared: float  # of the ten nearest texts, mean over the texts
    megabytes: float
    ndcg: Paired | None = (
        None  # of new items inside the whole model: the model as "frozen", its 8-bit form as "tuned"
    )


def export(
    encoder: Any,
    folder: str | os.PathLike[str],
    texts: Sequence[str],
    *,
    data: Dataset | None = None,
    quantise: bool = True,
    seed: int = 0,
) -> Exported:
    """Writes ``encoder`` (a Transformers model in a folder, or ``hub:NAME``) into ``folder``; ``resolve`` takes it.

    ``texts``: what the two forms are compared on, such as the titles of the catalogue. ``data``: interactions by which
    they are compared, too: a fifth of the items that somebody liked is hidden and ranked by the whole model with either
    form, for the same people. ``quantise``: 8-bit weights by
    dynamic quantisation, else float32. Raises ``EncoderError`` where the exported form says something else than the
    model (and writes nothing), and without the extra ``train``."""
    base = tunable(resolve(encoder), "What is no Transformers model needs no export: name it as it is")
    network, tokenizer, max_tokens = _network(base, quantise)
    told = list(dict.fromkeys(text for text in texts if text.strip()))[:2000]
    wanted = base.encode(told)
    name = f"onnx:{base.id}{'-int8' if quantise else ''}"
    made = OnnxEncoder(network, tokenizer, name, wanted.shape[1], max_tokens)
    cosine, shared = _near(wanted, made.encode(told))
    if cosine < LEAST_COSINE or shared < LEAST_SHARED:
        raise EncoderError(
            f"the exported model differs: mean cosine {cosine:.3f} (at least {LEAST_COSINE}), {shared:.0%} of "
            f"the ten nearest texts shared (at least {LEAST_SHARED:.0%}). Nothing was written.",
            where=name,
            value=(cosine, shared),
            hint="Export it without quantisation, or serve the model itself.",
        )
    marked = None if data is None else _lists(data, base, made, seed)
    if marked is not None and marked.behind and marked.tuned < LEAST_NDCG * marked.frozen:
        raise EncoderError(
            f"the exported model ranks worse: NDCG@10 of new items {marked.tuned:.4f} against {marked.frozen:.4f} "
            f"({marked.difference:+.4f} ± {marked.error:.4f}, {marked.users} people). Nothing was written.",
            where=name,
            value=marked.difference,
            hint="Export it without quantisation, or serve the model itself.",
        )
    about = {
        "class": CLASS,
        "id": name,
        "dimension": wanted.shape[1],
        "max_tokens": max_tokens,
        "cosine": cosine,
        "shared": shared,
    }
    arrays = {"network": np.frombuffer(network, np.uint8), "tokenizer": np.frombuffer(tokenizer, np.uint8)}
    saved = write_folder(folder, about, arrays, {})
    return Exported(saved, name, cosine, shared, len(network) / 1e6, marked)


def _lists(data: Dataset, base: HubEncoder, made: OnnxEncoder, seed: int) -> Paired | None:
    """NDCG@10 of hidden items, by the model and by its exported form; ``None`` where too few like anything."""
    with one_thread:
        _, training = read(data, base, seed, None)
        rng = np.random.default_rng(seed)
        liked = rng.permutation(np.unique(training.liked.indices)).astype(np.intp)
        able = np.flatnonzero(np.diff(training.liked.indptr) >= 2)
        if len(liked) < MIN_ITEMS or len(able) < MIN_USERS:
            return None
        hidden = np.sort(liked[: int(len(liked) * HELD_OUT)])
        people = np.sort(rng.permutation(able)[:MOST_PEOPLE]).astype(np.intp)
        marks = [
            new_item_ndcg(seen, hidden, people, seed) for seen in (training, read(data, made, seed, None)[1])
        ]
    return paired(*marks)


def _network(base: HubEncoder, quantise: bool) -> tuple[bytes, bytes, int]:
    """``(ONNX model, tokenizer.json, longest text in tokens)``."""
    import torch

    model = load_model(base.folder).to("cpu").eval()

    class Vectors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model({"input_ids": input_ids, "attention_mask": attention_mask})[
                "sentence_embedding"
            ]

    names = ["input_ids", "attention_mask"]
    example = torch.tensor([[1, 2, 3, 4], [1, 2, 3, 0]]), torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter speaks of its own plans
        path = Path(place) / "model.onnx"
        axes = {name: {0: "texts", 1: "tokens"} for name in names}
        torch.onnx.export(
            Vectors(), example, str(path), input_names=names, output_names=["vectors"], dynamic_axes=axes,
            opset_version=17, dynamo=False,
        )  # fmt: skip
        if quantise:
            from onnxruntime.quantization import QuantType, quantize_dynamic

            smaller = Path(place) / "int8.onnx"
            quantize_dynamic(str(path), str(smaller), weight_type=QuantType.QInt8, per_channel=True)
            path = smaller
        network = path.read_bytes()
    tokenizer: str = model.tokenizer.backend_tokenizer.to_str()
    return network, tokenizer.encode("utf-8"), int(model.max_seq_length or 512)


def _near(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """``(mean cosine, mean share of the ten nearest rows in common)``."""
    one, other = (
        rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12) for rows in (one, other)
    )
    cosine = float(np.einsum("nd,nd->n", one, other).mean())
    n = min(10, len(one) - 1)
    if n < 1:
        return cosine, 1.0
    nearest = []
    for rows in (one, other):
        cosines = rows @ rows.T
        np.fill_diagonal(cosines, -np.inf)
        nearest.append(np.argpartition(-cosines, n - 1, axis=1)[:, :n])
    return cosine, float(np.mean([len(np.intersect1d(a, b)) / n for a, b in zip(*nearest, strict=True)]))
