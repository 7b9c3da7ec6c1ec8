"""A language model tuned to rate for your users, by LoRA on a few hundred of their answers (extra ``train``)."""

from __future__ import annotations

import json
import math
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.adapt.checkpoint import Checkpoint, key_of
from fewrec.data import Dataset
from fewrec.errors import ConfigError, DataError, StoreError
from fewrec.llm import LocalModel, Prompt, Template, template
from fewrec.llm.files import needed
from fewrec.llm.named import ABOUT
from fewrec.llm.prompts import Example
from fewrec.llm.rater import log_odds
from fewrec.text.augment import generator

__all__ = ["Tuned", "check_tuning", "leave", "tune_rater"]

MOST_SHOWN = 10
LEVEL = 0.99
"""A model that has learned nothing is kept 1 time in 100: a quantile of Student's t, for test users can be few."""

LEAST_USERS = 20  # a tenth of fewer could prove nothing
CLIP = 1.0


@dataclass(frozen=True)
class Task:
    """One question to the model: will this user like this candidate?"""

    prompt: Prompt
    liked: bool


@dataclass(frozen=True)
class Tuned:
    """What came of tuning. ``verdict``: "tuned", with a model in ``folder``, or "kept frozen", without one."""

    verdict: str
    folder: str | None
    before: float  # mean over test users: share of (liked, not liked) pairs that are told apart
    after: float  # the same of the tuned model
    error: float  # standard error of the difference
    epochs: tuple[tuple[float, float, float], ...]  # (training loss, validation loss, validation pairs right)
    trained_on: tuple[str | int, ...]  # users whose answers were learned from, or stopped on
    test_users: int

    def __str__(self) -> str:
        gain = f"{self.before:.3f} -> {self.after:.3f} ({self.after - self.before:+.3f} ± {self.error:.3f})"
        return f"{self.verdict}: pairs told apart {gain} on {self.test_users} users after {len(self.epochs)} epochs."


