"""Plain Keras Python for a resolved definition: it loads the data, rebuilds the model, trains and evaluates it.

The text runs as it stands with keras and numpy (and scikit-learn for its bundled sets); uploaded data are read from the
file that was uploaded, whose name is one constant at the top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from storage.records import Dataset
from tuners.catalogue import Entry, catalogue
from tuners.codegen_data import data_code
from tuners.codegen_text import call, listed, literal
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
    one_hot = _wants_one_hot(resolved, dataset)
    data = data_code(resolved, dataset, split_seed=split_seed, one_hot=one_hot)
    parts = [
        "\n".join(sorted(data.standard_imports)),
        "\n".join(["import keras", "import numpy as np", *data.imports]),
        "\n".join([*data.constants, f"SEED = {seed}"]),
        "keras.utils.set_random_seed(SEED)",
        *data.blocks,
        _model_code(resolved["model"]),
        _compile_code(resolved["compile"]),
        _fit_code(resolved["fit"], validated=data.validated, one_hot=one_hot),
        _evaluate_code(dataset, validated=data.validated),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _wants_one_hot(resolved: Mapping[str, Any], dataset: Dataset) -> bool:
    """Whether trainers give the labels one-hot: when a loss that is not a sparse one gets an output for each class."""
    entry, _ = _found(resolved["compile"]["loss"], "loss")
    widths = [layer["units"] for layer in resolved["model"]["layers"] if "units" in layer]
    several = dataset.num_classes is not None and dataset.num_classes > 1
    return several and not entry.name.startswith("Sparse") and widths[-1:] == [dataset.num_classes]


def _model_code(model: Mapping[str, Any]) -> str:
    layers = [f"keras.Input({literal(model['input_shape'])})"]
    layers += [call(f"keras.layers.{each['layer']}", _layer_arguments(each), indent=8) for each in model["layers"]]
    lines = "".join(f"        {layer},\n" for layer in layers)
    return f"model = keras.Sequential(\n    [\n{lines}    ]\n)\nmodel.summary()"


def _layer_arguments(document: Mapping[str, Any]) -> list[str]:
    return _keywords(catalogue().layers[document["layer"]], document, own="layer")


def _compile_code(document: Mapping[str, Any]) -> str:
    arguments = [
        f"optimizer={_optimizer(document['optimizer'])}",
        f"loss={_loss(document['loss'])}",
        f"metrics={listed([_metric(metric) for metric in document.get('metrics') or ()])}",
    ]
    return call("model.compile", arguments)


def _optimizer(document: Any) -> str:
    entry, given = _found(document, "optimizer")
    return call(f"keras.optimizers.{entry.name}", _keywords(entry, given, own="optimizer", always=("learning_rate",)))


def _loss(document: Any) -> str:
    entry, given = _found(document, "loss")
    arguments = _keywords(entry, given, own="loss")
    return call(f"keras.losses.{entry.name}", arguments) if arguments else literal(entry.aliases[0])


def _metric(document: Any) -> str:
    entry, given = _found(document, "metric")
    name = catalogue().metric_log_name(document)
    if entry.name == "Accuracy" and name in ("accuracy", "acc"):
        # Only as a word does Keras choose the accuracy that fits the outputs.
        return literal(name)
    arguments = [each for each in _keywords(entry, given, own="metric") if not each.startswith("name=")]
    return call(f"keras.metrics.{entry.name}", [*arguments, f"name={literal(name)}"])


def _found(document: Any, kind: str) -> tuple[Entry, Mapping[str, Any]]:
    find = {"optimizer": catalogue().optimizer, "loss": catalogue().loss, "metric": catalogue().metric}[kind]
    entry = find(document[kind] if isinstance(document, Mapping) else document)
    if entry is None:
        raise ValueError(f"the resolved definition names no {kind} of the catalogue")
    return entry, document if isinstance(document, Mapping) else {}


def _fit_code(fit: Mapping[str, Any], *, validated: bool, one_hot: bool) -> str:
    before = ""
    arguments = ["x_train", "y_train"]
    if validated:
        arguments.append("validation_data=(x_validation, y_validation)")
    arguments += [f"epochs={fit['epochs']}", f"batch_size={literal(fit.get('batch_size', 32))}"]
    if fit.get("shuffle") is False:
        arguments.append("shuffle=False")
    weights = fit.get("class_weight")
    if weights == "balanced":
        labels = "y_train.argmax(axis=1)" if one_hot else "y_train"
        before = (
            f"labels, counts = np.unique({labels}, return_counts=True)\n"
            "class_weight = {\n"
            "    int(label): float(counts.sum() / (len(labels) * count)) for label, count in zip(labels, counts)\n"
            "}\n\n"
        )
        arguments.append("class_weight=class_weight")
    elif isinstance(weights, Mapping):
        shown = ", ".join(f"{int(label)}: {literal(weight)}" for label, weight in weights.items())
        arguments.append(f"class_weight={{{shown}}}")
    callbacks = [
        call(
            f"keras.callbacks.{each['callback']}",
            _keywords(catalogue().callbacks[each["callback"]], each, own="callback", always=("monitor", "patience")),
        )
        for each in fit.get("callbacks") or ()
    ]
    if callbacks:
        arguments.append(f"callbacks={listed(callbacks)}")
    return f"{before}history = {call('model.fit', arguments)}"


def _evaluate_code(dataset: Dataset, *, validated: bool) -> str:
    lines = []
    if validated:
        lines.append('print("validation:", model.evaluate(x_validation, y_validation, verbose=0, return_dict=True))')
    if dataset.test_rows:
        lines.append('print("test:", model.evaluate(x_test, y_test, verbose=0, return_dict=True))')
    if not lines:
        lines.append('print("training:", model.evaluate(x_train, y_train, verbose=0, return_dict=True))')
    return "\n".join(lines)


def _keywords(entry: Entry, document: Mapping[str, Any], *, own: str, always: Sequence[str] = ()) -> list[str]:
    """`name=value` for each argument that is required, shown always, or other than Keras' default, in Keras' order."""
    shown = []
    for name, argument in entry.arguments.items():
        if name in document:
            value = document[name]
        elif name in always:
            value = argument.default
        else:
            continue
        if argument.required or name in always or not _same(value, argument.default):
            shown.append(f"{name}={literal(value)}")
    unknown = document.keys() - entry.arguments.keys() - {own}
    if unknown:
        raise ValueError(f"{entry.name} has no argument {sorted(unknown)[0]}")
    return shown


def _same(value: Any, default: Any) -> bool:
    return bool(value == default) and isinstance(value, bool) == isinstance(default, bool)
