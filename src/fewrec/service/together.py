"""Requests that wait for the same thing, and need not wait for it one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from fewrec.service.threads import Threads

__all__ = ["Together"]

One = TypeVar("One")
Found = TypeVar("Found")

MOST = 100
"""Done in one go; the first of them must not wait for all the world."""


class Together(Generic[One, Found]):
    """``work`` on one or many: those that come while a thread is at it are done in one go behind it.

    So a disk that takes five milliseconds to keep a row is waited for once for all rows that came meanwhile.
    ``work`` gives one result for each, which may be an exception; what it raises itself is raised for all. Used on the
    event loop alone.
    """

    def __init__(
        self, threads: Threads, work: Callable[[Sequence[One]], Sequence[Found | Exception]]
    ) -> None:
        self.threads, self._work = threads, work
        self._waiting: list[tuple[One, asyncio.Future[Found]]] = []
        self._working: asyncio.Task[None] | None = None

    async def run(self, one: One) -> Found:
        """What ``work`` finds for ``one``."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Found] = loop.create_future()
        self._waiting.append((one, done))
        if self._working is None:
            self._working = loop.create_task(self._until_done())
        self.threads.asked += 1
        try:
            return await done
        finally:
            self.threads.asked -= 1

    async def _until_done(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                found: Sequence[Found | Exception]
                try:
                    found = await self.threads.run(self._work, [one for one, _ in batch])
                except Exception as error:
                    found = [error] * len(batch)
                for (_, done), result in zip(batch, found, strict=True):
                    if done.done():  # the service is being stopped, and nobody waits any more
                        continue
                    if isinstance(result, Exception):
                        done.set_exception(result)
                    else:
                        done.set_result(result)
        finally:
            self._working = None
