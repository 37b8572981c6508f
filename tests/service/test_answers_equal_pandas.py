"""Every kind of answer, computed once more by pandas, SciPy and Optuna from the exported tables and nothing else.

Two searches as searches are (`searched_scene`): one whose objective is better when larger, with three folds a trial,
and one the other way round with one training a trial; both with trials that broke, were stopped, are open, have values
that are not finite, and with a hyperparameter that is not always active.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator
from scipy.interpolate import LinearNDInterpolator
from scipy.stats import spearmanr
from sklearn.ensemble import RandomForestRegressor
from starlette.testclient import TestClient

from service import examples
from service.limits import Limits
from service.trends.curves import Curve, Curves
from service.trends.diagnosis import diagnosis_of
from storage.ids import SearchId
from storage.records import Direction, Objective
from tests.databases import SqliteTemplate
from tests.service.analysis_scene import trained_search
from tests.service.assembled import Service, open_service
from tests.service.exported import READERS, asked, exported
from tests.service.searched_scene import EPOCHS, FOLDS, searched
from tests.service.sweep_scene import trained_sweep

optuna.logging.set_verbosity(optuna.logging.ERROR)
Document = dict[str, Any]
METRICS = ("val_accuracy", "val_loss", "accuracy", "loss")
UNITS = list(range(32, 257, 32))
ACTIVATIONS = ["relu", "tanh", "elu"]


@dataclass(frozen=True)
class Scene:
    """One search, asked over HTTP; and its tables."""

    client: TestClient
    service: Service
    id: SearchId
    objective: Objective
    folds: int
    seed: int
    trials: pd.DataFrame
    epochs: pd.DataFrame

    def ask(self, path: str, schema: str, **query: Any) -> Document:
        return asked(self.client, f"{self.id}/{path}", schema, **query)

    @property
    def sign(self) -> float:
        """Turns scores so that smaller is better."""
        return 1.0 if self.objective.direction == "min" else -1.0

    @property
    def scored(self) -> pd.DataFrame:
        return self.trials[self.trials["score"].notna()]

    def measured(self, metric: str, at: str) -> pd.Series[float]:
        """The metric by trial number, where it is finite."""
        if at == "best":
            column = "score" if metric == self.objective.name else f"metric:{metric}"
            return finite(self.scored.set_index("number")[column])
        last = self.epochs.groupby(["trial_number", "execution"]).tail(1).set_index("trial_number")
        means = finite(last[f"metric:{metric}"]).groupby("trial_number").mean()
        return means[means.index.isin(self.scored["number"])]


def finite(values: pd.Series[float]) -> pd.Series[float]:
    return values[np.isfinite(values)]


@pytest.fixture(scope="module")
def service(sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with open_service(folder, sqlite_template.copy(folder), Limits()) as running:
        yield running


@pytest.fixture(scope="module")
def ada(service: Service) -> TestClient:
    return service.client(service.token())


@pytest.fixture(scope="module", params=[("max", FOLDS), ("min", 1)], ids=["max-folds", "min"])
def scene(request: pytest.FixtureRequest, service: Service, ada: TestClient) -> Scene:
    direction, folds = request.param
    definition = copy.deepcopy(examples.DEFINITION)
    search_id = searched(service, ada, definition, direction=direction, folds=folds, seed=folds)
    return Scene(
        client=ada,
        service=service,
        id=search_id,
        objective=Objective(definition["objective"]["name"], direction),
        folds=folds,
        seed=definition["seed"],
        trials=exported(ada, search_id),
        epochs=exported(ada, search_id, "epochs"),
    )


def test_the_scene_has_what_searches_have(scene: Scene) -> None:
    assert set(scene.trials["state"]) == {"COMPLETED", "FAILED", "STOPPED", "RUNNING", "QUEUED"}
    assert set(scene.trials["failure_code"].dropna()) == {"out_of_memory", "non_finite_objective"}
    assert scene.trials["attempts"].max() == 2
    assert scene.trials["hp:regular_rate"].isna().any()
    assert scene.epochs["execution"].nunique() == scene.folds
    assert not np.isfinite(scene.epochs[f"metric:{scene.objective.name}"]).all()


# Scores


def test_scores_are_those_of_the_epochs(scene: Scene) -> None:
    """Of each execution the best finite value at the earliest epoch that has it; then the mean over executions."""
    objective = f"metric:{scene.objective.name}"
    rows = scene.epochs[np.isfinite(scene.epochs[objective])]
    rows = rows.assign(turned=scene.sign * rows[objective]).sort_values(["turned", "epoch"])
    best = rows.groupby(["trial_number", "execution"]).first()
    by_trial = best.groupby("trial_number")
    scored = scene.scored.set_index("number")
    whole = by_trial.size()[lambda count: count == scene.folds].index.union(scored.index[scored["state"] == "STOPPED"])
    whole = whole.intersection(scene.trials.set_index("number").query("state in ('COMPLETED', 'STOPPED')").index)
    assert scored.index.tolist() == whole.tolist()
    assert scored["score"].tolist() == pytest.approx(by_trial[objective].mean()[whole].tolist())
    assert scored["best_epoch"].tolist() == np.floor(by_trial["epoch"].mean()[whole] + 0.5).tolist()
    for name in METRICS:
        means = finite(best[f"metric:{name}"]).groupby("trial_number").mean().reindex(whole)
        assert scored[f"metric:{name}"].tolist() == pytest.approx(means.tolist(), nan_ok=True)
    counts = scene.epochs.groupby("trial_number").size()
    assert scene.trials["epochs"].tolist() == counts.reindex(scene.trials["number"], fill_value=0).tolist()


def test_the_best_are_the_first_of_the_sorted_table(scene: Scene) -> None:
    items = scene.client.get(f"/v1/searches/{scene.id}/best?count=10").json()["items"]
    expected = scene.scored.assign(turned=scene.sign * scene.scored["score"]).sort_values(["turned", "number"])[:10]
    assert [item["id"] for item in items] == expected["id"].tolist()
    assert [item["score"] for item in items] == expected["score"].tolist()
    assert [item["metrics"]["loss"] for item in items] == pytest.approx(expected["metric:loss"].tolist())


# Trends


def test_objective_trend(scene: Scene) -> None:
    points = scene.ask("trends/objective", "ObjectiveTrendOut")["points"]
    ended = scene.scored.sort_values("ended_seq")
    best = ended["score"].cummax() if scene.objective.direction == "max" else ended["score"].cummin()
    assert [point["number"] for point in points] == ended["number"].tolist()
    assert [point["best"] for point in points] == best.tolist()
    assert [point["epochs_spent"] for point in points] == ended["epochs"].cumsum().tolist()
    assert [point["seconds_spent"] for point in points] == pytest.approx(ended["seconds"].cumsum().tolist())
    assert [point["elapsed_seconds"] for point in points] == pytest.approx(ended["elapsed_seconds"].tolist())
    assert [pd.Timestamp(point["ended_at"]) for point in points] == ended["ended_at"].tolist()


@pytest.mark.parametrize("at", ["best", "last"])
@pytest.mark.parametrize("metric", ["objective", "loss"])
@pytest.mark.parametrize("name", ["units", "learning_rate", "regular", "regular_rate", "activation"])
def test_trend_of_a_hyperparameter(scene: Scene, name: str, metric: str, at: str) -> None:
    metric = scene.objective.name if metric == "objective" else metric
    direction = scene.objective.direction if metric == scene.objective.name else "min"
    found = scene.ask(f"trends/hyperparameters/{name}", "HyperparameterTrendOut", metric=metric, at=at)
    values = scene.trials.set_index("number")[f"hp:{name}"].dropna()
    scores = scene.measured(metric, at)
    frame = pd.DataFrame({"value": values, "score": scores}).dropna().sort_index()
    assert [point["number"] for point in found["points"]] == frame.index.tolist()
    assert [point["value"] for point in found["points"]] == frame["value"].tolist()
    assert [point["score"] for point in found["points"]] == pytest.approx(frame["score"].tolist())

    # A summary for each value; of a range, whose values are hardly ever equal, for each of some bins of equal count.
    ordered = name in ("units", "learning_rate", "regular_rate")
    binned = name in ("learning_rate", "regular_rate")
    if binned:
        frame = frame.sort_values("value")
        bins = min(10, max(2, len(frame) // 4))
        ends = [round((place + 1) * len(frame) / bins) for place in range(bins)]
        frame["group"] = np.searchsorted(ends, np.arange(len(frame)), side="right")
        groups = frame.groupby("group")
        assert [each["low"] for each in found["values"]] == groups["value"].min().tolist()
        assert [each["high"] for each in found["values"]] == groups["value"].max().tolist()
        centres = groups["value"].median()
        assert [each["value"] for each in found["values"]] == pytest.approx(centres.tolist())
    else:
        groups = frame.groupby("value")
        centres = groups["value"].first()
        assert [each["value"] for each in found["values"]] == centres.tolist()
    medians = groups["score"].median()
    for told, theirs in (
        ("count", groups.size()),
        ("mean", groups["score"].mean()),
        ("median", medians),
        ("q25", groups["score"].quantile(0.25)),
        ("q75", groups["score"].quantile(0.75)),
        ("best", groups["score"].min() if direction == "min" else groups["score"].max()),
    ):
        assert [each[told] for each in found["values"]] == pytest.approx(theirs.tolist())

    by_number = frame.sort_index()
    turned = by_number["score"] * (1 if direction == "min" else -1)
    assert found["best_value"] == by_number["value"].iloc[int(turned.argmin())]
    rho = spearmanr(centres, medians).statistic if ordered and len(medians) >= 3 else None
    assert found["method"]["spearman"] == (None if rho is None else pytest.approx(rho))
    verdict = verdict_of(medians.to_numpy(), frame["score"], rho, ordered=ordered)
    assert found["verdict"] == verdict
    assert found["diminishing_returns_at"] == pytest.approx(
        end_of_gains(centres.to_numpy(), medians.to_numpy(), verdict, direction=direction) if ordered else None
    )


def verdict_of(medians: np.ndarray[Any, Any], scores: pd.Series[float], rho: float | None, *, ordered: bool) -> str:
    """The rule that the answer names in `method`."""
    significant = 0.2 * (scores.quantile(0.75) - scores.quantile(0.25))
    if len(medians) < 2:
        return "unclear"
    if np.ptp(medians) <= significant:
        return "flat"
    if not ordered:
        return "unclear"
    if rho is None:
        return "monotone_increasing" if medians[1] > medians[0] else "monotone_decreasing"
    if abs(rho) >= 0.8:
        return "monotone_increasing" if rho > 0 else "monotone_decreasing"
    ends = medians[[0, -1]]
    if medians.max() - ends.max() > significant:
        return "peak"
    if ends.min() - medians.min() > significant:
        return "valley"
    return "unclear"


def end_of_gains(
    centres: np.ndarray[Any, Any], medians: np.ndarray[Any, Any], verdict: str, *, direction: str
) -> float | None:
    """The first value beyond which less than a twentieth of the gain in the running best median remains."""
    gaining = ("monotone_increasing", "peak") if direction == "max" else ("monotone_decreasing", "valley")
    if verdict not in gaining or len(medians) < 3:
        return None
    running = np.maximum.accumulate(medians if direction == "max" else -medians)
    there = np.flatnonzero(running[-1] - running < 0.05 * (running[-1] - running[0]))
    if len(there) == 0 or there[0] == len(centres) - 1:
        return None
    return float(centres[there[0]])


@pytest.mark.parametrize("metric", METRICS)
def test_epoch_bands(scene: Scene, metric: str) -> None:
    """Of every trial that has epochs, open and failed ones too, the mean over its executions where it is finite."""
    trend = scene.ask("trends/epochs", "EpochTrendOut", metric=metric)
    rows = scene.epochs[np.isfinite(scene.epochs[f"metric:{metric}"])]
    by_epoch = rows.groupby(["trial_id", "epoch"])[f"metric:{metric}"].mean().groupby("epoch")
    assert [band["epoch"] for band in trend["bands"]] == list(range(EPOCHS))
    assert [band["count"] for band in trend["bands"]] == by_epoch.count().tolist()
    theirs = by_epoch.quantile(trend["quantiles"]).unstack()
    np.testing.assert_allclose([band["quantiles"] for band in trend["bands"]], theirs, rtol=1e-12)


# Trade-off, axes, surfaces


@pytest.mark.parametrize("against", ["seconds", "parameters", "loss"])
def test_the_front_is_what_nothing_beats(scene: Scene, against: str) -> None:
    found = scene.ask("tradeoff", "TradeoffOut", against=against)
    column = f"metric:{against}" if against == "loss" else against
    frame = scene.scored.dropna(subset=[column])
    assert [point["number"] for point in found["points"]] == frame["number"].tolist()
    assert [point["against"] for point in found["points"]] == pytest.approx(frame[column].tolist())
    assert [point["score"] for point in found["points"]] == frame["score"].tolist()
    by_cost = frame.assign(turned=scene.sign * frame["score"]).sort_values([column, "turned", "number"])
    least_before = by_cost["turned"].cummin().shift(fill_value=math.inf)
    expected = by_cost[by_cost["turned"] < least_before]["id"].tolist()
    assert found["front"] == expected
    assert {point["trial_id"] for point in found["points"] if point["on_front"]} == set(expected)


def places_of(trials: pd.DataFrame) -> pd.DataFrame:
    """Where the values lie on their axes, from 0 to 1."""
    return pd.DataFrame(
        {
            "activation": trials["hp:activation"].map({name: (n + 0.5) / 3 for n, name in enumerate(ACTIVATIONS)}),
            "learning_rate": (np.log10(trials["hp:learning_rate"]) + 4) / 2,
            "regular": trials["hp:regular"].map({False: 0.25, True: 0.75}),
            "regular_rate": trials["hp:regular_rate"] / 0.5,
            "units": (trials["hp:units"] - 32) / 224,
        }
    )


@pytest.mark.parametrize(("metric", "at"), [("objective", "best"), ("loss", "best"), ("loss", "last")])
def test_parallel_coordinates(scene: Scene, metric: str, at: str) -> None:
    metric = scene.objective.name if metric == "objective" else metric
    found = scene.ask("parallel", "ParallelOut", metric=metric, at=at)
    scores = scene.measured(metric, at)
    frame = scene.trials.set_index("number").loc[scores.index]
    places = places_of(frame)
    assert [axis["name"] for axis in found["axes"]] == places.columns.tolist()
    assert [row["number"] for row in found["rows"]] == frame.index.tolist()
    assert [row["score"] for row in found["rows"]] == pytest.approx(scores.tolist())
    shown = pd.DataFrame([row["places"] for row in found["rows"]], dtype=float)
    np.testing.assert_allclose(shown, places, atol=1e-12)
    for row, (_, trial) in zip(found["rows"], frame.iterrows(), strict=True):
        assert row["values"] == {
            name.removeprefix("hp:"): value
            for name, value in trial.items()
            if isinstance(name, str) and name.startswith("hp:") and not pd.isna(value)
        }


def test_contour_between_numbers(scene: Scene) -> None:
    found = scene.ask("contour", "ContourOut", x="learning_rate", y="regular_rate")
    frame = scene.scored.dropna(subset=["hp:regular_rate"])
    assert [(point["x"], point["y"], point["score"]) for point in found["points"]] == list(
        zip(frame["hp:learning_rate"], frame["hp:regular_rate"], frame["score"], strict=True)
    )
    places = places_of(frame)[["learning_rate", "regular_rate"]].to_numpy()
    units = np.linspace(0, 1, 24)
    theirs = LinearNDInterpolator(places, frame["score"])(*np.meshgrid(units, units))
    np.testing.assert_allclose(np.array(found["grid"], dtype=float), theirs, atol=1e-9)
    assert found["x"]["ticks"] == pytest.approx(10 ** (2 * units - 4))


def test_contour_of_choices(scene: Scene) -> None:
    found = scene.ask("contour", "ContourOut", x="regular", y="activation", metric="loss")
    frame = scene.scored.dropna(subset=["metric:loss"])
    theirs = frame.pivot_table(index="hp:activation", columns="hp:regular", values="metric:loss", aggfunc="mean")
    assert (found["x"]["ticks"], found["y"]["ticks"]) == ([False, True], ACTIVATIONS)
    np.testing.assert_allclose(np.array(found["grid"], dtype=float), theirs.reindex(ACTIVATIONS), rtol=1e-12)


def test_contour_of_a_choice_and_steps(scene: Scene) -> None:
    found = scene.ask("contour", "ContourOut", x="units", y="activation")
    assert found["x"]["ticks"] == UNITS
    for activation, row in zip(ACTIVATIONS, found["grid"], strict=True):
        means = scene.scored[scene.scored["hp:activation"] == activation].groupby("hp:units")["score"].mean()
        theirs = np.interp(UNITS, means.index, means, left=np.nan, right=np.nan)
        np.testing.assert_allclose(np.array(row, dtype=float), theirs, rtol=1e-12)


# Importance


CHOICES: dict[str, list[Any]] = {"activation": ACTIVATIONS, "regular": [False, True]}


def study_of(frame: pd.DataFrame, scores: pd.Series[float], names: list[str], units: BaseDistribution) -> optuna.Study:
    """The trials as Optuna's, with each hyperparameter where it lies on its sampling scale; lower is better."""
    places = places_of(frame).assign(units=frame["hp:units"] / 32 - 1)
    kinds: dict[str, BaseDistribution] = {name: FloatDistribution(0, 1) for name in names} | {"units": units}
    for name, values in CHOICES.items():
        kinds[name] = CategoricalDistribution(list(range(len(values))))
        places[name] = frame[f"hp:{name}"].map(values.index).astype(float)
    study = optuna.create_study(direction="minimize")
    for row, score in scores.items():
        here = places.loc[[row], names].iloc[0]
        active = {name: float(here[name]) for name in names if not math.isnan(here[name])}
        study.add_trial(
            optuna.trial.create_trial(
                params={n: v if isinstance(kinds[n], FloatDistribution) else int(v) for n, v in active.items()},
                distributions={name: kinds[name] for name in active},
                value=score,
            )
        )
    return study


