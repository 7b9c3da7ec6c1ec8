"""``main``: one command line -> one exit code. Whatever goes wrong is told in a few plain lines."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Sequence

from fewrec.cli.parser import build_parser
from fewrec.cli.talk import Talk
from fewrec.cli.words import harmless, in_flags
from fewrec.errors import FewrecError, StoreError

OK, BUG, USAGE, INTERRUPTED, CLOSED = 0, 1, 2, 130, 141
"""Exit codes beside those of the error family (3 to 9)."""


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code of ``fewrec`` with the arguments ``argv`` (default: those of the process).

    Results go to stdout, everything else to stderr. 0: done; 1: a bug in fewrec; 2: the command line itself
    is wrong; 3 to 9: see `fewrec.errors`; 130: interrupted; 141: the reader of the output went away.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a letter that the terminal cannot show must not stop an answer
            stream.reconfigure(errors="backslashreplace")
    debug = "--debug" in (sys.argv[1:] if argv is None else argv)
    try:
        parser = build_parser()
        options = parser.parse_args(argv)
        if options.command is None:
            parser.print_help(sys.stderr)
            return USAGE
        code: int = options.run(options, Talk(quiet=options.quiet))
        sys.stdout.flush()
    except SystemExit as exit:  # argparse has told what was wrong, or printed the help
        return _flushed(exit.code if isinstance(exit.code, int) else USAGE)
    except KeyboardInterrupt:
        return _failed("interrupted.", INTERRUPTED, debug=debug)
    except BrokenPipeError:
        _close_stdout()
        return CLOSED
    except FewrecError as error:
        return _failed(in_flags(str(error)), error.exit_code, debug=debug)
    except OSError as error:
        _close_stdout()
        place = f"{error.filename}: " if error.filename else ""
        return _failed(f"{place}{error.strerror or error}.", StoreError.exit_code, debug=debug)
    except Exception as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        hint = (
            ""
            if debug
            else "Run it again with --debug, and report what it prints with that of `fewrec version`."
        )
        return _failed(f"unexpected {what}. This is a bug in fewrec. {hint}".rstrip(), BUG, debug=debug)
    return code


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except OSError:
        _close_stdout()
        return CLOSED
    return code


def _failed(message: str, code: int, *, debug: bool) -> int:
    """Tells what went wrong, with the stack only where it was asked for."""
    with contextlib.suppress(OSError):  # stdout may be the very thing that failed
        sys.stdout.flush()
    if debug:
        traceback.print_exc(file=sys.stderr)
    first, *rest = message.splitlines() or [""]
    print(harmless("\n".join([f"fewrec: {first}", *rest])), file=sys.stderr)
    return code


def _close_stdout() -> None:
    """Makes sure that the interpreter does not complain about stdout once more when it ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
