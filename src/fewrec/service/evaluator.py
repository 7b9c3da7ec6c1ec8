"""An evaluation in a process of its own: ``python -m fewrec.service.evaluator``, its task as JSON on stdin.

How good the lists are for people who were never seen, against the bestseller list: ``fewrec.evaluate`` on the rows of
the store, small enough to run beside a service. The model that answers is not touched; each measured one is fitted
anew, without those it is measured on.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from fewrec.config import Config
from fewrec.errors import FewrecWarning
from fewrec.recommender import Recommender
from fewrec.service.tables import dataset_of
from fewrec.service.worker import beating, carried_out
from fewrec.store import Store

__all__ = ["SEEDS", "TEST_USERS", "measure"]

SEEDS, TEST_USERS = 2, 100
"""So many splits, and in each at most so many people who are taken out: two fits of fewrec, and at most 1,000 lists of
each system. Enough to see the curve, not to tell close systems apart; ``fewrec evaluate`` does that."""

SYSTEMS = ["fewrec", "popularity"]


def measure(store: Store, config: Config, id: int, cache: Any, *, encoder: Any = None) -> str:
    """Runs an evaluation and keeps its result; the status that it ends with. Errors of the family pass through."""
    from fewrec.evaluate import evaluate  # here: a service that starts does without it

    model = Recommender(
        encoder=config.model.encoder if encoder is None else encoder,
        tune=config.model.tune, seed=config.model.seed, cache=cache,
    )  # fmt: skip
    with beating(lambda **about: store.evaluations.say(id, **about)) as said, warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)  # they stand in the result's notes and in the report
        snapshot = store.snapshot()
        data, _ = dataset_of(snapshot, config.data)

        def progress(done: int, total: int) -> None:
            said.update(what="evaluation", done=done, total=total)

        found = evaluate(data, SYSTEMS, seeds=SEEDS, test_users=TEST_USERS, fewrec=model, progress=progress)
    return store.evaluations.finish(id, snapshot.seq, found.to_dict()).status


def evaluate_the_store(store: Store, config: Config, task: Mapping[str, Any], cache: Any) -> None:
    """The task of this module."""
    measure(store, config, task["number"], cache)


if __name__ == "__main__":
    raise SystemExit(carried_out(evaluate_the_store))
