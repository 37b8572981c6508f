"""Writes `keras.json` from the signatures and documentation of the installed Keras.

`python -m tuners.catalogue.generate` writes the file beside this module, with `-o -` it prints it.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
from keras.src.utils.naming import to_snake_case

from tuners.catalogue import allowed
from tuners.catalogue.rendering import first_sentence, joined, render_entry
from tuners.catalogue.rules import CALLBACKS, TUNERS, rule_for


def document() -> dict[str, Any]:
    """The catalogue as JSON, in a fixed order."""
    vocabularies = _vocabularies()
    sections: dict[str, Any] = {
        "layers": _section("layers", allowed.LAYERS),
        "optimizers": _section("optimizers", {"optimizer": allowed.OPTIMIZERS}),
        "losses": _section("losses", allowed.LOSSES),
        "metrics": _section("metrics", allowed.METRICS),
        "callbacks": {
            **_section("callbacks", {"callback": allowed.CALLBACKS}),
            **{name: {"group": "callback", **entry} for name, entry in CALLBACKS.items()},
        },
        **{kind: _section(kind, {kind.removesuffix("s"): names}) for kind, names in allowed.OBJECTS.items()},
        "tuners": {name: {"group": "tuner", **entry} for name, entry in TUNERS.items()},
    }
    return {"keras_version": keras.__version__, "vocabularies": vocabularies, **sections}


def render(catalogue: dict[str, Any]) -> str:
    """JSON text with one line for each argument, so that a change of Keras shows as a short difference."""
    lines = ["{", f'"keras_version": {json.dumps(catalogue["keras_version"])},', '"vocabularies": {']
    lines += joined([f"  {json.dumps(kind)}: {json.dumps(names)}" for kind, names in catalogue["vocabularies"].items()])
    lines.append("}")
    for section, entries in catalogue.items():
        if section in ("keras_version", "vocabularies"):
            continue
        lines[-1] += ","
        lines.append(f'"{section}": {{')
        lines += joined([render_entry(name, entry) for name, entry in entries.items()])
        lines.append("}")
    return "\n".join([*lines, "}", ""])


def _vocabularies() -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for module_name, hidden in allowed.HIDDEN_NAMES.items():
        module = getattr(keras, module_name)
        found = {name for name in dir(module) if name[0].islower()} - hidden
        if module_name == "initializers":
            found |= {"normal", "uniform"}
        names[module_name.removesuffix("s")] = sorted(name for name in found if _taken_by(module.get, name))
    return names


def _taken_by(get: Callable[[str], object], name: str) -> bool:
    """Whether Keras takes this spelling: some functions of these modules are only there for code (`l1_l2`)."""
    try:
        return callable(get(name))
    except ValueError:
        return False


def _section(section: str, groups: dict[str, list[str]]) -> dict[str, Any]:
    module = getattr(keras, section)
    return {name: _entry(section, group, getattr(module, name)) for group, names in groups.items() for name in names}


def _entry(section: str, group: str, cls: type) -> dict[str, Any]:
    name = cls.__name__
    entry: dict[str, Any] = {"group": group, "help": first_sentence(inspect.getdoc(cls) or "")}
    if section in allowed.ALIASES:
        words = list(allowed.ALIASES[section].get(name, []))
        if section in ("losses", "metrics"):
            words = [_keras_name(cls), *(word for word in words if word != _keras_name(cls))]
        entry["aliases"] = words
    if section in allowed.OBJECTS:
        entry["aliases"] = _small_names(section, cls)
    inputs = allowed.INPUTS.get(name, allowed.INPUTS.get(group)) if section == "layers" else None
    if inputs is not None:
        entry["inputs"] = list(inputs)
    if section == "metrics":
        entry["logged_as"] = _keras_name(cls)
    entry["arguments"] = _arguments(section, group, cls)
    return entry


def _keras_name(cls: type) -> str:
    """The name Keras gives the thing when nobody names it."""
    default = inspect.signature(cls).parameters["name"].default
    return {"huber_loss": "huber"}.get(default, default) if default else str(to_snake_case(cls.__name__))


def _small_names(section: str, cls: type) -> list[str]:
    """The words a slot takes for the class with all defaults: `l2`, `he_normal`."""
    module = getattr(keras, section)
    small = {name for name in dir(module) if name[0].islower() and getattr(module, name) is cls}
    small |= {"RandomNormal": {"normal"}, "RandomUniform": {"uniform"}}.get(cls.__name__, set())
    return sorted(small & set(_vocabularies()[section.removesuffix("s")]))


def _arguments(section: str, group: str, cls: type) -> dict[str, Any]:
    documented = _documented_arguments(inspect.getdoc(cls) or "")
    arguments: dict[str, Any] = {}
    for parameter in inspect.signature(cls).parameters.values():
        shown = parameter.name not in allowed.HIDDEN_ARGUMENTS or (section == "metrics" and parameter.name == "name")
        if not shown or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        if group == "wrapper" and parameter.name == "layer":
            # `layer` names the wrapper itself in a definition.
            arguments["of"] = {**rule_for(section, group, cls.__name__, "of", None), "required": True}
            continue
        argument = rule_for(section, group, cls.__name__, parameter.name, _default(parameter))
        if argument.get("required") or parameter.default is parameter.empty:
            argument["required"] = True
        elif parameter.name == "name":
            argument["kinds"] = [*argument["kinds"], "null"]
            argument["default"] = None
        else:
            argument["default"] = _default(parameter)
        if parameter.name in documented and "help" not in argument:
            argument["help"] = documented[parameter.name]
        arguments[parameter.name] = argument
    for name, text in allowed.CALL_ARGUMENTS.get(group, {}).items():
        arguments[name] = {"kinds": ["bool"], "default": False, "at_call": True, "help": text}
    return arguments


def _default(parameter: inspect.Parameter) -> Any:
    if parameter.default is parameter.empty:
        return None
    if isinstance(parameter.default, str) and parameter.name.endswith("_initializer"):
        return parameter.default.lower()
    plain = json.loads(json.dumps(parameter.default))
    if isinstance(plain, list) and all(isinstance(pair, list) and pair[0] == pair[-1] for pair in plain):
        # ((1, 1), (1, 1)) is the same padding as (1, 1), which the catalogue can describe.
        return [pair[0] for pair in plain]
    return plain


def _documented_arguments(doc: str) -> dict[str, str]:
    """First sentence of each argument in the `Args:` part of a Google-style docstring."""
    match = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", doc, re.S | re.M)
    if match is None:
        return {}
    block = inspect.cleandoc("\n" + match.group(1))
    found = re.findall(r"^(\w+):(.*?)(?=^\w+:|\Z)", block, re.S | re.M)
    return {name: first_sentence(text) for name, text in found}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tuners.catalogue.generate", description="Write the catalogue.")
    parser.add_argument("-o", "--output", default=str(Path(__file__).parent / "keras.json"), help="file, or - to print")
    output = parser.parse_args(arguments).output
    text = render(document())
    if output == "-":
        sys.stdout.write(text)
    else:
        Path(output).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
