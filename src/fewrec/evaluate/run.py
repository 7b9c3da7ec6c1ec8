"""``evaluate``: data and systems in, an ``Evaluation`` out."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from fewrec.data import Dataset
from fewrec.encode import progress_bar
from fewrec.errors import ConfigError, DataError
from fewrec.evaluate.cells import cells, comparisons, groups, rounded, slices, user_rows
from fewrec.evaluate.evaluation import Evaluation
from fewrec.evaluate.guard import check_system
from fewrec.evaluate.jobs import Measured, Work, jobs_of
from fewrec.evaluate.keep import Kept, run_key
from fewrec.evaluate.lineup import lineup, must_beat
from fewrec.evaluate.settings import Settings, moment, refuse_idle, size_name
from fewrec.evaluate.splitsfile import digest
from fewrec.evaluate.tasks import plan_of
from fewrec.evaluate.workers import done, packed, unpacked
from fewrec.evaluate.world import World
from fewrec.recommender import Recommender

__all__ = ["evaluate"]

Progress = Callable[[int, int], None]


def evaluate(
    data: Dataset,
    systems: Sequence[str] | Mapping[str, Any] | None = None,
    *,
    task: str = "cold-users",
    k_shot: Sequence[int] | int | None = None,
    train_users: Sequence[int | str] | int | str = "all",
    seeds: int | None = None,
    n: int | None = None,
    test_users: int | None = None,
    share: float | None = None,
    last: bool = False,
    date: Any = None,
    splits: str | os.PathLike[str] | None = None,
    guard: bool = True,
    workers: int = 1,
    resume: str | os.PathLike[str] | None = None,
    progress: bool | Progress = True,
    fewrec: Recommender | None = None,
) -> Evaluation:
    """How good recommendations are for people who were never seen, how sure that is, and what beats what.

    >>> from fewrec import Dataset
    >>> data = Dataset(interactions={
    ...     "user": [user for user in range(90) for _ in range(3)],
    ...     "item": [item for user in range(90) for item in (0, 1 + user % 2, 3 + user % 30)],
    ... })
    >>> found = evaluate(data, ["random", "popularity"], k_shot=1, seeds=1, progress=False)
    >>> found.comparisons[0]["system"], found.comparisons[0]["against"], found.comparisons[0]["verdict"]
    ('popularity', 'random', 'better')

    ``systems``: ``None`` for the baselines and fewrec; names; or name -> object with ``fit(data)`` and
    ``score(support)`` (see ``fewrec.evaluate.systems``), beside which the baselines are measured, too. ``task``: see
    ``fewrec.evaluate.TASKS``. ``k_shot``: how many interactions of a test user are shown; 0, 1, 3, 5 and 10 where
    nothing is said. ``train_users``: how many people there are to learn from, "all" for all. ``seeds``: how many
    splits (3). ``n``: length of the lists (10). ``test_users``: at most so many a seed (150). ``share`` (.2), ``last``,
    ``date``: for the tasks that hold something out by a share, by time, by a date. What does nothing in a task is
    refused; ``fewrec.evaluate.settings.COUNTS`` tells what counts where. ``splits``: a file of fixed splits.
    ``guard``: refuse objects that know the answers. ``workers``: processes; the result is the same whatever their
    number. ``resume``: a folder for finished pieces; those that are there are not done again. ``progress``: a bar on
    stderr where that is a terminal, or a function ``(done, total)``. ``fewrec``: the recommender behind the name
    "fewrec", where it is not the default one.

    Raises ``DataError`` where there is too little to test on, ``ConfigError`` for bad settings and for systems that
    have seen the answers, ``StoreError`` for a folder of another run.
    """
    begin = time.perf_counter()
    if not isinstance(data, Dataset):
        kind, hint = type(data).__name__, "Make one first: Dataset(items, interactions)."
        raise DataError(f"a {kind} is no Dataset.", where="evaluate", hint=hint)
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ConfigError(
            f"{workers!r} is not a number of processes.",
            where="workers",
            value=workers,
            hint="Give 1 or more.",
        )
    given = {
        "k_shot": None if k_shot is None else _several(k_shot), "seeds": seeds, "n": n, "test_users": test_users,
        "share": share, "last": bool(last) or None, "date": date, "splits": splits,
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    refuse_idle(task, given)
    given.pop("splits", None)
    if date is not None:
        given["date"] = moment(date)
    settings = Settings(task, train_users=_several(train_users), guard=bool(guard), **given)
    world = World.of(data)
    settings, plan = plan_of(data, world.data, settings, splits)
    chosen = lineup(systems, fewrec, world, settings)
    work = Work(world, settings, plan, chosen.systems)
    if guard and chosen.given:
        checked = unpacked(packed(work)) if workers > 1 else work  # what has been fitted travels badly
        for name in chosen.given:
            check_system(checked, name)
    about: dict[str, Any] = {
        "settings": settings.to_dict(),
        "versions": versions(),
        "fingerprint": world.data.fingerprint,
    }
    about["settings"]["splits"] = None if splits is None else digest(splits)
    about["settings"]["systems"] = chosen.described()
    measured = _measured(work, workers, resume, progress, run_key(**about))
    return _evaluation(work, measured, about, time.perf_counter() - begin)


def _several(given: Any) -> tuple[Any, ...]:
    several = isinstance(given, Sequence | Set) or getattr(given, "ndim", 0) == 1  # a list, a set, an array
    return tuple(given) if several and not isinstance(given, str) else (given,)


def versions() -> dict[str, str]:
    """What computed the numbers."""
    found = {name: version(name) for name in ("fewrec", "numpy", "scipy")}
    return {**found, "python": platform.python_version()}


def _measured(work: Work, workers: int, resume: Any, progress: bool | Progress, key: str) -> list[Measured]:
    jobs = jobs_of(work.plan, list(work.systems))
    kept = None if resume is None else Kept(resume, key)
    there = {job: piece for job in jobs if kept and (piece := kept.read(job)) is not None}
    with _shown(progress) as show:
        show(len(there), len(jobs))
        for piece in done(work, [job for job in jobs if job not in there], workers):
            if kept:
                kept.write(piece)
            there[piece.job] = piece
            show(len(there), len(jobs))
    return [there[job] for job in jobs]


@contextmanager
def _shown(progress: bool | Progress) -> Iterator[Progress]:
    if callable(progress):
        yield progress
    elif progress:
        with progress_bar("Evaluating") as bar:
            yield bar
    else:
        yield lambda done, total: None


def _evaluation(work: Work, measured: list[Measured], about: dict[str, Any], seconds: float) -> Evaluation:
    settings, plan = work.settings, work.plan
    found = groups(plan, measured)
    data = work.world.data
    tuning = [
        axes | piece.tuning | axes  # a system that calls something "seed" must not move the split's
        for piece in measured
        if piece.tuning
        for axes in [{
            "system": piece.job.system, "train_users": size_name(piece.job.size),
            "seed": plan.splits[piece.job.split].seed,
        }]
    ]  # fmt: skip
    return Evaluation(
        cells=cells(settings, found),
        comparisons=comparisons(settings, found),
        slices=slices(settings, plan, found),
        calibration=[
            {"system": group.system, **group.where, "seed": split.seed,
             "bins": [[rounded(one.said), rounded(one.true), one.count] for one in marks.calibration]}
            for group in found
            for split, marks in zip(plan.splits, group.marks, strict=True)
            if marks.calibration
        ],
        tuning=tuning,
        settings={
            **about["settings"],
            "k_shot": list(plan.k_shots),
            "train_users": [size_name(size) for size in plan.sizes],
            "liked": data.feedback.describe(),
            "lists": sum(len(split.cases) for split in plan.splits),
            "training_users": min(len(split.training_users) for split in plan.splits),
            "explicit": data.feedback.kind == "explicit",
            "fingerprint": about["fingerprint"],
        },
        versions=about["versions"],
        notes=list(plan.notes),
        must_beat=must_beat(settings),
        health=data.health(),
        make_rows=lambda: user_rows(settings, plan, found),
        seconds={"all": seconds, **_seconds(measured)},
    )  # fmt: skip


def _seconds(measured: Sequence[Measured]) -> dict[str, float]:
    total: dict[str, float] = {}
    for piece in measured:
        total[piece.job.system] = total.get(piece.job.system, 0.0) + piece.seconds
    return total
