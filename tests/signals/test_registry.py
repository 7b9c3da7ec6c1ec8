"""Signals by name."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec.errors import ConfigError
from fewrec.signals import DEFAULT, Signal, Sparse, known_signals, register_signal, registry, resolve_signals


class Mine(Signal):
    name = "mine"


def test_default_names_and_objects_may_be_mixed() -> None:
    ready = Sparse(3)
    found = resolve_signals(["default", ready, "ials"])
    assert [signal.name for signal in found] == [*DEFAULT, "sparse", "ials"]
    assert found[len(DEFAULT)] is ready
    assert resolve_signals("popularity")[0] is not resolve_signals("popularity")[0]  # new objects every time


def test_an_outsiders_signal_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_SIGNALS", dict(registry._SIGNALS))
    register_signal("mine", Mine)
    assert "mine" in known_signals()
    assert isinstance(resolve_signals(["mine"])[0], Mine)


def test_what_is_optional() -> None:
    assert set(known_signals()) - set(DEFAULT) == {"ials", "rating-factors", "sparse"}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ([], "signals: the list of signals is empty.\nSignals are: default, "),
        (
            ["populariti"],
            "signals: there is no signal 'populariti'.\nDid you mean 'popularity'? Signals are: default, ",
        ),
        ("xyzzy", "signals: there is no signal 'xyzzy'.\nSignals are: default, "),
        (["words", "words"], "signals: the signal 'words' is named twice.\nName each signal once."),
        (["default", "text"], "signals: the signal 'text' is named twice.\nName each signal once."),
    ],
)
def test_mistakes(wanted: list[str] | str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_signals(wanted)
    assert str(caught.value).startswith(message)


def test_a_signal_must_be_written() -> None:
    from fewrec.testing.worlds import two_tastes

    data = two_tastes(4, 6).training
    with pytest.raises(NotImplementedError):
        Mine().fit(data)
    with pytest.raises(NotImplementedError):
        Mine().score_items(data, np.arange(2))  # type: ignore[arg-type]
    assert Mine().available(data)
