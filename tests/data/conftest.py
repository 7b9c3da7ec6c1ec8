"""Shared by the tests of the data room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fewrec.errors import FewrecError


@pytest.fixture
def told() -> Callable[[Callable[[], Any]], tuple[type[FewrecError], str]]:
    """Class and message of the error that an action raises."""

    def read(action: Callable[[], Any]) -> tuple[type[FewrecError], str]:
        with pytest.raises(FewrecError) as caught:
            action()
        return caught.type, str(caught.value)

    return read
