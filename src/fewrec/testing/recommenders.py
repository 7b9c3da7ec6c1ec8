"""The contract of every recommender, ours and an outsider's, as one function to call in a test."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from fewrec.data import Dataset
from fewrec.errors import UnknownIdError

STRANGE = "an id that nobody has"


def check_recommender(make: Callable[[], Any], dataset: Dataset, *, tolerance: float = 1e-5) -> None:
    """Raises `AssertionError` naming the first rule of the recommender contract that ``make()`` breaks.

    ``make`` gives a new recommender that has not been fitted, always of the same settings and seed; it has
    ``fit(data)``, ``score``, ``score_many`` and ``recommend`` as `fewrec.Recommender` has. ``dataset`` has
    five items and two users with histories at least.

    The rules: fitting leaves the data as they are; the same settings and data give the same answers; scores
    are float32, one for each of ``data.items`` in that order, never infinite; a batch gives what its rows
    give alone (within ``tolerance`` times the largest score: matrix products of different sizes round
    differently); the order of rows, and the order in which a support is named, change no bit; a list is as
    long as asked or shorter, best first, without NaN, repetition, excluded or known items, and its reasons
    add up to its scores (to 1e-4 of them); asking changes nothing; unknown ids are refused, or left out with
    ``on_unknown="skip"``.

    Checked where there are such methods: ``forget``, then ``fit`` equals a fit on data without that user;
    ``update``, then ``fit`` equals a fit on all rows; a saved and loaded model gives the same scores and
    lists. All to the last bit.

    Use it in a test: ``def test_contract(): check_recommender(lambda: MyRecommender(), my_data)``.
    """
    before = _content(dataset)
    model = make().fit(dataset)
    _rule(_content(dataset) == before, "fit must leave the data as they are")
    suite = _Suite(dataset)
    first = suite.answers(model)
    suite.check_scores(model)
    suite.check_batch(model, tolerance)
    suite.check_lists(model)
    suite.check_unknown(model)
    _same(suite.answers(model), first, "asking must not change the model")
    again = suite.answers(make().fit(dataset))
    _same(again, first, "the same settings and data must give the same answers")
    turned = suite.answers(make().fit(_reversed(dataset)))
    _same(turned, first, "the order of rows must not change an answer")
    if hasattr(model, "save") and hasattr(type(model), "load"):
        suite.check_saving(model)
    if hasattr(model, "forget"):
        _check_forget(make, dataset, suite.users[0])
    if hasattr(model, "update"):
        _check_update(make, dataset, suite.users[-1], first)


class _Suite:
    """Questions that any model of one data set can be asked, and the rules that answers obey."""

    def __init__(self, dataset: Dataset) -> None:
        self.items: list[Any] = list(dataset.items.ids)
        self.users = [user for user in dataset.users.ids if dataset.history(user)]
        self.histories = {user: set(dataset.history(user)) for user in self.users}
        _rule(
            len(self.items) >= 5 and len(self.users) >= 2,
            "check_recommender needs five items and two users with histories",
        )
        like, dislike = dataset.feedback.like_value, dataset.feedback.dislike_value
        self.named = dict.fromkeys(self.items[:-2], like)
        self.supports: list[Any] = [
            [],
            [self.items[0]],
            [self.items[0], self.items[-1]],
            {self.items[1]: like, self.items[2]: dislike},
            self.named,
        ]

    def answers(self, model: Any) -> list[Any]:
        """Scores in the order of this data set's items, and lists."""
        scores: list[Any] = [model.score(support, items=self.items) for support in self.supports]
        lists = [model.recommend(support=support, n=3) for support in self.supports]
        lists += [model.recommend(user=user, n=3) for user in self.users[1:4]]
        return scores + [[(row.item, row.score) for row in found] for found in lists]

    def check_scores(self, model: Any) -> None:
        shape = (len(self.items),)
        for support in self.supports:
            scores = model.score(support)
            _rule(isinstance(scores, np.ndarray), f"score must give an array, not {type(scores).__name__}")
            _rule(scores.dtype == np.float32, f"scores must be float32, not {scores.dtype}")
            _rule(scores.shape == shape, f"score must give shape {shape}, not {scores.shape}")
            _rule(not np.isinf(scores).any(), "scores must be finite, or NaN where nothing can be known")
            named = model.score(support, items=self.items)
            _same([scores], [named], "scores must be in the order of data.items")
        some = model.score(self.supports[1], items=[self.items[3], self.items[0]])
        wanted = model.score(self.supports[1])[[3, 0]]
        _same([some], [wanted], "items must be scored in the order in which they are asked for")
        turned = model.score(dict(reversed(self.named.items())))
        rule = "the order in which a support is named must not change a score"
        _same([turned], [model.score(self.named)], rule)

    def check_batch(self, model: Any, tolerance: float) -> None:
        many, none = model.score_many(self.supports), model.score_many([])
        shape = (len(self.supports), len(self.items))
        _rule(many.shape == shape, f"score_many must give shape {shape}, not {many.shape}")
        _rule(none.shape == (0, shape[1]), f"score_many([]) must give no rows, not shape {none.shape}")
        for support, row in zip(self.supports, many, strict=True):
            alone = model.score(support)
            slack = tolerance * max(1.0, float(np.nan_to_num(np.abs(alone)).max()))
            close = np.allclose(row, alone, rtol=0, atol=slack, equal_nan=True)
            _rule(close, f"a batch must give what its rows give alone: not so for {support!r}")

    def check_lists(self, model: Any) -> None:
        for support in self.supports:
            for n in (1, 3, len(self.items) + 5):
                self._check_list(model.recommend(support=support, n=n), n, set(support))
        barred = [row.item for row in model.recommend(support=self.supports[1], n=1)]
        found = model.recommend(support=self.supports[1], n=3, exclude=barred)
        self._check_list(found, 3, {*self.supports[1], *barred})
        for user in self.users[:5]:
            self._check_list(model.recommend(user=user, n=4), 4, self.histories[user])
        nothing = model.recommend(exclude=self.items)
        _rule(len(nothing) == 0, "a list must be empty when all items are excluded")
        _rule(bool(nothing.to_dict()["warnings"]), "an empty list must explain itself")

    def _check_list(self, found: Any, n: int, barred: set[Any]) -> None:
        listed, scores = [row.item for row in found], [row.score for row in found]
        _rule(len(listed) <= n, f"a list of {n} must not hold {len(listed)} items")
        _rule(len(set(listed)) == len(listed), f"a list must not repeat an item: {listed!r}")
        _rule(set(listed) <= set(self.items), f"a list must hold items of the data: {listed!r}")
        _rule(not barred & set(listed), f"a list must not hold known or excluded items: {listed!r}")
        _rule([row.rank for row in found] == list(range(1, len(listed) + 1)), "ranks must be 1, 2, 3, ...")
        _rule(bool(np.isfinite(scores).all()), f"listed scores must be finite: {scores}")
        _rule(all(a >= b for a, b in pairwise(scores)), f"a list must be in order of its scores: {scores}")
        _rule(bool(found.sure), "every list must say how sure it is")
        for row in found:
            gap = abs(sum(reason.contribution for reason in row.reasons) - row.score)
            close = gap <= 1e-4 * max(1.0, abs(row.score))
            _rule(close, f"reasons must add up to the score {row.score}: those of {row.item!r} miss it")
        json.dumps(found.to_dict(), allow_nan=False)

    def check_unknown(self, model: Any) -> None:
        plain = [row.item for row in model.recommend()]
        for asked in ({"user": STRANGE}, {"support": [STRANGE]}, {"exclude": [STRANGE]}):
            try:
                model.recommend(**asked)
            except UnknownIdError as error:
                _rule(STRANGE in str(error), f"the message must name the unknown id: {error}")
            else:
                raise AssertionError(f"an unknown id must be refused: {asked}")
            found = model.recommend(**asked, on_unknown="skip")
            _rule([row.item for row in found] == plain, "a skipped id must change nothing")
            _rule(any(STRANGE in note for note in found.warnings), "a list must name the ids it skipped")

    def check_saving(self, model: Any) -> None:
        with tempfile.TemporaryDirectory() as parent:
            folder = Path(parent) / "model"
            model.save(folder)
            before, first = contents(folder), self.answers(model)
            model.save(folder)
            _rule(contents(folder) == before, "asking must not change the model: it is saved differently")
            _same(
                self.answers(type(model).load(folder)), first, "a loaded model must answer as the saved one"
            )


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of a folder, by its path inside."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _check_forget(make: Callable[[], Any], dataset: Dataset, user: Any) -> None:
    model, without = make().fit(dataset).forget(user), dataset.without_user(user)
    try:
        model.recommend(user=user)
    except UnknownIdError:
        pass
    else:
        raise AssertionError("a forgotten user must be unknown at once")
    suite = _Suite(without)
    never = suite.answers(make().fit(without))
    _same(suite.answers(model.fit()), never, "forget, then fit must equal never seen")


