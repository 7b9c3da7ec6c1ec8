from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewrec.encode.tokens import character_ngrams, fold, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" !? -- ", []),
        ("Ocean's 11", ["ocean", "s", "11"]),
        ("snake_case", ["snake", "case"]),
        ("snaké_case", ["snake", "case"]),
        ("AMÉLIE Noël Łódź", ["amelie", "noel", "łodz"]),
        ("Straße", ["strasse"]),
        ("Ёлка", ["елка"]),
        ("ﬁlm Ａ１", ["film", "a1"]),  # compatibility forms
        ("हिन्दी फ़िल्म।", ["हिन्दी", "फ़िल्म"]),  # vowel signs belong to the word, the danda does not
        ("千と千尋", ["千と", "と千", "千尋"]),
        ("科幻", ["科幻"]),
        ("猫", ["猫"]),
        ("科幻film小说", ["科幻", "film", "小说"]),
        ("科幻，小说", ["科幻", "小说"]),
        ("기생충", ["기생", "생충"]),
        ("ไทย", ["ไท", "ทย"]),
        ("スター・ウォーズ", ["スタ", "ター", "ウォ", "ォー", "ーズ"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == [fold(token) for token in expected]  # folded: one normal form for either spelling


@given(st.text())
def test_tokens_are_not_blank_and_hold_no_punctuation(text: str) -> None:
    assert all(token and not set(token) & set(" \n\t_.,;:!?\"'()-") for token in tokens(text))


@given(st.text(alphabet="abcdefgéüñ", max_size=10))
def test_accents_do_not_separate(text: str) -> None:
    plain = text.replace("é", "e").replace("ü", "u").replace("ñ", "n")
    assert tokens(text) == tokens(plain)


def test_character_ngrams_count() -> None:
    # " aaa ": length 2: " a", "aa" twice, "a "
    assert character_ngrams("aaa", 2, 2) == [(" a", 1), ("a ", 1), ("aa", 2)]
    assert character_ngrams("a", 5, 6) == []
