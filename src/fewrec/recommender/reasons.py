"""Why an item is where it is: the score's own terms, in words, adding up to the score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fewrec.recommendations import Reason
from fewrec.recommender.model import FittedModel
from fewrec.recommender.threads import one_thread
from fewrec.signals import Signal, Supports

__all__ = ["Explainer", "blind"]

Term = tuple[str, str, float]
"""Kind, words and contribution of a reason to be."""

SMALL = 0.02
"""Terms smaller than this share of all of an item's terms are told together, by kind."""

ROUNDING = 3e-6
"""The share of a score that its float32 terms may miss it by; it is told as part of the largest term."""

TITLE = 40
"""Characters of another item's title in a reason."""

TOGETHER = {
    "liked": "reads like other things you liked",
    "disliked": "reads like other things you tried",
    "habits": "liked by people who like what you like",
}


OF_ITEMS = ("text", "dislike", "habits", "exposure")
"""Kinds of signals whose terms belong to single support items."""


def blind(scores: NDArray[np.float32]) -> list[tuple[Reason, ...]]:
    """Reasons where nothing is known: the scores are random numbers."""
    return [(Reason("random", "nothing is known yet: drawn at random", float(score)),) for score in scores]


@dataclass(frozen=True)
class Explainer:
    """Takes a score apart. Signals are linear in the support, so every support item has a term of its own."""

    model: FittedModel
    title: Callable[[int], str]  # of a model position

    @one_thread
    def reasons(
        self, supports: Supports, items: NDArray[np.intp], scores: NDArray[np.float32]
    ) -> list[tuple[Reason, ...]]:
        """Reasons for each of ``items``, strongest first; their contributions sum to ``scores``."""
        ranker, k_shot = self.model.ranker, float(supports.k_shot[0])
        signals = ranker.signals
        general = np.array([not s.personal for s in signals])
        linear = np.array([s.linear for s in signals])
        known = np.array([s.kind in OF_ITEMS or not self._speaks(s, supports) for s in signals])
        support_items, parts = supports.parts()
        by_item = np.zeros((len(signals), len(support_items), len(items)), dtype=np.float32)
        if len(support_items):
            by_item = ranker.contributions(parts, items, k_shot)
        apart = known & linear & ~general
        if (
            len(support_items)
            and supports.taste is None
            and apart[~general].all()
            and supports.portraits is None
        ):
            # Everything personal comes from the support items: the whole need not be computed again.
            whole = np.where(general[:, None], by_item[:, 0], by_item.sum(axis=1))
        else:
            whole = ranker.contributions(supports, items, k_shot)[:, 0]  # (S, C)
        by_item[~apart] = 0
        if len(support_items):
            self._ask(by_item, supports, support_items, items, k_shot)
        # What is left when every support item has had its term is the sentence's, the portrait's and that
        # of signals that are of other kinds, or cannot be taken apart.
        rest = whole - by_item.sum(axis=1)
        text = np.array([s.kind in ("text", "dislike") for s in signals])
        habits = np.array([s.kind in ("habits", "exposure") for s in signals])
        liked = set(supports.liked_rows.indices.tolist())
        from_text, from_habits = by_item[text].sum(axis=0).tolist(), by_item[habits].sum(axis=0).tolist()
        like_others = [self._support_item(other, other in liked) for other in support_items.tolist()]
        popularity, others = rest[general].sum(axis=0).tolist(), self._rest(rest)
        result = []
        for column, (item, score) in enumerate(zip(items.tolist(), scores.tolist(), strict=True)):
            terms: list[Term] = [(*self._popularity(item), popularity[column])]
            for (reading, doing), by_text, by_habits in zip(like_others, from_text, from_habits, strict=True):
                terms.append((*reading, by_text[column]))
                terms.append((*doing, by_habits[column]))
            terms += [(*key, amounts[column]) for key, amounts in others.items()]
            if not self.model.met[item]:
                # Training users have the new items in an order of their own, see FittedModel.score.
                moved = score - float(whole[:, column].sum())
                terms.append(("new", "its place among the new items, judged by their text", moved))
            result.append(_told(terms, score))
        return result

    def surely_personal(self, supports: Supports, item: int, score: float) -> bool:
        """Whether :meth:`reasons` of an item certainly hold one about the visitor; False: they have to be looked at.

        If they held none, each of the ``T`` personal terms were at most ``SMALL`` of the sum ``S`` of all sizes, and so
        were the sums that the small ones of a kind are told by. With ``p`` what popularity adds, ``S`` is at most
        ``p / (1 - SMALL T)``; so what the visitor adds, which is known without its terms, is at most ``SMALL`` of that
        for each kind.
        """
        ranker = self.model.ranker
        terms = 2 * len(supports.seen_rows.indices) + len(self._kinds)
        if not self.model.met[item] or SMALL * terms >= 0.99:  # a new item's place is a term of its own
            return False
        weights, place = ranker.fusion.weights(float(supports.k_shot[0])), np.array([item])
        general = sum(
            float(weight * signal.score_items(supports, place)[0, 0])
            for weight, signal in zip(weights, ranker.signals, strict=True)
            if not signal.personal
        )
        most = SMALL * abs(general) / (1 - SMALL * terms)
        return abs(score - general) > 1.01 * most * (len(TOGETHER) + len(self._kinds)) + ROUNDING * abs(score)

    @cached_property
    def _kinds(self) -> set[tuple[str, str]]:
        """What :meth:`_rest` may tell beside support items."""
        return {_as_a_whole(signal) for signal in self.model.ranker.signals if signal.personal}

    def _ask(
        self,
        by_item: NDArray[np.float32],
        supports: Supports,
        support_items: NDArray[np.intp],
        items: NDArray[np.intp],
        k_shot: float,
    ) -> None:
        """Fills in the terms of signals that are no sum over the support, and take themselves apart."""
        row_of = {int(item): row for row, item in enumerate(support_items)}
        weights = self.model.ranker.fusion.weights(k_shot)
        for at, signal in enumerate(self.model.ranker.signals):
            terms = getattr(signal, "terms", None)
            if terms is None or signal.linear or signal.kind not in OF_ITEMS or not weights[at]:
                continue
            for column, item in enumerate(items):
                for other, amount in terms(supports, int(item)):
                    by_item[at, row_of[other], column] = weights[at] * amount

    @staticmethod
    def _speaks(signal: Signal, supports: Supports) -> bool:
        """Whether a signal that reads sentences or portraits has one to read here."""
        if signal.kind == "taste":
            return supports.taste is not None
        return signal.kind != "portrait" or supports.portraits is not None

    def _popularity(self, item: int) -> tuple[str, str]:
        count, users = int(self.model.likes[item]), self.model.training.n_users
        return "popularity", f"liked by {count} of {users} users" if count else "liked by nobody yet"

    def _support_item(self, other: int, liked: bool) -> tuple[tuple[str, str], tuple[str, str]]:
        """Kind and words of what one support item says by its text, and by the habits of others."""
        title = self.title(other)
        title = title if len(title) <= TITLE else title[: TITLE - 1].rstrip() + "…"
        lower = "which you rated lower" if self.model.training.explicit else "which you passed over"
        return (
            (
                "liked" if liked else "disliked",
                f"reads like “{title}”, {'which you liked' if liked else lower}",
            ),
            ("habits", f"liked by people who {'like' if liked else 'tried'} “{title}”"),
        )

    def _rest(self, rest: NDArray[np.float32]) -> dict[tuple[str, str], list[float]]:
        """Kind and words, and ``(C,)`` amounts, of what is not a support item: sentence, portrait, features, an
        outsider's signals by name, and what a signal makes of all support items together."""
        terms: dict[tuple[str, str], NDArray[np.float32]] = {}
        for signal, amounts in zip(self.model.ranker.signals, rest, strict=True):
            if signal.personal:
                key = _as_a_whole(signal)
                terms[key] = terms[key] + amounts if key in terms else amounts
        return {key: amounts.tolist() for key, amounts in terms.items()}


