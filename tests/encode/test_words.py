from __future__ import annotations

import json
import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewrec.encode import Words
from fewrec.encode.words import CHARS, PAIR, TINY, WORD
from fewrec.errors import ConfigError, EncoderError, NotFittedError, StoreError


def test_the_formula_by_hand() -> None:
    words = Words(min_df=1)
    rows = words.fit_transform(["red red fox", "red hen", ""]).toarray()
    assert words.terms == ["fox", "hen", "red"]
    # idf: fox and hen are in 1 of 3 texts, red in 2 of 3
    rare, common = math.log(4 / 2) + 1, math.log(4 / 3) + 1
    assert words.idf == pytest.approx([rare, rare, common])
    first = np.array([rare, 0, (1 + math.log(2)) * common])
    second = np.array([0, rare, common])
    assert rows[0] == pytest.approx(first / np.linalg.norm(first))
    assert rows[1] == pytest.approx(second / np.linalg.norm(second))
    assert rows[2].tolist() == [0, 0, 0]
    assert rows.dtype == np.float32


def test_rare_words_are_dropped_unless_the_catalogue_is_tiny() -> None:
    few = ["common"] * (TINY - 2) + ["unique"]
    assert Words().fit(few).terms == ["common", "unique"]
    assert Words().fit([*few, "common"]).terms == ["common"]
    assert Words(min_df=1).fit([*few, "common"]).terms == ["common", "unique"]
    assert Words(min_df=3).fit(["a b", "a b", "a"]).terms == ["a"]


def test_names_meet_across_accents_and_case() -> None:
    words = Words().fit(["Pedro Almodóvar: Volver", "Heat"])
    assert words.transform(["ALMODOVAR"]).nnz == 1
    assert words.transform(["nobody knows this"]).nnz == 0


def test_scripts_without_spaces_meet_by_pairs_of_characters() -> None:
    rows = Words().fit_transform(["慢热科幻小说", "科幻", "ภาพยนตร์ไทย", "ภาพยนตร์"])
    similarity = (rows @ rows.T).toarray()
    assert similarity[0, 1] > 0.2
    assert similarity[2, 3] > 0.2
    assert similarity[0, 2] == 0


def test_pairs_join_neighbours_within_one_text_only() -> None:
    words = Words(min_df=1, pairs=True).fit(["new york", "york new", "big"])
    assert [t for t, k in zip(words.terms, words.kinds, strict=True) if k == PAIR] == ["new york", "york new"]


def test_character_ngrams_meet_inflections_and_have_their_own_weight() -> None:
    texts = ["restaurants", "restaurant", "cinema"]
    plain = Words(min_df=1).fit_transform(texts)
    assert (plain @ plain.T)[0, 1] == 0
    words = Words(min_df=1, chars=(3, 5), chars_weight=1.0)
    rows = words.fit_transform(texts)
    assert (rows @ rows.T)[0, 1] > 0.3
    assert (rows @ rows.T)[0, 2] < 0.05
    is_chars = words.kinds == CHARS
    # weight 1: both blocks have the same length
    assert np.linalg.norm(rows.toarray()[:, is_chars], axis=1) == pytest.approx(np.full(3, math.sqrt(0.5)))
    light = Words(min_df=1, chars=(3, 5), chars_weight=0.5).fit_transform(texts)
    assert np.linalg.norm(light.toarray()[:, is_chars], axis=1) == pytest.approx(np.full(3, math.sqrt(0.2)))


def test_min_length_drops_short_words() -> None:
    assert Words(min_df=1, min_length=2).fit(["a bc d ef"]).terms == ["bc", "ef"]


ALL_SETTINGS: list[dict[str, Any]] = [
    {},
    {"pairs": True},
    {"chars": (3, 5)},
    {"pairs": True, "chars": (2, 4), "min_df": 1, "min_length": 2, "chars_weight": 2.0},
]
TEXTS = st.lists(st.text(alphabet="abc é千と\u0e01_1 ", max_size=12), max_size=8)


