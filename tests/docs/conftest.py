"""The pages share one cache of vectors, in a folder of the test run's own; what they register is theirs alone."""

import pytest

from fewrec.encode import encoder
from fewrec.signals import registry


@pytest.fixture(autouse=True, scope="session")
def _cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEWREC_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True, scope="module")
def _own_registries():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder, "_registry", dict(encoder._registry))
        patch.setattr(registry, "_SIGNALS", dict(registry._SIGNALS))
        yield
