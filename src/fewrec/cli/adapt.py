"""``fewrec adapt``: an encoder tuned on your data."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from fewrec.cli import describe, finetune, instruct
from fewrec.cli.finetune import beside, check_out
from fewrec.cli.fitted import tell_data
from fewrec.cli.output import print_json, print_lines
from fewrec.cli.parser import Parser, add_output, add_settings, add_talk, resolved
from fewrec.cli.sources import read_data
from fewrec.cli.talk import Talk
from fewrec.errors import DataError

if TYPE_CHECKING:
    from fewrec.adapt.trial import Paired


def add(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", title="actions", required=True, parser_class=Parser
    )
    purpose = "tune the encoder of --encoder on your data; it is kept only if that is certain to help"
    tune = actions.add_parser("finetune", help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
    tune.set_defaults(parser=tune)
    finetune.add(tune)
    add_talk(tune)
    purpose = (
        "have a language model write summaries of items or portraits of users; the same as fewrec describe"
    )
    write = actions.add_parser("describe", help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
    write.set_defaults(parser=write)
    describe.add(write)
    add_talk(write)

    purpose = "tune a language model to rate for your users; it is kept only if that is certain to help"
    rate = actions.add_parser("instruct", help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
    rate.set_defaults(parser=rate)
    instruct.add(rate)
    add_talk(rate)
    purpose = "let a language model read the texts of your items, and any others, before it is tuned"
    read = actions.add_parser("pretrain", help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
    read.set_defaults(parser=read)
    read.add_argument("--out", metavar="FOLDER", required=True, help="where to save the model")
    read.add_argument(
        "--text", metavar="FILE", action="append", default=[], help="more text, one a line; may be repeated"
    )
    read.add_argument(
        "--base", metavar="MODEL", help="start from hub:NAME or a folder (default: a small fresh model)"
    )
    read.add_argument("--epochs", type=int, default=3, metavar="N", help="passes over the texts (default: 3)")
    add_settings(read, "data", "model.seed")
    add_output(read, csv=False)
    add_talk(read)
    purpose = "write a tuned Transformers model as 8-bit ONNX, which is served without torch"
    small = actions.add_parser("export", help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
    small.set_defaults(parser=small)
    small.add_argument("--out", metavar="FOLDER", required=True, help="where to save the encoder")
    small.add_argument("--float", action="store_true", help="keep the weights as they are, no 8-bit ones")
    add_settings(small, "data", "model.encoder", "model.seed")
    add_output(small, csv=False)
    add_talk(small)


def run(options: argparse.Namespace, talk: Talk) -> int:
    ways = {
        "describe": describe.run,
        "finetune": finetune.run,
        "instruct": instruct.run,
        "pretrain": _pretrain,
        "export": _export,
    }
    return ways[options.action](options, talk)


def _pretrain(options: argparse.Namespace, talk: Talk) -> int:
    from fewrec.adapt.pretrain import base_model, pretrain
    from fewrec.adapt.ranges import at_least_one

    check_out(options.out, None)
    at_least_one("--epochs", options.epochs)
    base = None if options.base is None else base_model(options.base)
    config = resolved(options).config
    texts = [line for file in options.text for line in _lines(file)]
    with talk.listening():
        data = read_data(options, config.data)
        tell_data(data, talk)
        texts += [text for view in data.texts.values() for text in view]
        found = pretrain(
            texts,
            options.out,
            base=base,
            epochs=options.epochs,
            seed=config.model.seed,
            checkpoint=beside(options.out),
            say=talk.say,
        )
    if options.json:
        print_json({"folder": options.out, "perplexity": found.perplexity})
    else:
        print_lines(f"Held-out perplexity {found.perplexity[-1]:.1f}.\nSaved in {options.out}.")
    return 0


def _export(options: argparse.Namespace, talk: Talk) -> int:
    from fewrec.adapt.export import export

    config = resolved(options).config
    with talk.listening():
        data = read_data(options, config.data)
        tell_data(data, talk)
        texts = [text for view in data.texts.values() for text in view]
        found = export(
            config.model.encoder,
            options.out,
            texts,
            data=data.sorted() if len(data.interactions) else None,
            quantise=not options.float,
            seed=config.model.seed,
        )
    if options.json:
        lists = None if found.ndcg is None else found.ndcg.to_dict()
        if lists is not None:  # here the two are the model and its smaller form
            lists = {"model": lists.pop("frozen"), "exported": lists.pop("tuned"), **lists}
        print_json({**asdict(found), "ndcg": lists, "folder": options.out})
    else:
        print_lines(
            f"Mean cosine {found.cosine:.4f}, {found.shared:.0%} of the ten nearest texts shared, "
            f"{found.megabytes:.1f} MB.\n{_lists(found.ndcg)}\nSaved in {options.out}."
        )
    return 0


def _lists(ndcg: Paired | None) -> str:
    """What became of the lists, in words."""
    if ndcg is None:
        return "Its lists were not compared: that takes interactions, of ten people with 20 liked items at least."
    return (
        f"NDCG@10 of new items {ndcg.tuned:.4f}, {ndcg.frozen:.4f} before "
        f"({ndcg.difference:+.4f} ± {ndcg.error:.4f}, {ndcg.users} people)."
    )


def _lines(file: str) -> list[str]:
    """The lines of a text file; ``DataError`` where it cannot be read."""
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise DataError(
            f"{file!r} cannot be read: {why}.", where="--text", value=file, hint="Name a text file in UTF-8."
        ) from error
