"""New items join a fitted model by their text; what was learned stays as it is until the next fit."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from fewrec.data import Dataset
from fewrec.data.vocabulary import canonical_order
from fewrec.recommender.model import FittedModel
from fewrec.signals import TrainingData, resolve_signals
from fewrec.signals.neighbours import grown_neighbours

__all__ = ["grown"]

Id = str | int


def grown(model: FittedModel, data: Dataset, signals: object) -> FittedModel:
    """``model`` with every item of ``data`` that it did not know, in canonical order: the order of rows is nothing.

    Their vectors are centred on the fitted catalogue and their words weighed by it; their columns of all habits are
    empty, so every spectrum stays and is padded with zeros. Each new item is compared with all.
    """
    late = [item for item in data.items.ids if item not in model.position]
    new = [late[at] for at in canonical_order(late)]
    if not new:
        return model
    rows = [data.items.index(item) for item in new]
    texts = {name: [column[row] for row in rows] for name, column in data.texts.items()}
    reading = model.reader.read(new, texts)
    old = model.training
    views = {name: np.vstack([view, reading.views[name]]) for name, view in old.views.items()}
    words = None if old.words is None else sp.csr_matrix(sp.vstack([old.words, reading.words]))
    title = views.get("title", np.zeros((len(model.item_ids) + len(new), 1), np.float32))
    training = replace(
        old,
        liked=_wider(old.liked, len(new)),
        seen=_wider(old.seen, len(new)),
        strength=None if old.strength is None else _wider(old.strength, len(new)),
        freshness=None if old.freshness is None else _wider(old.freshness, len(new)),
        views=views,
        words=words,
        neighbours=None
        if old.neighbours is None or words is None
        else grown_neighbours(old.neighbours, title, words),
        features=None if old.features is None else _features(old, data, model.item_ids, new),
        tie_break=None if old.tie_break is None else np.append(old.tie_break, _ties(new)),
        _spectra={key: spectrum.padded(len(new)) for key, spectrum in old.spectra().items()},
    )
    ready = {signal.name: signal for signal in resolve_signals(signals)}  # type: ignore[arg-type]
    fitted = [copy(ready[name]).fit(training) for name in model.ranker.fusion.names]
    ranker = model.ranker.regrown(fitted, training.n_items)
    return replace(
        model,
        item_ids=[*model.item_ids, *new],
        training=training,
        new_maps=None,  # there are more new items now
        ranker=ranker,
        feature_names=model.feature_names if training.features is None else list(data.item_features[1]),
        **model.grown_extras(training),
    )


def _wider(matrix: sp.csr_matrix, n_new: int) -> sp.csr_matrix:
    shape = (matrix.shape[0], matrix.shape[1] + n_new)
    return sp.csr_matrix((matrix.data, matrix.indices, matrix.indptr), shape=shape)


def _features(
    old: TrainingData, data: Dataset, known: Sequence[Id], new: Sequence[Id]
) -> sp.csr_matrix | None:
    """The feature rows of all items; the columns are those of the grown data set."""
    matrix, _ = data.item_features
    rows = [data.items.get(item) for item in [*known, *new]]
    missing = matrix.shape[0]  # the row below the last one is empty
    padded = sp.vstack([matrix, sp.csr_matrix((1, matrix.shape[1]), dtype=np.float32)], format="csr")
    return sp.csr_matrix(padded[np.array([missing if row is None else row for row in rows], dtype=np.intp)])


def _ties(items: Sequence[Id]) -> np.ndarray:
    """Numbers in [0, 1) that depend on the id alone: the order in which items arrive must not matter."""
    import hashlib

    digests = [hashlib.blake2b(repr(item).encode(), digest_size=4).digest() for item in items]
    return np.array([int.from_bytes(digest, "big") / 2**32 for digest in digests], dtype=np.float32)
