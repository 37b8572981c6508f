"""Workers and what they last measured."""

from __future__ import annotations

from typing import Any

from service.examples.common import HEX, TRIAL_ID

WORKER: dict[str, Any] = {
    "id": f"w_{HEX}",
    "name": "desk-1",
    "host": "desk",
    "pid": 4242,
    "backend": "tensorflow",
    "slots": [
        {
            "number": 0,
            "device": "gpu:0",
            "busy": True,
            "trial_id": TRIAL_ID,
            "utilisation": 0.87,
            "memory_used_bytes": 5_872_025_600,
            "memory_total_bytes": 25_769_803_776,
            "temperature_celsius": 61.0,
            "trainer_bytes": 1_610_612_736,
        },
        {
            "number": 1,
            "device": "gpu:1",
            "busy": False,
            "trial_id": None,
            "utilisation": 0.0,
            "memory_used_bytes": 4_194_304,
            "memory_total_bytes": 25_769_803_776,
            "temperature_celsius": 38.0,
            "trainer_bytes": 1_503_238_553,
        },
    ],
    "versions": {"keras": "3.15.1"},
    "cpu": 0.22,
    "memory_used_bytes": 12_884_901_888,
    "memory_total_bytes": 68_719_476_736,
    "sampled_at": "2026-03-01T12:00:02Z",
    "samples": [
        {
            "recorded_at": "2026-03-01T12:00:02Z",
            "cpu": 0.22,
            "memory_used_bytes": 12_884_901_888,
            "slots": [
                {"number": 0, "utilisation": 0.87, "memory_used_bytes": 5_872_025_600},
                {"number": 1, "utilisation": 0.0, "memory_used_bytes": 4_194_304},
            ],
        }
    ],
    "started_at": "2026-03-01T11:58:00Z",
    "seen_at": "2026-03-01T12:00:03Z",
    "ended_at": None,
}
