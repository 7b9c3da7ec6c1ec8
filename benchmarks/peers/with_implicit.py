"""implicit: iALS, BPR and item-kNN. A stranger is folded in; the model stays as it was trained."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from benchmarks.peers.tuned import Collaborative, Floats, Scorer

__all__ = ["Bpr", "Ials", "ItemKnn"]

NEGATIVES = 300


class Ials(Collaborative):
    """Weighted least squares; the stranger's vector is the library's own ``recalculate_user``."""

    HEARD = ("likes", "all")
    SETTINGS = (
        {"factors": 8, "regularization": 0.1, "alpha": 5},
        {"factors": 32, "regularization": 1.0, "alpha": 1},
        {"factors": 32, "regularization": 0.1, "alpha": 5},
        {"factors": 64, "regularization": 10.0, "alpha": 5},
        {"factors": 64, "regularization": 1.0, "alpha": 10},
        {"factors": 128, "regularization": 30.0, "alpha": 10},
    )

    def train(self, liked: sp.csr_matrix, **setting: Any) -> Scorer:
        from implicit.cpu.als import AlternatingLeastSquares

        model = AlternatingLeastSquares(**setting, iterations=15, num_threads=1, random_state=0)
        model.fit(liked.astype(np.float32), show_progress=False)

        def score(supports: sp.csr_matrix) -> Floats:
            users = model.recalculate_user(np.arange(supports.shape[0]), supports.astype(np.float32))
            return np.asarray(users @ model.item_factors.T, dtype=np.float64)

        return score


class Bpr(Collaborative):
    """Bayesian personalised ranking. implicit folds nobody in, so the stranger's vector is learned here.

    The steps are those of the library's own training (its learning rate, penalty and number of epochs) on the
    stranger's likes against the training items by popularity, in expectation instead of by drawing, with the item
    factors fixed: a refit would have shown the model what other strangers like.
    """

    SETTINGS = (
        {"factors": 8, "learning_rate": 0.05, "regularization": 0.01, "iterations": 50},
        {"factors": 32, "learning_rate": 0.05, "regularization": 0.01, "iterations": 100},
        {"factors": 32, "learning_rate": 0.05, "regularization": 0.1, "iterations": 100},
        {"factors": 64, "learning_rate": 0.1, "regularization": 0.01, "iterations": 100},
    )

    def train(self, liked: sp.csr_matrix, **setting: Any) -> Scorer:
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        model = BayesianPersonalizedRanking(**setting, num_threads=1, random_state=0)
        model.fit(sp.csr_matrix(liked, dtype=np.float32), show_progress=False)
        vectors, bias = np.split(model.item_factors.astype(np.float64), [-1], axis=1)  # the last is a bias
        likes = np.asarray(liked.sum(axis=0), dtype=np.float64).ravel()
        drawn = np.random.default_rng(0).choice(len(likes), NEGATIVES, p=likes / likes.sum())

        def score(supports: sp.csr_matrix) -> Floats:
            rows = np.split(supports.indices, supports.indptr[1:-1])
            users = np.stack([_folded_in(vectors, bias[:, 0], row, drawn, setting) for row in rows])
            return np.asarray(users @ vectors.T + bias[:, 0])

        return score


def _folded_in(
    vectors: Floats, bias: Floats, liked: NDArray[np.intp], drawn: NDArray[np.intp], setting: dict[str, Any]
) -> Floats:
    """(D,) of somebody who likes ``liked``: gradient steps on the mean over ``drawn`` of log sigma(score margin)."""
    good, other = vectors[liked], vectors[drawn]
    counts = ~np.isin(drawn, liked)
    share = counts / max(counts.sum(), 1)  # what the stranger likes is not held against them
    user = np.zeros(vectors.shape[1])
    for _ in range(setting["iterations"]):
        margin = (good @ user + bias[liked])[:, None] - (other @ user + bias[drawn])[None]  # (S, J)
        push = share / (1 + np.exp(np.clip(margin, -30, 30)))
        step = (
            push.sum(axis=1) @ good - push.sum(axis=0) @ other - len(liked) * setting["regularization"] * user
        )
        user = user + setting["learning_rate"] * step
    return user


class ItemKnn(Collaborative):
    """Neighbours of the liked items, by cosine or by BM25."""

    HEARD = ("likes", "all")
    SETTINGS = (
        {"by": "cosine", "K": 10},
        {"by": "bm25", "K": 20},
        {"by": "cosine", "K": 50},
        {"by": "tfidf", "K": 100},
        {"by": "cosine", "K": 300},
        {"by": "bm25", "K": 300},
    )

    def train(self, liked: sp.csr_matrix, **setting: Any) -> Scorer:
        from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender

        kinds = {"cosine": CosineRecommender, "bm25": BM25Recommender, "tfidf": TFIDFRecommender}
        model = kinds[setting["by"]](K=setting["K"], num_threads=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library hands itself a matrix in another form, and says so
            model.fit(sp.csr_matrix(liked, dtype=np.float64), show_progress=False)
        near = sp.csr_matrix(model.similarity)

        def score(supports: sp.csr_matrix) -> Floats:
            return np.asarray((supports @ near).toarray(), dtype=np.float64)

        return score
