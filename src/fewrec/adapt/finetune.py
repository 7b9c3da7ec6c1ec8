"""``finetune``: tunes an encoder on one data set, and keeps it only if that is certain to help."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from fewrec.adapt.checkpoint import Checkpoint, key_of
from fewrec.adapt.delta import DeltaSettings
from fewrec.adapt.deltatuner import DeltaTuner
from fewrec.adapt.loading import tunable
from fewrec.adapt.losses import LOSSES
from fewrec.adapt.modelfolder import put_model
from fewrec.adapt.ranges import at_least_one
from fewrec.adapt.run import Epoch, Run
from fewrec.adapt.transformer import Augment, TransformerSettings, TransformerTuner
from fewrec.adapt.trial import CERTAIN, LEAST, WORSE, Paired
from fewrec.adapt.world import World
from fewrec.data import Dataset
from fewrec.encode import Encoder, encode_texts, resolve
from fewrec.encode.adapted import CLASS, AdaptedEncoder
from fewrec.errors import ConfigError
from fewrec.persist import write_folder
from fewrec.recommender.model import Progress, shown
from fewrec.recommender.threads import one_thread
from fewrec.signals import TrainingData

__all__ = ["Finetuned", "checked_how", "finetune"]

Verdict = Literal["tuned", "kept frozen"]
MODES = ("delta", "lora", "full")


@dataclass(frozen=True)
class Finetuned:
    """What came of it: ``encoder`` is the tuned one, or the frozen one where the verdict says so."""

    encoder: Encoder
    verdict: Verdict
    why: str
    mode: str
    loss: str
    epochs: list[Epoch]
    best_epoch: int
    test: Paired  # on new items
    strangers: Paired | None  # on new people; None where new items had decided already
    seconds: float
    base: str | None  # the name by which the base can be had again; None for an object
    base_id: str
    start: float = 0.0  # validation NDCG@10 of the frozen encoder
    settings: dict[str, Any] = field(default_factory=dict)  # of the run, JSON-ready
    correction: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    network: TransformerTuner | None = None  # of a tuned model
    checkpoint: Checkpoint = field(default_factory=lambda: Checkpoint(None, ""))

    def to_dict(self) -> dict[str, Any]:
        """All but the encoder, JSON-ready."""
        return {
            "verdict": self.verdict,
            "why": self.why,
            "mode": self.mode,
            "loss": self.loss,
            "encoder": self.encoder.id,
            "best_epoch": self.best_epoch,
            "epochs": [epoch.to_dict() for epoch in self.epochs],
            "test": self.test.to_dict(),
            "new_users": None if self.strangers is None else self.strangers.to_dict(),
            "frozen_validation": self.start,
            "settings": self.settings,
            "seconds": self.seconds,
        }

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Writes the encoder's folder, all or nothing; ``Recommender(encoder=folder)`` takes it.

        Raises ``ConfigError`` where the base encoder was an object: a folder can only name what has a name.
        """
        if self.base is None:
            raise ConfigError(
                "the base encoder is an object, which a folder cannot name.",
                where="encoder",
                hint="Register it with fewrec.encode.register_encoder and pass its name.",
            )
        if self.network is not None:
            saved = put_model(folder, self.network.write, self.to_dict())
        else:
            about = {"class": CLASS, "base": self.base, "base_id": self.base_id, **self.to_dict()}
            saved = write_folder(folder, about, self.correction, {})
        self.checkpoint.clear()  # only now: a kill before this line must not cost the run
        return saved


