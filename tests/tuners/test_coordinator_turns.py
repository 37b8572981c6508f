from __future__ import annotations

from collections import Counter

import pytest

from storage.ids import SearchId
from tuners.coordinator.turns import Turns

SLOW, QUICK, LATE = SearchId("slow"), SearchId("quick"), SearchId("late")


def test_searches_share_time_and_not_turns() -> None:
    turns = Turns()
    cost = {SLOW: 0.5, QUICK: 0.001}
    taken: Counter[SearchId] = Counter()
    turns.add(SLOW)
    turns.add(QUICK)
    for _ in range(1_000):
        search_id = turns.take()
        taken[search_id] += 1
        turns.charge(search_id, cost[search_id])
        turns.add(search_id)
    seconds = {search_id: taken[search_id] * cost[search_id] for search_id in taken}
    assert taken[SLOW] >= 2
    assert seconds[SLOW] == pytest.approx(seconds[QUICK], abs=0.51)


def test_idle_time_is_not_saved_up() -> None:
    turns = Turns()
    turns.add(QUICK)
    for _ in range(1_000):
        turns.charge(turns.take(), 1.0)
        turns.add(QUICK)
    turns.add(LATE)
    order = []
    for _ in range(6):
        search_id = turns.take()
        order.append(search_id)
        turns.charge(search_id, 1.0)
        turns.add(search_id)
    assert 2 <= order.count(LATE) <= 4


def test_search_has_one_turn_however_often_it_is_added() -> None:
    turns = Turns()
    turns.add(QUICK)
    turns.add(QUICK)
    assert len(turns) == 1
    turns.take()
    assert not turns


def test_forgotten_search_leaves_nothing() -> None:
    turns = Turns()
    turns.add(QUICK)
    turns.take()
    turns.forget(QUICK)
    turns.charge(QUICK, 5.0)
    assert not turns
    with pytest.raises(ValueError, match="empty"):
        turns.take()
