"""Where a service keeps its rows and models."""

from __future__ import annotations

from pathlib import Path

from fewrec.config import ServiceSettings

__all__ = ["database_of", "models_of"]


def database_of(settings: ServiceSettings) -> str:
    """The URL of the database: that of the settings, or of a file in the folder of data."""
    if settings.database is not None:
        return settings.database
    return f"sqlite:///{Path(settings.data).absolute() / 'fewrec.db'}"


def models_of(settings: ServiceSettings) -> Path:
    """The folder of model versions."""
    return Path(settings.data).absolute() / "models"
