"""Same seed, same answer: in another process, with other threads and another hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from fewrec import Recommender

# A small world that is tuned, and one large enough for the linear algebra to use all threads that it may.
SCRIPT = """
import hashlib, sys
import numpy as np
from fewrec import Dataset, Recommender

everything = hashlib.sha256()

def world(n_items, n_users, share):
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghijkl"), 5)) for _ in range(60)]
    items = {"item": list(range(n_items)), "title": [" ".join(rng.choice(words, 3)) for _ in range(n_items)]}
    user, item = np.nonzero(rng.random((n_users, n_items)) < share)
    ratings = rng.integers(1, 6, len(user))
    events = {"user": user.tolist(), "item": item.tolist(), "rating": ratings.tolist()}
    people = {"user": list(range(n_users)), "city": rng.choice(["Oslo", "Rome"], n_users).tolist()}
    return Dataset(items, events, people), words

for name, size, tune in (("small", (100, 30, 0.12), True), ("large", (1500, 50, 0.008), False)):
    data, words = world(*size)
    model = Recommender(encoder="hashed", tune=tune).fit(data, progress=False)
    for scores in (
        model.score({1, 2, 3}),
        model.score(user=3, taste=words[0], attributes={"city": "Oslo"}),
        model.score_many([[k, k + 1] for k in range(60)]),
        model.predict(list(range(20))).mean,
    ):
        everything.update(np.ascontiguousarray(scores).tobytes())
    lists = [model.recommend(user=user, diversity=0.2).to_dict() for user in range(3)]
    lists += [model.similar_items(5).to_dict(), model.audience(7).to_dict()]
    everything.update(str(lists).encode())
    if tune:
        model.save(sys.argv[1])
print(everything.hexdigest())
"""


def run(folder: Path, threads: int) -> tuple[str, dict[str, bytes]]:
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, str(threads)), "PYTHONHASHSEED": str(threads)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return done.stdout, {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_threads_and_hash_seeds_change_no_byte(tmp_path: Path) -> None:
    one, two = run(tmp_path / "one", 1), run(tmp_path / "two", 2)
    assert one[0] == two[0]
    assert len(one[0].strip()) == 64
    assert one[1] == two[1]


def test_the_seed_is_all_that_chance_depends_on(world: Any) -> None:
    data = world.data()

    def scores(seed: int) -> np.ndarray:
        return Recommender(encoder="hashed", seed=seed).fit(data, progress=False).score(["i0"])

    first = scores(0)
    np.random.seed(1)  # noqa: NPY002 - the process-wide generator is of no account
    np.testing.assert_array_equal(scores(0), first)
    assert not np.array_equal(scores(1), first)  # ties are broken otherwise
