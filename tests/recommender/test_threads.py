"""One thread for the linear algebra while somebody computes, the user's own setting before and after."""

from __future__ import annotations

import threading

import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from fewrec import Recommender
from fewrec.recommender.threads import one_thread


def threads() -> set[int]:
    return {one["num_threads"] for one in ThreadpoolController().info() if one["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads() -> object:
    with threadpool_limits(2):
        if threads() != {2}:
            pytest.skip("the linear algebra here cannot use two threads")
        yield


def test_inside_there_is_one_and_outside_what_there_was() -> None:
    with one_thread:
        assert threads() == {1}
        with one_thread:
            assert threads() == {1}
        assert threads() == {1}
    assert threads() == {2}


def test_who_comes_in_meanwhile_leaves_the_setting_alone() -> None:
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with one_thread:
            inside.set()
            leave.wait(10)

    other = threading.Thread(target=stay)
    with one_thread:
        other.start()
        assert inside.wait(10)
        assert threads() == {1}
    assert threads() == {2}
    leave.set()
    other.join()
    assert threads() == {2}
    with one_thread:  # and it works again
        assert threads() == {1}


def test_an_error_sets_it_back_too() -> None:
    @one_thread
    def fail() -> None:
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        fail()
    assert threads() == {2}


def test_answers_leave_the_setting_alone(plain: Recommender) -> None:
    plain.recommend(user="u0", taste="a farm")
    plain.predict(["u0"])
    assert threads() == {2}


def test_many_threads_get_the_answers_of_one(plain: Recommender) -> None:
    wanted = [plain.recommend(user=f"u{at}").to_dict() for at in range(12)]
    found: list[object] = [None] * 12

    def ask(at: int) -> None:
        found[at] = plain.recommend(user=f"u{at}").to_dict()

    askers = [threading.Thread(target=ask, args=(at,)) for at in range(12)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert found == wanted
    assert threads() == {2}
