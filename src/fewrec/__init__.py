"""fewrec: recommendations from almost nothing.

    from fewrec import Dataset, Recommender

    data = Dataset.from_files(items="items.csv", interactions="ratings.csv")
    model = Recommender().fit(data)
    print(model.recommend(support={"The Matrix": 5, "Titanic": 1}))

Names are imported when they are first used, so that ``import fewrec`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fewrec import samples
    from fewrec.data import Dataset
    from fewrec.errors import FewrecError, FewrecWarning
    from fewrec.evaluate import Evaluation, evaluate
    from fewrec.recommendations import Recommendations
    from fewrec.recommender import Recommender

__all__ = [
    "Dataset",
    "Evaluation",
    "FewrecError",
    "FewrecWarning",
    "Recommendations",
    "Recommender",
    "evaluate",
    "samples",
]

_HOME = {
    "Dataset": "fewrec.data",
    "Evaluation": "fewrec.evaluate",
    "FewrecError": "fewrec.errors",
    "FewrecWarning": "fewrec.errors",
    "Recommendations": "fewrec.recommendations",
    "Recommender": "fewrec.recommender",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in ("evaluate", "samples"):
        return import_module(f"fewrec.{name}")
    if name == "__version__":
        from importlib.metadata import version

        return version("fewrec")
    raise AttributeError(f"module 'fewrec' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
