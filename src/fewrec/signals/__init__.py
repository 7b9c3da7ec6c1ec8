"""Things that give every item a number for one support set; no signal knows another."""

from fewrec.signals.base import Kind, Signal
from fewrec.signals.factors import ImplicitFactors, RatingFactors
from fewrec.signals.habits import Exposure, GraphMet, GraphNarrow, GraphWide, MetTogether, TextEase, TextGraph
from fewrec.signals.neighbours import text_neighbours
from fewrec.signals.popularity import Popularity
from fewrec.signals.portrait import Portrait
from fewrec.signals.products import Columns, People
from fewrec.signals.registry import DEFAULT, known_signals, register_signal, resolve_signals
from fewrec.signals.sparse import Sparse, profile
from fewrec.signals.spectrum import Spectrum
from fewrec.signals.supports import Supports, Taste
from fewrec.signals.text import (
    DescriptionSimilarity,
    Dislike,
    NearestText,
    SharedNames,
    TextSimilarity,
    WordSimilarity,
)
from fewrec.signals.training import CENTRING, TrainingData, centred

__all__ = [
    "CENTRING",
    "DEFAULT",
    "Columns",
    "DescriptionSimilarity",
    "Dislike",
    "Exposure",
    "GraphMet",
    "GraphNarrow",
    "GraphWide",
    "ImplicitFactors",
    "Kind",
    "MetTogether",
    "NearestText",
    "People",
    "Popularity",
    "Portrait",
    "RatingFactors",
    "SharedNames",
    "Signal",
    "Sparse",
    "Spectrum",
    "Supports",
    "Taste",
    "TextEase",
    "TextGraph",
    "TextSimilarity",
    "TrainingData",
    "WordSimilarity",
    "centred",
    "known_signals",
    "profile",
    "register_signal",
    "resolve_signals",
    "text_neighbours",
]
