"""Reads the interactions table: from its cells to checked events with a value and a weight each."""

from __future__ import annotations

import difflib

import numpy as np

from fewrec.data.checked import Checked, Events
from fewrec.data.feedback import (
    ANY_LIKE,
    Feedback,
    event_name,
    fading,
    threshold,
    understood_scale,
)
from fewrec.data.identity import IdColumn
from fewrec.data.interactions import Interactions, Pairs, add_up
from fewrec.data.numerals import figure, is_missing, parse_numbers
from fewrec.data.rowcheck import RowCheck
from fewrec.data.settings import Settings
from fewrec.data.table import Column, Table
from fewrec.data.times import EXAMPLES, parse_times
from fewrec.errors import ConfigError, DataError

_TRUE = frozenset(("1", "1.0", "true", "yes"))
_FALSE = frozenset(("0", "0.0", "false", "no"))


def read_events(
    table: Table, users: IdColumn, items: IdColumn, settings: Settings, checked: Checked
) -> Events:
    """The checked events of the interactions table; raises ``DataError`` for bad rows and unknown event
    names."""
    roles = checked.roles
    row_check = RowCheck(table)
    row_check.ids(users, roles.column("interactions", "user") or "", "user")
    row_check.ids(items, roles.column("interactions", "item") or "", "item")
    rating_column = _explicit_column(table, settings, checked)
    rating: np.ndarray | None = None
    weight = np.ones(table.rows)
    if rating_column:
        rating = _numbers(row_check, rating_column, "rating")
    else:
        weight = _weights(row_check, settings, checked)
    time = _times(row_check, roles.column("interactions", "time"), checked)
    good, notes = row_check.settle(settings.on_bad_row)
    checked.warnings += notes
    if settings.half_life is not None:
        weight = _fade(weight, time, good, settings, checked)
    return Events(table, users, items, good, rating, weight, time)


def _explicit_column(table: Table, settings: Settings, checked: Checked) -> str | None:
    """The column of ratings when the feedback is explicit, else ``None``.

    "auto": ratings, when there is a rating column; but where some ratings are missing beside a column of
    events, the rows are a log and the events count. A 0/1 column called like a click is implicit, one called
    like a like explicit.
    """
    rating = checked.roles.column("interactions", "rating")
    event = checked.roles.column("interactions", "event")
    if settings.feedback == "explicit":
        column = rating or checked.roles.column("interactions", "click")
        if column is None:
            raise ConfigError(
                f'feedback is "explicit", but {table.label} has no column of ratings.',
                where="feedback",
                hint='Name it: columns={"rating": ...}, or leave feedback at "auto".',
            )
        return column
    if rating is None:
        return None
    if settings.feedback == "implicit":
        checked.warnings.append(
            f'{table.label}: the column "{rating}" is not used, because feedback is "implicit".'
        )
        return None
    if event is not None and any(map(is_missing, table.columns[rating].values)):
        checked.warnings.append(
            f'{table.label}: not every row has a "{rating}", so the events in "{event}" count and ratings '
            f"do not."
        )
        return None
    return rating


def _numbers(row_check: RowCheck, column: str, noun: str) -> np.ndarray:
    cells = row_check.table.columns[column]
    values = [_truth(value) for value in cells.values]
    numbers, bad = parse_numbers(values)
    missing = np.isnan(numbers) & ~bad
    mending = f"A {noun} must be a number, such as 4 or 3.5."
    row_check.add(_spread(cells, missing), column, f"the {noun} is missing", mending)
    row_check.cell(_spread(cells, bad), column, "{} is not a number", mending)
    return cells.spread(numbers) if len(numbers) else np.zeros(0)


def _spread(cells: Column, per_value: np.ndarray) -> np.ndarray:
    return cells.spread(per_value) if len(per_value) else np.zeros(0, dtype=bool)


def _truth(value: object) -> object:
    text = str(value).casefold()
    return 1 if text in _TRUE else 0 if text in _FALSE else value


def _weights(row_check: RowCheck, settings: Settings, checked: Checked) -> np.ndarray:
    """What each row adds to its pair: the weight of its event, times the damped quantity."""
    roles, table = checked.roles, row_check.table
    weights = settings.weights()
    event, click = roles.column("interactions", "event"), roles.column("interactions", "click")
    quantity = roles.column("interactions", "quantity")
    if settings.events and not event and not click:
        raise ConfigError(
            f"events gives weights, but no column of {table.label} holds event names.",
            where="events",
            hint='Name it: columns={"event": ...}, or leave events out.',
        )
    weight = np.ones(table.rows)
    if event:
        weight = _event_weights(row_check, event, weights)
    elif click:
        clicked = _numbers(row_check, click, "click")
        cells = table.columns[click]
        odd = np.array([str(value).casefold() not in _TRUE | _FALSE for value in cells.values], dtype=bool)
        row_check.cell(_spread(cells, odd), click, "{} is neither 0 nor 1", "A click is 1, none is 0.")
        weight = np.where(clicked == 1, weights["click"], weights["impression"])
    if quantity:
        amount = _numbers(row_check, quantity, "quantity")
        # fuel is sold by the millilitre: ten times the amount is more interest, but not ten times as much
        size = np.abs(np.nan_to_num(amount))
        weight = weight * np.sign(np.nan_to_num(amount)) * (1 + np.log2(np.maximum(size, 1.0)))
    return weight


