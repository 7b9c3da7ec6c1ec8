"""The facade: ids in, recommendations out."""

from fewrec.recommender.facade import Recommender

__all__ = ["Recommender"]
