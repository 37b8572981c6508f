"""Plain scikit-learn Python for a resolved definition of type `sklearn`: loads, rebuilds, validates, fits, measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.datasets import Dataset
from tuners.catalogue.estimators import Estimator, estimator_catalogue, step_names
from tuners.codegen_data import data_code
from tuners.codegen_text import call, literal

_DRAWN_SCORES = ("mutual_info_classif", "mutual_info_regression")
_DEFAULT_SCORE = "f_classif"

_AVERAGED = {"f1": "f1_score", "precision": "precision_score", "recall": "recall_score"}
_FUNCTIONS = {
    "accuracy": "accuracy_score",
    "balanced_accuracy": "balanced_accuracy_score",
    "r2": "r2_score",
    "explained_variance": "explained_variance_score",
}


def estimator_code(resolved: Mapping[str, Any], dataset: Dataset, *, seed: int, split_seed: int) -> str:
    """A Python program that makes, validates and fits the estimator of a resolved definition on its data set.

    Args:
        seed: The `random_state` of everything that draws.
        split_seed: Seed of the split, or of the folds.
    """
    steps = resolved["model"]["steps"]
    names = resolved["compile"].get("metrics") or ["score"]
    folding = resolved["fit"].get("cross_validation")
    # Folds of single rows are made below, from all training rows; of other folds the data's code makes the first one.
    folded = folding is not None and resolved["fit"].get("split_by", "rows") == "rows"
    fit = {key: value for key, value in resolved["fit"].items() if not (folded and key == "cross_validation")}
    data = data_code({**resolved, "fit": fit}, dataset, split_seed=split_seed, one_hot=False)
    loading = "\n\n".join(data.blocks)
    parts = ["train", *(["validation"] if data.validated else []), *(["test"] if data.tested else [])]
    imports = [
        *data.imports,
        *_step_imports(steps),
        "from sklearn import metrics",
        *(["from sklearn.base import clone"] if folded else []),
        *(["from sklearn.pipeline import Pipeline"] if len(steps) > 1 else []),
    ]
    libraries = ["import numpy as np", *(["import keras"] if "keras." in loading else [])]
    constants = [*data.constants, f"SEED = {seed}"]
    if folded:
        constants += [f"FOLDS = {folding['folds']}", f"SPLIT_SEED = {split_seed}"]
    by_class = folded and dataset.task == "classification" and folding.get("stratified", True)
    weights = _weights(steps) if data.weighted else None
    pieces = [
        "\n".join(sorted({*data.standard_imports, *_standard_imports(steps)})),
        "\n".join([*sorted(libraries), *sorted(set(imports))]),
        "\n".join(constants),
        loading,
        "\n".join(f"x_{part} = x_{part}.reshape(len(x_{part}), -1)" for part in parts),
        _model_code(steps),
        _measuring_code(names, dataset, weighted=data.weighted),
        _folds_code(weights, by_class=by_class, weighted=data.weighted) if folded else "",
        f"model.fit({_arguments('', weights)})\n" + "\n".join(_measured(part, data.weighted) for part in parts),
    ]
    return "\n\n".join(piece for piece in pieces if piece) + "\n"


def _weights(steps: list[Mapping[str, Any]]) -> str | None:
    """The name under which the last step of the model takes sample weights; None when it takes none."""
    entry, _ = _entry(steps[-1])
    if not entry.weights:
        return None
    return "sample_weight" if len(steps) == 1 else f"{step_names(steps)[-1]}__sample_weight"


def _arguments(rows: str, weights: str | None) -> str:
    weighed = "" if weights is None else f", {weights}=w_train{rows}"
    return f"x_train{rows}, y_train{rows}{weighed}"


def _measured(part: str, weighted: bool) -> str:
    return f'print("{part}:", measured(model, x_{part}, y_{part}{f", w_{part}" if weighted else ""}))'


def _entry(step: Mapping[str, Any]) -> tuple[Estimator, str]:
    known = estimator_catalogue()
    if "step" in step:
        return known.steps[step["step"]], "step"
    return known.estimators[step["estimator"]], "estimator"


def _step_imports(steps: list[Mapping[str, Any]]) -> list[str]:
    by_module: dict[str, set[str]] = {}
    for step in steps:
        entry, _ = _entry(step)
        found = by_module.setdefault(entry.module, set())
        found.add(entry.name)
        if "score_func" in entry.arguments:
            found.add(step.get("score_func", _DEFAULT_SCORE))
    return [f"from {module} import {', '.join(sorted(names))}" for module, names in by_module.items()]


def _standard_imports(steps: list[Mapping[str, Any]]) -> list[str]:
    drawn = any(step.get("score_func") in _DRAWN_SCORES for step in steps)
    return ["from functools import partial"] if drawn else []


def _model_code(steps: list[Mapping[str, Any]]) -> str:
    made = [_made(step, indent=0 if len(steps) == 1 else 8) for step in steps]
    if len(made) == 1:
        return f"model = {made[0]}"
    named = "".join(f"        ({literal(name)}, {text}),\n" for name, text in zip(step_names(steps), made, strict=True))
    return f"model = Pipeline(\n    [\n{named}    ]\n)"


def _made(step: Mapping[str, Any], *, indent: int) -> str:
    entry, own = _entry(step)
    arguments = []
    for name in entry.arguments:
        if name == "score_func":
            function = step.get(name, _DEFAULT_SCORE)
            drawn = function in _DRAWN_SCORES
            arguments.append(
                f"score_func=partial({function}, random_state=SEED)" if drawn else f"score_func={function}"
            )
        elif name in step:
            arguments.append(f"{name}={literal(step[name])}")
    unknown = step.keys() - entry.arguments.keys() - {own}
    if unknown:
        raise ValueError(f"{entry.name} has no argument {sorted(unknown)[0]}")
    if entry.seeded:
        arguments.append("random_state=SEED")
    return call(entry.name, arguments, indent=indent)


def _measuring_code(names: list[str], dataset: Dataset, *, weighted: bool) -> str:
    lines = "".join(f'        "{name}": float({_measure(name, dataset, weighted)}),\n' for name in names)
    return f"\ndef measured(model, x, y{', weights' if weighted else ''}):\n    return {{\n{lines}    }}\n"


def _measure(name: str, dataset: Dataset, weighted: bool) -> str:
    family, _, average = name.rpartition("_")
    more = ", sample_weight=weights" if weighted else ""
    if name == "score":
        return f"model.score(x, y{more})"
    if name == "log_loss":
        return f"metrics.log_loss(y, model.predict_proba(x), labels=model.classes_{more})"
    if name == "roc_auc" and (dataset.num_classes or 2) > 2:
        return f'metrics.roc_auc_score(y, model.predict_proba(x), multi_class="ovr", labels=model.classes_{more})'
    if name == "roc_auc":
        ranked = 'model.predict_proba(x)[:, 1] if hasattr(model, "predict_proba") else model.decision_function(x)'
        return f"metrics.roc_auc_score(y, {ranked}{more})"
    if family in _AVERAGED:
        return f'metrics.{_AVERAGED[family]}(y, model.predict(x), average="{average}", zero_division=0{more})'
    if name == "max_error":
        more = ""
    return f"metrics.{_FUNCTIONS.get(name, name)}(y, model.predict(x){more})"


def _folds_code(weights: str | None, *, by_class: bool, weighted: bool) -> str:
    sort = '\norder = order[np.argsort(y_train[order], kind="stable")]' if by_class else ""
    aside = f"x_train[aside], y_train[aside]{', w_train[aside]' if weighted else ''}"
    return f"""\
# The folds of the search. There each has its own seed, and is scaled by its own training rows.
order = np.random.default_rng(SPLIT_SEED).permutation(len(y_train)){sort}
for fold in range(FOLDS):
    aside = np.zeros(len(y_train), dtype=bool)
    aside[order[fold::FOLDS]] = True
    tried = clone(model).fit({_arguments("[~aside]", weights)})
    print(f"fold {{fold}}:", measured(tried, {aside}))"""
