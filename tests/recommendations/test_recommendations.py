"""Recommendations as a sequence, as JSON, as frames and as CSV."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pandas
import polars
import pyarrow
import pytest

from fewrec.errors import ConfigError, UnknownIdError
from fewrec.recommendations import Rating, Recommendation, Recommendations

COLUMNS = [
    "rank",
    "item",
    "title",
    "score",
    "probability",
    "rating",
    "rating_low",
    "rating_high",
    "served",
    "why",
]


def rows(*ids):
    return Recommendations([Recommendation(id, f"Title {id}", at + 1, 1.0) for at, id in enumerate(ids)])


# -- a sequence


def test_it_is_a_sequence(films):
    assert len(films) == 2
    assert [row.title for row in films] == ["Alien", "Gravity"]
    assert films[-1].rank == 2
    assert films[0] in films
    assert films.index(films[1]) == 1
    assert [row.rank for row in reversed(films)] == [2, 1]
    with pytest.raises(IndexError):
        films[2]


def test_a_slice_keeps_all_but_the_rows(films):
    short = films[:1]
    assert isinstance(short, Recommendations)
    assert short.rows == films.rows[:1]
    assert (short.sure, short.profile, short.warnings) == (films.sure, films.profile, films.warnings)
    assert (short.dropped, short.candidates) == ({"already known": 2}, 4)
    assert films[:] == films
    assert short != films


def test_what_was_given_may_change_afterwards():
    given, dropped = [Recommendation("a", "A", 1, 1.0)], {"where": 1}
    found = Recommendations(given, dropped=dropped)
    given.clear()
    dropped.clear()
    assert len(found) == 1
    assert found.dropped == {"where": 1}
    with pytest.raises(AttributeError):
        found.sure = "x"


def test_repr(films, places):
    assert repr(films) == "Recommendations(2 items: 'Alien', 'Gravity')"
    assert repr(films[:1]) == "Recommendations(1 item: 'Alien')"
    assert repr(rows(1, 2, 3, 4)) == "Recommendations(4 items: 'Title 1', 'Title 2', 'Title 3', ...)"
    assert repr(Recommendations()) == "Recommendations(no items)"


# -- explain


def test_explain_by_id_and_by_title(films, places):
    assert films.explain("b2") is films[1]
    assert films.explain("Gravity") is films[1]
    assert places.explain(12) is places[1]
    assert places.explain("12") is places[1]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("Alein", "the item 'Alein' is not in this list of 2.\nNearest in the list: 'Alien'."),
        ("a8", "the item 'a8' is not in this list of 2.\nNearest in the list: 'a7'."),
        (99, "the item 99 is not in this list of 2.\nOnly listed items can be explained."),
        (None, "the item None is not in this list of 2.\nOnly listed items can be explained."),
    ],
)
def test_explain_of_what_is_not_listed(films, item, message):
    with pytest.raises(UnknownIdError) as caught:
        films.explain(item)
    assert str(caught.value) == message


def test_explain_of_a_title_that_two_have():
    twins = Recommendations([Recommendation("a", "Solaris", 1, 2.0), Recommendation("b", "Solaris", 2, 1.0)])
    with pytest.raises(UnknownIdError) as caught:
        twins.explain("Solaris")
    assert str(caught.value) == "2 items of this list are called 'Solaris'.\nGive the id: 'a', 'b'."


def test_explain_in_an_empty_list():
    with pytest.raises(UnknownIdError) as caught:
        Recommendations(dropped={"where": 3}).explain("a")
    assert str(caught.value) == (
        "the item 'a' is not in this list of 0.\n"
        "Nothing to recommend: 3 items came in, 3 dropped (where), 0 left."
    )


# -- an empty list


@pytest.mark.parametrize(
    ("dropped", "candidates", "said"),
    [
        ({}, 0, "Nothing to recommend: there are no items to choose from."),
        ({}, None, "Nothing to recommend: there are no items to choose from."),
        ({"where": 1}, 1, "Nothing to recommend: 1 item came in, 1 dropped (where), 0 left."),
        ({}, 5, "Nothing to recommend: 5 items came in, 5 left."),
    ],
)
def test_why_empty(dropped, candidates, said):
    assert Recommendations(dropped=dropped, candidates=candidates).why_empty() == said


def test_a_list_with_rows_is_not_empty(films):
    assert films.why_empty() is None
    assert films.to_dict()["warnings"] == ["ratings.csv: 3 rows were skipped."]


# -- JSON


def test_the_documented_json_shape(films):
    plain = films[1:].to_dict()
    assert plain == {
        "recommendations": [
            {
                "item": "b2",
                "title": "Gravity",
                "rank": 2,
                "score": 1.04,
                "probability": 0.5,
                "rating": {"mean": 3.5, "low": 2.0, "high": 5.0},
                "served": "warm",
                "reasons": [
                    {"kind": "liked", "what": 'you liked "Aliens"', "contribution": 1.0},
                    {"kind": "x", "what": "tiny", "contribution": 0.04},
                ],
            }
        ],
        "sure": "Fairly sure: two ratings are known.",
        "profile": ["space", "quiet"],
        "warnings": ["ratings.csv: 3 rows were skipped."],
    }
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_json_has_null_for_what_is_not_known():
    import numpy as np

    row = Recommendation(
        3, "Three", np.int64(1), np.float32(0.5), np.nan, Rating(np.float32(2), -np.inf, np.inf)
    )
    plain = json.loads(json.dumps(Recommendations([row]).to_dict(), allow_nan=False))["recommendations"][0]
    assert plain["item"] == 3
    assert (plain["score"], plain["probability"]) == (0.5, None)
    assert plain["rating"] == {"mean": 2.0, "low": None, "high": None}
    assert json.loads(json.dumps(Recommendation(3, "Three", 1, 0.5).to_dict()))["rating"] is None


# -- CSV


def test_csv(films):
    assert films.to_csv() == (
        "rank,item,title,score,probability,rating,rating_low,rating_high,served,why\n"
        '1,a7,Alien,1.5,0.87,4.2,3.4,4.9,hot,"popular here: liked by 31 of 138; you liked ""Aliens""; '
        'shared words: space, crew; you disliked ""Titanic"""\n'
        '2,b2,Gravity,1.04,0.5,3.5,2.0,5.0,warm,"you liked ""Aliens""; tiny"\n'
    )


