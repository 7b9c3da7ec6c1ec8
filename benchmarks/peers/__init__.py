"""The libraries a user would take instead, each behind the contract of ``fewrec.evaluate``: fit(data), score(support).

One file a library (``with_implicit``, ``with_lenskit``, ``with_lightfm``); ``registry`` names them all and says which
are installed. ``benchmarks.quality`` runs them beside fewrec.
"""

from benchmarks.peers.registry import SYSTEMS, System, installed, register

__all__ = ["SYSTEMS", "System", "installed", "register"]