@pytest.mark.parametrize("metric", ["objective", "loss"])
def test_ped_anova_is_optunas_on_the_table(scene: Scene, metric: str) -> None:
    metric = scene.objective.name if metric == "objective" else metric
    sign = scene.sign if metric == scene.objective.name else 1.0
    found = scene.ask("importance", "ImportanceOut", method="ped_anova", metric=metric)
    scores = sign * scene.measured(metric, "best")
    frame = scene.trials.set_index("number").loc[scores.index]
    names = ["activation", "learning_rate", "regular", "regular_rate", "units"]
    study = study_of(frame, scores, names, IntDistribution(0, 7))
    # A tenth of the trials, or five where that is more, are the best.
    quantile = min(0.5, max(0.1, 5 / len(scores)))
    theirs = PedAnovaImportanceEvaluator(target_quantile=quantile).evaluate(study)
    shares = {each["name"]: each["share"] for each in found["hyperparameters"]}
    assert shares == pytest.approx({name: value / sum(theirs.values()) for name, value in theirs.items()})
    assert found["trials"] == len(scores)


def test_fanova_is_optunas_on_the_table(scene: Scene) -> None:
    """Where a conditional one acts in some trials only, shares are of what the forest foretells of the others."""
    found = {each["name"]: each for each in scene.ask("importance", "ImportanceOut")["hyperparameters"]}
    frame = scene.scored.set_index("number")
    scores = frame["score"]
    # Around each step there is as much room as around any other, so that units are taken for a range.
    units = FloatDistribution(-0.5, 7.5)

    names = ["activation", "learning_rate", "regular", "units"]
    evaluator = FanovaImportanceEvaluator(seed=scene.seed)
    everywhere = evaluator.evaluate(study_of(frame, scores, names, units), params=names)
    seen = foretold(frame, names, seed=scene.seed)
    assert 0.0 < seen < 1.0
    for name, share in everywhere.items():
        assert found[name]["share"] == found[name]["share_where_active"] == pytest.approx(seen * share, abs=1e-9)

    # Where the dropout acts it does so beside all others, of which one no longer varies.
    active = frame[frame["hp:regular_rate"].notna()]
    names = ["activation", "learning_rate", "regular_rate", "units"]
    share = evaluator.evaluate(study_of(active, active["score"], names, units), params=names)["regular_rate"]
    within = ((active["score"] - active["score"].mean()) ** 2).sum() / ((scores - scores.mean()) ** 2).sum()
    assert found["regular_rate"]["trials"] == len(active)
    assert found["regular_rate"]["share_where_active"] == pytest.approx(share, abs=1e-9)
    assert found["regular_rate"]["share"] == pytest.approx(share * within, abs=1e-9)


