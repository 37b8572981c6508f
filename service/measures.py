"""Figures for Prometheus. A registry of its own per app, so that two apps in one process do not mix."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from storage.repository import Repository
from storage.states import SearchState
from storage.workers import Worker


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
        self._cpu = self._machine("headstock_machine_cpu_ratio", "Share of a worker's machine's cores in use, 0 to 1.")
        self._memory = self._machine("headstock_machine_memory_used_bytes", "Main memory in use on a worker's machine.")
        self._memory_total = self._machine("headstock_machine_memory_bytes", "Main memory of a worker's machine.")
        self._device_utilisation = self._device(
            "headstock_device_utilisation_ratio",
            "Use of a slot's GPU, 0 to 1; on the CPU the share of the cores that its trainer uses.",
        )
        self._device_memory = self._device(
            "headstock_device_memory_used_bytes", "Memory in use on a slot's GPU; on the CPU by its trainer."
        )
        self._device_memory_total = self._device(
            "headstock_device_memory_bytes", "Memory of a slot's GPU; on the CPU of the machine."
        )
        self._temperature = self._device("headstock_device_temperature_celsius", "Of a slot's GPU.")
        self._rendering = threading.Lock()

    def _machine(self, name: str, help: str) -> Gauge:
        return Gauge(name, help, ("worker_id", "host"), registry=self.registry)

    def _device(self, name: str, help: str) -> Gauge:
        return Gauge(name, help, ("worker_id", "host", "slot", "device"), registry=self.registry)

    def render(self, repository: Repository) -> bytes:
        """All figures in Prometheus' text format."""
        counts = repository.count_open()
        for state in (SearchState.QUEUED, SearchState.RUNNING, SearchState.PAUSED):
            self._searches.labels(state.value).set(counts[state].searches if state in counts else 0)
        self._trials.labels("QUEUED").set(sum(count.queued for count in counts.values()))
        self._trials.labels("RUNNING").set(sum(count.running for count in counts.values()))
        workers = repository.list_workers()
        slots = [slot for worker in workers for slot in worker.slots]
        self._slots.labels("busy").set(sum(slot.trial_id is not None for slot in slots))
        self._slots.labels("free").set(sum(slot.trial_id is None for slot in slots))
        with self._rendering:
            self._of_machines(workers)
            return generate_latest(self.registry)

    def _of_machines(self, workers: Sequence[Worker]) -> None:
        """The last sample of each; what is unknown, and who has left, has no figure."""
        for gauge in (
            self._cpu, self._memory, self._memory_total,
            self._device_utilisation, self._device_memory, self._device_memory_total, self._temperature,
        ):  # fmt: skip
            gauge.clear()
        for worker in workers:
            if not worker.samples:
                continue
            last = worker.samples[-1]
            place = (str(worker.id), worker.host)
            _set(self._cpu, place, last.cpu)
            _set(self._memory, place, last.memory_used_bytes)
            _set(self._memory_total, place, last.memory_total_bytes)
            devices = {slot.number: slot.device for slot in worker.slots}
            for slot in last.slots:
                at = (*place, str(slot.number), devices.get(slot.number, ""))
                _set(self._device_utilisation, at, slot.utilisation)
                _set(self._device_memory, at, slot.memory_used_bytes)
                _set(self._device_memory_total, at, slot.memory_total_bytes)
                _set(self._temperature, at, slot.temperature_celsius)


def _set(gauge: Gauge, labels: Sequence[str], value: float | None) -> None:
    if value is not None:
        gauge.labels(*labels).set(value)
