"""LensKit 2025: iALS, user-kNN, item-kNN on likes, and biased matrix factorisation on ratings.

It brings PyTorch, some gigabytes, and is therefore optional. Strangers are queries with a history, as its own
pipelines ask for somebody who is not in training.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.peers.tuned import Collaborative, Floats, Rated, Scorer

__all__ = ["BiasedMf", "Ials", "ItemKnn", "UserKnn"]


def lenskit_data(values: sp.csr_matrix, rated: bool) -> Any:
    """LensKit's data set of a (U, I) matrix; ids are positions."""
    import pandas as pd
    from lenskit.data import from_interactions_df

    pairs = values.tocoo()
    columns = {"user_id": pairs.row, "item_id": pairs.col, **({"rating": pairs.data} if rated else {})}
    return from_interactions_df(pd.DataFrame(columns))


def trained(scorer: Any, values: sp.csr_matrix, rated: bool = False) -> Scorer:
    """``scorer`` after training on ``values``, as a function of supports; NaN for items it never met."""
    from lenskit.data import ItemList, RecQuery
    from lenskit.training import TrainingOptions

    data = lenskit_data(values, rated)
    scorer.train(data, TrainingOptions(rng=0))
    known = np.asarray(data.items.ids(), dtype=np.intp)
    wanted = ItemList(item_ids=known, vocabulary=data.items)

    def score(supports: sp.csr_matrix) -> Floats:
        found = np.full(supports.shape, np.nan)
        for row in range(supports.shape[0]):
            one = supports[row]
            shown = {"rating": one.data} if rated else {}
            history = ItemList(item_ids=one.indices.astype(np.intp), **shown)
            if len(history):
                found[row, known] = scorer(RecQuery(history_items=history), wanted).scores()
        return found

    return score


class Ials(Collaborative):
    """Implicit matrix factorisation by weighted least squares."""

    SETTINGS = (
        {"embedding_size": 8, "regularization": 0.1, "weight": 5},
        {"embedding_size": 32, "regularization": 1.0, "weight": 1},
        {"embedding_size": 32, "regularization": 0.1, "weight": 5},
        {"embedding_size": 64, "regularization": 10.0, "weight": 5},
        {"embedding_size": 64, "regularization": 1.0, "weight": 40},
    )

    def train(self, liked: sp.csr_matrix, **setting: Any) -> Scorer:
        from lenskit.als import ImplicitMFScorer

        return trained(ImplicitMFScorer(**setting, epochs=10, user_embeddings=False), liked)


class UserKnn(Collaborative):
    """Neighbours by cosine of likes."""

    HEARD = ("likes", "all")
    SETTINGS = tuple({"max_nbrs": count} for count in (3, 10, 20, 50, 100, 300))

    def train(self, liked: sp.csr_matrix, **setting: Any) -> Scorer:
        from lenskit.knn import UserKNNScorer

        return trained(UserKNNScorer(**setting, feedback="implicit"), liked)


class ItemKnn(Collaborative):
    """Neighbours of items by cosine of likes."""

    HEARD = ("likes", "all")
    SETTINGS = (
        {"max_nbrs": 20, "save_nbrs": 20},
        {"max_nbrs": 20, "save_nbrs": 100},
        {"max_nbrs": 50, "save_nbrs": 300},
        {"max_nbrs": 300, "save_nbrs": None},
    )

    def train(self, liked: sp.csr_matrix, **setting: Any) -> Scorer:
        from lenskit.knn import ItemKNNScorer

        return trained(ItemKNNScorer(**setting, feedback="implicit"), liked)


class BiasedMf(Rated):
    """Rating prediction by biased matrix factorisation; its lists are sorted by the predicted rating."""

    SETTINGS = (
        {"embedding_size": 8, "regularization": 0.1, "damping": 5.0},
        {"embedding_size": 8, "regularization": 1.0, "damping": 20.0},
        {"embedding_size": 32, "regularization": 0.1, "damping": 5.0},
        {"embedding_size": 32, "regularization": 1.0, "damping": 20.0},
    )

    def train(self, values: sp.csr_matrix, **setting: Any) -> Scorer:
        from lenskit.als import BiasedMFScorer

        return trained(BiasedMFScorer(**setting, epochs=10), values, rated=True)
