"""Texts -> vectors: encoders, the cache of their vectors, and the TF-IDF view."""

from fewrec.encode.cache import CacheInfo, VectorCache, cache_folder
from fewrec.encode.encoder import Encoder, encoder_names, load_now, register_encoder, resolve
from fewrec.encode.encoding import Progress, encode_texts, progress_bar
from fewrec.encode.ready import ReadyVectors, encode_items, takes_new_texts
from fewrec.encode.words import Words
from fewrec.encode.wrapped import CallableEncoder

__all__ = [
    "CacheInfo",
    "CallableEncoder",
    "Encoder",
    "Progress",
    "ReadyVectors",
    "VectorCache",
    "Words",
    "cache_folder",
    "encode_items",
    "encode_texts",
    "encoder_names",
    "load_now",
    "progress_bar",
    "register_encoder",
    "resolve",
    "takes_new_texts",
]
