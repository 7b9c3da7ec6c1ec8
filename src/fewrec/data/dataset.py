"""``Dataset``: checked tables as vocabularies, interactions, texts and features."""

from __future__ import annotations

import warnings as warnings_module
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from fewrec.data import features as feature_space
from fewrec.data.check import check
from fewrec.data.checked import Checked, Events, Tables
from fewrec.data.describe import Descriptions
from fewrec.data.feedback import NO_FEEDBACK, Feedback
from fewrec.data.frames import table_from
from fewrec.data.identity import first_seen
from fewrec.data.interactions import Interactions, empty
from fewrec.data.meaning import interpret
from fewrec.data.part import cut, renumbered
from fewrec.data.roles import ColumnRoles, Wishes
from fewrec.data.settings import Settings, checked_settings, one_of
from fewrec.data.table import Table, concatenate
from fewrec.data.vocabulary import Id, Vocabulary, canonical_order
from fewrec.errors import FewrecWarning

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from fewrec.data.health import HealthReport


class Dataset:
    """Items, users and interactions, checked and ready to learn from. Never changes once made.

    >>> data = Dataset(
    ...     items={"item": [1, 2], "title": ["Alien", "Amélie"]},
    ...     interactions={"user": ["anna", "anna"], "item": [1, 2], "rating": [5, 2]},
    ... )
    >>> data.history("anna"), data.feedback.describe()
    ({1: 5.0, 2: 2.0}, 'ratings from 1 to 5; 3.6 and more is a like')
    """

    def __init__(
        self,
        items: Any = None,
        interactions: Any = None,
        users: Any = None,
        *,
        columns: Mapping[str, Any] | None = None,
        feedback: str = "auto",
        liked_at: float | None = None,
        events: Mapping[str, float] | None = None,
        half_life: float | None = None,
        on_bad_row: str = "stop",
        now: Any = None,
    ) -> None:
        """``items``, ``interactions``, ``users``: a data frame (pandas, Polars, PyArrow), a dict of lists, or
        a list of dicts; or a list of frames: for items and users the first is the main table and the others
        are side tables (several rows an id), for interactions all rows are taken together.

        ``columns``: role -> column, where the roles are not found by themselves (see ``roles``).
        ``feedback``: "auto", "explicit" or "implicit". ``liked_at``: the value from which on an interaction
        is a like. ``events``: event name -> weight, laid over the defaults. ``half_life``: days after which
        an event counts half, before ``now`` (default: the latest event). ``on_bad_row``: "stop" raises,
        "skip" leaves bad rows out and says so in ``warnings``. Ratings of 3, 4 and 5 alone are read as a part
        of a scale from 1 to 5 (``fewrec.data.feedback.understood_scale`` has the rule).

        Raises ``DataError`` for tables, rows and values that cannot be used, ``ConfigError`` for bad
        settings.
        """
        settings = checked_settings(
            {"columns": columns, "feedback": feedback, "liked_at": liked_at, "events": events,
             "half_life": half_life, "on_bad_row": on_bad_row, "now": now}
        )  # fmt: skip
        tables = _tables(settings, items=items, interactions=interactions, users=users)
        self._set(tables, settings)

    _scale: tuple[float, float] | None = None  # that of the data which this is a part of

    @classmethod
    def from_files(
        cls, items: Any = None, interactions: Any = None, users: Any = None, **settings: Any
    ) -> Dataset:
        """The data set in CSV, TSV, JSON lines or Parquet files (also .gz, .zst); settings as for
        ``Dataset``.

        Each of ``items``, ``interactions``, ``users`` is a path or a list of paths.
        """
        from fewrec.data.files import read_any

        sources = {"items": items, "interactions": interactions, "users": users}
        checked_settings(settings)
        return cls(*(None if source is None else read_any(name, source) for name, source in sources.items()),
                   **settings)  # fmt: skip

    @classmethod
    def from_sql(
        cls, url: Any, items: Any = None, interactions: Any = None, users: Any = None, **settings: Any
    ) -> Dataset:
        """The data set in a database that SQLAlchemy reads (extra ``sql``); settings as for ``Dataset``.

        ``url``: "sqlite:///shop.db", "postgresql://...", or an engine. Each of ``items``, ``interactions``,
        ``users`` is the name of a table, a SELECT query, or a list of these.
        """
        from fewrec.data.sql import read_sql

        checked_settings(settings)
        sources = read_sql(url, {"items": items, "interactions": interactions, "users": users})
        return cls(*(sources.get(name) for name in ("items", "interactions", "users")), **settings)

    def _set(
        self,
        tables: Tables,
        settings: Settings,
        *,
        roles: ColumnRoles | None = None,
        canonical: bool = False,
        told: Sequence[str] = (),
        quiet: bool = False,
    ) -> None:
        checked = check(tables, settings, roles)
        self._tables, self._settings = tables, settings
        self._assemble(checked, canonical)
        for note in self._visible:
            if note not in told and not quiet:
                warnings_module.warn(note, FewrecWarning, stacklevel=3)

    def _assemble(self, checked: Checked, canonical: bool) -> None:
        events, settings = checked.events, self._settings
        self._checked, self._canonical = checked, canonical
        self.roles = checked.roles
        self.warnings: list[str] = list(checked.warnings)
        self._visible: list[str] = list(checked.visible)
        ids: dict[str, list[Id]] = {}
        for noun, described in (("item", checked.items), ("user", checked.users)):
            known = first_seen(described[0].ids, described[0].good) if described else []
            if events is not None:
                column = events.items if noun == "item" else events.users
                known = list(dict.fromkeys([*known, *first_seen(column, events.good)]))
            ids[noun] = [known[at] for at in canonical_order(known)] if canonical else known
        self.items = Vocabulary(ids["item"], noun="item")
        self.users = Vocabulary(ids["user"], noun="user")
        self.interactions: Interactions = empty()
        self.feedback: Feedback = NO_FEEDBACK
        if events is not None:
            user = events.users.positions(self.users)[events.good]
            item = events.items.positions(self.items)[events.good]
            self.interactions, self.feedback, notes, seen = interpret(events, user, item, settings)
            self.warnings += notes
            self._visible += seen
            if self._scale is not None and self.feedback.kind == "explicit":
                self.feedback = replace(self.feedback, scale=self._scale)
        self._items = Descriptions(checked.items, self.items, checked.roles)
        self._users = Descriptions(checked.users, self.users, checked.roles)
        self.warnings += self._items.notes + self._users.notes

    # -- what the model consumes

    @cached_property
    def titles(self) -> list[str]:
        """(I,) the best name to show for each item: its first title, or its id."""
        return self._items.titles(self._checked.events)

    @cached_property
    def texts(self) -> dict[str, list[str]]:
        """Views over the items, (I,) each: "title" (titles, then ``name: value`` phrases), and "description"
        where there are description columns; "" where an item has nothing to say."""
        return self._items.texts(self._checked.events)

    @cached_property
    def item_columns(self) -> dict[str, list[Any]]:
        """Columns of the items tables, (I,) each, as numbers, text or lists; ``None`` where there is
        nothing."""
        return self._items.columns()

    @cached_property
    def user_columns(self) -> dict[str, list[Any]]:
        """Columns of the users tables, (U,) each, as numbers, text or lists; ``None`` where there is nothing."""
        return self._users.columns()

    @cached_property
    def _item_features(self) -> tuple[feature_space.Features, csr_matrix]:
        return self._items.features()

    @cached_property
    def _user_features(self) -> tuple[feature_space.Features, csr_matrix]:
        return self._users.features()

    @property
    def item_features(self) -> tuple[csr_matrix, list[str]]:
        """``((I, F) csr float32 of ones, names)``: which item carries which named feature."""
        space, matrix = self._item_features
        return matrix, space.names

    @property
    def user_features(self) -> tuple[csr_matrix, list[str]]:
        """``((U, G) csr float32 of ones, names)``: the users' portraits."""
        space, matrix = self._user_features
        return matrix, space.names

    def user_feature_row(self, attributes: Mapping[str, Any]) -> tuple[csr_matrix, list[str]]:
        """``((1, G) csr float32, unknown)``: the portrait of a stranger with these attributes."""
        return self._user_features[0].row(attributes)

    def matrix(self, kind: str = "liked") -> csr_matrix:
        """(U, I) csr float32: "liked" (1 for likes), "all" (1 for every pair) or "value"."""
        from scipy.sparse import csr_matrix

        one_of("kind", kind, ("liked", "all", "value"))
        pairs = self.interactions
        row, column = pairs.user_index, pairs.item_index
        data = pairs.value if kind == "value" else np.ones(len(pairs), dtype=np.float32)
        if kind == "liked":
            row, column, data = row[pairs.liked], column[pairs.liked], data[pairs.liked]
        starts = np.searchsorted(row, np.arange(len(self.users) + 1)).astype(np.int32)
        matrix = csr_matrix((data.copy(), column.copy(), starts), shape=(len(self.users), len(self.items)))
        matrix.has_sorted_indices = True
        return matrix

    def history(self, user: Id) -> dict[Id, float]:
        """Item id -> value for all interactions of ``user``; ``UnknownIdError`` for a stranger."""
        at = self.users.index(user)
        pairs = self.interactions
        first, last = np.searchsorted(pairs.user_index, [at, at + 1])
        ids = self.items.ids
        items, values = pairs.item_index[first:last].tolist(), pairs.value[first:last].tolist()
        return {ids[item]: value for item, value in zip(items, values, strict=True)}

    # -- other data sets made from this one

    def extended(self, items: Any = None, interactions: Any = None, users: Any = None) -> Dataset:
        """A data set with these rows appended; equals one made from all rows at once.

        The new rows may call their columns as the old ones do, or by any names that are recognised.
        """
        tables = dict(self._tables)
        new = _tables(self._settings, checked=False, items=items, interactions=interactions, users=users)
        for name, added in new.items():
            if not added or not any(table.rows for table in added):
                continue
            renamed = self._renamed(name, added[0])
            before = tables.get(name, [])
            merged = concatenate([before[0], renamed]) if before else renamed
            tables[name] = [merged, *before[1:], *added[1:]]
        return self._remade(tables)

    def _renamed(self, name: str, table: Table) -> Table:
        from fewrec.data.find import rename_map

        table = Table(**{**vars(table), "origins": [f"added {origin}" for origin in table.origins]})
        return table.renamed(rename_map(self.roles, name, table)) if self._tables.get(name) else table

    def without_user(self, user: Id) -> Dataset:
        """A data set that never saw ``user``: equal, bit for bit, to one made without this user's rows."""
        id = self.users.ids[self.users.index(user)]
        tables = dict(self._tables)
        columns = [(described.table, described.ids) for described in self._checked.users]
        if self._checked.events is not None:
            columns.append((self._checked.events.table, self._checked.events.users))
        for name in ("users", "interactions"):
            kept = []
            for table in tables.get(name, []):
                ids = next((ids for known, ids in columns if known is table), None)
                if ids is None:
                    kept.append(table)
                    continue
                theirs = np.array([known == id for known in ids.ids] or [False], dtype=bool)[ids.codes]
                kept.append(table.take(~theirs) if theirs.any() else table)
            tables[name] = kept
        return self._remade(tables)

    def only(self, pairs: np.ndarray) -> Dataset:
        """All items, and of ``interactions`` those where ``pairs`` (N,) is true; the other rows are nowhere in it.

        Users who lose all their interactions are gone. The scale, and what is a like, stay what they are here.
        """
        tables, roles = cut(self._checked, self.items, self.users, self.interactions, np.asarray(pairs, bool))
        settings = self._settings
        if self.feedback.kind == "explicit":
            settings = replace(settings, feedback="explicit", liked_at=self.feedback.liked_at)
        return self._twin(tables, roles, settings)

    def with_item_names(self, names: Mapping[Id, Id]) -> Dataset:
        """The same data with every item called ``names[id]``, a permutation of the ids."""
        return self._twin(renumbered(self._checked, names), self._checked.roles, self._settings)

    def _twin(self, tables: Tables, roles: ColumnRoles, settings: Settings) -> Dataset:
        twin = Dataset.__new__(Dataset)
        twin._scale = self.feedback.scale
        twin._set(tables, settings, roles=roles, canonical=self._canonical, quiet=True)
        return twin

    def sorted(self) -> Dataset:
        """The same data with items and users in canonical order (integers by value, then strings by code
        point)."""
        if self._canonical:
            return self
        twin = Dataset.__new__(Dataset)
        twin._tables, twin._settings, twin._scale = self._tables, self._settings, self._scale
        twin._assemble(self._checked, canonical=True)
        return twin

    def _remade(self, tables: Tables) -> Dataset:
        twin = Dataset.__new__(Dataset)
        twin._scale = self._scale
        twin._set(tables, self._settings, canonical=self._canonical, told=self._visible)
        return twin

    @cached_property
    def fingerprint(self) -> str:
        """A hash (64 hexadecimal digits) of all that a model can learn from; the order of rows does not
        change it."""
        from fewrec.data.fingerprint import fingerprint

        return fingerprint(self.sorted())

    @property
    def checked_events(self) -> Events | None:
        """The rows behind ``interactions``, checked but not yet added up; ``None`` without interactions."""
        return self._checked.events

    def health(self) -> HealthReport:
        """Counts, gaps and oddities of the data, and what they mean for recommendations."""
        from fewrec.data.examine import examine

        return examine(self)

    # -- saving

    def to_tables(self) -> tuple[dict[str, dict[str, list[Any]]], dict[str, Any]]:
        """``(tables, settings)``: all rows as plain columns and a JSON-ready dict; ``from_tables`` restores
        exactly."""
        from fewrec.data.plain import to_plain

        return to_plain(self._tables, self._settings, self.roles, self._canonical)

    @classmethod
    def from_tables(
        cls, tables: Mapping[str, Mapping[str, Sequence[Any]]], settings: Mapping[str, Any]
    ) -> Dataset:
        """The inverse of ``to_tables``. Raises ``DataError`` when a table or a setting is missing."""
        from fewrec.data.plain import from_plain

        restored, wishes, roles, canonical = from_plain(tables, settings)
        twin = cls.__new__(cls)
        twin._set(restored, wishes, roles=roles, canonical=canonical, quiet=True)
        return twin

    def __repr__(self) -> str:
        return (
            f"Dataset({len(self.users)} users, {len(self.items)} items, {len(self.interactions)} "
            f"interactions, "
            f"{self.feedback.kind})"
        )


def _tables(settings: Settings, *, checked: bool = True, **sources: Any) -> Tables:
    """All sources as tables, ignored columns dropped; ``checked``: whether every wished column must exist."""
    tables: Tables = {}
    for name, source in sources.items():
        if source is None:
            continue
        several = isinstance(source, list | tuple) and len(source) > 0 and all(map(_is_table, source))
        tables[name] = [table_from(name, part) for part in (source if several else [source])]
    wishes = Wishes(settings.columns)
    if checked:
        wishes.check([table for group in tables.values() for table in group])
    for name, group in tables.items():
        ignored = wishes.ignored(name)
        group = [table.only(set(table.columns) - ignored) if ignored else table for table in group]
        tables[name] = [concatenate(group)] if name == "interactions" else group
    return tables


def _is_table(part: Any) -> bool:
    """Whether an element of a list is a table of its own, and not a row: a row's cells are not all lists."""
    if isinstance(part, Mapping):
        return bool(part) and all(isinstance(cells, list | tuple | np.ndarray) for cells in part.values())
    return not isinstance(part, list | tuple | str | bytes)
