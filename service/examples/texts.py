"""Answers that are not JSON: streams, measures and tables."""

from __future__ import annotations

from service.examples.common import SEARCH_ID, TRIAL_ID

EVENTS = (
    "retry: 1000\n\n"
    f'id: 42\nevent: trial.completed\ndata: {{"seq":42,"kind":"trial.completed","search_id":"{SEARCH_ID}",'
    f'"trial_id":"{TRIAL_ID}","payload":{{}},"recorded_at":"2026-03-01T12:00:03Z"}}\n\n'
)
METRICS = 'headstock_searches_open{state="RUNNING"} 1.0\n'
CSV = "number,state,score,hp:units\n4,COMPLETED,0.9722,192\n"
