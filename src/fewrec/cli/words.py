"""What the library says in the words of Python, said in the words of the command line."""

from __future__ import annotations

import re
import unicodedata

from fewrec.config import definitions

_COLUMN = re.compile(r'columns=\{"([\w.]+)": (?:"([^"]*)"|\[?\.\.\.\]?)\}')
_EVENTS = re.compile(r'events=\{((?:"[^"]*": [-\d.]+(?:, )?)+)\}')
_CHOICE = re.compile(r'\b(feedback|on_bad_row|on_unknown)=["\'](\w+)["\']')


def in_flags(text: str) -> str:
    """``text`` with every setting named by its flag.

    >>> in_flags('Name it: columns={"time": ...}, or load with on_bad_row="skip".')
    'Name it: --columns time=..., or load with --on-bad-row skip.'
    """
    flags = _flags()
    text = _COLUMN.sub(lambda found: f"--columns {found[1]}={found[2] or '...'}", text)
    text = _EVENTS.sub(_events, text)
    text = _CHOICE.sub(lambda found: f"{flags[found[1]]} {found[2]}", text)
    for name in ("half_life", "liked_at", "on_bad_row", "on_unknown"):
        text = re.sub(rf"(?<![\w.-]){name}(?![\w-])", flags[name], text)
    return text


def harmless(text: str) -> str:
    """``text`` without characters that steer a terminal or turn the direction of writing; they come with the tables.

    >>> harmless("a\\x1b[2Jb\\u202ec\\n")
    'a[2Jbc\\n'
    """
    return "".join(
        letter
        for letter in text.replace("\t", " ")
        if letter in "\n\u200c\u200d" or unicodedata.category(letter) not in ("Cc", "Cf")
    )


def _flags() -> dict[str, str]:
    return {entry.name: entry.metadata["flag"] for _, entry in definitions() if entry.metadata["flag"]}


def _events(found: re.Match[str]) -> str:
    pairs = re.findall(r'"([^"]*)": ([-\d.]+)', found[1])
    return " ".join(f"--event {name}={weight}" for name, weight in pairs)
