"""From a method and a path to the endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from fewrec.service.answers import Refused
from fewrec.service.endpoint import Endpoint

__all__ = ["Router", "nothing_here"]

HOLE = re.compile(r"\{(\w+)\}")


class Router:
    """The endpoints, one pattern for all of a method: a match tells which of them it is, and what stands in its holes.

    The more a path spells out, the earlier it is tried, for an id may hold any letters: ``/v1/users/a/b`` is that of
    the user ``a/b``.
    """

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        ordered = sorted(endpoints, key=lambda one: (-one.path.count("/"), one.path.count("{"), one.path))
        self._methods = {
            method: _Paths([one for one in ordered if one.method == method])
            for method in sorted({one.method for one in ordered})
        }

    def find(self, method: str, path: str) -> tuple[Endpoint, Mapping[str, str]]:
        """``(endpoint, what stands in the holes of its path)``; HEAD is GET without a body. ``Refused``: 404, and 405
        where other methods are known."""
        paths = self._methods.get("GET" if method == "HEAD" else method)
        found = paths.find(path) if paths is not None else None
        if found is not None:
            return found
        known = [name for name, others in self._methods.items() if others.find(path) is not None]
        if not known:
            raise nothing_here()
        allow = ", ".join([*known, "HEAD"] if "GET" in known else known)
        raise Refused(
            405, "method", "this path does not know the method.", where="method", headers={"Allow": allow}
        )


class _Paths:
    """The paths of one method."""

    def __init__(self, endpoints: list[Endpoint]) -> None:
        self._by_group: dict[int, tuple[Endpoint, list[str]]] = {}
        patterns, group = [], 1
        for endpoint in endpoints:
            names = HOLE.findall(endpoint.path)
            self._by_group[group] = endpoint, names
            texts = HOLE.split(endpoint.path)  # text, hole, text, ...
            patterns.append("".join(
                (r"(.*)" if part == "id" else r"([^/]+)") if at % 2 else re.escape(part)
                for at, part in enumerate(texts)
            ))  # fmt: skip
            group += 1 + len(names)
        self._pattern = re.compile("|".join(f"({pattern})" for pattern in patterns))

    def find(self, path: str) -> tuple[Endpoint, dict[str, str]] | None:
        match = self._pattern.fullmatch(path)
        if match is None or match.lastindex is None:
            return None
        endpoint, names = self._by_group[match.lastindex]  # the last group to close is that of the whole path
        return endpoint, {name: match[match.lastindex + 1 + at] for at, name in enumerate(names)}


def nothing_here() -> Refused:
    """What to say of a path that is none."""
    return Refused(404, "no_route", "there is nothing at this path.", where="path", hint="See /openapi.json.")
