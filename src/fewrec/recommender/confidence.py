"""One line on how sure a list is as a whole, and when it is a guess."""

from __future__ import annotations

from fewrec.recommender.model import FittedModel
from fewrec.recommender.visitors import Visitor

__all__ = ["confidence"]


def confidence(model: FittedModel, visitor: Visitor, n_liked: int, listed: int, nothing: bool) -> str:
    """What the list rests on, and what the same kind of list was worth to past users.

    ``nothing``: nothing is known of the visitor nor of what anybody likes. The measured part counts hits among the
    first ten on held-out training users who were shown as many interactions.
    """
    if listed == 0:
        return "Nothing to recommend."
    if nothing:
        return (
            "A blind guess: nothing is known about this visitor, and nobody has liked anything yet. The items are in "
            "random order. Name a liked item or describe what is wanted."
        )
    k = len(visitor.values)
    met = bool(model.met.any())
    known = [f"{k} interaction{'s' if k != 1 else ''}"] if k else []
    known += ["a sentence"] if visitor.taste else []
    known += ["attributes"] if visitor.portrait is not None else []
    if not known:
        return "A guess: nothing is known about this visitor, so this is the bestseller list." + _bestsellers(model)
    basis = " and ".join(known)
    if not met:
        return f"A first idea from {basis} and the texts alone: nobody has liked anything yet."
    trust = model.ranker.trust
    if k and trust is not None and max(trust.value) == 0:
        return (
            f"Little more than the bestseller list: from {basis} nothing personal could be shown to help the "
            f"{trust.users} past users it was tried on."
        )
    if k and n_liked == 0 and not visitor.taste:
        return f"Unsure: {basis} and nothing liked among them. One liked item would help most."
    measured = _measured(model, k)
    level = "A first idea" if k < 3 else "Fairly sure" if k < 10 else "Sure"
    return f"{level}, from {basis}.{measured}"


def _measured(model: FittedModel, k: int) -> str:
    trust = model.ranker.trust
    nearest = None if trust is None else trust.hits_at(k)
    if k == 0 or nearest is None:
        return ""
    shown, hits, popular = nearest
    return (
        f" Of ten such suggestions, past users shown the same way ({shown} known) went on to like {hits:.1f}; "
        f"of ten bestsellers {popular:.1f}."
    )


def _bestsellers(model: FittedModel) -> str:
    trust = model.ranker.trust
    nearest = None if trust is None else trust.hits_at(1)
    return "" if nearest is None else f" Of ten bestsellers, past users went on to like {nearest[2]:.1f}."
