"""Shared by all tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def no_cache_of_the_developers() -> Iterator[None]:
    """Vectors go to a folder that lives as long as the run; tests may set another one for themselves."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEWREC_CACHE", folder)
        yield


@pytest.fixture(scope="module", autouse=True)
def own_signal_names() -> Iterator[None]:
    """What a test file registers is its own."""
    from fewrec.signals import registry

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_SIGNALS", dict(registry._SIGNALS))
        yield
