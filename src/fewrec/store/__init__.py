"""What a service must not lose: items, users, interactions, model versions and keys, in SQLite or PostgreSQL."""

from fewrec.store.keys import Key, Keys
from fewrec.store.store import Store, open_store
from fewrec.store.versions import Version, Versions

__all__ = ["Key", "Keys", "Store", "Version", "Versions", "open_store"]
