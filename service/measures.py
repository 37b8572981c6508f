"""Figures for Prometheus. A registry of its own per app, so that two apps in one process do not mix."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from storage.repository import Repository
from storage.states import SearchState


class Measures:
    """Counters moved by requests, and gauges read from the database when they are asked for."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "headstock_http_requests_total",
            "Requests answered, by route, method and status.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "headstock_http_request_seconds",
            "Seconds from the first byte of a request to the end of its answer (event streams left out).",
            ("route", "method"),
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=self.registry,
        )
        self.streams = Gauge("headstock_event_streams", "Event streams open now.", registry=self.registry)
        self.streams_dropped = Counter(
            "headstock_event_streams_dropped_total", "Event streams closed on slow readers.", registry=self.registry
        )
        self.refused_tokens = Counter(
            "headstock_refused_tokens_total", "Requests with a wrong token.", registry=self.registry
        )
        self._searches = Gauge(
            "headstock_searches_open", "Searches that have not ended, by state.", ("state",), registry=self.registry
        )
        self._trials = Gauge("headstock_trials_open", "Trials queued and running.", ("state",), registry=self.registry)
        self._slots = Gauge(
            "headstock_slots", "Training places of live workers, by use.", ("use",), registry=self.registry
        )

    def render(self, repository: Repository) -> bytes:
        """All figures in Prometheus' text format."""
        searches = repository.active_searches()
        for state in (SearchState.QUEUED, SearchState.RUNNING, SearchState.PAUSED):
            self._searches.labels(state.value).set(sum(search.state is state for search in searches))
        self._trials.labels("QUEUED").set(sum(search.counts.queued for search in searches))
        self._trials.labels("RUNNING").set(sum(search.counts.running for search in searches))
        slots = [slot for worker in repository.list_workers() for slot in worker.slots]
        self._slots.labels("busy").set(sum(slot.trial_id is not None for slot in slots))
        self._slots.labels("free").set(sum(slot.trial_id is None for slot in slots))
        return generate_latest(self.registry)
