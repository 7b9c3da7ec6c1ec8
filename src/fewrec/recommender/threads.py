"""Linear algebra on one thread: for arrays of this size it is faster, and sums come out the same on every machine."""

from __future__ import annotations

import threading
from contextlib import ContextDecorator
from typing import Any

import scipy.linalg  # noqa: F401 - brings a library of its own, which must be there to be limited
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

__all__ = ["one_thread"]


class _OneThread(ContextDecorator):
    """``with one_thread:`` or ``@one_thread``; may be nested, and entered by several threads at once.

    OpenBLAS cuts the product of one row with a matrix into as many pieces as there are threads, and the last bits of
    a sum depend on where it is cut: without this, on the number of cores.

    The number of threads is a setting of the process. So the first one in sets it and sets it back when it leaves; who
    comes in meanwhile leaves it alone. (Were everybody to set it, the second would take the first one's for the
    user's, and the process would be left with it.) Of threads that ask at the same time only the first is sure of
    its last bits.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: int | None = None
        self._depth = 0
        self._controller: ThreadpoolController | None = None
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._owner is None:
                if self._controller is None:  # looking through the loaded libraries takes milliseconds
                    self._controller = ThreadpoolController()
                self._limit = self._controller.limit(limits=1, user_api="blas")
                self._limit.__enter__()
                self._owner = threading.get_ident()
            if self._owner == threading.get_ident():
                self._depth += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._owner == threading.get_ident():
                self._depth -= 1
                if self._depth == 0:
                    self._owner = None
                    self._limit.__exit__(None, None, None)


one_thread = _OneThread()