def _event_weights(row_check: RowCheck, column: str, weights: dict[str, float]) -> np.ndarray:
    table = row_check.table
    cells = table.columns[column]
    missing = np.array([is_missing(value) for value in cells.values], dtype=bool)
    row_check.add(
        _spread(cells, missing), column, "the event is missing", "Every row needs the name of its event."
    )
    unknown = [
        str(value) for value, gone in zip(cells.values, missing.tolist(), strict=True)
        if not gone and event_name(value) not in weights
    ]  # fmt: skip
    if unknown:
        known = sorted(weights)
        near = difflib.get_close_matches(event_name(unknown[0]), known, 3, 0.5)
        named = ", ".join(f'"{name}"' for name in sorted(unknown)[:10])
        raise DataError(
            f"no weight is known for the event{'s' if len(unknown) > 1 else ''} {named}.",
            where=f'{table.label}, column "{column}"',
            value=unknown[0],
            hint=(f"Nearest known: {', '.join(near)}. " if near else "")
            + f'Give a weight: events={{"{sorted(unknown)[0]}": 1.0}} (below 0 for a dislike).\n'
            + f"Known are: {', '.join(known)}.",
        )
    per_value = np.array([0.0 if gone else weights[event_name(value)]
                          for value, gone in zip(cells.values, missing.tolist(), strict=True)])  # fmt: skip
    return cells.spread(per_value)


def _times(row_check: RowCheck, column: str | None, checked: Checked) -> np.ndarray | None:
    if column is None:
        return None
    cells = row_check.table.columns[column]
    seconds, bad = parse_times(cells.values)
    row_check.cell(_spread(cells, bad), column, "{} is not a time", f"Times are {EXAMPLES}.")
    spread = cells.spread(seconds) if len(seconds) else np.zeros(0)
    if np.isfinite(spread).any() and not np.nan_to_num(spread).any():
        checked.warnings.append(f'{row_check.table.label}: every "{column}" is 0, so no time is known.')
        return None
    return spread


def _fade(
    weight: np.ndarray, time: np.ndarray | None, good: np.ndarray, settings: Settings, checked: Checked
) -> np.ndarray:
    if time is None and checked.roles.column("interactions", "time") is None:
        raise ConfigError(
            "half_life is set, but no column holds times.",
            where="half_life",
            value=settings.half_life,
            hint='Name it: columns={"time": ...}, or leave half_life out.',
        )
    if time is None or not np.isfinite(time[good]).any():
        checked.warnings.append("half_life has no effect: no interaction has a time.")
        return weight
    faded = weight.copy()
    faded[good] *= fading(time[good], float(settings.half_life or 0), settings.now)
    return faded


def interpret(
    events: Events, user: np.ndarray, item: np.ndarray, settings: Settings
) -> tuple[Interactions, Feedback, list[str], list[str]]:
    """Pairs, what their values mean, and warnings (all; those to be seen at once).

    ``user``, ``item``: (E,) positions for the good rows of ``events``.
    """
    weight = events.weight[events.good]
    time = None if events.time is None else events.time[events.good]
    if events.rating is None:
        pairs = add_up(user, item, np.ones(len(weight)), weight, time)
        return *_implicit(pairs, pairs.total, settings), [], []
    rating = events.rating[events.good]
    pairs = add_up(user, item, rating, weight, time)
    mean = pairs.total / pairs.weight
    low, high = float(rating.min()), float(rating.max())
    guessed = settings.liked_at is None
    scale = understood_scale(rating)
    liked_at = threshold(*scale) if settings.liked_at is None else settings.liked_at
    liked = Feedback("explicit", liked_at).liked(mean)
    # All may be liked where the scale reaches below what was given: 4 and 5 of 5.
    if guessed and (low == high or not liked.any() or (liked.all() and scale == (low, high))):
        what = f"all ratings are {figure(low)}" if low == high else "no rating stands out as a like"
        note = (
            f"{events.table.label}: {what}, so each rating counts as one sign of interest "
            "(implicit feedback). Set liked_at to say from which rating on a rating is a like."
        )
        plain = add_up(user, item, np.ones(len(weight)), weight, time)
        return *_implicit(plain, plain.total, settings), [note], [note]
    notes = []
    if guessed:
        at = float(rating[rating >= np.float32(liked_at)].min())
        read_as = ""
        if scale != (low, high):
            at = (
                np.ceil(2 * liked_at) / 2 if (rating % 1).any() else np.ceil(liked_at)
            )  # though not given so far
            read_as = f", read as a scale from {figure(scale[0])} to {figure(scale[1])}"
        notes = [
            f"Ratings run from {figure(low)} to {figure(high)}{read_as}: {figure(at)} and more is taken as a "
            "like (set liked_at to change this)."
        ]
    elif liked.all() or not liked.any():
        notes = [f"liked_at={figure(liked_at)} makes {'every' if liked.all() else 'no'} rating a like."]
    feedback = Feedback(
        "explicit",
        liked_at,
        scale,
        {},
        settings.half_life,
        _mean(mean[liked], scale[1]),
        _mean(mean[~liked], scale[0]),
    )
    return pairs.interactions(mean, feedback), feedback, notes, []


def _implicit(pairs: Pairs, value: np.ndarray, settings: Settings) -> tuple[Interactions, Feedback]:
    liked_at = ANY_LIKE if settings.liked_at is None else settings.liked_at
    feedback = Feedback(
        "implicit", liked_at, None, settings.weights(), settings.half_life, max(1.0, liked_at), -1.0
    )
    return pairs.interactions(value, feedback), feedback


def _mean(values: np.ndarray, otherwise: float) -> float:
    """Mean of ``values`` added in ascending order, so that the order of rows cannot change its last bit."""
    return float(np.sort(values).sum() / len(values)) if len(values) else otherwise
