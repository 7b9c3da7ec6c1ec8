"""Words left out, exchanged with their neighbour, or masked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from fewrec.errors import ConfigError
from fewrec.text.augment.base import checked_generator, checked_share
from fewrec.text.augment.pieces import Piece, cut, is_kept, joined, unless_touched

__all__ = ["SpanMask", "WordDrop", "WordSwap"]


@dataclass(frozen=True)
class WordDrop:
    """Leaves each word out with probability ``share``; one word at least stays.

    In scripts without spaces a word is one character. Source: Wei and Zou 2019, "EDA", section 2 (random deletion);
    there any word may go.
    """

    keeps: ClassVar[str] = (
        "numbers, codes, negations and the word after one, the words in `keep`, all in their order"
    )
    share: float = 0.1
    keep: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        checked_share(self.share, "WordDrop")

    def __call__(self, value: str, rng: np.random.Generator) -> str:
        lead, pieces = cut(value, self.keep)
        gone = checked_generator(rng, "WordDrop").random(len(pieces)) < self.share
        left = [piece for piece, drop in zip(pieces, gone, strict=True) if piece.kept or not drop]
        if not left:  # nothing to keep, and chance took all
            left = [pieces[int(rng.integers(len(pieces)))]] if pieces else []
        return unless_touched(joined(lead, _ended(left, pieces)), value, self.keep)


@dataclass(frozen=True)
class WordSwap:
    """Exchanges a word with the next one with probability ``share``; each word moves at most once.

    Source: Wei and Zou 2019, "EDA", section 2 (random swap); there any two words of a sentence change places.
    """

    keeps: ClassVar[str] = "every word; place and order of numbers, codes, negations and the word after one"
    share: float = 0.1
    keep: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        checked_share(self.share, "WordSwap")

    def __call__(self, value: str, rng: np.random.Generator) -> str:
        lead, pieces = cut(value, self.keep)
        chosen = checked_generator(rng, "WordSwap").random(len(pieces)) < self.share
        at = 0
        while at + 1 < len(pieces):
            first, second = pieces[at : at + 2]
            if chosen[at] and not first.kept and not second.kept:
                pieces[at] = replace(second, gap=first.gap)
                pieces[at + 1] = replace(first, gap=second.gap)
                at += 1  # it has moved
            at += 1
        return unless_touched(joined(lead, pieces), value, self.keep)


@dataclass(frozen=True)
class SpanMask:
    """Puts ``mask`` for runs of 1 to ``longest`` words, until about ``share`` of all words are gone.

    The lengths of runs are uniform. Source: Joshi et al. 2020, "SpanBERT", section 3.1 (geometric lengths, and one
    mask for each word; here one for each run, so that the length is hidden, too, as in T5).
    """

    keeps: ClassVar[str] = (
        "numbers, codes, negations and the word after one, the words in `keep`, all in their order"
    )
    share: float = 0.15
    longest: int = 3
    mask: str = "[MASK]"
    keep: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        checked_share(self.share, "SpanMask")
        if self.longest < 1:
            raise ConfigError(
                f"longest must be at least 1, not {self.longest}.", where="SpanMask", value=self.longest
            )
        if not self.mask.strip() or self.mask.split() != [self.mask] or is_kept(self.mask):
            raise ConfigError(
                f"{self.mask!r} cannot stand for masked words.",
                where="SpanMask",
                value=self.mask,
                hint='Use one word without numbers that negates nothing, "[MASK]" or "…" say.',
            )

    def __call__(self, value: str, rng: np.random.Generator) -> str:
        checked_generator(rng, "SpanMask")
        lead, pieces = cut(value, self.keep)
        wanted = self.share * len(pieces)
        room = int(wanted) + int(rng.random() < wanted - int(wanted))  # short texts are masked now and then
        masked = np.zeros(len(pieces), dtype=bool)
        for start in rng.permutation(len(pieces)):
            for at in range(start, min(start + int(rng.integers(1, self.longest + 1)), len(pieces))):
                if room == 0 or masked[at] or pieces[at].kept:
                    break
                masked[at] = True
                room -= 1
        out: list[Piece] = []
        for at, piece in enumerate(pieces):
            if not masked[at]:
                out.append(piece)
            elif at and masked[at - 1]:
                out[-1] = replace(out[-1], gap=piece.gap)
            else:
                out.append(Piece(self.mask, piece.gap, kept=False))
        return unless_touched(joined(lead, out), value, self.keep)


def _ended(left: list[Piece], pieces: list[Piece]) -> list[Piece]:
    """``left`` ends as the whole text did: no blank of a word that has gone hangs behind it."""
    return [*left[:-1], replace(left[-1], gap=pieces[-1].gap)] if left else left
