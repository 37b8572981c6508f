"""The project's family of errors.

    HeadstockError
    |-- NotFound
    |-- Conflict
    |   |-- WrongState
    |   |-- NameTaken
    |   |-- DatasetInUse
    |   |-- RequestInProgress
    |   `-- StaleOracle
    |-- LeaseLost
    |-- ProtocolViolation
    |-- Invalid
    |   |-- InvalidDefinition
    |   |-- InvalidDataset
    |   |-- InvalidWeights
    |   |-- InvalidImport
    |   |-- InvalidPage
    |   `-- IdempotencyKeyReused
    |-- DatasetUnavailable
    |-- ArtifactDamaged
    |-- QuotaExceeded
    |-- StorageUnavailable
    `-- SchemaOutdated

`code` is a stable word for programs, the message is for people, `retryable` says whether the same call may succeed
later unchanged. There is no HTTP here; `service/problems.py` maps each class to a status. All survive pickling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One thing wrong with a document: where (RFC 6901 JSON pointer), a stable word, and what would be right."""

    pointer: str
    code: str
    detail: str


class HeadstockError(Exception):
    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(HeadstockError):
    code = "not_found"


class Conflict(HeadstockError):
    code = "conflict"


class WrongState(Conflict):
    """The thing is in a state from which the asked move is not allowed."""

    code = "wrong_state"


class NameTaken(Conflict):
    code = "name_taken"


class DatasetInUse(Conflict):
    code = "dataset_in_use"


class RequestInProgress(Conflict):
    """The first request with this idempotency key has not been answered yet."""

    code = "request_in_progress"
    retryable = True


class StaleOracle(Conflict):
    """Another coordinator has stored trials since this oracle was rebuilt: rebuild it and ask again."""

    code = "stale_oracle"
    retryable = True


class LeaseLost(HeadstockError):
    """The attempt no longer holds its trial. Its writes changed nothing; the worker must stop its trainer."""

    code = "lease_lost"


class ProtocolViolation(HeadstockError):
    """An attempt reported something that cannot be (an epoch skipped, or repeated with other values)."""

    code = "protocol_error"


class Invalid(HeadstockError):
    """The request can be read but is wrong; `faults` says where, at most 50 of them."""

    code = "invalid"

    def __init__(self, message: str, faults: tuple[FieldFault, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults[:50]

    def __reduce__(self) -> tuple[type[Invalid], tuple[str, tuple[FieldFault, ...]]]:
        return type(self), (self.message, self.faults)


class InvalidDefinition(Invalid):
    code = "invalid_definition"


class InvalidDataset(Invalid):
    code = "invalid_dataset"


class InvalidWeights(Invalid):
    code = "invalid_weights"


class InvalidImport(Invalid):
    code = "invalid_import"


class InvalidPage(Invalid):
    code = "invalid_page_token"


class IdempotencyKeyReused(Invalid):
    code = "idempotency_key_reused"


class DatasetUnavailable(HeadstockError):
    """A downloadable data set could not be fetched (usually: no network)."""

    code = "dataset_unavailable"
    retryable = True


class ArtifactDamaged(HeadstockError):
    """A stored file is missing or its checksum differs from the record."""

    code = "artifact_damaged"


class QuotaExceeded(HeadstockError):
    code = "quota_exceeded"
    retryable = True


class StorageUnavailable(HeadstockError):
    """The database or artifact store is busy or away; nothing was changed."""

    code = "storage_unavailable"
    retryable = True


class SchemaOutdated(HeadstockError):
    """The database's schema is not the one this version knows: run `headstock migrate`, or upgrade Headstock."""

    code = "schema_outdated"
