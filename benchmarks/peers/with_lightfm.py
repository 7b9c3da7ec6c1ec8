"""LightFM by its living fork (lightfm-next): WARP on likes, an item being itself and its words."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.peers.tuned import Floats, Heard, Scorer, Setting, fallen_back
from fewrec.evaluate.baselines import item_texts, tfidf

__all__ = ["LightFm"]

FROZEN = 1e30
"""Squared gradients seen so far, as Adagrad is told: what has seen so much moves no more."""


class LightFm(Heard):
    """A stranger is one new user for ``fit_partial`` with everything else frozen: nobody learns from a stranger."""

    SETTINGS = (
        {"no_components": 16, "epochs": 10, "item_alpha": 0.0, "words": True},
        {"no_components": 32, "epochs": 30, "item_alpha": 1e-6, "words": True},
        {"no_components": 32, "epochs": 30, "item_alpha": 0.0, "words": False},
        {"no_components": 64, "epochs": 30, "item_alpha": 1e-5, "words": True},
    )

    def learn(self, liked: sp.csr_matrix) -> None:
        count = len(self.data.items)
        own = sp.identity(count, dtype=np.float32, format="csr")
        words = tfidf(item_texts(self.data)).astype(np.float32)
        self.features = {False: own, True: sp.hstack([own, words], format="csr", dtype=np.float32)}
        super().learn(liked)

    def on(self, heard: sp.csr_matrix, likes: Floats, setting: Setting) -> Scorer:
        from lightfm import LightFM

        epochs, features = setting["epochs"], self.features[setting["words"]]
        shape = {"no_components": setting["no_components"], "loss": "warp", "random_state": 0}
        model = LightFM(**shape, item_alpha=setting["item_alpha"])
        if heard.nnz:
            pairs = heard.astype(np.float32).tocoo()
            model.fit(pairs, item_features=features, epochs=epochs, num_threads=1)
            bias, vectors = model.get_item_representations(features)

        def score(supports: sp.csr_matrix) -> Floats:
            scores = np.full(supports.shape, np.nan)
            for row in np.flatnonzero(np.diff(supports.indptr)) if heard.nnz else ():
                user = folded_in(LightFM(**shape), model, supports[row], features, epochs)
                scores[row] = vectors @ user + bias
            return fallen_back(scores, likes)

        return score


def folded_in(new: Any, model: Any, support: sp.csr_matrix, features: sp.csr_matrix, epochs: int) -> Floats:
    """(D,) of one stranger, learned by ``new``, which takes over what ``model`` knows of items."""
    new._initialize(new.no_components, features.shape[1], 1)
    for name in ("item_embeddings", "item_biases"):
        setattr(new, name, getattr(model, name).copy())
    for name in ("item_embedding_gradients", "item_bias_gradients"):
        setattr(new, name, np.full_like(getattr(model, name), FROZEN))
    new.fit_partial(support.astype(np.float32).tocoo(), item_features=features, epochs=epochs, num_threads=1)
    return np.asarray(new.user_embeddings[0], dtype=np.float64)
