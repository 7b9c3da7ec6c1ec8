"""What a service must not lose: items, users, interactions, model versions and keys, in SQLite or PostgreSQL."""

from fewrec.store.evaluations import Evaluations, Run
from fewrec.store.keys import Key, Keys
from fewrec.store.store import Store, open_store
from fewrec.store.versions import Version, Versions

__all__ = ["Evaluations", "Key", "Keys", "Run", "Store", "Version", "Versions", "open_store"]
