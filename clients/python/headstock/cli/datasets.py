"""`headstock datasets`: list, add, remove."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from headstock import words
from headstock.cli.session import JsonFlag, session_of

app = typer.Typer(
    help="List, upload and remove data sets.", invoke_without_command=True, no_args_is_help=False, rich_markup_mode=None
)


@app.callback()
def default(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List, upload and remove data sets. Without a command: list."""
    if context.invoked_subcommand is None:
        list_datasets(context, as_json=as_json)


@app.command("list")
def list_datasets(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the stored data sets, newest first."""
    session = session_of(context)
    stored = list(session.client.datasets())
    if as_json:
        session.print_json(stored)
        return
    session.print_table(
        ("name", "task", "input", ">classes", ">train", ">validation", ">test", "scale", ">size", "id"),
        (
            (
                dataset.name,
                dataset.task,
                "x".join(map(str, dataset.input_shape)),
                "–" if dataset.num_classes is None else dataset.num_classes,
                dataset.train_rows,
                dataset.validation_rows,
                dataset.test_rows,
                dataset.scale or "–",
                words.size(dataset.size_bytes),
                dataset.id,
            )
            for dataset in stored
        ),
        empty="No data set is stored yet. Those that come by name: headstock datasets builtin",
    )


@app.command()
def builtin(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the data sets that definitions can name without an upload."""
    session = session_of(context)
    known = session.client.builtin_datasets()
    if as_json:
        session.print_json(known)
        return
    session.print_table(
        ("name", "task", "input", ">classes", ">train", ">test", "from", "what"),
        (
            (
                dataset.name,
                dataset.task or "–",
                "x".join(map(str, dataset.input_shape)),
                "–" if dataset.num_classes is None else dataset.num_classes,
                dataset.train_rows,
                dataset.test_rows,
                f"{dataset.library or '–'}{' (downloaded)' if dataset.needs_network else ''}",
                dataset.description,
            )
            for dataset in known
        ),
        empty="There are none.",
    )


@app.command()
def add(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".npz, or .csv with a header line.")],
    name: Annotated[str | None, typer.Option(help="What definitions call it. Default: the file's name.")] = None,
    target: Annotated[str | None, typer.Option(help="Column to predict (.csv).")] = None,
    scale: Annotated[str | None, typer.Option(help="0-1, standard or none.")] = None,
    task: Annotated[str | None, typer.Option(help="classification or regression. Default: told from the data.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Upload a data set."""
    session = session_of(context)
    dataset = session.client.upload_dataset(file, name=name, target=target, scale=scale, task=task)
    if as_json:
        session.print_json(dataset)
        return
    classes = f", {dataset.num_classes} classes" if dataset.num_classes is not None else ""
    shape = "x".join(map(str, dataset.input_shape))
    session.out.print(
        f"Stored {dataset.name} ({dataset.id}): {dataset.task}{classes}, input {shape}, {dataset.train_rows:,} rows to "
        f"train on, {dataset.validation_rows:,} to validate, {dataset.test_rows:,} to test",
        markup=False,
        soft_wrap=True,
    )


@app.command()
def remove(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Name or id.")],
    as_json: JsonFlag = False,
) -> None:
    """Remove a data set that no open search uses."""
    session = session_of(context)
    session.client.delete_dataset(dataset)
    if as_json:
        session.print_json({"deleted": dataset})
    else:
        session.out.print(f"Removed {dataset}", markup=False, soft_wrap=True)
