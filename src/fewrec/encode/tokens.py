"""Texts -> tokens, in any script.

Text is lower-cased and accents are folded ("Amélie" meets "amelie"). Scripts that put spaces between words
give words; scripts that do not (Han, kana, Thai, Lao, Khmer, Burmese) and Korean, whose particles stick to
the words, give pairs of neighbouring characters: the usual stand-in for words where a word is one or two
characters long.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

# Vowel signs and tone marks are not \w for Python; without them Hindi, Tamil or Thai words would fall to
# pieces.
_MARKS = (
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8"
    "\u0900-\u0963\u0966-\u0dff\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ece\u0f71-\u0f84\u102b-\u103e"
    "\u1056-\u1059\u17b4-\u17d3"
)
_UNSPACED = (
    "\u0e01-\u0e4e\u0e81-\u0edf\u1000-\u109f\u1780-\u17d3\u3005\u3041-\u309f\u30a1-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(f"[\\w{_MARKS}]+")
_RUN = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}_]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_ACCENTS = re.compile("[\u0300-\u036f]+")  # only these: marks of Indic and other scripts carry meaning
_ASCII_WORD = re.compile(r"[a-z0-9]+")


def fold(text: str) -> str:
    """``text`` lower-cased, in compatibility form, without the accents of Latin, Greek and Cyrillic."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", plain)))


def unspaced(letter: str) -> bool:
    """Whether a character belongs to a script without spaces between words, Korean among them."""
    return _IS_UNSPACED.match(letter) is not None


def tokens(text: str) -> list[str]:
    """The tokens of one text, in order.

    >>> tokens("Amélie (2001)")
    ['amelie', '2001']
    >>> tokens("千と千尋")
    ['千と', 'と千', '千尋']
    """
    folded = fold(text)
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    found: list[str] = []
    for word in _WORD.findall(folded):
        if not _IS_UNSPACED.search(word):
            found.extend(part for part in word.split("_") if part)
            continue
        for run in _RUN.findall(word):
            if _IS_UNSPACED.match(run) and len(run) > 1:
                found.extend(run[i : i + 2] for i in range(len(run) - 1))
            else:
                found.append(run)
    return found


def character_ngrams(token: str, low: int, high: int) -> list[tuple[str, int]]:
    """``(n-gram, count)`` of ``token`` with a space on each side, lengths ``low`` to ``high``, sorted.

    >>> character_ngrams("cat", 3, 4)
    [(' ca', 1), (' cat', 1), ('at ', 1), ('cat', 1), ('cat ', 1)]
    """
    padded = f" {token} "
    grams = sorted(padded[i : i + n] for n in range(low, high + 1) for i in range(len(padded) - n + 1))
    return [(gram, len(list(same))) for gram, same in groupby(grams)]
