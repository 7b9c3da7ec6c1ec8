"""Predictions as people see them."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec import Recommender
from fewrec.recommender.predictions import Predictions

RATED = "Eight of ten such ratings lie in the range. The chance is that of a like."


def made(
    users: tuple[str | None, ...], n_items: int = 2, *, rated: bool = True, known: bool = True
) -> Predictions:
    shape = (len(users), n_items)
    rating, nothing = np.full(shape, 4.25), np.full(shape, np.nan)
    return Predictions(
        users,
        tuple(range(7, 7 + n_items)),
        rating if rated else nothing,
        rating - 1 if rated else nothing,
        rating + 0.5 if rated else nothing,
        np.full(shape, 0.874) if known else nothing,
        ("Alien", *["<b>Heat</b>"] * (n_items - 1)) if n_items else (),
    )


def test_a_line_for_each_person_and_item() -> None:
    assert str(made(("anna", None))).splitlines() == [
        "user        title         chance  rating",
        "────────────────────────────────────────────────",
        "anna        Alien           87 %  4.2 (3.2–4.8)",
        "anna        <b>Heat</b>     87 %  4.2 (3.2–4.8)",
        "a stranger  Alien           87 %  4.2 (3.2–4.8)",
        "a stranger  <b>Heat</b>     87 %  4.2 (3.2–4.8)",
        "",
        RATED,
    ]


def test_of_many_the_first_ten_are_shown() -> None:
    lines = str(made(("anna",) * 4, 3)).splitlines()
    assert sum("4.2" in line for line in lines) == 10
    assert lines[-1] == "These are 10 of 12 predictions; mean, low, high and probability have all."
    assert str(made(("anna",) * 5)).endswith(RATED)  # ten: all of them


def test_what_is_not_known_has_no_column() -> None:
    events = str(made(("anna",), rated=False))
    assert events.splitlines()[0].split() == ["user", "title", "chance"]
    assert events.endswith("The data hold no ratings; the chance is that of a like.")
    nothing = str(made(("anna",), rated=False, known=False))
    assert nothing.splitlines()[0].split() == ["user", "title"]
    assert nothing.endswith("Nothing is known that could predict a rating or a like.")


@pytest.mark.parametrize(
    ("users", "n_items", "size"), [((), 2, "0 people x 2 items"), (("u",), 0, "1 person x 0 items")]
)
def test_nothing_asked_for(users: tuple[str | None, ...], n_items: int, size: str) -> None:
    assert str(made(users, n_items)) == f"Nothing to predict: {size}."
    assert repr(made(users, n_items)) == f"Predictions({size})"


def test_a_notebook_gets_an_escaped_table() -> None:
    page = made(("<i>anna</i>",))._repr_html_()
    assert "<td>&lt;i&gt;anna&lt;/i&gt;</td><td>&lt;b&gt;Heat&lt;/b&gt;</td><td>87 %</td>" in page
    assert f"<p>{RATED}</p>" in page
    assert "<i>" not in page


def test_a_model_names_the_items_by_title(tuned: Recommender) -> None:
    found = tuned.predict("u3", ["i9", "i0"])
    assert found.titles == ("love story green", "space story red")
    assert [line.split()[:4] for line in str(found).splitlines()[2:4]] == [
        ["u3", "love", "story", "green"],
        ["u3", "space", "story", "red"],
    ]
