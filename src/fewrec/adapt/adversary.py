"""Adversarial training of a text model: its loss at the embeddings of words as they are, and moved to where it hurts.

    r = epsilon |s| g / |g|                         g the gradient of the loss at s
    r = virtual |s| g / |g|,    g the gradient of 1 - cos(f(s), f(s + d)) at a small random d

``s`` are the embeddings of all words of one text, as one long vector, and ``f`` is the model. Both forms are those
of Miyato, Dai & Goodfellow 2017 (arXiv 1605.07725, section 3); the second, the virtual one, asks for no
label, so that texts of items that nobody has met have their part in it. Where the paper measures how far two answers
lie apart by their KL divergence, here it is one less the cosine, because a vector is all that an encoder answers.
The paper brings the embeddings of words to mean 0 and variance 1, or the model could outgrow a perturbation of fixed
length; a ready model does not bear that, so the length is a share of that of ``s``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["SMALL", "Watched", "moved_by", "smoothness", "upwards"]

Read = Callable[[Sequence[str], Any], Any]
"""Texts and, or ``None``, what is added to the embeddings of their words -> (N, D) unit vectors."""

SMALL = 0.01
"""Length of ``d``, as a share of that of ``s``: 1 - cos is quadratic there, and float32 still sees it."""

LEAST = 1e-30  # of a length that is divided by; a gradient of nothing moves nothing


class Watched:
    """Adds nothing to the embeddings of the words, or ``start``, and keeps what is needed to move them."""

    def __init__(self, start: Callable[[Any], Any] | None = None) -> None:
        self._start = start
        self.added: Any = None  # (N, T, E), whose gradient is that at the embeddings
        self.length: Any = None  # (N, 1, 1) of each text's s

    def __call__(self, words: Any, mask: Any) -> Any:
        """``words`` (N, T, E) embeddings, ``mask`` (N, T, 1) of the words that are there."""
        import torch

        self.length = _length(words * mask)
        start = torch.zeros_like(words) if self._start is None else self._start(words) * mask
        if self._start is not None:
            start = SMALL * self.length * start / _length(start).clamp_min(LEAST)
        self.added = start.requires_grad_()
        return self.added


def upwards(watched: Watched, gradient: Any, radius: float) -> Any:
    """(N, T, E) the move of each text's words along ``gradient``: ``radius`` of their length."""
    return radius * watched.length * gradient / _length(gradient).clamp_min(LEAST)


def moved_by(move: Any) -> Callable[[Any, Any], Any]:
    """What adds ``move`` (N, T, E)."""
    return lambda words, mask: move


def smoothness(read: Read, texts: Sequence[str], radius: float, rng: np.random.Generator) -> Any:
    """(N,) how far the vectors turn, 1 - cosine, under the virtual perturbation; one step of the power iteration.

    No gradient flows through the perturbation, nor through the vectors as they were.
    """
    import torch

    def chance(words: Any) -> Any:
        return torch.from_numpy(rng.standard_normal(tuple(words.shape), dtype=np.float32)).to(words)

    with torch.no_grad():
        still = read(texts, None)
    watched = Watched(chance)
    turned = 1 - (still * read(texts, watched)).sum(dim=1)
    (gradient,) = torch.autograd.grad(turned.sum(), watched.added)
    move = upwards(watched, gradient, radius)
    return 1 - (still * read(texts, moved_by(move))).sum(dim=1)


def _length(words: Any) -> Any:
    """(N, 1, 1) of each text's words as one vector."""
    return words.flatten(1).norm(dim=1)[:, None, None]