def test_csv_survives_odd_titles_and_leaves_the_unknown_empty():
    odd = 'a "b", c\nd;\te 银'
    read = list(csv.DictReader(io.StringIO(Recommendations([Recommendation("x,1", odd, 1, 0.1)]).to_csv())))
    assert read == [
        {
            **dict.fromkeys(COLUMNS, ""),
            "rank": "1",
            "item": "x,1",
            "title": odd,
            "score": "0.1",
            "served": "hot",
        }
    ]


def test_csv_of_nothing_is_its_header():
    assert Recommendations().to_csv() == ",".join(COLUMNS) + "\n"


# -- frames


def test_frames_hold_the_same(films):
    frames = {name: films.to_frame(name) for name in ("pandas", "polars", "pyarrow")}
    assert isinstance(frames["pandas"], pandas.DataFrame)
    assert isinstance(frames["polars"], polars.DataFrame)
    assert isinstance(frames["pyarrow"], pyarrow.Table)
    expected = frames["polars"].to_dicts()
    assert expected[0]["rating_low"] == 3.4
    assert expected[1]["why"] == 'you liked "Aliens"; tiny'
    assert list(expected[0]) == COLUMNS
    assert frames["pandas"].to_dict("records") == expected
    assert frames["pyarrow"].to_pylist() == expected


def test_the_first_library_that_is_installed_makes_the_frame(films, monkeypatch):
    assert isinstance(films.to_frame(), pandas.DataFrame)
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert isinstance(films.to_frame(), polars.DataFrame)
    monkeypatch.setitem(sys.modules, "polars", None)
    assert isinstance(films.to_frame(), pyarrow.Table)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError) as caught:
        films.to_frame()
    assert str(caught.value) == (
        "to_frame: no library of data frames is installed.\n"
        "Install one (pip install pandas), or use to_dict() or to_csv()."
    )
    with pytest.raises(ConfigError) as caught:
        films.to_frame("polars")
    assert str(caught.value) == (
        "to_frame: polars is not installed.\nInstall one (pip install polars), or use to_dict() or to_csv()."
    )


def test_an_unknown_kind_of_frame(films):
    with pytest.raises(ConfigError) as caught:
        films.to_frame("panda")
    assert str(caught.value) == (
        "to_frame: 'panda' is no kind of data frame that fewrec makes.\nKnown: pandas, polars, pyarrow."
    )


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_types_do_not_depend_on_what_is_known(places, backend):
    known = places.to_frame(backend)
    empty = Recommendations().to_frame(backend)
    schemas = [frame.schema if backend != "pandas" else frame.dtypes.to_dict() for frame in (known, empty)]
    if backend == "pyarrow":
        schemas = [dict(zip(schema.names, schema.types, strict=True)) for schema in schemas]
    assert list(schemas[0]) == list(schemas[1]) == COLUMNS
    for column in set(COLUMNS) - {"item"}:  # of no ids, nobody knows the type
        assert schemas[0][column] == schemas[1][column]


def test_ids_stay_as_given_where_the_library_can_hold_them(places):
    assert places.to_frame("pandas")["item"].dtype == "int64"
    assert places.to_frame("polars")["item"].to_list() == [7, 12]
    mixed = rows(7, "b")
    assert mixed.to_frame("pandas")["item"].tolist() == [7, "b"]
    assert mixed.to_frame("polars")["item"].to_list() == ["7", "b"]
    assert mixed.to_frame("pyarrow")["item"].to_pylist() == ["7", "b"]
    huge = rows(2**63, 1)
    assert huge.to_frame("pandas")["item"].tolist() == [2**63, 1]
    assert huge.to_frame("polars")["item"].to_list() == [str(2**63), "1"]
    assert huge.to_frame("pyarrow")["item"].to_pylist() == [str(2**63), "1"]


def test_importing_imports_no_table_nor_frame_library():
    code = (
        "import sys; from fewrec.recommendations import Recommendations as R; R().to_dict(); R().to_csv()\n"
        "print([name for name in ('rich', 'pandas', 'polars', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
