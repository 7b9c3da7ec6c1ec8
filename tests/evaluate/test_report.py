"""The page: whole, safe, without a network, and what it says is what was measured."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

import fewrec
from fewrec import Dataset
from fewrec.errors import StoreError
from fewrec.evaluate.report import charts, svg
from fewrec.evaluate.report.words import Lookup, headline, tiles

EVIL = '<script>alert("x")</script>'


class Page(HTMLParser):
    """Tags, attributes and texts, and whether every tag is closed in order."""

    VOID = ("meta", "line", "circle", "path", "polygon", "rect")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def found(world):
    return fewrec.evaluate(
        world, ["random", "popularity", "item-mean", "text", "ease"], seeds=2, k_shot=(0, 1, 3),
        train_users=(10, "all"), progress=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(found):
    return found.to_html()


def test_every_tag_is_closed(page):
    assert Page(page).open == []


def test_nothing_is_loaded_and_nothing_runs(page):
    parsed = Page(page)
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(parsed.tags)
    assert not {"src", "href", "onload", "onclick", "srcset"} & {name for name, _ in parsed.attributes}
    assert "http" not in page
    assert "url(" not in page
    assert "@import" not in page


def test_every_drawing_is_xml_with_a_name_and_finite_places(page):
    drawings = re.findall(r"<svg.*?</svg>", page, flags=re.S)
    assert len(drawings) > 6
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        assert root.find("title").text
    assert "nan" not in "".join(drawings).lower()


def test_colours_of_the_drawings_are_in_the_style(page):
    used, known = set(re.findall(r"var\(--([\w-]+)\)", page)), set(re.findall(r"--([\w-]+):", page))
    assert used <= known
    light, dark = page.partition("prefers-color-scheme: dark")[::2]
    assert set(re.findall(r"--([\w-]+):", dark.partition("* {")[0])) == set(re.findall(r"--([\w-]+):", light))


def test_everything_is_there(page):
    words = " ".join(Page(page).words)
    for heading in (
        "How good are the lists for people we have never seen?", "What it learns from a few interactions",
        "What beats what", "Do stated probabilities come true?", "Where it is good, and where not", "Beyond accuracy",
        "All numbers", "How healthy the data are", "How this was measured", "What was tuned", "Versions", "Run time",
    ):  # fmt: skip
        assert heading in words, heading
    assert f"numpy {np.__version__}" in " ".join(words.split())
    assert "60 people, 24 items, 720 interactions" in words


def test_numbers_are_those_of_the_cells(found, page):
    (cell,) = (
        row for row in found.cells
        if (row["system"], row["k_shot"], row["train_users"], row["metric"]) == ("ease", 3, "all", "ndcg@10")
    )  # fmt: skip
    assert f"ease, 3: {cell['mean']:.3f} ± {cell['se_users']:.3f}" in page
    (row,) = (
        row for row in found.comparisons
        if (row["against"], row["k_shot"], row["train_users"]) == ("popularity", 3, "all")
    )  # fmt: skip
    assert f"▲ {row['difference']:+.3f}" in page


def test_the_headline_says_who_wins_and_where(found):
    table = Lookup(found)
    assert headline(table).startswith("ease is clearly better than the bestseller list with")
    assert "3 interactions shown" in headline(table)
    (people, lists), *_ = tiles(table)
    assert lists == "people tested, in 40 lists over 2 splits"
    assert people == str(max(row["users"] for row in found.cells))


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        ("worse", "ease is clearly worse than the bestseller list with 0, 1 and 3 interactions shown. "
                  "It should not be used there."),
        ("no clear winner", "There is no clear winner between ease and the bestseller list: this test cannot tell "
                            "them apart."),
        ("better", "ease is clearly better than the bestseller list with 0, 1 and 3 interactions shown."),
    ],
)  # fmt: skip
def test_headlines(found, verdict, sentence):
    from dataclasses import replace

    other = replace(found, comparisons=[{**row, "verdict": verdict} for row in found.comparisons])
    assert headline(Lookup(other)) == sentence
    red = '<p class="flag small bad">'
    assert (red in other.to_html()) == (verdict == "worse")


def test_only_baselines(world):
    found = fewrec.evaluate(world, ["popularity"], seeds=1, k_shot=1, progress=False)
    assert headline(Lookup(found)) == "Only baselines were measured, so there is nothing to compare."
    assert Page(found.to_html()).open == []


def test_names_from_outside_are_escaped(world):
    class Mine:
        def fit(self, data):
            self.items = len(data.items)

        def score(self, support):
            return np.arange(self.items)

    tables, settings = world.to_tables()
    found = fewrec.evaluate(
        Dataset.from_tables(tables, settings), {EVIL: Mine()}, seeds=1, k_shot=(0, 1), progress=False
    )
    page = found.to_html()
    assert EVIL not in page
    assert "&lt;script&gt;" in page
    assert "script" not in Page(page).tags


def test_other_tasks_have_pages(world):
    for settings in (
        {"task": "warm", "seeds": 1},
        {"task": "rating", "k_shot": (0, 3), "seeds": 1},
        {"task": "time"},
    ):
        systems = (
            ["item-mean", "user-mean"] if settings["task"] == "rating" else ["popularity", "text", "ease"]
        )
        found = fewrec.evaluate(world, systems, progress=False, **settings)
        assert Page(found.to_html()).open == []


def test_scales_by_hand():
    assert svg.linear(0, 10, 100, 0)(2.5) == 75
    assert svg.linear(3, 3, 0, 10)(3) == 5
    assert svg.nice_ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert svg.nice_ticks(-0.1, 0.1)[0] <= -0.1
    assert svg.nice_ticks(5, 5)  # a flat line has ticks, too


@pytest.mark.parametrize("seed", range(5))
def test_labels_keep_apart_and_inside(seed):
    wanted = np.random.default_rng(seed).uniform(0, 100, 8).tolist()
    placed = sorted(svg.even(wanted, 10, 0, 100))
    assert np.diff(placed).min() >= 10 - 1e-9
    assert placed[-1] <= 100


def test_a_curve_goes_through_its_points():
    drawn = charts.curves({"a": [(0, 0.0, 0.0), (4, 1.0, 0.0)]}, {"a": "ours0"}, "label", "below")
    root = ElementTree.fromstring(drawn)
    circles = list(root.iter("circle"))
    first, last = ((float(part.get("cx")), float(part.get("cy"))) for part in circles)
    frame = svg.Frame(right=charts.room(["a"]))
    assert first == (frame.left, frame.height - frame.bottom)
    assert last == pytest.approx((frame.width - frame.right, frame.top), abs=0.05)


def test_long_names_have_room_and_very_long_ones_are_cut():
    lines = {"fewrec-attributes": [(0, 0.1, 0.0), (4, 1.0, 0.0)], "x" * 60: [(0, 0.2, 0.0), (4, 0.9, 0.0)]}
    root = ElementTree.fromstring(charts.curves(lines, dict.fromkeys(lines, "ours0"), "label", "below"))
    names = [part for part in root.iter("text") if part.get("class") == "name"]
    assert [part.text for part in names] == ["fewrec-attributes", "x" * 17 + "…"]
    assert all(float(part.get("x")) + 6.5 * len(part.text) <= svg.Frame().width for part in names)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere/report.html", "No such file or directory"),
        ("folder", "Is a directory"),
        ("file/report.html", "Not a directory"),
        ("n" * 300, "File name too long"),
        ("zero\0", "embedded null byte"),
    ],
)
def test_a_page_that_cannot_be_written_is_told_of(found, tmp_path, name, reason):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StoreError, match=f"the report cannot be written: {reason}") as caught:
        found.report(tmp_path / name)
    assert caught.value.where == str(tmp_path / name)
    assert "Name a file in a folder that exists" in caught.value.hint
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_what_is_no_file_name_is_told_of(found):
    with pytest.raises(StoreError, match="5 is no file name") as caught:
        found.report(5)
    assert "report.html" in caught.value.hint


def test_an_older_page_stays_when_the_disk_is_full(found, tmp_path, monkeypatch):
    file = tmp_path / "report.html"
    file.write_text("older", encoding="utf-8")

    def full(*paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fewrec.evaluate.keep.os.replace", full)
    with pytest.raises(StoreError, match="No space left on device"):
        found.report(file)
    assert file.read_text(encoding="utf-8") == "older"
    assert list(tmp_path.iterdir()) == [file]
