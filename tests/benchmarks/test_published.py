"""The published protocols, by hand: candidates, the measure with one right answer, and whom one may learn from."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import llmrank
from benchmarks.open_sets import DATA
from benchmarks.tallrec import Sample, auc, auc_within, counting_rule, drawn, people, read_samples, titles


def test_the_target_is_among_the_candidates_once():
    assert llmrank.forced("c", ["a", "c", "b", "d"], size=3) == ("a", "b", "c")
    assert llmrank.forced("x", ["a", "b", "c"], size=3) == ("a", "b", "x")


def test_ndcg_with_one_right_answer():
    # The right one is third: nothing at 1, then 1 / log2(1 + 3) = .5.
    rng = np.random.default_rng(0)
    assert llmrank.gains(np.array([0.9, 0.1, 0.8, 0.7]), 3, rng) == [0, 0.5, 0.5, 0.5]
    assert llmrank.gains(np.array([np.nan, 0.1]), 1, rng) == [1, 1, 1, 1]  # what has no score comes last
    assert llmrank.gains(np.array([0.9, 0.1]), None, rng) == [0, 0, 0, 0]  # not a candidate: never found


def test_ties_are_drawn():
    first = [llmrank.gains(np.zeros(20), 0, np.random.default_rng(seed))[0] for seed in range(2000)]
    assert np.mean(first) == pytest.approx(1 / 20, abs=0.015)  # three standard errors


def test_prompts_are_read(tmp_path):
    asked = 'Whether the user will like the target book "Emma" written by Jane Austen?'
    if_liked = 'User Preference: "Kim" written by R. Kipling, "Ada, or Ardor" written by V. Nabokov'
    row = {"input": f"{if_liked}\nUser Unpreference: \n{asked}", "output": "Yes."}
    file = tmp_path / "book_valid.json"
    file.write_text(json.dumps([row]))
    assert read_samples(file) == [
        Sample(("Kim by R. Kipling", "Ada, or Ardor by V. Nabokov"), (), "Emma by Jane Austen", True)
    ]
    assert titles('"Heat (1995)", "Bed, The (1990)"') == ("Heat (1995)", "Bed, The (1990)")
    file.write_text(json.dumps([{**row, "input": f"{if_liked}\nUser Unpreference: \nWhich book?"}]))
    with pytest.raises(ValueError, match=r"book_valid.json: no question in 'Which book\?'"):
        read_samples(file)


def test_a_support_never_holds_the_answer():
    sample = Sample(("a", "x"), ("b",), "x", True)
    assert sample.support == {"b": False, "a": True}


def test_auc_by_hand():
    answers = np.array([True, True, False, False])
    assert auc(np.array([0.9, 0.5, 0.5, 0.1]), answers) == 0.875  # of four pairs three are won, one is a tie
    # Within groups (0, 2) and (1, 3): .9 > .5 and .5 > .1.
    assert auc_within(np.array([0.9, 0.5, 0.5, 0.1]), answers, np.array([0, 1, 0, 1])) == 1
    assert np.isnan(auc_within(np.zeros(4), answers, np.array([0, 0, 1, 1])))
    assert counting_rule([Sample(("a", "b"), ("c",), "d", True)]).tolist() == [3 / 5]


def windows(person: int, count: int) -> list[Sample]:
    """Samples that slide over what one person said: ten titles known, the next one asked."""
    said = [(f"{person}-{at}", (at + person) % 3 > 0) for at in range(10 + count)]
    return [
        Sample(
            tuple(title for title, good in said[at : at + 10] if good),
            tuple(title for title, good in said[at : at + 10] if not good),
            *said[at + 10],
        )
        for at in range(count)
    ]


def test_nobody_is_asked_of_whom_a_sample_was_learned_from():
    samples = [sample for person in range(8) for sample in windows(person, 60)]
    who = people(samples)
    assert len(set(who.tolist())) == 8
    for seed in range(5):
        learning, asking = drawn(who, seed)
        assert len(learning) == 256
        assert len(asking) > 0
        assert not set(who[learning]) & set(who[asking])
        told = {title for at in learning for title in (*samples[at].support, samples[at].target)}
        assert not told & {samples[at].target for at in asking}


@pytest.mark.skipif(not (DATA / "tallrec").exists(), reason="tallrec is not beside the project")
def test_the_films_are_of_fourteen_people():
    samples = read_samples(DATA / "tallrec" / "movie_valid.json")
    assert len(samples) == 1000
    assert people(samples).max() + 1 == 14
    answers = np.array([sample.answer for sample in samples])
    assert auc(counting_rule(samples), answers) == pytest.approx(0.689, abs=5e-4)  # as the data's notes say
