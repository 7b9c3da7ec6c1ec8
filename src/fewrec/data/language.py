"""A guess at the language of a short text: by script, then by a handful of very common words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_SCRIPTS = (
    ("Japanese", re.compile(r"[\u3040-\u30ff]")),  # before Chinese: Japanese texts hold Han letters too
    ("Chinese", re.compile(r"[\u3400-\u9fff]")),
    ("Korean", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("Cyrillic script", re.compile(r"[\u0400-\u04ff]")),
    ("Arabic script", re.compile(r"[\u0600-\u06ff]")),
    ("Hebrew", re.compile(r"[\u0590-\u05ff]")),
    ("Greek", re.compile(r"[\u0370-\u03ff]")),
    ("Thai", re.compile(r"[\u0e00-\u0e7f]")),
    ("Indic script", re.compile(r"[\u0900-\u0dff]")),
)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_WORD = re.compile(r"[a-z\u00e0-\u024f']+")
_COMMON = {
    "English": "a the of and to in is for with on from his her that this an by at you your it",
    "Spanish": "el la los las de del en que un una por con para su se es al",
    "French": "le la les des du et est un une dans que pour sur au aux avec il elle ce",
    "German": "der die das und ein eine ist nicht mit den von zu im auf für des dem",
    "Italian": "il lo la gli di del della che un una per con non sono nel al",
    "Portuguese": "os as do da dos das que um uma em para com não na no",
    "Dutch": "de het een van en is niet met op te dat voor zijn der",
    "Polish": "na do się nie że jest od po dla jak",
    "Turkish": "ve bir bu için ile da de çok en ne",
}
_BY_WORD: dict[str, list[str]] = {}
for _language, _words in _COMMON.items():
    for _word in _words.split():
        _BY_WORD.setdefault(_word, []).append(_language)
UNKNOWN = "Latin script, language not guessed"


def guess(text: str) -> str | None:
    """ "English", "Chinese", "Cyrillic script", ...; ``None`` for a text without letters. Short titles often
    fail."""
    text = text[:500].casefold()
    latin = len(_LATIN.findall(text))
    counts: dict[str, int] = {}
    if not text.isascii():
        counts = {name: len(script.findall(text)) for name, script in _SCRIPTS}
    if counts.get("Japanese"):
        counts["Japanese"] += counts.pop("Chinese", 0)
    other = max(counts, key=lambda name: counts[name], default="")
    if other and 2 * counts[other] > latin:  # a Han letter says more than a Latin one
        return other
    if not latin:
        return None
    hits: dict[str, float] = {}
    for word in _WORD.findall(text):
        for language in _BY_WORD.get(word, ()):
            hits[language] = hits.get(language, 0.0) + 1 / len(_BY_WORD[word])
    ranked = sorted(hits.items(), key=lambda pair: -pair[1])
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return UNKNOWN
    return ranked[0][0]


def mix(texts: Iterable[str]) -> dict[str, float]:
    """Language -> share of the texts with letters, most frequent first."""
    counts = Counter(language for text in texts if text and (language := guess(text)))
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return {language: count / total for language, count in ordered}


def normalised(title: str) -> str:
    """A title without case, accents, punctuation and spacing: equal ones are nearly the same title."""
    decomposed = unicodedata.normalize("NFKD", title.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())
