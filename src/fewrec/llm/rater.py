"""Asks a language model what somebody will think of a few candidates, in the time there is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.encode import VectorCache
from fewrec.errors import ConfigError
from fewrec.llm.model import LanguageModel, checked_likelihoods
from fewrec.llm.prompts import Example, Template, template

__all__ = ["Rater", "balanced"]

MOST_EXAMPLES = 10
FLOOR = 1e-6
"""Ratings stay that far from 0 and 1, so that their log-odds are finite: at most 13.8 either way."""


class Rater:
    """Ratings of candidates by a language model, from examples or a sentence.

    The model is asked once for each candidate; no text that it writes is read. With rating words ``w`` of value
    ``v_w`` and their likelihoods ``p_w`` as the answer,

        rating = sum_w p_w v_w / sum_w p_w,    score = log(rating / (1 - rating))

    For the words Yes and No this is the score of TALLRec (Bao et al. 2023, section 2), before any tuning.

    ``model``: a `LanguageModel`. ``language``: of the prompts, "en" or "zh", or a `Template` of your own.
    ``top``: how many candidates of a list are asked about. ``seconds``: what one list may wait; where the answers
    are not there by then, the list is served without them (what was answered is in the cache for the next time).
    ``learning_seconds`` and ``learning_users``: bounds of the time and of the past users on whom the weight is
    learned when a `fewrec.Recommender` is fitted. ``length``: characters of an item's text, or of a sentence.
    ``cache``: where answers are kept, by content: "default", ``None``, or a `fewrec.encode.VectorCache`.
    ``trained_on``: users that the model was tuned on; no weight is learned on them, because it knows their answers.
    """

    def __init__(
        self,
        model: LanguageModel,
        *,
        language: str | Template = "en",
        top: int = 20,
        seconds: float = 10.0,
        learning_seconds: float = 600.0,
        learning_users: int = 60,
        length: int = 200,
        cache: Any = "default",
        trained_on: Collection[str | int] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not isinstance(model, LanguageModel):
            raise ConfigError(
                f"a {type(model).__name__} is no language model.",
                where="rater",
                value=model,
                hint="Give an object with id, batch_size, likelihoods and write; see fewrec.llm.",
            )
        for name, value in (("top", top), ("learning_users", learning_users), ("length", length)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 2:
                raise ConfigError(f"{name} must be a whole number from 2 on, not {value!r}.", where="rater")
        for name, limit in (("seconds", seconds), ("learning_seconds", learning_seconds)):
            if not (math.isfinite(limit) and limit > 0):
                raise ConfigError(f"{name} must be above 0, not {limit}.", where="rater", value=limit)
        self.model, self.top, self.seconds, self.length = model, top, seconds, length
        self.learning_seconds, self.learning_users = learning_seconds, learning_users
        self.template = template(language) if isinstance(language, str) else language
        self._cache = VectorCache() if isinstance(cache, str) and cache == "default" else cache
        self.trained_on = frozenset(trained_on)
        self.clock = clock

    def __repr__(self) -> str:
        return f"Rater({self.model.id!r}, top={self.top}, seconds={self.seconds:g})"

    @property
    def id(self) -> str:
        """Model and rating words: what an answer depends on beside the prompt."""
        return f"rater:{self.model.id}:{'|'.join(self.template.words)}"

    def scores(
        self,
        examples: Sequence[tuple[str, bool]],
        candidates: Sequence[str],
        *,
        taste: str = "",
        seconds: float | None = None,
    ) -> NDArray[np.float64] | None:
        """``(C,)`` log-odds of the rating of each candidate; ``None`` where time ran out.

        ``examples``: ``(text, liked)``; of more than ten, five likes and five dislikes, or more of one kind where the
        other has fewer, the first of each. ``seconds``: ``self.seconds`` where not given. Raises
        `EncoderError` for a model that cannot be asked.
        """
        limit = self.seconds if seconds is None else seconds
        shown = balanced([Example(text, bool(liked)) for text, liked in examples], MOST_EXAMPLES)
        prompts = [self.template.rating(shown, taste, text, length=self.length) for text in candidates]
        unique = {prompt.text: prompt for prompt in prompts}  # equal texts are asked about once
        keys, asked = list(unique), list(unique.values())
        words = self.template.words
        known = {} if self._cache is None else dict(self._cache.get(self.id, keys))
        found = {at: row for at, row in known.items() if row.shape == (len(words),)}
        open_at = [at for at in range(len(keys)) if at not in found]
        begin, slowest = self.clock(), 0.0
        for start in range(0, len(open_at), self.model.batch_size):
            part = open_at[start : start + self.model.batch_size]
            before = self.clock()
            left = limit - (before - begin)
            if left <= slowest:  # the next batch would come too late
                return None
            try:
                answer = self.model.likelihoods([asked[at] for at in part], words, left)
            except TimeoutError:
                return None
            rows = checked_likelihoods(answer, len(part), len(words), self.model.id)
            if self._cache is not None:
                self._cache.put(self.id, [keys[at] for at in part], rows)
            found.update(zip(part, rows, strict=True))
            slowest = max(slowest, self.clock() - before)
        if self.clock() - begin > limit:
            return None
        place = {key: at for at, key in enumerate(keys)}
        rows_of = [found[place[prompt.text]] for prompt in prompts]
        logs = np.array(rows_of, dtype=np.float64).reshape(len(prompts), len(words))
        return log_odds(logs, np.array(self.template.values))


def balanced(examples: Sequence[Example], most: int) -> list[Example]:
    """``most`` examples or fewer, likes and dislikes alike, in the given order: ten dislikes would say nothing.

    Where one kind has fewer than its half, the other takes the room.
    """
    half = most // 2
    counts = {kind: sum(one.liked is kind for one in examples) for kind in (True, False)}
    room = {kind: max(half, most - counts[not kind]) for kind in (True, False)}
    chosen = []
    for one in examples:
        if room[one.liked]:
            room[one.liked] -= 1
            chosen.append(one)
    return chosen


def log_odds(logs: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(N,)`` log-odds of the expected value of the rating words, from ``(N, W)`` log-likelihoods.

    >>> log_odds(np.log([[0.6, 0.2]]), np.array([1.0, 0.0])).round(3)  # log(.6 / .2)
    array([1.099])
    """
    top = logs.max(axis=1, keepdims=True)
    weights = np.exp(logs - np.where(np.isfinite(top), top, 0.0))
    total = weights.sum(axis=1)
    # No rating word is at all likely: the middle, which says nothing.
    rating = np.divide(weights @ values, total, out=np.full(len(logs), 0.5), where=total > 0)
    rating = np.clip(rating, FLOOR, 1 - FLOOR)
    odds: NDArray[np.float64] = np.log(rating) - np.log1p(-rating)
    return odds
