"""Settings of `fewrec serve`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

from fewrec.config.kinds import names, number, one_text, whole, yes_no
from fewrec.config.section import Section, about

__all__ = ["ServiceSettings"]


@dataclass(frozen=True)
class ServiceSettings(Section):
    """Where the service listens, what it keeps, and its limits."""

    section: ClassVar[str] = "service"
    host: str = field(
        default="127.0.0.1",
        metadata=about(
            one_text(),
            "address to listen on; others than loopback need a key",
            flag="--host",
            metavar="ADDRESS",
        ),
    )
    port: int = field(
        default=8787, metadata=about(whole(0, 65535), "port; 0 takes a free one", flag="--port", metavar="N")
    )
    workers: int = field(
        default=1, metadata=about(whole(1), "processes that answer", flag="--workers", metavar="N")
    )
    data: str = field(
        default="fewrec-data",
        metadata=about(
            one_text(path=True), "folder of models, and of the database where it is SQLite", flag="--data",
            metavar="FOLDER",
        ),
    )  # fmt: skip
    database: str | None = field(
        default=None,
        metadata=about(
            one_text(optional=True),
            "database instead of a file in that folder: sqlite:///FILE or postgresql://...",
            flag="--database",
            metavar="URL",
        ),
    )
    threads: int = field(default=2, metadata=about(whole(1), "lists that one process works out at once"))
    queue: int = field(
        default=200, metadata=about(whole(1), "requests that may wait; more are told to come again")
    )
    rate: float = field(
        default=200.0, metadata=about(number(0), "requests a second that one caller may send; 0: any number")
    )
    body_mb: float = field(default=10.0, metadata=about(number(0, above=True), "most megabytes of a request"))
    patience: float = field(
        default=30.0, metadata=about(number(0, math.inf, above=True), "seconds in which a body must arrive")
    )
    cors: tuple[str, ...] = field(
        default=(),
        metadata=about(names(empty=True), "origins of other sites whose pages may ask: https://shop.example"),
    )
    log_ids: bool = field(
        default=False, metadata=about(yes_no(), "let paths and queries, which hold ids, into the log")
    )
    erase_at_once: bool = field(
        default=False,
        metadata=about(
            yes_no(),
            "let no model answer that learned from somebody who was erased; 503 until the next one is fitted",
        ),
    )
