"""Data sets, workers, tokens, leadership and events: what their stores promise."""

from __future__ import annotations

import dataclasses
import threading
from datetime import timedelta

import pytest

from storage.errors import DatasetInUse, InvalidPage, NameTaken, NotFound, SchemaOutdated
from storage.files import Weights
from storage.ids import DatasetId, TokenId, WorkerId, new_dataset_id, new_token_id, new_weights_id
from storage.leases import LeaderLease
from storage.records import Token
from storage.sql import open_repository
from storage.workers import MachineSample, Slot, SlotSample
from tests.contracts.scenes import Scene


def test_a_dataset_is_read_as_it_was_stored(scene: Scene) -> None:
    dataset = dataclasses.replace(
        scene.new_dataset(), input_shape=(), class_names=("a", "\u00e9"), feature_names=("x",), num_classes=None
    )
    assert scene.repository.add_dataset(dataset) == dataset
    assert scene.repository.get_dataset(dataset.id) == dataset
    # The same one again is a repeat, not a clash of names.
    assert scene.repository.add_dataset(dataset) == dataset
    kinds = [event.kind for event in scene.repository.events_after(0)]
    assert kinds == ["dataset.added"]


def test_names_are_taken_per_owner(scene: Scene) -> None:
    scene.dataset(owner="ada", name="mine")
    scene.dataset(owner="bob", name="mine")
    with pytest.raises(NameTaken):
        scene.dataset(owner="ada", name="mine")


def test_builtin_sets_are_stored_once_and_seen_by_all(scene: Scene) -> None:
    first = scene.dataset(owner="ada", name="digits", builtin=True)
    assert scene.dataset(owner="bob", name="digits", builtin=True) == first
    assert scene.repository.get_dataset(first.id, owner="bob") == first
    assert scene.repository.find_dataset("digits", owner="bob") == first
    own = scene.dataset(owner="bob", name="digits")
    assert scene.repository.find_dataset("digits", owner="bob") == own
    assert scene.repository.find_dataset("digits", owner="ada") == first
    assert scene.repository.find_dataset("none", owner="ada") is None
    with pytest.raises(NotFound):
        scene.repository.get_dataset(own.id, owner="ada")


def test_weights_are_stored_found_and_removed_per_owner(scene: Scene) -> None:
    repository = scene.repository
    mine = Weights(new_weights_id(), "ada", "vgg16", "weights/a.h5", "ab" * 32, 7, scene.clock.now())
    theirs = dataclasses.replace(mine, id=new_weights_id(), owner="bob", key="weights/b.h5")
    newer = dataclasses.replace(
        mine, id=new_weights_id(), name="second", created_at=mine.created_at + timedelta(seconds=1)
    )
    for weights in (mine, theirs, newer):
        assert repository.add_weights(weights) == weights
    assert repository.add_weights(mine) == mine
    with pytest.raises(NameTaken):
        repository.add_weights(dataclasses.replace(mine, id=new_weights_id()))
    assert repository.find_weights("vgg16", owner="ada") == mine
    assert repository.find_weights("vgg16", owner="bob") == theirs
    assert repository.find_weights("vgg19", owner="ada") is None
    assert repository.get_weights(mine.id) == repository.get_weights(mine.id, owner="ada") == mine
    with pytest.raises(NotFound):
        repository.get_weights(mine.id, owner="bob")
    page = repository.list_weights(owner="ada", limit=1)
    assert page.items == (newer,)
    assert repository.list_weights(owner="ada", limit=1, page_token=page.next_page_token).items == (mine,)
    assert set(repository.all_weights()) == {mine, theirs, newer}
    assert repository.delete_weights(mine.id) == mine
    with pytest.raises(NotFound):
        repository.delete_weights(mine.id)
    kinds = [event.kind for event in repository.events_after(0, owner="ada")]
    assert kinds == ["weights.added", "weights.added", "weights.deleted"]


