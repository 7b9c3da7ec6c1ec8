"""The command line: ``fewrec`` and ``python -m fewrec.cli``. Parses, calls the library, prints."""

from fewrec.cli.entry import main

__all__ = ["main"]
