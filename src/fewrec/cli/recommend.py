"""``fewrec recommend``: a ranked list for somebody."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from fewrec.cli.answer import show
from fewrec.cli.fitted import add_model, add_rater, fitted_model
from fewrec.cli.parser import add_output, resolved
from fewrec.cli.talk import Talk
from fewrec.errors import ConfigError

if TYPE_CHECKING:
    from fewrec.data import Dataset, Feedback


def add_who(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """The flags that say who asks, by what they did; :func:`support` reads them."""
    who = parser.add_argument_group("who: all, some or none of these; items by id or by title")
    who.add_argument("--user", metavar="ID", help="somebody in the data")
    who.add_argument("--like", metavar="ITEM", action="append", help="an item they like; may be repeated")
    who.add_argument(
        "--dislike", metavar="ITEM", action="append", help="an item they dislike; may be repeated"
    )
    who.add_argument("--rate", metavar="ITEM=X", action="append", help="an item they rated; may be repeated")
    return who


def add(parser: argparse.ArgumentParser) -> None:
    who = add_who(parser)
    who.add_argument("--taste", metavar="SENTENCE", help="what they like, in their own words")
    who.add_argument(
        "--attribute",
        metavar="NAME=VALUE",
        action="append",
        help="what else is known of them, as in the users table; may be repeated",
    )
    which = parser.add_argument_group("which items")
    which.add_argument("--where", metavar="CONDITION", help='only items for which it holds: "price < 20"')
    which.add_argument(
        "--exclude", metavar="ITEM", action="append", help="leave this item out; may be repeated"
    )
    which.add_argument("--include-seen", action="store_true", help="also items that they have met already")
    add_model(parser, "list")
    add_rater(parser)
    add_output(parser)


def run(options: argparse.Namespace, talk: Talk) -> int:
    found = resolved(options)
    settings = found.config.list
    rated, attributes = ratings(options), pairs("--attribute", options.attribute)

    def somebody(data: Dataset) -> dict[str, Any]:
        return {
            "user": options.user,
            "support": support(options, rated, data.feedback),
            "taste": options.taste,
            "attributes": attributes or None,
            "on_unknown": settings.on_unknown,
        }

    def check(data: Dataset) -> None:
        from fewrec.rank import where_mask
        from fewrec.recommender.visitors import Visitors

        said = somebody(data)
        strict = said["on_unknown"] == "raise"  # else the answer itself warns
        Visitors(data).read(said["user"], said["support"], on_unknown="raise" if strict else "skip")
        where_mask(options.where, data.item_columns, len(data.items))

    with talk.listening():
        model = fitted_model(options, found, talk, check)
        answer = model.recommend(
            **somebody(model.data),
            n=settings.n,
            exclude=options.exclude,
            where=options.where,
            diversity=settings.diversity,
            include_seen=options.include_seen,
        )
    show(answer, options, talk)
    return 0


def ratings(options: argparse.Namespace) -> dict[str, float]:
    """Item -> value, from ``--rate``. Raises ``ConfigError`` for what is no rating, and for an item that is
    named more than once among ``--like``, ``--dislike`` and ``--rate``."""
    rated: dict[str, float] = {}
    named = [*(options.like or ()), *(options.dislike or ())]
    for text in options.rate or ():
        item, sign, number = text.rpartition("=")  # a title may hold a sign of its own
        if not sign or not item.strip():
            raise ConfigError(
                f'"{text}" is not of the form ITEM=X.',
                where="--rate",
                value=text,
                hint='Write --rate "Alien=4".',
            )
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ConfigError(
                f'"{number.strip()}" is not a number.',
                where="--rate",
                value=text,
                hint='Write --rate "Alien=4".',
            )
        named.append(item.strip())
        rated[item.strip()] = value
    twice = next((item for item in named if named.count(item) > 1), None)
    if twice is not None:
        raise ConfigError(
            f'"{twice}" is named more than once.',
            where="--like, --dislike, --rate",
            value=twice,
            hint="Say one thing about each item.",
        )
    return rated


def support(
    options: argparse.Namespace, rated: dict[str, float], feedback: Feedback
) -> dict[str, float] | None:
    """Item -> value on the scale of the data; ``None`` when nothing was said about any item."""
    from fewrec.data.feedback import bare_values

    like, dislike = bare_values(feedback, list(rated.values()))
    values = dict.fromkeys(options.like or (), like)
    values |= dict.fromkeys(options.dislike or (), dislike)
    values |= rated
    return values or None


def pairs(flag: str, texts: list[str] | None) -> dict[str, Any]:
    """Name -> value, or a list of values where a name comes more than once. Raises ``ConfigError``."""
    found: dict[str, list[str]] = {}
    for text in texts or ():
        name, sign, value = text.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise ConfigError(
                f'"{text}" is not of the form NAME=VALUE.',
                where=flag,
                value=text,
                hint=f"Write {flag} city=Paris.",
            )
        found.setdefault(name.strip(), []).append(value.strip())
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
