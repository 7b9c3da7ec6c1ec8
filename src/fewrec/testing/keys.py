"""The part of a store's contract that is about keys; ``fewrec.testing.stores`` holds the rest."""

from __future__ import annotations

import pytest

from fewrec.errors import ConfigError
from fewrec.store import Store

__all__ = ["KeysContract"]


class KeysContract:
    """Expects the fixture ``store``, empty."""

    def test_a_key_opens_until_it_is_revoked(self, store: Store) -> None:
        assert not store.keys.any()
        secret, key = store.keys.create("shop", "write")
        assert store.keys.check(secret) == key
        assert store.keys.any()
        assert store.keys.revoke(key.id).revoked is not None
        assert store.keys.check(secret) is None
        assert not store.keys.any()

    def test_wrong_keys_open_nothing(self, store: Store) -> None:
        secret, key = store.keys.create("shop", "write")
        other, _ = store.keys.create("other", "admin")
        mixed = f"fewrec_{key.id}_{other.rpartition('_')[2]}"
        for wrong in ("", "fewrec", f"fewrec_{key.id}_", secret[:-1], secret + "0", secret.upper(), mixed,
                      f"{secret}\0", "fewrec__", "é" * 40):  # fmt: skip
            assert store.keys.check(wrong) is None

    def test_the_secret_is_kept_nowhere(self, store: Store) -> None:
        secret, _ = store.keys.create("shop", "write")
        with store.backend.read() as session:
            kept = str(session.rows("SELECT * FROM keys"))
        assert secret.rpartition("_")[2] not in kept

    @pytest.mark.parametrize(("name", "role", "told"), [("a", "owner", "is not a role"), ("", "read", "needs a name"),
                                                         ("a\nb", "read", "needs a name")])  # fmt: skip
    def test_bad_keys_are_refused(self, store: Store, name: str, role: str, told: str) -> None:
        with pytest.raises(ConfigError, match=told):
            store.keys.create(name, role)
