"""Shared by the tests of stores."""

from fewrec.testing.postgresql import empty_postgresql, postgresql

__all__ = ["empty_postgresql", "postgresql"]
