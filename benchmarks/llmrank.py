"""LLMRank on games (Hou et al., ECIR 2024): 200 users, 20 candidates with the next game among them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.encoder_text import EncoderText
from benchmarks.systems import quiet
from fewrec import Dataset, Recommender
from fewrec.evaluate.baselines import Popularity, Text

__all__ = ["Case", "chapter", "forced", "gains", "ndcgs", "read_histories"]

CUTOFFS = (1, 5, 10, 20)
RETRIEVED = "Games.rabmbepobpgrsa_3"

PUBLISHED = (
    ("Pop", "all training sequences", (28.35, 47.42, 52.96, 57.45)),
    ("BPRMF", "all training sequences", (44.92, 62.33, 66.27, 68.94)),
    ("SASRec", "all training sequences", (56.90, 73.19, 75.92, 77.14)),
    ("BM25", "nothing", (13.92, 28.81, 34.61, 44.35)),
    ("UniSRec", "other domains", (18.95, 33.99, 40.71, 48.42)),
    ("VQ-Rec", "other domains", (7.28, 18.28, 26.21, 37.62)),
    ("ChatGPT, sequential prompt", "nothing of these data", (30.28, 45.48, 50.57, 56.55)),
    ("ChatGPT, recency-focused", "nothing of these data", (34.03, 48.77, 53.50, 59.01)),
    ("ChatGPT, in-context learning", "nothing of these data", (33.95, 48.44, 53.10, 58.92)),
    ("LLaMA-2-70B-Chat", "nothing of these data", (21.50, 32.30, 37.83, 41.97)),
    ("GPT-3.5", "nothing of these data", (23.83, 45.69, 50.31, 55.45)),
    ("GPT-4", "nothing of these data", (39.50, 58.22, 62.88, 65.25)),
)
"""Tables 2 and 3 of the paper, NDCG x 100."""
PUBLISHED_RETRIEVED = (
    ("Pop", "all training sequences", (0.13, 1.00, 2.27, 2.62)),
    ("BPRMF", "all training sequences", (0.55, 1.98, 2.96, 3.19)),
    ("SASRec", "all training sequences", (1.33, 3.55, 4.02, 4.11)),
    ("BM25", "nothing", (0.18, 1.07, 1.80, 2.55)),
    ("UniSRec", "other domains", (0.00, 1.86, 2.03, 2.31)),
    ("VQ-Rec", "other domains", (0.20, 1.21, 1.91, 2.64)),
    ("ChatGPT", "nothing of these data", (0.90, 2.26, 2.80, 3.08)),
)
"""Table 4."""

HEAD = """
## LLMRank, video games

