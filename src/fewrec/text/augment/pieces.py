"""A text cut into words, and which of them must not be touched: numbers, codes, negations and what they negate."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fewrec.encode.tokens import fold, unspaced

__all__ = ["Piece", "bare", "cut", "is_kept", "joined", "kept_words", "meaning", "unless_touched"]

# Languages that the default encoder knows, without accents. Turkish and Korean also negate by a part of the verb,
# which no list of words can find.
_NEGATING = """
    no not non nor never none nothing nobody nowhere neither without hardly cannot nope
    ne pas jamais rien aucun aucune sans ni personne
    nicht kein keine keinen keinem keiner keines nie niemals nichts ohne weder niemand
    nunca jamas nada nadie ningun ninguna ninguno sin tampoco
    mai niente nessun nessuno nessuna senza ne
    nao nem nenhum nenhuma ninguem sem
    niet geen nooit niets zonder niemand noch
    nie bez nigdy nic nikt zaden ani
    не нет ни никогда ничего без никто нельзя
    degil yok hic hayir
    لا لم لن ليس ليست غير بدون
"""
NEGATIONS = frozenset(_NEGATING.split())
_UNSPACED_NEGATIONS = re.compile(
    "没有|沒有|[不没沒無无非未别別勿莫否]|ない|なく|なかっ|なし|ません|ず|ぬ|[안않못없아]니|[않못없]|안|ไม่|ห้าม|ไร้"
)
_INNER = re.compile(r"[\w']+")
_CODE = re.compile(r"[@#_/\\]|\w[.:]\w")  # addresses, tags, file names, abbreviations such as "e.g."


@dataclass(frozen=True)
class Piece:
    """One word with the punctuation that touches it, or one character of a script without spaces."""

    text: str
    gap: str  # what stands between it and the next one
    kept: bool  # must stay what and where it is
    spaced: bool = True  # whether its script puts spaces between words


def is_kept(word: str, keep: Collection[str] = ()) -> bool:
    """Whether a word must not be touched: a number, a code, a negation, or one in ``keep`` (case aside).

    >>> [is_kept(word) for word in ("1979", "S-12b", "don't", "Nicht", "不", "film")]
    [True, True, True, True, True, False]
    """
    if any(letter.isnumeric() for letter in word) or _CODE.search(word):
        return True
    return _negates(word) or any(part in keep for part in _inner(word))


def cut(text: str, keep: Collection[str] = ()) -> tuple[str, list[Piece]]:
    """``(lead, pieces)``: what stands before the first word, then the words in order.

    The word right after a negation is kept, too: "not bad" stays "not bad".
    """
    folded = frozenset(fold(word) for word in keep)
    lead = text[: len(text) - len(text.lstrip())]
    spans = [match.span() for match in re.finditer(r"\S+", text)]
    raw: list[tuple[int, int, bool]] = []
    for start, end in spans:
        raw += [(start + a, start + b, spaced) for a, b, spaced in _split(text[start:end])]
    negated = [match.span() for match in _UNSPACED_NEGATIONS.finditer(text)]
    pieces: list[Piece] = []
    after_negation = False
    for at, (start, end, spaced) in enumerate(raw):
        word = text[start:end]
        negates = _negates(word) if spaced else any(a < end and start < b for a, b in negated)
        following = raw[at + 1][0] if at + 1 < len(raw) else len(text)
        kept = negates or after_negation or is_kept(word, folded)
        pieces.append(Piece(word, text[end:following], kept, spaced))
        after_negation = negates
    return lead, pieces


def joined(lead: str, pieces: Sequence[Piece]) -> str:
    """The text of these pieces; words that would grow together get a space between them.

    >>> joined(*cut(" a  b "))
    ' a  b '
    """
    parts = [lead]
    for piece, following in zip(pieces, [*pieces, None][1:], strict=True):
        parts.append(piece.text)
        touching = following is not None and not piece.gap and piece.spaced and following.spaced
        parts.append(" " if touching else piece.gap)
    return "".join(parts)


def unless_touched(found: str, value: str, keep: Collection[str]) -> str:
    """``found``, and ``value`` where the words to keep are no longer the same.

    It happens where characters that come to stand together negate: ``な`` and ``い``, say.
    """
    return found if kept_words(found, keep) == kept_words(value, keep) else value


def kept_words(text: str, keep: Collection[str] = ()) -> list[str]:
    """The words of a text that no augmentation of words may touch, in order.

    >>> kept_words("Alien 3 is not bad, and 不好看 neither.")
    ['3', 'not', 'bad,', '不', '好', 'neither.']
    """
    return [piece.text for piece in cut(text, keep)[1] if piece.kept]


def bare(text: str) -> tuple[str, str, str]:
    """A word between the signs that touch it.

    >>> bare("(film),")
    ('(', 'film', '),')
    """
    letters = [at for at, letter in enumerate(text) if letter.isalnum()]
    if not letters:
        return text, "", ""
    first, last = letters[0], letters[-1] + 1
    return text[:first], text[first:last], text[last:]


def meaning(text: str) -> tuple[Counter[str], int]:
    """What a translation must not lose: numbers with how often each stands there, and the count of negations.

    >>> meaning("Alien 3 isn't 1,000 times worse")
    (Counter({'3': 1, '1000': 1}), 1)
    """
    numbers: Counter[str] = Counter()
    negations = len(_UNSPACED_NEGATIONS.findall(text))
    for piece in cut(text)[1]:
        digits = "".join(letter for letter in piece.text if letter.isnumeric())
        if digits:
            numbers[digits] += 1
        negations += int(piece.spaced and _negates(piece.text))
    return numbers, negations


def _split(chunk: str) -> list[tuple[int, int, bool]]:
    """A chunk without blanks as (start, end, spaced): characters of scripts without spaces stand alone."""
    found: list[tuple[int, int, bool]] = []
    for at, letter in enumerate(chunk):
        if unspaced(letter):
            found.append((at, at + 1, False))
        elif found and found[-1][2] and found[-1][1] == at:
            found[-1] = (found[-1][0], at + 1, True)
        else:
            found.append((at, at + 1, True))
    return found


def _inner(word: str) -> list[str]:
    return [part.strip("'") for part in _INNER.findall(fold(word).replace("’", "'"))]


def _negates(word: str) -> bool:
    if any(unspaced(letter) for letter in word):
        return bool(_UNSPACED_NEGATIONS.search(word))
    return any(part in NEGATIONS or part.endswith("n't") for part in _inner(word))
