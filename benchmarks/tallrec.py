"""TALLRec's few-shot protocol (Bao et al., RecSys 2023): will this person like that film or book? AUC.

Its test files are not beside the project; the validation files are, and serve for both: a few people are drawn to learn
from, the others are asked about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy import stats

from benchmarks.systems import quiet
from fewrec import Dataset, Recommender

__all__ = ["Sample", "auc", "auc_within", "chapter", "counting_rule", "drawn", "people", "read_samples"]

Floats = NDArray[np.float64]
SHOTS = (0, 16, 64, 256)
SEEDS = (0, 1, 2)

PUBLISHED = (
    ("GRU", (49.07, 49.87, 52.89), (48.95, 49.64, 49.86)),
    ("Caser", (49.68, 51.06, 54.20), (49.84, 49.72, 49.57)),
    ("SASRec", (50.43, 50.48, 52.25), (49.48, 50.06, 50.20)),
    ("DROS", (50.76, 51.54, 54.07), (49.28, 49.13, 49.13)),
    ("GRU-BERT", (50.85, 51.65, 53.44), (50.07, 49.64, 49.79)),
    ("DROS-BERT", (50.21, 51.71, 53.94), (50.07, 48.98, 50.20)),
    ("TALLRec (LLaMA-7B)", (67.24, 67.48, 71.98), (56.36, 60.39, 64.38)),
)
"""Table 1 of its repository, AUC x 100: film and book, 16, 64 and 256 samples."""

SHARED = 5
"""Titles with the same verdict that two samples share from which on they are taken for the same person's."""
ASKED = 600

HEAD = """
## TALLRec, films and books

A sample is a person with titles they liked and disliked, and one more title: was it liked? "samples": how many were
there to learn from. Up to 600 samples are asked. Mean of AUC x 100 over three draws of people, ± two standard errors
over the draws.

The films' 1,000 samples are windows that slide over the ratings of {people} people: the answer of one sample stands
in the history of the next. Whoever learns from a random part of such a file is told the answers (fewrec then reaches 88
from 64 samples, and it means nothing). So here nobody is asked of whom a sample was learned from. Two samples are taken
for one person's where they share five titles with the same verdict.

"Counting rule" is (likes + 1) / (likes + dislikes + 2) and looks at no title. "Within a person" counts only pairs of
questions to the same person, "among equals" (books, where each sample is another person) only pairs of people with the
same number of likes and of dislikes: what remains there is taste, and how well liked a title is.
"""

TELLS = """
What is comparable: the task, the content of the prompts, the number of samples. What is not: the published rows were
measured on test files that are not here, fewrec on other people of the same origin; with {people} people the numbers of
the films are coarse whatever their error says. Whether the published rows learned from windows of the people they were
asked about cannot be seen from the files that are here. And a global AUC mostly measures how generous a person is: the
counting rule alone, on these files, is far above every published row but those of the language model. Read the second
measure to see taste; no published row has it. With 0 samples fewrec has the person's titles alone and states no
probability but one half.
"""


@dataclass(frozen=True)
class Sample:
    """One person and one question."""

    liked: tuple[str, ...]
    disliked: tuple[str, ...]
    target: str
    answer: bool

    @property
    def support(self) -> dict[str, bool]:
        """Title -> liked; the target is never among them, and what is on both sides counts as liked."""
        told = {**dict.fromkeys(self.disliked, False), **dict.fromkeys(self.liked, True)}
        return {title: value for title, value in told.items() if title != self.target}


def titles(text: str) -> tuple[str, ...]:
    """The names in a list as the prompts write it: quoted, books with "written by" after the quotes.

    >>> titles('"Heat (1995)", "Bed, The (1990)"')
    ('Heat (1995)', 'Bed, The (1990)')
    >>> titles('"Emma" written by Jane Austen, "Kim" written by R. Kipling')
    ('Emma by Jane Austen', 'Kim by R. Kipling')
    """
    parts = re.split(r', (?=")', text.strip()) if text.strip() else []
    return tuple(one_title(part) for part in parts)


def one_title(text: str) -> str:
    name, _, author = text.strip().rpartition('" written by ')
    found = f"{name.strip(chr(34))} by {author.strip(chr(34))}" if name else text.strip().strip('"')
    return found.strip()


def read_samples(file: Path) -> list[Sample]:
    """All samples of a file."""
    found = []
    for row in json.loads(file.read_text(encoding="utf-8")):
        liked, disliked, asked = row["input"].split("\n")[:3]
        target = re.fullmatch(r"Whether the user will like the target \w+ (.*)\?", asked.strip(), re.DOTALL)
        if target is None:
            raise ValueError(f"{file.name}: no question in {asked!r}.")
        found.append(
            Sample(
                titles(liked.removeprefix("User Preference:")),
                titles(disliked.removeprefix("User Unpreference:")),
                one_title(target.group(1)),
                row["output"].strip() == "Yes.",
            )
        )
    return found


def counting_rule(samples: Sequence[Sample]) -> Floats:
    return np.array([(len(s.liked) + 1) / (len(s.liked) + len(s.disliked) + 2) for s in samples])


def auc(scores: Floats, answers: NDArray[np.bool_]) -> float:
    """The share of (yes, no) pairs in which yes has the higher score, ties half (Mann and Whitney).

    >>> auc(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False]))
    0.875
    """
    good = int(answers.sum())
    ranks = stats.rankdata(scores)
    return float((ranks[answers].sum() - good * (good + 1) / 2) / (good * (len(answers) - good)))