200 users; each has bought up to 49 games and accessories before, and one more is to be found: 20 candidates, the next
purchase and 19 random items (the first 19 of the stored list without the next purchase, and the next purchase). One
right answer, so NDCG@1 is the share of users for whom it comes first. fewrec is shown the whole history as a support
of likes.
"""

TELLS = """
What is comparable: the users, their histories, the candidate lists, the measure. The rows marked "nothing" or "nothing
of these data" stand beside fewrec from titles alone; language models may have read about these games and their
popularity, which titles do not tell. What is not: the published rows of "all training sequences" learned from the
sequences of all 50,546 users, the 200 among them, and SASRec and the prompts know the order of purchases, which fewrec
does not use; fewrec learned from {trained} other people (all of the stored 6,000 but the 200, their next
purchases left out) and never from the 200. Published rows have no standard errors; with 200 users that of NDCG@1 is
about 3.4 points at 35, so that rows closer than 7 to 10 points are not told apart. Random items are easy to set aside:
the second table, with candidates that seven retrieval systems chose, is harder. The next purchase is in {inside} of its
200 lists, so that its numbers are too small to tell systems apart on 200 users.
"""


@dataclass(frozen=True)
class Case:
    """One user: what is known, what may be listed, what is right."""

    user: str
    history: tuple[str, ...]
    target: str
    candidates: tuple[str, ...]


def read_items(folder: Path) -> dict[str, str]:
    """Item -> title."""
    with gzip.open(folder / "Games.item.gz", "rt", encoding="utf-8") as file:
        next(file)
        return dict(line.rstrip("\n").split("\t", 1) for line in file)  # type: ignore[misc]


def read_histories(folder: Path) -> dict[str, tuple[tuple[str, ...], str]]:
    """User -> (history, the next purchase)."""
    found = {}
    with gzip.open(folder / "Games-6k.test.inter.gz", "rt", encoding="utf-8") as file:
        next(file)
        for line in file:
            user, history, target = line.rstrip("\n").split("\t")
            found[user] = (tuple(history.split()), target)
    return found


def forced(target: str, listed: Sequence[str], size: int = 20) -> tuple[str, ...]:
    """The first ``size - 1`` of ``listed`` without the target, and the target.

    >>> forced("c", ["a", "c", "b", "d"], size=3)
    ('a', 'b', 'c')
    """
    return (*[item for item in listed if item != target][: size - 1], target)


def cases(
    folder: Path, file: str, histories: Mapping[str, tuple[tuple[str, ...], str]], force: bool
) -> list[Case]:
    found = []
    for line in (folder / file).read_text().splitlines():
        user, *listed = line.split()
        history, target = histories[user]
        chosen = forced(target, listed) if force else tuple(dict.fromkeys(listed))
        found.append(Case(user, history, target, chosen))
    return found


def gains(scores: NDArray[Any], right: int | None, rng: np.random.Generator) -> list[float]:
    """NDCG at each cutoff with one right answer: 1 / log2(1 + its rank), 0 beyond the cutoff or where it is absent.

    Ties are drawn; NaN comes last.
    """
    if right is None:
        return [0.0] * len(CUTOFFS)
    worst = np.where(np.isnan(scores), np.inf, -np.asarray(scores, dtype=np.float64))
    order = np.lexsort((rng.random(len(worst)), worst))
    rank = 1 + int(np.flatnonzero(order == right)[0])
    return [1 / np.log2(1 + rank) if rank <= cutoff else 0.0 for cutoff in CUTOFFS]


def ndcgs(system: Any, played: Sequence[Case], at: Mapping[str, int]) -> NDArray[np.float64]:
    """(users, cutoffs)."""
    rows = []
    for number, case in enumerate(played):
        scores = np.asarray(system.score(dict.fromkeys(case.history, 1.0)))
        chosen = scores[[at[item] for item in case.candidates]]
        right = case.candidates.index(case.target) if case.target in case.candidates else None
        rows.append(gains(chosen, right, np.random.default_rng((0, number))))
    return np.array(rows)


def systems(
    folder: Path, tested: set[str], items: dict[str, str], most: int | None
) -> Iterator[tuple[str, str, Any, int]]:
    """(name, what it learned from, fitted, training users)."""
    catalogue = {"item_id": list(items), "title": list(items.values())}
    histories = read_histories(folder)
    with gzip.open(folder / "Games-6k.random.gz", "rt") as file:
        people = [user for user in (line.split()[0] for line in file) if user not in tested][:most]
    pairs = [(user, item) for user in people for item in histories[user][0]]
    users, bought = (list(column) for column in zip(*pairs, strict=True))
    alone = quiet({"items": catalogue, "interactions": {"user": [], "item": []}})
    met = quiet({"items": catalogue, "interactions": {"user": users, "item": bought}})
    learned = f"histories of {len(people):,} others"
    yield "fewrec", "titles alone", fitted(Recommender(), alone), 0
    yield "fewrec", learned, fitted(Recommender(), met), len(people)
    yield "popularity", learned, fitted(Popularity(), met), len(people)
    yield "TF-IDF cosine", learned + ", for ties", fitted(Text(), met), len(people)
    yield "encoder cosine", learned + ", for ties", fitted(EncoderText(), met), len(people)


def fitted(system: Any, data: Dataset) -> Any:
    if isinstance(system, Recommender):
        return system.fit(data, progress=False)
    system.fit(data)
    return system


def chapter(folder: Path, quick: bool) -> str:
    """Both tables with the published rows beside them."""
    items, histories = read_items(folder), read_histories(folder)
    at = {item: place for place, item in enumerate(items)}
    drawn = cases(folder, "Games.random", histories, force=True)
    retrieved = cases(folder, RETRIEVED, histories, force=False)
    first, second, trained = [], [], 0
    for name, learned, system, people in systems(
        folder, {case.user for case in drawn}, items, 500 if quick else None
    ):
        first.append(row(name, learned, ndcgs(system, drawn, at)))
        second.append(row(name, learned, ndcgs(system, retrieved, at)))
        trained = max(trained, people)
    inside = sum(case.target in case.candidates for case in retrieved)
    title = "| system | learned from | N@1 | N@5 | N@10 | N@20 |\n|---|---|---|---|---|---|\n"
    return "".join([
        HEAD, "\n### Random candidates\n\n", title, *first, *map(published, PUBLISHED),
        "\n### Candidates of seven retrieval systems\n\n", title, *second, *map(published, PUBLISHED_RETRIEVED),
        TELLS.format(trained=f"{trained:,}", inside=inside),
    ])  # fmt: skip


def row(name: str, learned: str, marks: NDArray[np.float64]) -> str:
    error = 2 * marks.std(axis=0, ddof=1) / np.sqrt(len(marks))
    numbers = [f"{100 * m:.2f} ± {100 * e:.1f}" for m, e in zip(marks.mean(axis=0), error, strict=True)]
    return f"| **{name}** | {learned} | " + " | ".join(numbers) + " |\n"


def published(line: tuple[str, str, tuple[float, ...]]) -> str:
    name, learned, numbers = line
    return f"| {name} (published) | {learned} | " + " | ".join(f"{number:.2f}" for number in numbers) + " |\n"
