"""``lora`` and ``full``: the text model itself is trained, by the same losses as the correction. Needs the extra
``train``.

The loss of a step needs the vectors of some hundred items at once, more than fit into one backward pass on a laptop.
So each step reads all texts once without gradients, asks the loss for its slope at the vectors, and reads them again
in small parts, now with gradients, each pushed by its own part of the slope: the same gradient in the memory of one
part (gradient caching: Gao et al. 2021, arXiv 2101.06983). Dropout is off, or the two readings would differ.

LoRA (Hu et al. 2022, arXiv 2106.09685): rank 8 beside every linear layer, merged into the weights when it is saved.
AdamW with warm-up and clipping; bfloat16 on a GPU that has it. ``epsilon`` and ``virtual`` add the loss at moved
embeddings of the words, see `fewrec.adapt.adversary`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.adapt.adversary import Watched, moved_by, smoothness, upwards
from fewrec.adapt.delta import UnitLoss, check_radii, loss_at
from fewrec.adapt.heldout import HeldOut
from fewrec.adapt.loading import load_model
from fewrec.adapt.losses import LOSSES, Batch, mse
from fewrec.adapt.ranges import check_ranges
from fewrec.adapt.ridge import RidgeTask
from fewrec.adapt.tasks import Tasks
from fewrec.adapt.usertext import loss_of_texts, user_texts
from fewrec.encode.hub import HubEncoder
from fewrec.errors import ConfigError
from fewrec.signals import CENTRING, TrainingData

__all__ = ["Augment", "TransformerSettings", "TransformerTuner"]

Array = NDArray[np.float32]
Augment = Callable[[str, np.random.Generator], str]


@dataclass(frozen=True)
class TransformerSettings:
    """How the text model is trained."""

    rank: int = 8  # of LoRA
    learning_rate: float = 2e-4  # for full tuning a tenth of it
    steps: int = 8  # of an epoch
    items: int = 128  # whose texts a step reads
    batch_size: int = 16  # texts in one backward pass
    people: int = 8  # of a step
    warm_up: int = 5  # steps
    clip: float = 1.0
    weight_decay: float = 0.01
    epsilon: float = 0.0  # radius of the adversarial perturbation, as a share of a text's length; 0 for none
    virtual: float = 0.0  # the same of the virtual one, which needs no likes
    unlabelled: int = 32  # texts of a step that the virtual form reads
    user: Literal["mean", "text"] = (
        "mean"  # tower of the user: mean of the liked items' vectors, or a text that names them
    )

    def __post_init__(self) -> None:
        if self.user not in ("mean", "text"):
            raise ConfigError(
                f"there is no tower {self.user!r} for the user.",
                where="settings",
                value=self.user,
                hint='Choose "mean" or "text".',
            )
        check_ranges(self)
        check_radii(self.epsilon, self.virtual, self.unlabelled)


class TransformerTuner:
    """Trains the model in ``encoder.folder`` on the title view; every view is read by it.

    ``unlabelled``: items whose titles the virtual form may read; all where not given. ``augment``: ways to alter a
    title; each epoch is trained on the titles as they are, or as one of the ways alters them anew. ``attributes``:
    names of the columns of the users' portraits, for their text.
    """

    id = "unfinished"
    batch_size = 32
    cacheable = False

    def __init__(
        self,
        encoder: HubEncoder,
        texts: Mapping[str, Sequence[str]],
        raw: Mapping[str, Array],
        training: TrainingData,
        people: NDArray[np.intp] | None,
        mode: str,
        loss: str,
        settings: TransformerSettings,
        seed: int,
        unlabelled: NDArray[np.intp] | None = None,
        augment: Sequence[Augment] = (),
        attributes: Sequence[str] = (),
    ) -> None:
        import torch

        self._texts, self._settings, self._loss = texts, settings, LOSSES.get(loss, mse)
        self._augment, self._titles = augment, dict[int, str]()  # titles as this epoch has read them so far
        self._way: Augment | None = None
        titles = [item for item, text in enumerate(texts["title"]) if text.strip()]
        self._unlabelled = np.intersect1d(
            titles, np.arange(training.n_items) if unlabelled is None else unlabelled
        )
        torch.manual_seed(seed)
        self.model = load_model(encoder.folder)
        self._lora: Any = None
        if mode == "lora":
            from peft import LoraConfig, get_peft_model

            config = LoraConfig(r=settings.rank, lora_alpha=2 * settings.rank, target_modules="all-linear")
            self._lora = get_peft_model(self.model[0].auto_model, config)  # changes the model in place
        self.model.eval()  # no dropout, see above
        self._trained = {n: p for n, p in self.model.named_parameters() if p.requires_grad}
        rate = settings.learning_rate * (1.0 if mode == "lora" else 0.1)
        self._optimiser = torch.optim.AdamW(
            self._trained.values(), lr=rate, weight_decay=settings.weight_decay, foreach=False
        )
        self._rate, self._steps = rate, 0
        self._half = self.model.device.type == "cuda"  # whether texts are read in bfloat16
        self._mean = _mean(raw["title"])
        self._ridge = self._tasks = None
        if loss == "ridge":
            self._ridge = RidgeTask(
                training if people is None else training.with_users(people), settings.items
            )
        else:
            self._tasks = Tasks.of(training, people, settings.items, settings.user == "text")
        self._held: HeldOut | None = None
        self._seed = seed
        self._portraits, self._attributes = training.portraits, attributes
        likes = np.bincount(training.liked.indices, minlength=training.n_items)
        self._bias = np.log(likes + 1.0) if loss.startswith("softmax") else np.zeros(training.n_items)
        self._scale = 0.3 if loss == "mse" else 3.0
        if settings.user == "text":  # its vector is of length 1, that of the mean grows with the items shown
            self._scale *= 3

    def epoch(self, rng: np.random.Generator) -> tuple[float, float]:
        values = []
        if self._augment:
            way = int(rng.integers(0, len(self._augment) + 1))
            self._way = self._augment[way - 1] if way else None
            self._titles.clear()
        for _ in range(self._settings.steps):
            if self._ridge is not None:
                items = self._ridge.draw(rng)
                values.append(self._step(self._read_titles(items, rng), self._ridge.at(items), rng))
            elif self._tasks is not None:
                support, items, batch = next(self._tasks.batches(self._settings.people, rng))
                people, loss = self._of_people(support, items, batch)
                values.append(self._step([*self._read_titles(items, rng), *people], loss, rng))
        return float(np.mean(values)), np.nan

    def _of_people(
        self, support: sp.csr_matrix, items: NDArray[np.intp], batch: Batch
    ) -> tuple[list[str], UnitLoss]:
        """``(texts of the people, to be read after those of the items; the loss at the vectors of all)``."""
        bias = np.asarray(self._bias[items], dtype=np.float32)
        if self._settings.user == "mean":
            return [], loss_at(self._loss, support, batch, self._scale, bias)
        titles = self._texts["title"]
        texts = user_texts(support, items, batch, titles, self._portraits, self._attributes)
        return texts, loss_of_texts(self._loss, batch, self._scale, bias)

    def apart(self, training: TrainingData, people: NDArray[np.intp]) -> float:
        how = self._settings
        if self._held is None:
            if self._ridge is not None:
                self._held = HeldOut.by_ridge(training, people, how.items, self._seed)
            else:
                tasks = Tasks.of(training, people, how.items, how.user == "text")
                self._held = HeldOut.of_people(tasks, how.people, self._seed)
        held = self._held
        texts = [self._texts["title"][item] or " " for item in held.items]
        if held.ridge is not None:
            return held.ridge(self._units(texts))[0]
        if held.batch is None:
            return np.nan
        told, loss = self._of_people(held.support, held.items, held.batch)
        return loss(self._units([*texts, *told]))[0]

    def estimate(self, epochs: int) -> float:
        """Seconds that so many epochs will take on this machine, from one backward pass over a batch."""
        texts = [text for text in self._texts["title"] if text.strip()][: self._settings.batch_size]
        begin = time.perf_counter()
        self._embed(texts).sum().backward()
        self._optimiser.zero_grad()
        once = (time.perf_counter() - begin) / max(len(texts), 1)
        # A step reads each text twice, the first time without the way back, which is two thirds of the work.
        how = self._settings
        texts_read = (4 / 3) * how.items * (2 if how.epsilon else 1)
        texts_read += (7 / 3) * how.unlabelled if how.virtual else 0
        return once * texts_read * how.steps * epochs

    def _step(self, texts: Sequence[str], loss: UnitLoss, rng: np.random.Generator) -> float:
        import torch

        how = self._settings
        value, slope, _ = loss(self._units(texts))
        moves = self._push(texts, slope)
        if how.epsilon:
            against, slope, _ = loss(self._units(texts, moves))
            self._push(texts, slope, moves)
            value += against
        if how.virtual:
            value += self._smooth(rng)
        torch.nn.utils.clip_grad_norm_(list(self._trained.values()), how.clip, foreach=False)
        self._steps += 1
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate * min(1.0, self._steps / max(how.warm_up, 1))
        self._optimiser.step()
        self._optimiser.zero_grad()
        return value

    def _read_titles(self, items: NDArray[np.intp], rng: np.random.Generator) -> list[str]:
        return [self._title(int(item), rng) for item in items]

    def _title(self, item: int, rng: np.random.Generator) -> str:
        """Of an item, as this epoch reads it; the same whenever it is asked for."""
        title = self._texts["title"][item]
        if self._way is None or not title.strip():
            return title or " "
        if item not in self._titles:
            self._titles[item] = self._way(title, rng) or " "
        return self._titles[item]

    def _units(self, texts: Sequence[str], moves: Sequence[Any] = ()) -> Array:
        """(N, D) unit vectors, read without gradients; ``moves``: of the words of each part."""
        import torch

        with torch.no_grad():
            found = [(rows, self._unit(part, move)) for rows, part, move in self._parts(texts, moves)]
        out = np.empty((len(texts), found[0][1].shape[1]), dtype=np.float32)
        for rows, unit in found:
            out[rows] = unit.float().cpu().numpy()
        return out

    def _push(self, texts: Sequence[str], slope: Array, moves: Sequence[Any] = ()) -> list[Any]:
        """Adds to the gradients what ``slope`` (N, D) at the unit vectors asks for. With ``epsilon`` and without
        ``moves`` it gives back the moves of the words that raise the loss most."""
        import torch

        found = []
        for rows, part, move in self._parts(texts, moves):
            watched = Watched() if self._settings.epsilon and not moves else None
            unit = self._unit(part, watched or move)
            unit.backward(torch.from_numpy(slope[rows]).to(unit))
            if watched is not None:
                found.append(moved_by(upwards(watched, watched.added.grad, self._settings.epsilon)))
        return found

    def _parts(
        self, texts: Sequence[str], moves: Sequence[Any]
    ) -> Iterator[tuple[NDArray[np.intp], Sequence[str], Any]]:
        """``(their places, texts, move)`` of one backward pass after the other; texts of like length together, because
        a text is read as long as the longest beside it."""
        size = self._settings.batch_size
        order = np.argsort([len(text) for text in texts], kind="stable")
        for part, at in enumerate(range(0, len(texts), size)):
            rows = order[at : at + size]
            yield rows, [texts[row] for row in rows], moves[part] if moves else None

    def _smooth(self, rng: np.random.Generator) -> float:
        """The virtual form on some of the texts that may be read, mean over them."""
        drawn = rng.permutation(self._unlabelled)[: self._settings.unlabelled]
        total, half = 0.0, self._half
        self._half = False  # the small move that shows the way would drown in the rounding
        for _, part, _ in self._parts([self._texts["title"][item] for item in drawn], ()):
            turned = smoothness(self._unit, part, self._settings.virtual, rng).sum() / len(drawn)
            turned.backward()
            total += float(turned.detach())
        self._half = half
        return total

    def _unit(self, texts: Sequence[str], move: Any = None) -> Any:
        """(N, D) centred unit vectors, as the model will see them."""
        import torch

        vectors = self._embed(texts, move)
        return torch.nn.functional.normalize(
            vectors - torch.from_numpy(CENTRING * self._mean).to(vectors), dim=1
        )

    def _embed(self, texts: Sequence[str], move: Any = None) -> Any:
        """(N, D); ``move``: embeddings of the words and their mask -> what is added to them."""
        import torch

        features = self.model.tokenize(list(texts))
        features = {
            name: part.to(self.model.device) for name, part in features.items() if hasattr(part, "to")
        }
        hook = None
        if move is not None:
            mask = features["attention_mask"][..., None]

            def moved(module: Any, inputs: Any, words: Any) -> Any:
                return words + move(words.detach(), mask)

            hook = self.model[0].auto_model.get_input_embeddings().register_forward_hook(moved)
        try:
            with torch.autocast(self.model.device.type, torch.bfloat16, enabled=self._half):
                return self.model(features)["sentence_embedding"].float()
        finally:
            if hook is not None:
                hook.remove()

    def vectors(self, only: Collection[str] | None = None) -> dict[str, Array]:
        return {
            name: self._read(column) for name, column in self._texts.items() if only is None or name in only
        }

    def _read(self, column: Sequence[str]) -> Array:
        rows = [row for row, text in enumerate(column) if text.strip()]
        found = self.model.encode([column[row] for row in rows], batch_size=32, show_progress_bar=False)
        out = np.zeros((len(column), found.shape[1]), dtype=np.float32)
        out[rows] = found
        return out

    def state(self) -> dict[str, NDArray[Any]]:
        parts: dict[str, NDArray[Any]] = {"steps": np.array([self._steps])}
        for number, tensor in enumerate(self._trained.values()):
            parts[f"weight/{number}"] = tensor.detach().cpu().numpy().copy()
            for name, moment in self._optimiser.state.get(tensor, {}).items():
                parts[f"{name}/{number}"] = np.array(moment.detach().cpu().numpy())
        return parts

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        import torch

        for number, tensor in enumerate(self._trained.values()):
            with torch.no_grad():
                tensor.copy_(torch.from_numpy(np.array(state[f"weight/{number}"])))
            self._optimiser.state[tensor] = {
                name: torch.from_numpy(np.array(state[f"{name}/{number}"]))
                for name in ("step", "exp_avg", "exp_avg_sq")
                if f"{name}/{number}" in state
            }
        self._steps = int(state["steps"][0])

    @property
    def dimension(self) -> int:
        return int(self.model.get_sentence_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> Array:
        """(N, D) float32, so that a run's result can be used before it is saved."""
        return self._read(texts)

    def name_after(self, base_id: str) -> None:
        """From now on it is an encoder, whose ``id`` holds a hash of the trained weights."""
        total = hashlib.sha256()
        for tensor in self._trained.values():
            total.update(tensor.detach().cpu().numpy().tobytes())
        self.id = f"{base_id}+{total.hexdigest()[:12]}"

    def write(self, folder: Path) -> None:
        """A sentence-transformers model with the LoRA merged into its weights."""
        if self._lora is not None:
            self._lora.merge_and_unload()  # in place, too
            self._lora = None
        self.model.save(str(folder), safe_serialization=True, create_model_card=False)


def _mean(vectors: Array) -> Array:
    known: NDArray[np.bool_] = np.asarray(vectors.any(axis=1))
    return np.asarray(vectors[known].mean(axis=0), dtype=np.float32)
