"""`headstock datasets`: list, add, show, remove."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from headstock import words
from headstock.cli.session import JsonFlag, session_of
from headstock.models import Dataset, DatasetPreview, PreviewRow


class Part(StrEnum):
    train = "train"
    validation = "validation"
    test = "test"


app = typer.Typer(
    help="List, upload, show and remove data sets.",
    invoke_without_command=True,
    no_args_is_help=False,
    rich_markup_mode=None,
)


@app.callback()
def default(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List, upload, show and remove data sets. Without a command: list."""
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
        ("name", "task", "input", ">classes", ">train", ">validation", ">test", "?scale", "?>size", "?id"),
        (
            (
                dataset.name,
                dataset.task,
                _input(dataset),
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
        ("name", "task", "input", ">classes", ">train", ">test", "?from", "what"),
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
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=".npz, .csv with a header line, .parquet, or .zip of class folders.")
    ],
    name: Annotated[str | None, typer.Option(help="What definitions call it. Default: the file's name.")] = None,
    target: Annotated[str | None, typer.Option(help="Column to predict, or several between commas (tables).")] = None,
    text: Annotated[str | None, typer.Option(help="Column of the texts to learn from (tables).")] = None,
    ignore: Annotated[str | None, typer.Option(help="Columns to leave out, between commas (tables).")] = None,
    part: Annotated[str | None, typer.Option(help="Column that says train, validation or test (tables).")] = None,
    group: Annotated[str | None, typer.Option(help="Column whose equal values stay together (tables).")] = None,
    time: Annotated[str | None, typer.Option(help="Column that orders the rows (tables).")] = None,
    weight: Annotated[str | None, typer.Option(help="Column of sample weights (tables).")] = None,
    image_size: Annotated[str | None, typer.Option(help="HEIGHTxWIDTH that images are brought to (.zip).")] = None,
    color: Annotated[str | None, typer.Option(help="rgb or grayscale (.zip).")] = None,
    scale: Annotated[str | None, typer.Option(help="0-1, standard or none.")] = None,
    task: Annotated[
        str | None, typer.Option(help="classification, regression or multilabel. Default: told from the data.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Upload a data set."""
    session = session_of(context)
    dataset = session.client.upload_dataset(
        file,
        name=name,
        target=target,
        text=text,
        ignore=ignore,
        part=part,
        group=group,
        time=time,
        weight=weight,
        image_size=image_size,
        color=color,
        scale=scale,
        task=task,
    )
    if as_json:
        session.print_json(dataset)
        return
    labels = "labels" if dataset.task == "multilabel" else "classes"
    classes = f", {dataset.num_classes} {labels}" if dataset.num_classes is not None else ""
    session.out.print(
        f"Stored {dataset.name} ({dataset.id}): {dataset.task}{classes}, input {_input(dataset)}, "
        f"{dataset.train_rows:,} rows to train on, {dataset.validation_rows:,} to validate, {dataset.test_rows:,} to "
        "test",
        markup=False,
        soft_wrap=True,
    )


@app.command()
def show(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Name or id.")],
    rows: Annotated[int, typer.Option(min=1, max=50, help="How many rows to show.")] = 10,
    part: Annotated[Part, typer.Option(help="Which part.")] = Part.train,
    random: Annotated[bool, typer.Option("--random", help="Random rows, not the first ones.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the random rows.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Show some rows of a data set, and figures over the part they are from."""
    session = session_of(context)
    preview = session.client.preview_dataset(
        dataset, rows=rows, part=part.value, sample="random" if random else "first", seed=seed
    )
    if as_json:
        session.print_json(preview)
        return
    session.print_table(
        (">row", *_input_names(preview), *(target.name or "target" for target in preview.targets)),
        ((row.row, *_cells(row), *map(_said, row.targets)) for row in preview.rows),
        empty="There is no row.",
    )
    for target in preview.targets:
        if target.classes:
            session.print_table(
                (target.name or ("label" if target.task == "multilabel" else "class"), ">rows"),
                ((each.name, each.count) for each in target.classes),
                empty="There is no class.",
            )
    features = [
        *(feature for each in preview.inputs for feature in each.features),
        *(feature for target in preview.targets for feature in target.numbers),
    ]
    if features:
        session.print_table(
            ("feature", "kind", ">smallest", ">mean", ">largest", ">missing"),
            ((each.name, each.kind, _said(each.minimum), _said(each.mean), _said(each.maximum), each.missing)
             for each in features),
            empty="There is no feature.",
        )  # fmt: skip
    session.out.print(
        f"{len(preview.rows):,} of {preview.rows_in_part:,} rows of the {preview.part} part", markup=False
    )


_SHOWN_VALUES = 8


def _input_names(preview: DatasetPreview) -> list[str]:
    names: list[str] = []
    for each in preview.inputs:
        if each.kind in ("table", "values") and len(each.features) > 1:
            names += [feature.name for feature in each.features[:_SHOWN_VALUES]]
            names += ["..."] if len(each.features) > _SHOWN_VALUES else []
        else:
            names.append(each.name or each.kind)
    return names


def _cells(row: PreviewRow) -> list[str]:
    shown: list[str] = []
    for cell in row.inputs:
        if cell.text is not None:
            shown.append(cell.text + ("..." if cell.shortened else ""))
        elif cell.image is not None:
            shown.append("(image)")
        else:
            values = cell.values or []
            shown += [_said(value) for value in values[:_SHOWN_VALUES]]
            shown += ["..."] if len(values) > _SHOWN_VALUES else []
    return shown


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return "–" if value is None else str(value)


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


def _input(dataset: Dataset) -> str:
    """The shape of an example: `8x8`, `text`, or `image 28x28 + meta 4`."""
    if dataset.kind == "text":
        return "text"
    if dataset.inputs:
        return " + ".join(f"{each.name} {'x'.join(map(str, each.shape))}" for each in dataset.inputs)
    return "x".join(map(str, dataset.input_shape))
