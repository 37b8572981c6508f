"""The server's part of the `headstock` command: up, api, coordinator, worker, mlflow, migrate, fsck.

The client's command finds these by entry point. Nothing heavy is imported before a command runs, so that `headstock
watch` starts as fast with the server installed as without.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from storage.settings import Settings

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Folder of the database, artifacts, token and logs.", show_default=False),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database-url", help="Address of the database.", show_default="SQLite in the data folder"),
]
ArtifactsUrl = Annotated[
    str | None,
    typer.Option("--artifacts-url", help="Folder or URL of the artifacts.", show_default="in the data folder"),
]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on; 0 takes a free one.", show_default="8000")]
Slots = Annotated[int | None, typer.Option("--slots", help="Trials trained at once.", show_default="1")]
BehindTlsProxy = Annotated[
    bool | None,
    typer.Option("--behind-tls-proxy", help="A TLS proxy stands in front: allow listening on other than loopback."),
]
AllowCode = Annotated[
    bool | None,
    typer.Option("--allow-code", help="Let submitters send Python that builds models; see docs/builders.md."),
]
LogLevel = Annotated[
    str | None, typer.Option("--log-level", help="debug, info, warning or error.", show_default="info")
]


def up(
    data_dir: DataDir = None,
    host: Host = None,
    port: Port = None,
    slots: Slots = None,
    database_url: DatabaseUrl = None,
    artifacts_url: ArtifactsUrl = None,
    behind_tls_proxy: BehindTlsProxy = None,
    allow_code: AllowCode = None,
    log_level: LogLevel = None,
) -> None:
    """Run everything on this machine: API, coordinator and one worker, until Ctrl-C."""
    with _plain_errors():
        from service.local import run_local

        run_local(
            _settings(
                data_dir=data_dir,
                host=host,
                port=port,
                slots=slots,
                database_url=database_url,
                artifacts_url=artifacts_url,
                behind_tls_proxy=behind_tls_proxy,
                code=allow_code,
                log_level=log_level,
            ),
            say=typer.echo,
        )


def api(
    data_dir: DataDir = None,
    host: Host = None,
    port: Port = None,
    database_url: DatabaseUrl = None,
    artifacts_url: ArtifactsUrl = None,
    behind_tls_proxy: BehindTlsProxy = None,
    allow_code: AllowCode = None,
    log_level: LogLevel = None,
) -> None:
    """Run the API alone."""
    with _plain_errors():
        from service.server import serve

        serve(
            _settings(
                data_dir=data_dir,
                host=host,
                port=port,
                database_url=database_url,
                artifacts_url=artifacts_url,
                behind_tls_proxy=behind_tls_proxy,
                code=allow_code,
                log_level=log_level,
            )
        )


def coordinator(
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    artifacts_url: ArtifactsUrl = None,
    log_level: LogLevel = None,
) -> None:
    """Run a coordinator alone. A second one waits until the first is gone."""
    with _plain_errors():
        settings = _settings(
            data_dir=data_dir, database_url=database_url, artifacts_url=artifacts_url, log_level=log_level
        )
        _become(settings, "tuners", "coordinator")


def worker(
    data_dir: DataDir = None,
    slots: Slots = None,
    database_url: DatabaseUrl = None,
    artifacts_url: ArtifactsUrl = None,
    allow_code: AllowCode = None,
    log_level: LogLevel = None,
) -> None:
    """Run a worker alone."""
    with _plain_errors():
        settings = _settings(
            data_dir=data_dir,
            slots=slots,
            database_url=database_url,
            artifacts_url=artifacts_url,
            code=allow_code,
            log_level=log_level,
        )
        _become(settings, "tuners", "worker")


def mlflow(
    tracking_uri: Annotated[
        str | None, typer.Option("--tracking-uri", help="Address of the tracking server.", show_default="the setting")
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    artifacts_url: ArtifactsUrl = None,
    log_level: LogLevel = None,
) -> None:
    """Write trials and jobs to an MLflow tracking server while they run. A second one waits until the first is gone."""
    with _plain_errors():
        settings = _settings(
            data_dir=data_dir,
            database_url=database_url,
            artifacts_url=artifacts_url,
            mlflow_tracking_uri=tracking_uri,
            log_level=log_level,
        )
        _become(settings, "service.mlflow")


def migrate(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Bring the database to the schema of this version. It may be repeated."""
    with _plain_errors():
        from service.local import migrate_database

        migrate_database(_settings(data_dir=data_dir, database_url=database_url))
        typer.echo("the database has this version's schema")


def token(
    name: Annotated[str, typer.Argument(help="What it is for, to recognise it by.")],
    owner: Annotated[str, typer.Option("--owner", help="Whose searches and data sets it reaches.")] = "local",
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="read, submit or admin; repeated for several.")
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="Days until it expires.", show_default="never")
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make an API token and print it, once: only its hash is kept."""
    with _plain_errors():
        from service.local import issue_token

        text = issue_token(
            _settings(data_dir=data_dir, database_url=database_url),
            name=name,
            owner=owner,
            scopes=scope or ["submit"],
            days=days,
        )
        typer.echo(text)


def fsck(data_dir: DataDir = None, database_url: DatabaseUrl = None, artifacts_url: ArtifactsUrl = None) -> None:
    """Prove the invariants of the database, and that every recorded file is there and whole. Exit code 1 when not."""
    with _plain_errors():
        from service.check import check_everything, table

        violations = check_everything(
            _settings(data_dir=data_dir, database_url=database_url, artifacts_url=artifacts_url)
        )
    for line in table(violations):
        typer.echo(line)
    if violations:
        raise typer.Exit(1)


def _settings(**flags: Any) -> Settings:
    """The settings: flags that were given, then HEADSTOCK_*, then headstock.toml."""
    from storage.settings import Settings

    return Settings(**{name: value for name, value in flags.items() if value is not None})


def _become(settings: Settings, *module: str) -> None:
    """Turn this process into what `python -m` runs, so that signals and exit codes are its own."""
    import sys

    from service.local import environment_for

    os.execve(sys.executable, [sys.executable, "-P", "-m", *module], environment_for(settings))


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn what a person can act on into one line and exit code 2; anything else keeps its traceback."""
    from pydantic import ValidationError

    from service.local_token import UnsafeTokenFile
    from service.server import RefusedToListen
    from service.supervisor import RoleGaveUp
    from storage.errors import HeadstockError

    try:
        yield
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            name = ".".join(str(part) for part in fault["loc"])
            typer.echo(f"headstock: the setting {name}: {fault['msg']}", err=True)
        raise typer.Exit(2) from error
    except (HeadstockError, RefusedToListen, UnsafeTokenFile, RoleGaveUp) as error:
        typer.echo(f"headstock: {error}", err=True)
        raise typer.Exit(2) from error
