"""Searches: stored, listed, paused, ended, removed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, tuple_, update

from storage.errors import (
    FieldFault,
    IdempotencyKeyReused,
    Invalid,
    NotFound,
    QuotaExceeded,
    WrongState,
)
from storage.files import Artifact
from storage.ids import SearchId, new_search_id
from storage.records import JsonObject, Limits, NewSearch, OpenCount, Page, Reason, Search, SearchChanges, SearchFilter
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.mapping import select_searches, to_artifact, to_search
from storage.sql.moves import cancel_open_trials, lock_search, move_search
from storage.sql.pages import Pager
from storage.sql.part import Part, read_search
from storage.states import SEARCH_ENDED, SearchState

_searches = tables.searches.c


class Searches(Part):
    def create_search(
        self, new: NewSearch, *, idempotency_key: str | None = None, most_open: int | None = None
    ) -> tuple[Search, bool]:
        digest = digest_of(new)

        def work(tx: Transaction) -> tuple[Search, bool]:
            if idempotency_key is not None:
                first = tx.first(
                    select(_searches.id, _searches.definition_sha256).where(
                        _searches.owner == new.owner, _searches.idempotency_key == idempotency_key
                    )
                )
                if first is not None:
                    if first.definition_sha256 != digest:
                        raise IdempotencyKeyReused("this idempotency key belongs to another request")
                    return read_search(tx, SearchId(first.id)), False
            if most_open is not None and _open_searches(tx, new.owner) >= most_open:
                raise QuotaExceeded(
                    f"{most_open} of your searches have not ended, and no more may be open at once: wait for one of"
                    " them, or cancel it"
                )
            # Locked, so that nobody removes the data between this look and the commit.
            found = tx.lock(select(tables.datasets.c.id).where(tables.datasets.c.id == new.dataset_id), tables.datasets)
            if found is None:
                raise NotFound(f"there is no data set {new.dataset_id}")
            search_id = new_search_id()
            tx.execute(insert(tables.searches).values(search_row(tx, search_id, new, idempotency_key, digest)))
            tx.execute(
                insert(tables.definitions).values(
                    search_id=search_id,
                    definition=dict(new.definition),
                    space=dict(new.space),
                    versions=dict(new.versions),
                    options=dict(new.options),
                )
            )
            tx.emit("search.created", owner=new.owner, search_id=search_id, name=new.name, state=SearchState.QUEUED)
            return read_search(tx, search_id), True

        return self._database.write(work)

    def get_search(self, search_id: SearchId, *, owner: str | None = None) -> Search:
        return self._database.read(lambda tx: read_search(tx, search_id, owner=owner))

    def list_searches(self, where: SearchFilter, *, limit: int, page_token: str | None = None) -> Page[Search]:
        limit = max(limit, 1)

        def work(tx: Transaction) -> Page[Search]:
            pager = Pager(
                tx,
                "searches",
                where.owner,
                sorted(where.states),
                sorted(where.tags.items()),
                where.name,
                where.text,
                where.dataset_id,
                where.kind,
                where.source_search_id,
                where.source_trial_id,
            )
            statement = select_searches().order_by(_searches.created_at.desc(), _searches.id.desc()).limit(limit + 1)
            statement = _matching(tx, statement, where)
            if (start := pager.start(page_token)) is not None:
                statement = statement.where(tuple_(_searches.created_at, _searches.id) < tuple_(*start))
            now = tx.now()
            return pager.page(
                tx.all(statement),
                limit=limit,
                record=lambda row: to_search(row, now=now),
                key=lambda row: (row.created_at, row.id),
            )

        return self._database.read(work)

    def count_searches(self, where: SearchFilter) -> dict[SearchState, int]:
        def work(tx: Transaction) -> dict[SearchState, int]:
            statement = select(_searches.state, func.count().label("searches")).group_by(_searches.state)
            found = {row.state: row.searches for row in tx.all(_matching(tx, statement, where))}
            return {state: found.get(state.value, 0) for state in SearchState}

        return self._database.read(work)

    def count_open(self) -> dict[SearchState, OpenCount]:
        statement = (
            select(
                _searches.state,
                func.count().label("searches"),
                func.sum(_searches.trials_queued).label("queued"),
                func.sum(_searches.trials_running).label("running"),
            )
            .where(_searches.ended_at.is_(None))
            .group_by(_searches.state)
        )
        rows = self._database.read(lambda tx: tx.all(statement))
        return {SearchState(row.state): OpenCount(row.searches, row.queued, row.running) for row in rows}

    def active_searches(self) -> tuple[Search, ...]:
        def work(tx: Transaction) -> tuple[Search, ...]:
            rows = tx.all(
                select_searches().where(_searches.ended_at.is_(None)).order_by(_searches.created_at, _searches.id)
            )
            now = tx.now()
            return tuple(to_search(row, now=now) for row in rows)

        return self._database.read(work)

    def change_search(self, search_id: SearchId, changes: SearchChanges) -> Search:
        def work(tx: Transaction) -> Search:
            search = lock_search(tx, search_id)
            if SearchState(search.state) in SEARCH_ENDED:
                raise WrongState(f"search {search_id} has ended and cannot be changed")
            values = _changed(search, changes)
            if values:
                tx.change(update(tables.searches).where(_searches.id == search_id).values(values))
                tx.emit("search.changed", owner=search.owner, search_id=search_id, changed=_names(changes))
            return read_search(tx, search_id)

        return self._database.write(work)

    def pause_search(self, search_id: SearchId) -> Search:
        return self._move(search_id, SearchState.PAUSED, "search.paused", stays={SearchState.PAUSED})

    def start_search(self, search_id: SearchId) -> Search:
        # A pause that came since the caller looked stands: only `resume_search` ends it.
        stays = {SearchState.RUNNING, SearchState.PAUSED}
        return self._move(search_id, SearchState.RUNNING, "search.started", stays=stays)

    def resume_search(self, search_id: SearchId) -> Search:
        def work(tx: Transaction) -> Search:
            search = lock_search(tx, search_id)
            if search.state not in (SearchState.RUNNING, SearchState.QUEUED):
                to = SearchState.QUEUED if search.started_at is None else SearchState.RUNNING
                move_search(tx, search, to)
                tx.emit("search.resumed", owner=search.owner, search_id=search_id, state=to)
            return read_search(tx, search_id)

        return self._database.write(work)

    def cancel_search(self, search_id: SearchId) -> Search:
        def work(tx: Transaction) -> Search:
            search = lock_search(tx, search_id)
            if search.state != SearchState.CANCELLED:
                end_search(tx, search, SearchState.CANCELLED, Reason("cancelled", "cancelled by request"))
            return read_search(tx, search_id)

        return self._database.write(work)

    def end_search(self, search_id: SearchId, state: SearchState, reason: Reason) -> Search:
        if state not in (SearchState.COMPLETED, SearchState.FAILED):
            raise ValueError("a search is ended as COMPLETED or FAILED; cancel_search cancels it")

        def work(tx: Transaction) -> Search:
            search = lock_search(tx, search_id)
            if SearchState(search.state) not in SEARCH_ENDED:
                end_search(tx, search, state, reason)
            return read_search(tx, search_id)

        return self._database.write(work)

    def delete_search(self, search_id: SearchId) -> tuple[Artifact, ...]:
        def work(tx: Transaction) -> tuple[Artifact, ...]:
            search = lock_search(tx, search_id)
            if SearchState(search.state) not in SEARCH_ENDED:
                raise WrongState(f"search {search_id} is {search.state}: cancel it before deleting it")
            files = tx.all(
                select(tables.artifacts)
                .where(tables.artifacts.c.search_id == search_id)
                .order_by(tables.artifacts.c.id)
            )
            # Its history goes with it; one line remains, for those who follow the log.
            tx.change(delete(tables.events).where(tables.events.c.search_id == search_id))
            tx.change(delete(tables.searches).where(_searches.id == search_id))
            tx.emit("search.deleted", owner=search.owner, search_id=search_id, name=search.name)
            return tuple(to_artifact(row) for row in files)

        return self._database.write(work)

    def _move(self, search_id: SearchId, to: SearchState, event: str, *, stays: set[SearchState]) -> Search:
        def work(tx: Transaction) -> Search:
            search = lock_search(tx, search_id)
            if SearchState(search.state) not in stays:
                move_search(tx, search, to)
                tx.emit(event, owner=search.owner, search_id=search_id, state=to)
            return read_search(tx, search_id)

        return self._database.write(work)


def end_search(tx: Transaction, search: Row[Any], state: SearchState, reason: Reason) -> None:
    """End a locked search, with all that is open in it."""
    move_search(tx, search, state, reason=reason)
    cancel_open_trials(tx, search)
    tx.emit(
        f"search.{state.value.lower()}",
        owner=search.owner,
        search_id=search.id,
        state=state,
        reason={"code": reason.code, "message": reason.message},
    )


def _open_searches(tx: Transaction, owner: str) -> int:
    statement = select(func.count().label("open")).where(_searches.owner == owner, _searches.ended_at.is_(None))
    found = tx.first(statement)
    return 0 if found is None else int(found.open)


def search_row(
    tx: Transaction, search_id: SearchId, new: NewSearch, idempotency_key: str | None, digest: str
) -> dict[str, Any]:
    """The hot row of a new search, QUEUED."""
    return {
        "id": search_id,
        "owner": new.owner,
        "name": new.name,
        "state": SearchState.QUEUED,
        "dataset_id": new.dataset_id,
        "objective_name": new.objective.name,
        "objective_direction": new.objective.direction,
        "tuner": new.tuner,
        **_limits(new.limits),
        "parallelism": new.parallelism,
        "executions_per_trial": new.executions_per_trial,
        "max_retries_per_trial": new.max_retries_per_trial,
        "priority": new.priority,
        "seed": str(new.seed),
        "tags": dict(new.tags),
        "idempotency_key": idempotency_key,
        "definition_sha256": digest,
        "planned_trials": new.planned_trials,
        "planned_epochs": new.planned_epochs,
        "kind": new.kind,
        "source_trial_id": new.source_trial_id,
        "created_at": tx.now(),
    }


def _limits(limits: Limits) -> dict[str, Any]:
    return {
        "max_trials": limits.max_trials,
        "max_seconds": limits.max_seconds,
        "max_epochs": limits.max_epochs,
        "max_device_seconds": limits.max_device_seconds,
        "target": limits.target,
        "patience_trials": limits.patience_trials,
    }


def _changed(search: Row[Any], changes: SearchChanges) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if changes.limits is not None:
        if changes.limits.max_trials is not None and changes.limits.max_trials < search.trials:
            detail = f"{search.trials} trials have been made already; give at least that many"
            fault = FieldFault("/limits/max_trials", "below_trials_made", detail)
            raise Invalid("the limits do not fit the search", (fault,))
        values |= _limits(changes.limits)
    if changes.parallelism is not None:
        values["parallelism"] = changes.parallelism
    if changes.priority is not None:
        values["priority"] = changes.priority
    if changes.tags is not None:
        values["tags"] = dict(changes.tags)
    return values


def _names(changes: SearchChanges) -> list[str]:
    return [name for name in ("limits", "parallelism", "priority", "tags") if getattr(changes, name) is not None]


def digest_of(new: NewSearch) -> str:
    """Of all that was asked for. For searches that is the definition, as databases of earlier versions have it."""
    document: JsonObject = new.definition
    if new.kind != "search":
        document = {
            "definition": new.definition,
            "kind": new.kind,
            "source": new.source_trial_id,
            "seed": new.seed,
            "options": new.options,
        }
    return hashlib.sha256(json.dumps(document, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _matching(tx: Transaction, statement: Select[Any], where: SearchFilter) -> Select[Any]:
    statement = statement.where(_searches.kind == where.kind)
    if where.source_search_id is not None:
        trials = select(tables.trials.c.id).where(tables.trials.c.search_id == where.source_search_id)
        statement = statement.where(_searches.source_trial_id.in_(trials))
    if where.source_trial_id is not None:
        statement = statement.where(_searches.source_trial_id == where.source_trial_id)
    if where.owner is not None:
        statement = statement.where(_searches.owner == where.owner)
    if where.states:
        statement = statement.where(_searches.state.in_(sorted(where.states)))
    if where.name is not None:
        statement = statement.where(_searches.name == where.name)
    if where.text is not None:
        statement = statement.where(tx.dialect.folded(_searches.name).contains(_folded(where.text), autoescape=True))
    if where.dataset_id is not None:
        statement = statement.where(_searches.dataset_id == where.dataset_id)
    for tag, value in where.tags.items():
        statement = statement.where(tx.dialect.json_text(_searches.tags, tag) == value)
    return statement


def _folded(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)
