"""Documentation that runs: the code blocks of a page, and what they print held beside what the page says.

A page is README.md, README.zh.md or a file of docs/. Its blocks are run from top to bottom in one namespace:

- ```` ```python ```` is run; what it prints stands in the ```` ```text ```` block right below it.
- ```` ```console ```` holds commands (``$ fewrec ...``), each followed by what it prints on stdout.
- Every other fence is only read. ``<!-- not run: REASON -->`` on the line above a fence leaves it out, too.

In output a line ``...`` stands for any lines. Pages run in a folder of their own in which the files beside
the page can be read, with 80 columns, an empty cache, and warnings as errors. As a script
(``scripts/update_docs``) this file writes the output anew.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import os
import re
import shlex
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
READMES = {"README.md": "en", "README.zh.md": "zh"}
OTHERS = {"cli.md", "configuration.md"}  # tests/cli/test_docs.py reads these
COLUMNS = "80"

FENCE = re.compile(
    r"^(?P<fence>```+)(?P<language>[\w-]*)[ \t]*\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.M | re.S
)
NOT_RUN = re.compile(r"<!-- not run: (?P<reason>[^>]+?) -->\s*\Z")
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?!\w)")


class PageError(Exception):
    """A block of a page failed; the message names page and line."""


@dataclass(frozen=True)
class Block:
    """One fence. ``start``, ``end``: offsets of the whole fence in the page; ``line``: that of its body."""

    language: str
    body: str
    start: int
    end: int
    line: int
    not_run: str | None = None


@dataclass(frozen=True)
class Printed:
    """What the code at ``line`` printed, and what the page says. ``span``: where it says so, or would."""

    line: int
    said: str | None  # None: the page shows nothing
    got: str
    span: tuple[int, int]
    fence: bool  # whether ``span`` holds a whole fence (python), or only lines within one (console)

    @property
    def differs(self) -> str | None:
        """What differs, for people; ``None`` where nothing does that matters."""
        if self.said is None:
            return (
                f"line {self.line}: the page does not show what is printed:\n{self.got}" if self.got else None
            )
        if same(self.said, self.got):
            return None
        lines = difflib.unified_diff(
            self.said.splitlines(), self.got.splitlines(), "page", "printed", lineterm=""
        )
        return f"line {self.line}: the output has changed:\n" + "\n".join(lines)


def all_pages() -> list[Path]:
    """The pages whose blocks are run from here."""
    docs = [page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in OTHERS]
    return [*(ROOT / name for name in READMES), *docs]


def blocks(text: str) -> list[Block]:
    """All fences of a page, in order."""
    return [
        Block(
            match["language"],
            match["body"],
            match.start(),
            match.end(),
            text.count("\n", 0, match.start("body")) + 1,
            found["reason"] if (found := NOT_RUN.search(text, 0, match.start())) else None,
        )
        for match in FENCE.finditer(text)
    ]


def run(page: Path, text: str | None = None) -> list[Printed]:
    """Runs a page's blocks and returns what each of them printed, in order."""
    text = page.read_text(encoding="utf-8") if text is None else text
    found, told = blocks(text), list[Printed]()
    names: dict[str, Any] = {"__name__": f"page_{page.stem}"}
    with workplace(page), contextlib.redirect_stderr(io.StringIO()):
        for number, block in enumerate(found):
            if block.not_run:
                continue
            if block.language == "python":
                got = _python(page, block, names)
                after = found[number + 1] if number + 1 < len(found) else None
                if after and after.language == "text" and not text[block.end : after.start].strip():
                    told.append(Printed(block.line, after.body, got, (after.start, after.end), True))
                else:
                    told.append(Printed(block.line, None, got, (block.end, block.end), True))
            elif block.language == "console":
                told += _console(page, block, text)
    return told


def same(said: str, got: str) -> bool:
    """Whether two outputs say the same.

    Blanks and rules may differ in length, numbers by rounding: another processor adds up in another order,
    and the last digit shown may turn.
    """
    wanted, found = [_words(part) for part in _parts(said)], _words(got)
    if len(wanted) == 1:
        return _same_words(wanted[0], found)
    # Lines "..." stand for any words: the parts between them must follow one another.
    first, *middle, last = wanted
    if not _same_words(first, found[: len(first)]) or len(found) < len(first) + len(last):
        return False
    at, end = len(first), len(found) - len(last)
    for part in middle:
        while at + len(part) <= end and not _same_words(part, found[at : at + len(part)]):
            at += 1
        if at + len(part) > end:
            return False
        at += len(part)
    return _same_words(last, found[end:])


def updated(text: str, told: Sequence[Printed]) -> str:
    """The page with all output written anew, to the letter.

    Raises `PageError` where output was shortened by hand and no longer fits.
    """
    for one in sorted(told, key=lambda one: -one.span[0]):
        if one.got == (one.said or ""):
            continue
        if one.said is not None and len(_parts(one.said)) > 1:
            if one.differs is None:
                continue
            raise PageError(
                f"line {one.line}: the output was shortened with '...'; shorten it anew:\n{one.got}"
            )
        start, end = one.span
        fence = "```text\n" + one.got + "```"
        if not one.fence:
            new = one.got
        elif one.said is None:
            new = "\n\n" + fence
        else:
            new = fence if one.got else ""
        text = text[:start] + new + text[end:]
    return text


