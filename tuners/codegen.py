"""Plain Python for a resolved definition: it loads the data, rebuilds the model, trains and evaluates it.

The text runs as it stands with keras and numpy (and scikit-learn for its bundled sets and its estimators); uploaded
data are read from the file that was uploaded, whose name is one constant at the top.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.datasets import Dataset
from tuners.catalogue import catalogue
from tuners.codegen_builder import BuilderCode, builder_code
from tuners.codegen_data import DataCode, data_code
from tuners.codegen_estimators import estimator_code
from tuners.codegen_model import model_code
from tuners.codegen_objects import keywords, loss_code, metric_code, optimizer_code
from tuners.codegen_schedules import schedule_code
from tuners.codegen_text import call, listed, literal, mapping
from tuners.definitions.outputs import one_hot_by_text
from tuners.definitions.schedules import SCHEDULE
from tuners.seeds import split_seed as derived_split_seed

_NO_SEED = 1


def keras_code(resolved: Mapping[str, Any], dataset: Dataset, *, split_seed: int | None = None) -> str:
    """A Python program that makes and trains the model of a resolved definition on its data set.

    Args:
        resolved: A definition without holes, as `tuners.definitions.resolve` gives it; its `seed` becomes the seed of
            the training.
        dataset: The data set it was trained on.
        split_seed: Seed of the validation split; None derives it from the resolved definition's seed, as is right when
            that is the search's own.
    """
    seed = _NO_SEED if resolved.get("seed") is None else int(resolved["seed"])
    if split_seed is None:
        split_seed = derived_split_seed(seed)
    if resolved["model"].get("type") == "sklearn":
        return estimator_code(resolved, dataset, seed=seed, split_seed=split_seed)
    one_hot = one_hot_by_text(resolved, dataset)
    data = data_code(resolved, dataset, split_seed=split_seed, one_hot=one_hot)
    planned = [each for each in resolved["fit"].get("callbacks") or () if each["callback"] == SCHEDULE]
    standard_imports = {*data.standard_imports, *(["import math"] if planned else [])}
    made = builder_code(resolved["model"]) if resolved["model"].get("type") == "builder" else None
    parts = [
        "\n".join(made.future if made else ()),
        "\n".join(sorted(standard_imports)),
        "\n".join(["import keras", *(made.imports if made else ()), "import numpy as np", *data.imports]),
        "\n".join([*data.constants, f"SEED = {seed}"]),
        "keras.utils.set_random_seed(SEED)",
        *data.blocks,
        *(made.blocks if made else (model_code(resolved["model"]), _compile_code(resolved["compile"]))),
        *(f"\n{schedule_code(each)}\n" for each in planned),
        _fit_code(resolved["fit"], made, data, one_hot=one_hot),
        _evaluate_code(dataset, data),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _compile_code(document: Mapping[str, Any]) -> str:
    losses, metrics = document["loss"], document.get("metrics") or ()
    arguments = [f"optimizer={optimizer_code(document['optimizer'])}"]
    if isinstance(losses, Mapping) and "outputs" in losses:
        arguments.append(f"loss={mapping({name: loss_code(loss) for name, loss in losses['outputs'].items()})}")
        if "loss_weights" in document:
            weights = {name: literal(weight) for name, weight in document["loss_weights"].items()}
            arguments.append(f"loss_weights={mapping(weights)}")
        of_outputs = metrics["outputs"] if isinstance(metrics, Mapping) else {}
        shown = {name: listed([metric_code(metric) for metric in each]) for name, each in of_outputs.items()}
        arguments.append(f"metrics={mapping(shown)}")
    else:
        arguments += [f"loss={loss_code(losses)}", f"metrics={listed([metric_code(metric) for metric in metrics])}"]
    return call("model.compile", arguments)


def _fit_code(
    fit: Mapping[str, Any], made: BuilderCode | None, data: DataCode, *, one_hot: bool | frozenset[str]
) -> str:
    before = ""
    arguments = [*(made.given if made else ()), "x_train", "y_train"]
    if data.validated:
        weighted = ", w_validation" if data.weighted else ""
        arguments.append(f"validation_data=(x_validation, y_validation{weighted})")
    numbers = {"epochs": str(fit["epochs"]), "batch_size": literal(fit.get("batch_size", 32))}
    arguments += [f"{name}={value}" for name, value in numbers.items() if made is None or name not in made.overrides]
    if fit.get("shuffle") is False:
        arguments.append("shuffle=False")
    if data.weighted:
        arguments.append("sample_weight=w_train")
    weights = fit.get("class_weight")
    if weights == "balanced":
        labels = "y_train.argmax(axis=1)" if one_hot else "y_train"
        before = (
            f"labels, counts = np.unique({labels}, return_counts=True)\n"
            "class_weight = {\n"
            "    int(label): float(counts.sum() / (len(labels) * count)) for label, count in zip(labels, counts)\n"
            "}\n\n"
        )
        if data.weighted:
            # Keras takes only one of the two.
            each = f"class_weight[int(label)] for label in {labels}"
            before += f'w_train = w_train * np.array([{each}], dtype="float32")\n\n'
        else:
            arguments.append("class_weight=class_weight")
    elif isinstance(weights, Mapping):
        shown = ", ".join(f"{int(label)}: {literal(weight)}" for label, weight in weights.items())
        arguments.append(f"class_weight={{{shown}}}")
    callbacks = [_callback(each) for each in fit.get("callbacks") or ()]
    if callbacks:
        arguments.append(f"callbacks={listed(callbacks)}")
    return f"{before}history = {call(made.fit if made else 'model.fit', arguments)}"


def _callback(document: Mapping[str, Any]) -> str:
    name = document["callback"]
    if name == SCHEDULE:
        return "keras.callbacks.LearningRateScheduler(learning_rate)"
    entry = catalogue().callbacks[name]
    return call(f"keras.callbacks.{name}", keywords(entry, document, own="callback", always=("monitor", "patience")))


def _evaluate_code(dataset: Dataset, data: DataCode) -> str:
    parts = [*(["validation"] if data.validated else []), *(["test"] if data.tested else [])]
    lines = []
    for part in parts or ["training"]:
        name = part.removesuffix("ing")
        weights = f", sample_weight=w_{name}" if data.weighted else ""
        lines.append(f'print("{part}:", model.evaluate(x_{name}, y_{name}{weights}, verbose=0, return_dict=True))')
    return "\n".join(lines)
