"""What is said beside the result: always on stderr, nothing twice."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from fewrec.cli.words import harmless, in_flags
from fewrec.errors import FewrecWarning


class Talk:
    """``say`` tells what happens (not when ``quiet``), ``warn`` what the reader should know in any case."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._told: set[str] = set()

    def say(self, text: str) -> None:
        """One line of talk."""
        if not self.quiet:
            print(harmless(text), file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        """A line of talk that is not said again as a warning."""
        if text not in self._told:
            self._told.add(text)
            self.say(f"Note: {in_flags(text)}")

    def warn(self, text: str) -> None:
        """A warning, once however often it comes."""
        if text not in self._told:
            self._told.add(text)
            print(f"fewrec: warning: {harmless(in_flags(text))}", file=sys.stderr, flush=True)

    def warn_all(self, texts: Iterable[str]) -> None:
        """Several warnings."""
        for text in texts:
            self.warn(text)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Inside, every ``FewrecWarning`` becomes a line of talk; other warnings stay what they are."""
        with warnings.catch_warnings():
            warnings.simplefilter("always", FewrecWarning)
            others = warnings.showwarning

            def show(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
                if issubclass(category, FewrecWarning):
                    self.warn(str(message))
                else:
                    others(message, category, *place, **more)

            warnings.showwarning = show
            yield
