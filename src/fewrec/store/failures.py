"""What can go wrong with a database, in the words of the error family."""

from __future__ import annotations

from fewrec.errors import StoreError

__all__ = ["UNKNOWN_URL", "StoreBusy", "StoreFull", "StoreGone"]

UNKNOWN_URL = "Use sqlite:///FILE, sqlite:// (in memory), or postgresql://user@host/database."


class StoreFull(StoreError):
    """There is no room left; nothing of the request was kept."""

    code = "store_full"


class StoreBusy(StoreError):
    """Somebody else holds the database; nothing of the request was kept."""

    code = "store_busy"


class StoreGone(StoreError):
    """The database cannot be reached; whether the request was kept is not known, so send it again."""

    code = "store_gone"
