"""Items by the words that stand in them: what is kept of an item for that, and the query that finds it.

The text to search in is kept beside the columns, made plain in Python: SQLite folds the case of ASCII alone, and
neither database takes accents off without an extension. A search reads the plain text of all items: of 100,000 with a
title and a sentence each in 60 to 90 ms of one core. A full-text index would be faster, and would find whole words
alone, which is no use while somebody types, nor in Chinese. One of trigrams finds parts of words, of three letters and
more: most words of Chinese have two, so all texts would be read as before, and PostgreSQL has it as an extension only.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from fewrec.store.backend import Row, Session

__all__ = ["LONGEST", "found", "plain", "refill", "sought"]

LONGEST = 1000
"""Characters of each cell that are searched: of a description its beginning, not the whole article."""

TITLES = (
    "title",
    "name",
    "item_name",
    "product_name",
    "headline",
    "标题",
    "名称",
    "商品名称",
    "书名",
    "片名",
)
"""Columns that name an item, the first that has a text; where there is none, the first text of all."""

PAGE = 2000


def plain(text: str) -> str:
    """The text without case, accents and the widths of letters.

    >>> plain("Amélie ＡＢＣ STRASSE"), plain("Straße")
    ('amelie abc strasse', 'strasse')
    """
    if text.isascii():  # most texts, and a tenth of the time
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.category(letter).startswith("M")).casefold()


def sought(id: str, cells: Mapping[str, Any]) -> tuple[str, str]:
    """``(all that is searched in an item, its title)``, both plain; a line for each text, so that no word spans two.

    >>> sought("7", {"title": "Alien", "tags": ["Sci-Fi", "1979"], "price": 9.0, "new": True})
    ('7\\nalien\\nsci-fi\\n1979\\n9', 'alien')
    """
    texts = {name: [plain(text[:LONGEST]) for text in _texts(cell)] for name, cell in cells.items()}
    names = {name.casefold(): name for name in reversed(texts) if texts[name]}
    titled = [texts[names[title]] for title in TITLES if title in names]
    worded = [texts[name] for name, cell in cells.items() if isinstance(cell, str) and texts[name]]
    title = next(iter([*titled, *worded]), [""])
    return "\n".join([plain(id), *(text for part in texts.values() for text in part)]), " ".join(title)


def _texts(cell: Any) -> Iterator[str]:
    """Texts and numbers; a number as people write it."""
    for part in cell if isinstance(cell, list) else [cell]:
        if isinstance(part, str):
            if part.strip():
                yield part.strip()
        elif isinstance(part, float) and part.is_integer() and abs(part) < 1e15:
            yield str(int(part))
        elif isinstance(part, int | float) and not isinstance(part, bool):
            yield str(part)


def found(session: Session, text: str, after: tuple[int, str], limit: int) -> list[Row]:
    """``(id, cells, seq, 0, place)`` of at most ``limit`` items behind ``after``, a place and an id: those that hold
    every word of ``text`` anywhere. Place 0: the id is the text, or the title begins with its first word and holds all;
    1: the title holds all; 2: any other. In each by id."""
    words = list(dict.fromkeys(plain(text).split()))
    holds = " AND ".join(["{} LIKE ? ESCAPE '\\'"] * len(words)) or "1 = 1"
    within = [f"%{_escaped(word)}%" for word in words]
    begins = f"{_escaped(words[0])}%" if words else "%"
    in_title = holds.replace("{}", "name")
    return session.rows(
        "SELECT id, cells, seq, 0, place FROM (SELECT id, cells, seq, CASE WHEN id = ? THEN 0 "
        f"WHEN name LIKE ? ESCAPE '\\' AND {in_title} THEN 0 WHEN {in_title} THEN 1 ELSE 2 END AS place "
        f"FROM items WHERE {holds.replace('{}', 'sought')}) AS hits "
        "WHERE place > ? OR (place = ? AND id > ?) ORDER BY place, id LIMIT ?",
        (text.strip(), begins, *within, *within, *within, after[0], after[0], after[1], limit),
    )


def _escaped(word: str) -> str:
    for letter in "\\%_":
        word = word.replace(letter, f"\\{letter}")
    return word


def refill(session: Session) -> None:
    """Makes anew what is searched, from the columns of all items."""
    import json

    after = ""
    while rows := session.rows("SELECT id, cells FROM items WHERE id > ? ORDER BY id LIMIT ?", (after, PAGE)):
        session.run_many(
            "UPDATE items SET sought = ?, name = ? WHERE id = ?",
            [(*sought(id, json.loads(cells)), id) for id, cells in rows],
        )
        after = rows[-1][0]
