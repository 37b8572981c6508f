"""Whether a point's model keeps the constraint on parameters: only the built model can tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from storage.datasets import Dataset
from storage.records import Scalar, Search
from storage.repository import DatasetStore
from tuners.oracles import Accepts
from tuners.space import Space

KeepsLimit = Callable[[Search, Dataset, Mapping[str, Scalar], int], bool]


def keeps_limit(search: Search, dataset: Dataset, values: Mapping[str, Scalar], max_parameters: int) -> bool:
    """Whether the model of these values has at most so many weights; none of them is allocated.

    A model that cannot be built for another reason passes: its trial will fail with that reason, which a search that
    silently avoids the point would hide.
    """
    # Keras is imported here, since few searches have this constraint.
    import keras

    from tuners.definitions import DataFacts, parse_definition, resolve
    from tuners.failures import BuildFault, ModelTooLarge
    from tuners.trainer.builder import build_model

    definition = parse_definition(search.definition)
    resolved = resolve(definition, values, DataFacts.of(dataset, definition.dataset))
    try:
        build_model(resolved, max_parameters=max_parameters, allocate=False)
    except ModelTooLarge:
        return False
    except BuildFault:
        return True
    finally:
        keras.utils.clear_session(free_memory=False)
    return True


class ParameterLimits:
    """Makes the check of a search whose constraints bound the number of parameters; others need none."""

    def __init__(self, datasets: DatasetStore, *, keeps: KeepsLimit = keeps_limit) -> None:
        self._datasets = datasets
        self._keeps = keeps

    def __call__(self, search: Search) -> Accepts | None:
        space = Space.from_json(search.space)
        limit = space.max_parameters
        if limit is None:
            return None
        dataset = self._datasets.get_dataset(search.dataset_id)
        known: dict[str, bool] = {}

        def accepts(values: Mapping[str, Scalar]) -> bool:
            point = space.hash_values(values)
            if point not in known:
                known[point] = self._keeps(search, dataset, values, limit)
            return known[point]

        return accepts
