"""Ids and positions."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec.data import Vocabulary
from fewrec.data.vocabulary import canonical_integer, canonical_order
from fewrec.errors import DataError, UnknownIdError


def test_positions_both_ways():
    known = Vocabulary(["b", 3, "a"])
    assert (known.ids, list(known), len(known)) == (["b", 3, "a"], ["b", 3, "a"], 3)
    assert [known.index(id) for id in known] == [0, 1, 2]
    assert ("b" in known, "c" in known, None in known, [1] in known) == (True, False, False, False)
    assert known.get("c") is None
    assert known == Vocabulary(["b", 3, "a"])
    assert known != Vocabulary([3, "b", "a"])
    assert repr(Vocabulary([1, 2, 3, 4], noun="item")) == "Vocabulary(4 items: 1, 2, 3, ...)"


def test_a_number_and_its_text_are_the_same_unless_both_are_known():
    assert Vocabulary([7]).index("7") == 0
    assert Vocabulary(["7"]).index(7) == 0
    assert Vocabulary(["7"]).index(np.int64(7)) == 0
    assert [Vocabulary([7, "7"]).index(id) for id in (7, "7")] == [0, 1]
    assert Vocabulary([7]).get("07") is None
    assert Vocabulary([1]).get(True) is None


def test_unknown_ids_name_their_neighbours(told):
    assert told(lambda: Vocabulary(["Matrix", "Titanic"], noun="item").index("matrx"))[1] == (
        "the item 'matrx' is not known.\nNearest known ids: 'Matrix'."
    )
    assert told(lambda: Vocabulary([10, 20, 30]).index(19)) == (
        UnknownIdError,
        "the id 19 is not known.\nNearest known ids: 20, 10, 30.",
    )
    assert told(lambda: Vocabulary([], noun="user").index("x"))[1] == (
        "the user 'x' is not known.\nNo user is known at all."
    )


def test_nearest_among_many():
    known = Vocabulary([f"item-{number:05}" for number in range(20_000)])
    assert known.nearest("item-12345x")[0] == "item-12345"
    assert known.nearest("entirely different") == []


@pytest.mark.parametrize(
    ("ids", "message"),
    [(["a", "a"], "the id 'a' occurs twice."), ([True], "True is not an id: ids are strings or integers.")],
)
def test_what_is_no_vocabulary(ids, message, told):
    assert told(lambda: Vocabulary(ids)) == (DataError, message)


def test_canonical_integers_and_order():
    assert all(map(canonical_integer, ("7", "-7", "0")))
    assert not any(map(canonical_integer, ("007", "+7", "7.0", "", "-", "-0", "٣", "1" * 19)))
    assert canonical_order(["b", 10, "a", -1, "10"]) == [3, 1, 4, 2, 0]