def foretold(frame: pd.DataFrame, names: list[str], *, seed: int) -> float:
    """The share of the scores' variance that the same forest foretells out of its bags."""
    places = places_of(frame).assign(units=frame["hp:units"] / 32 - 1)
    features = []
    for name in names:
        if name in CHOICES:
            features += [(frame[f"hp:{name}"] == value).astype(float) for value in CHOICES[name]]
        else:
            features.append(places[name])
    forest = RandomForestRegressor(n_estimators=64, max_depth=64, oob_score=True, random_state=seed)
    forest.fit(np.column_stack(features), frame["score"])
    return float(forest.oob_score_)


# Curves and what they say


def test_diagnosis_of_every_trial(scene: Scene) -> None:
    """The rules, on curves that pandas has averaged: as far as all executions go, up to what is not finite."""
    items = {item["number"]: item for item in scene.ask("diagnosis", "DiagnosesOut", limit=500)["items"]}
    trials = scene.trials.set_index("number")
    ended = trials[trials["ended_at"].notna()]
    assert items.keys() == set(ended.index)
    best = scene.scored.assign(turned=scene.sign * scene.scored["score"]).sort_values(["turned", "number"])
    directions: dict[str, Direction] = {"accuracy": "max", "val_accuracy": "max", "loss": "min", "val_loss": "min"}
    for number in ended.index:
        rows = scene.epochs[scene.epochs["trial_number"] == number]
        lengths = rows.groupby("execution")["epoch"].max()
        by_metric, broken = {}, {}
        for name in METRICS:
            column = rows.set_index("epoch")[f"metric:{name}"]
            odd = column.index[~np.isfinite(column)]
            if len(odd):
                broken[name] = int(odd.min())
            means = finite(column).groupby("epoch").mean()
            means = means[(means.index <= lengths.min()) & (means.index < broken.get(name, EPOCHS))]
            if len(means):
                by_metric[name] = Curve(tuple(means.index.tolist()), tuple(means.tolist()))
        peer = best[best["number"] != number].iloc[0]["metric:loss"]
        known = "loss" in {*by_metric, *broken}
        expected = diagnosis_of(
            Curves(by_metric, len(lengths), broken),
            objective=scene.objective,
            directions=directions,
            best_training=peer if known else None,
        )
        told = items[number]
        assert (told["verdict"], told["epochs"], told["executions"]) == (
            expected.verdict,
            expected.epochs,
            len(lengths),
        )
        assert [each["code"] for each in told["findings"]] == [each.code for each in expected.findings]
        for each, theirs in zip(told["findings"], expected.findings, strict=True):
            assert each["evidence"] == pytest.approx(dict(theirs.evidence))
    assert {item["verdict"] for item in items.values()} >= {"diverged", "unknown"}


