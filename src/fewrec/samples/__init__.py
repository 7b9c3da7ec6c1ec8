"""Two small data sets that come with the package: `restaurants()` and `groceries()`.

Both may be redistributed: see ATTRIBUTION.md in this folder for authors, licences and what was changed.
"""

from pathlib import Path

from ..data import Dataset
from ..errors import ConfigError

__all__ = ["groceries", "names", "path", "restaurants"]

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Returns the names of the samples, in alphabetical order.

    >>> names()
    ['groceries', 'restaurants']
    """
    return sorted(entry.parent.name for entry in _FOLDER.glob("*/items.csv"))


def path(name: str) -> Path:
    """Returns the folder with one sample's files, to try the command line on.

    "restaurants" holds items.csv, ratings.csv and users.csv; "groceries" holds items.csv and
    purchases.csv.gz.

    Raises:
        ConfigError: no sample has this name; the hint lists those there are.

    >>> sorted(file.name for file in path("restaurants").iterdir())
    ['items.csv', 'ratings.csv', 'users.csv']
    """
    if name not in names():
        raise ConfigError(
            f"There is no sample {name!r}.",
            where="fewrec.samples.path",
            value=name,
            hint=f"Choose one of: {', '.join(names())}.",
        )
    return _FOLDER / name


def restaurants() -> Dataset:
    """Returns 138 people's 1,161 ratings (0, 1, 2) of 130 Mexican restaurants, with attributes of both.

    Few people, few ratings each (3 to 18), rich attributes: most recommenders have nothing to go by here.
    Restaurants have a cuisine, price, ambience, area ("terrace" or "indoors") and more; people have a
    favourite cuisine, budget, way of payment, city and more. Item ids are integers, user ids are strings.
    """
    folder = path("restaurants")
    return Dataset.from_files(
        items=folder / "items.csv", interactions=folder / "ratings.csv", users=folder / "users.csv"
    )


def groceries() -> Dataset:
    """Returns 400 households' 26,883 purchases, with time and quantity, of 2,000 products of one shop.

    No ratings: only what was bought in 2017, often again and again. Products have a department, category,
    brand ("store brand" or "national brand") and price in US dollars. Item and user ids are integers.
    """
    folder = path("groceries")
    return Dataset.from_files(items=folder / "items.csv", interactions=folder / "purchases.csv.gz")
