"""Looks at a builder: which hyperparameters there are, what its models log, and whether they suit the data.

Runs in the planner's child, with Keras. As in Keras Tuner's own discovery (`BaseTuner._activate_all_conditions` of
1.4.8) models are built until each conditional scope was active once. It stops there; here the corners of the space
found so far are built too, since most spaces grow by plain loops and branches (`for i in range(hp.Int("layers", 1,
3))`), and each scope is tried once only: a scope that its own activation closes keeps Keras Tuner busy for ever.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras

from storage.errors import FieldFault, InvalidDefinition
from storage.records import Scalar
from tuners.definitions import Definition, parse_definition
from tuners.definitions.models.builder import Found, resolve_builder
from tuners.failures import BuildFault, ModelTooLarge, TrialFault
from tuners.planner.asked import Asked
from tuners.planner.builder_fit import OwnFit, look_at_fit
from tuners.planner.builder_logs import Logs, logs_of
from tuners.planner.corners import Corner, corners
from tuners.planner.refusals import located, refused
from tuners.planner.wire import Discovery, ModelSize, Request
from tuners.space import Space
from tuners.trainer.builders import Made, argument_faults, builder_of, built, has_own_fit, hypermodel_of, kind_of
from tuners.trainer.builders import hyperparameters_of as asking

MAX_BUILDS = 100
_DEFAULTS = "the defaults"


def look_at(request: Request, *, now: Callable[[], float] = time.monotonic) -> Discovery:
    """What is found out about the definition's builder.

    Args:
        request: Its definition has no `found` yet, or one that is passed over; `explore_s` bounds the looking.

    Raises:
        InvalidDefinition: The builder is not there, cannot be made, fails at its defaults, gives no compiled model,
            does not suit the data; the hyperparameters are none we can have; or the definition does not fit them.
    """
    assert request.explore_s is not None
    return _Look(request, explore_s=request.explore_s, now=now).discovery()


class _Look:
    def __init__(self, request: Request, *, explore_s: float, now: Callable[[], float]) -> None:
        self._request = request
        self._explore_s = explore_s
        self._definition = parse_definition(request.definition)
        self._deadline = now() + explore_s
        self._now = now
        model = {key: value for key, value in self._definition.model.items() if key != "found"}
        self._document = resolve_builder(model, {}, request.facts).document
        self._place = "/model/code" if "code" in model else "/model/builder"
        self._asked = Asked(self._place)
        self._scopes: dict[str, list[Any]] = {}
        self._active: set[str] = set()
        self._tried: set[str] = set()
        self._counts: list[int] = []
        self._hypermodel = self._made_hypermodel()

    def discovery(self) -> Discovery:
        declared = {str(each["name"]): each for each in self._definition.hyperparameters}
        first = self._build(Corner(_DEFAULTS, {name: _default(each) for name, each in declared.items()}), first=True)
        assert first is not None
        self._check_declared()
        model, made = first
        default_count = self._counts[0]
        own = has_own_fit(self._hypermodel)
        logs = logs_of(model, self._document, self._request.facts, own_fit=own)
        fit = OwnFit()
        if own:
            fit = look_at_fit(made, model, self._document, self._request.facts, one_hot=logs.one_hot)
            self._asked.take(fit.asked)
        del model, made, first
        completed = self._explored(logs, fit, own=own)
        return Discovery(
            hyperparameters=list(completed.hyperparameters),
            found=completed.model["found"],
            epochs=completed.fit.epochs,
            size=ModelSize(
                min_parameters=min(self._counts),
                max_parameters=max(self._counts),
                default_parameters=default_count,
            ),
        )

    def _check_declared(self) -> None:
        """A declared value of the wrong kind is told as that, and not as what the builder makes of it."""
        self._asked.documents(self._definition.to_json()["hyperparameters"], more=frozenset(), whole=False)

    def _made_hypermodel(self) -> Any:
        try:
            self._builder, _ = builder_of(self._document)
            arguments = self._definition.model.get("arguments") or {}
            faults = tuple(
                FieldFault(f"/model/arguments/{name}", "unknown_argument", detail)
                for name, detail in argument_faults(self._builder, arguments).items()
            )
            if faults:
                raise InvalidDefinition("the builder has no such arguments", faults)
            return hypermodel_of(self._document)
        except BuildFault as fault:
            raise refused(fault.pointer, "build_error", fault.message) from fault

    def _build(self, corner: Corner, *, first: bool = False) -> tuple[keras.Model, Made] | None:
        """Build at a corner (by the builder's names) and note what it asks for; None where there is no valid model.

        One invalid point fails its trial and no more, so it is no fault here; one at the defaults is.
        """
        self._tried.add(_key(corner.values))
        keras.utils.clear_session(free_memory=False)
        gc.collect()
        made = Made(self._hypermodel, asking(corner.values))
        self._hypermodel.declare_hyperparameters(made.hp)
        model = None
        try:
            model = built(made, self._document, max_parameters=self._request.max_parameters)
            self._counts.append(int(model.count_params()))
        except ModelTooLarge as fault:
            if first:
                raise refused(fault.pointer, "model_too_large", located(fault.message, corner)) from fault
        except BuildFault as fault:
            raise refused(self._place, "build_error", located(fault.message, corner)) from fault
        except TrialFault as fault:
            if first:
                self._asked.take(made.hp.space)
                self._check_declared()
                raise refused(self._place, "build_error", located(fault.message, corner)) from fault
        self._asked.take(made.hp.space)
        for scope in made.hp.active_scopes:
            self._active.add(_scope_key(scope))
        for scope in made.hp.inactive_scopes:
            self._scopes.setdefault(_scope_key(scope), scope)
        return None if model is None else (model, made)

    def _explored(self, logs: Logs, fit: OwnFit, *, own: bool) -> Definition:
        """The completed definition, once nothing new turns up, or the time for looking is up."""
        completed, known = self._completed(logs, fit, own=own), len(self._asked)
        space = completed.space()
        while True:
            if len(self._asked) > known:
                completed, known = self._completed(logs, fit, own=own), len(self._asked)
                space = completed.space()
            corner = self._next_scope(space) or self._next_corner(space)
            if corner is None:
                break
            if len(self._tried) >= MAX_BUILDS or self._now() > self._deadline:
                self._refuse_hidden_scopes(space)
                break
            self._build(corner)
        return self._completed(logs, fit, own=own, whole=True)

    def _next_scope(self, space: Space) -> Corner | None:
        for key, scope in list(self._scopes.items()):
            if key in self._active:
                del self._scopes[key]
                continue
            values = self._values_for(scope, space)
            # Once is enough: what then is still closed opens by no value of its parents.
            del self._scopes[key]
            if values is not None and _key(values) not in self._tried:
                return Corner("a conditional scope", values)
        return None

    def _values_for(self, scope: list[Any], space: Space) -> dict[str, Scalar] | None:
        """Values under which all conditions of a scope hold; None where the definition leaves no such value."""
        values: dict[str, Scalar] = {}
        for condition in scope:
            parent = space.by_name.get(self._asked.names.get(condition.name, ""))
            allowed = [each for each in condition.values if parent is None or parent.contains(each)]
            if not allowed:
                return None
            values[condition.name] = allowed[0]
        return values

    def _next_corner(self, space: Space) -> Corner | None:
        for corner in self._corners(space):
            if _key(corner.values) not in self._tried:
                return corner
        return None

    def _corners(self, space: Space) -> Iterator[Corner]:
        theirs = {ours: name for name, ours in self._asked.names.items()}
        for corner in corners(space):
            yield Corner(corner.label, {theirs.get(name, name): value for name, value in corner.values.items()})

    def _refuse_hidden_scopes(self, space: Space) -> None:
        if any(key not in self._active and self._values_for(scope, space) for key, scope in self._scopes.items()):
            detail = (
                f"building its models to see all hyperparameters takes longer than {self._explore_s:g} s: "
                "make the largest ones smaller, or have the operator raise `planner_timeout_s`"
            )
            raise refused(self._place, "build_error", detail)

    def _completed(self, logs: Logs, fit: OwnFit, *, own: bool, whole: bool = False) -> Definition:
        """The definition with all that is known by now. Raises InvalidDefinition, places as the client knows them."""
        document = self._definition.to_json()
        declared = document["hyperparameters"]
        used = frozenset(_names_in(document["fit"]))
        if own:
            used |= {str(each["name"]) for each in declared}
        hyperparameters = self._asked.documents(declared, more=used, whole=whole)
        if not hyperparameters:
            raise refused(self._place, "empty_space", "the builder asks its `hp` for nothing: there is nothing to tune")
        found = Found(
            metrics=logs.metrics,
            fit=own,
            overrides=list(fit.overrides),
            names={ours: theirs for theirs, ours in self._asked.names.items() if ours != theirs},
            one_hot=logs.one_hot,
            kind=kind_of(self._builder, self._hypermodel),
        )
        if "epochs" not in document["fit"] and fit.epochs is not None:
            epochs = fit.epochs
            document["fit"]["epochs"] = {"hp": self._asked.names[epochs]} if isinstance(epochs, str) else epochs
        completed = {
            **document,
            "hyperparameters": hyperparameters,
            "model": {**document["model"], "found": found.model_dump(mode="json")},
        }
        try:
            return parse_definition(completed)
        except InvalidDefinition as refusal:
            raise _placed(refusal, hyperparameters, declared) from refusal


def _placed(
    refusal: InvalidDefinition, hyperparameters: list[dict[str, Any]], declared: list[dict[str, Any]]
) -> InvalidDefinition:
    """The refusal with places in the document that the client wrote: what was found has none there."""
    own = {each["name"]: place for place, each in enumerate(declared)}
    faults = []
    for fault in refusal.faults:
        parts = fault.pointer.split("/")
        if len(parts) < 3 or parts[1] != "hyperparameters":
            faults.append(fault)
            continue
        name = hyperparameters[int(parts[2])]["name"]
        if name in own:
            pointer, detail = "/".join(["", "hyperparameters", str(own[name]), *parts[3:]]), fault.detail
        else:
            pointer, detail = "/hyperparameters", f"`{name}`, which the builder asks for: {fault.detail}"
            detail += "; declare it here to give it another range"
        faults.append(FieldFault(pointer, fault.code, detail))
    return InvalidDefinition(refusal.message, tuple(faults))


def _default(declared: Mapping[str, Any]) -> Scalar:
    value: Scalar = declared["value"] if declared["type"] == "fixed" else declared["default"]
    return value


def _names_in(value: object) -> Iterator[str]:
    """The hyperparameters that holes name."""
    if isinstance(value, Mapping):
        if isinstance(value.get("hp"), str):
            yield value["hp"]
        for each in value.values():
            yield from _names_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _names_in(each)


def _key(values: Mapping[str, Scalar]) -> str:
    return json.dumps(values, sort_keys=True)


def _scope_key(scope: list[Any]) -> str:
    return json.dumps([[condition.name, condition.values] for condition in scope], default=str)
