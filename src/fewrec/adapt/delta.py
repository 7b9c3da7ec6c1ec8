"""``delta``: frozen vectors and a small trainable correction that new texts get as well.

    z_i = unit(c_i + (x_i - mean) A B),      c_i = x_i - .8 mean,      s_ui = scale u . z_i + b_i,
    u = sum of z_j over the k shown likes / sqrt(k)

``x_i`` (D,) is the frozen vector of item i, ``A`` (D, R) starts at random and ``B`` (R, D) at zero, so that tuning
starts at the frozen encoder; an l2 pull draws both to zero. ``b`` and ``scale`` serve the loss alone. Frozen text
vectors with a small trainable delta: "Let it go? Not quite" (arXiv 2507.23459) adds one free vector per item; here
the correction is a function of the frozen vector, because an item that nobody has met has no vector of its own to
learn.

``epsilon``: adversarial training in embedding space (Miyato et al. 2017, arXiv 1605.07725, section 3): the
loss at ``x + r``, ``r = epsilon |x| g / |g|`` with ``g`` the gradient of the loss at ``x``, is added to that at
``x``. The paper moves the vectors of words; here the vectors of whole texts are moved, because the frozen encoder
gives nothing else, each by its own gradient. ``virtual``: the virtual form (the same section), which asks for no
label: how far the tuned vector turns, 1 - cosine, where the frozen one is moved by ``virtual |x|`` to where it turns
most (one step of the power iteration from a random start), mean over some of the items, met or not.

NumPy alone: gradients are written out, the optimiser is Adam (Kingma & Ba 2015) with warm-up and clipping; the pull
``l2 |A B|^2`` is a part of the loss, because it is the correction that should be small, not its factors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.adapt.losses import Batch, Loss
from fewrec.adapt.ranges import check_ranges
from fewrec.errors import ConfigError
from fewrec.signals import CENTRING

__all__ = ["DeltaSettings", "DeltaTrainer", "check_radii", "loss_at"]

SMALL = 0.01
"""Where the power iteration of the virtual form begins, as a share of a vector's length."""

Array = NDArray[np.float32]
UnitLoss = Callable[[Array], tuple[float, Array, dict[str, Array]]]


@dataclass(frozen=True)
class DeltaSettings:
    """How the correction is trained."""

    rank: int = 64
    learning_rate: float = 2e-3
    l2: float = 0.002  # times the squared entries of the correction A B
    batch_size: int = 64
    dropout: float = 0.2  # of the entries of the frozen vectors that the correction sees
    warm_up: int = 10  # steps
    clip: float = 1.0  # largest norm of the gradient of one array
    epsilon: float = 0.0  # radius of the adversarial perturbation, as a share of a vector's length
    virtual: float = 0.0  # the same of the virtual one, which needs no likes; 0 for none
    unlabelled: int = 256  # items of a step that the virtual form moves

    def __post_init__(self) -> None:
        check_ranges(self)
        check_radii(self.epsilon, self.virtual, self.unlabelled)


def check_radii(epsilon: float, virtual: float, unlabelled: int) -> None:
    """Raises ``ConfigError`` for perturbations of no length."""
    for name, value, least in (
        ("epsilon", epsilon, 0.0),
        ("virtual", virtual, 0.0),
        ("unlabelled", unlabelled, 1),
    ):
        if not least <= value < np.inf:
            raise ConfigError(
                f"{name} is at least {least:g}, not {value}.",
                where="settings",
                value=value,
                hint="The radii are shares of a length, 0 for none; unlabelled counts texts.",
            )


def told(scores: Array, batch: Batch) -> float:
    """Accuracy: the share of hidden interactions whose like or dislike the sign of the score tells, less the mean
    score of the row; NaN where nothing is hidden."""
    observed = (batch.value != 0) & batch.allowed
    if not observed.any():
        return float("nan")
    mean = (scores * batch.allowed).sum(axis=1, keepdims=True) / np.maximum(
        batch.allowed.sum(axis=1, keepdims=True), 1
    )
    return float(((scores > mean) == (batch.value > 0))[observed].mean())


