"""Items that resemble one item, and users who should see one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.rank import top_n
from fewrec.recommendations import Reason, Recommendation, Recommendations
from fewrec.recommendations.table import readable
from fewrec.recommender.model import FittedModel
from fewrec.recommender.predictions import Prospects
from fewrec.recommender.threads import one_thread

__all__ = ["Audience", "AudienceRow", "audience_of", "similar"]

Id = str | int
RELIABLE = 5.0


@one_thread
def similar(
    model: FittedModel, at: int, n: int, title: Callable[[int], str], allowed: Any
) -> Recommendations:
    """The items nearest to the item at position ``at``: text plus habits, each from 0 to about 1.

    Text: half the embedding cosine (where positive) plus the word cosine. Habits: the cosine of the items' factors,
    times ``c / (c + 5)`` for the rarer of the two, because two items met once each by one person are no pair.
    """
    training = model.training
    text, words = np.zeros(len(model.item_ids)), np.zeros(len(model.item_ids))
    view = training.views.get("title")
    if view is not None:
        text = 0.5 * np.maximum(view @ view[at], 0)
    if training.words is not None:
        words = (training.words @ training.words[at].T).toarray().ravel()
    habits = np.zeros(len(model.item_ids))
    if training.has_habits:
        factors = training.spectrum("liked", 0.5).inner
        length = np.maximum(np.sqrt(np.einsum("ir,ir->i", factors, factors)), 1e-9)
        rarer = np.minimum(model.likes, model.likes[at])
        habits = factors @ factors[at] / length / length[at] * rarer / (rarer + RELIABLE)
    scores = (text + words + habits).astype(np.float32)
    others = np.asarray(allowed).copy()
    others[at] = False
    others &= model.has_text | model.met
    chosen = top_n(scores, others, n, training.tie_break)
    shared = _shared_words(model, at)
    rows = []
    for rank, other in enumerate(chosen.tolist(), start=1):
        same = ", ".join(shared(other)[:4])
        reasons = [
            Reason("text", "similar text", float(text[other])),
            Reason("words", f"shared words: {same}" if same else "similar words", float(words[other])),
            Reason("habits", f"liked by the people who like “{title(at)}”", float(habits[other])),
        ]
        told = sorted((r for r in reasons if abs(r.contribution) > 1e-6), key=lambda r: -abs(r.contribution))
        rows.append(
            Recommendation(
                model.item_ids[other],
                title(other),
                rank,
                float(scores[other]),
                served=model.served(other),
                reasons=tuple(told),
            )
        )
    basis = "text and habits" if model.met[at] else "text alone: nobody has met this item yet"
    return Recommendations(tuple(rows), sure=f"Resemblance by {basis}.")


def _shared_words(model: FittedModel, at: int) -> Callable[[int], list[str]]:
    words = model.training.words
    if words is None:
        return lambda other: []
    terms = model.reader.words.terms
    mine = words[at]
    # What every text says ("category", where that is a column's name) tells no two items from others.
    everywhere = np.bincount(words.indices, minlength=words.shape[1]) == (np.diff(words.indptr) > 0).sum()

    def shared(other: int) -> list[str]:
        both = mine.multiply(words[other]).tocoo()
        telling = (both.data > 0.1 * both.data.sum()) & ~everywhere[
            both.col
        ]  # not the "and" that every other text has, too
        order = np.argsort(-both.data[telling], kind="stable")
        return [terms[column] for column in both.col[telling][order]]

    return shared


@dataclass(frozen=True)
class AudienceRow:
    """One user who should see the item."""

    user: Id
    rank: int  # from 1
    score: float
    probability: float | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return {"user": self.user, "rank": self.rank, "score": self.score, "probability": self.probability}


@dataclass(frozen=True)
class Audience(Sequence[AudienceRow]):
    """Users who should see one item, most likely to like it first; those who met it already are left out."""

    item: Id
    title: str
    rows: tuple[AudienceRow, ...]
    sure: str

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[AudienceRow]:
        return iter(self.rows)

    def __getitem__(self, at: Any) -> Any:
        return self.rows[at]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: ``{"item", "title", "audience": [...], "sure"}``."""
        return {
            "item": self.item,
            "title": self.title,
            "audience": [row.to_dict() for row in self.rows],
            "sure": self.sure,
        }

    def __str__(self) -> str:
        lines = [f"Who should see “{readable(self.title)}”:"]
        for row in self.rows:
            likely = "" if row.probability is None else f"   {row.probability:.0%} likely to like it"
            lines.append(f"{row.rank:3d}  {readable(str(row.user))}{likely}")
        return "\n".join([*lines, self.sure])


def audience_of(
    model: FittedModel,
    item: Id,
    title: str,
    users: Sequence[Id],
    people: Sequence[tuple[Prospects, NDArray[np.float32]]],
    n: int,
    notes: Sequence[str] = (),
) -> Audience:
    """The best ``n`` of ``users``, given the prospects and the score of the item for each of them.

    Probabilities compare people; bare scores would favour whoever has the longest history, and serve where there are
    no probabilities. Nobody is listed of whom nothing can be known. ``notes``: what else ``sure`` has to say.
    """
    served = model.served(model.position[item])
    if served == "cold":
        nothing = "Nothing is known about this item: nobody has met it, and it has no text."
        return Audience(item, title, (), nothing)
    scores = np.array([row[0] for _, row in people], dtype=np.float64)
    chances = np.array([prospects.probability[0] for prospects, _ in people], dtype=np.float64)
    chosen = top_n(scores if np.isnan(chances).all() else chances, n=n).tolist() if len(users) else []
    rows = [
        AudienceRow(users[at], rank, float(scores[at]), people[at][0].chance(0))
        for rank, at in enumerate(chosen, start=1)
    ]
    basis = "what others did with it" if served == "hot" else "its text alone, since nobody has met it"
    if not users:
        return Audience(
            item, title, (), "There is nobody to show it to: no known user is left who has not met it."
        )
    histories = f"{len(users)} {'history' if len(users) == 1 else 'histories'}"
    return Audience(item, title, tuple(rows), " ".join([f"Judged from {histories} and {basis}.", *notes]))
