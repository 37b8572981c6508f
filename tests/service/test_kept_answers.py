"""Answers that take long are made once for the same trials, and anew in the background while a large search runs."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from service.trends.kept import LARGE, KeptAnswers
from storage.columns import ScoredColumns
from storage.ids import TrialId
from tests.waiting import wait_until


class Asked:
    """One question, and how often it was worked on."""

    def __init__(self) -> None:
        self.answers = KeptAnswers()
        self.worked = 0
        self.may_work = threading.Event()
        self.may_work.set()

    def about(self, trials: int, *, key: str = "importance", last: str = "") -> int:
        """Of how many trials the answer is that is given for so many."""
        ids = [TrialId(f"t_{number}") for number in range(trials)]
        if last:
            ids[-1] = TrialId(last)

        def work() -> dict[str, Any]:
            assert self.may_work.wait(10)
            self.worked += 1
            return {"trials": trials}

        found = self.answers.answer(key, ScoredColumns(ids=ids), work)["trials"]
        assert isinstance(found, int)
        return found


def test_the_same_trials_have_the_same_answer() -> None:
    asked = Asked()
    assert [asked.about(20), asked.about(20), asked.worked] == [20, 20, 1]
    assert [asked.about(20, key="other"), asked.worked] == [20, 2]
    assert [asked.about(0), asked.about(0), asked.worked] == [0, 0, 3]


def test_of_few_trials_the_answer_is_about_all_of_them() -> None:
    asked = Asked()
    assert [asked.about(LARGE - 2), asked.about(LARGE - 1), asked.worked] == [LARGE - 2, LARGE - 1, 2]


def test_other_trials_of_the_same_number_have_an_answer_of_their_own() -> None:
    """A database that was put back to an earlier time may go on with others."""
    asked = Asked()
    asked.about(20)
    asked.about(20, last="t_other")
    assert asked.worked == 2


def test_of_many_trials_the_last_answer_is_given_while_a_new_one_is_made() -> None:
    asked = Asked()
    assert asked.about(1000) == 1000
    asked.may_work.clear()
    assert [asked.about(1001), asked.about(1100)] == [1000, 1000]
    assert asked.worked == 1
    asked.may_work.set()
    wait_until(lambda: asked.about(1001) == 1001)
    assert asked.worked == 2


def test_an_answer_about_too_few_of_them_is_not_given() -> None:
    asked = Asked()
    asked.about(1000)
    assert [asked.about(1200), asked.worked] == [1200, 2]


def test_fewer_trials_than_the_answer_is_about_have_a_new_one() -> None:
    asked = Asked()
    asked.about(1000)
    assert [asked.about(990), asked.worked] == [990, 2]


def test_askers_of_one_question_wait_for_one_answer() -> None:
    asked = Asked()
    asked.may_work.clear()
    threads = [threading.Thread(target=asked.about, args=(20,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    asked.may_work.set()
    for thread in threads:
        thread.join()
    assert asked.worked == 1


def test_what_goes_wrong_in_the_background_keeps_the_last_answer() -> None:
    answers = KeptAnswers()
    failed = threading.Event()

    def fails() -> dict[str, Any]:
        failed.set()
        raise RuntimeError("no answer")

    def columns(count: int) -> ScoredColumns:
        return ScoredColumns(ids=[TrialId(f"t_{number}") for number in range(count)])

    assert answers.answer("key", columns(1000), lambda: {"trials": 1000}) == {"trials": 1000}
    assert answers.answer("key", columns(1001), fails) == {"trials": 1000}
    assert failed.wait(10)
    with pytest.raises(RuntimeError):
        answers.answer("key", columns(2000), fails)
