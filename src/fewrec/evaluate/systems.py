"""What can be evaluated, and how it is asked.

The contract: ``fit(data)`` learns from a ``Dataset``; ``score(support)`` gives ``(I,)`` numbers
in the order of ``data.items`` for somebody who is known by ``support``, item id -> value; larger is better, NaN is "no
idea". Optional: ``score_many(supports)`` -> ``(B, I)``; ``predict(support=...)`` -> an object with ``mean``, ``low``,
``high`` and ``probability``, ``(1, I)`` each, NaN where nothing is said; ``tuning``: what was searched and chosen;
``wants_attributes = True``: ``score(support, attributes)`` is also told what the users table says of the person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.data import Dataset
from fewrec.errors import DataError, FewrecError
from fewrec.evaluate.budget import tuning_of
from fewrec.evaluate.splits import Case
from fewrec.recommender import Recommender

__all__ = ["Asked", "WithAttributes", "is_factory"]

Floats = NDArray[np.float64]
FIELDS = ("mean", "low", "high", "probability")


def is_factory(system: Any) -> bool:
    """Whether this makes systems, and is none itself: a class, or a function without ``fit``."""
    return isinstance(system, type) or (callable(system) and not hasattr(system, "fit"))


def _plain(value: Any) -> Any:
    """A NumPy number or array as Python has them."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} is no number, text or list")


class WithAttributes:
    """fewrec, told beside the support what the users table says of the person."""

    wants_attributes = True

    def __init__(self, model: Recommender | None = None) -> None:
        self.model = Recommender() if model is None else model

    def fit(self, data: Dataset) -> None:
        self.model.fit(data, progress=False)

    def score(self, support: Mapping[Any, float], attributes: Mapping[str, Any]) -> NDArray[np.float32]:
        return self.model.score(support, attributes=attributes)


class Asked:
    """A system that has been fitted on ``data``, asked in one way whatever it can do."""

    def __init__(self, name: str, system: Any, data: Dataset, whole: Dataset) -> None:
        """``whole``: the data of which ``data`` is a part; who is asked about may be in it alone."""
        self.name, self.system, self.items, self.whole = name, system, data.items.ids, whole
        if isinstance(system, Recommender):
            system.fit(data, progress=False)
        else:
            self._call("fit", data)

    @property
    def predicts(self) -> bool:
        """Whether it says more than scores."""
        return callable(getattr(self.system, "predict", None))

    @property
    def tuning(self) -> Any:
        """What it searched and chose on its training users, JSON-ready; ``None`` where it says nothing.

        ``DataError`` where it is no dict, or holds what JSON cannot: better after the first fit than after the last.
        """
        if isinstance(self.system, Recommender | WithAttributes):
            return tuning_of(self.system if isinstance(self.system, Recommender) else self.system.model)
        said = getattr(self.system, "tuning", None)
        if said is None:
            return None
        try:
            if not isinstance(said, Mapping):
                raise TypeError(f"a {type(said).__name__} is no dict")
            return json.loads(json.dumps(dict(said), default=_plain, allow_nan=False))
        except (TypeError, ValueError) as error:
            raise DataError(
                f"its tuning cannot be kept: {error}.",
                where=f"systems[{self.name!r}]",
                hint='Give a dict of names, numbers and lists, such as {"searched": {"3": 0.1}, "chosen": 3}.',
            ) from error

    def support(self, case: Case, k_shot: int | None) -> dict[Any, float]:
        """What is shown of a case: item id -> value."""
        shown = zip(case.support[:k_shot].tolist(), case.support_values[:k_shot].tolist(), strict=True)
        return {self.items[item]: value for item, value in shown}

    def scores(self, cases: Sequence[Case], k_shot: int | None) -> Floats:
        """(B, I), NaN where it says nothing. ``DataError`` for an answer of the wrong shape."""
        shape = (len(cases), len(self.items))
        if isinstance(self.system, Recommender):
            return self._ours(self.system, cases, k_shot)
        if getattr(self.system, "wants_attributes", False):
            told = [self._call("score", self.support(case, k_shot), self.attributes(case)) for case in cases]
            return self._checked(told, shape, "score")
        if callable(getattr(self.system, "score_many", None)):
            many = self._call("score_many", [self.support(case, k_shot) for case in cases])
            return self._checked(many, shape, "score_many")
        told = [np.array(self._call("score", self.support(case, k_shot))) for case in cases]
        return self._checked(told, shape, "score")

    def attributes(self, case: Case) -> dict[str, Any]:
        """What the users table says of a person; nothing where it says nothing."""
        at = self.whole.users.get(case.user)
        columns = {} if at is None else self.whole.user_columns
        return {
            name: cells[at] for name, cells in columns.items() if at is not None and cells[at] is not None
        }

    def _ours(self, model: Recommender, cases: Sequence[Case], k_shot: int | None) -> Floats:
        """Training users are asked for by name: for them new items are ranked another way."""
        known = np.array([case.known and case.user in model.data.users for case in cases], dtype=bool)
        rows = np.empty((len(cases), len(self.items)))
        for at in np.flatnonzero(known).tolist():
            rows[at] = model.score(user=cases[at].user)
        strangers = np.flatnonzero(~known).tolist()
        rows[strangers] = model.score_many([self.support(cases[at], k_shot) for at in strangers])
        return rows

    def predictions(self, case: Case, k_shot: int | None) -> dict[str, Floats]:
        """mean, low, high and probability, (I,) each, NaN where nothing is said."""
        found = self._call("predict", support=self.support(case, k_shot))
        shape = (1, len(self.items))
        nothing = np.full(shape, np.nan)
        told = {name: self._checked(getattr(found, name, nothing), shape, "predict")[0] for name in FIELDS}
        if ((told["probability"] < 0) | (told["probability"] > 1)).any():
            raise self._wrong("predict", "gave a probability that is not between 0 and 1.", shape)
        if (told["low"] > told["high"]).any():
            raise self._wrong("predict", "gave an interval whose low end is above its high end.", shape)
        return told

    def _call(self, method: str, *given: Any, **named: Any) -> Any:
        """What a method gives. ``DataError`` that names the system where it fails."""
        try:
            return getattr(self.system, method)(*given, **named)
        except FewrecError:
            raise
        except Exception as error:
            raise DataError(
                f"{method} failed: {type(error).__name__}: {error}.",
                where=f"systems[{self.name!r}]",
                hint="The error of the system stands above this one; fewrec.testing.check_system tries it on its own.",
            ) from error

    def _checked(self, rows: Any, shape: tuple[int, int], method: str) -> Floats:
        if np.iscomplexobj(rows):
            raise self._wrong(method, "gave complex numbers.", shape)
        try:
            found = np.asarray(rows, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise self._wrong(method, f"gave no numbers: {error}.", shape) from error
        if found.shape != shape:
            raise self._wrong(method, f"gave an array of shape {found.shape}, not {shape}.", shape)
        if np.isposinf(found).any():
            raise self._wrong(method, "gave an infinite number.", shape)
        return found

    def _wrong(self, method: str, what: str, shape: tuple[int, int]) -> DataError:
        return DataError(
            f"{method} {what}",
            where=f"systems[{self.name!r}]",
            hint=f"One finite number, or NaN, is expected for each of the {shape[1]} items of data.items.",
        )
