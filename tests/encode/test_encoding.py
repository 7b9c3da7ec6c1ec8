from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewrec.encode import VectorCache, encode_texts, progress_bar
from fewrec.encode.hashed import HashedWords
from fewrec.errors import EncoderError


class Counting:
    """Vector of a text: [its length, 1]. Remembers what it was asked."""

    def __init__(self, id: str = "counting@1", dimension: int | None = 2, batch_size: int = 2) -> None:
        self.id = id
        self.dimension = dimension
        self.batch_size = batch_size
        self.asked: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked.append(list(texts))
        return np.array([[len(t), 1] if t else [0, 0] for t in texts], np.float32).reshape(-1, 2)


def test_each_distinct_text_is_encoded_once_in_sorted_batches() -> None:
    encoder = Counting()
    vectors = encode_texts(encoder, ["ccc", "a", "", "bb", "a", " \n", "dddd", "ccc"], cache=None)
    assert encoder.asked == [["a", "bb"], ["ccc", "dddd"]]
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [[3, 1], [1, 1], [0, 0], [2, 1], [1, 1], [0, 0], [4, 1], [3, 1]]


def test_known_texts_are_not_encoded_again() -> None:
    cache = VectorCache()
    first = encode_texts(Counting(), ["a", "bb"], cache=cache)
    encoder = Counting()
    again = encode_texts(encoder, ["bb", "ccc", "a"], cache=cache)
    assert encoder.asked == [["ccc"]]
    assert again[[2, 0]].tolist() == first.tolist()
    assert encode_texts(Counting("counting@2"), ["a"], cache=cache).tolist() == [[1, 1]]
    assert cache.info().encoders == {"counting@1": 3, "counting@2": 1}


def test_the_default_cache_is_the_user_s() -> None:
    encode_texts(Counting(), ["a"])
    assert VectorCache().info().vectors == 1


def test_an_interrupted_run_goes_on() -> None:
    class Interrupted(Counting):
        def encode(self, texts: Sequence[str]) -> np.ndarray:
            if len(self.asked) == 2:
                raise KeyboardInterrupt
            return super().encode(texts)

    texts = [f"{i:02}" for i in range(10)]
    with pytest.raises(KeyboardInterrupt):
        encode_texts(Interrupted(), texts)
    second = Counting()
    encode_texts(second, texts)
    assert [text for batch in second.asked for text in batch] == texts[4:]


def test_progress_counts_distinct_texts() -> None:
    calls: list[tuple[int, int]] = []
    encode_texts(
        Counting(), ["a", "b", "c", "a", ""], progress=lambda done, total: calls.append((done, total))
    )
    assert calls == [(0, 3), (2, 3), (3, 3)]
    calls.clear()
    encode_texts(Counting(), ["a", "b", "d"], progress=lambda done, total: calls.append((done, total)))
    assert calls == [(2, 3), (3, 3)]
    calls.clear()
    encode_texts(Counting(), [""], progress=lambda done, total: calls.append((done, total)))
    assert calls == []


def test_the_bar_is_drawn_on_stderr_and_only_when_there_is_work(monkeypatch: pytest.MonkeyPatch) -> None:
    # no terminal; a terminal; a terminal, but all is known by then
    for texts, terminal, drawn in [
        (["a"], "", False),
        (["a", "b", "c"], "1", True),
        (["a", "b"], "1", False),
    ]:
        monkeypatch.setenv("FORCE_COLOR", terminal)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), progress_bar("Encoding films") as progress:
            encode_texts(Counting(), texts, progress=progress)
        assert out.getvalue() == ""
        assert ("Encoding films" in err.getvalue()) == drawn
        assert drawn or err.getvalue() == ""


@pytest.mark.parametrize("dimension", [2, None])
def test_blank_texts_alone_have_the_encoder_s_width(dimension: int | None) -> None:
    assert encode_texts(Counting(dimension=dimension), ["", " "], cache=None).tolist() == [[0, 0], [0, 0]]


def test_no_texts_give_no_rows() -> None:
    assert encode_texts(Counting(), [], cache=None).shape == (0, 2)
    assert encode_texts(Counting(dimension=None), [], cache=None).shape == (0, 0)


def test_lone_surrogates_do_not_reach_the_encoder() -> None:
    encoder = Counting()
    encode_texts(encoder, ["x\ud800"])
    assert encoder.asked == [["x?"]]
    encode_texts(encoder, ["x\ud800"])
    assert len(encoder.asked) == 1


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a", None], 'counting@1: text 1 is not a string but None.\nUse "" where an item has no text.'),
        ("abc", "counting@1: got one str instead of a list of texts.\nWrite [text]."),
    ],
)
def test_other_than_texts_are_refused(texts: object, message: str) -> None:
    with pytest.raises(EncoderError) as caught:
        encode_texts(Counting(), texts)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_unusable_vectors_never_reach_the_cache() -> None:
    class Broken(Counting):
        def encode(self, texts: Sequence[str]) -> np.ndarray:
            return np.full((len(texts), 2), np.nan)

    with pytest.raises(EncoderError, match="2 of 2 vectors hold NaN"):
        encode_texts(Broken(), ["a", "b"])
    assert VectorCache().info().vectors == 0


def test_vectors_of_an_older_width_are_made_anew() -> None:
    VectorCache().put("counting@1", ["a"], np.ones((1, 7), np.float32))
    assert encode_texts(Counting(), ["a"]).tolist() == [[1, 1]]
    assert VectorCache().get("counting@1", ["a"])[0].tolist() == [1, 1]


def test_the_expected_encoder_is_demanded() -> None:
    assert encode_texts(Counting(), ["a"], expected_id="counting@1").tolist() == [[1, 1]]
    with pytest.raises(EncoderError) as caught:
        encode_texts(Counting(), ["a"], expected_id="use@3")
    assert str(caught.value) == (
        "encoder: the vectors come from counting@1, but the model was fitted with use@3.\n"
        "Vectors of different encoders cannot be compared: use the same encoder, or fit anew."
    )


def test_an_encoder_that_becomes_another_starts_anew() -> None:
    class Turning(Counting):
        """Finds out at its second batch that it must be another one."""

        def encode(self, texts: Sequence[str]) -> np.ndarray:
            if len(self.asked) == 1:
                self.id = "turned@1"
            return super().encode(texts) * (2 if self.id == "turned@1" else 1)

    encoder = Turning()
    assert encode_texts(encoder, ["a", "bb", "ccc"]).tolist() == [[2, 2], [4, 2], [6, 2]]
    assert len(VectorCache().get("turned@1", ["a", "bb", "ccc"])) == 3
    with pytest.raises(EncoderError, match="the vectors come from turned@1, but the model was fitted with"):
        encode_texts(Turning(), ["x", "y", "z"], expected_id="counting@1")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=8), max_size=12), st.randoms())
def test_permuting_texts_permutes_rows_and_nothing_else(texts: list[str], random: object) -> None:
    order = list(range(len(texts)))
    random.shuffle(order)  # type: ignore[attr-defined]
    encoder = HashedWords(64)
    straight = encode_texts(encoder, texts, cache=None)
    permuted = encode_texts(encoder, [texts[i] for i in order], cache=None)
    assert np.array_equal(permuted, straight[order])
