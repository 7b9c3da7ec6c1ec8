"""Other words for the same thing: variants of texts, vectors and histories to train on. No model, no torch.

Every augmentation is a small frozen object, called with a value and a NumPy generator; it gives back a new value
and leaves the old one as it was. ``keeps`` says, for people, what it never changes.

>>> import numpy as np
>>> print(WordDrop(0.5)("a slow film, not a dull one, from 1979", np.random.default_rng(1)))
a slow not a one, 1979
"""

from fewrec.text.augment.base import Augmentation, Chain, generator, variants
from fewrec.text.augment.histories import HistorySample, OrderShuffle, RatingNoise
from fewrec.text.augment.named import Named
from fewrec.text.augment.pieces import kept_words
from fewrec.text.augment.synonyms import Synonyms, neighbours
from fewrec.text.augment.translation import BackTranslation, DictionaryTranslator
from fewrec.text.augment.vectors import EmbeddingDropout
from fewrec.text.augment.words import SpanMask, WordDrop, WordSwap

__all__ = [
    "Augmentation",
    "BackTranslation",
    "Chain",
    "DictionaryTranslator",
    "EmbeddingDropout",
    "HistorySample",
    "Named",
    "OrderShuffle",
    "RatingNoise",
    "SpanMask",
    "Synonyms",
    "WordDrop",
    "WordSwap",
    "generator",
    "kept_words",
    "neighbours",
    "variants",
]
