"""The error family: every error says what was wrong, where, and how to mend it.

The command line prints ``str(error)`` and exits with ``error.exit_code``; a service renders ``error.to_dict()``.
"""

from __future__ import annotations

from typing import Any


class FewrecError(Exception):
    """Base of all errors that fewrec raises on purpose.

    ``str(error)`` is ``"<where>: <message>\\n<hint>"``; parts that are ``None`` are left out.
    """

    exit_code = 1
    code = "error"

    def __init__(
        self, message: str, *, where: str | None = None, value: Any = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.value = value
        self.hint = hint

    def __str__(self) -> str:
        first = f"{self.where}: {self.message}" if self.where else self.message
        return f"{first}\n{self.hint}" if self.hint else first

    def to_dict(self) -> dict[str, Any]:
        """The error as JSON-ready fields: ``code``, ``message``, ``where``, ``hint``."""
        return {"code": self.code, "message": self.message, "where": self.where, "hint": self.hint}


class DataError(FewrecError):
    """A table, row or value cannot be used."""

    exit_code = 3
    code = "data"


class ConfigError(FewrecError):
    """A setting or an argument is out of range, of the wrong type, or unknown."""

    exit_code = 4
    code = "config"


class UnknownIdError(FewrecError):
    """A user or an item is not in the data; ``hint`` names the nearest known ids."""

    exit_code = 5
    code = "unknown_id"


class NotFittedError(FewrecError):
    """A method that needs a fitted model was called before ``fit``."""

    exit_code = 6
    code = "not_fitted"


class StoreError(FewrecError):
    """A saved model or a store cannot be written, read or understood."""

    exit_code = 7
    code = "store"


class EncoderError(FewrecError):
    """A text encoder or a language model cannot be loaded, reached, or gave what cannot be used."""

    exit_code = 8
    code = "encoder"


class NumericalError(FewrecError):
    """A computation left the range in which its result means anything."""

    exit_code = 9
    code = "numerical"


class FewrecWarning(UserWarning):
    """A visible fallback: the answer is weaker than asked for, and says so."""
