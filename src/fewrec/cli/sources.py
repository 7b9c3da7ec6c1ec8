"""From the command line to a ``Dataset``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from fewrec.config import DataSettings

if TYPE_CHECKING:
    from fewrec.data import Dataset


def dataset_arguments(settings: DataSettings) -> dict[str, Any]:
    """The arguments of ``Dataset.from_files`` other than the files."""
    columns = {role: None if not names else list(names) for role, names in settings.columns.items()}
    return {
        "columns": columns or None,
        "feedback": settings.feedback,
        "liked_at": settings.liked_at,
        "events": dict(settings.events) or None,
        "half_life": settings.half_life,
        "on_bad_row": settings.on_bad_row,
    }


def files(settings: DataSettings) -> dict[str, list[str]]:
    """Table name -> its files, for the tables that there are."""
    return {name: list(getattr(settings, name)) for name in TABLES if getattr(settings, name)}


TABLES = ("items", "interactions", "users")


def read_data(options: argparse.Namespace, settings: DataSettings) -> Dataset:
    """The data set in the files that the settings name. Raises ``DataError``; a command line without any file
    ends here."""
    from fewrec.data import Dataset

    need_files(options, settings)
    return Dataset.from_files(**files(settings), **dataset_arguments(settings))


def need_files(options: argparse.Namespace, settings: DataSettings) -> None:
    """Ends with exit code 2 when there is neither a table of items nor one of interactions."""
    if not settings.items and not settings.interactions:
        model = " (or --model FOLDER)" if hasattr(options, "model") else ""
        options.parser.error(f"no data. Name a table with --items FILE or --interactions FILE{model}.")
