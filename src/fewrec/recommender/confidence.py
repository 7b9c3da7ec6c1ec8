"""One line on how sure a list is as a whole, and when it is a guess."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fewrec.recommendations import Reason, Recommendation
from fewrec.recommender.model import FittedModel
from fewrec.recommender.visitors import Visitor

__all__ = ["confidence", "impersonal"]

IMPERSONAL = ("popularity", "other", "random")
"""Kinds of reasons that do not come from the visitor; "other" sums up what is too small to tell."""

SURE, FAIRLY_SURE = 0.7, 0.4
"""Mean probability of a like from which a list is called so."""


def confidence(
    model: FittedModel,
    visitor: Visitor,
    n_liked: int,
    rows: Sequence[Recommendation],
    nothing: bool,
    personal: Callable[[], bool],
) -> str:
    """What the list rests on, and what the same kind of list was worth to past users.

    ``nothing``: nobody has liked anything, and nothing is known of the visitor that tells items apart. ``personal``:
    whether the terms of a score say anything about the visitor, asked where the rows do not have them. The measured
    part counts hits among the first ten on held-out training users, of whom as much was shown, or what was measured
    next below that; it says how much.
    """
    if not rows:
        return "Nothing to recommend."
    if nothing:
        what = "nothing" if visitor.is_unknown else "nothing that tells these items apart"
        return (
            f"A blind guess: {what} is known about this visitor, and nobody has liked anything yet. The items are "
            "in random order. Name a liked item or describe what is wanted."
        )
    k = len(visitor.values)
    met = bool(model.met.any())
    known = [f"{k} interaction{'s' if k != 1 else ''}"] if k else []
    known += ["a sentence"] if visitor.taste else []
    known += ["attributes"] if visitor.portrait is not None else []
    if not known:
        return "A guess: nothing is known about this visitor, so this is the bestseller list." + _bestsellers(
            model
        )
    basis = " and ".join(known)
    if not met:
        return f"A first idea from {basis} and the texts alone: nobody has liked anything yet."
    trust = model.ranker.trust
    if k and not visitor.taste and trust is not None and max(trust.value) == 0:
        return (
            f"Little more than the bestseller list: from {basis} nothing personal could be shown to help the "
            f"{trust.users} past users it was tried on."
        )
    if k and n_liked == 0 and not visitor.taste:
        return f"Unsure: {basis} and nothing liked among them. One liked item would help most."
    if impersonal(reason for row in rows for reason in row.reasons) and not personal():
        little = f"Little more than the bestseller list: next to nothing follows from {basis}."
        return little + _bestsellers(model)
    if trust is None:
        return f"Untested, from {basis}: the model was not tried on past users."
    return f"{_level(k, rows)}, from {basis}.{_measured(model, k)}"


def impersonal(reasons: Iterable[Reason]) -> bool:
    """Whether none of the reasons comes from the visitor."""
    return all(reason.kind in IMPERSONAL for reason in reasons)


def _level(k: int, rows: Sequence[Recommendation]) -> str:
    """How much to make of the list: by how little is known, then by how likely its items are liked on average."""
    chances = [row.probability for row in rows if row.probability is not None]
    if k < 3 or not chances:
        return "A first idea"
    mean = sum(chances) / len(chances)
    return "Sure" if mean >= SURE else "Fairly sure" if mean >= FAIRLY_SURE else "Not very sure"


def _measured(model: FittedModel, k: int) -> str:
    trust = model.ranker.trust
    nearest = None if trust is None else trust.hits_at(k)
    if k == 0 or nearest is None:
        return ""
    shown, hits, popular = nearest
    return (
        f" Of ten suggestions made from {shown} interaction{'s' if shown != 1 else ''}, past users went on to like "
        f"{hits:.1f}; of ten bestsellers {popular:.1f}."
    )


def _bestsellers(model: FittedModel) -> str:
    trust = model.ranker.trust
    nearest = None if trust is None else trust.hits_at(1)
    return "" if nearest is None else f" Of ten bestsellers, past users went on to like {nearest[2]:.1f}."
