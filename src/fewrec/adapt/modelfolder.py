"""A Transformers model in a folder, written whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fewrec.errors import StoreError

__all__ = ["REPORT", "put_model"]

REPORT = "fewrec-adapt.json"


def put_model(
    folder: str | os.PathLike[str], write: Callable[[Path], None], report: Mapping[str, Any]
) -> Path:
    """``write(hidden folder)``, a report beside the model, and only then the folder's name.

    Raises ``StoreError`` where ``folder`` holds anything but an earlier result of this.
    """
    target = Path(os.path.realpath(folder))
    if target.exists() and any(target.iterdir()) and not (target / REPORT).is_file():
        raise StoreError(
            "the folder is not empty and no tuned model, so it is left alone.",
            where=str(target),
            hint="Choose another folder, or remove this one yourself.",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    saving = target.with_name(f".{target.name}.saving-{secrets.token_hex(4)}")
    try:
        write(saving)
        (saving / REPORT).write_text(json.dumps(dict(report), indent=2) + "\n", encoding="utf-8")
        if target.exists():
            aside = target.with_name(f".{target.name}.replaced-{secrets.token_hex(4)}")
            os.rename(target, aside)
            os.rename(saving, target)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            os.rename(saving, target)
    except OSError as error:
        raise StoreError(
            f"the model cannot be saved: {error.strerror or error}.", where=str(folder)
        ) from error
    finally:
        shutil.rmtree(saving, ignore_errors=True)
    return target
