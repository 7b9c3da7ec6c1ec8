"""Looks a data set over for its health report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from fewrec.data.health import HealthReport, sentences
from fewrec.data.language import mix, normalised

if TYPE_CHECKING:
    from fewrec.data.dataset import Dataset

FEW = 3  # a user with fewer interactions is nearly a stranger


def examine(data: Dataset) -> HealthReport:
    """The health of ``data``; time grows linearly with items and interactions."""
    pairs = data.interactions
    per_item = np.bincount(pairs.item_index, minlength=len(data.items))
    per_user = np.bincount(pairs.user_index, minlength=len(data.users))
    likes_per_user = np.bincount(pairs.user_index[pairs.liked], minlength=len(data.users))
    cells = len(data.users) * len(data.items)
    spoken = np.zeros(len(data.items), dtype=bool)
    for view in data.texts.values():
        spoken |= np.array([bool(text) for text in view], dtype=bool)
    groups = _near_duplicates(data)
    twin_sizes = _twins(data)
    known = pairs.time[np.isfinite(pairs.time)] if pairs.time is not None else np.zeros(0)
    report = HealthReport(
        users=len(data.users),
        items=len(data.items),
        interactions=len(pairs),
        events=int(pairs.count.sum()),
        feedback=data.feedback.describe(),
        density=len(pairs) / cells if cells else 0.0,
        liked=float(pairs.liked.mean()) if len(pairs) else 0.0,
        repeated_events=int(pairs.count.sum()) - len(pairs),
        contradictions=_contradictions(data),
        cold_items=_share(per_item == 0),
        silent_items=_share((per_item == 0) & ~spoken),
        new_users=_share(per_user < FEW),
        learners=int((likes_per_user >= 5).sum()),
        top_tenth=_top_tenth(per_item),
        twin_groups=len(twin_sizes),
        twin_users=sum(twin_sizes),
        near_duplicates=[[data.items.ids[at] for at in group] for group in groups[:10]],
        near_duplicate_items=sum(map(len, groups)),
        text_coverage={
            name: _share(np.array([bool(text) for text in view])) for name, view in data.texts.items()
        },
        text_length={name: _median_length(view) for name, view in data.texts.items()},
        features=len(data.item_features[1]),
        languages=mix(_speech(data)),
        histogram=_histogram(data),
        span=(float(known.min()), float(known.max())) if len(known) else None,
        warnings=list(data.warnings),
    )
    report.meaning.extend(sentences(report, data.feedback))
    return report


def _speech(data: Dataset) -> list[str]:
    """The text of each item that shows its language best: its description, else its title; "" for a bare
    id."""
    descriptions = data.texts.get("description", [""] * len(data.items))
    named = zip(descriptions, data.titles, data.items, strict=True)
    return [long or ("" if title == str(id) else title) for long, title, id in named]


def _share(mask: np.ndarray) -> float:
    return float(mask.mean()) if len(mask) else 0.0


def _top_tenth(per_item: np.ndarray) -> float:
    total = int(per_item.sum())
    top = max(len(per_item) // 10, 1)
    return float(np.sort(per_item)[-top:].sum() / total) if total else 0.0


def _median_length(texts: list[str]) -> float:
    lengths = [len(text) for text in texts if text]
    return float(np.median(lengths)) if lengths else 0.0


def _contradictions(data: Dataset) -> int:
    """Pairs whose events speak both for and against the item."""
    events = data.checked_events
    if events is None:
        return 0
    explicit = data.feedback.kind == "explicit" and events.rating is not None
    value = (events.rating if explicit and events.rating is not None else events.weight)[events.good]
    liked = data.feedback.liked(value) if explicit else value > 0
    disliked = ~liked if explicit else value < 0
    user = events.users.positions(data.users)[events.good].astype(np.int64)
    pair = user * len(data.items) + events.items.positions(data.items)[events.good]
    sides = np.sort(np.concatenate([2 * pair[liked], 2 * pair[disliked] + 1]))
    return int(
        ((sides[1:] == sides[:-1] + 1) & (sides[:-1] % 2 == 0)).sum()
    )  # a pair's last like, its first dislike


def _near_duplicates(data: Dataset) -> list[list[int]]:
    """Groups of item positions whose titles are the same but for case, accents and punctuation; largest
    first."""
    groups: dict[str, list[int]] = {}
    for position, (title, id) in enumerate(zip(data.titles, data.items, strict=True)):
        key = normalised(title)
        if key and title != str(id):  # an item without a title is shown by its id, which is unique
            groups.setdefault(key, []).append(position)
    return sorted(
        (group for group in groups.values() if len(group) > 1), key=lambda group: (-len(group), group)
    )


def _twins(data: Dataset) -> list[int]:
    """Sizes of the groups of users with the same items and values, three or more of them."""
    pairs = data.interactions
    starts = np.searchsorted(pairs.user_index, np.arange(len(data.users) + 1))
    counts: Counter[tuple[bytes, bytes]] = Counter()
    for first, last in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        if last - first >= FEW:
            counts[pairs.item_index[first:last].tobytes(), pairs.value[first:last].tobytes()] += 1
    return [count for count in counts.values() if count > 1]


def _histogram(data: Dataset) -> list[tuple[str, int]]:
    """Values of the pairs: one bar a value where they are at most 12, else ten equal steps (explicit) or
    powers of two (implicit)."""
    values = data.interactions.value.astype(np.float64)
    if not len(values):
        return []
    different, counts = np.unique(values, return_counts=True)
    if len(different) <= 12:
        return [(f"{value:.4g}", int(count))
                for value, count in zip(different.tolist(), counts.tolist(), strict=True)]  # fmt: skip
    if data.feedback.kind == "explicit":
        edges = np.linspace(values.min(), values.max(), 11)
    else:
        top = max(int(np.ceil(np.log2(max(values.max(), 2.0)))), 1)
        edges = np.array([min(values.min(), 0.0), 0.0, *(2.0**power for power in range(top + 1))])
        edges = np.unique(edges)
    bars, edges = np.histogram(values, edges)
    return [(f"{low:.3g} to {high:.3g}", int(count)) for low, high, count in
            zip(edges[:-1].tolist(), edges[1:].tolist(), bars.tolist(), strict=True)]  # fmt: skip
