"""From what a caller says about a visitor to supports; unknown ids are answered, not passed over."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp

from fewrec.data import Dataset
from fewrec.data.feedback import ANY_LIKE, Feedback, bare_values, liked_without_scale, mistaken_weights
from fewrec.data.names import readable
from fewrec.errors import ConfigError, DataError, FewrecWarning, UnknownIdError

__all__ = ["Catalogue", "OnUnknown", "Visitor", "Visitors", "names_of", "tell"]

Id = str | int
OnUnknown = Literal["raise", "warn", "skip"]
Support = Mapping[Any, float] | Sequence[Any]
SUPPORTS = 'Give a list of liked items, ["Alien"], or values, {"Alien": 5}.'
LARGEST = float(np.finfo(np.float32).max)  # values are kept in float32


@dataclass(frozen=True)
class Visitor:
    """One visitor as the data names things."""

    values: dict[Id, float] = field(default_factory=dict)  # item id -> value: the support
    liked: dict[Id, bool] = field(default_factory=dict)
    taste: str = ""
    portrait: sp.csr_matrix | None = None  # (1, G)
    user: Id | None = None  # None: a stranger
    warnings: tuple[str, ...] = ()

    @property
    def is_unknown(self) -> bool:
        """Nothing at all is known."""
        return not self.values and not self.taste and self.portrait is None

    def unread(self) -> Visitor:
        """The same visitor without the sentence, of which neither a word nor the meaning could be read."""
        note = f"the taste sentence {self.taste!r} says nothing that can be read here; it was left out."
        return replace(self, taste="", warnings=(*self.warnings, note))


class Catalogue:
    """Items by id or by an unambiguous title."""

    def __init__(self, data: Dataset) -> None:
        self.data = data
        self._by_title: dict[str, list[Id]] | None = None

    def find(self, name: Any) -> Id:
        """The id of an item named by id or title; ``UnknownIdError`` names the nearest ids and titles."""
        at = self.data.items.get(name)
        if at is not None:
            return self.data.items.ids[at]
        if self._by_title is None:
            self._by_title = {}
            for item, title in zip(self.data.items.ids, self.data.titles, strict=True):
                self._by_title.setdefault(title.strip().casefold(), []).append(item)
        same = self._by_title.get(str(name).strip().casefold(), [])
        if len(same) == 1:
            return same[0]
        if same:
            ids = ", ".join(map(repr, same[:5]))
            raise UnknownIdError(
                f"{len(same)} items are called {name!r}.", where="item", value=name, hint=f"Use an id: {ids}."
            )
        raise UnknownIdError(
            f"the item {name!r} is not known.", where="item", value=name, hint=self._nearest(name)
        )

    def _nearest(self, name: Any) -> str:
        import difflib

        text = str(name).strip().casefold()
        titles = dict(zip(self._by_title or {}, self._by_title or {}, strict=True))
        inside = [title for title in titles if text and text in title][:3]
        near = inside or difflib.get_close_matches(text, list(titles)[:20000], 3, 0.5)
        named = [f"{self.data.titles[self.data.items.index(self._by_title[t][0])]!r}" for t in near]  # type: ignore[index]
        ids = [repr(item) for item in self.data.items.nearest(name)]
        found = [f"titles {', '.join(named)}"] if named else []
        found += [f"ids {', '.join(ids)}"] if ids else []
        return f"Nearest known: {'; '.join(found)}." if found else "No item looks like it."


class Visitors:
    """Reads the arguments of a request."""

    def __init__(self, data: Dataset, trained: Sequence[str] = (), feedback: Feedback | None = None) -> None:
        """``trained``: the user features that the model knows, in its order; the data may have others.

        ``feedback``: what values meant when the model was fitted. Rows that came or went since may read otherwise, and
        the model would be asked in a language that it has not learned. One that knew no feedback takes the data's.
        """
        self.data = data
        self.feedback = data.feedback if feedback is None or feedback.kind == "none" else feedback
        self.catalogue = Catalogue(data)
        self._features = data.user_features[1]
        known = {name: column for column, name in enumerate(trained)}
        pairs = [(row, known[name]) for row, name in enumerate(self._features) if name in known]
        self._as_trained = sp.csr_matrix(
            (np.ones(len(pairs), np.float32), ([row for row, _ in pairs], [column for _, column in pairs])),
            shape=(len(self._features), len(known)),
        )

    def read(
        self,
        user: Any = None,
        support: Support | None = None,
        taste: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        on_unknown: OnUnknown = "raise",
    ) -> Visitor:
        """The visitor; a known user's history and portrait are joined by what the request adds: of an item
        or a column that both name, what the request says counts."""
        if on_unknown not in ("raise", "warn", "skip"):
            raise ConfigError(
                f"{on_unknown!r} is not a way to treat unknown ids.",
                where="on_unknown",
                value=on_unknown,
                hint="Use 'raise', 'warn' or 'skip'.",
            )
        support, attributes = _labelled(support), _labelled(attributes)
        if attributes is not None and not isinstance(attributes, Mapping):
            raise DataError(
                f"{attributes!r} are no attributes.",
                where="attributes",
                value=attributes,
                hint='Give values by column of the users table, such as {"city": "Oslo"}.',
            )
        notes: list[str] = []
        values: dict[Id, float] = {}
        portrait, known = None, None
        if user is not None:
            at = self._known(self.data.users.index, user, on_unknown, notes)
            if at is not None:
                known = self.data.users.ids[at]
                values.update(self.data.history(known))
                portrait = self._portrait(at, attributes or {})
        given = self._support(support, on_unknown, notes)
        values.update(given)
        liked = self._likes(values, given, notes)
        if attributes:
            given_row, unknown = self.data.user_feature_row(attributes)
            row = given_row @ self._as_trained
            kept = np.diff(self._as_trained.indptr)
            unknown += [self._features[column] for column in given_row.indices if not kept[column]]
            if unknown:
                notes.append(
                    f"nothing is known about the attributes {', '.join(unknown)}; they were left out."
                )
            if row.nnz:
                portrait = row if portrait is None else (portrait + row).minimum(1).tocsr()
        if taste is not None and not isinstance(taste, str):
            raise DataError(
                f"{taste!r} is not a sentence.",
                where="taste",
                value=taste,
                hint='Give one text, such as "quiet, with a terrace".',
            )
        sentence = (taste or "").strip()
        if taste is not None and not sentence:
            notes.append("the taste sentence is empty; it was left out.")
        if on_unknown == "warn":
            tell(notes, stacklevel=4)
        return Visitor(values, liked, sentence, portrait, known, tuple(notes))

    def _portrait(self, at: int, attributes: Mapping[str, Any]) -> sp.csr_matrix | None:
        """What is stored of a user (1, G), but for the columns that the request names anew."""
        stored = self.data.user_features[0][at]
        labels = tuple(f"{readable(str(column))}: ".casefold() for column in attributes)
        kept = [not self._features[column].casefold().startswith(labels) for column in stored.indices]
        stored.data = np.where(kept, stored.data, 0).astype(np.float32)
        row = stored @ self._as_trained
        row.eliminate_zeros()
        return row if row.nnz else None

    def _support(self, support: Support | None, on_unknown: OnUnknown, notes: list[str]) -> dict[Id, float]:
        if support is None:
            return {}
        if isinstance(support, str | bytes) or not isinstance(support, Iterable):
            kind = "text" if isinstance(support, str) else type(support).__name__
            raise DataError(
                f"support is the {kind} {support!r}.", where="support", value=support, hint=SUPPORTS
            )
        pairs = list(support.items()) if isinstance(support, Mapping) else [(item, True) for item in support]
        for name, _ in pairs:
            if isinstance(name, list | tuple | dict | set):
                raise DataError(f"{name!r} is no item.", where="support", value=name, hint=SUPPORTS)
        # True and False are a bare like and dislike, not ratings of 1 and 0.
        numbers = [
            None if isinstance(value, bool | np.bool_) else self._value(name, value) for name, value in pairs
        ]
        beside = [number for number in numbers if number is not None]
        like, dislike = bare_values(self.feedback, beside)
        result: dict[Id, float] = {}
        for (name, value), given in zip(pairs, numbers, strict=True):
            number = given if given is not None else like if value else dislike
            item = self._known(self.catalogue.find, name, on_unknown, notes)
            if item is None:
                continue
            if item in result and result[item] != number:
                raise DataError(
                    f"{name!r} has two values, {result[item]:g} and {number:g}.",
                    where="support",
                    value=name,
                    hint="Name each item once.",
                )
            result[item] = number
        return result

    def _value(self, name: Any, value: Any) -> float:
        scale = self.feedback.scale
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if not abs(number) <= LARGEST:
            raise DataError(
                f"{value!r} is not a number.",
                where=f"support, {name!r}",
                value=value,
                hint="Values are ratings or weights, such as 5 or 1.",
            )
        if scale is not None and not scale[0] <= number <= scale[1]:
            raise DataError(
                f"{number:g} lies outside the scale.",
                where=f"support, {name!r}",
                value=value,
                hint=f"Ratings in this data go from {scale[0]:g} to {scale[1]:g}.",
            )
        return number

    def _likes(self, values: dict[Id, float], given: dict[Id, float], notes: list[str]) -> dict[Id, bool]:
        if not values:
            return {}
        feedback, note = self.feedback, None
        if feedback.kind == "none":
            flags, note = liked_without_scale(list(values.values()))
        else:
            flags = feedback.liked(list(values.values()))
            if feedback.kind == "implicit" and feedback.liked_at == ANY_LIKE:
                note = mistaken_weights(list(given.values()))
        notes += [note] if note else []
        return {item: bool(flag) for item, flag in zip(values, flags, strict=True)}

    def item(self, name: Any, on_unknown: OnUnknown, notes: list[str]) -> Id | None:
        """The id of an item, or ``None`` and a note where unknown ones are left out."""
        found: Id | None = self._known(self.catalogue.find, name, on_unknown, notes)
        return found

    @staticmethod
    def _known(look_up: Any, name: Any, on_unknown: OnUnknown, notes: list[str]) -> Any:
        try:
            return look_up(name)
        except UnknownIdError as error:
            if on_unknown == "raise":
                raise
            notes.append(f"{error.message.rstrip('.')}; it was left out.")
            return None


def _labelled(given: Any) -> Any:
    """A pandas series with labels of its own, such as a row or a column by item, as a dict; all else as it is."""
    index = getattr(given, "index", None)
    if isinstance(given, Mapping | str | bytes) or not hasattr(given, "to_dict") or index is None:
        return given
    return given if type(index).__name__ == "RangeIndex" else given.to_dict()


def names_of(items: Any) -> list[Any]:
    """Several items by id or title, or a single one; what cannot be gone through is one, and nobody's id."""
    return list(items) if isinstance(items, Iterable) and not isinstance(items, str | bytes) else [items]


def tell(notes: Iterable[str], stacklevel: int) -> None:
    """Warns of each note; ``stacklevel`` counts from here as ``warnings.warn`` does."""
    for note in notes:
        warnings.warn(note, FewrecWarning, stacklevel=stacklevel)
