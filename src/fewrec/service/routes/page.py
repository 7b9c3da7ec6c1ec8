"""The page at ``/``: its files, as they lie in ``service/page``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fewrec.service.answers import nothing_here
from fewrec.service.endpoint import Ask, Endpoint, Reply

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@cache
def page_files() -> dict[str, tuple[bytes, str]]:
    """Path -> ``(content, media type)``. Read once: what a request names is only ever looked up in here."""
    found: dict[str, tuple[bytes, str]] = {}

    def walk(folder: Traversable, before: str) -> None:
        for entry in folder.iterdir():
            if entry.is_dir():
                walk(entry, f"{before}{entry.name}/")
                continue
            kind = KINDS.get(f".{entry.name.rpartition('.')[2]}")
            if kind is not None:
                found[f"{before}{entry.name}"] = (entry.read_bytes(), kind)

    walk(files("fewrec.service") / "page", "")
    return found


def one_file(ask: Ask) -> Reply:
    name = ask.path.get("id", "index.html")
    if name not in page_files():
        raise nothing_here()
    content, kind = page_files()[name]
    return Reply(raw=content, kind=kind)


ENDPOINTS = (
    Endpoint(
        "GET", "/", "none", one_file, "The page to try lists on, look at the data, import tables and make keys.",
        "page", plain=("text/html",),
    ),
    Endpoint(
        "GET", "/page/{id}", "none", one_file, "A script, a style or a picture of the page.", "page",
        plain=("text/javascript", "text/css", "image/svg+xml"), example={"path": {"id": "app.js"}}, fails=(404,),
    ),
)  # fmt: skip
