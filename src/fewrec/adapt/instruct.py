"""A language model tuned to rate for your users, by LoRA on a few hundred of their answers (extra ``train``)."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fewrec.adapt.checkpoint import Checkpoint, key_of
from fewrec.adapt.learner import Learner, Task
from fewrec.data import Dataset
from fewrec.errors import ConfigError, DataError, StoreError
from fewrec.llm import LocalModel, Template, template
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
    with torch.random.fork_rng(), Learner.on(model, words, rank, learning_rate, batch_size, seed) as learner:
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
            learner.save(target, {**asdict(found), "language": words.language})
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


def _pairs(model: LocalModel, tasks: Sequence[Task], words: Template) -> float:
    """Share of one user's pairs in which the liked item, the first, is rated higher; ties count half."""
    rows = [
        model.likelihoods([task.prompt for task in tasks[start : start + model.batch_size]], words.words)
        for start in range(0, len(tasks), model.batch_size)
    ]
    scores = log_odds(np.concatenate(rows).astype(np.float64), np.array(words.values))
    ahead = scores[0::2] - scores[1::2]
    return float(((ahead > 0) + 0.5 * (ahead == 0)).mean())
