"""Identifiers: opaque to clients, ordered by time so that index pages fill from one end."""

from __future__ import annotations

import secrets
import time
from typing import NewType

SearchId = NewType("SearchId", str)
TrialId = NewType("TrialId", str)
DatasetId = NewType("DatasetId", str)
ArtifactId = NewType("ArtifactId", str)
WorkerId = NewType("WorkerId", str)
TokenId = NewType("TokenId", str)
WeightsId = NewType("WeightsId", str)

_RANDOM_BYTES = 10


def new_id(prefix: str) -> str:
    """A fresh identifier `<prefix>_<12 hex digits of milliseconds><20 random hex digits>`.

    80 random bits make a guess or a collision out of the question; the time in front keeps new rows together.
    """
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(_RANDOM_BYTES)}"


def new_search_id() -> SearchId:
    return SearchId(new_id("s"))


def new_trial_id() -> TrialId:
    return TrialId(new_id("t"))


def new_dataset_id() -> DatasetId:
    return DatasetId(new_id("d"))


def new_weights_id() -> WeightsId:
    return WeightsId(new_id("w8"))


def new_artifact_id() -> ArtifactId:
    return ArtifactId(new_id("a"))


def new_worker_id() -> WorkerId:
    return WorkerId(new_id("w"))


def new_token_id() -> TokenId:
    return TokenId(new_id("k"))


def new_lease_token() -> str:
    """A secret nobody else can hold: the fence around one attempt's writes."""
    return secrets.token_hex(16)
