"""What a preview says: the child's numbers with the names that the record gives them."""

from __future__ import annotations

from collections.abc import Sequence

from service.schemas.previews import (
    CellOut,
    ClassCountOut,
    FeatureOut,
    PreviewInputOut,
    PreviewOut,
    PreviewRowOut,
    PreviewTargetOut,
)
from storage.datasets import Dataset, DatasetInput, DatasetTarget, TableColumn
from tuners.datasets.preview_wire import Cell, Figures, InputFigures, Part, Preview, PreviewRow, TargetFigures

Target = float | str | list[float | None] | list[str] | None


def preview_document(dataset: Dataset, preview: Preview, *, part: Part) -> PreviewOut:
    """The answer to a client."""
    inputs = dataset.inputs or (DatasetInput("", dataset.input_shape, dataset.x_dtype),)
    targets = dataset.targets or (
        DatasetTarget("", dataset.task, dataset.num_classes, dataset.class_names, dataset.target_shape),
    )
    first = preview.rows[0].inputs if preview.rows else ()
    return PreviewOut(
        dataset_id=dataset.id,
        part=part,
        rows_in_part=preview.rows_in_part,
        inputs=[
            _input(dataset, each, figures, cell)
            for each, figures, cell in zip(inputs, preview.inputs, first, strict=False)
        ],
        targets=[_target(dataset, each, figures) for each, figures in zip(targets, preview.targets, strict=False)],
        rows=[_row(dataset, targets, row) for row in preview.rows],
    )


def _input(dataset: Dataset, of: DatasetInput, figures: InputFigures, cell: Cell) -> PreviewInputOut:
    columns = () if dataset.inputs else dataset.columns
    kind = "text" if cell.text is not None else "image" if cell.image is not None else "table" if columns else "values"
    return PreviewInputOut(
        name=of.name,
        kind=kind,
        shape=list(of.shape),
        features=[
            _feature(_name(dataset, of, place) if figures.flat else "all values", each, columns, place)
            for place, each in enumerate(figures.features)
        ],
        looked_at=figures.looked_at,
    )


def _name(dataset: Dataset, of: DatasetInput, place: int) -> str:
    if dataset.inputs:
        return f"{of.name}[{place}]"
    if dataset.columns:
        return dataset.columns[place].name
    return dataset.feature_names[place] if place < len(dataset.feature_names) else str(place)


def _feature(name: str, figures: Figures, columns: Sequence[TableColumn] = (), place: int = 0) -> FeatureOut:
    if columns and columns[place].kind == "category":
        return FeatureOut(name=name, kind="category", minimum=None, maximum=None, mean=None, missing=figures.missing)
    return FeatureOut(
        name=name,
        kind="number",
        minimum=figures.minimum,
        maximum=figures.maximum,
        mean=figures.mean,
        missing=figures.missing,
    )


def _target(dataset: Dataset, of: DatasetTarget, figures: TargetFigures) -> PreviewTargetOut:
    return PreviewTargetOut(
        name=of.name,
        task=of.task,
        classes=[
            ClassCountOut(name=_class(dataset, of, place), count=count)
            for place, count in enumerate(figures.counts or ())
        ],
        numbers=[_feature(_number(dataset, of, place), each) for place, each in enumerate(figures.numbers)],
    )


def _class(dataset: Dataset, of: DatasetTarget, place: int) -> str:
    names = of.class_names or (dataset.target_names if of.task == "multilabel" and not of.name else ())
    return names[place] if place < len(names) else str(place)


def _number(dataset: Dataset, of: DatasetTarget, place: int) -> str:
    if not of.name and place < len(dataset.target_names):
        return dataset.target_names[place]
    return of.name or ("target" if not of.shape else str(place))


def _row(dataset: Dataset, targets: Sequence[DatasetTarget], row: PreviewRow) -> PreviewRowOut:
    columns = () if dataset.inputs else dataset.columns
    return PreviewRowOut(
        row=row.row,
        inputs=[_cell(cell, columns) for cell in row.inputs],
        targets=[_said(dataset, of, numbers) for of, numbers in zip(targets, row.targets, strict=False)],
    )


def _cell(cell: Cell, columns: Sequence[TableColumn]) -> CellOut:
    values: list[float | str | None] | None = None
    if cell.values is not None:
        values = [_value(value, columns[place] if columns else None) for place, value in enumerate(cell.values)]
    return CellOut(values=values, text=cell.text, image=cell.image, shortened=cell.shortened)


def _value(value: float | None, column: TableColumn | None) -> float | str | None:
    if value is None or column is None or column.kind != "category":
        return value
    code = int(value)
    return column.categories[code] if 0 <= code < len(column.categories) else value


def _said(dataset: Dataset, of: DatasetTarget, numbers: Sequence[float | None]) -> Target:
    if of.task == "multilabel":
        return [_class(dataset, of, place) for place, number in enumerate(numbers) if number]
    if of.task == "classification":
        return None if numbers[0] is None else _class(dataset, of, int(numbers[0]))
    return list(numbers) if of.shape else numbers[0]
