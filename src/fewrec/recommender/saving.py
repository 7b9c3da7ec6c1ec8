"""A fitted model <-> the parts of a folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fewrec.data import Dataset
from fewrec.data.feedback import Feedback
from fewrec.encode import Encoder, Words
from fewrec.errors import StoreError
from fewrec.fewshot.fusion import Fusion
from fewrec.fewshot.guard import Trust
from fewrec.fewshot.newmaps import NewMaps
from fewrec.fewshot.ranker import Ranker
from fewrec.fewshot.rescoring import Rescoring
from fewrec.persist import read_folder, write_folder
from fewrec.recommender.model import FittedModel
from fewrec.signals import Signal, Spectrum, TrainingData, resolve_signals
from fewrec.text import TextReader

__all__ = ["opened", "restored", "saved"]

Parts = tuple[dict[str, Any], dict[str, Any], dict[str, dict[str, list[Any]]]]

MATRICES = (
    "liked",
    "seen",
    "words",
    "neighbours",
    "features",
    "portraits",
    "strength",
    "freshness",
    "tie_break",
)


MOST_BYTES = 256_000_000
"""Maps of new items up to this size are saved with the model; larger ones are worked out anew when first needed."""


def signal_names(signals: Any) -> list[str]:
    """Names to resolve the signals by when the model is loaded; ``StoreError`` for objects without one."""
    wanted = [signals] if isinstance(signals, str) else list(signals)
    for entry in wanted:
        if isinstance(entry, Signal):
            raise StoreError(
                f"the signal {entry.name!r} is an object that cannot be saved.",
                where="signals",
                value=entry.name,
                hint="Register it with fewrec.signals.register_signal and name it in signals=[...].",
            )
    return [str(entry) for entry in wanted]


def saved(
    folder: str | os.PathLike[str],
    model: FittedModel,
    data: Dataset,
    encoder: Any,
    signals: Any,
    **settings: Any,
) -> Path:
    """The path of the folder in which the model now lies, whole or not at all."""
    about, arrays, tables = to_parts(model, data)
    named = {"encoder": encoder if isinstance(encoder, str) else None, "signals": signal_names(signals)}
    manifest = {"class": "Recommender", "configuration": {**named, **settings}, **about}
    return write_folder(folder, manifest, arrays, tables)


def check_class(manifest: Mapping[str, Any], folder: str) -> None:
    """``StoreError`` unless the folder is one of ``Recommender.save``."""
    if manifest.get("class") != "Recommender" or "configuration" not in manifest:
        raise StoreError(
            f"this folder holds {manifest.get('class')!r}, not a Recommender.",
            where=folder,
            hint="Give a folder that Recommender.save has written.",
        )


def lacking(error: KeyError, folder: str) -> StoreError:
    """What to say of a folder without a part that this version needs."""
    return StoreError(
        f"the saved model lacks {error.args[0]!r}.",
        where=folder,
        hint="It was saved by another version of fewrec: fit the model again and save it.",
    )


def unfit(error: Exception, folder: str) -> StoreError:
    """What to say of a folder whose files are whole, but whose manifest says something else than they hold."""
    return StoreError(
        f"the manifest does not fit the saved model: {type(error).__name__}: {error}.",
        where=folder,
        hint="Undo what was changed in it, or fit the model again and save it.",
    )


def opened(folder: Any, encoder: Any) -> tuple[tuple[Any, Any, Any], dict[str, Any], Any]:
    """``(parts, arguments of Recommender, its encoder)`` of a saved folder. Raises ``StoreError``."""
    parts = read_folder(folder)
    manifest = parts[0]
    check_class(manifest, str(folder))
    try:
        configuration = dict(manifest["configuration"])
        named = configuration.pop("encoder")
    except (KeyError, TypeError, ValueError) as error:
        raise unfit(error, str(folder)) from error
    if encoder is None and named is None:
        raise StoreError(
            f"the encoder of this model was an object ({manifest['encoder_id']}), which is not in the folder.",
            where=str(folder),
            hint="Give it again: Recommender.load(folder, encoder=...).",
        )
    return parts, configuration, named if encoder is None else encoder


def restored(
    parts: tuple[Any, Any, Any], folder: Any, encoder: Encoder, cache: Any, signals: Any
) -> tuple[FittedModel, Dataset]:
    """:func:`from_parts`, which says of a folder that does not fit together where it does not."""
    try:
        return from_parts(*parts, encoder, cache, signals)
    except KeyError as error:
        raise lacking(error, str(folder)) from error
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise unfit(error, str(folder)) from error


def to_parts(model: FittedModel, data: Dataset) -> Parts:
    """``(manifest part, arrays, tables)``: all that :func:`from_parts` needs."""
    training = model.training
    words = model.reader.words.to_tables()
    arrays: dict[str, Any] = {
        f"training/{name}": getattr(training, name)
        for name in MATRICES
        if getattr(training, name) is not None
    }
    arrays |= {f"view/{name}": view for name, view in training.views.items()}
    arrays |= {f"mean/{name}": mean for name, mean in model.reader.means.items()}
    arrays |= {
        f"words/{name}": np.asarray(column)
        for name, column in words.items()
        if isinstance(column, np.ndarray)
    }
    for (which, power, rank), spectrum in training.spectra().items():
        key = f"spectrum/{which}/{power}/{rank}"
        arrays |= {f"{key}/values": spectrum.values, f"{key}/inner": spectrum.inner}
        if spectrum.outer is not spectrum.inner:
            arrays[f"{key}/outer"] = spectrum.outer
    fusion, trust = model.ranker.fusion, model.ranker.trust
    arrays |= {"fusion/level": fusion.level, "fusion/slope": fusion.slope, "fusion/scales": fusion.scales}
    if model.new_weights is not None:
        arrays["new/weights"] = model.new_weights
    if model.new_items is not None and model.new_items.maps.nbytes <= MOST_BYTES:
        arrays |= {f"new/{name}": array for name, array in model.new_items.maps.to_arrays().items()}
    for name, part in model.extras().items():
        arrays |= {f"{name}/{key}": array for key, array in part.items()}
    tables, settings = data.to_tables()
    about = {
        "explicit": training.explicit,
        "feedback": model.feedback.to_dict(),
        "profile_size": model.profile_size,
        "fused": list(fusion.names),
        "trust": None if trust is None else trust.to_dict(),
        "encoder_id": model.reader.encoder_id,
        "words": {
            name: column for name, column in words.items() if not isinstance(column, np.ndarray | list)
        },
        "data": settings,
        "fingerprint": data.fingerprint,
    }
    if model.rescoring is not None:
        about["rescoring"] = model.rescoring.to_dict()
    lists = {f"words_{name}": {name: column} for name, column in words.items() if isinstance(column, list)}
    stored = {f"data_{name}": table for name, table in tables.items()}
    named: dict[str, dict[str, list[Any]]] = {
        "items": {"id": model.item_ids},
        "users": {"id": model.user_ids},
        "portraits": {"name": model.portrait_names},
        "features": {"name": model.feature_names},
    }
    return about, arrays, {**stored, **lists, **named}


def from_parts(
    about: Mapping[str, Any],
    arrays: Mapping[str, Any],
    tables: Mapping[str, Mapping[str, list[Any]]],
    encoder: Encoder,
    cache: Any,
    signals: Any,
) -> tuple[FittedModel, Dataset]:
    """The inverse of :func:`to_parts`."""
    data = Dataset.from_tables(_inside(tables, "data_"), about["data"])
    spectra: dict[tuple[str, float, int], Spectrum] = {}
    for name in arrays:
        if name.startswith("spectrum/") and name.endswith("/values"):
            _, which, power, rank, _ = name.split("/")
            key = name.removesuffix("/values")
            inner = arrays[f"{key}/inner"]
            spectra[which, float(power), int(rank)] = Spectrum(
                arrays[name], inner, arrays.get(f"{key}/outer", inner)
            )
    training = TrainingData(
        explicit=about["explicit"],
        views=_inside(arrays, "view/"),
        _spectra=spectra,
        **_inside(arrays, "training/"),
    )
    words = Words.from_tables(
        {
            **about["words"],
            **_inside(arrays, "words/"),
            **{name: table[name] for name, table in _inside(tables, "words_").items()},
        }
    )
    reader = TextReader(encoder, cache, about["encoder_id"], words, _inside(arrays, "mean/"))
    fitted = {signal.name: signal for signal in resolve_signals(signals)}
    fusion = Fusion(
        tuple(about["fused"]), arrays["fusion/level"], arrays["fusion/slope"], arrays["fusion/scales"]
    )
    if len(fusion.names) != len(fusion.level):
        raise ValueError(f"{len(fusion.names)} signals and {len(fusion.level)} weights")
    ranker = Ranker(
        tuple(fitted[name].fit(training) for name in fusion.names),
        fusion,
        None if about["trust"] is None else Trust.from_dict(about["trust"]),
        training.n_items,
    )
    model = FittedModel(
        item_ids=tables["items"]["id"],
        user_ids=tables["users"]["id"],
        feedback=Feedback.from_dict(about["feedback"]),
        reader=reader,
        training=training,
        ranker=ranker,
        new_weights=arrays.get("new/weights"),
        new_maps=NewMaps.from_arrays(_inside(arrays, "new/"), training) if "new/items" in arrays else None,
        portrait_names=tables["portraits"]["name"],
        feature_names=tables["features"]["name"],
        profile_size=about["profile_size"],
        rescoring=Rescoring.from_dict(about["rescoring"]) if "rescoring" in about else None,
        **FittedModel.extras_from(
            {part: _inside(arrays, f"{part}/") for part in ("posterior", "calibration")}
        ),
    )
    return model, data


def _inside(parts: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): part for name, part in parts.items() if name.startswith(prefix)}
