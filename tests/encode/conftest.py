from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache_and_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here touches the developer's cache, or knows the developer's keys."""
    monkeypatch.setenv("FEWREC_CACHE", str(tmp_path / "cache"))
    for name in ("FEWREC_OPENAI_BASE_URL", "OPENAI_BASE_URL", "FEWREC_OPENAI_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
