"""Models made by Keras Tuner build functions and HyperModels: the operator's, and clients' where that is allowed.

Builders are run in planner, trainer and export processes only; these have no database address and no token.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import linecache
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import keras
import keras_tuner
import numpy as np
from keras_tuner.errors import FailedTrialError, FatalError
from keras_tuner.src.engine.hypermodel import DefaultHyperModel, get_hypermodel

from tuners.failures import BuildFault, ModelTooLarge, TrialFault, classify
from tuners.registered import code_allowed_here, registered_here
from tuners.trainer.limits import ParameterLimitExceeded, parameter_limit
from tuners.trainer.making import reason

_MADE = "_headstock_made"


@dataclass(frozen=True, slots=True)
class Made:
    """How a model was made, for its own `fit`: the same objects as in Keras Tuner, where `build` may leave things on
    the HyperModel for `fit` to find."""

    hypermodel: keras_tuner.HyperModel
    hp: keras_tuner.HyperParameters


def build_by_builder(resolved: Mapping[str, Any], max_parameters: int | None) -> keras.Model:
    """The built model of a resolved definition of type `builder`, compiled if its builder compiles it.

    Raises:
        ModelTooLarge: More weights than `max_parameters`; noticed before they are allocated.
        BuildFault: There is no such builder here, or it gives something that is no model: no point would fare better.
        TrialFault: `invalid_model`: the builder failed at these values.
    """
    document = resolved["model"]
    hypermodel = hypermodel_of(document)
    made = Made(hypermodel, hyperparameters_of(document.get("values") or {}))
    model = built(made, document, max_parameters=max_parameters)
    if keras.config.backend() == "tensorflow" and getattr(model, "jit_compile", False) and not _has_gpu():
        # Keras' "auto" takes XLA, which on TensorFlow's CPU makes a small trial three times slower.
        model.jit_compile = False
    return model


def built(made: Made, document: Mapping[str, Any], *, max_parameters: int | None) -> keras.Model:
    """What the builder makes of the values, with weights; `made_of` gives `made` back. Raises like `build_by_builder`.

    Args:
        document: The resolved `model` part; of it only the shape of the data is read.
    """
    try:
        with parameter_limit(max_parameters):
            model = made.hypermodel.build(made.hp)
            if not isinstance(model, keras.Model):
                given = "nothing" if model is None else type(model).__name__
                raise BuildFault("/model", f"the builder must return a compiled keras.Model and returned {given}")
            if not model.built:
                # Weights must be there to be counted, saved and restored; Keras would make them with the first batch.
                model(example_inputs(document, rows=1))
    except ParameterLimitExceeded as error:
        detail = f"the model has more than the {max_parameters} parameters that are allowed"
        raise ModelTooLarge("/model", detail) from error
    except (BuildFault, TrialFault):
        raise
    except FatalError as error:
        raise BuildFault("/model", said(error)) from error
    except (Exception, SystemExit) as error:
        if classify(error, before_first_batch=True).code == "out_of_memory":
            raise
        raise invalid_model(error) from error
    # Not by Keras' own attribute tracking, which would take the HyperModel for a part of the model.
    object.__setattr__(model, _MADE, made)
    return model


def made_of(model: keras.Model) -> Made | None:
    """How a model was made; None when no builder made it."""
    found: Made | None = getattr(model, _MADE, None)
    return found


def has_own_fit(hypermodel: keras_tuner.HyperModel) -> bool:
    """Whether it trains its models itself instead of leaving that to `model.fit`."""
    return type(hypermodel).fit is not keras_tuner.HyperModel.fit or "fit" in vars(hypermodel)


def invalid_model(error: BaseException) -> TrialFault:
    """The trial's failure, with the lines of the builder's code in its traceback."""
    return TrialFault("invalid_model", said(error)).with_traceback(error.__traceback__)


def said(error: BaseException) -> str:
    """What an exception of a builder says; a `FailedTrialError` speaks for itself, others are named."""
    if isinstance(error, (FailedTrialError, FatalError)):
        return reason(error)
    return f"{type(error).__name__}: {reason(error)}"


def hyperparameters_of(values: Mapping[str, Any]) -> keras_tuner.HyperParameters:
    """What a builder asks for its values. What has no value here is inactive, or unknown and then gets its default."""
    hp = keras_tuner.HyperParameters()
    hp.values = dict(values)
    return hp


def example_inputs(document: Mapping[str, Any], *, rows: int) -> Any:
    """Zeros of the shape and kind of the data: one array, or one for each input by name."""
    dtype = str(document.get("x_dtype", "float32"))
    inputs = document.get("inputs") or {}
    if inputs:
        return {name: np.zeros((rows, *shape), dtype=dtype) for name, shape in inputs.items()}
    return np.zeros((rows, *document["input_shape"]), dtype=dtype)


def hypermodel_of(document: Mapping[str, Any]) -> keras_tuner.HyperModel:
    """A fresh HyperModel of a `model` part: what it names, called with its arguments.

    Raises:
        BuildFault: There is no such builder here, or it cannot be made.
    """
    builder, pointer = builder_of(document)
    arguments = dict(document.get("arguments") or {})
    if arguments:
        for name, detail in argument_faults(builder, arguments).items():
            raise BuildFault(f"/model/arguments/{name}", detail)
    try:
        return _hypermodel(builder, arguments)
    except (Exception, SystemExit) as error:
        raise BuildFault(pointer, said(error)) from error


def builder_of(document: Mapping[str, Any]) -> tuple[object, str]:
    """The function, class or instance that a `model` part means, and the place in the definition that names it.

    Raises:
        BuildFault: It is not registered here, cannot be imported, or clients' code is not run here.
    """
    if "code" in document:
        if not code_allowed_here():
            raise BuildFault("/model/code", "clients' code does not run on this machine: its setting `code` is off")
        entry = str(document["entry"])
        module = _module_of(str(document["code"]))
        if not hasattr(module, entry):
            raise BuildFault("/model/entry", f"the code defines no `{entry}`")
        return getattr(module, entry), "/model/code"
    name = str(document["builder"])
    target = registered_here().get(name)
    if target is None:
        raise BuildFault("/model/builder", f"no builder `{name}` is registered on this machine: register it here too")
    path, _, attribute = target.partition(":")
    try:
        return getattr(importlib.import_module(path), attribute), "/model/builder"
    except (Exception, SystemExit) as error:
        raise BuildFault("/model/builder", f"`{target}` cannot be imported: {said(error)}") from error


Kind = Literal["function", "hypermodel", "makes_function", "makes_hypermodel"]


def kind_of(builder: object, hypermodel: keras_tuner.HyperModel) -> Kind:
    """What a builder is, given what became of it: a function or HyperModel, or something that makes one when called."""
    if isinstance(builder, keras_tuner.HyperModel):
        return "hypermodel"
    if _takes_hp(builder):
        return "function"
    return "makes_function" if isinstance(hypermodel, DefaultHyperModel) else "makes_hypermodel"


def argument_faults(builder: object, arguments: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with arguments, by name: those that the builder's signature does not have."""
    parameters = _settable(builder)
    if parameters is None:
        return {}
    known = ", ".join(f"`{name}`" for name in parameters) or "no arguments"
    return {name: f"the builder takes {known}" for name in arguments if name not in parameters}


