"""The threads in which requests are answered, so that a slow one never stops the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fewrec.service.answers import Refused

__all__ = ["Threads"]


class Threads:
    """A number of threads, and who waits for them. Counted on the event loop alone."""

    def __init__(self, many: int, queue: int) -> None:
        self.most = many + queue
        self.asked = 0
        self._pool = ThreadPoolExecutor(many, thread_name_prefix="answers")

    def check(self) -> None:
        """``Refused``: 503 where too many wait."""
        if self.asked >= self.most:
            raise Refused(
                503,
                "busy",
                "too many requests wait already.",
                hint="Try again.",
                headers={"Retry-After": "1"},
            )

    async def run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """What ``work`` gives back, from a thread: without anyio's bookkeeping, which takes longer than most reads."""
        self.asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        finally:
            self.asked -= 1
