"""The page about the service names every route, with its role; and no route that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

from fewrec.service.routes import ENDPOINTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "service.md").read_text(encoding="utf-8")


def test_every_route_is_told_with_its_role():
    told = dict(re.findall(r"^\| `((?:GET|POST|PUT|DELETE) [^`]+)` \| (\w+) \|", PAGE, flags=re.M))
    assert told == {endpoint.name: endpoint.role for endpoint in ENDPOINTS}


def test_every_rule_is_told():
    from fewrec.service.schemas import RULES

    assert [name for name in RULES if f"`{name}`" not in PAGE and name != "n"] == []
