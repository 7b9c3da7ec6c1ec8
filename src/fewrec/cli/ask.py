"""``fewrec ask``: what to ask somebody next."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from fewrec.cli.answer import show
from fewrec.cli.fitted import add_model, fitted_model
from fewrec.cli.parser import add_output, resolved
from fewrec.cli.recommend import add_who, ratings, support
from fewrec.cli.talk import Talk

if TYPE_CHECKING:
    from fewrec.data import Dataset


def add(parser: argparse.ArgumentParser) -> None:
    add_who(parser)
    which = parser.add_argument_group("which items")
    which.add_argument("--where", metavar="CONDITION", help='only items for which it holds: "price < 20"')
    which.add_argument(
        "--exclude", metavar="ITEM", action="append", help="asked already, and not answered; may be repeated"
    )
    add_model(parser, "list.n", "list.on_unknown")
    add_output(parser)


def run(options: argparse.Namespace, talk: Talk) -> int:
    found = resolved(options)
    rated, strict = ratings(options), found.config.list.on_unknown == "raise"

    def check(data: Dataset) -> None:
        from fewrec.rank import where_mask
        from fewrec.recommender.visitors import Visitors

        said: Any = support(options, rated, data.feedback)
        Visitors(data).read(options.user, said, on_unknown="raise" if strict else "skip")
        where_mask(options.where, data.item_columns, len(data.items))

    with talk.listening():
        model = fitted_model(options, found, talk, check)
        answer = model.next_question(
            options.user,
            support(options, rated, model.data.feedback),
            n=found.config.list.n,
            exclude=options.exclude,
            where=options.where,
            on_unknown=found.config.list.on_unknown,  # type: ignore[arg-type]
        )
    show(answer, options, talk)
    return 0
