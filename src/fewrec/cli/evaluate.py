"""``fewrec evaluate``: how good the lists are, how sure that is, and what beats what."""

from __future__ import annotations

import argparse
import os
import shutil
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewrec.cli.fitted import cache_root, tell_data, vector_cache
from fewrec.cli.output import print_json, print_lines
from fewrec.cli.parser import add_output, add_settings, resolved
from fewrec.cli.sources import read_data
from fewrec.cli.talk import Talk
from fewrec.config import Config, EvaluateSettings
from fewrec.config.sources import Resolved
from fewrec.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from fewrec.data import Dataset
    from fewrec.evaluate import Evaluation

AGAIN = "What is finished is kept: the same command with --resume goes on from there."


def add(parser: argparse.ArgumentParser) -> None:
    how = parser.add_argument_group("this run")
    how.add_argument(
        "--resume", action="store_true", help="go on where an interrupted run of the same kind stopped"
    )
    how.add_argument("--report", metavar="FILE", help="write an HTML page: curves, comparisons, data health")
    add_settings(parser, "evaluate", "list.n", "data", "model", "cache")
    add_output(parser)


def run(options: argparse.Namespace, talk: Talk) -> int:
    from fewrec.recommender import Recommender

    settings = resolved(options)
    config = settings.config
    asked = arguments(settings, talk)
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
        more = {"workers": config.evaluate.workers, "resume": folder, "progress": not talk.quiet}
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


def arguments(found: Resolved, talk: Talk) -> dict[str, Any]:
    """The arguments of ``fewrec.evaluate`` that decide what comes out.

    A flag that does nothing in the task is a ``ConfigError``; a setting of the file or the environment, which may be
    there for another task, is told of and left out.
    """
    from fewrec.evaluate.settings import idle, refuse_idle

    homes = {"n": "list.n", **{entry.name: f"evaluate.{entry.name}" for entry in fields(EvaluateSettings)}}
    sources = {name: found.sources[home] for name, home in homes.items() if home in found.sources}
    values = {"n": found.config.list.n, **vars(found.config.evaluate)}
    asked = {
        name: values[name] for name in sources if name != "workers" and values[name] not in (None, False)
    }
    task = found.config.evaluate.task
    for name, why in idle(task, asked).items():
        if not sources[name].startswith("-"):
            talk.note(f"{homes[name]} ({sources[name]}): {why}")
            del asked[name]
    refuse_idle(task, asked, sources)
    return {**asked, "task": task}


def kept_folder(config: Config, fingerprint: str, asked: dict[str, Any]) -> Path | None:
    """Where the finished pieces of this run are kept until it is done; ``None`` without a cache."""
    from fewrec.evaluate.keep import run_key

    root = cache_root(config.cache)
    if root is None:
        return None
    return root / "evaluations" / run_key(data=fingerprint, asked=asked, model=config.to_dict()["model"])
