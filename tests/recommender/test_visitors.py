"""Who may ask: nobody known, a like, dislikes, ratings, a sentence, attributes, a known user; each alone and
together. And by which names items and users are found."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from fewrec import Dataset, Recommender
from fewrec.errors import FewrecWarning, UnknownIdError
from fewrec.signals import Portrait

SAID: dict[str, Any] = {
    "user": "u3",
    "support": {"i0": 5, "i1": 1},
    "taste": "a love story",
    "attributes": {"city": "Rome"},
}


@pytest.mark.parametrize(
    "parts",
    [part for size in range(5) for part in combinations(SAID, size)],
    ids=lambda parts: " + ".join(parts) or "nothing",
)
def test_every_combination_is_answered(tuned: Recommender, parts: tuple[str, ...]) -> None:
    request = {name: SAID[name] for name in parts}
    found = tuned.recommend(**request, n=5)
    met = set(tuned.data.history("u3")) if "user" in parts else set()
    met |= {"i0", "i1"} if "support" in parts else set()
    assert len(found) == min(5, 16 - len(met))
    assert not {row.item for row in found} & met
    assert found.dropped == {"already met": len(met)}
    assert found.warnings == ()
    for row in found:
        assert row.score == tuned.score(items=[row.item], **request)[0]
    known = [f"{len(met)} interactions"] if met else []
    known += ["a sentence"] if "taste" in parts else []
    known += ["attributes"] if "attributes" in parts or "user" in parts else []
    assert " and ".join(known) in found.sure or "next to nothing follows" in found.sure
    if not parts:
        assert found.sure.startswith(
            "A guess: nothing is known about this visitor, so this is the bestseller list."
        )


def test_nothing_said_in_any_form_is_nothing_said(tuned: Recommender) -> None:
    wanted = tuned.recommend().to_dict()
    for request in ({"support": []}, {"support": {}}, {"support": None}, {"attributes": {}}, {"taste": None}):
        assert tuned.recommend(**request).to_dict() == wanted


def test_a_list_of_likes_is_a_rating_that_likes(tuned: Recommender) -> None:
    like = tuned.data.feedback.like_value
    np.testing.assert_array_equal(tuned.score(["i0", "i5"]), tuned.score({"i0": like, "i5": like}))
    for several in (
        ("i0", "i5"),
        {"i0", "i5"},
        np.array(["i0", "i5"]),
        iter(["i5", "i0"]),
        ["i0", "i5", "i0"],
    ):
        np.testing.assert_array_equal(tuned.score(several), tuned.score(["i0", "i5"]))


def test_a_pandas_series_by_item_is_a_dict_and_any_other_a_list(tuned: Recommender) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    rated = pandas.Series([5, 1], index=["i0", "i1"])
    np.testing.assert_array_equal(tuned.score(rated), tuned.score({"i0": 5, "i1": 1}))
    np.testing.assert_array_equal(tuned.score(pandas.Series(["i0", "i5"])), tuned.score(["i0", "i5"]))
    row = pandas.Series({"city": "Rome"})
    np.testing.assert_array_equal(tuned.score(attributes=row), tuned.score(attributes={"city": "Rome"}))


def test_true_and_false_are_a_like_and_a_dislike(tuned: Recommender) -> None:
    feedback = tuned.data.feedback
    wanted = tuned.score({"i0": feedback.like_value, "i1": feedback.dislike_value})
    np.testing.assert_array_equal(tuned.score({"i0": True, "i1": False}), wanted)
    np.testing.assert_array_equal(tuned.score({"i0": np.True_, "i1": np.False_}), wanted)
    assert not np.array_equal(tuned.score({"i0": 1, "i1": feedback.dislike_value}), wanted)  # 1 of 5


def test_the_order_in_which_items_are_named_changes_no_bit(plain: Recommender) -> None:
    support = {f"i{at}": 1 + at % 5 for at in range(12)}
    wanted = plain.score(support)
    order = np.random.default_rng(0)
    for _ in range(20):
        names = order.permutation(list(support)).tolist()
        np.testing.assert_array_equal(plain.score({name: support[name] for name in names}), wanted)


def test_a_dislike_is_no_like(tuned: Recommender) -> None:
    liked, disliked = tuned.recommend(support={"i0": 5}), tuned.recommend(support={"i0": 1})
    assert liked[0].title.startswith("space")
    assert [row.item for row in liked] != [row.item for row in disliked]
    assert (
        disliked.sure == "Unsure: 1 interaction and nothing liked among them. One liked item would help most."
    )
    assert not [reason for row in disliked for reason in row.reasons if reason.kind == "liked"]


def test_the_threshold_of_the_data_says_what_a_like_is(tuned: Recommender) -> None:
    at = tuned.data.feedback.liked_at
    assert 3 < at < 5
    like, dislike = (
        tuned.recommend(support={"i0": float(np.nextafter(np.float32(at), 5))}),
        tuned.recommend(support={"i0": 3}),
    )
    assert like.sure.startswith("A first idea")
    assert dislike.sure.startswith("Unsure")


def test_what_a_known_user_says_now_is_added_and_wins(tuned: Recommender) -> None:
    history = tuned.data.history("u0")
    unmet = next(item for item in tuned.data.items if item not in history and item != "i15")
    alone, more = tuned.recommend(user="u0", n=20), tuned.recommend(user="u0", support=[unmet], n=20)
    assert len(more) == len(alone) - 1
    assert not [row for row in more if row.item == unmet]
    # The same item again, rated otherwise: the new value counts.
    changed = dict(history)
    item = next(iter(item for item, value in history.items() if value == 5))
    changed[item] = 1
    np.testing.assert_array_equal(tuned.score(user="u0", support={item: 1})[:14], tuned.score(changed)[:14])


def test_a_known_user_is_scored_as_a_stranger_with_the_same_history(plain: Recommender) -> None:
    # Apart from the new items i14 and i15, which training users have in an order of their own.
    stranger = plain.score(plain.data.history("u0"), attributes={"city": "Oslo"})
    np.testing.assert_array_equal(plain.score(user="u0")[:14], stranger[:14])


def test_met_items_can_be_listed_when_asked_for(tuned: Recommender) -> None:
    found = tuned.recommend(support=["i0"], n=16, include_seen=True)
    assert len(found) == 16
    assert "i0" in [row.item for row in found]
    assert found.dropped == {}


def test_where_exclude_and_n_together(tuned: Recommender) -> None:
    found = tuned.recommend(
        support=["i0"], where={"genre": ["space", "love"]}, exclude=["i4", "love story red"], n=3
    )
    assert len(found) == 3
    assert all(row.title.split()[0] in ("space", "love") for row in found)
    assert not {"i0", "i4", "i1"} & {row.item for row in found}
    assert found.dropped == {"already met": 1, "excluded": 2, "where": 8}
    only = tuned.recommend(where="genre == 'farm'", n=100)
    assert {row.title.split()[0] for row in only} == {"farm"}
    assert tuned.recommend(exclude="i4", n=16).dropped == {"already met": 0, "excluded": 1}  # one is enough


def test_an_empty_list_explains_itself(tuned: Recommender) -> None:
    found = tuned.recommend(support=["i0"], where="price > 1000")
    assert len(found) == 0
    assert found.sure == "Nothing to recommend."
    told = "Nothing to recommend: 16 items came in, 1 dropped (already met), 15 dropped (where), 0 left."
    assert found.why_empty() == told
    assert found.to_dict()["warnings"] == [told]


def test_a_sentence_that_cannot_be_read_is_said_so(tuned: Recommender) -> None:
    for sentence in ("🍜🍜", "?!", "\ud800"):
        found = tuned.recommend(taste=sentence)
        said = f"the taste sentence {sentence!r} says nothing that can be read here; it was left out."
        assert found.warnings == (said,)
        assert found.sure.startswith("A guess: nothing is known about this visitor")
        assert [row.item for row in found] == [row.item for row in tuned.recommend()]


@pytest.mark.parametrize("sentence", ["", "  \n\t"])
def test_an_empty_sentence_is_said_so(tuned: Recommender, sentence: str) -> None:
    found = tuned.recommend(taste=sentence)
    assert found.warnings == ("the taste sentence is empty; it was left out.",)
    assert [row.item for row in found] == [row.item for row in tuned.recommend()]


def test_a_very_long_sentence_is_read(tuned: Recommender) -> None:
    assert tuned.recommend(taste="love " * 5000, n=1)[0].title.startswith("love")


# -- attributes


def test_attributes_bring_what_people_like_you_like(towns: Recommender) -> None:
    oslo, rome = (towns.recommend(attributes={"city": city}, n=6) for city in ("Oslo", "Rome"))
    assert {row.item for row in oslo} <= set("abcdefgh")
    assert {row.item for row in rome} <= set("ijklmnop")
    assert oslo.sure.startswith("A first idea, from attributes.")
    assert {reason.what for reason in oslo[0].reasons if reason.kind == "portrait"} == {
        "liked by people like you"
    }


def test_attributes_are_named_as_people_write_them(towns: Recommender) -> None:
    wanted = towns.score(attributes={"city": "Oslo"})
    for attributes in ({"City": "Oslo"}, {"city": ["Oslo"]}, {"CITY": "oslo"}):
        np.testing.assert_array_equal(towns.score(attributes=attributes), wanted)


def test_unknown_attributes_are_left_out_and_named(towns: Recommender) -> None:
    found = towns.recommend(attributes={"city": "Paris", "planet": "Mars"})
    note = "nothing is known about the attributes city: Paris, planet; they were left out."
    assert found.warnings == (note,)
    assert found.sure.startswith("A guess: nothing is known about this visitor")
    with pytest.warns(FewrecWarning, match=r"city: Paris, planet"):
        towns.recommend(attributes={"city": "Paris", "planet": "Mars"}, on_unknown="warn")


def test_attributes_that_say_nothing_are_no_basis(world: Any) -> None:
    # In the small world both towns like everything alike: a town says nothing, and the list admits it.
    names = ["popularity", Portrait.name]
    model = Recommender(encoder="hashed", signals=names, tune=False).fit(world.data(), progress=False)
    found = model.recommend(attributes={"city": "Oslo"})
    assert found.sure == "Little more than the bestseller list: next to nothing follows from attributes."
    assert [row.item for row in found] == [row.item for row in model.recommend()]


def test_support_that_says_nothing_is_no_basis(world: Any) -> None:
    model = Recommender(encoder="hashed", signals=["popularity"]).fit(world.data(), progress=False)
    found = model.recommend(support=["i0"])
    assert "bestseller list" in found.sure
    assert {reason.kind for row in found for reason in row.reasons} == {"popularity"}


# -- names of items and users


def test_items_are_found_by_id_and_by_title_in_any_case(tuned: Recommender) -> None:
    wanted = tuned.score(["i0"])
    for name in ("space story red", "Space Story RED", "  space story red "):
        np.testing.assert_array_equal(tuned.score([name]), wanted)
        assert tuned.recommend(exclude=[name]).dropped["excluded"] == 1
        assert tuned.similar_items(name).to_dict() == tuned.similar_items("i0").to_dict()
        assert tuned.audience(name).item == "i0"
    np.testing.assert_array_equal(tuned.score(items=["love story red", "i0"]), tuned.score()[[1, 0]])
    np.testing.assert_array_equal(tuned.score(items="i5"), tuned.score()[[5]])


@pytest.fixture(scope="module")
def numbered() -> Recommender:
    """Integer ids; two items of one title; an item whose title is another's id."""
    items = {"item": [1, 2, 3, 7], "title": ["Alien", "Solaris", "solaris", "2"]}
    events = {"user": [10, 10, 20, 20], "item": [1, 2, 1, 3], "rating": [5, 2, 4, 1]}
    return Recommender(encoder="hashed", tune=False).fit(Dataset(items, events), progress=False)


