"""The command that takes a search's results elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from headstock import words
from headstock.cli.results import file_name
from headstock.cli.session import JsonFlag, SearchReference, Session, session_of
from headstock.definitions import ExportTable
from headstock.errors import HeadstockError
from headstock.mlflow import send_search
from headstock.searches import Search

Kind = Literal["csv", "jsonl", "parquet", "tensorboard", "mlflow"]


def add_to(app: typer.Typer) -> None:
    app.command()(export)


def export(
    context: typer.Context,
    search: SearchReference = "latest",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File of the table; its ending chooses the format.")
    ] = None,
    table: Annotated[ExportTable, typer.Option("--table", help="A row per trial, or per epoch.")] = "trials",
    format: Annotated[
        Kind | None,
        typer.Option(
            "--format", help="csv, jsonl or parquet (default: the file's ending); or tensorboard, mlflow: both tables."
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", help="TensorBoard: the folder for --logdir. MLflow: the tracking server's address."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Save trials or epochs for other tools. As a table, as TensorBoard's event files, or as MLflow runs."""
    session = session_of(context)
    if format == "tensorboard" or format == "mlflow":
        if output is not None:
            raise HeadstockError(f"--output is for tables: say --to where {format} is")
        if format == "mlflow":
            _to_mlflow(session, session.search(search), to, as_json=as_json)
        else:
            _to_tensorboard(session, session.search(search), to, as_json=as_json)
        return
    if to is not None:
        raise HeadstockError("--to is for tensorboard and mlflow: give --format, or name a table's file with --output")
    found = session.search(search)
    target = output or Path(f"{file_name(found.name)}-{table}.{format or 'csv'}")
    written = found.export(target, table=table, format=format)
    if as_json:
        session.print_json({"path": str(written), "search_id": found.id, "table": table})
    else:
        session.out.print(f"Wrote {written} ({words.size(written.stat().st_size)})", markup=False, soft_wrap=True)


def _to_tensorboard(session: Session, search: Search, to: str | None, *, as_json: bool) -> None:
    folder = search.export_tensorboard(to or f"{file_name(search.name)}-runs")
    if as_json:
        session.print_json({"path": str(folder), "search_id": search.id})
    else:
        session.out.print(f"Wrote {folder}; see it with: tensorboard --logdir {folder}", markup=False, soft_wrap=True)


def _to_mlflow(session: Session, search: Search, to: str | None, *, as_json: bool) -> None:
    if to is None:
        raise HeadstockError("say where the MLflow tracking server is: --to http://127.0.0.1:5000")
    count = send_search(search, to)
    if as_json:
        session.print_json({"runs": count, "search_id": search.id})
    else:
        runs = "1 run" if count == 1 else f"{count} runs"
        session.out.print(f"Wrote {runs} of {search.name}", markup=False, soft_wrap=True)
