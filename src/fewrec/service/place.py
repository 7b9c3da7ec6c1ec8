"""Where a service keeps its rows and models."""

from __future__ import annotations

from pathlib import Path

from fewrec.config import Config, ServiceSettings
from fewrec.encode import VectorCache

__all__ = ["database_of", "is_there", "models_of", "vectors_in"]


def database_of(settings: ServiceSettings) -> str:
    """The URL of the database: that of the settings, or of a file in the folder of data."""
    if settings.database is not None:
        return settings.database
    return f"sqlite:///{Path(settings.data).absolute() / 'fewrec.db'}"


def is_there(url: str) -> bool:
    """Whether there is a database at ``url`` already: False for a file that opening would make."""
    return not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).exists()


def models_of(settings: ServiceSettings) -> Path:
    """The folder of model versions."""
    return Path(settings.data).absolute() / "models"


def vectors_in(cache: Path | None, config: Config) -> VectorCache | None:
    """What keeps vectors between fits; ``None`` for nowhere."""
    return None if cache is None else VectorCache(cache, max_bytes=int(config.cache.vectors_mb * 1e6))
