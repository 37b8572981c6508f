"""Embeddings that are too small for the tokens of the data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tuners.definitions import DataFacts
from tuners.definitions.models.graph_inputs import data_inputs
from tuners.planner.corners import Corner
from tuners.planner.refusals import located, refused
from tuners.trainer.making import layer_pointer

_KEEP_TOKENS = frozenset({"Flatten", "Reshape", "Permute", "RepeatVector", "Identity"})


def refuse_small_vocabulary(resolved: Mapping[str, Any], facts: DataFacts, corner: Corner) -> None:
    """Raises InvalidDefinition when a table of vectors has none for the largest token that may come.

    Training would end in an error of the backend, or on a GPU go on with zeros.
    """
    if facts.vocabulary_size is None:
        return
    for number, layer in _fed_with_tokens(resolved["model"], next(iter(data_inputs(facts)))):
        inner = layer.get("of", layer)
        # The tables of both layers begin at 0.
        key = {"Embedding": "input_dim", "CategoryEncoding": "num_tokens"}.get(inner["layer"])
        if key is not None and inner[key] < facts.vocabulary_size:
            pointer = layer_pointer(resolved, number) + ("/of" if inner is not layer else "")
            detail = f"must be at least {facts.vocabulary_size}, one more than the largest token: write "
            detail += '{"data": "vocabulary_size"}'
            raise refused(f"{pointer}/{key}", "label_out_of_range", located(detail, corner))


def _fed_with_tokens(model: Mapping[str, Any], source: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The layers that get the first input as it is, or in another shape."""
    if model.get("type") == "graph":
        same = {source, *(each["name"] for each in model["slices"] if each["of"] == source)}
        for number, node in enumerate(model["nodes"]):
            if same.intersection(node["inputs"]):
                yield number, node["layer"]
                if node["layer"]["layer"] in _KEEP_TOKENS:
                    same.add(node["name"])
        return
    for number, layer in enumerate(model.get("layers") or ()):
        yield number, layer
        if layer["layer"] not in _KEEP_TOKENS:
            return
