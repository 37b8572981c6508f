"""Every setting of the service, in one place: its unit, its default and a sentence.

They come from flags, `HEADSTOCK_*` variables, or `headstock.toml` in the working directory, in that order. They live in
this room because each process reads some of them and this is the one room all others may import.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

_BUILDER_NAME = re.compile(r"[a-z0-9_.-]{1,64}")
_HTTP_ADDRESS = re.compile(r"https?://[^/\s]+")
_BUILDER_TARGET = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="HEADSTOCK_", toml_file="headstock.toml", extra="forbid", frozen=True, validate_default=True
    )

    data_dir: Path = Field(Path("headstock-data"), description="Folder of the database, artifacts, token and logs.")
    database_url: str = Field(
        "", description="SQLAlchemy address of the database. Empty: SQLite at DATA_DIR/headstock.db."
    )
    artifacts_url: str = Field("", description="Folder or fsspec URL of the artifact store. Empty: DATA_DIR/artifacts.")
    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the API listens on; 0 picks a free one.")
    behind_tls_proxy: bool = Field(
        False, description="Say that a TLS proxy stands in front: required to listen on other than loopback."
    )
    allowed_hosts: tuple[str, ...] = Field((), description="Host header names accepted besides loopback ones.")
    dashboard_dir: Path | None = Field(
        None, description="Folder of the dashboard's files. Empty: `clients/dashboard` beside the code, if it is there."
    )
    slots: int = Field(1, ge=0, le=256, description="Trials trained at once by this worker.")
    backend: Literal["tensorflow", "jax", "torch"] = Field("tensorflow", description="Keras backend of trainers.")
    isolation: Literal["warm", "trial"] = Field(
        "warm", description="`warm` reuses a trainer between trials, `trial` gives each trial a fresh one."
    )
    lease_s: float = Field(30.0, gt=0, description="Seconds a claim lasts unless it is renewed.")
    renew_s: float = Field(2.0, gt=0, description="Seconds between renewals; also how soon a cancel reaches a trainer.")
    poll_s: float = Field(0.2, gt=0, description="Seconds an idle worker waits between claims.")
    coordinate_s: float = Field(0.1, gt=0, description="Seconds between the coordinator's looks at the event log.")
    reap_s: float = Field(2.0, gt=0, description="Seconds between looks for expired leases.")
    leader_lease_s: float = Field(10.0, gt=0, description="Seconds a coordinator leads without renewing.")
    machine_retries: int = Field(
        3, ge=0, le=100, description="Attempts a trial may lose to machine faults before it fails."
    )
    start_timeout_s: float = Field(600.0, gt=0, description="Seconds from the start of a trial to its first batch.")
    progress_timeout_s: float = Field(300.0, gt=0, description="Seconds without a batch after which a trainer is hung.")
    stop_grace_s: float = Field(10.0, gt=0, description="Seconds a trainer gets to end before it is killed.")
    trainer_max_trials: int = Field(100, ge=1, description="Trials after which a warm trainer is replaced.")
    trainer_max_growth_mb: int = Field(
        2048,
        ge=1,
        description="Growth of a warm trainer's memory (MiB) since its first trial, after which it is replaced.",
    )
    planner_idle_s: float = Field(300.0, gt=0, description="Seconds after which the idle planner process ends.")
    planner_timeout_s: float = Field(60.0, gt=0, description="Seconds one check of a definition may take.")
    planner_memory_mb: int = Field(4096, ge=512, description="Memory (MiB) above which the planner process is ended.")
    upload_max_bytes: int = Field(2 * 1024**3, ge=1, description="Largest upload, in bytes.")
    max_open_searches: int = Field(
        100, ge=1, description="Searches and jobs of one owner that may be open (queued, running or paused) at once."
    )
    max_parameters: int = Field(
        200_000_000, ge=1, description="Models with more parameters are refused as too large for this service."
    )
    downloads: bool = Field(
        True, description="Whether Keras' downloadable sets and ImageNet's weights may be fetched on first use."
    )
    builders: dict[str, str] = Field(
        {}, description='Builders that definitions may name: `{"name": "module:attribute"}`, as JSON in the variable.'
    )
    code: bool = Field(
        False, description="Whether submitters may send Python that builds models. It runs as the worker's user."
    )
    mlflow_tracking_uri: str = Field(
        "",
        description="Address of an MLflow tracking server (`http://...`): trials, jobs become runs there. Empty: none.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe log lines kept.")

    @field_validator("mlflow_tracking_uri")
    @classmethod
    def _an_address(cls, uri: str) -> str:
        if uri and not _HTTP_ADDRESS.match(uri):
            raise ValueError("write it as `http://host:port` or `https://host`: runs are written over HTTP")
        return uri

    @field_validator("builders")
    @classmethod
    def _named_targets(cls, builders: dict[str, str]) -> dict[str, str]:
        for name, target in builders.items():
            if not _BUILDER_NAME.fullmatch(name):
                raise ValueError("names of builders are made of a-z, 0-9, `_`, `.` and `-`, at most 64 of them")
            if not _BUILDER_TARGET.fullmatch(target):
                raise ValueError(f"builder {name}: write it as `module:attribute`, such as `my_models:build`")
        return builders

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def database(self) -> str:
        """The database address in force."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'headstock.db').absolute()}"

    @property
    def artifacts(self) -> str:
        """The artifact store's address in force."""
        return self.artifacts_url or str((self.data_dir / "artifacts").absolute())

    @property
    def token_file(self) -> Path:
        """Where `headstock up` keeps the local token (mode 0600)."""
        return self.data_dir / "token"