def auc_within(scores: Floats, answers: NDArray[np.bool_], group: NDArray[np.intp]) -> float:
    """AUC over the pairs within one group; NaN where no group has both answers."""
    won = pairs = 0.0
    for one in np.unique(group):
        members = group == one
        good = int(answers[members].sum())
        if count := good * (int(members.sum()) - good):
            won, pairs = won + count * auc(scores[members], answers[members]), pairs + count
    return won / pairs if pairs else float("nan")


def equals(samples: Sequence[Sample]) -> NDArray[np.intp]:
    """One number for all who have as many likes and as many dislikes."""
    counts = np.array([(len(sample.liked), len(sample.disliked)) for sample in samples])
    return np.unique(counts, axis=0, return_inverse=True)[1].ravel()


def people(samples: Sequence[Sample]) -> NDArray[np.intp]:
    """Who is meant by each sample: one number for all that hang together by ``SHARED`` verdicts."""
    column: dict[tuple[str, bool], int] = {}
    rows, columns = [], []
    for row, sample in enumerate(samples):
        for verdict in {**sample.support, sample.target: sample.answer}.items():
            rows.append(row)
            columns.append(column.setdefault(verdict, len(column)))
    said = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(samples), len(column)))
    return np.asarray(sp.csgraph.connected_components(said @ said.T >= SHARED)[1])


def learned_from(catalogue: Sequence[str], people: Sequence[Sample]) -> Dataset:
    """The titles of all samples, and what these people said of theirs, the answer included."""
    rows = [
        (f"person {at}", title, float(value))
        for at, person in enumerate(people)
        for title, value in {**person.support, person.target: person.answer}.items()
    ]
    users, items, ratings = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    events = {"user": users, "item": items, "rating": ratings}
    tables = {"items": {"item": list(catalogue), "title": list(catalogue)}, "interactions": events}
    return quiet({**tables, "feedback": "explicit", "liked_at": 1.0} if rows else tables)


def chances(model: Recommender, asked: Sequence[Sample]) -> dict[str, Floats]:
    """What fewrec says of each question: the probability of liking, and the score that orders lists."""
    probability, scores = [], []
    for sample in asked:
        probability.append(model.predict(support=sample.support, items=[sample.target]).probability[0, 0])
        scores.append(model.score(support=sample.support, items=[sample.target])[0])
    return {
        "fewrec, probability of liking": np.nan_to_num(np.array(probability, dtype=np.float64), nan=0.5),
        "fewrec, score of the list": np.nan_to_num(np.array(scores, dtype=np.float64)),
    }


def drawn(who: NDArray[np.intp], seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(samples to learn from, ``max(SHOTS)`` in order; samples to ask): no person is among both."""
    rng = np.random.default_rng(seed)
    learning: list[int] = []
    persons = set[int]()
    for person in rng.permutation(who.max() + 1).tolist():
        if len(learning) >= max(SHOTS):
            break
        persons.add(person)
        learning += np.flatnonzero(who == person).tolist()
    others = rng.permutation(np.flatnonzero(~np.isin(who, list(persons))))
    return rng.permutation(learning)[: max(SHOTS)], others[:ASKED]


def measured(
    samples: Sequence[Sample], who: NDArray[np.intp], count: int, seed: int
) -> dict[str, dict[str, float]]:
    """System -> measure -> its value, with ``count`` samples to learn from."""
    learning, asking = drawn(who, seed)  # the same people are asked for every count
    asked = [samples[at] for at in asking]
    told = [*asked, *(samples[at] for at in learning)]
    catalogue = list(dict.fromkeys(title for s in told for title in (*s.liked, *s.disliked, s.target)))
    data = learned_from(catalogue, [samples[at] for at in learning[:count]])
    model = Recommender().fit(data, progress=False)
    answers = np.array([sample.answer for sample in asked])
    said: Mapping[str, Floats] = {"counting rule": counting_rule(asked), **chances(model, asked)}
    return {
        name: {
            "AUC": auc(scores, answers),
            "within a person": auc_within(scores, answers, who[asking]),
            "among equals": auc_within(scores, answers, equals(asked)),
        }
        for name, scores in said.items()
    }


def chapter(folder: Path, quick: bool) -> str:
    """Films and books, with the published rows below."""
    parts = []
    shots, seeds = ((0, 16), (0,)) if quick else (SHOTS, SEEDS)
    persons = {}
    kinds = (("movie", "within a person"), ("book", "among equals"))
    for at, (kind, second) in enumerate(kinds[: 1 if quick else None]):
        samples = read_samples(folder / f"{kind}_valid.json")
        who = people(samples)
        persons[kind] = who.max() + 1
        found = {count: [measured(samples, who, count, seed) for seed in seeds] for count in shots}
        liked = 100 * np.mean([sample.answer for sample in samples])
        parts.append(
            f"\n### {kind}: {len(samples)} samples of {persons[kind]} people, {liked:.0f} % liked\n\n"
        )
        parts.append("| system | measure | " + " | ".join(f"{count} samples" for count in shots))
        parts.append(" |\n" + "|---" * (2 + len(shots)) + "|\n")
        for name in found[shots[0]][0]:
            for measure in ("AUC", second):
                cells = [spread([one[name][measure] for one in found[count]]) for count in shots]
                parts.append(f"| **{name}** | {measure} | " + " | ".join(cells) + " |\n")
        for name, *numbers in PUBLISHED:
            cells = ["" if not count else f"{numbers[at][SHOTS.index(count) - 1]:.2f}" for count in shots]
            parts.append(f"| {name} (published, other people) | AUC | " + " | ".join(cells) + " |\n")
    films = {"people": persons["movie"]}
    return "".join([HEAD.format(**films), *parts, TELLS.format(**films)])


def spread(values: Sequence[float]) -> str:
    mean = f"{100 * np.mean(values):.2f}"
    error = 200 * np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return f"{mean} ± {error:.1f}" if len(values) > 1 else mean
