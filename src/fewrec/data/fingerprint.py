"""A hash of a data set's content."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fewrec.data.dataset import Dataset


def fingerprint(data: Dataset) -> str:
    """SHA-256 (hexadecimal) over ids, interactions, feedback, texts, titles, columns and features of
    ``data``.

    ``data`` must be in canonical order; its rows' order then cannot matter.
    """
    digest = hashlib.sha256()

    def add(name: str, content: object) -> None:
        digest.update(f"\n{name}:".encode())
        digest.update(json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode())

    add("items", data.items.ids)
    add("users", data.users.ids)
    feedback = data.feedback
    add(
        "feedback",
        [
            feedback.kind,
            feedback.liked_at,
            feedback.scale,
            sorted(feedback.events.items()),
            feedback.half_life,
        ],
    )
    pairs = data.interactions
    for name in ("user_index", "item_index", "value", "liked", "count", "time"):
        array = getattr(pairs, name)
        digest.update(f"\n{name}:".encode())
        digest.update(b"" if array is None else np.ascontiguousarray(array).tobytes())
    add("titles", data.titles)
    add("texts", data.texts)
    add("columns", data.item_columns)
    for name, (matrix, names) in (
        ("item features", data.item_features),
        ("user features", data.user_features),
    ):
        add(name, [names, matrix.indptr.tolist(), matrix.indices.tolist()])
    return digest.hexdigest()
