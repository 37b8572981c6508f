"""`headstock weights`: list, add, delete."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from headstock import words
from headstock.cli.session import JsonFlag, session_of

app = typer.Typer(
    help="List, upload and delete weights for backbones.",
    invoke_without_command=True,
    no_args_is_help=False,
    rich_markup_mode=None,
)


@app.callback()
def default(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List, upload and delete weights for backbones. Without a command: list."""
    if context.invoked_subcommand is None:
        list_weights(context, as_json=as_json)


@app.command("list")
def list_weights(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the uploaded weights, newest first."""
    session = session_of(context)
    stored = list(session.client.weights())
    if as_json:
        session.print_json(stored)
        return
    session.print_table(
        ("name", "format", ">size", "id"),
        ((weights.name, weights.format or "–", words.size(weights.size_bytes), weights.id) for weights in stored),
        empty="No weights are stored yet. Upload some: headstock weights add FILE",
    )


@app.command()
def add(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".weights.h5 (model.save_weights), or .h5.")],
    name: Annotated[str | None, typer.Option(help="What definitions call them. Default: the file's name.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Upload weights for the backbone of an `application` model."""
    session = session_of(context)
    weights = session.client.upload_weights(file, name=name)
    if as_json:
        session.print_json(weights)
        return
    use = f'{{"weights": "{weights.name}"}}'
    session.out.print(
        f"Stored {weights.name} ({weights.id}), {words.size(weights.size_bytes)}; definitions name them as {use}",
        markup=False,
        soft_wrap=True,
    )


@app.command()
def delete(
    context: typer.Context,
    weights: Annotated[str, typer.Argument(metavar="WEIGHTS", help="Name or id.")],
    as_json: JsonFlag = False,
) -> None:
    """Delete weights. Trials that would begin with them fail from then on."""
    session = session_of(context)
    session.client.delete_weights(weights)
    if as_json:
        session.print_json({"deleted": weights})
    else:
        session.out.print(f"Deleted {weights}", markup=False, soft_wrap=True)
