"""What must hold: the prototype's numbers, and how far below them the library may fall."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.compared import Cells
from benchmarks.protocol import seed_mean
from benchmarks.reference import Peers

__all__ = ["NEW_ITEM_FLOORS", "PROTOTYPE", "SLACK", "floor", "floors"]

SLACK = 0.004

PROTOTYPE: dict[
    tuple[str, str], dict[int, float]
] = {  # (set, training users) -> k -> NDCG@10, mean of 3 seeds
    ("ml-100k", "10"): {1: 0.279, 3: 0.294, 5: 0.301, 10: 0.316},
    ("ml-100k", "50"): {1: 0.370, 3: 0.409, 5: 0.429, 10: 0.462},
    ("ml-100k", "200"): {1: 0.388, 3: 0.433, 5: 0.461, 10: 0.503},
    ("ml-100k", "all"): {1: 0.405, 3: 0.457, 5: 0.486, 10: 0.539},
    ("goodbooks", "10"): {1: 0.093, 3: 0.143, 5: 0.171, 10: 0.210},
    ("goodbooks", "50"): {1: 0.095, 3: 0.159, 5: 0.181, 10: 0.231},
    ("goodbooks", "200"): {1: 0.101, 3: 0.164, 5: 0.189, 10: 0.248},
    ("goodbooks", "all"): {1: 0.112, 3: 0.179, 5: 0.217, 10: 0.281},
}

NEW_ITEM_FLOORS = {"ml-100k": 0.244, "goodbooks": 0.335}


def floor(world: str, n: str, k_shot: int, popularity: float) -> float | None:
    """The least mean NDCG@10: the prototype's less .004 from 50 training users on, popularity's with ten;
    ``None`` where none is set."""
    if k_shot == 0 or (world, n) not in PROTOTYPE:
        return None
    return popularity if n == "10" else PROTOTYPE[world, n][k_shot] - SLACK


HEAD = """
## Floors

The floor is the prototype's number less .004, and at n = 10 the mean of the bestseller list, as its stored marks have
it.

| set | n | k | fewrec | prototype | floor | met |
|---|---|---|---|---|---|---|
"""


def floors(cells: Mapping[str, Cells], stored: Mapping[str, Peers]) -> tuple[str, list[str]]:
    """``(the section, one line for each floor that is not met)``; empty where no set has a floor."""
    lines, missed = list[str](), list[str]()
    for name, here in cells.items():
        for (n, k_shot), systems in here.items():
            if name not in stored or "fewrec" not in systems:
                continue
            popular = stored[name].cold_users["pop-liked", n, k_shot]
            mine = systems["fewrec"]
            least = floor(name, n, k_shot, seed_mean({seed: popular[seed] for seed in mine}))
            if least is None:
                continue
            mean, met = seed_mean(mine), seed_mean(mine) >= least
            if not met:
                missed.append(f"{name}, n = {n}, k = {k_shot}: {mean:.4f}, floor {least:.4f}")
            numbers = f"{mean:.4f} | {PROTOTYPE[name, n][k_shot]:.4f} | {least:.4f}"
            lines.append(f"| {name} | {n} | {k_shot} | {numbers} | {'yes' if met else '**no**'} |\n")
    return (HEAD + "".join(lines) if lines else ""), missed
