"""Writes `applications.json` from the backbones of the installed Keras.

`python -m tuners.catalogue.generate_applications` writes the file beside this module, with `-o -` it prints it. Every
backbone is built once without allocating its weights, and nothing is downloaded.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import keras
from keras.src.utils import file_utils

from tuners.catalogue.rendering import first_sentence, joined

# Arguments beside those that every backbone has: widths and variants, never paths or functions.
_ARGUMENTS: dict[str, dict[str, Any]] = {
    "alpha": {
        "kinds": ["float"], "minimum": 0.05, "maximum": 4.0, "default": 1.0,
        "help": "Width: how many filters each layer has, as a share of the original.",
    },
    "depth_multiplier": {
        "kinds": ["int"], "minimum": 1, "maximum": 8, "default": 1,
        "help": "Outputs of each depthwise convolution per input channel.",
    },
    "minimalistic": {
        "kinds": ["bool"], "default": False,
        "help": "Without squeeze-and-excite, hard-swish and 5 x 5 convolutions.",
    },
}  # fmt: skip
_SIDE = 224
_ALPHAS = (0.25, 0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
_SIDES = (96, 128, 160, 192, 224)


class _Asked(Exception):
    """What Keras would download."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def document() -> dict[str, Any]:
    """The backbones as JSON, in the order of their names."""
    names = [name for name in dir(keras.applications) if inspect.isfunction(getattr(keras.applications, name))]
    return {
        "keras_version": keras.__version__,
        "applications": {name: _application(getattr(keras.applications, name)) for name in names},
    }


def render(catalogue: dict[str, Any]) -> str:
    """JSON text with one line for each backbone and field."""
    lines = ["{", f'"keras_version": {json.dumps(catalogue["keras_version"])},', '"applications": {']
    entries = []
    for name, entry in catalogue["applications"].items():
        fields = joined([f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in entry.items()])
        entries.append("\n".join([f"  {json.dumps(name)}: {{", *fields, "  }"]))
    return "\n".join([*lines, *joined(entries), "}", "}", ""])


def _application(make: Callable[..., Any]) -> dict[str, Any]:
    module = inspect.getmodule(make)
    assert module is not None
    parameters = inspect.signature(make).parameters
    # The names of unnamed layers count from the last one of the session.
    keras.utils.clear_session()
    with keras.StatelessScope(initialize_variables=False):
        model = make(include_top=False, weights=None, input_shape=(_SIDE, _SIDE, 3))
    preprocessing = _preprocessing(module)
    return {
        "group": "application",
        "help": first_sentence(inspect.getdoc(make) or ""),
        "minimum": _minimum(make),
        "preprocessing": preprocessing,
        "raw": preprocessing != "inside" or "include_preprocessing" in parameters,
        "parameters": model.count_params(),
        "arguments": {name: rule for name, rule in _ARGUMENTS.items() if name in parameters},
        "files": _files(make, parameters),
        "weighted": " ".join(layer.name for layer in model.layers if layer.weights),
    }


def _minimum(make: Callable[..., Any]) -> int:
    try:
        make(include_top=False, weights=None, input_shape=(1, 1, 3))
    except ValueError as refused:
        found = re.search(r"must be at least (\d+)x\1", str(refused))
        if found is not None:
            return int(found.group(1))
    raise LookupError(f"{make.__name__} does not say how small images may be")


def _preprocessing(module: Any) -> str:
    found = re.search(r'mode="(\w+)"', inspect.getsource(module.preprocess_input))
    return found.group(1) if found is not None else "inside"


def _files(make: Callable[..., Any], parameters: Any) -> dict[str, str]:
    """The names of the files Keras asks for, by the arguments on which they depend."""
    if "alpha" not in parameters:
        name = _asked(make, _SIDE)
        return {} if name is None else {"": name}
    files = {}
    variants: tuple[bool, ...] = (False, True) if "minimalistic" in parameters else (False,)
    sides = (_SIDE,) if "minimalistic" in parameters else _SIDES
    for alpha, side, minimalistic in product(_ALPHAS, sides, variants):
        more = {"minimalistic": True} if minimalistic else {}
        name = _asked(make, side, alpha=alpha, **more)
        # For other sizes Keras takes the file of the standard one.
        if name is not None and f"_{side}" in name:
            files[f"{alpha}/{side}" + ("/minimalistic" if minimalistic else "")] = name
    return files


def _asked(make: Callable[..., Any], side: int, **arguments: Any) -> str | None:
    """The file Keras would download; None when it knows of no weights for these arguments."""

    def ask(fname: str, *_: Any, **__: Any) -> str:
        raise _Asked(fname)

    original, file_utils.get_file = file_utils.get_file, ask
    try:
        with keras.StatelessScope(initialize_variables=False):
            make(include_top=False, weights="imagenet", input_shape=(side, side, 3), **arguments)
    except _Asked as asked:
        return asked.name
    except ValueError:
        return None
    finally:
        file_utils.get_file = original
        keras.utils.clear_session()
    return None


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tuners.catalogue.generate_applications", description="Write the list of backbones."
    )
    standard = str(Path(__file__).parent / "applications.json")
    parser.add_argument("-o", "--output", default=standard, help="file, or - to print")
    output = parser.parse_args(arguments).output
    text = render(document())
    if output == "-":
        sys.stdout.write(text)
    else:
        Path(output).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