# Side by side


def test_searches_are_compared_by_what_they_spent(scene: Scene) -> None:
    """Beside another search of the same objective."""
    definition = copy.deepcopy(examples.DEFINITION)
    other = trained_search(scene.service, scene.client, definition, trials=12, seed=1, name="other")
    same = scene.objective.direction == "max"
    found = asked(scene.client, "compare", "ComparisonOut", id=[other, scene.id])
    frames = {scene.id: scene.trials, other: exported(scene.client, other)}
    assert found["comparable"] == same
    target = min(frame["score"].max() for frame in frames.values()) if same else None
    assert found["target"] == target
    for each in found["searches"]:
        frame = frames[each["id"]]
        assert (each["trials"], each["scored_trials"]) == (len(frame), frame["score"].notna().sum())
        assert each["epochs"] == frame["epochs"].sum()
        frame = frame[frame["score"].notna()].sort_values("ended_seq").reset_index(drop=True)
        better_is_less = each["objective"]["direction"] == "min"
        best = frame["score"].cummin() if better_is_less else frame["score"].cummax()
        spent = {
            "epochs": frame["epochs"].cumsum(),
            "elapsed_seconds": frame["elapsed_seconds"],
            "training_seconds": frame["seconds"].cumsum(),
        }
        changed = best.index[best.diff().fillna(1) != 0]
        steps = changed.union([len(best) - 1])
        assert [step["trials"] for step in each["curve"]] == [place + 1 for place in steps]
        assert [step["best"] for step in each["curve"]] == best[steps].tolist()
        for name, column in spent.items():
            assert [step[name] for step in each["curve"]] == pytest.approx(column[steps].tolist())
            assert each["best"][name] == pytest.approx(column[changed[-1]])
        assert (each["best"]["score"], each["best"]["number"]) == (best.iloc[-1], frame["number"][changed[-1]])
        if target is None:
            assert each["reached"] is None
        else:
            reached = int((best >= target).idxmax())
            assert each["reached"]["trials"] == reached + 1
            assert [each["reached"][name] for name in spent] == pytest.approx([spent[n][reached] for n in spent])
    out_of_reach = asked(scene.client, "compare", "ComparisonOut", id=[other, scene.id], target=0.999)
    assert [each["reached"] for each in out_of_reach["searches"]] == [None, None]