def _settable(builder: object) -> tuple[str, ...] | None:
    """The arguments a definition may give; None when any name will do."""
    if isinstance(builder, keras_tuner.HyperModel):
        return ()
    parameters = inspect.signature(builder).parameters.values()  # type: ignore[arg-type]
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return None
    named = [each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    return tuple(named[1:] if _takes_hp(builder) else named)


def _takes_hp(builder: object) -> bool:
    """Whether it is a `build(hp, ...)`; other callables are factories, which give a HyperModel or a build function."""
    if isinstance(builder, type) or not callable(builder):
        return False
    parameters = list(inspect.signature(builder).parameters.values())
    positional = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    if not positional:
        return False
    return positional[0].name == "hp" or [each.default is each.empty for each in positional].count(True) == 1


def _hypermodel(builder: object, arguments: Mapping[str, Any]) -> keras_tuner.HyperModel:
    if isinstance(builder, keras_tuner.HyperModel):
        return builder
    if not callable(builder):
        kind = type(builder).__name__
        raise TypeError(f"a builder is a function build(hp) or a keras_tuner.HyperModel, not a {kind}")
    if _takes_hp(builder):
        return get_hypermodel(functools.partial(builder, **arguments))
    product = builder(**arguments)
    if isinstance(product, keras_tuner.HyperModel):
        return product
    if _takes_hp(product):
        return get_hypermodel(product)
    raise TypeError(f"it gives a {type(product).__name__}, neither a keras_tuner.HyperModel nor a function build(hp)")


@functools.lru_cache(maxsize=8)
def _module_of(code: str) -> types.ModuleType:
    """The code run as a module of its own, once for each process."""
    digest = hashlib.sha256(code.encode()).hexdigest()[:12]
    name, file = f"client_code_{digest}", f"client_code_{digest}.py"
    # Tracebacks, and TensorFlow's tracing of loops, look the source up by the file's name.
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    module = types.ModuleType(name)
    module.__file__ = file
    sys.modules[name] = module
    try:
        exec(compile(code, file, "exec"), module.__dict__)
    except SyntaxError as error:
        raise BuildFault("/model/code", f"line {error.lineno}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        raise BuildFault("/model/code", f"running it fails: {said(error)}") from error
    return module


def _has_gpu() -> bool:
    import tensorflow

    return bool(tensorflow.config.list_logical_devices("GPU"))
