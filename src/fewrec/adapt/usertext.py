"""The user's tower as text: what somebody likes, said in words and read by the encoder that reads the items.

    u = unit(f("liked: Alien; Heat. did not like: Cats. age: 18 to 25") - .8 mean),      s_ui = scale u . z_i + b_i

The other tower is the mean of the liked items' vectors, see `fewrec.adapt.delta`, and serving uses that one. A
model that is tuned by this one learns to put such a sentence beside what it leads to. The words are those of the
prompts of `fewrec.llm`; titles are cut, and hold no marks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.adapt.delta import UnitLoss, told
from fewrec.adapt.losses import Batch, Loss
from fewrec.llm import template
from fewrec.llm.prompts import harmless

__all__ = ["MOST_SHOWN", "loss_of_texts", "user_text", "user_texts"]

Array = NDArray[np.float32]
MOST_SHOWN = 10  # titles of a kind
LENGTH = 60  # characters of a title


def user_text(liked: Sequence[str], disliked: Sequence[str] = (), attributes: Sequence[str] = ()) -> str:
    """One line about somebody; the first ten titles of a kind are named.

    >>> user_text(["Alien", "Heat"], ["Cats"], ["age: 18 to 25"])
    'liked: Alien; Heat. did not like: Cats. age: 18 to 25'
    """
    words = template("en").rate
    parts = [
        f"{words[kind]}: {'; '.join(harmless(title, LENGTH) for title in titles[:MOST_SHOWN])}"
        for kind, titles in (("liked", liked), ("disliked", disliked))
        if len(titles)
    ]
    return ". ".join([*parts, *([", ".join(attributes)] if attributes else [])])


def user_texts(
    support: sp.csr_matrix,
    items: NDArray[np.intp],
    batch: Batch,
    titles: Sequence[str],
    portraits: sp.csr_matrix | None,
    names: Sequence[str],
) -> list[str]:
    """(B,) what is shown of the strangers of a batch; ``portraits`` (U, G) of all users and the ``names`` of their
    columns."""
    found = []
    for row, user in enumerate(batch.users):
        liked = items[support.indices[support.indptr[row] : support.indptr[row + 1]]]
        known = [] if portraits is None else [names[column] for column in portraits[user].indices]
        found.append(
            user_text([titles[item] for item in liked], [titles[item] for item in batch.disliked[row]], known)
        )
    return found


def loss_of_texts(loss: Loss, batch: Batch, scale: float, bias: Array) -> UnitLoss:
    """``loss`` as a function of the unit vectors ``(C + B, D)`` of ``C`` candidates and, below them, of ``B`` people:
    its value, its slope there, and what `told` says."""

    def at(unit: Array) -> tuple[float, Array, dict[str, Array]]:
        n_items = batch.wanted.shape[1]
        items, people = unit[:n_items], unit[n_items:]
        scores = np.asarray(scale * (people @ items.T) + bias, dtype=np.float32)
        value, push = loss(scores, batch)
        by_cosine = np.float32(scale) * push
        slope = np.concatenate([by_cosine.T @ people, by_cosine @ items])
        return value, slope, {"told": np.array([told(scores, batch)], dtype=np.float32)}

    return at
