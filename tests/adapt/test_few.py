"""Tuning on 50 rows of a real shop is as safe as on 50,000: what is kept is not worse than what was there."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec import Dataset, samples
from fewrec.adapt import finetune
from fewrec.adapt.trial import new_item_ndcg, paired
from fewrec.adapt.world import read
from fewrec.encode import resolve

SEEDS, PEOPLE, EACH = 12, 10, 5


def fifty_rows(shop: Dataset, seed: int) -> tuple[Dataset, np.ndarray]:
    """Five likes each of ten people, and the items among them (positions in ``shop``)."""
    rng = np.random.default_rng(seed)
    liked = shop.matrix("liked")
    able = np.flatnonzero(np.diff(liked.indptr) >= EACH)
    pairs = [
        (user, item)
        for user in rng.permutation(able)[:PEOPLE]
        for item in rng.permutation(liked[user].indices)[:EACH]
    ]
    users, items = zip(*pairs, strict=True)
    table = {
        "item": list(shop.items.ids),
        "title": list(shop.texts["title"]),
    }
    rows = {
        "user": [str(shop.users.ids[user]) for user in users],
        "item": [shop.items.ids[item] for item in items],
    }
    return Dataset(items=table, interactions=rows), np.unique(items)


@pytest.mark.slow
def test_fifty_rows_do_no_harm():
    """Items outside of the 50 rows are ranked for everybody in the shop, by a model that knows the rest of it. Most
    runs must see that 50 rows prove nothing."""
    shop = samples.groceries().sorted()
    verdicts = []
    for seed in range(SEEDS):
        few, met = fifty_rows(shop, seed)
        assert len(few.interactions) == PEOPLE * EACH
        found = finetune(few, seed=seed, progress=False)
        verdicts.append(found.verdict)
        if found.verdict == "tuned":
            hidden = np.sort(
                np.random.default_rng(seed).permutation(np.setdiff1d(np.arange(len(shop.items)), met))[:100]
            )
            frozen, tuned = (
                new_item_ndcg(
                    read(shop, encoder, seed, "default")[1], hidden, np.arange(len(shop.users)), seed
                )
                for encoder in (resolve("default"), found.encoder)
            )
            assert not paired(frozen, tuned).behind, f"seed {seed}: {found.why}"
    assert verdicts.count("kept frozen") > SEEDS / 2
