"""The data sets of a service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Literal

from headstock._async import _pages
from headstock._async._http import BYTES, UPLOAD_TIMEOUT_S, AsyncHttp
from headstock._async._seam import listed
from headstock._wire import segment
from headstock.definitions import between_commas, opened
from headstock.models import BuiltinDataset, Dataset, DatasetPreview, Page
from headstock.notebook.shown import Table


class AsyncStoredDatasets:
    """Data sets: stored ones, and those that come by name."""

    _http: AsyncHttp

    async def upload_dataset(
        self,
        path: str | Path,
        *,
        name: str | None = None,
        target: str | Sequence[str] | None = None,
        text: str | None = None,
        ignore: str | Sequence[str] | None = None,
        part: str | None = None,
        group: str | None = None,
        time: str | None = None,
        weight: str | None = None,
        image_size: str | tuple[int, int] | None = None,
        color: str | None = None,
        scale: str | None = None,
        task: str | None = None,
    ) -> Dataset:
        """Store a data set; definitions then refer to it by its name.

        Args:
            path: An `.npz` file (`x_train`, `y_train`, and where there are any `x_validation`, `x_test`, ...), a
                `.csv` file with a header, a `.parquet` file, or a `.zip` file with a folder of images for each class.
            name: None takes the file's name without its ending.
            target: Of a table: the column to predict, or several.
            text: Of a table: the column of texts that are the examples.
            ignore: Of a table: columns to leave out.
            part: Of a table: the column that says `train`, `validation` or `test`.
            group: Of a table: the column whose equal values must stay on one side of a split.
            time: Of a table: the column that orders the rows.
            weight: Of a table: the column of sample weights.
            image_size: Height and width, as `(64, 64)` or `"64x64"`, that images are brought to.
            color: `rgb` or `grayscale`: what images are brought to.
            scale: `0-1`, `standard` or `none`, applied in training.
            task: `classification`, `regression` or `multilabel`; None lets the service tell from the targets.

        Raises:
            InvalidDataset: The file cannot be used; the message says why.
            NameTaken: There is another of that name.
        """
        file = Path(path)
        options = {
            "name": name or file.stem,
            "target": between_commas(target),
            "text": text,
            "ignore": between_commas(ignore),
            "part": part,
            "group": group,
            "time": time,
            "weight": weight,
            "image_size": image_size if isinstance(image_size, str | None) else f"{image_size[0]}x{image_size[1]}",
            "color": color,
            "scale": scale,
            "task": task,
        }
        with opened(file) as content:
            return await self._http.upload(
                "/v1/datasets",
                Dataset,
                files={"file": (file.name, content, BYTES)},
                data={key: value for key, value in options.items() if value is not None},
                timeout_s=UPLOAD_TIMEOUT_S,
            )

    def datasets(self) -> AsyncIterator[Dataset]:
        """The stored data sets, newest first."""
        return _pages.items(self._http, "/v1/datasets", Page[Dataset])

    async def dataset(self, dataset_id: str) -> Dataset:
        """The stored data set with that id. Raises NotFound."""
        return await self._http.get(f"/v1/datasets/{segment(dataset_id)}", Dataset)

    async def builtin_datasets(self) -> Table[BuiltinDataset]:
        """The data sets that a definition can name without an upload."""
        pages = _pages.items(self._http, "/v1/datasets/builtin", Page[BuiltinDataset], page_size=None)
        return Table(await listed(pages))

    async def preview_dataset(
        self,
        dataset: str | Dataset,
        *,
        rows: int = 10,
        part: Literal["train", "validation", "test"] = "train",
        sample: Literal["first", "random"] = "first",
        seed: int = 0,
    ) -> DatasetPreview:
        """A few rows of a data set (itself, its id or its name), and figures over the part they are from.

        Args:
            rows: How many, at most 50.
            sample: The first rows, or random ones; then `seed` chooses.

        Raises:
            NotFound: There is none.
            Invalid: It has no such part.
        """
        dataset_id = dataset.id if isinstance(dataset, Dataset) else await self._dataset_id(dataset)
        return await self._http.get(
            f"/v1/datasets/{segment(dataset_id)}/preview",
            DatasetPreview,
            query={"rows": rows, "part": part, "sample": sample, "seed": seed},
        )

    async def delete_dataset(self, dataset: str | Dataset) -> None:
        """Remove a data set, given itself, its id or its name.

        Raises:
            NotFound: There is none.
            DatasetInUse: A search that has not ended uses it.
        """
        dataset_id = dataset.id if isinstance(dataset, Dataset) else await self._dataset_id(dataset)
        await self._http.send("DELETE", f"/v1/datasets/{segment(dataset_id)}")

    async def _dataset_id(self, reference: str) -> str:
        """The id of the data set of that name; what is no name is taken for an id."""
        async for dataset in self.datasets():
            if dataset.name == reference:
                return dataset.id
        return reference
