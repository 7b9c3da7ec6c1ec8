"""Pieces of work done here, or shared among several processes; the order of the answers is that of the pieces."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.reduction import ForkingPickler

from fewrec.errors import ConfigError
from fewrec.evaluate.jobs import Job, Measured, Work

__all__ = ["done", "packed", "unpacked"]

_received: list[Work] = []


def done(work: Work, jobs: Sequence[Job], workers: int = 1) -> Iterator[Measured]:
    """What comes of the jobs, in their order. Raises ``ConfigError`` where a system cannot travel."""
    if workers == 1 or len(jobs) < 2:
        yield from map(work.do, jobs)
        return
    # Fresh processes: a forked one inherits locks and threads of this one, and other systems cannot fork at all.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(jobs)), context, _receive, (packed(work),)) as pool:
        waiting = [pool.submit(_do, job) for job in jobs]
        try:
            for future in waiting:
                yield future.result()
        except BrokenProcessPool as error:
            raise _cannot_travel("the processes ended before they were done", error) from error
        finally:
            for future in waiting:
                future.cancel()


def packed(work: Work) -> bytes:
    """The work as other processes receive it. Raises ``ConfigError`` where a system cannot travel."""
    try:
        return bytes(ForkingPickler.dumps(work))
    except (TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise _cannot_travel("a system cannot be sent to other processes", error) from error
    except Exception as error:  # PicklingError, whose module no source file imports
        if type(error).__name__ != "PicklingError":
            raise
        raise _cannot_travel("a system cannot be sent to other processes", error) from error


def unpacked(work: bytes) -> Work:
    """A copy of what was packed."""
    copy: Work = ForkingPickler.loads(work)
    return copy


def _cannot_travel(what: str, error: Exception) -> ConfigError:
    hint = (
        "Use workers=1; or define the system in a module that other processes can import, and begin the work of a "
        'script under if __name__ == "__main__":.'
    )
    return ConfigError(f"{what}: {error}.", where="workers", hint=hint)


def _receive(work: bytes) -> None:
    _received[:] = [unpacked(work)]


def _do(job: Job) -> Measured:
    return _received[0].do(job)
