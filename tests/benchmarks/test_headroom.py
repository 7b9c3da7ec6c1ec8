"""What vectors bring: hidden parts that do not meet, and a planted taste that only vectors tell."""

from __future__ import annotations

import re

import numpy as np
import scipy.sparse as sp

from benchmarks import adapt, headroom
from fewrec.signals import TrainingData


def planted() -> TrainingData:
    """60 people of two tastes, 100 items whose kind the vectors tell; the words of all items are the same."""
    rng = np.random.default_rng(0)
    kind, taste = rng.integers(0, 2, 100), np.arange(60) % 2
    liked = sp.csr_matrix(
        (rng.random((60, 100)) < np.where(taste[:, None] == kind, 0.5, 0.02)), dtype=np.float32
    )
    view = np.where(kind[:, None] == np.arange(2), 1.0, -1.0).astype(np.float32) / np.float32(np.sqrt(2))
    words = sp.csr_matrix(np.ones((100, 1), np.float32))
    return TrainingData(liked=liked, seen=liked, explicit=False, views={"title": view}, words=words)


def test_the_hidden_parts_do_not_meet():
    found = headroom.parts(planted(), 0)
    assert [len(part) for part in found] == [20, 20, 20]
    assert len(set(np.concatenate(found).tolist())) == 60


def test_without_vectors_what_they_alone_tell_is_lost():
    cells = [cell.strip() for cell in headroom.row("planted", planted(), 0).strip("|").split("|")]
    assert cells[0] == "planted"
    frozen = float(cells[1])
    for cell in cells[2:4]:  # none, random
        lost, error = map(float, re.match(r"([+-][\d.]+) ± ([\d.]+)", cell).groups())
        assert lost < -5 * error < 0
        assert lost < -0.2 * frozen
    assert 0 < float(cells[4]) < frozen


def test_the_page_has_the_marks():
    page = adapt.PAGE.read_text(encoding="utf-8")
    assert page.count(headroom.BEGIN) == page.count(headroom.END) == 1
