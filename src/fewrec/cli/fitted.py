"""From the command line to a fitted ``Recommender``: saved, kept from an earlier run, or new."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fewrec.cli.modelcache import ModelCache, model_key
from fewrec.cli.parser import add_settings
from fewrec.cli.sources import TABLES, files, need_files, read_data
from fewrec.cli.talk import Talk
from fewrec.config import CacheSettings, Config
from fewrec.config.sources import Resolved

if TYPE_CHECKING:
    from fewrec.data import Dataset
    from fewrec.encode import VectorCache
    from fewrec.llm import Rater
    from fewrec.recommender import Recommender

_NAMED = ("item", "user", "rating", "click", "quantity", "event", "time", "title", "description", "tags")


def add_model(parser: argparse.ArgumentParser, *more: str) -> None:
    """``--model``, and the flags of all settings that a fit needs; ``more``: further settings."""
    parser.add_argument("--model", metavar="FOLDER", help="a model saved by fewrec fit, instead of tables")
    add_settings(parser, "data", "model", "cache", *more)


def add_rater(parser: argparse.ArgumentParser) -> None:
    """``--rater`` and what it may take; :func:`rater` reads them."""
    how = parser.add_argument_group(
        "rater: a language model that rates the top of each list, once it has earned weight"
    )
    how.add_argument(
        "--rater", metavar="MODEL", help="a folder, a .gguf file, llamacpp:FILE, or openai:NAME; off for none"
    )
    how.add_argument(
        "--rater-language", metavar="CODE", help="of the prompts: en or zh (default: en, or the tuned one)"
    )
    how.add_argument("--rater-seconds", type=float, metavar="X", help="what one list may wait (default: 10)")


def rater(options: argparse.Namespace, settings: CacheSettings) -> Rater | Literal[False] | None:
    """The rater that the command line names; ``False`` where it names none, but "off"."""
    name, given = getattr(options, "rater", None), getattr(options, "rater_seconds", None)
    language = getattr(options, "rater_language", None)
    if name is None or name == "off":
        if given is not None or language is not None:
            options.parser.error("--rater-seconds and --rater-language do nothing without --rater.")
        return None if name is None else False
    from fewrec.llm import named_rater

    more = {} if given is None else {"seconds": given}
    return named_rater(name, language=language, cache=vector_cache(settings), **more)


def fitted_model(
    options: argparse.Namespace, found: Resolved, talk: Talk, check: Callable[[Dataset], Any]
) -> Recommender:
    """The model that the command line asks for; tells on stderr what was read and where the model is from.

    ``check`` raises where the data cannot answer the question: nobody should wait for a fit to be told of a
    typing error.
    """
    if options.model is not None:
        return _saved(options, found, talk)
    from fewrec.encode import resolve

    config = found.config
    need_files(options, config.data)
    encoder, rates = resolve(config.model.encoder), rater(options, config.cache) or None
    key = _key(config, encoder.id, rates)
    kept, vectors = model_cache(config.cache, talk), vector_cache(config.cache)
    model = kept.load(key, encoder=encoder, cache=vectors, rater=rates)
    if model is not None:
        tell_data(model.data, talk)
        talk.say("Fitted in an earlier run; nothing has changed since.")
        return model
    data = read_data(options, config.data)
    tell_data(data, talk)
    check(data)
    model, told = fit(data, config, talk, encoder, rates)
    # not when a file was changed meanwhile, or the default encoder turned out to be broken and was replaced
    if key is not None and key == _key(config, encoder.id, rates) and kept.keep(key, model):
        told += " Kept for the next run."
    talk.say(told)
    return model


def _key(config: Config, encoder_id: str, rates: Rater | None) -> str | None:
    plain = config.to_dict()
    if rates is not None:
        plain["model"]["rater"] = [rates.id, rates.template.language, sorted(map(str, rates.trained_on))]
    settings = {name: value for name, value in plain["data"].items() if name not in TABLES}
    return model_key(files(config.data), settings, plain["model"], encoder_id)


def _saved(options: argparse.Namespace, found: Resolved, talk: Talk) -> Recommender:
    idle = [
        flag
        for name, flag in found.sources.items()
        if flag.startswith("-") and name.partition(".")[0] in ("data", "model")
    ]
    if idle:
        options.parser.error(
            f"{idle[0]} does nothing beside --model: a saved model brings its own data and settings."
        )
    from fewrec.recommender import Recommender

    rates = (
        rater(options, found.config.cache) if hasattr(options, "rater") else False
    )  # who never asks needs none
    model = Recommender.load(options.model, cache=vector_cache(found.config.cache), rater=rates)
    tell_data(model.data, talk)
    return model


def fit(
    data: Dataset, config: Config, talk: Talk, encoder: Any = None, rates: Rater | None = None
) -> tuple[Recommender, str]:
    """``(model, sentence about the fit)``. ``encoder``: default the one that the settings name."""
    from fewrec.recommender import Recommender

    begin = time.perf_counter()
    model = Recommender(
        encoder=config.model.encoder if encoder is None else encoder,
        tune=config.model.tune,
        seed=config.model.seed,
        cache=vector_cache(config.cache),
        rater=rates,
    )
    model.fit(data, progress=not talk.quiet)
    report = "" if model.rater_report is None else f" {model.rater_report}"
    return model, f"Fitted in {time.perf_counter() - begin:.1f} s.{report}"


def cache_root(settings: CacheSettings) -> Path | None:
    """The folder in which things are kept between runs, or ``None``."""
    from fewrec.encode import cache_folder

    if settings.folder is None:
        return cache_folder()
    return None if settings.folder.strip().lower() == "off" else Path(settings.folder).expanduser()


def model_cache(settings: CacheSettings, talk: Talk) -> ModelCache:
    """Where fitted models are kept."""
    return ModelCache(cache_root(settings), settings.models_mb * 1e6, talk.warn)


def vector_cache(settings: CacheSettings) -> VectorCache | None:
    """Where vectors are kept; ``None`` for nowhere."""
    from fewrec.encode import VectorCache

    root = cache_root(settings)
    return None if root is None else VectorCache(root, max_bytes=int(settings.vectors_mb * 1e6))


def tell_data(data: Dataset, talk: Talk) -> None:
    """What was read and how it was understood, on stderr."""
    for table in dict.fromkeys(entry.table for entry in data.roles.entries):
        by_role: dict[str, list[str]] = {}
        for entry in data.roles.entries:
            if entry.table == table:
                by_role.setdefault(entry.role, []).append(entry.column)
        unused = by_role.pop("unused", [])
        named = [f"{role} = {_few(columns)}" for role, columns in by_role.items() if role in _NAMED]
        others = sum(len(columns) for role, columns in by_role.items() if role not in _NAMED)
        if others:
            named.append(f"{others} more")
        if unused:
            named.append(f"not used: {_few(unused)}")
        talk.say(f"{table}: {', '.join(named)}")
    talk.say(
        f"{len(data.users):,} users, {len(data.items):,} items, {len(data.interactions):,} interactions; "
        f"{data.feedback.describe()}"
    )
    for warning in data.warnings:
        talk.note(warning)


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def facts(data: Dataset) -> dict[str, Any]:
    """How much there is, JSON-ready."""
    return {
        "users": len(data.users),
        "items": len(data.items),
        "interactions": len(data.interactions),
        "feedback": data.feedback.describe(),
    }
