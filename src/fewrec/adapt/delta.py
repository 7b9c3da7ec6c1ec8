"""``delta``: frozen vectors and a small trainable correction that new texts get as well.

    z_i = unit(c_i + (x_i - mean) A B),      c_i = x_i - .8 mean,      s_ui = scale u . z_i + b_i,
    u = sum of z_j over the k shown likes / sqrt(k)

``x_i`` (D,) is the frozen vector of item i, ``A`` (D, R) starts at random and ``B`` (R, D) at zero, so that tuning
starts at the frozen encoder; an l2 pull draws both to zero. ``b`` and ``scale`` serve the loss alone. Frozen text
vectors with a small trainable delta: "Let it go? Not quite" (arXiv 2507.23459) adds one free vector per item; here the
correction is a function of the frozen vector, because an item that nobody has met has no vector of its own to learn.

NumPy alone: gradients are written out, the optimiser is AdamW (Loshchilov & Hutter 2019) with warm-up and clipping.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.adapt.losses import Batch, Loss
from fewrec.signals import CENTRING

__all__ = ["DeltaSettings", "DeltaTrainer"]

Array = NDArray[np.float32]


@dataclass(frozen=True)
class DeltaSettings:
    """How the correction is trained."""

    rank: int = 64
    learning_rate: float = 1e-3
    l2: float = 0.05  # decoupled weight decay, in units of the learning rate
    batch_size: int = 64
    dropout: float = 0.2  # of the entries of the frozen vectors that the correction sees
    warm_up: int = 20  # steps
    clip: float = 1.0  # largest norm of the gradient of one array


@dataclass
class DeltaTrainer:
    """The correction while it is trained. ``vectors`` (I, D) frozen, zero rows where an item has no text."""

    vectors: Array
    loss: Loss
    bias: Array  # (I,)
    scale: float
    settings: DeltaSettings = field(default_factory=DeltaSettings)
    seed: int = 0

    def __post_init__(self) -> None:
        known: NDArray[np.bool_] = np.asarray(self.vectors.any(axis=1))
        self.mean = self.vectors[known].mean(axis=0) if known.any() else np.zeros_like(self.vectors[0])
        self._known = known
        self._off = np.asarray((self.vectors - self.mean) * known[:, None], dtype=np.float32)  # (I, D)
        self._centred = np.asarray((self.vectors - CENTRING * self.mean) * known[:, None], dtype=np.float32)
        width, rank = self.vectors.shape[1], self.settings.rank
        start = np.random.default_rng(self.seed).standard_normal((width, rank)) / np.sqrt(width)
        self.state: dict[str, NDArray[np.float32]] = {
            "left": start.astype(np.float32),
            "right": np.zeros((rank, width), dtype=np.float32),
            "bias": self.bias.astype(np.float32).copy(),
            "scale": np.log(np.array([self.scale], dtype=np.float32)),
        }
        self.moments = {
            name: np.zeros((2, *part.shape), dtype=np.float32) for name, part in self.state.items()
        }
        self.steps = 0

    def correction(self) -> dict[str, Array]:
        """What `fewrec.encode.adapted` serves: ``mean``, ``left``, ``right``."""
        return {"mean": self.mean, "left": self.state["left"].copy(), "right": self.state["right"].copy()}

    def step(
        self, support: sp.csr_matrix, items: NDArray[np.intp], batch: Batch, rng: np.random.Generator
    ) -> float:
        """One step of the optimiser; gives back the loss before it."""
        value, gradient = self.slope(support, items, batch, rng)
        self._adam(gradient)
        return value

    def slope(
        self, support: sp.csr_matrix, items: NDArray[np.intp], batch: Batch, rng: np.random.Generator | None
    ) -> tuple[float, dict[str, Array]]:
        """``(loss, gradient by array)``; without ``rng`` nothing is dropped out."""
        state, off, base = self.state, self._off[items], self._centred[items]
        if rng is not None and self.settings.dropout:
            keep = rng.random(off.shape, dtype=np.float32) >= self.settings.dropout
            off = off * keep / np.float32(1 - self.settings.dropout)
        inner = off @ state["left"]  # (C, R)
        raw = base + inner @ state["right"]  # (C, D)
        length = np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9)
        unit = raw / length
        people = np.asarray(support @ unit)  # (B, D)
        cosines = people @ unit.T  # (B, C)
        scale = np.float32(np.exp(state["scale"][0]))
        value, push = self.loss(scale * cosines + state["bias"][items], batch)
        by_cosine = scale * push
        by_unit = by_cosine.T @ people + np.asarray(support.T @ (by_cosine @ unit))
        by_raw = (by_unit - unit * np.einsum("cd,cd->c", unit, by_unit)[:, None]) / length
        by_bias = np.zeros_like(state["bias"])
        by_bias[items] = push.sum(axis=0)
        return value, {
            "left": off.T @ (by_raw @ state["right"].T),
            "right": inner.T @ by_raw,
            "bias": by_bias,
            "scale": np.array([float((push * cosines).sum()) * float(scale)], dtype=np.float32),
        }

    def _adam(self, gradient: Mapping[str, Array]) -> None:
        self.steps += 1
        rate = self.settings.learning_rate * min(1.0, self.steps / max(self.settings.warm_up, 1))
        for name, slope in gradient.items():
            norm = float(np.linalg.norm(slope))
            if norm > self.settings.clip:
                slope = slope * np.float32(self.settings.clip / norm)
            first, second = self.moments[name]
            first += np.float32(0.1) * (slope - first)
            second += np.float32(0.001) * (slope * slope - second)
            move = (first / (1 - 0.9**self.steps)) / (np.sqrt(second / (1 - 0.999**self.steps)) + 1e-8)
            if name in ("left", "right"):
                move = move + np.float32(self.settings.l2) * self.state[name]
            self.state[name] -= np.asarray(rate * move, dtype=np.float32)