def finetune(
    data: Dataset,
    encoder: Any = "default",
    *,
    mode: Literal["delta", "lora", "full"] = "delta",
    loss: str = "ridge",
    epochs: int = 30,
    patience: int = 4,
    seed: int = 0,
    cache: Any = "default",
    settings: DeltaSettings | TransformerSettings | None = None,
    augment: Augment | Sequence[Augment] = (),
    checkpoint: str | os.PathLike[str] | None = None,
    progress: bool | Progress = True,
    say: Callable[[str], None] | None = None,
) -> Finetuned:
    """An encoder tuned on ``data``, or the same one where tuning was not certain to help.

    Three parts of the items: tuning sees the first, early stopping the second (for people whom tuning has not seen),
    and the third decides, unless new people, cut out of training whole, would be worse off. ``loss``: "ridge" (see
    `fewrec.adapt.ridge`) or a name of ``fewrec.adapt.losses.LOSSES``. ``epochs``: at most; training stops when the
    validation NDCG@10 has not risen for ``patience`` epochs, and the best epoch counts. ``checkpoint``: a folder in
    which the run keeps where it stands; the same call goes on from there. ``augment``: functions
    ``(text, generator) -> text`` that alter a text but not its meaning; each epoch is trained on the titles as they
    are, or on those that one of them has altered: once for ``delta``, which has their vectors read before it starts,
    anew in each epoch for ``lora`` and ``full``. Validation and test see them as they are. ``say`` gets one line for
    each epoch.

    Raises ``ConfigError`` for unknown names, ``DataError`` where there is no text or nobody likes two things.
    """
    how = checked_how(mode, loss, epochs, patience, settings)
    begin = time.perf_counter()
    base = resolve(encoder)
    model = None if mode == "delta" else tunable(base)
    tell = say or (lambda line: None)
    with shown(progress) as show, one_thread:
        report = show or (lambda what, done, total: None)
        world = World.of(data.sorted(), base, seed, cache, report)
        ways = [augment] if callable(augment) else list(augment)
        altered = [_altered(world.texts["title"], way, (seed, 4, at)) for at, way in enumerate(ways)]
        # They go to no cache: other seeds make other texts.
        others = [encode_texts(base, texts, cache=None) for texts in altered] if model is None else []
        key = key_of(
            data=data.fingerprint, encoder=base.id, mode=mode, loss=loss, settings=asdict(how), seed=seed,
            patience=patience, altered=altered,
        )  # fmt: skip
        kept = Checkpoint(None if checkpoint is None else Path(checkpoint), key)

        def make(training: TrainingData, people: NDArray[np.intp] | None) -> DeltaTuner | TransformerTuner:
            if model is None or isinstance(how, DeltaSettings):
                how_small = cast(DeltaSettings, how)
                return DeltaTuner(
                    world.raw, training, people, loss, how_small, seed, others, world.open_to(training)
                )
            return TransformerTuner(
                model, world.texts, world.raw, training, people, mode, loss, how, seed,
                world.open_to(training), ways, world.attributes,
            )  # fmt: skip

        run = Run(world, make, seed, kept)
        if model is not None:
            estimate = cast(TransformerTuner, make(world.training, None)).estimate(epochs)
            tell(
                f"{mode}: at most {estimate / 60:.0f} minutes for {epochs} epochs on this machine, "
                "and up to five times that to decide and to learn from all."
            )
        done, best = run.search(epochs, patience, tell, report)
        test = run.verdict(best, report) if best else Paired(0.0, 0.0, 0.0, 0.0, 0)
        strangers = run.strangers(best, report) if test.ahead else None
        keeps = strangers is not None and strangers.enough and not strangers.behind
        tuner = run.train("whole", world.training, best, report) if keeps else None
    why = _why(best, test, strangers)
    tell(f"test: {why}")
    correction = tuner.trainer.correction() if isinstance(tuner, DeltaTuner) else {}
    network = tuner if isinstance(tuner, TransformerTuner) else None
    if network is not None:
        network.name_after(base.id)
    return Finetuned(
        network or AdaptedEncoder(base, base.id, correction or None),
        "tuned" if tuner is not None else "kept frozen",
        why,
        mode,
        loss,
        done,
        best,
        test,
        strangers,
        time.perf_counter() - begin,
        _name_of(encoder),
        base.id,
        run.frozen,
        {"epochs": epochs, "patience": patience, "seed": seed, "altered_texts": len(ways), **asdict(how)},
        correction,
        network,
        kept,
    )


def checked_how(
    mode: str, loss: str, epochs: int, patience: int, settings: DeltaSettings | TransformerSettings | None
) -> DeltaSettings | TransformerSettings:
    """The settings of the run, those of the mode where none are given; ``ConfigError`` for what does not go together.
    No data are needed to say so."""
    if mode not in MODES:
        raise ConfigError(
            f"there is no mode {mode!r}.",
            where="mode",
            value=mode,
            hint=f"Choose one of: {', '.join(MODES)}.",
        )
    if loss != "ridge" and loss not in LOSSES:
        known = ", ".join(["ridge", *LOSSES])
        raise ConfigError(
            f"there is no loss {loss!r}.", where="loss", value=loss, hint=f"Choose one of: {known}."
        )
    at_least_one("epochs", epochs)
    at_least_one("patience", patience)
    how = settings or (DeltaSettings() if mode == "delta" else TransformerSettings())
    if isinstance(how, DeltaSettings) != (mode == "delta"):
        raise ConfigError(
            f"{type(how).__name__} are not those of mode {mode!r}.",
            where="settings",
            hint="delta takes DeltaSettings, lora and full take TransformerSettings.",
        )
    if isinstance(how, TransformerSettings) and how.user == "text" and loss == "ridge":
        raise ConfigError(
            "the loss 'ridge' has no tower for the user: it reads items off items.",
            where="settings",
            value="text",
            hint=f'Choose another loss ({", ".join(LOSSES)}), or user="mean".',
        )
    return how


def _altered(texts: Sequence[str], way: Augment, seed: tuple[int, ...]) -> list[str]:
    """(I,) texts as ``way`` alters them."""
    rng = np.random.default_rng(seed)
    return [way(text, rng) if text.strip() else "" for text in texts]


def _why(best: int, test: Paired, strangers: Paired | None) -> str:
    """The verdict in words."""
    if best == 0:
        return "kept frozen: no epoch was better than none on held-out people and items."
    how = f"NDCG@10 of new items {_told(test)}"
    if not test.enough:
        return f"kept frozen: new items could be asked of {test.users} people; it takes {LEAST}."
    if not test.certain:
        return f"kept frozen: {how}; {CERTAIN} standard errors are asked for."
    if strangers is None:
        told = ", ".join(f"{part:+.4f}" for part in test.parts)
        return f"kept frozen: {how}, but not in most parts of the items ({told})."
    if not strangers.enough:
        return f"kept frozen: {how}, but only {strangers.users} new people could be asked; it takes {LEAST}."
    how += f", for new people {_told(strangers)}"
    if strangers.behind:
        return f"kept frozen: {how}; new people may not lose {WORSE:g} standard errors."
    return f"tuned: {how}."


def _told(test: Paired) -> str:
    return (
        f"{test.tuned:.4f} tuned, {test.frozen:.4f} frozen "
        f"({test.difference:+.4f} ± {test.error:.4f}, {test.users} people)"
    )


def _name_of(encoder: Any) -> str | None:
    """The name of an encoder, or its folder in full."""
    if isinstance(encoder, Path) or (isinstance(encoder, str) and Path(encoder).expanduser().exists()):
        return str(Path(encoder).expanduser().resolve())
    return encoder if isinstance(encoder, str) else None
