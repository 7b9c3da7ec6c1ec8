"""The contract of stores, on every database that there is."""

from __future__ import annotations

import pytest

from fewrec.testing.stores import StoreContract


class TestMemory(StoreContract):
    @pytest.fixture
    def address(self):
        return "sqlite://"


class TestFile(StoreContract):
    @pytest.fixture
    def address(self, tmp_path):
        return f"sqlite:///{tmp_path / 'deep' / 'down' / 'fewrec.db'}"


class TestPostgreSQL(StoreContract):
    @pytest.fixture
    def address(self, empty_postgresql):
        return empty_postgresql