@contextlib.contextmanager
def workplace(page: Path) -> Iterator[None]:
    """A new folder to run in, where the files beside ``page`` can be read; all is as before afterwards."""
    environment, before = dict(os.environ), Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        for beside in page.parent.iterdir():
            if not beside.name.startswith("."):
                (Path(folder) / beside.name).symlink_to(beside)
        os.environ.update({"COLUMNS": COLUMNS, "NO_COLOR": "1"})
        os.environ.setdefault("FEWREC_CACHE", str(Path(folder) / ".cache"))
        for name in [name for name in os.environ if name.startswith("FEWREC_") and name != "FEWREC_CACHE"]:
            del os.environ[name]
        os.chdir(folder)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                yield
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(environment)


def _python(page: Path, block: Block, names: dict[str, Any]) -> str:
    out = io.StringIO()
    try:
        code = compile("\n" * (block.line - 1) + block.body, page.name, "exec")
        with contextlib.redirect_stdout(out):
            exec(code, names)
    except Exception as error:
        raise PageError(f"{page.name}, line {block.line}: {type(error).__name__}: {error}") from error
    return _clean(out.getvalue())


def _console(page: Path, block: Block, text: str) -> list[Printed]:
    from fewrec.cli import main

    told: list[Printed] = []
    at = text.index(block.body, block.start)
    entries = re.split(r"^(?=\$ )", block.body, flags=re.M)
    for entry in entries:
        line = text.count("\n", 0, at) + 1
        if entry.strip():
            command, _, said = entry.partition("\n")
            while command.endswith("\\"):
                more, _, said = said.partition("\n")
                command = command[:-1] + more
            command = command.removeprefix("$ ")
            words = shlex.split(command)
            if words[:1] != ["fewrec"]:
                raise PageError(f"{page.name}, line {line}: only `$ fewrec ...` can be run, not {command!r}.")
            out, talk = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(talk):
                code = main(words[1:])
            got = _clean(out.getvalue())
            if code:
                got = _clean(talk.getvalue())  # what a person would see: the error
            end = at + len(entry)
            told.append(Printed(line, said, got, (end - len(said), end), False))
        at += len(entry)
    return told


def _clean(printed: str) -> str:
    """Without trailing blanks and outer empty lines; ends with a newline, unless it is empty."""
    lines = [line.rstrip() for line in printed.splitlines()]
    text = "\n".join(lines).strip("\n")
    return text + "\n" if text else ""


def _parts(said: str) -> list[str]:
    return re.split(r"^\.\.\.[ \t]*\n?", said, flags=re.M)


def _words(text: str) -> list[str]:
    return [re.sub("─+", "─", word) for word in text.split()]


def _same_words(said: Sequence[str], got: Sequence[str]) -> bool:
    return len(said) == len(got) and all(_same_word(*pair) for pair in zip(said, got, strict=True))


def _same_word(said: str, got: str) -> bool:
    if said == got:
        return True
    if NUMBER.sub("#", said) != NUMBER.sub("#", got):
        return False
    return all(_same_number(*pair) for pair in zip(NUMBER.findall(said), NUMBER.findall(got), strict=True))


def _same_number(said: str, got: str) -> bool:
    """Whether two numbers differ by rounding: by two of the last digit shown or by 2 %.

    Whole numbers must be equal; those up to 100 may differ by one, because they may be percentages.
    """
    decimals = len(said.partition(".")[2])
    a, b = float(said.replace(",", "")), float(got.replace(",", ""))
    if decimals == 0:
        return a == b or (abs(a - b) <= 1 and min(a, b) > 0 and max(a, b) <= 100)
    return abs(a - b) <= max(2.5 * 10.0**-decimals, 0.02 * abs(a))


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the output of all pages (or those named) anew; exit code 1 when a page could not be."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("pages", nargs="*", type=Path, help="pages; all of them when none is named")
    options = parser.parse_args(arguments)
    import figures  # beside this file; needed by the script alone

    failed = 0
    with tempfile.TemporaryDirectory() as cache:
        os.environ["FEWREC_CACHE"] = cache
        for page in options.pages or all_pages():
            page = page.resolve()
            text = page.read_text(encoding="utf-8")
            try:
                new = updated(text, run(page, text))
                if page.name in READMES:
                    new = figures.filled(new, READMES[page.name], figures.results())
            except PageError as error:
                print(f"{page.name}: {error}", file=sys.stderr)
                failed += 1
                continue
            if new != text:
                page.write_text(new, encoding="utf-8")
            print(f"{page.name}: {'written anew' if new != text else 'as it was'}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
