"""``fewrec evaluate``: how good the lists are, how sure that is, and what beats what."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewrec.cli.fitted import cache_root, tell_data, vector_cache
from fewrec.cli.output import print_json, print_lines
from fewrec.cli.parser import add_output, add_settings, resolved
from fewrec.cli.sources import read_data
from fewrec.cli.talk import Talk
from fewrec.config import Config
from fewrec.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from fewrec.data import Dataset
    from fewrec.evaluate import Evaluation

FLAGS = (  # flag, metavar, default, help
    ("--task", "TASK", "cold-users", "cold-users, cold-items, warm, time, rating or candidates"),
    ("--k-shot", "K,...", "0,1,3,5,10", "how many interactions of a test user are shown"),
    ("--train-users", "N,...", "all", "how many people there are to learn from, such as 10,50,200,all"),
    ("--systems", "NAME,...", None, "which systems (default: fewrec and the baselines)"),
    ("--seeds", "N", "3", "how many random splits"),
    ("--test-users", "N", "150", "test users of a split, at most"),
    ("-n", "N", "10", "length of a list"),
    ("--splits", "FILE", None, "fixed splits, instead of random ones"),
    ("--share", "X", "0.2", "how much is held out: of the items, the interactions or the time"),
    ("--date", "DATE", None, "task time: train on what was before it, test on the rest"),
)

AGAIN = "What is finished is kept: the same command with --resume goes on from there."


def add(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what is measured")
    for flag, metavar, default, told in FLAGS:
        shown = told if default is None else f"{told} (default: {default})"
        what.add_argument(flag, metavar=metavar, help=shown)
    what.add_argument(
        "--last", action="store_true", help="task warm: hold out the latest, not a random share"
    )
    how = parser.add_argument_group("how it runs")
    how.add_argument(
        "--workers", metavar="N", default="1", help="processes; they change no number (default: 1)"
    )
    how.add_argument(
        "--resume", action="store_true", help="go on where an interrupted run of the same kind stopped"
    )
    how.add_argument("--report", metavar="FILE", help="write an HTML page: curves, comparisons, data health")
    add_settings(parser, "data", "model", "cache")
    add_output(parser)


def run(options: argparse.Namespace, talk: Talk) -> int:
    from fewrec.recommender import Recommender

    config = resolved(options).config
    asked = arguments(options)
    check_report(options.report)
    with talk.listening():
        data = read_data(options, config.data)
        tell_data(data, talk)
        ours = Recommender(
            encoder=config.model.encoder,
            tune=config.model.tune,
            seed=config.model.seed,
            cache=vector_cache(config.cache),
        )
        folder = kept_folder(config, data.fingerprint, asked)
        if options.resume and folder is None:
            options.parser.error("--resume needs a cache, and --cache is off: nothing was kept.")
        if folder is not None and not options.resume:
            shutil.rmtree(folder, ignore_errors=True)
        more = {"workers": whole("--workers", options.workers), "resume": folder, "progress": not talk.quiet}
        found = measured(data, {**asked, **more, "fewrec": ours}, talk)
    try:
        if options.report:
            talk.say(f"Report: {found.report(options.report)}")
    except StoreError:
        if folder is not None:
            talk.say(AGAIN)
        raise
    finally:
        show(found, options)  # a page that cannot be written must not take the numbers with it
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)  # not before everything is written
    talk.say(f"Measured in {found.seconds['all']:.1f} s.")
    return 0


def measured(data: Dataset, arguments: dict[str, Any], talk: Talk) -> Evaluation:
    """The result; tells whoever interrupts it how to go on."""
    from fewrec.evaluate import evaluate

    try:
        return evaluate(data, **arguments)
    except KeyboardInterrupt:
        if arguments["resume"] is not None:
            talk.say(AGAIN)
        raise


def show(found: Evaluation, options: argparse.Namespace) -> None:
    """The result on stdout."""
    if options.json:
        print_json(found.to_dict())
    elif options.csv:
        print_lines(found.to_csv())
    else:
        from rich.console import Console

        Console(highlight=False, emoji=False).print(found)


def check_report(file: str | None) -> None:
    """Raises where the page could not be written: nobody should measure for an hour to be told so."""
    if file is None:
        return
    if not os.path.isdir(os.path.dirname(file) or "."):
        raise ConfigError(
            f"the folder {os.path.dirname(file)!r} does not exist.",
            where="--report",
            value=file,
            hint="Make it first, or name another file.",
        )
    if os.path.isdir(file):
        raise ConfigError(
            f"{file!r} is a folder.",
            where="--report",
            value=file,
            hint="Name a file in it, such as report.html.",
        )
    from fewrec.evaluate.keep import write_whole

    write_whole(file, b"", "the report", try_only=True)


def arguments(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of ``fewrec.evaluate`` that decide what comes out. Raises ``ConfigError``."""
    from fewrec.evaluate.settings import refuse_idle

    def several(flag: str, text: str) -> list[int]:
        return [whole(flag, part) for part in listed(text)]

    readers: dict[str, Callable[[str, str], Any]] = {
        "systems": lambda flag, text: listed(text),
        "k_shot": several,
        "train_users": lambda flag, text: [
            size if size == "all" else whole(flag, size) for size in listed(text)
        ],
        "seeds": whole,
        "test_users": whole,
        "n": whole,
        "share": decimal,
    }
    asked: dict[str, Any] = {"task": "cold-users"}
    for flag, *_ in FLAGS:
        name = flag.lstrip("-").replace("-", "_")
        if (text := getattr(options, name)) is not None:
            asked[name] = readers[name](flag, text) if name in readers else text
    if options.last:
        asked["last"] = True
    refuse_idle(asked["task"], asked, {name: flag_of(name) for name in asked})
    return asked


def flag_of(name: str) -> str:
    """The flag of an argument."""
    return "-n" if name == "n" else "--" + name.replace("_", "-")


def listed(text: str) -> list[str]:
    """The parts between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def whole(flag: str, text: str) -> int:
    """A whole number. Raises ``ConfigError``."""
    try:
        return int(text)
    except ValueError:
        raise ConfigError(
            f'"{text}" is not a whole number.', where=flag, value=text, hint=f"Write {flag} 3."
        ) from None


def decimal(flag: str, text: str) -> float:
    """A number. Raises ``ConfigError``."""
    try:
        return float(text)
    except ValueError:
        raise ConfigError(
            f'"{text}" is not a number.', where=flag, value=text, hint=f"Write {flag} 0.2."
        ) from None


def kept_folder(config: Config, fingerprint: str, asked: dict[str, Any]) -> Path | None:
    """Where the finished pieces of this run are kept until it is done; ``None`` without a cache."""
    from fewrec.evaluate.keep import run_key

    root = cache_root(config.cache)
    if root is None:
        return None
    return root / "evaluations" / run_key(data=fingerprint, asked=asked, model=config.to_dict()["model"])
