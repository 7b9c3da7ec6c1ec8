"""The command line's grammar. Nothing heavy is imported here: ``fewrec --help`` is instant."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, NoReturn

from fewrec.config import SECTIONS, default_of, definitions
from fewrec.config.sources import Resolved, resolve

Run = Callable[[argparse.Namespace, Any], int]

COMMANDS = {  # name -> (module, what it does); the module has `add(parser)` and `run(options, talk) -> int`
    "demo": ("demo", "recommend restaurants to three strangers and to somebody known"),
    "check": ("check", "show which column plays which role, and how healthy the data are"),
    "recommend": ("recommend", "a ranked list for a stranger or a known user, with how sure and why"),
    "ask": ("ask", "what to ask somebody next, to know them soonest"),
    "similar": ("similar", "items that resemble one item"),
    "audience": ("audience", "users who should see one item, a new one too"),
    "fit": ("fit", "fit a model and save it in a folder"),
    "adapt": ("adapt", "tune the text encoder on your data, and keep it only if that helps"),
    "evaluate": ("evaluate", "how good the lists are, how sure that is, and what beats what"),
    "describe": ("describe", "summaries of items or portraits of users, by a language model"),
    "serve": ("serve", "answer over HTTP: lists that follow events at once, and a page to try it"),
    "keys": ("keys", "keys of the service: make, list or revoke them"),
    "cache": ("cache", "what is kept between runs: show it, or delete it"),
    "config": ("settings", "which settings hold, and where each comes from"),
    "version": ("version", "versions of fewrec and of what it uses"),
}

EPILOG = """\
first steps:
  fewrec demo
  fewrec check --items items.csv --interactions ratings.csv
  fewrec recommend --items items.csv --interactions ratings.csv --like "The Matrix" --dislike Titanic
  fewrec recommend --items items.csv --taste "slow, melancholic science fiction" -n 5

Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 a bug in fewrec, 2 wrong command line,
3 data, 4 settings, 5 unknown id, 6 not fitted, 7 saved models and files, 8 encoder, 9 numerics,
130 interrupted, 141 the reader of the output went away."""


class Parser(argparse.ArgumentParser):
    """An ``ArgumentParser`` that names the nearest command or flag when it does not know one."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            **{
                "allow_abbrev": False,
                "formatter_class": argparse.RawDescriptionHelpFormatter,
                **settings,
            }
        )

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"fewrec: {message}\nHelp: {self.prog} --help\n")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        options, left = self.parse_known_args(args, namespace)
        if left:
            parser = getattr(options, "parser", self)
            parser.error(f"{left[0]!r} is not known here.{_nearest(left[0], parser.flags())}")
        return options

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = list(action.choices)
            if action.option_strings:
                raise argparse.ArgumentError(
                    action,
                    f"there is no {value!r}.{_nearest(value, known)} Choose one of: {', '.join(known)}.",
                )
            raise argparse.ArgumentError(
                None, f"there is no command {value!r}.{_nearest(value, known)} Commands: {', '.join(known)}."
            )

    def flags(self) -> list[str]:
        """All flags of this parser."""
        return [flag for action in self._actions for flag in action.option_strings]


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word.partition("=")[0], list(known), 1, 0.6)
    return f" Did you mean {near[0]}?" if near else ""


def build_parser() -> Parser:
    """The parser of ``fewrec``. A parsed command line has ``run(options, talk) -> exit code``."""
    parser = Parser(
        prog="fewrec",
        description="Recommendations from almost nothing: a list for a stranger, with how sure and why.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and end")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, (module, purpose) in COMMANDS.items():
        part = import_module(f"fewrec.cli.{module}")
        command = commands.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
        command.set_defaults(run=part.run, parser=command)
        part.add(command)
        add_talk(command)
    return parser


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: to read package metadata takes as long as the rest."""

    def __call__(self, parser: argparse.ArgumentParser, *given: Any) -> NoReturn:
        from fewrec.cli.version import fewrec_version

        print(f"fewrec {fewrec_version()}")
        parser.exit()


def add_talk(parser: argparse.ArgumentParser) -> None:
    """The flags that every command has."""
    talk = parser.add_argument_group("talk")
    talk.add_argument(
        "-q", "--quiet", action="store_true", help="say nothing beside results, notes and errors"
    )
    talk.add_argument("--debug", action="store_true", help="print the stack when something goes wrong")


def add_output(parser: argparse.ArgumentParser, *, csv: bool = True) -> None:
    """``--json`` and ``--csv``."""
    form = parser.add_argument_group("output").add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON instead of a table")
    if csv:
        form.add_argument(
            "--csv", action="store_true", help="print comma-separated values instead of a table"
        )


def add_settings(parser: argparse.ArgumentParser, *names: str) -> None:
    """A flag for each setting; ``names``: sections ("data") and single settings ("list.n")."""
    parser.add_argument(
        "--config", metavar="FILE", help="file of settings (default: fewrec.toml, if it is there)"
    )
    for section, kind in SECTIONS.items():
        wanted = [
            (name, entry)
            for name, entry in definitions()
            if name.startswith(f"{section}.")
            and (section in names or name in names)
            and entry.metadata["flag"]
            and entry.metadata["flag"] not in parser._option_string_actions  # two sections may share a flag
        ]
        if not wanted:
            continue
        group = parser.add_argument_group(f"{section}: {(kind.__doc__ or '').rstrip('.').lower()}")
        for name, entry in wanted:
            _add_setting(group, name, entry)


def _add_setting(group: Any, name: str, entry: Any) -> None:
    about, kind = entry.metadata, entry.metadata["kind"]
    default = default_of(entry)
    if isinstance(default, bool):
        group.add_argument(
            about["flag"],
            dest=name,
            action=argparse.BooleanOptionalAction,
            default=None,
            help=f"{about['help']} (default: {'yes' if default else 'no'})",
        )
        return
    told = about["help"]
    if kind.shape != "one":
        told += "; may be repeated"
    elif default is not None:
        told += f" (default: {','.join(map(str, default)) if isinstance(default, tuple) else default})"
    action = "store" if kind.shape == "one" else "append"
    group.add_argument(
        about["flag"], dest=name, action=action, metavar=about["metavar"] or "|".join(kind.choices), help=told
    )


def resolved(options: argparse.Namespace) -> Resolved:
    """The settings that hold for this command line. Raises ``ConfigError``."""
    given = vars(options)
    flags = {
        name: [given[name]] if isinstance(given[name], str) else given[name]
        for name, _ in definitions()
        if given.get(name) is not None
    }
    return resolve(flags, file=options.config)
