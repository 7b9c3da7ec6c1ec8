"""The contract of a store, the part about evaluations; ``fewrec.testing.stores`` has the rest, and the fixtures."""

from __future__ import annotations

from typing import Any

import pytest

from fewrec.errors import UnknownIdError
from fewrec.store import Store
from fewrec.store.events import Event

__all__ = ["EvaluationsContract"]


class EvaluationsContract:
    """Inherited by ``StoreContract``."""

    def test_an_evaluation_from_request_to_result(self, store: Store) -> None:
        book = store.evaluations
        first, new = book.request(by="x")
        assert (first.id, first.status, new) == (1, "waiting", True)
        assert book.request()[1] is False
        started = book.start()
        assert started is not None
        assert (started.id, started.status, started.about["by"]) == (1, "running", "x")
        assert book.start() is None
        assert book.request() == (book.get(1), False)  # one that runs is not asked for again
        book.say(1, progress={"done": 1, "total": 4})
        assert book.get(1).about["progress"] == {"done": 1, "total": 4}
        assert book.finish(1, 0, {"cells": [{"mean": 0.5}]}).status == "done"
        assert (book.get(1).result, book.all()[0].result) == ({"cells": [{"mean": 0.5}]}, None)
        assert book.request()[0].id == 2
        book.start()
        book.say(2, status="failed", reason="no reason")
        assert [(run.id, run.status) for run in book.all()] == [(2, "failed"), (1, "done")]
        with pytest.raises(UnknownIdError, match="no evaluation 9"):
            book.get(9)

    def test_a_silent_evaluation_is_put_down_as_failed(self, store: Store, monkeypatch: Any) -> None:
        from fewrec.store import evaluations

        store.evaluations.request()
        store.evaluations.start()
        monkeypatch.setattr(evaluations, "SILENT_SECONDS", -1.0)
        assert store.evaluations.start() is None
        assert store.evaluations.get(1).about["reason"] == "the worker ended without a word."
        assert store.evaluations.request()[0].id == 2
        # It was only slow: its result comes too late, and does not make it done.
        assert store.evaluations.finish(1, 0, {"cells": []}).status == "failed"
        assert store.evaluations.get(1).result is None

    def test_the_oldest_evaluations_go(self, store: Store, monkeypatch: Any) -> None:
        from fewrec.store import evaluations

        monkeypatch.setattr(evaluations, "KEPT", 3)
        for number in range(1, 6):
            store.evaluations.request()
            store.evaluations.say(number, status="failed")
        assert [run.id for run in store.evaluations.all()] == [5, 4, 3]

    def test_an_erasure_takes_results_along(self, store: Store) -> None:
        """Those that there are, and one that was measured before it and comes in after it."""
        store.append([Event(user, user, "7", "view", None, 1.0) for user in ("anna", "bert")])
        store.evaluations.request()
        store.evaluations.finish(1, store.seen().data, {"cells": []})
        before = store.seen().data
        store.erase_user("anna")
        assert (store.evaluations.get(1).status, store.evaluations.get(1).result) == ("erased", None)
        store.evaluations.request()
        assert store.evaluations.finish(2, before, {"cells": []}).status == "erased"
        assert store.evaluations.get(2).result is None
        store.evaluations.request()
        assert store.evaluations.finish(3, store.seen().data, {"cells": []}).status == "done"