def test_files_are_shared_while_somebody_uses_them(scene: Scene) -> None:
    repository = scene.repository
    first = scene.dataset(owner="ada")
    assert repository.find_dataset_key("cd" * 32) is None
    assert repository.find_dataset_key(scene.new_dataset().fingerprint) == first.key
    assert repository.uses_dataset_key(first.key)
    second = dataclasses.replace(scene.new_dataset(owner="bob"), key=first.key)
    assert repository.add_dataset(second, shares_files=True) == second
    assert repository.add_dataset(second, shares_files=True) == second
    assert repository.dataset_keys() == {first.key}
    repository.delete_dataset(first.id)
    assert repository.uses_dataset_key(first.key)
    repository.delete_dataset(second.id)
    assert not repository.uses_dataset_key(first.key)
    assert repository.dataset_keys() == frozenset()
    late = dataclasses.replace(scene.new_dataset(owner="eve"), key=first.key)
    with pytest.raises(NotFound):
        repository.add_dataset(late, shares_files=True)
    assert repository.find_dataset_key(late.fingerprint) is None


@pytest.mark.parametrize("round_number", range(10))
def test_a_sharer_and_the_last_delete_never_both_get_their_way(scene: Scene, round_number: int) -> None:
    repository = scene.repository
    first = scene.dataset(owner="ada")
    second = dataclasses.replace(scene.new_dataset(owner="bob"), key=first.key)
    barrier = threading.Barrier(2)
    added: list[bool] = []
    used: list[bool] = []

    def add() -> None:
        barrier.wait()
        try:
            repository.add_dataset(second, shares_files=True)
        except NotFound:
            added.append(False)
        else:
            added.append(True)

    def delete() -> None:
        barrier.wait()
        repository.delete_dataset(first.id)
        used.append(repository.uses_dataset_key(first.key))

    threads = [threading.Thread(target=work) for work in (add, delete)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert added == used


def test_datasets_are_listed_newest_first(scene: Scene) -> None:
    names = []
    for place in range(4):
        scene.clock.advance(1)
        names.append(scene.dataset(owner="ada", name=f"n{place}", builtin=place == 0).name)
        scene.dataset(owner="bob")
    first = scene.repository.list_datasets(owner="ada", limit=3)
    rest = scene.repository.list_datasets(owner="ada", limit=3, page_token=first.next_page_token)
    assert [dataset.name for dataset in first.items + rest.items] == names[::-1]
    with pytest.raises(InvalidPage):
        scene.repository.list_datasets(owner="bob", limit=3, page_token=first.next_page_token)


def test_a_dataset_in_use_stays(scene: Scene) -> None:
    search = scene.search()
    with pytest.raises(DatasetInUse):
        scene.repository.delete_dataset(search.dataset_id)
    scene.repository.cancel_search(search.id)
    assert scene.repository.delete_dataset(search.dataset_id).id == search.dataset_id
    for missing in (search.dataset_id, DatasetId("d_none")):
        with pytest.raises(NotFound):
            scene.repository.delete_dataset(missing)
    # The ended search outlives its data.
    assert scene.repository.get_search(search.id).dataset_id == search.dataset_id


def test_workers_come_and_go(scene: Scene) -> None:
    worker = scene.repository.register_worker(
        name="gpu-1", host="h", pid=2**31, backend="jax", slots=[Slot(0, "/GPU:0", None)], versions={"jax": "0.10"}
    )
    assert worker.started_at == worker.seen_at == scene.clock.now()
    scene.clock.advance(5)
    claim = scene.running()
    scene.repository.beat_worker(worker.id, [Slot(0, "/GPU:0", claim.trial.id)])
    seen = {one.id: one for one in scene.repository.list_workers()}[worker.id]
    assert seen == dataclasses.replace(worker, seen_at=scene.clock.now(), slots=(Slot(0, "/GPU:0", claim.trial.id),))
    scene.repository.retire_worker(worker.id)
    scene.clock.advance(5)
    scene.repository.retire_worker(worker.id)
    assert worker.id not in {one.id for one in scene.repository.list_workers()}
    ended = {one.id: one for one in scene.repository.list_workers(include_ended=True)}[worker.id]
    assert ended.ended_at == scene.clock.now() - timedelta(seconds=5)
    kinds = [event.kind for event in scene.repository.events_after(0)]
    assert kinds.count("worker.retired") == 1
    for call in (scene.repository.retire_worker, lambda worker_id: scene.repository.beat_worker(worker_id, [])):
        with pytest.raises(NotFound):
            call(WorkerId("w_none"))


def test_the_last_samples_of_a_machine_are_kept_until_its_worker_leaves(scene: Scene) -> None:
    slots = [Slot(0, "gpu:0", None), Slot(1, "cpu", None)]
    worker = scene.repository.register_worker(name="a", host="h", pid=1, backend="jax", slots=slots, versions={})
    assert worker.samples == ()
    first = MachineSample(scene.clock.now(), None, None, None)
    scene.clock.advance(5.5)
    devices = (SlotSample(0, 0.87, 2**36, 2**37, 61.0, 2**31), SlotSample(1))
    second = MachineSample(scene.clock.now(), 0.25, 2**33, 2**35, devices)

    def stored(*, ended: bool = False) -> tuple[MachineSample, ...]:
        found = scene.repository.list_workers(include_ended=ended)
        return next(one.samples for one in found if one.id == worker.id)

    scene.repository.beat_worker(worker.id, slots, samples=[first])
    scene.repository.beat_worker(worker.id, slots, samples=[first, second])
    assert stored() == (first, second)
    scene.repository.beat_worker(worker.id, slots)
    assert stored() == (first, second)
    scene.repository.retire_worker(worker.id)
    assert stored(ended=True) == ()


def test_tokens_are_found_until_they_are_gone(scene: Scene) -> None:
    token = Token(
        id=new_token_id(),
        owner="ada",
        name="laptop",
        scopes=frozenset({"read", "submit"}),
        secret_sha256="0" * 64,
        created_at=scene.clock.now(),
        expires_at=scene.clock.now() + timedelta(days=1),
        revoked_at=None,
    )
    scene.repository.add_token(token)
    scene.repository.add_token(token)
    assert scene.repository.find_token(token.id) == token
    scene.repository.revoke_token(token.id)
    revoked = scene.repository.find_token(token.id)
    assert revoked == dataclasses.replace(token, revoked_at=scene.clock.now())
    scene.clock.advance(1)
    scene.repository.revoke_token(token.id)
    assert scene.repository.find_token(token.id) == revoked
    assert scene.repository.find_token(TokenId("k_none")) is None
    with pytest.raises(NotFound):
        scene.repository.revoke_token(TokenId("k_none"))


def test_one_leader_at_a_time(scene: Scene) -> None:
    acquire = scene.repository.acquire_leader
    first = acquire("coordinator", holder="a", lease_s=10)
    assert first == LeaderLease("coordinator", 1, "a", scene.clock.now() + timedelta(seconds=10))
    assert acquire("coordinator", holder="b", lease_s=10) is None
    other = acquire("other", holder="b", lease_s=10)
    assert other is not None
    assert other.term == 1
    scene.clock.advance(9)
    renewed = acquire("coordinator", holder="a", lease_s=10)
    assert renewed is not None
    assert (renewed.term, renewed.expires_at) == (1, scene.clock.now() + timedelta(seconds=10))
    scene.clock.advance(10)
    second = acquire("coordinator", holder="b", lease_s=10)
    assert second is not None
    assert second.term == 2
    assert acquire("coordinator", holder="a", lease_s=10) is None
    # The first holder's lease is of an old term: letting go of it changes nothing.
    scene.repository.release_leader(renewed)
    assert acquire("coordinator", holder="a", lease_s=10) is None
    scene.repository.release_leader(second)
    third = acquire("coordinator", holder="a", lease_s=10)
    assert third is not None
    assert third.term == 3


def test_a_term_ends_with_its_lease(scene: Scene) -> None:
    scene.repository.acquire_leader("coordinator", holder="a", lease_s=10)
    scene.clock.advance(10)
    again = scene.repository.acquire_leader("coordinator", holder="a", lease_s=10)
    assert again is not None
    assert again.term == 2


def test_of_many_candidates_one_leads(scene: Scene) -> None:
    barrier = threading.Barrier(6)
    leaders: list[LeaderLease] = []

    def run(holder: str) -> None:
        barrier.wait()
        lease = scene.repository.acquire_leader("coordinator", holder=holder, lease_s=10)
        if lease is not None:
            leaders.append(lease)

    threads = [threading.Thread(target=run, args=(f"holder-{place}",)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(leaders) == 1


def test_a_follower_goes_on_where_it_was(scene: Scene) -> None:
    repository = scene.repository
    assert repository.follower_place("mlflow http://a") is None
    repository.save_follower_place("mlflow http://a", 7)
    repository.save_follower_place("mlflow http://b", 0)
    assert (repository.follower_place("mlflow http://a"), repository.follower_place("mlflow http://b")) == (7, 0)
    repository.save_follower_place("mlflow http://a", 12)
    # One that was late must not make the next one do everything again.
    repository.save_follower_place("mlflow http://a", 9)
    assert repository.follower_place("mlflow http://a") == 12


def test_events_tell_the_story_in_order(scene: Scene) -> None:
    assert scene.repository.last_event_seq() == 0
    search = scene.search(trials=1)
    claim = scene.claim()
    scene.repository.report_start(claim.lease, parameters=10, device="cpu")
    scene.report(claim.lease, 2.0, 1.0)
    scene.repository.complete_trial(claim.lease, seconds=1)
    events = scene.repository.events_after(0, search_id=search.id)
    assert [event.kind for event in events] == [
        "search.created",
        "search.started",
        "trial.queued",
        "trial.started",
        "trial.checked",
        "trial.epoch",
        "trial.epoch",
        "trial.completed",
    ]
    seqs = [event.seq for event in events]
    assert seqs == sorted(set(seqs))
    assert scene.repository.last_event_seq() == seqs[-1]
    assert scene.repository.events_after(seqs[2], search_id=search.id) == events[3:]
    assert scene.repository.events_after(0, search_id=search.id, limit=2) == events[:2]
    assert events[5].payload == {
        "number": 0,
        "execution": 0,
        "fold": None,
        "epoch": 0,
        "metrics": {"loss": 1.0, "val_loss": 2.0},
    }
    assert events[0].recorded_at == scene.clock.now()


def test_events_are_filtered_by_owner(scene: Scene) -> None:
    mine, other = scene.search(owner="ada"), scene.search(owner="bob")
    seen = {event.search_id for event in scene.repository.events_after(0, owner="ada")}
    assert mine.id in seen
    assert other.id not in seen
    assert scene.repository.events_after(0, search_id=other.id, owner="ada") == ()
    scene.worker()
    assert scene.repository.events_after(0)[-1].kind == "worker.registered"
    assert scene.repository.events_after(0, owner="ada")[-1].kind != "worker.registered"


def test_a_reader_who_follows_misses_nothing(scene: Scene) -> None:
    """Readers go on from the last number they saw while writers commit: at the end they have seen every event once."""
    search = scene.search(trials=12, parallelism=12)
    claims = scene.claims(12)
    start = scene.repository.last_event_seq()
    done = threading.Event()
    seen: list[int] = []

    def read() -> None:
        last = start
        while True:
            finished = done.is_set()
            for event in scene.repository.events_after(last, limit=7):
                last = event.seq
                seen.append(event.seq)
            if finished and last == scene.repository.last_event_seq():
                return

    def write(place: int) -> None:
        for claim in claims[place::4]:
            for epoch in range(4):
                scene.report(claim.lease, 1.0, first=epoch)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(place,)) for place in range(4)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert len(seen) == 12 * 4
    assert seen == [event.seq for event in scene.repository.events_after(start, search_id=search.id)]


def test_ping_finds_its_schema(scene: Scene) -> None:
    scene.repository.ping()


def test_a_database_that_was_never_set_up_is_refused(bare_database_url: str) -> None:
    bare = open_repository(bare_database_url)
    for call in (bare.ping, bare.active_searches, lambda: bare.get_dataset(new_dataset_id())):
        with pytest.raises(SchemaOutdated):
            call()
    bare.close()
