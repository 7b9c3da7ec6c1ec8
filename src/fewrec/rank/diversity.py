"""Fewer near-copies in a list: maximal marginal relevance.

J. Carbonell and J. Goldstein, "The use of MMR, diversity-based reranking for reordering documents and
producing summaries", SIGIR 1998, section 2:

    next = argmax over the rest of  (1 - diversity) relevance(i) - diversity max over the chosen of sim(i, j)

The paper's lambda is 1 - diversity. Relevance is the score scaled to [0, 1] over the pool (best 1, worst 0),
because scores of a fusion have no unit of their own; similarity is the cosine, with negative values counted
as 0: to be the opposite of something chosen is no merit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from fewrec.errors import ConfigError, NumericalError
from fewrec.rank.candidates import check_n


def pool_size(n: int) -> int:
    """How many of the best items a list of ``n`` is chosen from: five times n, at least 50."""
    return max(50, 5 * n)


def check_diversity(diversity: Any) -> float:
    """``diversity`` as a float; ``ConfigError`` unless it is a number from 0 to 1."""
    number = isinstance(diversity, int | float | np.integer | np.floating) and not isinstance(diversity, bool)
    if not number or not 0 <= diversity <= 1:
        raise ConfigError(
            f"{diversity!r} is no share of diversity.",
            where="diversity",
            value=diversity,
            hint="Give a number from 0 (the best scores, whatever they are) to 1 (as different as can be).",
        )
    return float(diversity)


def diversify(
    ranked: np.ndarray, scores: np.ndarray, vectors: Any, diversity: float, n: int = 10
) -> np.ndarray:
    """(at most n,) positions chosen from ``ranked``, in the order in which they were chosen.

    ``ranked`` (P,): positions, best first, as from ``top_n(scores, mask, pool_size(n), tie_break)``; longer
    lists are cut to ``pool_size(n)``. ``scores`` (I,), ``vectors`` (I, D) dense or csr, of any length; a zero
    row is like nothing. With diversity 0 the answer is ``ranked[:n]``; the first item always stays. Equal
    values are decided by the place in ``ranked``. The cost is P^2 D, independent of I.
    """
    n, diversity = check_n(n), check_diversity(diversity)
    pool = np.asarray(ranked)[: pool_size(n)]
    if diversity == 0 or len(pool) <= 1:
        return pool[:n]
    similarity = _cosines(vectors[pool])  # (P, P)
    relevance = _scaled(scores[pool])  # (P,)
    chosen = [0]
    closest = similarity[0].copy()  # to any chosen item
    open_ = np.ones(len(pool), dtype=bool)
    open_[0] = False
    while len(chosen) < min(n, len(pool)):
        value = (1 - diversity) * relevance - diversity * closest
        best = int(np.argmax(np.where(open_, value, -np.inf)))  # the first of equals
        chosen.append(best)
        open_[best] = False
        np.maximum(closest, similarity[best], out=closest)
    return pool[chosen]


def _scaled(scores: np.ndarray) -> np.ndarray:
    """Scores from 0 to 1; all 1 where they are equal."""
    low, high = float(scores.min()), float(scores.max())
    if not np.isfinite([low, high]).all():
        raise NumericalError("a listed item has a score that is not finite.", where="diversity")
    scores = scores.astype(np.float64)
    return (scores - low) / (high - low) if high > low else np.ones(len(scores))


def _cosines(rows: Any) -> np.ndarray:
    """(P, P) cosines, negative ones as 0."""
    if sparse.issparse(rows):
        product = np.asarray((rows @ rows.T).todense(), dtype=np.float64)
    else:
        rows = np.asarray(rows, dtype=np.float64)
        product = rows @ rows.T
    lengths = np.sqrt(np.diag(product))
    if not np.isfinite(lengths).all():
        raise NumericalError("the vector of a listed item is not finite.", where="diversity")
    inverse = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return np.clip(product * inverse[:, None] * inverse[None, :], 0.0, 1.0)
