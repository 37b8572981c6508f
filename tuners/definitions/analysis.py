"""The walk over a whole document: every hole, every hyperparameter, and the space they make together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tuners.definitions.compiling import check_compile
from tuners.definitions.declared import Declarations, read_declarations
from tuners.definitions.expansion import check_uses, expand
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import Faults, listed, suggestion
from tuners.definitions.metrics import logged_metrics
from tuners.definitions.models import MODEL_TYPES, is_undiscovered, model_type
from tuners.definitions.rules import read_constraints
from tuners.definitions.scores import check_scores
from tuners.definitions.training import check_fit
from tuners.definitions.walking import Walk
from tuners.space import Space


@dataclass(frozen=True)
class Analysis:
    """What a walk found.

    Attributes:
        space: The expanded space; empty where the declarations are faulty.
        layers: Layers of the unrolled model, branches that exclude each other both counted.
    """

    declarations: Declarations
    space: Space
    layers: int


def analysed(document: Mapping[str, object], faults: Faults, *, facts: DataFacts | None = None) -> Analysis:
    """Walks the parts with holes; every fault is added, and what is missing is left to the frame to report.

    Args:
        facts: The data set's, when known: then `data` holes are looked up too.
    """
    undiscovered = is_undiscovered(document.get("model"))
    declarations = read_declarations(document.get("hyperparameters", []), faults, needed=not undiscovered)
    model = document.get("model")
    walk = Walk(declarations, faults, facts)
    whole = _check_model(document.get("model"), walk)
    compiled = document.get("compile")
    fit = document.get("fit")
    kind = model_type(document.get("model"))
    if kind is not None:
        for part, needed in (("compile", kind.compiled), ("fit", kind.in_epochs)):
            if needed and part not in document:
                faults.add(f"/{part}", "missing_field", "this field is needed")
    if isinstance(compiled, dict) and kind is not None and not kind.in_epochs:
        check_scores(compiled, walk)
    elif isinstance(compiled, dict) and kind is not None and kind.discovered:
        if any(compiled.values()):
            detail = "the builder compiles its models: optimizer, loss and metrics are named there"
            faults.add("/compile", "unknown_field", detail)
    elif isinstance(compiled, dict):
        model = document.get("model")
        outputs = kind.outputs(model) if kind is not None and isinstance(model, dict) else ()
        check_compile(compiled, walk, needed=kind is None or kind.compiled, outputs=outputs)
    if isinstance(fit, dict):
        in_epochs = kind is None or kind.in_epochs
        check_fit(fit, logged_metrics(compiled, model), walk, in_epochs=in_epochs, whole=not undiscovered)
    parts_are_whole = (
        whole
        and kind is not None
        and (isinstance(compiled, dict) or (compiled is None and not kind.compiled))
        and (isinstance(fit, dict) or (fit is None and not kind.in_epochs))
    )
    space = expand(declarations, walk.uses, faults)
    by_name = {each.name: each for each in space}
    check_uses(walk.uses, by_name, faults)
    if parts_are_whole:
        _refuse_unused(walk)
        for use in walk.uses:
            if use.hp not in by_name and not faults.at_or_below("/hyperparameters"):
                faults.add(use.pointer, "unknown_hyperparameter", f"no pass of any repeat makes `{use.hp}`")
    sound = parts_are_whole and not declarations.faulty
    constraints, most = read_constraints(document.get("constraints", []), by_name if sound else None, faults)
    if most is not None and kind is not None and not kind.in_epochs:
        detail = "an estimator's parameters are not counted: bound its arguments instead"
        faults.add("/constraints", "unsupported_combination", detail)
    return Analysis(declarations, Space(space, constraints, most), walk.layers)


def _check_model(model: object, walk: Walk) -> bool:
    """Whether the model could be walked."""
    if not isinstance(model, dict):
        return False
    kind = model.get("type")
    if kind is None:
        hint = "; templates come from GET /v1/templates" if "template" in model else ""
        walk.faults.add("/model/type", "missing_field", f"must be one of {listed(MODEL_TYPES)}{hint}")
        return False
    if not isinstance(kind, str) or kind not in MODEL_TYPES:
        hint = suggestion(kind, MODEL_TYPES) if isinstance(kind, str) else ""
        detail = f"must be one of the supported types of model: {listed(MODEL_TYPES)}{hint}"
        walk.faults.add("/model/type", "unsupported_model_type" if isinstance(kind, str) else "invalid_type", detail)
        return False
    before = len(walk.faults)
    MODEL_TYPES[kind].check(model, walk)
    return len(walk.faults) == before and not walk.partial


def _refuse_unused(walk: Walk) -> None:
    """Every declared hyperparameter must do something: be in a hole, or decide whether one that is has a value."""
    declarations = walk.declarations
    used = {found.name for use in walk.uses if (found := declarations.find(use.name)) is not None}
    queue = list(used)
    while queue:
        for parent in declarations.sound[queue.pop()].parents:
            found = declarations.find(parent.hp)
            if found is not None and found.name not in used:
                used.add(found.name)
                queue.append(found.name)
    for name, declared in declarations.sound.items():
        if name not in used:
            numbered = "; a name with `{i}` must be used inside a repeat that can run" if declared.numbered else ""
            detail = f'nothing uses it: put {{"hp": its name}} where its value belongs, or remove it{numbered}'
            walk.faults.add(declared.pointer, "unused_hyperparameter", detail)
