"""Answers that take long, kept as long as they are about the trials that are asked about."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import structlog

from storage.columns import ScoredColumns

Document = dict[str, Any]
# Of so many trials and more, an answer about nearly all of them is given at once and made anew meanwhile.
LARGE = 500
NEARLY = 0.9
_MOST = 256
_LOCKS = 64

_log = structlog.get_logger("analysis")


@dataclass(frozen=True, slots=True)
class _Answer:
    document: Document
    trials: int
    last: str


class KeptAnswers:
    """Answers by search and question. Safe for threads; the same question is worked on once at a time.

    A scored trial never changes and a search's scored trials only grow in number, so an answer holds while there are as
    many and the last is the same.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))
        self._answers: OrderedDict[Hashable, _Answer] = OrderedDict()
        self._renewing: set[Hashable] = set()

    def answer(self, key: Hashable, trials: ScoredColumns, work: Callable[[], Document]) -> Document:
        """The kept answer, or what `work` makes of these trials.

        Of a large search that still runs, each moment's trials would cost a whole new answer: there the last one is
        given while it is about nine tenths of the trials or more, and a new one is made in the background. It says
        itself how many trials it is about.
        """
        kept = self._kept(key)
        if kept is not None:
            if _is_about(kept, trials):
                return kept.document
            if len(trials) >= LARGE and NEARLY * len(trials) <= kept.trials <= len(trials):
                self._renew(key, trials, work)
                return kept.document
        with self._locks[hash(key) % _LOCKS]:
            kept = self._kept(key)
            if kept is not None and _is_about(kept, trials):
                return kept.document
            return self._worked_out(key, trials, work)

    def _kept(self, key: Hashable) -> _Answer | None:
        with self._guard:
            found = self._answers.get(key)
            if found is not None:
                self._answers.move_to_end(key)
            return found

    def _worked_out(self, key: Hashable, trials: ScoredColumns, work: Callable[[], Document]) -> Document:
        document = work()
        with self._guard:
            self._answers[key] = _Answer(document, len(trials), _last(trials))
            self._answers.move_to_end(key)
            while len(self._answers) > _MOST:
                self._answers.popitem(last=False)
        return document

    def _renew(self, key: Hashable, trials: ScoredColumns, work: Callable[[], Document]) -> None:
        with self._guard:
            if key in self._renewing:
                return
            self._renewing.add(key)

        def renew() -> None:
            try:
                self._worked_out(key, trials, work)
            except Exception as error:
                # Whoever asks when the kept answer is too old is told why there is no new one.
                _log.warning("answer not renewed", action="renew", error=type(error).__name__)
            finally:
                with self._guard:
                    self._renewing.discard(key)

        threading.Thread(target=renew, name="renew-answer", daemon=True).start()


def _is_about(kept: _Answer, trials: ScoredColumns) -> bool:
    return (kept.trials, kept.last) == (len(trials), _last(trials))


def _last(trials: ScoredColumns) -> str:
    return trials.ids[-1] if len(trials) else ""
