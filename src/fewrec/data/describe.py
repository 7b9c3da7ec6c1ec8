"""Descriptions of items or users: their tables aligned with the vocabulary, as titles, texts, columns and
features."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from fewrec.data import features as feature_space
from fewrec.data.attributes import title_score
from fewrec.data.checked import Described, Events
from fewrec.data.features import Attribute, Features
from fewrec.data.itemtext import aligned, gathered, join_titles, title_view, typed
from fewrec.data.numerals import is_missing
from fewrec.data.roles import ColumnRoles, Role
from fewrec.data.table import Column
from fewrec.data.vocabulary import Vocabulary

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_LEARNT = ("category", "tags", "number", "date")


class Descriptions:
    """What the items (or users) tables say about each entry of ``vocabulary``."""

    def __init__(self, tables: Sequence[Described], vocabulary: Vocabulary, roles: ColumnRoles) -> None:
        self.tables = list(tables)
        self.vocabulary = vocabulary
        self.roles = roles
        self.notes: list[str] = []
        self.at: list[np.ndarray] = []  # per table: (N,) position of each row, -1 where unused
        for described in self.tables:
            at = np.where(described.good, described.ids.positions(vocabulary), -1)
            lost = int((described.good & (at < 0)).sum())
            if lost:
                self.notes.append(
                    f"{described.table.label}: {lost} rows speak of {vocabulary.noun}s that "
                    "no other table has; they are not used."
                )
            self.at.append(at)

    @cached_property
    def attributes(self) -> list[tuple[int, Role, Attribute]]:
        """(table number, role, attribute) for every column that features are made of."""
        found = []
        for number, described in enumerate(self.tables):
            for entry in self._entries(number):
                if entry.role in _LEARNT:
                    column = described.table.columns[entry.column]
                    told = self.roles.text is not None and entry.column in self.roles.text
                    used = self.at[number] >= 0
                    attribute = feature_space.learn(entry.column, entry.role, column, used, told=told)
                    found.append((number, entry, attribute))
        return found

    def _entries(self, number: int) -> list[Role]:
        key = self.tables[number].key
        present = self.tables[number].table.columns
        return [entry for entry in self.roles.entries if entry.table == key and entry.column in present]

    def features(self) -> tuple[Features, csr_matrix]:
        """The feature space and the matrix over the vocabulary."""
        parts = [
            (attribute, self.tables[number].table.columns[entry.column], self.at[number])
            for number, entry, attribute in self.attributes
        ]
        return feature_space.build(parts, len(self.vocabulary))

    def _cells(self, number: int, column: Column) -> list[Any]:
        gather = aligned if number == 0 else gathered
        return gather(column, self.at[number], len(self.vocabulary))

    def columns(self) -> dict[str, list[Any]]:
        """Every column but the id, for filters and display; a second column of a name gets its table's
        number."""
        attributes = {(number, entry.column): attribute for number, entry, attribute in self.attributes}
        result: dict[str, list[Any]] = {}
        for number, described in enumerate(self.tables):
            for entry in self._entries(number):
                if entry.role == self.vocabulary.noun:
                    continue
                name = entry.column if entry.column not in result else f"{entry.column} {number + 1}"
                cells = self._cells(number, described.table.columns[entry.column])
                attribute = attributes.get((number, entry.column))
                result[name] = typed(cells, entry.role, attribute, text=described.table.text)
        return result

    def _by_role(self, role: str, *, shown: bool = False) -> list[list[Any]]:
        """Aligned cells of the columns with ``role`` that may speak in texts (all when they are only
        ``shown``); the most title-like column first."""
        chosen = []
        for number in range(len(self.tables)):
            for entry in self._entries(number):
                if entry.role == role and (shown or self._may_speak(entry)):
                    rank = (
                        title_score(entry.column) if role == "title" and entry.how != "as you said" else 0.0
                    )
                    chosen.append((-rank, number, entry.column))
        if role == "title":
            chosen.sort(key=lambda entry: entry[0])
        found = [
            self._cells(number, self.tables[number].table.columns[column]) for _, number, column in chosen
        ]
        return [
            [" ".join(map(str, cell)) if isinstance(cell, tuple) else cell for cell in cells]
            for cells in found
        ]

    def _may_speak(self, entry: Role) -> bool:
        return self.roles.text is None or entry.column in self.roles.text

    def _event_titles(self, events: Events | None) -> list[Any]:
        """Titles that stand beside the interactions, (size,): the most frequent of an item, the smallest of
        equals."""
        column = self.roles.column("interactions", "title")
        titles: list[Any] = [None] * len(self.vocabulary)
        if events is None or column is None:
            return titles
        cells = events.table.columns[column]
        at = events.items.positions(self.vocabulary)[events.good].astype(np.int64)
        pairs, counts = np.unique(at * len(cells.values) + cells.codes[events.good], return_counts=True)
        best: dict[int, tuple[int, str]] = {}
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
            position, code = divmod(pair, len(cells.values))
            value = cells.values[code]
            if is_missing(value):
                continue
            candidate = (-count, str(value))
            if position not in best or candidate < best[position]:
                best[position] = candidate
        for position, (_, title) in best.items():
            titles[position] = title
        return titles

    def titles(self, events: Events | None) -> list[str]:
        """(size,) the first title of each, else its id."""
        sources = [*self._by_role("title", shown=True), self._event_titles(events)]
        result = []
        for position, id in enumerate(self.vocabulary):
            title = next((source[position] for source in sources if not is_missing(source[position])), id)
            result.append(" ".join(str(title).split()) or str(id))
        return result

    def texts(self, events: Events | None) -> dict[str, list[str]]:
        """The "title" view and, where there are description columns, the "description" view."""
        columns = self._by_role("title")
        beside = self._event_titles(events)
        titles = []
        for position in range(len(self.vocabulary)):
            title = join_titles([column[position] for column in columns])
            titles.append(title or join_titles([beside[position]]))
        phrases = []
        for number, entry, attribute in self.attributes:
            if self._may_speak(entry):
                column = self.tables[number].table.columns[entry.column]
                if number == 0:
                    told = attribute.phrases(column.values)
                    phrases.append(self._cells(number, Column(told, column.codes)))
                else:
                    phrases.append(attribute.phrases(self._cells(number, column)))
        views = {"title": title_view(titles, phrases)}
        descriptions = self._by_role("description")
        if descriptions:
            views["description"] = [
                " ".join(
                    " ".join(str(column[at]).split()) for column in descriptions if not is_missing(column[at])
                )
                for at in range(len(self.vocabulary))
            ]
        return views