FITS, ALIKE, HAS = "fits your sentence", "liked by people like you", "has what you seem to like"
LESS = {
    FITS: "fits your sentence less than most",
    ALIKE: "liked less than most by people like you",
    HAS: "lacks what you seem to like",
}
"""What is said instead where it holds an item back."""


def _as_a_whole(signal: Signal) -> tuple[str, str]:
    """Kind and words of what a signal adds beside the terms of single support items."""
    if signal.kind == "other":
        return "signal", f"the signal “{signal.name}”"
    if signal.kind == "portrait":
        return "portrait", ALIKE
    if signal.kind == "features":
        return "feature", HAS
    if signal.kind in OF_ITEMS and not signal.linear:
        kind = {"text": "liked", "dislike": "disliked"}.get(signal.kind, "habits")
        return kind, TOGETHER[kind]
    return "taste", FITS


def _told(terms: list[Term], score: float) -> tuple[Reason, ...]:
    """Strongest first; small terms of one kind are told as one, so that the sum stays the score."""
    least = SMALL * sum(abs(amount) for _, _, amount in terms)
    told, small = [], dict.fromkeys(TOGETHER, 0.0)
    for kind, what, amount in terms:
        if abs(amount) > least:
            told.append(Reason(kind, LESS.get(what, what) if amount < 0 else what, amount))
        elif kind in small:
            small[kind] += amount
    told += [Reason(kind, TOGETHER[kind], amount) for kind, amount in small.items() if abs(amount) > least]
    told.sort(key=lambda term: -abs(term.contribution))
    left = score - sum(term.contribution for term in told)
    if told and abs(left) <= ROUNDING * max(1.0, abs(score)):
        told[0] = replace(told[0], contribution=told[0].contribution + left)
    elif left:
        told.append(Reason("other", "smaller reasons together", left))
        told.sort(key=lambda term: -abs(term.contribution))
    return tuple(told)
