"""``Recommender``: fit once, then answer for anybody, known or never seen."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.data import Dataset
from fewrec.data.feedback import Feedback
from fewrec.data.vocabulary import canonical_order
from fewrec.encode import Encoder, resolve
from fewrec.errors import DataError, NotFittedError
from fewrec.fewshot.guard import Trust
from fewrec.fewshot.rescoring import Rescoring
from fewrec.llm import Rater
from fewrec.rank import Candidates, check_n, where_mask
from fewrec.rank.columns import Columns
from fewrec.recommendations import Recommendations
from fewrec.recommender import rating
from fewrec.recommender.arguments import check_progress, check_requests, check_settings
from fewrec.recommender.choosing import allowed
from fewrec.recommender.growing import grown
from fewrec.recommender.listing import Listing, Rules
from fewrec.recommender.lookalikes import Audience, audience_of, similar
from fewrec.recommender.model import FittedModel, Progress, fit_model, shown
from fewrec.recommender.predictions import Predictions, matrix, prospects_of, scores_of
from fewrec.recommender.questions import questions
from fewrec.recommender.saving import opened, restored, saved
from fewrec.recommender.threads import one_thread
from fewrec.recommender.visitors import OnUnknown, Support, Visitor, Visitors, names_of
from fewrec.signals import Signal, resolve_signals

__all__ = ["Recommender"]

Id = str | int


class Recommender:
    """Recommends to anybody from almost nothing.

    >>> from fewrec import Dataset, Recommender
    >>> data = Dataset(items={"item": [1, 2, 3], "title": ["Alien", "Aliens", "Amélie"]})
    >>> model = Recommender(encoder="hashed").fit(data)
    >>> [row.title for row in model.recommend(support=["Alien"], n=1)]
    ['Aliens']

    ``encoder``: what reads text ("default", "minilm", "hub:NAME", a folder, a callable, see ``fewrec.encode``).
    ``signals``: "default" or a list of names and ``Signal`` objects. ``tune``: learn weights, trust and
    calibration on simulated strangers; without it the prior's weights are used. ``seed``: same seed, same answer.
    ``cache``: where text vectors are kept between runs; ``None`` for nowhere. ``s``: how many named features may
    explain a visitor. ``rater``: a `fewrec.llm.Rater`, or the name of its language model (a folder, a file), asked
    about the top of each list once it has earned weight.
    """

    def __init__(
        self,
        encoder: Any = "default",
        signals: str | Sequence[str | Signal] = "default",
        tune: bool = True,
        seed: int = 0,
        *,
        cache: Any = "default",
        s: int = 8,
        rater: Rater | str | os.PathLike[str] | None = None,
    ) -> None:
        check_settings(tune, seed, cache, s)
        self.encoder, self.signals, self.tune, self.seed = encoder, signals, tune, seed
        self.cache, self.s, self.rater = cache, s, rating.rater_of(rater)
        self._encoder: Encoder | None = None
        self._data: Dataset | None = None
        self._model: FittedModel | None = None

    def __repr__(self) -> str:
        fitted = f"fitted on {self._data!r}" if self._data is not None else "not fitted"
        return f"Recommender(encoder={self.encoder!r}, {fitted})"

    # -- fitting

    def fit(self, data: Dataset | None = None, progress: bool | Progress = True) -> Recommender:
        """Learns from ``data`` (or again from ``self.data``, after ``update`` and ``forget``); gives back itself.

        ``progress``: True shows a bar on stderr where that is a terminal; False says nothing; or a function
        ``(what, done, total)``. Raises ``DataError`` when there are no items, ``ConfigError`` for unknown signals.
        """
        check_progress(progress)
        data = self.data if data is None else data
        if not isinstance(data, Dataset):
            kind, hint = type(data).__name__, "Make one first: Dataset(items, interactions)."
            raise DataError(f"a {kind} is no Dataset.", where="fit", hint=hint)
        resolve_signals(self.signals)  # a slip in a name need not wait for the texts to be read
        if self._encoder is None:
            self._encoder = resolve(self.encoder)
        with shown(progress) as say:
            ordered = data.sorted()
            model, episodes = fit_model(
                ordered,
                self._encoder,
                self.signals,
                tune=self.tune,
                seed=self.seed,
                cache=self.cache,
                profile_size=self.s,
                progress=say,
            )
            if self.rater is not None:
                model.rescoring = rating.learn_rater(self.rater, ordered, model, episodes, self.seed, say)
        self._model = model
        self._set_data(data)
        return self

    def _set_data(self, data: Dataset) -> None:
        self._data = data
        self._visitors = Visitors(data, self._fitted.portrait_names, self._fitted.feedback)
        self._columns: Columns | None = None  # made for the first condition: a model is loaded sooner without
        position = self._fitted.position
        self._place = np.array([position.get(item, -1) for item in data.items.ids], dtype=np.intp)
        self._row = np.full(len(position), -1, dtype=np.intp)  # model position -> row in data
        self._row[self._place] = np.arange(len(self._place))

    @property
    def _fitted(self) -> FittedModel:
        if self._model is None:
            raise NotFittedError("this Recommender has not been fitted.", hint="Call fit(data) first.")
        return self._model

    @property
    def data(self) -> Dataset:
        """The data as given, with everything that ``update`` and ``forget`` changed."""
        if self._data is None:
            raise NotFittedError("this Recommender has no data yet.", hint="Call fit(data) first.")
        return self._data

    @property
    def rater_report(self) -> Rescoring | None:
        """What the rater was worth on past users, and the weight it earned; ``None`` without a rater."""
        return self._fitted.rescoring

    # -- answering

    def recommend(
        self,
        user: Id | None = None,
        support: Support | None = None,
        taste: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        n: int = 10,
        *,
        exclude: Sequence[Any] | None = None,
        where: Any = None,
        diversity: float = 0.0,
        on_unknown: OnUnknown = "raise",
        include_seen: bool = False,
        boosts: Mapping[str, float] | None = None,
        pinned: Sequence[Any] | None = None,
        explore: float = 0.0,
        explain: bool = True,
    ) -> Recommendations:
        """A ranked list for one visitor: a known ``user``, a stranger, or a user with something new to say.

        ``support``: values by item (``{"The Matrix": 5}``) or a list of liked items; items by id or unambiguous
        title. ``taste``: a sentence in any language the encoder reads. ``attributes``: as in the users table.
        ``exclude``: items to leave out; what the visitor has met is left out anyway unless ``include_seen``.
        ``where``: a condition on item columns (``"price < 20"``, see ``fewrec.rank``). ``diversity``: 0 keeps the
        order, 1 puts variety first. ``on_unknown``: what to do about unknown ids: "raise", "warn" or "skip".
        ``boosts``: standard deviations of the scores by which items move for which a condition holds (``{"price < 20":
        0.5}``). ``pinned``: items that come first, where no filter leaves them out. ``explore``: the share of places
        that go to items drawn at random. Reasons tell where these rules changed a list (``fewrec.rank.rules``).
        ``explain=False``: the same list without the terms of the scores, in less time. Raises ``UnknownIdError``
        (with the nearest known ids), ``ConfigError`` and ``DataError``.
        """
        with one_thread:  # once for all that follows
            rules = Rules.checked(n, diversity, boosts, pinned, explore, explain)
            visitor = self._visitors_of.read(user, support, taste, attributes, on_unknown)
            supports = self._fitted.supports([visitor])
            (visitor,) = rating.heard(supports, [visitor])
            scores = scores_of(self._fitted, supports, [visitor])[0]
            candidates, notes = self._allowed(visitor, exclude, where, on_unknown, include_seen)
            listing = Listing(self._fitted, self._visitors, self._title, self._meets, self._say, self.seed)
            found = listing.of(visitor, supports, scores, candidates, rules, on_unknown)
        return replace(found, warnings=(*visitor.warnings, *notes, *found.warnings))

    def recommend_many(self, requests: Sequence[Mapping[str, Any]], **common: Any) -> list[Recommendations]:
        """One list per request; each is a dict of :meth:`recommend`'s arguments, ``common`` holds those for all."""
        return [self.recommend(**{**common, **request}) for request in check_requests(requests, common)]

    def score(
        self,
        support: Support | None = None,
        items: Sequence[Any] | None = None,
        *,
        user: Id | None = None,
        taste: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        on_unknown: OnUnknown = "raise",
    ) -> NDArray[np.float32]:
        """``(I,)`` scores in the order of ``data.items`` (or of ``items``), as :meth:`recommend` has them without
        conditions; only their order matters. A rater that has earned weight is asked, in its time.

        NaN where nothing can be known: an item without text that nobody met, or any item when nobody has done
        anything yet and what is known about the visitor tells nothing.
        """
        visitor = self._visitors_of.read(user, support, taste, attributes, on_unknown)
        return self._in_order(self._scores([visitor]), items)[0]

    def score_many(
        self,
        supports: Sequence[Support],
        items: Sequence[Any] | None = None,
        *,
        on_unknown: OnUnknown = "raise",
    ) -> NDArray[np.float32]:
        """``(B, I)``: :meth:`score` of many strangers at once; a rater with weight is asked for each of them."""
        visitors = [self._visitors_of.read(support=support, on_unknown=on_unknown) for support in supports]
        if not visitors:
            return np.zeros((0, len(self.data.items) if items is None else len(items)), dtype=np.float32)
        return self._in_order(self._scores(visitors), items)

    def predict(
        self,
        users: Sequence[Id] | None = None,
        items: Sequence[Any] | None = None,
        support: Support | None = None,
        *,
        on_unknown: OnUnknown = "raise",
    ) -> Predictions:
        """The predicted ratings with 80 % intervals and the probability of liking, people x items.

        ``users``: known users, all by default; or one stranger with ``support``. ``items``: all by default. Items
        already rated are predicted, too. A rater has no part in it, and ``warnings`` say so where it has earned weight.
        """
        if support is not None and users is None:
            visitors = [self._visitors_of.read(support=support, on_unknown=on_unknown)]
        else:
            wanted = self.data.users.ids if users is None else names_of(users)
            visitors = [self._visitors_of.read(user, support, on_unknown=on_unknown) for user in wanted]
        if items is None:
            ids, at, titles = self.data.items.ids, self._place, self.data.titles
        else:
            ids = [self._visitors.catalogue.find(item) for item in names_of(items)]
            at = np.array([self._fitted.position[item] for item in ids], dtype=np.intp)
            titles = [self._title(item) for item in at.tolist()]
        people = [prospects for prospects, _ in prospects_of(self._fitted, visitors, at)]
        notes = rating.not_asked(self.rater, self._fitted)
        return matrix(people, [visitor.user for visitor in visitors], ids, titles, notes)

    def similar_items(self, item: Any, n: int = 10) -> Recommendations:
        """The items that resemble ``item`` (by id or title) most, in text and in who likes them."""
        at = self._fitted.position[self._visitors_of.catalogue.find(item)]
        return similar(self._fitted, at, check_n(n), self._title, self._row >= 0)

    def audience(self, item: Any, n: int = 10) -> Audience:
        """The known users who should see ``item``, which may be new; those who met it are left out."""
        n, found = check_n(n), self._visitors_of.catalogue.find(item)
        ids = self.data.users.ids
        # In canonical order: equal scores must not be ranked by the order of rows.
        users = [ids[at] for at in canonical_order(ids) if found not in self.data.history(ids[at])]
        at = np.array([self._fitted.position[found]])
        people = prospects_of(self._fitted, [self._visitors.read(user=user) for user in users], at)
        notes = rating.not_asked(self.rater, self._fitted)
        return audience_of(self._fitted, found, self._title(int(at[0])), users, people, n, notes)

    def next_question(
        self,
        user: Id | None = None,
        support: Support | None = None,
        n: int = 1,
        *,
        exclude: Sequence[Any] | None = None,
        where: Any = None,
        on_unknown: OnUnknown = "raise",
    ) -> Recommendations:
        """Items to ask somebody about, best first: their answer is expected to settle most about the others.

        The score is the expected reduction of uncertainty times the chance that the person knows the item
        (:mod:`fewrec.fewshot.asking` has the formula). ``exclude``: what was asked without an answer. It has not been
        shown to beat random questions.
        """
        visitor = self._visitors_of.read(user, support, on_unknown=on_unknown)
        candidates, notes = self._allowed(visitor, exclude, where, on_unknown, False)
        answered = np.array(sorted(self._fitted.position[item] for item in visitor.values), dtype=np.intp)
        found = questions(self._fitted, answered, candidates.mask, check_n(n), self._title)
        return replace(found, warnings=(*visitor.warnings, *notes))

    # -- what changes the data

    def update(self, interactions: Any = None, items: Any = None, users: Any = None) -> Recommender:
        """Rows that arrive later, as tables or frames; gives back itself.

        The next list of a user rests on their new interactions, and a new item with text can be recommended at once.
        What was learned from others stays until the next :meth:`fit`, which then equals a fit on all rows.
        """
        data = self.data.extended(items=items, interactions=interactions, users=users)
        with one_thread:
            self._model = grown(self._fitted, data, self.signals)
        self._set_data(data)
        return self

    def forget(self, user: Id) -> Recommender:
        """Takes a user's rows out of the data; after the next :meth:`fit` the model never saw them, bit for bit."""
        self._set_data(self.data.without_user(user))
        return self

    def on(self, data: Dataset) -> Recommender:
        """What was learned, answering from the rows of ``data``: a new Recommender; this one stays as it is.

        New items join by their text; items that ``data`` lacks are listed no more; users have the histories that
        ``data`` gives them. ``update`` and ``forget`` are the same for rows added and rows of one user.
        """
        twin = copy(self)
        with one_thread:
            twin._model = grown(self._fitted.spelled(data), data, self.signals)
        twin._set_data(data)
        return twin

    def make_ready(self) -> None:
        """Does now what the first answers would wait for: loads the encoder's model, and makes what is made once. An
        encoder on another machine is not asked."""
        for user in (None, *self.data.users.ids[:1]):
            self.recommend(user=user, n=1)
        self._fitted.reader.load()

    @property
    def feedback(self) -> Feedback:
        """What values mean to the model: those in a ``support``, and from which on one is a like."""
        return self._visitors_of.feedback

    @property
    def trust(self) -> Trust | None:
        """What held-out past users proved of personal evidence, which every list quotes; ``None`` if not tuned."""
        return self._fitted.ranker.trust

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Writes the model into ``folder``, which a human can read, all or nothing; gives back its path."""
        how = {"tune": self.tune, "seed": self.seed, "s": self.s}
        return saved(folder, self._fitted, self.data, self.encoder, self.signals, **how)

    @classmethod
    def load(
        cls, folder: str | os.PathLike[str], *, encoder: Any = None, rater: Any = None, cache: Any = "default"
    ) -> Recommender:
        """The model of :meth:`save`. ``encoder``: needed where the saved one was an object, not a name; ``rater``:
        needed where one had earned weight; ``rater=False`` goes without it."""
        parts, configuration, named = opened(folder, encoder)
        model = cls(encoder=named, cache=cache, **configuration)
        model._encoder = resolve(model.encoder)
        model._model, data = restored(parts, folder, model._encoder, cache, model.signals)
        model.rater = rating.loaded_rater(rater, model._model.rescoring, str(folder))
        model._set_data(data)
        return model

    # -- inside

    def _title(self, at: int) -> str:
        return self.data.titles[self._row[at]]

    @property
    def _visitors_of(self) -> Visitors:
        if self._data is None:
            raise NotFittedError("this Recommender has not been fitted.", hint="Call fit(data) first.")
        return self._visitors

    def _allowed(
        self, visitor: Visitor, exclude: Any, where: Any, on_unknown: OnUnknown, include_seen: bool
    ) -> tuple[Candidates, list[str]]:
        """Model positions that may be listed, and what was noted on the way."""
        found, notes = allowed(
            self._fitted.position, self._row, visitor, self._visitors, exclude, on_unknown, include_seen
        )
        if where is not None:
            found.keep("where", self._meets(where))
        return found, notes

    def _meets(self, where: Any) -> NDArray[np.bool_]:
        if self._columns is None:
            self._columns = Columns(self.data.item_columns, len(self.data.items))
        met = np.zeros(len(self._fitted.position), dtype=bool)
        met[self._place] = where_mask(where, self._columns, len(self.data.items))
        return met

    def _say(self, visitor: Visitor, scores: NDArray[np.float32], mask: NDArray[np.bool_]) -> rating.Say:
        return rating.say_of(self.rater, self._fitted, visitor, scores, mask, self.data, self._row)

    def _scores(self, visitors: Sequence[Visitor]) -> NDArray[np.float32]:
        def mask(visitor: Visitor) -> NDArray[np.bool_]:
            return self._allowed(visitor, None, None, "skip", False)[0].mask

        return rating.scores_with_say(self.rater, self._fitted, visitors, self._say, mask)

    def _in_order(self, scores: NDArray[np.float32], items: Sequence[Any] | None) -> NDArray[np.float32]:
        if items is None:
            return scores[:, self._place]
        wanted = [self._fitted.position[self._visitors.catalogue.find(item)] for item in names_of(items)]
        return scores[:, wanted]
