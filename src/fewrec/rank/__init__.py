"""Scores -> list: filters, exclusions, diversity and the best n."""

from fewrec.rank.candidates import Candidates, check_n, top_n
from fewrec.rank.diversity import diversify
from fewrec.rank.filters import where_mask
from fewrec.rank.int8 import Int8Items

__all__ = ["Candidates", "Int8Items", "check_n", "diversify", "top_n", "where_mask"]
