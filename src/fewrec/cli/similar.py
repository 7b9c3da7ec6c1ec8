"""``fewrec similar``: items that resemble one item."""

from __future__ import annotations

import argparse

from fewrec.cli.answer import show
from fewrec.cli.fitted import add_model, find_item, fitted_model
from fewrec.cli.parser import add_output, resolved
from fewrec.cli.talk import Talk


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--item", metavar="ITEM", required=True, help="the item, by id or by title")
    add_model(parser, "list.n")
    add_output(parser)


def run(options: argparse.Namespace, talk: Talk) -> int:
    found = resolved(options)
    with talk.listening():
        model = fitted_model(options, found, talk, find_item(options.item))
        answer = model.similar_items(options.item, n=found.config.list.n)
    show(answer, options, talk)
    return 0
