"""Augmentations: planted answers, and what each says it keeps, on any text."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fewrec.encode.hashed import HashedWords
from fewrec.errors import ConfigError, DataError
from fewrec.text import augment
from fewrec.text.augment import (
    BackTranslation,
    Chain,
    DictionaryTranslator,
    EmbeddingDropout,
    HistorySample,
    OrderShuffle,
    RatingNoise,
    SpanMask,
    Synonyms,
    WordDrop,
    WordSwap,
    generator,
    kept_words,
    neighbours,
    variants,
)
from fewrec.text.augment.pieces import cut, is_kept, joined, meaning

GERMAN = DictionaryTranslator(
    {"film": "Film", "slow": "langsam", "a": "ein", "not": "nicht", "good": "gut", "fine": "gut"}
)
TABLE = {"film": ["movie", "picture"], "slow": ["quiet"], "good": ["great", "fine"], "bad": ["awful"]}
WORDS = [
    WordDrop(0.5), WordDrop(1.0), WordSwap(0.5), WordSwap(1.0), SpanMask(0.5), SpanMask(1.0, longest=2),
    Synonyms(TABLE, 0.9), Chain((WordDrop(0.3), WordSwap(0.5), Synonyms(TABLE, 0.5), SpanMask(0.3))),
]  # fmt: skip

SOME = """
    film slow good bad a the not no never don't nicht 7 1979 S-12b x_1 (film), 3,5
    好看 不好 第三 ない 못 iPhone手机 ÉTÉ
