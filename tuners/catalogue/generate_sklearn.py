"""Writes `sklearn.json` from the signatures, constraints and documentation of the installed scikit-learn.

`python -m tuners.catalogue.generate_sklearn` writes the file beside this module, with `-o -` it prints it.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from numbers import Integral
from pathlib import Path
from typing import Any

import sklearn
from sklearn.utils import all_estimators, get_tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import has_fit_parameter

from tuners.catalogue import estimator_rules as rules
from tuners.catalogue.rendering import first_sentence, joined, render_entry


def document() -> dict[str, Any]:
    """The catalogue of estimators as JSON, in a fixed order."""
    classes = dict(all_estimators())
    return {
        "scikit_learn_version": sklearn.__version__,
        "estimators": _section(rules.ESTIMATORS, classes, estimators=True),
        "steps": _section(rules.STEPS, classes, estimators=False),
        "metrics": rules.METRICS,
    }


def render(catalogue: dict[str, Any]) -> str:
    """JSON text with one line for each argument, so that a change of scikit-learn shows as a short difference."""
    lines = ["{", f'"scikit_learn_version": {json.dumps(catalogue["scikit_learn_version"])}']
    for section in ("estimators", "steps", "metrics"):
        lines[-1] += ","
        lines.append(f'"{section}": {{')
        if section == "metrics":
            lines += joined([f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in catalogue[section].items()])
        else:
            lines += joined([render_entry(name, entry) for name, entry in catalogue[section].items()])
        lines.append("}")
    return "\n".join([*lines, "}", ""])


def _section(groups: dict[str, list[str]], classes: dict[str, Any], *, estimators: bool) -> dict[str, Any]:
    return {
        name: _entry(group, classes[name], estimator=estimators) for group, names in groups.items() for name in names
    }


def _entry(group: str, cls: Any, *, estimator: bool) -> dict[str, Any]:
    # The public module is the private one's package: `sklearn.svm._classes` is not for anybody to import.
    module = cls.__module__.split("._")[0]
    entry: dict[str, Any] = {"group": group, "module": module, "help": first_sentence(_prose(inspect.getdoc(cls)))}
    entry["seeded"] = "random_state" in inspect.signature(cls).parameters
    if estimator:
        entry |= _abilities(cls())
    return {**entry, "arguments": _arguments(cls)}


def _abilities(estimator: Any) -> dict[str, Any]:
    """What kinds of targets it can learn, and whether its rows may have weights."""
    tags = get_tags(estimator)
    if tags.estimator_type == "classifier":
        several = bool(tags.classifier_tags.multi_label)
        tasks = ["classification", *(["multilabel"] if several else [])]
    else:
        several = bool(tags.target_tags.multi_output)
        tasks = ["regression"]
    return {"tasks": tasks, "several_targets": several, "weights": bool(has_fit_parameter(estimator, "sample_weight"))}


def _arguments(cls: Any) -> dict[str, Any]:
    documented = _documented_arguments(inspect.getdoc(cls) or "")
    arguments: dict[str, Any] = {}
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.name in rules.HIDDEN or parameter.default == "deprecated":
            continue
        argument = _rule(cls, parameter.name)
        argument["default"] = _default(parameter)
        if parameter.name in documented:
            argument["help"] = documented[parameter.name]
        arguments[parameter.name] = argument
    return arguments


def _default(parameter: inspect.Parameter) -> Any:
    if callable(parameter.default):
        return parameter.default.__name__
    return json.loads(json.dumps(parameter.default))


def _rule(cls: Any, argument: str) -> dict[str, Any]:
    """The hand-written rule, or what scikit-learn's constraints say with our upper bounds.

    Raises:
        LookupError: Neither tells, as when scikit-learn adds an argument that takes objects only.
    """
    for key in (f"{cls.__name__}.{argument}", argument):
        if key in rules.RULES:
            return dict(rules.RULES[key])
    rule = _Constraints(argument)
    for constraint in cls._parameter_constraints.get(argument, ()):
        rule.add(constraint)
    if not rule.kinds:
        raise LookupError(f"no rule for {cls.__name__}.{argument}: hide it, or write one")
    return rule.to_json()


class _Constraints:
    """Puts scikit-learn's alternatives for one argument into one rule."""

    def __init__(self, argument: str) -> None:
        self._argument = argument
        self.kinds: list[str] = []
        self._choices: list[str] = []
        self._low: list[tuple[float, bool]] = []
        self._high: list[tuple[float, bool]] = []

    def add(self, constraint: Any) -> None:
        if constraint is None:
            self._kind("null")
        elif constraint == "boolean":
            self._kind("bool")
        elif isinstance(constraint, StrOptions):
            self._kind("enum")
            self._choices += sorted(constraint.options - constraint.deprecated)
        elif isinstance(constraint, Interval):
            self._interval(constraint)
        # Arrays, dictionaries, callables and objects are for code.

    def _interval(self, interval: Any) -> None:
        whole = issubclass(interval.type, Integral)
        self._kind("int" if whole else "float")
        most = float(rules.LARGEST_INTEGER) if whole else rules.LARGEST_REAL
        most = rules.LARGEST.get(self._argument, most)
        low, high = interval.left, interval.right
        open_low = interval.closed in ("right", "neither")
        open_high = interval.closed in ("left", "neither")
        bounded_low = low is not None and low > -most
        bounded_high = high is not None and high < most
        self._low.append((low, open_low) if bounded_low else (-most, False))
        self._high.append((high, open_high) if bounded_high else (most, False))

    def _kind(self, kind: str) -> None:
        if kind not in self.kinds:
            self.kinds.append(kind)

    def to_json(self) -> dict[str, Any]:
        rule: dict[str, Any] = {"kinds": self.kinds}
        if self._choices:
            rule["choices"] = self._choices
        if self._low:
            # A share (0 to 1) or a number of things (from 1 up): the planner tells which is meant.
            (low, open_low), (high, open_high) = min(self._low), max(self._high, key=lambda end: (end[0], not end[1]))
            rule |= {"minimum": _plain(low), "maximum": _plain(high)}
            rule |= {"exclusive_minimum": True} if open_low else {}
            rule |= {"exclusive_maximum": True} if open_high else {}
        return rule


def _plain(number: float) -> float | int:
    return int(number) if float(number).is_integer() else number


def _documented_arguments(doc: str) -> dict[str, str]:
    """First sentence of each argument in the `Parameters` part of a NumPy-style docstring."""
    match = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", doc, re.S | re.M)
    if match is None:
        return {}
    found = re.findall(r"^(\w+) *:.*?\n(.*?)(?=^\w+ *:|\Z)", match.group(1), re.S | re.M)
    texts = {name: _prose(inspect.cleandoc("\n" + text)) for name, text in found}
    return {name: first_sentence(text).rstrip(":") for name, text in texts.items() if text}


def _prose(doc: str | None) -> str:
    """Without reStructuredText's roles and directives."""
    text = re.sub(r":\w+:`~?([^`<]+?)(?: <[^>]*>)?`", r"\1", doc or "")
    text = re.split(r"\n\s*(?:\.\.|- )", text)[0]
    return re.sub(r"\*\*|``", "", text).strip()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tuners.catalogue.generate_sklearn", description="Write the catalogue of estimators."
    )
    default = str(Path(__file__).parent / "sklearn.json")
    parser.add_argument("-o", "--output", default=default, help="file, or - to print")
    output = parser.parse_args(arguments).output
    text = render(document())
    if output == "-":
        sys.stdout.write(text)
    else:
        Path(output).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
