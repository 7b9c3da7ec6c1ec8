"""From scores to a list: the best of the candidates, under the house's rules, with how sure and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.rank import Candidates, check_n, diversify, top_n
from fewrec.rank.diversity import check_diversity, pool_size
from fewrec.rank.rules import (
    Note,
    boosted,
    check_boosts,
    check_explain,
    check_explore,
    explored,
    pinned_first,
)
from fewrec.recommendations import Reason, Recommendation, Recommendations
from fewrec.recommender.confidence import confidence, impersonal
from fewrec.recommender.model import FittedModel
from fewrec.recommender.rating import Say
from fewrec.recommender.reasons import Explainer
from fewrec.recommender.telling import told
from fewrec.recommender.visitors import OnUnknown, Visitor, Visitors, names_of, tell
from fewrec.signals import Supports

__all__ = ["Listing", "Rules"]


@dataclass(frozen=True)
class Rules:
    """How a list is chosen, checked."""

    n: int
    diversity: float = 0.0
    boosts: Mapping[str, float] | None = None
    pinned: tuple[Any, ...] = ()
    explore: float = 0.0
    explain: bool = True

    @classmethod
    def checked(cls, n: Any, diversity: Any, boosts: Any, pinned: Any, explore: Any, explain: Any) -> Rules:
        """``ConfigError`` for what means nothing."""
        return cls(
            check_n(n),
            check_diversity(diversity),
            check_boosts(boosts),
            tuple(names_of(pinned)) if pinned is not None else (),
            check_explore(explore),
            check_explain(explain),
        )


@dataclass(frozen=True)
class Listing:
    """What choosing needs of a recommender."""

    model: FittedModel
    visitors: Visitors
    title: Callable[[int], str]
    meets: Callable[[Any], NDArray[np.bool_]]  # a condition -> (I,)
    says: Callable[
        [Visitor, NDArray[np.float32], NDArray[np.bool_]], Say
    ]  # what a rater makes of scores, by mask
    seed: int

    def of(
        self,
        visitor: Visitor,
        supports: Supports,
        scores: NDArray[np.float32],
        candidates: Candidates,
        rules: Rules,
        on_unknown: OnUnknown,
    ) -> Recommendations:
        """The list; its warnings are those of the rules alone."""
        model = self.model
        tie_break = model.training.tie_break
        nothing = bool(np.isnan(scores).all())
        if nothing:
            scores = np.asarray(tie_break, dtype=np.float32)
        elif np.isnan(scores[candidates.mask]).any():
            candidates.keep("nothing known", ~np.isnan(scores))
        say = self.says(visitor, scores, candidates.mask)
        strengths = rules.boosts or {}
        moved = boosted(say.scores, candidates.mask, {one: self.meets(one) for one in strengths}, strengths)
        ranked = top_n(
            moved.scores, candidates.mask, rules.n if rules.diversity == 0 else pool_size(rules.n), tie_break
        )
        chosen = ranked
        if rules.diversity > 0:
            vectors = model.training.views.get("title", model.training.words)
            chosen = diversify(ranked, moved.scores, vectors, rules.diversity, rules.n)
        first, warnings = self._pinned(rules, candidates, on_unknown)
        chosen = pinned_first(chosen, [], rules.n)
        drawn: set[int] = set()
        if rules.explore > 0:
            beside = candidates.mask.copy()
            beside[chosen] = False
            beside[first] = False
            chosen, drawn = explored(chosen, np.flatnonzero(beside), rules.explore, self._rng(supports))
        if first:
            kept = [at for at in chosen.tolist() if at not in drawn and at not in first]
            room = max(rules.n - len(first) - len(drawn), 0)
            chosen = pinned_first(
                np.array([*kept[:room], *(at for at in chosen.tolist() if at in drawn)], np.intp),
                first,
                rules.n,
            )
        rows = told(model, self.title, visitor, supports, chosen, say, nothing, rules.explain)
        places = {at: place for place, at in enumerate(ranked.tolist())}
        noted = []
        for place, (at, row) in enumerate(zip(chosen.tolist(), rows, strict=True)):
            notes: list[Note] = [
                (
                    "boost",
                    f"boosted: {condition}" if strengths[condition] > 0 else f"held back: {condition}",
                    float(amount[at]),
                )
                for condition, amount in moved.added.items()
                if amount[at]
            ]
            if at in first:
                notes.append(("pinned", "pinned to the top of the list", 0.0))
            elif at in drawn:
                notes.append(("explored", "drawn at random, to learn about it", 0.0))
            elif rules.diversity > 0 and places[at] > place:
                notes.append(("diversity", f"moved up from place {places[at] + 1}, for variety", 0.0))
            noted.append(_with(row, notes))

        def personal() -> bool:
            """Looks at the first place, and at the others where it says nothing: most lists are told by one."""
            if rules.explain or not len(chosen):
                return False
            explainer, before = Explainer(model, self.title), say.before
            return explainer.surely_personal(supports, int(chosen[0]), float(before[chosen[0]])) or any(
                not impersonal(
                    reason for row in explainer.reasons(supports, at, before[at]) for reason in row
                )
                for at in (chosen[:1], chosen[1:])
                if len(at)
            )

        return Recommendations(
            tuple(noted),
            sure=confidence(model, visitor, int(supports.liked_rows.nnz), noted, nothing, personal),
            profile=model.profile(supports),
            warnings=(*warnings, *say.notes),
            dropped=candidates.dropped,
            candidates=candidates.came_in,
        )

    def _pinned(
        self, rules: Rules, candidates: Candidates, on_unknown: OnUnknown
    ) -> tuple[list[int], list[str]]:
        """Positions of the pinned items that may be listed, and what was noted of the others."""
        notes: list[str] = []
        found = [self.visitors.item(name, on_unknown, notes) for name in rules.pinned]
        places = [self.model.position[item] for item in dict.fromkeys(found) if item is not None]
        kept = [at for at in places if candidates.mask[at]]
        notes += [
            f"“{self.title(at)}” is pinned, but a filter leaves it out." for at in places if at not in kept
        ]
        if on_unknown == "warn":
            tell(notes, stacklevel=5)
        return kept, notes

    def _rng(self, supports: Supports) -> np.random.Generator:
        """The same visitor with the same history is shown the same items."""
        return np.random.default_rng([self.seed, *supports.liked_rows.indices.tolist()])


def _with(row: Recommendation, notes: Sequence[Note]) -> Recommendation:
    if not notes:
        return row
    reasons = (*row.reasons, *(Reason(*note) for note in notes))
    return replace(row, score=row.score + sum(note[2] for note in notes), reasons=reasons)
