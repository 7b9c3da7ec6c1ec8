"""What an augmentation is, and how seeds reach it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from fewrec.errors import ConfigError

__all__ = ["Augmentation", "Chain", "generator", "variants"]


@runtime_checkable
class Augmentation(Protocol):
    """Gives back a variant of ``value`` and never changes ``value`` itself; all chance comes from ``rng``."""

    keeps: ClassVar[str]
    """What stays as it was, in a sentence."""

    def __call__(self, value: Any, rng: np.random.Generator) -> Any: ...


@dataclass(frozen=True)
class Chain:
    """Augmentations one after the other, each on what the one before it gave back."""

    keeps: ClassVar[str] = "what all of its steps keep"
    steps: tuple[Augmentation, ...]

    def __call__(self, value: Any, rng: np.random.Generator) -> Any:
        for step in self.steps:
            value = step(value, rng)
        return value


def generator(seed: int, *keys: str | int) -> np.random.Generator:
    """A generator for one user, text or epoch: it depends on ``seed`` and ``keys`` alone.

    So neither the order of the work nor who else takes part changes a variant.

    >>> bool(generator(0, "anna").random() == generator(0, "anna").random())
    True
    """
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or seed < 0:
        raise ConfigError(f"seed must be a whole number from 0 on, not {seed!r}.", value=seed)
    # The length of each key goes in, too: ("ab", "c") is not ("a", "bc").
    named = "".join(f"{len(str(key))}:{type(key).__name__}:{key}" for key in keys)
    digest = hashlib.sha256(named.encode("utf-8", "surrogatepass")).digest()
    return np.random.default_rng([int(seed), *np.frombuffer(digest, dtype=np.uint32).tolist()])


def variants(texts: Sequence[str], augmentation: Augmentation, *, copies: int, seed: int) -> list[list[str]]:
    """``copies`` variants of each text, in the order of ``texts``.

    A text's variants depend on the text, its copy's number and ``seed``. A variant may equal its text: short texts
    and texts full of numbers have few.

    >>> from fewrec.text.augment import WordSwap
    >>> variants(["a red lamp"], WordSwap(1.0), copies=2, seed=0)
    [['red a lamp', 'red a lamp']]
    """
    if copies < 1:
        raise ConfigError(f"copies must be at least 1, not {copies}.", where="variants", value=copies)
    return [[augmentation(text, generator(seed, text, copy)) for copy in range(copies)] for text in texts]


def checked_share(share: float, where: str, *, below_one: bool = False) -> None:
    """Raises `ConfigError` unless ``share`` lies from 0 to 1 (below 1 where all must not go)."""
    if not (0 <= share < 1 or (share == 1 and not below_one)):
        to = "below 1" if below_one else "1"
        raise ConfigError(f"share must lie from 0 to {to}, not {share}.", where=where, value=share)


def checked_generator(rng: np.random.Generator, where: str) -> np.random.Generator:
    """``rng``; raises `ConfigError` for anything else, so that no chance comes in unseeded."""
    if not isinstance(rng, np.random.Generator):
        raise ConfigError(
            f"the second argument must be a NumPy generator, not {type(rng).__name__}.",
            where=where,
            value=rng,
            hint="Pass numpy.random.default_rng(seed), or fewrec.text.augment.generator(seed, key).",
        )
    return rng
