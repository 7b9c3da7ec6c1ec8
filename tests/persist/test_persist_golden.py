"""A model saved by every released format loads for ever, and answers as it did."""

import json
from pathlib import Path

import pytest

from fewrec import Recommender

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("folder", sorted(GOLDEN.glob("model-format-*/")), ids=lambda folder: folder.name)
def test_a_model_of_an_older_format_answers_as_it_did(folder):
    model = Recommender.load(folder)
    for case in json.loads((GOLDEN / f"{folder.name}.expected.json").read_text()):
        answer = model.recommend(**case["ask"])
        assert [row.item for row in answer] == case["items"]
        assert [row.score for row in answer] == pytest.approx(case["scores"], abs=1e-3)


def test_the_first_format_is_there():
    assert (GOLDEN / "model-format-1" / "manifest.json").is_file()
