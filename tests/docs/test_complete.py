"""The documentation names everything that a user can name: methods, settings, signals, encoders, words."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import yaml

import fewrec
from fewrec import Dataset, Recommender
from fewrec.data.feedback import DEFAULT_EVENTS
from fewrec.data.settings import Settings
from fewrec.encode import encoder_names
from fewrec.recommendations import Recommendation, Recommendations
from fewrec.signals import registry

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def public(kind: type) -> list[str]:
    """Public methods and properties of a class."""
    return [name for name, _ in inspect.getmembers(kind) if not name.startswith("_")]


def lacking(names, text: str, form: str = r"`[^`\n]*(?<![\w-]){}(?![\w-])[^`\n]*`") -> list[str]:
    """The names that no code in ``text`` names."""
    return [name for name in names if not re.search(form.format(re.escape(name)), text)]


def test_the_search_finds_what_is_missing():
    assert lacking(["fit", "fitted"], "Call `model.fit(data)`.") == ["fitted"]


@pytest.mark.parametrize("kind", [Recommender, Dataset, Recommendations], ids=lambda kind: kind.__name__)
def test_every_public_method_has_its_entry(kind):
    told_elsewhere = {
        "count", "index",  # of any sequence
        "rows", "candidates", "why_empty", "checked_events",  # details
    }  # fmt: skip
    assert lacking([name for name in public(kind) if name not in told_elsewhere], page("python.md")) == []


def test_every_field_of_a_row_has_its_entry():
    assert lacking(Recommendation.__dataclass_fields__, page("python.md")) == []


@pytest.mark.parametrize(
    "method", ["__init__", "fit", "recommend", "score", "score_many", "predict", "update"]
)
def test_every_argument_of_the_recommender_has_its_entry(method):
    arguments = [
        name for name in inspect.signature(getattr(Recommender, method)).parameters if name != "self"
    ]
    assert lacking(arguments, page("python.md")) == []


def test_every_setting_of_a_data_set_has_its_row():
    arguments = list(inspect.signature(Dataset.__init__).parameters)[1:]
    assert {"items", "liked_at"} | set(Settings.__dataclass_fields__) <= set(arguments)
    rows = "\n".join(row.split("|")[1] for row in page("bad-data.md").splitlines() if row.startswith("|"))
    assert lacking(arguments, rows) == []


def test_every_signal_is_explained():
    rows = [row.split("|")[1] for row in page("model.md").splitlines() if row.startswith("| `")]
    known = [*registry.DEFAULT, *registry._SIGNALS]
    assert sorted({name for name in known if f" `{name}` " not in rows}) == []


def test_no_signal_is_explained_that_does_not_exist():
    section = page("model.md").partition("## The signals")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `([\w-]+)` \|", section, flags=re.M)
    assert sorted(set(told) - set(registry._SIGNALS)) == []


def test_every_encoder_name_has_its_row():
    section = page("extending.md").partition("## Encoders by name")[2].partition("\n## ")[0]
    told = set(re.findall(r'^\| `"(\w+)', section, flags=re.M))
    assert told == set(encoder_names())


def test_every_error_is_listed():
    from fewrec import errors

    assert lacking([kind.__name__ for kind in errors.FewrecError.__subclasses__()], page("bad-data.md")) == []


def test_every_word_of_the_project_has_one_meaning():
    words = re.findall(r"^(\*\*.*\*\*)\n:   ", page("concepts.md"), flags=re.M)
    single = [word.strip("*` ") for line in words for word in line.split(",")]
    assert len(single) == len(set(single))
    wanted = {
        "user", "item", "interaction", "rating", "score", "probability", "embedding", "encoder", "candidate",
        "history", "support", "query", "n", "hot", "warm", "cold", "prior", "posterior", "signal", "episode",
    }  # fmt: skip
    assert wanted <= set(single)


def test_the_public_names_are_told():
    assert lacking(fewrec.__all__, page("python.md") + page("bad-data.md")) == []


def test_weights_of_events_are_as_told():
    shop, news = page("shop.md"), page("newsroom.md")
    for text, told in [
        (shop, {"view": 1, "cart": 2, "buy": 4, "remove_from_cart": -1, "return": -4}),
        (news, {"impression": -0.2, "read": 1, "comment": 2, "share": 3, "hide": -4}),
    ]:
        for name, weight in told.items():
            assert DEFAULT_EVENTS[name] == weight
            assert name.replace("_", " ") in text


def test_every_page_is_in_the_navigation():
    plain = re.sub(r"!!python/\S+", "", (ROOT / "properdocs.yml").read_text(encoding="utf-8"))
    nav = yaml.safe_load(plain)["nav"]
    listed = [target for entry in nav for target in _targets(entry)]
    assert sorted(listed) == sorted(path.name for path in DOCS.glob("*.md"))


def _targets(entry) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    inner = [value if isinstance(value, list) else [value] for value in entry.values()]
    return [target for part in inner for value in part for target in _targets(value)]


def test_links_between_readme_and_docs_lead_somewhere():
    for name in ("README.md", "README.zh.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / name).read_text(encoding="utf-8")):
            assert (ROOT / target).exists(), f"{name}: {target}"


def test_no_line_begins_with_a_formula():
    """Markdown would take the formula for a paragraph of its own."""
    lines = [line for path in DOCS.glob("*.md") for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if line.lstrip().startswith(r"\(")] == []