"""
some_words = st.sampled_from(SOME.split())
texts = st.one_of(st.text(max_size=40), st.lists(some_words, max_size=12).map(" ".join))
seeds = st.integers(0, 2**32)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Alien 3 is not bad at all", ["3", "not", "bad"]),
        ("I don’t like S-12b, nor x_1", ["don’t", "like", "S-12b,", "nor", "x_1"]),
        ("这部电影不好看", ["不", "好"]),
        ("没有第三部", ["没", "有", "第", "三"]),  # 没有 is one negation, and 第 stands right after it
        ("面白くない映画", ["く", "な", "い", "映"][1:]),
        ("Nie wieder, kein Witz", ["Nie", "wieder,", "kein", "Witz"]),
        ("write to a@b.org", ["a@b.org"]),
    ],
)
def test_numbers_codes_negations_and_the_word_after_are_kept(text, kept):
    assert kept_words(text) == kept


def test_words_of_ones_own_are_kept():
    assert kept_words("The Matrix, again", keep={"MATRIX"}) == ["Matrix,"]


@given(texts)
def test_cut_and_joined_gives_the_text_back(text):
    lead, pieces = cut(text)
    assert joined(lead, pieces) == text


@pytest.mark.parametrize("augmentation", WORDS, ids=lambda one: type(one).__name__)
@given(text=texts, seed=seeds)
def test_what_must_not_change_does_not(augmentation, text, seed):
    found = augmentation(text, np.random.default_rng(seed))
    assert kept_words(found) == kept_words(text)
    assert bool(found.strip()) == bool(text.strip())
    assert found == augmentation(text, np.random.default_rng(seed))


@given(text=texts, seed=seeds)
def test_dropping_adds_and_reorders_nothing(text, seed):
    left = iter(piece.text for piece in cut(text)[1])
    found = [piece.text for piece in cut(WordDrop(0.5)(text, np.random.default_rng(seed)))[1]]
    assert all(word in left for word in found)  # a subsequence: each is found after the one before


@given(text=texts, seed=seeds)
def test_swapping_keeps_every_word(text, seed):
    found = WordSwap(0.7)(text, np.random.default_rng(seed))
    assert Counter(found.replace(" ", "")) == Counter(text.replace(" ", ""))


@given(text=texts, seed=seeds)
def test_masking_masks_no_more_than_its_share(text, seed):
    found = SpanMask(0.5, longest=2, mask="…")(text, np.random.default_rng(seed))
    words = [piece.text for piece in cut(text)[1]]
    left = [piece.text for piece in cut(found)[1] if piece.text != "…"]
    assert len(left) >= len([word for word in words if word != "…"]) - int(np.ceil(0.5 * len(words)))


@given(text=texts, seed=seeds)
def test_nothing_happens_with_a_share_of_zero(text, seed):
    for augmentation in (WordDrop(0), WordSwap(0), SpanMask(0), Synonyms(TABLE, 0)):
        assert augmentation(text, np.random.default_rng(seed)) == text


@given(text=texts, seed=seeds)
def test_a_round_trip_keeps_numbers_and_negations(text, seed):
    rounds = BackTranslation(GERMAN, GERMAN.reversed())
    assert meaning(rounds(text, np.random.default_rng(seed))) == meaning(text)


def test_words_are_exchanged_with_the_next_one():
    assert WordSwap(1.0)("a b c d, 7 e", generator(0)) == "b a d, c 7 e"
    assert WordSwap(1.0)("good, not bad film again", generator(0)) == "good, not bad again film"


def test_words_do_not_grow_together():
    # 中 and the words beside it have no blank between them; where it goes, one must come.
    rng = np.random.default_rng(3)
    found = {WordDrop(0.5)("ab中cd", rng) for _ in range(50)}
    assert "abcd" not in found
    assert "ab cd" in found


def test_all_that_can_be_masked_is():
    assert SpanMask(1.0, longest=9)("a b 7 c", generator(0)) == "[MASK] 7 [MASK]"


def test_a_synonym_keeps_signs_and_capital_letter():
    assert Synonyms({"film": ["movie"]}, 1.0)("(Film), not film", generator(0)) == "(Movie), not film"


def test_shares_are_met_on_average():
    text, rng = "word " * 2000, generator(5)
    # A binomial of 2,000 draws at .3 has a standard deviation of .010: four of them.
    assert len(WordDrop(0.3)(text, rng).split()) / 2000 == pytest.approx(0.7, abs=0.041)
    masked = SpanMask(0.3, longest=1)(text, rng).split()
    assert masked.count("word") == 1400  # the room for masks is 600 words, exactly
    swapped = Synonyms({"word": ["term"]}, 0.3)(text, rng).split()
    assert swapped.count("term") / 2000 == pytest.approx(0.3, abs=0.041)


def test_back_translation_gives_other_words():
    rounds = BackTranslation(DictionaryTranslator({"fine": "gut", "film": "Film"}), GERMAN.reversed())
    assert rounds("a fine film, not slow", generator(0)) == "a good film, not slow"


def test_a_translator_that_loses_the_negation_or_a_number_changes_nothing():
    lost = BackTranslation(lambda texts: [text.replace("not ", "") for text in texts], list)
    assert lost("not good", generator(0)) == "not good"
    turned = BackTranslation(lambda texts: [text.replace("3", "4") for text in texts], list)
    assert turned("Alien 3", generator(0)) == "Alien 3"
    assert turned("Alien", generator(0)) == "Alien"
    assert BackTranslation(lambda texts: [""], list)("Alien", generator(0)) == "Alien"


def test_a_number_with_other_signs_is_the_same_number():
    other = BackTranslation(lambda texts: [text.replace(",", ".") for text in texts], list)
    assert other("1,000 nights", generator(0)) == "1.000 nights"


@pytest.mark.parametrize("broken", [lambda texts: "x", lambda texts: [], lambda texts: [1]])
def test_a_broken_translator_is_named(broken):
    with pytest.raises(DataError, match=r"BackTranslation, there: the translator gave .* for one text"):
        BackTranslation(broken, list)("Alien", generator(0))


@given(
    vectors=hnp.arrays(np.float32, (4, 6), elements=st.floats(-9, 9, width=32)),
    seed=seeds,
    share=st.floats(0, 0.9),
)
def test_dropout_keeps_shape_type_and_zeros(vectors, seed, share):
    before = vectors.copy()
    found = EmbeddingDropout(share)(vectors, np.random.default_rng(seed))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(vectors, before)
    scaled = vectors / np.float32(1 - share)
    assert ((found == 0) | (found == scaled)).all()
    assert (found[vectors == 0] == 0).all()


def test_dropout_is_right_on_average():
    found = EmbeddingDropout(0.25)(np.ones((20_000,)), generator(1))
    # Entries are 0 or 4/3, of standard deviation .577; the mean of 20,000 has .0041.
    assert found.mean() == pytest.approx(1, abs=0.0165)


ratings = hnp.arrays(np.float64, 9, elements=st.one_of(st.floats(1, 5), st.just(np.nan)))


@given(values=ratings, seed=seeds, std=st.floats(0, 10))
def test_noise_keeps_the_scale_the_gaps_and_the_likes(values, seed, std):
    before = values.copy()
    found = RatingNoise(std, 1, 5, liked_at=4)(values, np.random.default_rng(seed))
    np.testing.assert_array_equal(values, before)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(values))
    known = ~np.isnan(values)
    assert ((found[known] >= 1) & (found[known] <= 5)).all()
    np.testing.assert_array_equal(found[known] >= 4, values[known] >= 4)


def test_noise_has_its_size():
    found = RatingNoise(0.1, 0, 10)(np.full(10_000, 5.0), generator(2))
    assert found.std() == pytest.approx(0.1, rel=0.03)  # standard error of a standard deviation: .0007


entries = st.lists(st.tuples(st.integers(0, 5), st.floats(1, 5)), max_size=9)


@given(history=entries, seed=seeds)
def test_shuffling_keeps_every_entry(history, seed):
    found = OrderShuffle()(history, np.random.default_rng(seed))
    assert Counter(found) == Counter(history)


@given(history=entries, seed=seeds, least=st.integers(0, 4))
def test_sampling_keeps_order_and_enough(history, seed, least):
    found = HistorySample(0.3, least)(history, np.random.default_rng(seed))
    left = iter(history)
    assert all(entry in left for entry in found)
    assert len(found) >= min(least, len(history))


def test_every_order_and_every_entry_comes_up():
    rng = generator(4)
    assert len({OrderShuffle()("abc", rng) for _ in range(100)}) == 6
    assert {entry for _ in range(50) for entry in HistorySample(0.2)("abc", rng)} == set("abc")


def test_neighbours_are_the_nearest_words():
    class Planted:
        id, dimension, batch_size = "planted@1", 2, 8
        angles: ClassVar = {"film": 0.0, "movie": 0.2, "picture": 0.4, "tree": 1.5, "blank": None}

        def encode(self, words):
            return np.array(
                [
                    (0, 0)
                    if self.angles[word] is None
                    else (np.cos(self.angles[word]), np.sin(self.angles[word]))
                    for word in words
                ],
                dtype=np.float32,
            )

    # cos .2 = .98 and cos .4 = .92 are above .9; a tree is 1.1 away from a picture (cos .45).
    found = neighbours(
        ["Film", "movie", "tree", "picture", "blank", "no", "7", "好"], Planted(), n=2, least=0.9
    )
    assert found == {"film": ("movie", "picture"), "movie": ("film", "picture"), "picture": ("movie", "film")}
    assert neighbours(["no", "7"], Planted()) == {}


def test_neighbours_of_an_encoder_that_comes_along():
    found = neighbours(["house", "houses", "tree"], HashedWords(), least=0.1)
    assert found["house"] == ("houses",)
    assert not any(is_kept(other) for others in found.values() for other in others)


def test_a_seed_and_a_key_give_the_same_chance_everywhere():
    assert generator(1, "anna").random() == generator(1, "anna").random()
    firsts = [
        generator(*keys).random()
        for keys in [(1, "anna"), (2, "anna"), (1, "ben"), (1, "an", "na"), (1, 1), (1, "1")]
    ]
    assert len(set(firsts)) == len(firsts)


def test_variants_do_not_depend_on_the_other_texts():
    listed = ["a slow film about trees", "one more film, and a good one"]
    both = variants(listed, WordDrop(0.4), copies=3, seed=7)
    assert both == [variants([text], WordDrop(0.4), copies=3, seed=7)[0] for text in listed]
    assert len(set(both[0])) > 1


@pytest.mark.parametrize("kind", sorted(set(augment.__all__) - {"Augmentation", "Named"}))
def test_every_augmentation_says_what_it_keeps(kind):
    made = getattr(augment, kind)
    if isinstance(made, type) and made is not DictionaryTranslator:
        assert len(made.keeps) > 10
        assert made.__dataclass_params__.frozen


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: WordDrop(1.5), "WordDrop: share must lie from 0 to 1, not 1.5"),
        (lambda: WordSwap(float("nan")), "WordSwap: share must lie"),
        (lambda: EmbeddingDropout(1), "EmbeddingDropout: share must lie from 0 to below 1"),
        (lambda: SpanMask(longest=0), "longest must be at least 1"),
        (lambda: SpanMask(mask="not"), "'not' cannot stand for masked words"),
        (lambda: SpanMask(mask="a b"), "'a b' cannot stand"),
        (lambda: Synonyms({"a": ["none"]}), "'none' cannot stand for 'a'"),
        (lambda: Synonyms({"a": ["two words"]}), "Synonyms are single words"),
        (lambda: BackTranslation("de", list), "there must be a function"),
        (lambda: RatingNoise(-1, 1, 5), "std must be a number from 0 on"),
        (lambda: RatingNoise(1, 5, 1), "low must lie below high"),
        (lambda: RatingNoise(1, 1, 5, liked_at=1), "liked_at must lie above 1 and up to 5"),
        (lambda: RatingNoise(1, 1, 5)(np.array([7.0]), generator(0)), "7 lies outside the scale of 1 to 5"),
        (lambda: HistorySample(least=-1), "least must be 0 or more"),
        (lambda: generator(-1), "seed must be a whole number from 0 on"),
        (lambda: variants(["a"], WordDrop(), copies=0, seed=0), "copies must be at least 1"),
        (lambda: neighbours(["a"], HashedWords(), n=0), "n must be at least 1"),
        (lambda: neighbours(["a"], HashedWords(), least=2), "least must lie from 0 to 1"),
        (lambda: WordDrop()("a b", 7), "WordDrop: the second argument must be a NumPy generator, not int"),
        (lambda: OrderShuffle()("ab", None), "must be a NumPy generator, not NoneType"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
