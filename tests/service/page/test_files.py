"""The files of the page: served as they are, and whole: every word in both languages, every import there."""

from __future__ import annotations

import re

import pytest

from fewrec.service.routes.page import page_files

FILES = {name: content.decode("utf-8") for name, (content, _) in page_files().items()}
SCRIPTS = {name: text for name, text in FILES.items() if name.endswith(".js")}


def words(language: str) -> dict[str, str]:
    """Name -> what is written behind it."""
    return dict(re.findall(r"^  (\w+): (.*),$", FILES[f"words/{language}.js"], flags=re.M))


def test_the_page_is_served_with_its_types(empty):
    answer = empty.client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.content.decode() == FILES["index.html"]
    for name in ("app.js", "words/zh.js"):
        assert empty.client.get(f"/page/{name}").headers["content-type"] == "text/javascript; charset=utf-8"
    assert empty.client.get("/page/base.css").headers["content-type"] == "text/css; charset=utf-8"
    assert empty.client.get("/page/icon.svg").headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize(
    "name", ["nothing.js", "../gate.py", "..%2fgate.py", "%2fetc%2fpasswd", "parts", "words/"]
)
def test_nothing_else_is_served(empty, name):
    assert empty.ask("GET", f"/page/{name}", status=404)["code"] == "no_route"


def test_what_the_files_name_is_there():
    named = re.findall(r'(?:href|src)="/page/([^"]+)"', FILES["index.html"])
    assert named
    assert [name for name in named if name not in FILES] == []
    for name, text in SCRIPTS.items():
        folder = name.rpartition("/")[0].split("/") if "/" in name else []
        for path in re.findall(r'from "([^"]+)"', text):
            parts = [*folder]
            for part in path.split("/"):
                if part == "..":
                    parts.pop()
                elif part != ".":
                    parts.append(part)
            assert "/".join(parts) in FILES, f"{name} imports {path}"


def test_nothing_comes_from_elsewhere_and_nothing_is_read_as_html():
    for name, text in FILES.items():
        addresses = set(re.findall(r"https?://[\w./]+", text)) - {"http://www.w3.org/2000/svg"}
        assert not addresses, f"{name} names {addresses}"
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text
        ), name
    assert not re.search(r"<style|style=|<script(?! type=\"module\" src=)|\son\w+=", FILES["index.html"])


def test_every_colour_stands_once_for_day_and_night():
    style = FILES["base.css"]
    names = re.findall(r"^  (--[\w-]+):", style, flags=re.M)
    assert len(names) == len(set(names)) > 10
    both = re.findall(r"^  (--[\w-]+): .*light-dark\(", style, flags=re.M)
    assert [name for name in names if name not in both] == ["--round"]
    assert "prefers-color-scheme" not in style  # the browser chooses, unless the switch says otherwise
    used = set(re.findall(r"var\((--[\w-]+)\)", style + FILES["parts.css"]))
    assert used == set(names)


def test_every_word_is_there_in_both_languages_with_the_same_values():
    english, chinese = words("en"), words("zh")
    assert list(english) == list(chinese)
    values = {name: set(re.findall(r"\{(\w+)\}", text)) for name, text in english.items()}
    assert values == {name: set(re.findall(r"\{(\w+)\}", text)) for name, text in chinese.items()}


def test_every_word_that_is_asked_for_is_there_and_none_is_idle():
    english, scripts = (
        words("en"),
        "\n".join(text for name, text in SCRIPTS.items() if not name.startswith("words/")),
    )
    missing = [name for name in re.findall(r'\bt\("(\w+)"', scripts) if name not in english]
    assert missing == []
    made = [re.escape(name).replace(r"\$\{", "${") for name in re.findall(r"`(\w*\$\{[^`]*\}\w*)`", scripts)]
    patterns = [re.compile(re.sub(r"\$\{.*\\?\}", r"\\w+", name)) for name in made]
    idle = [
        name
        for name in english
        if not re.search(rf'"{name}"', scripts) and not any(pattern.fullmatch(name) for pattern in patterns)
    ]
    assert idle == []