def _check_update(make: Callable[[], Any], dataset: Dataset, user: Any, first: list[Any]) -> None:
    tables, _ = dataset.to_tables()
    late: dict[str, Any] = {}
    for name in ("interactions", "users"):
        column = dataset.roles.column(name, "user")
        if name in tables and column is not None:
            rows = [at for at, cell in enumerate(tables[name][column]) if cell == user]
            late[name] = {key: [cells[at] for at in rows] for key, cells in tables[name].items()}
    model = make().fit(dataset.without_user(user)).update(**late)
    suite = _Suite(dataset)
    listed = {row.item for row in model.recommend(user=user, n=len(suite.items))}
    _rule(not listed & suite.histories[user], "the lists of a user must rest on an update at once")
    _same(suite.answers(model.fit()), first, "update, then fit must equal a fit on all rows")


def _content(dataset: Dataset) -> str:
    return json.dumps([dataset.fingerprint, dataset.to_tables()], sort_keys=True, default=str)


def _reversed(dataset: Dataset) -> Dataset:
    """The same data with the rows of every table, hence items and users, the other way round."""
    tables, settings = dataset.to_tables()
    turned = {name: {key: cells[::-1] for key, cells in table.items()} for name, table in tables.items()}
    return Dataset.from_tables(turned, settings)


def _same(found: list[Any], wanted: list[Any], rule: str) -> None:
    for one, other in zip(found, wanted, strict=True):
        equal = np.array_equal(one, other, equal_nan=True) if isinstance(other, np.ndarray) else one == other
        _rule(equal, f"{rule}: {one} instead of {other}")


def _rule(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
