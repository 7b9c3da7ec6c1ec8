"""What is timed, each in a process of its own on one core: ``python -m benchmarks.speed_tasks TASK ...``.

Prints one JSON object: name -> list of [wall seconds, CPU seconds], and "memory": stage -> peak megabytes so
far.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.synthetic import shop

__all__ = ["main"]

Times = dict[str, list[list[float]]]
Table = dict[str, list[str]]

TRIES, STRANGERS = 3, 60
RATED = 5
PEER_BATCHES = (8, 16, 32, 64)
"""Batch sizes among which sentence-transformers has its best; 32 is its own default."""


@contextmanager
def timed(times: Times, name: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    times.setdefault(name, []).append([time.perf_counter() - wall, time.process_time() - cpu])


def peak() -> float:
    """Megabytes of this process at its largest so far."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux's ru_maxrss begins with that of the process that started this one
        high = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(high.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def tables(size: str) -> tuple[Table, Table]:
    """The interactions of MovieLens where they lie beside the project, or a made-up shop of ITEMSxUSERS."""
    if size == "ml-100k":
        from benchmarks.reference import REFERENCE, read_table

        folder = REFERENCE / "ml-100k"
        return read_table(folder / "items.csv.gz"), read_table(folder / "interactions.csv.gz")
    items, users = (int(part) for part in size.split("x"))
    return shop(items, users, 50)


def strangers(events: Table, seed: int = 0) -> list[dict[str, float]]:
    """Supports of five ratings: popular items more often, as strangers name them."""
    rng = np.random.default_rng(seed)
    item_column = "item" if "item" in events else "item_id"
    value_column = "value" if "value" in events else "rating"
    result: list[dict[str, float]] = []
    while len(result) < STRANGERS:
        rows = rng.integers(0, len(events[item_column]), RATED)
        support = {events[item_column][row]: float(events[value_column][row]) for row in rows}
        if len(support) == RATED:
            result.append(support)
    return result


def fit(size: str, tune: str = "yes") -> tuple[Times, dict[str, float]]:
    """Data, fit and lists of strangers; texts are encoded in the first fit, afterwards the cache has them."""
    items, events = tables(size)
    memory = {"tables": peak()}
    from fewrec import Dataset, Recommender

    memory["import"] = peak()
    times: Times = {}
    warnings.simplefilter("ignore")
    model = Recommender()
    for attempt in range(TRIES if size == "ml-100k" else 2):
        with timed(times, "data"):
            data = Dataset(items=items, interactions=events)
        memory.setdefault("data", peak())
        model = Recommender(tune=tune == "yes")
        with timed(times, "first fit" if attempt == 0 else "fit"):
            model.fit(data, progress=False)
        memory.setdefault("fit", peak())
    for support in strangers(events):
        with timed(times, "list"):
            model.recommend(support=support, n=10)
    for support in strangers(events):
        with timed(times, "scores alone"):
            model.score(support)
    memory["lists"] = peak()
    return times, memory


def peers(size: str) -> tuple[Times, dict[str, float]]:
    """EASE as in its paper (a dense item-item inverse) and a popularity list, in plain NumPy."""
    from benchmarks.speed_peers import (
        LIKED_AT,
        first_ten,
        likes_of,
    )  # here, so that no other task loads SciPy

    items, events = tables(size)
    found, index = likes_of(items, events)
    liked = found.toarray()
    times: Times = {}
    weights = np.zeros((0, 0))
    for _ in range(TRIES):
        with timed(times, "EASE fit"):
            gram = liked.T @ liked
            gram[np.diag_indices_from(gram)] += 200.0
            inverse = np.linalg.inv(gram)
            weights = inverse / -np.diag(inverse)
            np.fill_diagonal(weights, 0)
        with timed(times, "popularity fit"):
            counts = liked.sum(axis=0)
    for support in strangers(events):
        met = [index[item] for item in support]
        loved = [index[item] for item, value in support.items() if value >= LIKED_AT]
        with timed(times, "EASE list"):
            scores = weights[loved].sum(axis=0)
            scores[met] = -np.inf
            first_ten(scores)
        with timed(times, "popularity list"):
            scores = counts.copy()
            scores[met] = -np.inf
            first_ten(scores)
    return times, {"peers": peak()}


def library(name: str, size: str) -> tuple[Times, dict[str, float]]:
    """One of `LIBRARIES` on the matrix of likes, and the lists of those strangers who like any of their five."""
    from benchmarks.speed_peers import LIBRARIES, LIKED_AT, likes_of, strangers_ten

    chosen = LIBRARIES[name]
    items, events = tables(size)
    memory = {"tables": peak()}
    liked, index = likes_of(items, events)
    warnings.simplefilter("ignore")
    score = chosen.fit(liked[:50])  # imports, and what is compiled at first use
    times: Times = {}
    for _ in range(TRIES):
        with timed(times, "fit"):
            score = chosen.fit(liked)
    memory["fit"] = peak()
    talkers = [support for support in strangers(events) if max(support.values()) >= LIKED_AT]
    for support in talkers[: chosen.strangers]:
        with timed(times, "list"):
            strangers_ten(score, support, index)
    memory["lists"] = peak()
    return times, memory


def sentences(many: int) -> dict[str, list[str]]:
    """Kind -> texts of real catalogues: those beside the project, or else the bundled sample alone.

    Made-up words would not do: to MiniLM's vocabulary each of them is one unknown token, and reading is cheap.
    """
    from benchmarks import open_sets, reference

    found: dict[str, list[str]] = {}
    for kind, name, column in (("films", "ml-100k", "text"), ("books", "goodbooks", "text")):
        if (reference.REFERENCE / name).exists():
            found[kind] = reference.read_table(reference.REFERENCE / name / "items.csv.gz")[column][:many]
    if (open_sets.DATA / "ibm-articles").exists():
        items = open_sets.read_world("ibm-articles").items
        found["article titles"] = items["title"][:many]
        found["article descriptions"] = [text for text in items["description"] if text][:many]
    from fewrec import samples

    found["groceries"] = samples.groceries().texts["title"][:many]
    return found


def encode(name: str, many: str = "1000") -> tuple[Times, dict[str, float]]:
    """Texts a CPU second of one encoder, by kind of text: [wall, CPU] seconds *per text*, after a warm-up.

    Ours is made anew for each try: it remembers words, and a catalogue is read once. The peer sorts by length itself,
    and has the batch size that is fastest for the kind.
    """
    times: Times = {}
    peer = untrained_minilm() if name == "sentence-transformers" else None
    for kind, texts in sentences(int(many)).items():
        size = _best_batch(peer, texts[:128]) if peer else 0
        taken: Times = {}
        for _ in range(TRIES):
            run = partial(peer.encode, batch_size=size) if peer else _fresh(name)
            run(["a warm-up"])
            with timed(taken, kind):
                run(texts)
        times[kind] = [[wall / len(texts), cpu / len(texts)] for wall, cpu in taken[kind]]
    return times, {"encode": peak()}


def _best_batch(peer: Any, texts: list[str]) -> int:
    tried: Times = {}
    for size in PEER_BATCHES * 2:
        with timed(tried, str(size)):
            peer.encode(texts, batch_size=size)
    return min(PEER_BATCHES, key=lambda size: min(cpu for _, cpu in tried[str(size)]))


def _fresh(name: str) -> Callable[[list[str]], Any]:
    from fewrec.encode import resolve

    return resolve(name).encode


def untrained_minilm() -> Any:
    """sentence-transformers' all-MiniLM-L6-v2 with random weights.

    The same layers, vocabulary and pooling, so the same speed, and nothing to download.
    """
    import gzip
    from importlib.resources import files

    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        words = gzip.decompress((files("fewrec.encode") / "bert-uncased-vocabulary.txt.gz").read_bytes())
        (Path(folder) / "vocab.txt").write_bytes(words)
        BertTokenizerFast(vocab_file=str(Path(folder) / "vocab.txt")).save_pretrained(folder)
        config = BertConfig(
            hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536
        )
        BertModel(config).save_pretrained(folder)
        layers = Transformer(folder, max_seq_length=256)
        return SentenceTransformer(modules=[layers, Pooling(384)], device="cpu")


def main(arguments: list[str]) -> int:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    from benchmarks.growth import grow  # which times with what stands above

    tasks: dict[str, Callable[..., tuple[Times, dict[str, float]]]] = {
        "grow": grow,
        "fit": fit,
        "peers": peers,
        "library": library,
        "encode": encode,
    }
    times, memory = tasks[arguments[0]](*arguments[1:])
    print(json.dumps({"times": times, "memory": memory}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
