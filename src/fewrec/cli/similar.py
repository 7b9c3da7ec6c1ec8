"""``fewrec similar``: items that resemble one item."""

from __future__ import annotations

import argparse

from fewrec.cli.answer import show
from fewrec.cli.oneitem import add_item, model_of_item
from fewrec.cli.talk import Talk


def add(parser: argparse.ArgumentParser) -> None:
    add_item(parser)


def run(options: argparse.Namespace, talk: Talk) -> int:
    with talk.listening():
        model, n = model_of_item(options, talk)
        answer = model.similar_items(options.item, n=n)
    show(answer, options, talk)
    return 0
