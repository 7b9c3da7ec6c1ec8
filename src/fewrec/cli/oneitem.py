"""What commands about one item share: its flag, and the model that knows it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fewrec.cli.fitted import add_model, fitted_model
from fewrec.cli.parser import add_output, resolved
from fewrec.cli.talk import Talk

if TYPE_CHECKING:
    from fewrec.data import Dataset
    from fewrec.recommender import Recommender


def add_item(parser: argparse.ArgumentParser) -> None:
    """``--item``, the flags of a model, ``-n``, and the forms of output."""
    parser.add_argument("--item", metavar="ITEM", required=True, help="the item, by id or by title")
    add_model(parser, "list.n")
    add_output(parser)


def model_of_item(options: argparse.Namespace, talk: Talk) -> tuple[Recommender, int]:
    """The model, which knows the item, and the length of the list."""
    found = resolved(options)
    return fitted_model(options, found, talk, _find(options.item)), found.config.list.n


def _find(item: str) -> Callable[[Dataset], Any]:
    """A check for `fitted_model`: raises ``UnknownIdError`` where ``item`` is neither an id nor a title."""

    def check(data: Dataset) -> None:
        from fewrec.recommender.visitors import Catalogue

        Catalogue(data).find(item)

    return check
