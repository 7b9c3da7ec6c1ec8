"""The contract suite: our encoders keep it, and each way of breaking it is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from fewrec.encode import CallableEncoder, ReadyVectors, resolve
from fewrec.testing.encoders import SAMPLE, check_encoder


def letters(texts: list[str]) -> np.ndarray:
    return np.array([[text.count(letter) for letter in "abcde"] for text in texts])


@pytest.mark.parametrize(
    "make",
    [
        lambda: resolve("default"),
        lambda: resolve("use"),
        lambda: resolve("hashed"),
        lambda: resolve("hashed:16"),
        lambda: CallableEncoder(letters, version=1),
        lambda: ReadyVectors(SAMPLE, np.random.default_rng(0).normal(size=(len(SAMPLE), 6)), by="text"),
    ],
)
def test_our_encoders_keep_the_contract(make: Callable[[], Any]) -> None:
    check_encoder(make(), tolerance=0)


class Good:
    """Letter counts; the base of the broken ones below."""

    id = "good@1"
    dimension: int | None = 5
    batch_size = 8

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.array(
            [[t.count(c) for c in "abcde"] if t.strip() else [0] * 5 for t in texts], "f4"
        ).reshape(-1, 5)


class Float64(Good):
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return super().encode(texts).astype(float)


class Lists(Good):
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return super().encode(texts).tolist()  # type: ignore[no-any-return]


class Flat(Good):
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return super().encode(texts).ravel()


class NotFinite(Good):
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return super().encode(texts) / np.float32(0) if texts else super().encode(texts)


class Centred(Good):
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        vectors = super().encode(texts)
        return vectors - vectors.mean(axis=0)


class Rounding(Good):
    """What BLAS does: the last bits go with the size of the batch."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return super().encode(texts) * np.float32(1 + 1e-6 * (len(texts) == 7))


class Positional(Good):
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return super().encode(texts) + np.arange(len(texts), dtype="f4")[:, None]


class Restless(Good):
    calls = 0

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.calls += 1
        return super().encode(texts) + np.float32(self.calls)


class BlankIsSomething(Good):
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return super().encode(texts) + np.float32(1)


class Changing(Good):
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        if isinstance(texts, list):
            texts[:] = [text.strip() for text in texts]
        return super().encode(texts)


class WrongWidth(Good):
    dimension = 7


class NewName(Good):
    calls = 0

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.calls += 1
        self.id = f"good@{self.calls}"
        return super().encode(texts)


class NoName(Good):
    id = ""


class NoBatch(Good):
    batch_size = 0


class NothingFails(Good):
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return super().encode(texts) if texts else np.zeros(0, "f4")


def test_the_good_one_passes() -> None:
    check_encoder(Good())


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (Float64, "good@1: vectors must be float32, not float64"),
        (Lists, "good@1: encode must give a NumPy array, not list"),
        (Flat, "good@1: 11 texts gave shape"),
        (NotFinite, "good@1: vectors must be finite"),
        (Centred, "a text must have the same vector alone and in a batch"),
        (Positional, "a text must have the same vector alone and in a batch"),
        (Restless, "the same texts must give the same vectors again"),
        (BlankIsSomething, "a blank text must give a zero row"),
        (Changing, "encode must leave the list it is given as it is"),
        (WrongWidth, "good@1: dimension is 7, but vectors have 5 columns"),
        (NewName, "good@1: the id became good@"),
        (NoName, "id must be a non-empty string, not ''"),
        (NoBatch, "good@1: batch_size must be 1 or more"),
        (NothingFails, r"good@1: no texts must give shape \(0, 5\)"),
    ],
)
def test_broken_encoders_are_found(broken: type[Good], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_encoder(broken())


def test_the_tolerance_says_how_much_a_batch_may_matter() -> None:
    check_encoder(Rounding())
    with pytest.raises(
        AssertionError, match="batches of 7 must give the vectors of one batch: entries differ"
    ):
        check_encoder(Rounding(), tolerance=0)


def test_the_sample_is_checked() -> None:
    with pytest.raises(AssertionError, match="three distinct texts"):
        check_encoder(Good(), ["a", "b", "a"])
    with pytest.raises(AssertionError, match="adds blank texts by itself"):
        check_encoder(Good(), ["a", "b", " "])
