"""What was worked out is given again while the world is the same, and takes no more room than it may."""

from __future__ import annotations

import threading

from fewrec.service.kept import Kept


def test_an_older_state_is_never_given_and_takes_no_room() -> None:
    kept = Kept[bytes](10)
    kept.put("anna", (1, 0), b"four", 4)
    kept.put("anna", (2, 0), b"five5", 5)
    assert kept.get("anna", (1, 0)) is None
    assert kept.get("anna", (2, 0)) == b"five5"
    assert kept.size == 5


def test_the_least_asked_for_goes_first() -> None:
    kept = Kept[bytes](10)
    kept.put("anna", 1, b"", 4)
    kept.put("ben", 1, b"", 4)
    assert kept.get("anna", 1) is not None
    kept.put("carl", 1, b"", 4)
    assert kept.get("ben", 1) is None
    assert kept.get("anna", 1) is not None
    kept.put("dora", 1, b"too large", 11)
    assert kept.get("dora", 1) is None
    assert kept.size == 0


def test_many_threads_at_once_keep_count() -> None:
    kept = Kept[int](50)

    def work(number: int) -> None:
        for at in range(300):
            kept.put(at % 60, number, at)
            kept.get((at * 7) % 60, number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept.size == 50
    kept.clear()
    assert kept.size == 0
    assert kept.get(1, 0) is None
