"""What people see: in a terminal, in a file, in a notebook."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from fewrec.recommendations import Rating, Reason, Recommendation, Recommendations
from fewrec.recommendations.table import as_text, interval, percent, readable, strongest

ESC = "\x1b"


def test_a_table_of_80_columns(films):
    assert as_text(films, 80).splitlines() == [
        "#  title         chance  rating         served  why",
        "────────────────────────────────────────────────────────────────────────────────",
        '1  Alien           87 %  4.2 (3.4–4.9)  hot     you liked "Aliens"; popular',
        "                                                here: liked by 31 of 138",
        '2  Gravity         50 %  3.5 (2.0–5.0)  warm    you liked "Aliens"',
        "",
        "Fairly sure: two ratings are known.",
        "You seem to like: space, quiet.",
        "hot: others have tried it; warm: nobody has tried it yet, judged by its text.",
        "Note: ratings.csv: 3 rows were skipped.",
    ]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([(2.0, 0.5), (1.0, 0.6)], True),
        ([(2.0, 0.6), (1.0, 0.5)], False),
        ([(2.0, 0.604), (1.0, 0.602)], False),
        ([(2.0, 0.602), (1.0, 0.604)], False),  # both are shown as 60 %
        ([(1.0, 0.5), (2.0, 0.6)], False),  # put in another order for variety: not what the line is about
        ([(2.0, None), (1.0, 0.5), (0.5, 0.7)], True),
        ([(2.0, None), (1.0, None)], False),
    ],
)
def test_chances_that_rise_down_the_list_are_explained(rows, told):
    found = Recommendations(
        [Recommendation(at, f"Film {at}", at + 1, score, chance) for at, (score, chance) in enumerate(rows)]
    )
    line = "Chance is of liking it once tried; the order also counts what you would try."
    assert (line in as_text(found, 120)) is told
    assert (line in found._repr_html_()) is told


def test_a_wide_table_has_three_reasons(films):
    text = as_text(films, 140)
    assert 'you liked "Aliens"; popular here: liked by 31 of 138; shared words: space, crew' in text
    assert "Titanic" not in text  # what speaks against an item is told by explain()


def test_a_narrow_table_leaves_out_intervals_and_served(films):
    lines = as_text(films, 50).splitlines()
    assert lines[0].split() == ["#", "title", "chance", "rating", "why"]
    assert lines[2].split()[:5] == ["1", "Alien", "87", "%", "4.2"]
    assert max(map(len, lines)) <= 50


@pytest.mark.parametrize("width", [48, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(films, width):
    long = replace(
        films[0], title="A very long title " * 50, reasons=(Reason("x", "very long words " * 20, 1),)
    )
    assert (
        max(map(len, as_text(Recommendations([long, films[1]], sure="s" * 300), width).splitlines())) <= width
    )


def test_the_width_is_that_of_the_terminal(films, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    assert str(films) == as_text(films, 140) != as_text(films, 80)


def test_columns_that_say_nothing_are_left_out(places):
    assert as_text(places, 80).splitlines() == [
        "#  title         score",
        "───────────────────────",
        "1  Chilis         0.50",
        "2  Kiku          -0.25",
    ]


def test_served_is_shown_only_where_it_differs(films):
    assert "served" not in str(films[:1])
    assert "warm" not in str(films[:1])
    assert "served" in str(films)


def test_text_has_no_colours_and_a_terminal_has(films):
    assert ESC not in str(films)
    out = io.StringIO()
    Console(file=out, force_terminal=True, color_system="standard", width=100).print(films)
    assert f"{ESC}[1mAlien" in out.getvalue()
    assert f"{ESC}[33mNote: ratings.csv" in out.getvalue()
    out = io.StringIO()
    Console(file=out, width=100).print(films)  # no terminal
    assert ESC not in out.getvalue()


def test_cells_are_never_markup_nor_control_characters():
    title = f"[bold]x[/bold] :smile: {ESC}[31mred\nnext\u202eline\x07 [link=http://x]y[/link]"
    text = as_text(
        Recommendations([Recommendation("a", title, 1, 1.0)], sure=f"s{ESC}[0m", profile=[f"p{ESC}"]), 120
    )
    assert "[bold]x[/bold] :smile: [31mred nextline [link=http://x]y[/link]" in text
    assert "s[0m" in text
    assert "p." in text
    assert not set(text) & {ESC, "\x07", "\u202e"}


def test_a_row_without_a_title_shows_its_id():
    assert "a-17" in str(Recommendations([Recommendation("a-17", " \n ", 1, 1.0)]))


def test_a_long_title_is_cut_and_a_huge_one_does_not_stop_the_table():
    text = as_text(Recommendations([Recommendation("a", "word " * 2_000_000, 1, 1.0)]), 200)
    assert text.count("word") == 16
    assert "…" in text


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (0.874, "87 %"),
        (0.0, "0 %"),
        (0.001, "<1 %"),
        (1.0, "100 %"),
        (0.9991, ">99 %"),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_percent_never_rounds_to_certainty(probability, shown):
    assert percent(probability) == shown


@pytest.mark.parametrize(
    ("rating", "decimals", "shown"),
    [(Rating(4.25, 3.4, 4.9), 1, "4.2 (3.4–4.9)"), (Rating(62.4, 40, 81), 0, "62 (40–81)"), (None, 1, "")],
)
def test_interval(rating, decimals, shown):
    assert interval(rating, decimals) == shown


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [(0.25, 0.75, "0.50 (0.25–0.75)"), (3, 4, "3.5 (3.0–4.0)"), (20, 80, "50 (20–80)")],
)
def test_decimals_follow_the_scale(low, high, shown):
    row = Recommendation("a", "A", 1, 1.0, rating=Rating((low + high) / 2, low, high))
    assert shown in str(Recommendations([row]))
    assert f"rating: {shown};" in str(row)


def test_strongest_reasons():
    one, two, small, bad = (Reason("x", str(at), at) for at in (1.0, 2.0, 0.1, -3.0))
    assert strongest((bad, one, small, two), 3) == [two, one]  # 0.1 is less than a tenth of 2
    assert strongest((one, small), 3) == [one, small]
    assert strongest((bad, Reason("x", "better", -1.0)), 3) == [Reason("x", "better", -1.0)]
    assert strongest((), 3) == []
    rest = Reason("other", "smaller reasons together", 0.5)
    assert strongest((bad, rest), 3) == [bad]  # what has a name says more
    assert strongest((rest,), 3) == [rest]


def test_explanation_adds_up(films):
    assert str(films.explain("a7")).splitlines() == [
        "1. Alien (item 'a7')",
        "   chance of a like: 87 %; rating: 4.2 (3.4–4.9); hot: others have tried it",
        '   +1.000  you liked "Aliens"',
        "   +0.400  popular here: liked by 31 of 138",
        "   +0.300  shared words: space, crew",
        '   -0.200  you disliked "Titanic"',
        "   +1.500  score",
    ]
    assert sum(reason.contribution for reason in films[0].reasons) == pytest.approx(films[0].score)


def test_explanation_of_a_cold_item_with_nothing_known():
    row = Recommendation(3, "Three", 4, -0.5, served="cold")
    assert str(row) == (
        "4. Three (item 3)\n   cold: nothing is known of it but that it exists\n   -0.500  score"
    )


def test_html_is_escaped(films):
    evil = replace(films[0], title="<script>alert('x')</script>", reasons=(Reason("x", "a & <b>", 1.0),))
    page = Recommendations([evil, films[1]], sure="<i>", profile=["<p>"], warnings=["<w>"])._repr_html_()
    assert "<script" not in page
    assert "<td>&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;</td>" in page
    assert "<td>a &amp; &lt;b&gt;</td>" in page
    assert "<p>&lt;i&gt;</p>\n<p>You seem to like: &lt;p&gt;.</p>" in page
    assert "<p>Note: &lt;w&gt;</p>" in page
    assert "<th>chance</th><th>rating</th><th>served</th><th>why</th>" in page


def test_an_empty_list_explains_itself_everywhere():
    empty = Recommendations(
        sure="Nothing can be said.", dropped={"already known": 2, "where": 128, "no": 0}, candidates=130
    )
    said = "Nothing to recommend: 130 items came in, 2 dropped (already known), 128 dropped (where), 0 left."
    assert as_text(empty, 120) == f"{said}\nNothing can be said."
    assert f"<p>{said}</p>" in empty._repr_html_()
    assert "<table>" not in empty._repr_html_()
    assert empty.to_dict()["warnings"] == [said]


def test_nothing_to_recommend_is_said_once():
    empty = Recommendations(sure="Nothing to recommend.", dropped={"where": 3}, candidates=3)
    assert as_text(empty, 120) == "Nothing to recommend: 3 items came in, 3 dropped (where), 0 left."
    assert empty._repr_html_().count("Nothing to recommend") == 1
    assert empty.to_dict()["sure"] == "Nothing to recommend."  # programs need not look elsewhere


def test_readable():
    assert readable("a\t b\r\n c\u200d\u2067d") == "a b c\u200dd"
    assert readable("abcdef", 4) == "abc…"
    assert readable("abcd", 4) == "abcd"