@pytest.mark.parametrize("chosen", ALL_SETTINGS)
@settings(max_examples=30, deadline=None)
@given(texts=TEXTS, more=TEXTS, data=st.data())
def test_properties(chosen: dict[str, Any], texts: list[str], more: list[str], data: st.DataObject) -> None:
    words = Words(**chosen)
    rows = words.fit_transform(texts)
    assert rows.shape == (len(texts), len(words.terms))
    assert np.array_equal(words.transform(texts).toarray(), rows.toarray())
    lengths = np.linalg.norm(rows.toarray(), axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))
    # the order of the catalogue changes nothing, to the last bit
    order = data.draw(st.permutations(range(len(texts))))
    permuted = Words(**chosen)
    shuffled = permuted.fit_transform([texts[i] for i in order])
    assert permuted.terms == words.terms
    assert np.array_equal(shuffled.toarray(), rows.toarray()[list(order)])
    # a text alone has the row it has in company
    together = words.transform(more).toarray()
    for row, text in enumerate(more):
        assert np.array_equal(words.transform([text]).toarray()[0], together[row])
    # saved and loaded, it is the same
    loaded = Words.from_tables(words.to_tables())
    assert np.array_equal(loaded.transform(more).toarray(), together)
    assert loaded.settings == words.settings


def test_tables_are_plain() -> None:
    tables = Words(min_df=1, pairs=True, chars=(3, 4)).fit(["red fox"]).to_tables()
    assert set(tables) == {"terms", "kinds", "idf", "settings"}
    assert all(isinstance(term, str) for term in tables["terms"])
    assert tables["kinds"].dtype == np.uint8
    assert tables["idf"].dtype == np.float32
    settings_again = json.loads(json.dumps(tables["settings"]))
    assert Words.from_tables({**tables, "settings": settings_again}).settings.chars == (3, 4)
    assert set(tables["kinds"].tolist()) == {WORD, PAIR, CHARS}


def test_no_text_at_all() -> None:
    for texts in ([], ["", " "]):
        rows = Words(pairs=True, chars=(3, 5)).fit_transform(texts)
        assert rows.shape == (len(texts), 0)


def test_ten_thousand_short_texts_take_less_than_a_second() -> None:
    rng = np.random.default_rng(0)
    vocabulary = np.array([f"word{i}" for i in range(5000)])
    texts = [" ".join(vocabulary[rng.integers(0, 5000, 12)]) for _ in range(10_000)]
    start = time.perf_counter()
    words = Words()
    words.fit(texts)
    words.transform(texts)
    assert time.perf_counter() - start < 1.0  # measured: 0.25 s


def test_a_huge_cell_is_harmless() -> None:
    rows = Words(min_df=1, chars=(3, 5)).fit_transform(["x" * 5_000_000, "a b"])
    assert rows.shape[1] < 300


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"min_df": 0}, "words: min_df must be at least 1, not 0."),
        ({"min_length": 0}, "words: min_length must be at least 1, not 0."),
        ({"chars": (5, 3)}, "words: chars must be two lengths from 1 to 8, the smaller first, not (5, 3)."),
        ({"chars": (1, 9)}, "words: chars must be two lengths from 1 to 8, the smaller first, not (1, 9)."),
        ({"chars_weight": 0.0}, "words: chars_weight must be above 0 and at most 10, not 0.0."),
    ],
)
def test_settings_are_checked(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Words(**chosen)
    assert str(caught.value) == message


def test_nothing_works_before_fit() -> None:
    for call in (lambda: Words().transform(["a"]), lambda: Words().to_tables()):
        with pytest.raises(
            NotFittedError, match=r"words: Words has not seen any texts yet.\nCall fit\(texts\) first"
        ):
            call()


def test_texts_must_be_strings() -> None:
    with pytest.raises(EncoderError, match="words: text 0 is not a string but 3"):
        Words().fit([3])  # type: ignore[list-item]


def test_tables_that_do_not_fit_are_refused() -> None:
    tables = Words(min_df=1).fit(["a b"]).to_tables()
    with pytest.raises(StoreError, match="words: the words lack idf"):
        Words.from_tables({k: v for k, v in tables.items() if k != "idf"})
    with pytest.raises(StoreError, match="the words do not fit together: 2 terms, 2 kinds, 1 idf"):
        Words.from_tables({**tables, "idf": tables["idf"][:1]})
    with pytest.raises(StoreError, match=r"unknown settings: shiny\.\nThey were saved by another version"):
        Words.from_tables({**tables, "settings": {**tables["settings"], "shiny": 1}})
