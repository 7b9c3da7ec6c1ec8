"""What is known of items before anybody in particular is asked: means, habits, texts."""

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec.fewshot.ratingstats import item_statistics, like_threshold, text_map


def test_threshold_is_half_a_step_below_the_like():
    stars = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], 40)
    assert like_threshold(stars, 4.0) == 3.5
    assert like_threshold(np.concatenate([stars, [3.999]]), 4.0) == 3.5  # a rare value is no step
    assert like_threshold(np.array([1.0, 2.0, 5.0]), 4.0) == 3.5
    assert like_threshold(stars / 2, 2.0) == 1.75
    assert like_threshold(np.array([4.0, 4.0]), 4.0) == 4.0


def test_item_means_are_not_taken_for_their_raters():
    # Item 0 is rated by the generous half, item 1 by the strict half; all rate items 2..9 alike.
    rng = np.random.default_rng(7)
    generous = np.arange(40) < 20
    table = 3 + np.where(generous, 1.0, -1.0)[:, None] + 0.1 * rng.normal(size=(40, 10))
    table[~generous, 0] = 0
    table[generous, 1] = 0
    found = item_statistics(sp.csr_matrix(table), np.zeros((10, 0)))
    plain = [table[generous, 0].mean(), table[~generous, 1].mean()]
    assert found.mean[0] - found.mean[1] < 0.6 * (plain[0] - plain[1])
    assert found.mean.mean() == pytest.approx(3.0, abs=0.1)


def test_text_parts_stand_for_cosines():
    rng = np.random.default_rng(2)
    for shape in ((30, 12), (12, 30)):
        view = rng.normal(size=shape).astype(np.float32)
        view[3] = 0
        parts = view @ text_map(view)
        np.testing.assert_allclose(parts @ parts.T, view @ view.T, atol=1e-4)
    assert text_map(None).shape == (0, 0)
    assert text_map(np.zeros((4, 6), np.float32)).shape == (6, 0)
    assert text_map(rng.normal(size=(200, 100))).shape == (100, 64)


def test_what_few_people_rated_is_expected_lower_where_it_is_so():
    rng = np.random.default_rng(9)
    fame = np.linspace(0.02, 0.6, 80)
    rated = rng.random((150, 80)) < fame
    rated[:, 0] = False
    table = np.where(rated, 5 + 2 * fame + rng.normal(0, 0.5, rated.shape), 0)
    found = item_statistics(sp.csr_matrix(table), np.zeros((80, 0)))
    assert found.mean[0] < 5.6
    assert found.unmet == pytest.approx(found.mean[0])
    assert found.mean[79] > 5.9