def tune_rater(
    data: Dataset,
    model: LocalModel,
    folder: str | os.PathLike[str],
    *,
    language: str | Template = "en",
    pairs_per_user: int = 2,
    epochs: int = 5,
    patience: int = 2,
    batch_size: int = 8,
    learning_rate: float = 2e-4,
    rank: int = 8,
    length: int = 80,
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> Tuned:
    """Instruction tuning of a rater on users, in the manner of TALLRec (Bao et al. 2023, sections 2 and 3).

    Each task shows 1 to 10 interactions of a user and asks about another item; the loss is that of the next word, on
    the rating word alone:

        L = - mean over tasks of log p(word of the user's answer | prompt)

    by AdamW on LoRA matrices of ``rank`` in all linear layers, a tenth of the steps warming up, gradients clipped to
    1. Liked and other items are asked about in pairs, with the same items shown; others are disliked ones, and, of
    users who dislike nothing, items they never met. Supports are drawn anew for each epoch. Where TALLRec's samples
    came from one prompt with lists of titles, ours have a line for each item.

    Of the users, 70 % train, 10 % stop (the epoch with the best validation loss is kept; ``patience`` epochs without a
    better one end it), 20 % test, once. The tuned model is written only if it tells apart more pairs of a liked and
    another item for test users than the untuned one (paired t test at a level of 1 %); else the verdict is "kept
    frozen" and nothing is written. ``folder`` then holds the merged model, for `LocalModel`, and ``tuned.json`` with
    the ids of users that were learned from: give them as ``Rater(..., trained_on=...)``, for their answers prove
    nothing more. ``checkpoint``: a folder in which the run keeps where it stands after each epoch; the same call goes
    on from there.

    Raises `ConfigError`, `DataError` with fewer than 20 users who can be asked about, `StoreError` for a folder that is
    taken, `EncoderError` where something is not installed.
    """
    check_tuning(
        folder,
        learning_rate,
        pairs_per_user=pairs_per_user, epochs=epochs, patience=patience,
        batch_size=batch_size, rank=rank, length=length,
    )  # fmt: skip
    target = Path(folder)
    words = template(language) if isinstance(language, str) else language
    asking = _Asking(data, words, length)
    users = asking.users()
    if len(users) < LEAST_USERS:
        raise DataError(
            f"{len(users)} users have three interactions, liked ones among them.",
            where="tune_rater",
            hint=f"{LEAST_USERS} are needed to learn from some and test on others.",
        )
    users = generator(seed, "users").permutation(users)
    tested, stopping = max(len(users) // 5, 2), max(len(users) // 10, 2)
    test, stop, train = np.split(users, [tested, tested + stopping])
    tell = say or (lambda line: None)
    test_tasks = [asking.of(int(user), pairs_per_user, generator(seed, "test", int(user))) for user in test]
    stop_tasks = [asking.of(int(user), pairs_per_user, generator(seed, "stop", int(user))) for user in stop]

    import torch
    from scipy.special import stdtrit

    key = key_of(
        data=data.fingerprint, model=model.id, words=repr(words), pairs=pairs_per_user, epochs=epochs,
        patience=patience, batch_size=batch_size, learning_rate=learning_rate, rank=rank, length=length, seed=seed,
    )  # fmt: skip
    state = Checkpoint(None if checkpoint is None else Path(checkpoint), key)
    steps = epochs * math.ceil(len(train) * 2 * pairs_per_user / batch_size)
    # LoRA matrices start at random, and some of their entries are dropped; the process's own numbers stay as they were.
    with torch.random.fork_rng(), _Learner.on(model, words, rank, learning_rate, batch_size, seed) as learner:
        rows = state.resume("instruct", learner)
        if not rows:  # LoRA matrices begin at 0, so this is the model as it was
            rows = [[_pairs(learner.model, tasks, words) for tasks in test_tasks]]
            state.keep("instruct", learner, rows)
        before = np.array(rows[0])
        told: list[tuple[float, float, float]] = [(row[0], row[1], row[2]) for row in rows[1:]]
        for line in _told(told):
            tell(line)
        while len(told) < epochs and len(told) - _best(told) < patience:
            epoch = len(told)
            torch.manual_seed(int(generator(seed, "dropout", epoch).integers(2**31)))
            tasks = [
                task
                for user in train
                for task in asking.of(int(user), pairs_per_user, generator(seed, "train", epoch, int(user)))
            ]
            order = generator(seed, "order", epoch).permutation(len(tasks))
            loss = learner.epoch([tasks[at] for at in order], steps)
            held = learner.loss([task for listed in stop_tasks for task in listed])
            right = float(np.mean([_pairs(learner.model, listed, words) for listed in stop_tasks]))
            told.append((loss, held, right))
            tell(_told(told)[-1])
            if _best(told) == len(told):
                learner.best = learner.weights()
            state.keep("instruct", learner, [rows[0], *map(list, told)])
            if progress is not None:
                progress("Tuning the language model", epoch + 1, epochs)
        learner.set_weights(learner.best)
        after = np.array([_pairs(learner.model, tasks, words) for tasks in test_tasks])
        gain = after - before
        error = float(gain.std(ddof=1) / math.sqrt(len(gain)))
        proven = bool(gain.mean() > stdtrit(len(gain) - 1, LEVEL) * error)
        found = Tuned(
            verdict="tuned" if proven else "kept frozen",
            folder=str(target) if proven else None,
            before=float(before.mean()),
            after=float(after.mean()),
            error=error,
            epochs=tuple(told),
            trained_on=tuple(data.users.ids[int(user)] for user in sorted([*train, *stop])),
            test_users=len(test),
        )
        if proven:
            learner.save(target, found)
    state.clear()  # only now: a kill before this line must not cost the run
    return found


def _best(told: Sequence[tuple[float, float, float]]) -> int:
    """The epoch, from 1 on, with the lowest validation loss; the first of equal ones, 0 where there is none."""
    return int(np.argmin([held for _, held, _ in told])) + 1 if told else 0


def _told(told: Sequence[tuple[float, float, float]]) -> list[str]:
    """A line for each epoch."""
    return [
        f"epoch {at}: loss {loss:.4f}, validation loss {held:.4f}, pairs told apart in validation {right:.3f}"
        for at, (loss, held, right) in enumerate(told, 1)
    ]


def check_tuning(folder: str | os.PathLike[str], learning_rate: float, **counts: int) -> None:
    """Raises what `tune_rater` would raise before it looks at any data."""
    needed("tuning a language model", "torch", "transformers", "peft", install='pip install "fewrec[train]"')
    for name, value in counts.items():
        if value < 1:
            raise ConfigError(f"{name} must be at least 1, not {value}.", where="tune_rater", value=value)
    if not (math.isfinite(learning_rate) and learning_rate > 0):
        raise ConfigError("learning_rate must be above 0.", where="tune_rater", value=learning_rate)
    if Path(folder).exists():
        raise StoreError(
            "this folder is there already.", where=str(folder), hint="Choose another, or remove it."
        )


def leave(folder: str | os.PathLike[str], model: LocalModel, found: Tuned, language: str) -> None:
    """A folder that stands for ``model`` as it was, with what was ``found``: for who wants a folder in any case."""
    target = Path(folder)
    about = {**asdict(found), "trained_on": [], "language": language, "base": str(model.path.resolve())}
    try:
        target.mkdir(parents=True)
        (target / ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"the folder cannot be written: {error.strerror}.", where=str(target)) from error


class _Asking:
    """Draws tasks from the histories of users."""

    def __init__(self, data: Dataset, words: Template, length: int) -> None:
        self.words, self.length, self.n_items = words, length, len(data.items)
        self.titles = data.titles
        liked, met = data.matrix("liked"), data.matrix("all")
        self.liked = [liked[row].indices for row in range(liked.shape[0])]
        self.met = [np.sort(met[row].indices) for row in range(met.shape[0])]

    def users(self) -> NDArray[np.intp]:
        """Users with a like and two more interactions, and an item that is not liked to ask about."""
        able = [
            row
            for row, (liked, met) in enumerate(zip(self.liked, self.met, strict=True))
            if len(liked) and len(met) >= 3 and len(liked) < self.n_items
        ]
        return np.array(able, dtype=np.intp)

    def of(self, user: int, pairs: int, rng: np.random.Generator) -> list[Task]:
        """``pairs`` times a liked item and one that is not, each pair with the same items shown.

        Neither of the two is shown: else a user with one like less on show would always have liked the candidate, and
        a model would learn to count.
        """
        liked, met = self.liked[user], self.met[user]
        others = np.setdiff1d(met, liked)
        if len(others) == 0:
            others = np.setdiff1d(np.arange(self.n_items), met)
        tasks = []
        for _ in range(pairs):
            asked = [int(rng.choice(liked)), int(rng.choice(others))]
            rest = rng.permutation(np.setdiff1d(met, asked))[: int(rng.integers(1, MOST_SHOWN + 1))]
            shown = [Example(self.titles[item], item in liked) for item in rest.tolist()]
            tasks += [
                Task(self.words.rating(shown, "", self.titles[item], length=self.length), wanted)
                for item, wanted in zip(asked, (True, False), strict=True)
            ]
        return tasks


class _Learner:
    """LoRA matrices on a model, and their optimiser."""

    def __init__(
        self, model: LocalModel, words: Template, rank: int, learning_rate: float, batch_size: int
    ) -> None:
        import torch
        from peft import LoraConfig, get_peft_model

        base, self.tokenizer = model.parts()
        self.words, self.batch_size, self.learning_rate = words, batch_size, learning_rate
        settings = LoraConfig(
            r=rank, lora_alpha=2 * rank, lora_dropout=0.05, target_modules="all-linear", task_type="CAUSAL_LM"
        )
        self.net: Any = get_peft_model(base, settings)
        self.model = LocalModel.of(self.net.get_base_model(), self.tokenizer, f"{model.id}+lora")
        self.own = model
        self.step = 0
        self.optimizer = torch.optim.AdamW(
            [one for one in self.net.parameters() if one.requires_grad], lr=learning_rate, weight_decay=0.0
        )
        yes, no = int(np.argmax(words.values)), int(np.argmin(words.values))
        self.answers = (model.spelt(words.words[no]), model.spelt(words.words[yes]))
        self.best = self.weights()
        self.net.eval()

    @classmethod
    @contextmanager
    def on(
        cls, model: LocalModel, words: Template, rank: int, learning_rate: float, batch_size: int, seed: int
    ) -> Iterator[_Learner]:
        """A learner on ``model``, which is as it was before when all is over, however it ends."""
        import torch

        torch.manual_seed(seed)
        learner = cls(model, words, rank, learning_rate, batch_size)
        try:
            yield learner
        finally:
            learner.net.unload()

    def epoch(self, tasks: Sequence[Task], steps: int) -> float:
        """One pass; the mean loss."""
        import torch

        self.net.train()
        total = 0.0
        for ids, mask, labels in self._batches(tasks):
            self.step += 1
            warm = min(1.0, self.step / max(1.0, 0.1 * steps))
            for group in self.optimizer.param_groups:
                group["lr"] = self.learning_rate * warm * max(0.05, 1 - self.step / (steps + 1))
            loss = self.net(input_ids=ids, attention_mask=mask, labels=labels).loss
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), CLIP)
            self.optimizer.step()
            total += float(loss.detach()) * len(ids)
        self.net.eval()
        return total / len(tasks)

    def loss(self, tasks: Sequence[Task]) -> float:
        """The mean loss without learning."""
        import torch

        with torch.inference_mode():
            sums = [
                float(self.net(input_ids=ids, attention_mask=mask, labels=labels).loss) * len(ids)
                for ids, mask, labels in self._batches(tasks)
            ]
        return sum(sums) / len(tasks)

    def weights(self) -> dict[str, Any]:
        """A copy of the LoRA matrices."""
        return {name: one.detach().clone() for name, one in self._trained()}

    def set_weights(self, kept: dict[str, Any]) -> None:
        """Puts a copy back."""
        import torch

        with torch.no_grad():
            for name, one in self._trained():
                one.copy_(kept[name])

    def state(self) -> dict[str, NDArray[Any]]:
        """All that `restore` needs to go on from here."""
        parts: dict[str, NDArray[Any]] = {"step": np.array([self.step])}
        for number, (name, one) in enumerate(self._trained()):
            parts[f"weight/{number}"] = one.detach().cpu().numpy().copy()
            parts[f"best/{number}"] = self.best[name].cpu().numpy().copy()
            for moment, value in self.optimizer.state.get(one, {}).items():
                parts[f"{moment}/{number}"] = np.array(value.detach().cpu().numpy())
        return parts

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        import torch

        for number, (name, one) in enumerate(self._trained()):
            with torch.no_grad():
                one.copy_(torch.from_numpy(np.array(state[f"weight/{number}"])))
            self.best[name] = torch.from_numpy(np.array(state[f"best/{number}"])).to(one)
            moments = {
                moment: torch.from_numpy(np.array(state[f"{moment}/{number}"]))
                for moment in ("step", "exp_avg", "exp_avg_sq")
                if f"{moment}/{number}" in state
            }
            if moments:
                on = {
                    moment: value if moment == "step" else value.to(one) for moment, value in moments.items()
                }
                self.optimizer.state[one] = on
        self.step = int(state["step"][0])

    def _trained(self) -> list[tuple[str, Any]]:
        return [(name, one) for name, one in self.net.named_parameters() if "lora_" in name]

    def save(self, target: Path, about: Tuned) -> None:
        """The merged model in a folder, whole or not at all."""
        beside = target.with_name(f".{target.name}.part-{secrets.token_hex(4)}")
        try:
            plain = self.net.get_base_model()
            state = {
                name.replace(".base_layer.", "."): one
                for name, one in plain.state_dict().items()
                if "lora_" not in name
            }
            for name, layer in plain.named_modules():
                if hasattr(
                    layer, "get_delta_weight"
                ):  # merged in place and undone, weights would lose last bits
                    delta = layer.get_delta_weight(layer.active_adapter[0]).detach()
                    state[f"{name}.weight"] = state[f"{name}.weight"] + delta
            plain.save_pretrained(str(beside), state_dict=state)
            self.tokenizer.save_pretrained(str(beside))
            told = {**asdict(about), "language": self.words.language}
            (beside / ABOUT).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
            os.rename(beside, target)
        except OSError as error:
            raise StoreError(f"the folder cannot be written: {error.strerror}.", where=str(target)) from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _batches(self, tasks: Sequence[Task]) -> Iterator[tuple[Any, Any, Any]]:
        """``(B, T)`` tokens, mask and labels; only the answer's tokens have labels."""
        import torch

        for start in range(0, len(tasks), self.batch_size):
            part = tasks[start : start + self.batch_size]
            asked = [self.own.tokens(task.prompt) for task in part]
            said = [self.answers[int(task.liked)] for task in part]
            longest = max(len(a) + len(b) for a, b in zip(asked, said, strict=True))
            ids = torch.zeros((len(part), longest), dtype=torch.long)
            mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
            for row, (a, b) in enumerate(zip(asked, said, strict=True)):
                ids[row, : len(a) + len(b)] = torch.tensor([*a, *b])
                mask[row, : len(a) + len(b)] = 1
                labels[row, len(a) : len(a) + len(b)] = torch.tensor(b)
            device = self.net.device
            yield ids.to(device), mask.to(device), labels.to(device)


def _pairs(model: LocalModel, tasks: Sequence[Task], words: Template) -> float:
    """Share of one user's pairs in which the liked item, the first, is rated higher; ties count half."""
    rows = [
        model.likelihoods([task.prompt for task in tasks[start : start + model.batch_size]], words.words)
        for start in range(0, len(tasks), model.batch_size)
    ]
    scores = log_odds(np.concatenate(rows).astype(np.float64), np.array(words.values))
    ahead = scores[0::2] - scores[1::2]
    return float(((ahead > 0) + 0.5 * (ahead == 0)).mean())
