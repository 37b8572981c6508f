"""Searches: what `SearchStore` promises."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from storage.errors import IdempotencyKeyReused, Invalid, InvalidPage, NotFound, QuotaExceeded, WrongState
from storage.ids import SearchId, TrialId, new_dataset_id
from storage.records import Limits, Objective, Reason, SearchChanges, SearchFilter
from storage.states import SearchState, TrialState
from tests.contracts.scenes import Scene


def test_a_search_is_read_as_it_was_stored(scene: Scene) -> None:
    new = scene.new_search(
        limits=Limits(max_trials=50, max_seconds=3600.5, max_epochs=2**40, target=0.99, patience_trials=5),
        objective=Objective("val_accuracy", "max"),
        tags={"team": "vision", 'od"d': "\u00e9\\"},
        priority=-3,
    )
    search, is_new = scene.repository.create_search(new)
    assert is_new
    assert search == scene.repository.get_search(search.id)
    for field in dataclasses.fields(new):
        assert getattr(search, field.name) == getattr(new, field.name), field.name
    assert search.state is SearchState.QUEUED
    assert search.created_at == scene.clock.now()
    assert search.counts.total == 0
    assert search.best is None


def test_the_same_key_gives_the_same_search(scene: Scene) -> None:
    new = scene.new_search()
    first, _ = scene.repository.create_search(new, idempotency_key="k1")
    again, is_new = scene.repository.create_search(new, idempotency_key="k1")
    assert (again.id, is_new) == (first.id, False)
    other_owner, is_new = scene.repository.create_search(dataclasses.replace(new, owner="bob"), idempotency_key="k1")
    assert is_new
    assert other_owner.id != first.id
    assert scene.kinds(first.id) == ["search.created"]


def test_a_key_cannot_be_used_for_another_definition(scene: Scene) -> None:
    new = scene.new_search()
    scene.repository.create_search(new, idempotency_key="k1")
    with pytest.raises(IdempotencyKeyReused):
        scene.repository.create_search(dataclasses.replace(new, definition={"name": "other"}), idempotency_key="k1")
    assert len(scene.repository.active_searches()) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "lr_range_test"},
        {"source_trial_id": TrialId("t_2")},
        {"options": {"values": {"units": 8}, "epochs": 4}},
        {"seed": 8},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_key_belongs_to_all_that_was_asked_of_a_job(scene: Scene, change: dict[str, Any]) -> None:
    options = {"values": {"units": 8}, "epochs": 3}
    new = scene.new_search(kind="finalize", source_trial_id=TrialId("t_1"), options=options, seed=7)
    first, _ = scene.repository.create_search(new, idempotency_key="k1")
    assert (first.kind, first.source_trial_id, first.options) == ("finalize", "t_1", options)
    assert scene.repository.create_search(new, idempotency_key="k1") == (first, False)
    with pytest.raises(IdempotencyKeyReused):
        scene.repository.create_search(dataclasses.replace(new, **change), idempotency_key="k1")


def test_jobs_are_listed_by_kind_and_source(scene: Scene) -> None:
    search = scene.search()
    finals = [
        scene.search(kind="finalize", source_trial_id=TrialId(source), dataset_id=search.dataset_id)
        for source in ("t_1", "t_2", "t_1")
    ]
    listed = scene.repository.list_searches(SearchFilter(owner="ada"), limit=10).items
    assert [one.id for one in listed] == [search.id]
    of_one = SearchFilter(owner="ada", kind="finalize", source_trial_id=TrialId("t_1"))
    found = scene.repository.list_searches(of_one, limit=10).items
    assert {one.id for one in found} == {finals[0].id, finals[2].id}
    assert len(scene.repository.list_searches(SearchFilter(kind="finalize"), limit=10).items) == 3
    (trial,) = scene.queue(search.id, 1)
    own = scene.search(kind="finalize", source_trial_id=trial.id, dataset_id=search.dataset_id)
    of_search = SearchFilter(kind="finalize", source_search_id=search.id)
    assert [one.id for one in scene.repository.list_searches(of_search, limit=10).items] == [own.id]
    assert scene.repository.list_searches(SearchFilter(kind="lr_range_test"), limit=10).items == ()


def test_an_owner_has_only_so_many_open(scene: Scene) -> None:
    first, second = (scene.repository.create_search(scene.new_search(), most_open=2)[0] for _ in range(2))
    with pytest.raises(QuotaExceeded, match="2 of your searches"):
        scene.repository.create_search(scene.new_search(), most_open=2)
    scene.repository.create_search(dataclasses.replace(scene.new_search(), owner="somebody"), most_open=2)
    scene.repository.cancel_search(first.id)
    third, is_new = scene.repository.create_search(scene.new_search(), idempotency_key="k", most_open=2)
    assert is_new
    # A repeat is answered, however many are open by now.
    assert scene.repository.create_search(scene.new_search(), idempotency_key="k", most_open=2) == (third, False)
    assert scene.repository.get_search(second.id).state is SearchState.QUEUED


def test_a_search_needs_its_data(scene: Scene) -> None:
    with pytest.raises(NotFound):
        scene.repository.create_search(scene.new_search(dataset_id=new_dataset_id()))
    assert scene.repository.active_searches() == ()


def test_another_owners_search_is_not_found(scene: Scene) -> None:
    search = scene.search()
    assert scene.repository.get_search(search.id, owner="ada").id == search.id
    with pytest.raises(NotFound):
        scene.repository.get_search(search.id, owner="bob")


@pytest.mark.parametrize(
    "call",
    ["get_search", "pause_search", "resume_search", "cancel_search", "start_search", "delete_search", "load_oracle"],
)
def test_a_missing_search_is_not_found(scene: Scene, call: str) -> None:
    with pytest.raises(NotFound):
        getattr(scene.repository, call)(SearchId("s_none"))


def test_lists_are_newest_first_and_paged(scene: Scene) -> None:
    made = []
    for _ in range(5):
        scene.clock.advance(1)
        made.append(scene.search(started=False).id)
    seen, token = [], None
    while True:
        page = scene.repository.list_searches(SearchFilter(owner="ada"), limit=2, page_token=token)
        seen += [search.id for search in page.items]
        token = page.next_page_token
        if token is None:
            break
        scene.search(started=False, name="newer than the page")
    assert seen == made[::-1]


def test_searches_of_one_instant_are_all_listed(scene: Scene) -> None:
    made = {scene.search(started=False).id for _ in range(4)}
    first = scene.repository.list_searches(SearchFilter(), limit=3)
    rest = scene.repository.list_searches(SearchFilter(), limit=3, page_token=first.next_page_token)
    assert {search.id for search in first.items + rest.items} == made
    assert rest.next_page_token is None


def test_lists_filter(scene: Scene) -> None:
    mine = scene.search(name="one", tags={"team": "vision", "stage": "2"})
    scene.search(name="two", tags={"team": "text"}, started=False)
    scene.search(name="one", owner="bob", tags={"team": "vision"})

    def names(where: SearchFilter) -> list[tuple[str, str]]:
        return sorted((s.owner, s.name) for s in scene.repository.list_searches(where, limit=10).items)

    assert names(SearchFilter(owner="ada", tags={"team": "vision"})) == [("ada", "one")]
    assert names(SearchFilter(tags={"team": "vision", "stage": "3"})) == []
    assert names(SearchFilter(tags={"te\"am'": "vision"})) == []
    assert names(SearchFilter(owner="ada", text="N")) == [("ada", "one")]
    assert names(SearchFilter(text="o")) == [("ada", "one"), ("ada", "two"), ("bob", "one")]
    assert names(SearchFilter(dataset_id=mine.dataset_id, text="one", owner="ada")) == [("ada", "one")]
    counts = scene.repository.count_searches(SearchFilter(owner="ada"))
    assert (counts[SearchState.RUNNING], counts[SearchState.QUEUED], sum(counts.values())) == (1, 1, 2)
    assert set(counts) == set(SearchState)
    assert scene.repository.count_searches(SearchFilter(owner="ada", text="tw"))[SearchState.RUNNING] == 0
    assert names(SearchFilter(name="one")) == [("ada", "one"), ("bob", "one")]
    assert names(SearchFilter(states=frozenset({SearchState.QUEUED}))) == [("ada", "two")]
    assert names(SearchFilter(dataset_id=mine.dataset_id)) == [("ada", "one")]
    scene.search(name="50% Größe_x", owner="cleo", started=False)
    for text, found in (("GRöss", 0), ("gRöße_", 1), ("0%", 1), ("5%g", 0), ("e.x", 0), ("GRÖSSE", 0), ("GRÖ", 0)):
        assert len(names(SearchFilter(owner="cleo", text=text))) == found, text


def test_page_tokens_are_only_taken_back_where_they_were_given(scene: Scene) -> None:
    search = scene.search(trials=3)
    scene.search()
    token = scene.repository.list_searches(SearchFilter(owner="ada"), limit=1).next_page_token
    assert token is not None
    forged = ["", "x", "=", token[:-1], token[:-1] + ("A" if token[-1] != "A" else "B"), token + "AAAA", "\u00e9" * 9]
    for wrong in [*forged, "A" * 5000]:
        with pytest.raises(InvalidPage):
            scene.repository.list_searches(SearchFilter(owner="ada"), limit=1, page_token=wrong)
    with pytest.raises(InvalidPage):
        scene.repository.list_searches(SearchFilter(owner="bob"), limit=1, page_token=token)
    with pytest.raises(InvalidPage):
        scene.repository.list_trials(search.id, limit=1, page_token=token)
    of_trials = scene.repository.list_trials(search.id, limit=1).next_page_token
    with pytest.raises(InvalidPage):
        scene.repository.list_epochs(
            scene.repository.list_trials(search.id, limit=1).items[0].id, limit=1, page_token=of_trials
        )


def test_changes_reach_a_running_search(scene: Scene) -> None:
    search = scene.search(limits=Limits(max_trials=9, target=0.1))
    changed = scene.repository.change_search(
        search.id, SearchChanges(limits=Limits(max_trials=4), parallelism=7, priority=2, tags={"a": "b"})
    )
    assert (changed.limits, changed.parallelism, changed.priority, changed.tags) == (
        Limits(max_trials=4),
        7,
        2,
        {"a": "b"},
    )
    assert scene.repository.change_search(search.id, SearchChanges()) == changed
    assert scene.kinds(search.id)[-1] == "search.changed"


def test_max_trials_cannot_go_below_the_trials_made(scene: Scene) -> None:
    search = scene.search(trials=3)
    with pytest.raises(Invalid) as refusal:
        scene.repository.change_search(search.id, SearchChanges(limits=Limits(max_trials=2)))
    assert [fault.pointer for fault in refusal.value.faults] == ["/limits/max_trials"]
    assert scene.repository.get_search(search.id).limits.max_trials is None
    scene.repository.change_search(search.id, SearchChanges(limits=Limits(max_trials=3)))


def test_an_ended_search_is_not_changed(scene: Scene) -> None:
    search = scene.search()
    scene.repository.cancel_search(search.id)
    with pytest.raises(WrongState):
        scene.repository.change_search(search.id, SearchChanges(priority=1))


def test_a_start_does_not_undo_a_pause(scene: Scene) -> None:
    """Who starts a search has looked at it before; a pause may have come in between."""
    search = scene.search(started=False)
    scene.repository.pause_search(search.id)
    assert scene.repository.start_search(search.id).state is SearchState.PAUSED
    assert scene.repository.get_search(search.id).started_at is None
    assert scene.kinds(search.id) == ["search.created", "search.paused"]


def test_start_pause_and_resume(scene: Scene) -> None:
    repository, search = scene.repository, scene.search(started=False)
    assert repository.resume_search(search.id).state is SearchState.QUEUED
    assert repository.pause_search(search.id).state is SearchState.PAUSED
    assert repository.pause_search(search.id).state is SearchState.PAUSED
    # It never ran, so it waits for its start again.
    assert repository.resume_search(search.id).state is SearchState.QUEUED
    assert repository.start_search(search.id).state is SearchState.RUNNING
    started = repository.start_search(search.id)
    assert repository.pause_search(search.id).state is SearchState.PAUSED
    with pytest.raises(WrongState):
        repository.end_search(search.id, SearchState.COMPLETED, Reason("done", "done"))
    resumed = repository.resume_search(search.id)
    assert resumed.state is SearchState.RUNNING
    assert resumed.started_at == started.started_at
    assert scene.kinds(search.id) == [
        "search.created",
        "search.paused",
        "search.resumed",
        "search.started",
        "search.paused",
        "search.resumed",
    ]


def test_active_seconds_leave_out_pauses(scene: Scene) -> None:
    search = scene.search(started=False)
    scene.clock.advance(100)
    scene.repository.start_search(search.id)
    scene.clock.advance(10)
    assert scene.repository.get_search(search.id).active_seconds == 10
    scene.repository.pause_search(search.id)
    scene.clock.advance(1000)
    assert scene.repository.get_search(search.id).active_seconds == 10
    scene.repository.resume_search(search.id)
    scene.clock.advance(5)
    ended = scene.repository.end_search(search.id, SearchState.COMPLETED, Reason("max_trials", "all trials made"))
    scene.clock.advance(50)
    assert scene.repository.get_search(search.id).active_seconds == ended.active_seconds == 15
    assert ended.state_reason == Reason("max_trials", "all trials made")


@pytest.mark.parametrize("end", [SearchState.CANCELLED, SearchState.COMPLETED, SearchState.FAILED])
def test_ending_a_search_ends_everything_in_it(scene: Scene, end: SearchState) -> None:
    search = scene.search(trials=4)
    one, two = scene.claims(2)
    scene.report(one.lease, 1.0)
    scene.repository.complete_trial(one.lease, seconds=2)
    scene.clock.advance(3)
    if end is SearchState.CANCELLED:
        ended = scene.repository.cancel_search(search.id)
    else:
        ended = scene.repository.end_search(search.id, end, Reason("why", "because"))
    assert ended.state is end
    assert ended.ended_at == scene.clock.now()
    assert (ended.counts.completed, ended.counts.cancelled, ended.counts.total) == (1, 3, 4)
    assert ended.device_seconds == 2 + 3
    trials = scene.repository.list_trials(search.id, limit=10).items
    assert [trial.state for trial in trials] == [TrialState.COMPLETED] + [TrialState.CANCELLED] * 3
    assert sorted(trial.ended_seq or 0 for trial in trials) == [0, 1, 2, 3]
    (status,) = scene.repository.renew_leases([two.lease], lease_s=30)
    assert status.directive == "lost"
    assert scene.claims(1) == ()
    kinds = scene.kinds(search.id)
    assert kinds.count("trial.cancelled") == 3
    assert kinds[-1] == f"search.{end.value.lower()}"


def test_ending_is_final(scene: Scene) -> None:
    repository = scene.repository
    done, cancelled = scene.search(), scene.search()
    repository.end_search(done.id, SearchState.COMPLETED, Reason("a", "a"))
    assert repository.end_search(done.id, SearchState.FAILED, Reason("b", "b")).state is SearchState.COMPLETED
    repository.cancel_search(cancelled.id)
    assert repository.cancel_search(cancelled.id).state is SearchState.CANCELLED
    assert repository.end_search(cancelled.id, SearchState.FAILED, Reason("b", "b")).state is SearchState.CANCELLED
    for move in (repository.cancel_search, repository.pause_search, repository.resume_search):
        with pytest.raises(WrongState):
            move(done.id)
    assert scene.kinds(cancelled.id).count("search.cancelled") == 1


def test_a_queued_search_may_fail_but_not_complete(scene: Scene) -> None:
    search = scene.search(started=False)
    with pytest.raises(WrongState):
        scene.repository.end_search(search.id, SearchState.COMPLETED, Reason("a", "a"))
    assert scene.repository.end_search(search.id, SearchState.FAILED, Reason("a", "a")).state is SearchState.FAILED
    with pytest.raises(ValueError, match="COMPLETED or FAILED"):
        scene.repository.end_search(search.id, SearchState.PAUSED, Reason("a", "a"))


def test_deleting_removes_everything_and_names_the_files(scene: Scene) -> None:
    search, other = scene.search(trials=2), scene.search(trials=1)
    claim = scene.claim()
    scene.report(claim.lease, 1.0, 2.0)
    files = {scene.checkpoint(claim.lease, epoch=1).key, scene.checkpoint(claim.lease, epoch=0, kind="best").key}
    with pytest.raises(WrongState):
        scene.repository.delete_search(search.id)
    scene.repository.cancel_search(search.id)
    assert {artifact.key for artifact in scene.repository.delete_search(search.id)} == files
    with pytest.raises(NotFound):
        scene.repository.get_search(search.id)
    with pytest.raises(NotFound):
        scene.repository.get_trial(claim.trial.id)
    assert scene.repository.all_artifacts() == ()
    assert scene.kinds(search.id) == ["search.deleted"]
    assert scene.kinds(other.id) != []
    with pytest.raises(NotFound):
        scene.repository.delete_search(search.id)


def test_active_searches_are_the_open_ones_oldest_first(scene: Scene) -> None:
    ids = []
    for _ in range(4):
        scene.clock.advance(1)
        ids.append(scene.search(started=False).id)
    scene.repository.start_search(ids[1])
    scene.repository.pause_search(ids[2])
    scene.repository.cancel_search(ids[0])
    assert [search.id for search in scene.repository.active_searches()] == ids[1:]


def test_what_is_open_is_counted_by_state(scene: Scene) -> None:
    assert scene.repository.count_open() == {}
    for changes in ({"trials": 3}, {"trials": 2}, {"started": False}, {"trials": 1}):
        scene.search(**changes)
    claimed = scene.claims(2)
    paused = scene.search(trials=1)
    scene.repository.pause_search(paused.id)
    ended = scene.search(trials=1)
    scene.repository.cancel_search(ended.id)
    scene.repository.complete_trial(claimed[0].lease, seconds=1)
    counted = scene.repository.count_open()
    assert set(counted) == {SearchState.QUEUED, SearchState.RUNNING, SearchState.PAUSED}
    assert {state: count.searches for state, count in counted.items()} == {
        SearchState.QUEUED: 1, SearchState.RUNNING: 3, SearchState.PAUSED: 1,
    }  # fmt: skip
    for state, count in counted.items():
        own = [search.counts for search in scene.repository.active_searches() if search.state is state]
        assert (count.queued, count.running) == (sum(each.queued for each in own), sum(each.running for each in own))
    assert counted[SearchState.RUNNING].running == 1
