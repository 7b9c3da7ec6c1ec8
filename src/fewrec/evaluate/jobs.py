"""The work of an evaluation in pieces: one fit each, and all that is measured with it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from fewrec.errors import ConfigError
from fewrec.evaluate.baselines import Baseline
from fewrec.evaluate.lists import tie_noise
from fewrec.evaluate.measure import Marks, mark_lists, mark_predictions
from fewrec.evaluate.settings import Settings, size_name
from fewrec.evaluate.splits import Plan
from fewrec.evaluate.systems import Asked, WithAttributes, is_factory
from fewrec.evaluate.world import Trained, World
from fewrec.recommender import Recommender
from fewrec.recommender.threads import one_thread

__all__ = ["Job", "Measured", "Work", "jobs_of"]


@dataclass(frozen=True)
class Job:
    """One system, fitted once. ``split``: its place among the plan's splits."""

    system: str
    split: int
    size: int | None

    @property
    def name(self) -> str:
        """A file name."""
        safe = "".join(letter if letter.isalnum() or letter == "-" else "_" for letter in self.system)[:60]
        if safe != self.system:  # two names may look alike in a file name
            safe += "-" + hashlib.sha256(self.system.encode()).hexdigest()[:8]
        return f"{safe}.{size_name(self.size)}.{self.split}"


@dataclass(frozen=True)
class Measured:
    """What came of a job. ``seconds`` is for the report alone: it is never the same twice."""

    job: Job
    marks: tuple[Marks, ...]  # one a number of interactions shown
    tuning: Any
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, and exact."""
        job = self.job
        return {
            "job": [job.system, job.split, job.size],
            "marks": [marks.to_dict() for marks in self.marks],
            "tuning": self.tuning,
            "seconds": self.seconds,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Measured:
        """The inverse of ``to_dict``."""
        marks = tuple(Marks.from_dict(marks) for marks in stored["marks"])
        return cls(Job(*stored["job"]), marks, stored["tuning"], stored["seconds"])


def jobs_of(plan: Plan, systems: Sequence[str]) -> list[Job]:
    """All pieces, system by system."""
    return [Job(name, at, size) for name in systems for size in plan.sizes for at in range(len(plan.splits))]


@dataclass(frozen=True, eq=False)
class Work:
    """What every piece needs."""

    world: World
    settings: Settings
    plan: Plan
    systems: dict[str, Any]

    def fresh(self, name: str) -> Any:
        """The system as it was given, whatever it did meanwhile: what it learned from one split's training users, who
        are test users of another, must not stay with it. ``ConfigError`` where it cannot be copied."""
        system = self.systems[name]
        if is_factory(system):
            return system()
        if isinstance(system, Recommender | Baseline | WithAttributes):
            return system  # each of their fits begins anew, which tests hold them to
        try:
            return deepcopy(system)
        except Exception as error:
            raise ConfigError(
                f"it cannot be copied: {type(error).__name__}: {error}.",
                where=f"systems[{name!r}]",
                hint="Give a class, or a function that makes one: each split is learned from nothing.",
            ) from error

    @one_thread
    def do(self, job: Job) -> Measured:
        """Fits and measures. Linear algebra runs on one thread, so that sums come out the same everywhere."""
        begin = time.perf_counter()
        split = self.plan.splits[job.split]
        data = self.world.data.only(split.pairs(self.world.data, job.size))
        asked, trained = Asked(job.system, self.fresh(job.system), data, self.world.data), Trained.of(data)
        ratings = self.settings.task == "rating"
        if ratings and not asked.predicts:
            raise ConfigError(
                "it foretells no ratings: there is no method predict.",
                where=f"systems[{job.system!r}]",
                hint="Leave it out in the task 'rating', or give it predict(support=...).",
            )
        noise = None if ratings else tie_noise(split.seed, len(split.cases), len(data.items))
        told = []
        for k_shot in self.plan.k_shots:
            marks = Marks(k_shot)
            if not ratings:
                marks = mark_lists(asked, self.world, trained, split.cases, k_shot, self.settings.n, noise)
            if asked.predicts:
                predicted = mark_predictions(asked, self.world, split.cases, k_shot, ratings=ratings)
                marks.per_user |= predicted.per_user
                marks.whole |= predicted.whole
                marks.calibration = predicted.calibration
            told.append(marks)
        return Measured(job, tuple(told), asked.tuning, time.perf_counter() - begin)