def test_one_and_the_text_one_are_the_same_id(numbered: Recommender) -> None:
    for one in (1, "1", np.int64(1), np.int32(1), "Alien"):
        np.testing.assert_array_equal(numbered.score([one]), numbered.score([1]))
    for user in (10, "10", np.int64(10)):
        assert numbered.recommend(user=user).to_dict() == numbered.recommend(user=10).to_dict()
    assert numbered.recommend(support=["1"], n=1)[0].item == numbered.recommend(support=[1], n=1)[0].item
    assert type(numbered.recommend(n=1)[0].item) is int


def test_an_id_comes_before_a_title(numbered: Recommender) -> None:
    np.testing.assert_array_equal(
        numbered.score(["2"]), numbered.score([2])
    )  # not item 7, which is called "2"


def test_an_ambiguous_title_asks_for_an_id(numbered: Recommender) -> None:
    with pytest.raises(UnknownIdError) as raised:
        numbered.recommend(support=["Solaris"])
    assert str(raised.value) == "item: 2 items are called 'Solaris'.\nUse an id: 2, 3."
    found = numbered.recommend(support=["Solaris"], on_unknown="skip")
    assert found.warnings == ("2 items are called 'Solaris'; it was left out.",)


def test_an_item_without_title_is_called_by_its_id() -> None:
    model = Recommender(encoder="hashed").fit(Dataset({"item": ["x1", "x2"]}), progress=False)
    assert model.recommend()[0].title in ("x1", "x2")
    assert len(model.recommend(support=["X1"])) == 1


