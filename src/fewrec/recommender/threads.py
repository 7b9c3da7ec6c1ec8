"""Linear algebra on one thread: for arrays of this size it is faster, and sums come out the same on every machine."""

from __future__ import annotations

import threading
from contextlib import ContextDecorator
from typing import Any

import scipy.linalg  # noqa: F401 - brings a library of its own, which must be there to be limited
from threadpoolctl import ThreadpoolController

__all__ = ["one_thread"]


class _OneThread(ContextDecorator):
    """``with one_thread:`` or ``@one_thread``; may be nested, and entered by several threads at once.

    The number of threads is a setting of the process. So it is counted who is inside: the first one sets it, the
    last one sets it back; with a limit for each, the second would take the first one's for the user's setting and
    leave the process with it.

    A product of one row with a matrix is split along the sum by OpenBLAS, into as many parts as there are threads:
    without this, the last bits of a score depend on the number of cores.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._controller: ThreadpoolController | None = None
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                if self._controller is None:  # looking through the loaded libraries takes milliseconds
                    self._controller = ThreadpoolController()
                self._limit = self._controller.limit(limits=1)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limit.restore_original_limits()


one_thread = _OneThread()
