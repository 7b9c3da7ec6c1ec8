from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fewrec.encode import CallableEncoder, VectorCache, encode_texts, resolve
from fewrec.errors import ConfigError, EncoderError


def lengths(texts: list[str]) -> list[list[float]]:
    return [[len(text), 1.0] for text in texts]


def test_a_function_becomes_an_encoder() -> None:
    encoder = resolve(lengths)
    assert encoder.id.startswith("call:")
    assert encoder.id.endswith(".lengths")
    assert encoder.dimension is None
    vectors = encode_texts(encoder, ["ab", "", "abc"], cache=None)
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [[2, 1], [0, 0], [3, 1]]  # the function's [0, 1] for "" does not count
    assert encoder.dimension == 2
    assert encoder.encode([]).shape == (0, 2)


def test_blank_texts_alone_still_have_a_width() -> None:
    assert encode_texts(lengths, ["", " "], cache=None).tolist() == [[0, 0], [0, 0]]
    assert CallableEncoder(lengths).encode([]).shape == (0, 0)


def test_only_a_version_lets_vectors_go_to_disk() -> None:
    cache = VectorCache()
    encode_texts(CallableEncoder(lengths), ["a"], cache=cache)
    assert cache.info().vectors == 0
    versioned = CallableEncoder(lengths, name="lengths", version=2)
    assert versioned.id == "call:lengths@2"
    encode_texts(versioned, ["a"], cache=cache)
    assert cache.info().encoders == {"call:lengths@2": 1}


def test_a_callable_object_is_named_after_its_class_and_version() -> None:
    class Model:
        version = "7"

        def __call__(self, texts: list[str]) -> np.ndarray:
            return np.ones((len(texts), 3))

    encoder = resolve(Model())
    assert encoder.id.endswith("Model@7")
    assert encoder.encode(["a"]).tolist() == [[1, 1, 1]]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.ones(3), r"the vectors have shape \(3,\)"),
        (np.ones((3, 2, 2)), r"the vectors have shape \(3, 2, 2\)"),
        (np.ones((3, 0)), r"the vectors have shape \(3, 0\)"),
        (np.ones((2, 4)), "3 texts gave 2 vectors"),
        ([[1, 2], [1], [1, 2]], "the vectors have unequal lengths"),
        ([["a"], ["b"], ["c"]], "the vectors are not numbers"),
        (None, "the vectors are not numbers"),
        (np.ones((3, 2), dtype=complex), "the vectors are not numbers"),
        ([[1, 2], [np.nan, 1], [np.inf, 1]], "2 of 3 vectors hold NaN or infinity, the first in row 1"),
        ([[1, 2], [1e300, 1], [1, 1]], "1 of 3 vectors hold NaN or infinity, the first in row 1"),
    ],
)
def test_unusable_answers_are_refused(answer: Any, message: str) -> None:
    encoder = CallableEncoder(lambda texts: answer, name="bad")
    with pytest.raises(EncoderError, match=f"call:bad: {message}"):
        encoder.encode(["a", "b", "c"])


def test_a_width_that_changes_is_refused() -> None:
    encoder = CallableEncoder(lambda texts: np.ones((len(texts), len(texts))), name="bad")
    encoder.encode(["a", "b"])
    with pytest.raises(EncoderError, match="the vectors have 1 columns, but 2 were expected"):
        encoder.encode(["a"])


def test_a_failing_function_is_named_with_its_cause() -> None:
    def broken(texts: list[str]) -> None:
        raise KeyError("weights")

    with pytest.raises(EncoderError, match=r"broken: the function failed: KeyError: 'weights'") as caught:
        CallableEncoder(broken).encode(["a"])
    assert isinstance(caught.value.__cause__, KeyError)


def test_settings_are_checked() -> None:
    with pytest.raises(ConfigError, match="encoder: batch_size must be at least 1, not 0"):
        CallableEncoder(lengths, batch_size=0)
    with pytest.raises(ConfigError, match="encoder: 3 cannot be called"):
        CallableEncoder(3)  # type: ignore[arg-type]
