"""Texts as the signals want them: centred embeddings and word rows of one catalogue."""

from fewrec.text.reader import TextReader

__all__ = ["TextReader"]
