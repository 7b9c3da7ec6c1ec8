"""``Recommendations`` on stdout: table, JSON or CSV."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import TYPE_CHECKING

from fewrec.cli.output import print_json, print_lines
from fewrec.cli.talk import Talk

if TYPE_CHECKING:
    from fewrec.recommendations import Recommendations


def show(answer: Recommendations, options: argparse.Namespace, talk: Talk) -> None:
    """Prints the list; its warnings go to stderr, and into the JSON as well."""
    talk.warn_all(answer.warnings)
    if options.json:
        print_json(answer.to_dict())
    elif options.csv:
        print_lines(answer.to_csv())
    else:
        print_table(answer)


def print_table(answer: Recommendations) -> None:
    """The table without the warnings, in colours where stdout is a terminal."""
    answer = dataclasses.replace(answer, warnings=())
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(answer)
    else:
        print_lines(str(answer))
