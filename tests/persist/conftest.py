"""A small model in parts, and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from fewrec.persist import write_folder

Parts = tuple[dict[str, Any], dict[str, Any], dict[str, dict[str, list[Any]]]]


def small() -> Parts:
    """``(manifest, arrays, tables)`` with one of everything that can be stored."""
    manifest = {
        "class": "Recommender",
        "configuration": {"seed": 0, "tune": True},
        "card": {"ndcg": [0.3, None]},
    }
    arrays = {
        "text/embeddings": np.arange(12, dtype=np.float32).reshape(4, 3),
        "column order": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "number": np.array(3.5),
        "flags": np.array([True, False]),
        "none": np.zeros((0, 3), dtype=np.int8),
        "liked": sparse.csr_matrix(np.array([[0, 2.0, 0], [1, 0, 3]], dtype=np.float32)),
        "by item": sparse.csc_matrix(np.array([[0, 2, 0], [1, 0, 3]])),
    }
    tables = {
        "items": {"id": [1, "1", "银"], "title": ['a "b"\n', "", None], "tags": [["x", "y"], [], None]},
        "items 2": {"id": [], "price": []},
    }
    return manifest, arrays, tables


@pytest.fixture
def parts() -> Parts:
    return small()


@pytest.fixture
def saved(tmp_path: Path, parts: Parts) -> Path:
    """A folder with the small model."""
    return write_folder(tmp_path / "model", *parts)
