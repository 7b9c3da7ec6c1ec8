"""``fewrec serve``: the service on the data that there are."""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewrec.cli.fitted import cache_root
from fewrec.cli.parser import add_settings, resolved
from fewrec.cli.sources import dataset_arguments, files
from fewrec.cli.talk import Talk
from fewrec.config import Config
from fewrec.errors import ConfigError

if TYPE_CHECKING:
    from fewrec.data import Dataset
    from fewrec.recommender import Recommender
    from fewrec.service.hub import Hub
    from fewrec.store import Store


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--demo",
        action="store_true",
        help="serve the bundled restaurants from a folder that goes away at the end",
    )
    parser.add_argument(
        "--model", metavar="FOLDER", help="a model saved by fewrec fit, for a store that is empty"
    )
    add_settings(parser, "service", "data", "model", "cache")


def run(options: argparse.Namespace, talk: Talk) -> int:
    try:
        from fewrec.service.serve import serve
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{error.name} is not installed.", where="fewrec serve", hint="pip install 'fewrec[service]'"
        ) from error
    config = resolved(options).config
    if options.model is not None and (options.demo or files(config.data)):
        options.parser.error("--model brings its own rows: leave out --demo and the tables.")
    if options.demo:
        with tempfile.TemporaryDirectory(prefix="fewrec-demo-") as folder:
            service = dataclasses.replace(config.service, data=folder, database=None)
            _serve(serve, dataclasses.replace(config, service=service), options, talk)
        return 0
    _serve(serve, config, options, talk)
    return 0


def _serve(serve: Any, config: Config, options: argparse.Namespace, talk: Talk) -> None:
    cache = cache_root(config.cache)
    # Read first: what is refused leaves no database behind.
    model, data = _model(config, options, cache), _data(config, options)

    def prepare(store: Store, hub: Hub) -> None:
        from fewrec.service.intake import adopt, take_in

        if model is not None:
            talk.say(f"The saved model is version {adopt(hub, model)}.")
        if data is not None:
            counts = take_in(store, data)
            talk.say(", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items()) + ".")
        if store.versions.active() is None and store.counts()["items"]:
            store.versions.request(by="start")
            talk.say("No model yet: one is being fitted. GET /v1/models tells how far it is.")

    with talk.listening():
        serve(config, cache=cache, tell=talk.say, prepare=prepare)


def _model(config: Config, options: argparse.Namespace, cache: Path | None) -> Recommender | None:
    """The saved model that is to answer first."""
    if options.model is None:
        return None
    from fewrec.recommender import Recommender
    from fewrec.service.place import vectors_in

    return Recommender.load(options.model, cache=vectors_in(cache, config))


def _data(config: Config, options: argparse.Namespace) -> Dataset | None:
    """Rows to take in first: those of the sample, or of the files that the settings name."""
    if options.demo:
        from fewrec import samples

        return samples.restaurants()
    if files(config.data):
        from fewrec.data import Dataset

        return Dataset.from_files(**files(config.data), **dataset_arguments(config.data))
    return None