# -- unknown ids


def test_unknown_ids_raise_with_the_nearest(tuned: Recommender) -> None:
    with pytest.raises(UnknownIdError) as raised:
        tuned.recommend(user="u99")
    assert str(raised.value) == "the user 'u99' is not known.\nNearest known ids: 'u9'."
    with pytest.raises(UnknownIdError) as raised:
        tuned.recommend(support=["space story rad"])
    assert raised.value.where == "item"
    assert raised.value.value == "space story rad"
    first, hint = str(raised.value).split("\n")
    assert first == "item: the item 'space story rad' is not known."
    assert hint.startswith("Nearest known: titles 'space story red'")
    with pytest.raises(UnknownIdError) as raised:
        tuned.recommend(support=["farm"])  # part of a title
    assert "titles 'farm story red', 'farm story blue', 'farm story green'" in str(raised.value)
    with pytest.raises(UnknownIdError) as raised:
        tuned.score(["§§§"])
    assert str(raised.value) == "item: the item '§§§' is not known.\nNo item looks like it."


UNKNOWN = [
    ({"user": "nobody"}, "the user 'nobody' is not known; it was left out."),
    ({"support": ["nothing"]}, "the item 'nothing' is not known; it was left out."),
    ({"support": {"nothing": 5}}, "the item 'nothing' is not known; it was left out."),
    ({"exclude": ["nothing"]}, "the item 'nothing' is not known; it was left out."),
]


