"""Scores -> list: filters, exclusions, diversity and the best n."""

from fewrec.rank.candidates import Candidates, check_n, top_n
from fewrec.rank.diversity import diversify
from fewrec.rank.filters import where_mask

__all__ = ["Candidates", "check_n", "diversify", "top_n", "where_mask"]
