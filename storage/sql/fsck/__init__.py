"""What must be true of any database of ours, whatever happened to the processes that wrote it.

Each invariant is a query for its counterexamples. Constraints make most of them impossible to write; they are asked all
the same, because a restored backup, a disk or a hand-made UPDATE knows no constraints.
"""

from __future__ import annotations

from collections.abc import Callable

from storage.records import Violation
from storage.sql.database import Transaction
from storage.sql.fsck import attempts, epochs, jobs, searches
from storage.sql.fsck.found import Found
from storage.sql.part import Part

_MOST_PER_INVARIANT = 100


class Invariants(Part):
    def check_invariants(self) -> tuple[Violation, ...]:
        def work(tx: Transaction) -> tuple[Violation, ...]:
            found: list[Violation] = []
            for invariant, check in INVARIANTS.items():
                for number, (subject, detail) in enumerate(check(tx)):
                    if number == _MOST_PER_INVARIANT:
                        found.append(Violation(invariant, "", "and more"))
                        break
                    found.append(Violation(invariant, subject, detail))
            return tuple(found)

        return self._database.read(work)


def _file_whole(tx: Transaction) -> Found:
    for line in tx.dialect.check_file(tx.connection):
        yield "database", line


INVARIANTS: dict[str, Callable[[Transaction], Found]] = {
    "numbers_dense": searches.numbers_dense,
    "budget_kept": searches.budget_kept,
    "counters_true": searches.counters_true,
    "epochs_counted": epochs.epochs_counted,
    "epochs_contiguous": epochs.epochs_contiguous,
    "executions_whole": epochs.executions_whole,
    "one_owner": attempts.one_owner,
    "lease_while_running": attempts.leases,
    "attempts_match": attempts.attempts_match,
    "ended_once": attempts.ended_once,
    "nothing_open_in_ended_search": searches.nothing_open,
    "best_is_best": searches.best_is_best,
    "scores_true": epochs.scores_true,
    "curves_whole": epochs.curves_whole,
    "clocks_agree": searches.clocks,
    "resumable": epochs.resumable,
    "data_there": searches.data_there,
    "log_complete": attempts.log_complete,
    "jobs_single": jobs.jobs_single,
    "results_there": jobs.results_there,
    "imports_ended": jobs.imports_ended,
    "file_whole": _file_whole,
}