@pytest.mark.parametrize(("request_", "note"), UNKNOWN, ids=["user", "likes", "ratings", "exclude"])
def test_unknown_ids_are_left_out_when_asked_for(
    tuned: Recommender, request_: dict[str, Any], note: str
) -> None:
    wanted = [row.item for row in tuned.recommend()]
    skipped = tuned.recommend(**request_, on_unknown="skip")
    assert [row.item for row in skipped] == wanted
    assert skipped.warnings == (note,)
    with pytest.warns(FewrecWarning) as caught:
        warned = tuned.recommend(**request_, on_unknown="warn")
    assert [str(warning.message) for warning in caught] == [note]
    assert caught[0].filename == __file__  # the warning points at the caller
    assert warned.to_dict() == skipped.to_dict()


def test_known_ids_beside_unknown_ones_count(tuned: Recommender) -> None:
    np.testing.assert_array_equal(tuned.score(["i0", "nothing"], on_unknown="skip"), tuned.score(["i0"]))
    many = tuned.score_many([["i0"], ["nothing"]], on_unknown="skip")
    np.testing.assert_allclose(many[1], tuned.score(), rtol=1e-5)


def test_attributes_in_a_request_replace_those_that_are_stored() -> None:
    people = [
        {"user": f"p{at}", "city": ("Oslo", "Rome")[at % 2], "age_group": ("young", "old")[at // 2 % 2]}
        for at in range(8)
    ]
    rows = [{"user": f"p{at}", "item": "abcd"[at % 4], "rating": 1 + at % 5} for at in range(8)]
    data = Dataset({"item": list("abcd"), "title": ["red", "blue", "green", "gold"]}, rows, people)
    read = Recommender(encoder="hashed", tune=False).fit(data, progress=False)._visitors.read
    names = data.user_features[1]

    def portrait(**request: Any) -> list[str]:
        row = read(**request).portrait
        return [] if row is None else [names[column] for column in sorted(row.indices)]

    assert portrait(user="p0") == ["age group: young", "city: Oslo"]
    assert portrait(user="p0", attributes={"city": "Rome"}) == ["age group: young", "city: Rome"]
    assert portrait(user="p0", attributes={"CITY": "Oslo"}) == ["age group: young", "city: Oslo"]
    assert portrait(user="p0", attributes={"age_group": "old"}) == ["age group: old", "city: Oslo"]
    assert portrait(user="p0", attributes={"age group": ["old", "young"], "city": "Rome"}) == [
        "age group: old",
        "age group: young",
        "city: Rome",
    ]
    # Who says that they have moved is no longer in Oslo, wherever they are now.
    assert portrait(user="p0", attributes={"city": "Atlantis"}) == ["age group: young"]
    assert portrait(user="p0", attributes={"city": None}) == ["age group: young"]
    assert portrait(user="p0") == ["age group: young", "city: Oslo"]  # and nothing was changed by asking