def loss_at(loss: Loss, support: sp.csr_matrix, batch: Batch, scale: float, bias: Array) -> UnitLoss:
    """``loss`` as a function of the unit vectors (C, D) of the candidates: its value, its slope there, and in a dict
    its slopes at ``bias`` (C,) and at the logarithm of ``scale``, and what `told` says."""

    def at(unit: Array) -> tuple[float, Array, dict[str, Array]]:
        people = np.asarray(support @ unit)  # (B, D)
        cosines = people @ unit.T  # (B, C)
        scores = np.asarray(scale * cosines + bias, dtype=np.float32)
        value, push = loss(scores, batch)
        by_cosine = np.float32(scale) * push
        by_unit = by_cosine.T @ people + np.asarray(support.T @ (by_cosine @ unit))
        others = {
            "bias": push.sum(axis=0),
            "scale": np.array([float((push * cosines).sum()) * scale], dtype=np.float32),
            "told": np.array([told(scores, batch)], dtype=np.float32),
        }
        return value, by_unit, others

    return at


@dataclass
class DeltaTrainer:
    """The correction while it is trained. ``vectors`` (I, D) frozen, zero rows where an item has no text; ``others``
    are those of altered texts of the same items, of which `look_at` chooses one set; ``open`` are the items that the
    virtual form may move, all where not given."""

    vectors: Array
    loss: Loss
    bias: Array  # (I,)
    scale: float
    settings: DeltaSettings = field(default_factory=DeltaSettings)
    seed: int = 0
    others: Sequence[Array] = ()
    open: NDArray[np.intp] | None = None

    def __post_init__(self) -> None:
        known: NDArray[np.bool_] = np.asarray(self.vectors.any(axis=1))
        self.mean = self.vectors[known].mean(axis=0) if known.any() else np.zeros_like(self.vectors[0])
        items = np.flatnonzero(known)
        self._open = items if self.open is None else np.intersect1d(items, self.open)
        self.look_at(0)
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
        self.told = np.nan  # accuracy of the last batch

    def look_at(self, which: int) -> None:
        """Trains on the texts as they are (0), or on an altered set (1, 2, ...)."""
        vectors = self.others[which - 1] if which else self.vectors
        known = vectors.any(axis=1, keepdims=True)
        self._off = np.asarray((vectors - self.mean) * known, dtype=np.float32)  # (I, D)
        self._centred = np.asarray((vectors - CENTRING * self.mean) * known, dtype=np.float32)

    def units(self, items: NDArray[np.intp]) -> Array:
        """(C, D) tuned unit vectors of ``items``, of their texts as they are."""
        vectors = self.vectors[items]
        known = vectors.any(axis=1, keepdims=True)
        off = (vectors - self.mean) * known
        raw = (vectors - CENTRING * self.mean) * known + (off @ self.state["left"]) @ self.state["right"]
        length = np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9)
        return np.asarray(raw / length, dtype=np.float32)

    def correction(self) -> dict[str, Array]:
        """What `fewrec.encode.adapted` serves: ``mean``, ``left``, ``right``."""
        return {"mean": self.mean, "left": self.state["left"].copy(), "right": self.state["right"].copy()}

    def step(
        self, support: sp.csr_matrix, items: NDArray[np.intp], batch: Batch, rng: np.random.Generator
    ) -> float:
        """One step of the optimiser; gives back the loss before it."""
        value, gradient = self.slope(support, items, batch, rng)
        self.update(gradient)
        return value

    def slope(
        self, support: sp.csr_matrix, items: NDArray[np.intp], batch: Batch, rng: np.random.Generator | None
    ) -> tuple[float, dict[str, Array]]:
        """``(loss, gradient by array)``; without ``rng`` nothing is dropped out."""

        def at(unit: Array) -> tuple[float, Array, dict[str, Array]]:
            scale, bias = float(np.exp(self.state["scale"][0])), self.state["bias"][items]
            value, by_unit, others = loss_at(self.loss, support, batch, scale, bias)(unit)
            by_bias = np.zeros_like(self.state["bias"])
            by_bias[items] = others["bias"]
            self.told = float(others["told"][0])
            return value, by_unit, {"bias": by_bias, "scale": others["scale"]}

        return self.slope_of(at, items, rng)

    def slope_of(
        self, loss: UnitLoss, items: NDArray[np.intp], rng: np.random.Generator | None
    ) -> tuple[float, dict[str, Array]]:
        """The same for any ``loss`` of the tuned unit vectors ``(C, D)`` of ``items``, that gives its value, its
        slope there, and its slopes at other arrays. With ``epsilon`` the loss is that at the vectors plus that at the
        vectors moved up their own gradient (adversarial training)."""
        off = self._off[items]
        if rng is not None and self.settings.dropout:
            keep = rng.random(off.shape, dtype=np.float32) >= self.settings.dropout
            off = off * keep / np.float32(1 - self.settings.dropout)
        base = self._centred[items]
        value, gradient, up = self._at(loss, off, base)
        if self.settings.epsilon:
            move = _along(up, base, self.settings.epsilon)
            against, more, _ = self._at(loss, off + move, base + move)
            value, gradient = value + against, {name: part + more[name] for name, part in gradient.items()}
        if self.settings.virtual and rng is not None:
            turned, more = self.smoothness(rng)
            value += turned
            gradient["left"] += more["left"]
            gradient["right"] += more["right"]
        left, right = self.state["left"], self.state["right"]
        pull = np.float32(self.settings.l2)
        size = float(((left.T @ left) * (right @ right.T)).sum())  # |A B|^2
        gradient["left"] += 2 * pull * (left @ (right @ right.T))
        gradient["right"] += 2 * pull * ((left.T @ left) @ right)
        return value + float(pull) * size, gradient

    def smoothness(self, rng: np.random.Generator) -> tuple[float, dict[str, Array]]:
        """``(how far the tuned vectors turn under the virtual perturbation, gradient by array)`` of some ``open``
        items."""
        items = rng.permutation(self._open)[: self.settings.unlabelled]
        off, base = self._off[items], self._centred[items]
        raw = base + (off @ self.state["left"]) @ self.state["right"]
        still = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9)

        def turned(unit: Array) -> tuple[float, Array, dict[str, Array]]:
            return float((1 - (still * unit).sum(axis=1)).mean()), -still / np.float32(len(still)), {}

        start = _along(rng.standard_normal(base.shape, dtype=np.float32), base, SMALL)
        up = self._at(turned, off + start, base + start)[2]
        move = _along(up, base, self.settings.virtual)
        return self._at(turned, off + move, base + move)[:2]

    def _at(self, loss: UnitLoss, off: Array, base: Array) -> tuple[float, dict[str, Array], Array]:
        """``(loss, gradient by array, gradient at the frozen vectors (C, D))``."""
        left, right = self.state["left"], self.state["right"]
        inner = off @ left  # (C, R)
        raw = base + inner @ right  # (C, D)
        length = np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9)
        unit = raw / length
        value, by_unit, others = loss(unit)
        by_raw = (by_unit - unit * np.einsum("cd,cd->c", unit, by_unit)[:, None]) / length
        by_inner = by_raw @ right.T
        return (
            value,
            {"left": off.T @ by_inner, "right": inner.T @ by_raw, **others},
            by_raw + by_inner @ left.T,
        )

    def update(self, gradient: Mapping[str, Array]) -> None:
        """One step of AdamW down the ``gradient``; arrays that it does not name stay."""
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
            self.state[name] -= np.asarray(rate * move, dtype=np.float32)


def _along(direction: Array, vectors: Array, radius: float) -> Array:
    """(N, D) moves of the ``vectors`` along ``direction``, ``radius`` of each one's length."""
    length = radius * np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(
        length * direction / np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-12), np.float32
    )
