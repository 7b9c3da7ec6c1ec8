"""How often somebody may ask."""

from __future__ import annotations

import threading
import time

from fewrec.service.answers import Refused

__all__ = ["Limit"]


class Limit:
    """At most ``rate`` requests a second from one caller, twice as many at once; 0: no limit.

    A caller is a key; without one, or with a wrong one, an address: so nobody gets more by making keys up.
    """

    MOST_CALLERS = 10_000

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}  # caller -> (requests left, when)

    def take(self, who: str) -> None:
        """One request of a caller. ``Refused``: 429 where they asked too often."""
        wait = self.wait(who)
        if wait > 0:
            raise Refused(
                429, "too_many", "too many requests.", hint=f"At most {self.rate:g} a second (service.rate).",
                headers={"Retry-After": str(int(wait) + 1)},
            )  # fmt: skip

    def wait(self, who: str) -> float:
        """Seconds until the caller may ask again; 0: now, and this request is counted."""
        if self.rate <= 0:
            return 0.0
        now = time.monotonic()
        with self._lock:
            left, then = self._left.pop(who, (2 * self.rate, now))
            left = min(2 * self.rate, left + (now - then) * self.rate)
            allowed = left >= 1
            self._left[who] = (left - 1 if allowed else left, now)
            if len(self._left) > self.MOST_CALLERS:
                self._left.pop(next(iter(self._left)))  # who has not asked for longest
        return 0.0 if allowed else (1 - left) / self.rate
