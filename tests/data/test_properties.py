"""What must hold for any tables: the order of rows is nothing, appended is as good as together, forgotten is
never seen."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from fewrec.data import Dataset
from fewrec.data.table import encode
from fewrec.errors import DataError, FewrecWarning

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
IDS = st.one_of(st.integers(-3, 12), st.sampled_from(["a", "b", "x y", "007", "Ärger", "12", "-1"]))
WORDS = st.sampled_from(["red", "green", "blue|red", "old, new", "", None, "?", "x"])
NUMBERS = st.one_of(st.none(), st.integers(0, 40), st.floats(-5, 5, width=16))


@st.composite
def ratings(draw: Any, kind: str) -> dict[str, list[Any]]:
    size = draw(st.integers(1, 25))
    cells = {
        "user": draw(st.lists(IDS, min_size=size, max_size=size)),
        "item": draw(st.lists(IDS, min_size=size, max_size=size)),
    }
    if kind == "explicit":
        cells["rating"] = draw(st.lists(st.sampled_from([1, 2, 3.5, 4, 5]), min_size=size, max_size=size))
    else:
        names = st.sampled_from(["view", "cart", "buy", "return", "impression"])
        cells["event"] = draw(st.lists(names, min_size=size, max_size=size))
    cells["time"] = draw(st.lists(st.integers(10**9, 10**9 + 10**7), min_size=size, max_size=size))
    return cells


@st.composite
def things(draw: Any, noun: str) -> dict[str, list[Any]]:
    ids = draw(st.lists(IDS, min_size=1, max_size=10, unique_by=str))
    size = len(ids)
    return {
        noun: ids,
        "title": draw(st.lists(WORDS, min_size=size, max_size=size)),
        "tags": draw(st.lists(WORDS, min_size=size, max_size=size)),
        "price": draw(st.lists(NUMBERS, min_size=size, max_size=size)),
    }


def worlds() -> st.SearchStrategy[tuple[dict, dict, dict, dict]]:
    return st.one_of(
        st.tuples(things("item"), ratings("explicit"), things("user"), st.just({})),
        st.tuples(things("item"), ratings("implicit"), things("user"), st.just({"half_life": 3.0})),
    )


def build(items: dict, log: dict, users: dict, how: dict) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)  # all-equal ratings are not the point here
        return Dataset(items=items, interactions=log, users=users, **how)


def pick(table: dict, at: Any) -> dict:
    return {name: [cells[row] for row in at] for name, cells in table.items()}


def content(data: Dataset) -> Any:
    """Everything that a model can see, comparable with ``==``."""
    pairs = data.interactions
    arrays = [pairs.user_index, pairs.item_index, pairs.value, pairs.liked, pairs.count, pairs.time]
    return (
        [(type(id).__name__, id) for id in data.items],
        [(type(id).__name__, id) for id in data.users],
        [None if array is None else (array.dtype.name, array.tobytes()) for array in arrays],
        repr(data.feedback),
        data.titles,
        data.texts,
        repr(data.item_columns),
        [(names, matrix.toarray().tobytes()) for matrix, names in (data.item_features, data.user_features)],
        data.fingerprint,
    )


@FEW
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(world, random):
    items, log, users, how = world
    shuffled = []
    for table in (items, log, users):
        at = list(range(len(next(iter(table.values())))))
        random.shuffle(at)
        shuffled.append(pick(table, at))
    one, two = build(items, log, users, how), build(*shuffled, how)
    assert content(one.sorted()) == content(two.sorted())
    assert one.fingerprint == two.fingerprint == one.sorted().fingerprint


@FEW
@given(worlds(), st.data())
def test_appended_equals_together(world, data):
    items, log, users, how = world
    cuts = [data.draw(st.integers(1, len(next(iter(table.values()))))) for table in (items, log, users)]
    parts = list(zip((items, log, users), cuts, strict=True))
    first = build(*(pick(table, range(cut)) for table, cut in parts), how)
    rest = [pick(table, range(cut, len(next(iter(table.values()))))) for table, cut in parts]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)
        more = first.extended(*rest)
    assert content(more) == content(build(items, log, users, how))


@FEW
@given(worlds(), st.data())
def test_forgotten_equals_never_seen(world, data):
    items, log, users, how = world
    whole = build(items, log, users, how)
    user = data.draw(st.sampled_from(whole.users.ids))
    kept = [[row for row, id in enumerate(table["user"]) if str(id) != str(user)] for table in (log, users)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)
        forgotten = whole.without_user(user)
    assert content(forgotten) == content(build(items, pick(log, kept[0]), pick(users, kept[1]), how))
    assert whole.users.index(user) >= 0  # the data set itself did not change


@FEW
@given(worlds())
def test_saved_equals_restored(world):
    data = build(*world)
    tables, plain = json.loads(json.dumps(data.to_tables()))
    assert content(Dataset.from_tables(tables, plain)) == content(data)


@FEW
@given(worlds())
def test_pairs_are_sums_of_events(world):
    items, log, users, how = world
    data = build(items, log, users, how)
    pairs = data.interactions
    assert int(pairs.count.sum()) == len(log["user"])
    keys = pairs.user_index.astype(np.int64) * len(data.items) + pairs.item_index
    assert (np.diff(keys) > 0).all()  # sorted, each pair once
    assert (pairs.liked == data.feedback.liked(pairs.value)).all()
    assert np.isfinite(pairs.value).all()
    if data.feedback.kind == "explicit":
        low, high = data.feedback.scale
        assert ((pairs.value >= low) & (pairs.value <= high)).all()
        assert low <= data.feedback.dislike_value < data.feedback.like_value <= high
    matrix, names = data.item_features
    assert names == sorted(names)
    assert (np.asarray(matrix.sum(axis=0)) >= 2).all()  # what fewer than two carry is left out
    str(data.health())


CELLS = st.one_of(IDS, NUMBERS, WORDS, st.booleans(), st.lists(WORDS, max_size=2), st.text(max_size=5))


@FEW
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=12))
def test_any_rows_give_a_data_set_or_a_clear_error(rows):
    log = dict(zip(("user", "item", "rating"), map(list, zip(*rows, strict=True)), strict=True))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FewrecWarning)
            data = Dataset(interactions=log, on_bad_row="skip")
    except DataError as error:
        note(str(error))  # a clear error; any other kind fails the test
        return
    assert len(data.interactions) <= len(rows)
    assert data.fingerprint


@FEW
@given(st.binary(max_size=300))
def test_any_bytes_give_a_data_set_or_a_clear_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "ratings.csv"
    path.write_bytes(b"user,item,rating\n" + content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FewrecWarning)
            Dataset.from_files(interactions=path, on_bad_row="skip")
    except DataError as error:
        note(str(error))


@given(
    st.lists(st.sampled_from([1.0, -0.0, 0.0, float("nan"), None, 2.5]))
    | st.lists(st.lists(st.sampled_from("abc"), max_size=2))
)
def test_columns_of_one_kind_are_encoded_as_cell_by_cell(cells: list[Any]) -> None:
    """Numbers alone, and lists of texts alone, take a shorter way to the same column."""
    found = encode(cells)
    mixed = encode([*cells, True, "text"])  # every cell is asked what it is
    assert list(map(repr, found.values)) == list(map(repr, mixed.values[: len(found.values)]))
    assert found.codes.tolist() == mixed.codes[: len(cells)].tolist()
