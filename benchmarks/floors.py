"""What must hold: the prototype's numbers, and how far below them the library may fall."""

from __future__ import annotations

__all__ = ["NEW_ITEM_FLOORS", "PROTOTYPE", "SLACK", "floor"]

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
