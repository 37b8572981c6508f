"""The pretrained weights that a service keeps, for models to begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from headstock._async import _pages
from headstock._async._http import BYTES, UPLOAD_TIMEOUT_S, AsyncHttp
from headstock._wire import segment
from headstock.definitions import opened
from headstock.models import Page, Weights


class AsyncStoredWeights:
    """Pretrained weights for the backbones of `application` models."""

    _http: AsyncHttp

    async def upload_weights(self, path: str | Path, *, name: str | None = None) -> Weights:
        """Store weights for the backbone of an `application` model; definitions refer to them by their name.

        Args:
            path: What `model.save_weights` writes (`.weights.h5`), or weights or a whole model as `.h5`.
            name: None takes the file's name without its ending.

        Raises:
            InvalidWeights: The file cannot be used; the message says why.
            NameTaken: There are others of that name.
        """
        file = Path(path)
        with opened(file) as content:
            return await self._http.upload(
                "/v1/weights",
                Weights,
                files={"file": (file.name, content, BYTES)},
                data={"name": name or file.stem.removesuffix(".weights")},
                timeout_s=UPLOAD_TIMEOUT_S,
            )

    def weights(self) -> AsyncIterator[Weights]:
        """The uploaded weights, newest first."""
        return _pages.items(self._http, "/v1/weights", Page[Weights])

    async def delete_weights(self, weights: str | Weights) -> None:
        """Remove weights, given themselves, their id or their name.

        Raises:
            NotFound: There are none.
        """
        weights_id = weights.id if isinstance(weights, Weights) else await self._weights_id(weights)
        await self._http.send("DELETE", f"/v1/weights/{segment(weights_id)}")

    async def _weights_id(self, reference: str) -> str:
        """The id of the weights of that name; what is no name is taken for an id."""
        async for weights in self.weights():
            if weights.name == reference:
                return weights.id
        return reference