# Formats, and sweeps


@pytest.mark.parametrize("table", ["trials", "epochs"])
def test_every_format_is_the_same_table(scene: Scene, table: str) -> None:
    frames = {format: exported(scene.client, scene.id, table, format) for format in READERS}
    numbers = [
        name
        for name in frames["parquet"].columns
        if frames["parquet"][name].dtype.kind in "fi" and name != "elapsed_seconds"
    ]
    assert len(numbers) > 6
    texts = ["trial_id"] if table == "epochs" else ["id", "state", "hp:activation"]
    for format in ("csv", "jsonl"):
        theirs = frames["parquet"][numbers].astype(float).replace([math.inf, -math.inf], math.nan)
        np.testing.assert_array_equal(frames[format][numbers].astype(float), theirs)
        assert frames[format][texts].to_numpy().tolist() == frames["parquet"][texts].to_numpy().tolist()


def test_a_sweeps_trend_is_that_of_the_trials_at_the_baseline(service: Service, ada: TestClient) -> None:
    sweep = trained_sweep(service, ada, copy.deepcopy(examples.DEFINITION))
    trials = exported(ada, sweep, format="csv")
    scored = trials[trials["score"].notna() & trials["swept"].isin(["units"]) | (trials["number"] == 0)]
    groups = scored.groupby("hp:units")["score"]
    trend = asked(ada, f"{sweep}/trends/hyperparameters/units", "HyperparameterTrendOut")
    assert (
        [group["value"] for group in trend["values"]]
        == sorted(map(int, scored["hp:units"].unique()))
        == [1, 6, 18, 64, 256, 1024]
    )
    for name, theirs in (("median", groups.median()), ("mean", groups.mean()), ("best", groups.max())):
        assert [group[name] for group in trend["values"]] == pytest.approx(theirs.tolist())
    assert [group["count"] for group in trend["values"]] == groups.size().tolist()
