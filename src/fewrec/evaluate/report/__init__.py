"""The report: one HTML page that needs no network, for people who have to decide."""

from __future__ import annotations

import html
from importlib.resources import files
from typing import TYPE_CHECKING

from fewrec.evaluate.report import sections
from fewrec.evaluate.report.words import TASK_TITLES, Lookup

if TYPE_CHECKING:
    from fewrec.evaluate.evaluation import Evaluation

__all__ = ["page"]


def page(found: Evaluation) -> str:
    """The whole page. Everything that comes from data is escaped; there is no script in it."""
    style = files("fewrec.evaluate.report").joinpath("style.css").read_text(encoding="utf-8")
    table = Lookup(found)
    title = TASK_TITLES[found.settings["task"]]
    parts = [
        sections.top(table, title),
        sections.learning(table),
        sections.matrix(table),
        sections.certainty(table),
        sections.parts(table),
        sections.beyond(table),
        sections.everything(table),
        sections.health(table),
        sections.method(table),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{style}</style>\n</head>\n"
        "<body>\n<main>\n" + "\n".join(part for part in parts if part) + "\n</main>\n</body>\n</html>\n"
    )
