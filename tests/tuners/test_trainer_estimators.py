"""Estimators in the trainer: what they report is what scikit-learn itself gives for the same rows."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss, mean_squared_error, r2_score, roc_auc_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from tests.tuners.estimator_scene import Data, diabetes, digits, iris, order
from tests.tuners.trainer_doubles import Line, resume_from
from tuners.catalogue.estimators import Estimator, estimator_catalogue
from tuners.datasets.request import DataRequest
from tuners.failures import BuildFault, ModelTooLarge, TrialFault
from tuners.seeds import training_seed
from tuners.trainer.estimators import LOADABLE_TYPES, fit_final, fitted, predict, run_estimator, save
from tuners.trainer.heartbeat import Heartbeat
from tuners.trainer.pipelines import check_size, make_estimator
from tuners.trainer.protocol import (
    Batches,
    Ended,
    EpochDone,
    ExecutionBegun,
    Notice,
    RunTrial,
    Saved,
    Started,
)

FOLDS = {"cross_validation": {"folds": 3, "stratified": True}}


def run(job: RunTrial, data: Data) -> Line:
    line = Line()
    assert run_estimator(job, line.control, data.load) == "completed"
    return line


def metrics_of(line: Line) -> list[dict[str, float]]:
    return [dict(message.metrics) for message in line.of(EpochDone)]


def folds_of(job: RunTrial, data: Data) -> list[Any]:
    return [
        data.rows(DataRequest.of(job.resolved, search_seed=job.search_seed, execution=number))
        for number in range(job.executions)
    ]


class TestScores:
    def test_folds_score_as_scikit_learns_cross_validation(self, tmp_path: Path) -> None:
        data = iris()
        steps: list[dict[str, Any]] = [{"step": "StandardScaler"}, {"estimator": "SVC", "C": 2.0}]
        job = order(tmp_path, data, steps, metrics=["accuracy"], fit=FOLDS)
        line = run(job, data)
        own = cross_val_score(make_pipeline(StandardScaler(), SVC(C=2.0)), data.x, data.y, cv=folds_of(job, data))
        assert line.epochs() == [(0, 0), (1, 0), (2, 0)]
        assert [each["val_accuracy"] for each in metrics_of(line)] == pytest.approx(own)
        assert all(set(each) == {"accuracy", "val_accuracy"} for each in metrics_of(line))

    def test_images_are_rows_of_pixels(self, tmp_path: Path) -> None:
        data = digits()
        job = order(tmp_path, data, [{"estimator": "KNeighborsClassifier"}], metrics=[], fit={"validation_split": 0.25})
        (found,) = metrics_of(run(job, data))
        assert set(found) == {"score", "val_score"}
        assert found["val_score"] > 0.95

    def test_probabilities_are_measured(self, tmp_path: Path) -> None:
        data = iris()
        steps = [{"estimator": "RandomForestClassifier", "n_estimators": 20}]
        job = order(tmp_path, data, steps, metrics=["log_loss", "roc_auc"], fit={"validation_split": 0.3})
        (found,) = metrics_of(run(job, data))
        train, aside = data.rows(DataRequest.of(job.resolved, search_seed=job.search_seed))
        seed = training_seed(job.search_seed, job.trial_number)
        own = RandomForestClassifier(n_estimators=20, random_state=seed).fit(data.x[train], data.y[train])
        shares = own.predict_proba(data.x[aside])
        assert found["val_log_loss"] == pytest.approx(log_loss(data.y[aside], shares))
        assert found["val_roc_auc"] == pytest.approx(roc_auc_score(data.y[aside], shares, multi_class="ovr"))

    def test_two_classes_are_ranked_by_a_decision_function_too(self, tmp_path: Path) -> None:
        three = iris()
        rows = three.y < 2
        data = Data(three.x[rows][:, :1], three.y[rows], None, 2)
        job = order(tmp_path, data, [{"estimator": "LinearSVC"}], metrics=["roc_auc"], fit={"validation_split": 0.3})
        (found,) = metrics_of(run(job, data))
        assert 0.8 < found["val_roc_auc"] <= 1.0

    def test_numbers_are_measured(self, tmp_path: Path) -> None:
        data = diabetes()
        names = ["r2", "mean_squared_error", "root_mean_squared_error", "max_error"]
        job = order(tmp_path, data, [{"estimator": "Ridge"}], metrics=names, fit={"validation_split": 0.2})
        (found,) = metrics_of(run(job, data))
        train, aside = data.rows(DataRequest.of(job.resolved, search_seed=job.search_seed))
        guessed = Ridge().fit(data.x[train], data.y[train]).predict(data.x[aside])
        assert found["val_r2"] == pytest.approx(r2_score(data.y[aside], guessed), abs=1e-4)
        assert found["val_mean_squared_error"] == pytest.approx(mean_squared_error(data.y[aside], guessed), rel=1e-4)
        assert found["val_root_mean_squared_error"] ** 2 == pytest.approx(found["val_mean_squared_error"], rel=1e-4)
        assert found["val_max_error"] == pytest.approx(np.abs(guessed - data.y[aside]).max(), rel=1e-4)

    def test_the_same_seed_gives_the_same_numbers(self, tmp_path: Path) -> None:
        data = iris()
        steps = [{"estimator": "RandomForestClassifier", "n_estimators": 5}]
        first, again, other = (
            metrics_of(run(order(tmp_path, data, steps, metrics=["log_loss"], fit=FOLDS, search_seed=seed), data))
            for seed in (7, 7, 8)
        )
        assert first == again
        assert first != other


class TestWeights:
    def test_weights_reach_the_last_step_and_the_metrics(self, tmp_path: Path) -> None:
        weights = np.random.default_rng(1).uniform(0.1, 5.0, 442).astype(np.float32)
        data, plain = diabetes(weights=weights), diabetes()
        steps: list[dict[str, Any]] = [{"step": "StandardScaler"}, {"estimator": "Ridge", "alpha": 3.0}]
        job = order(tmp_path, data, steps, metrics=["r2"], fit={"validation_split": 0.2})
        (found,), (bare,) = metrics_of(run(job, data)), metrics_of(run(job, plain))
        train, aside = data.rows(DataRequest.of(job.resolved, search_seed=job.search_seed))
        own = make_pipeline(StandardScaler(), Ridge(alpha=3.0)).fit(
            data.x[train], data.y[train], ridge__sample_weight=weights[train]
        )
        expected = r2_score(data.y[aside], own.predict(data.x[aside]), sample_weight=weights[aside])
        assert found["val_r2"] == pytest.approx(expected, abs=1e-4)
        assert abs(found["val_r2"] - bare["val_r2"]) > 1e-4

    def test_weights_can_be_left_aside(self, tmp_path: Path) -> None:
        weights = np.random.default_rng(1).uniform(0.1, 5.0, 442).astype(np.float32)
        fit = {"validation_split": 0.2, "sample_weight": False}
        job = order(tmp_path, diabetes(), [{"estimator": "Ridge"}], metrics=["r2"], fit=fit)
        assert metrics_of(run(job, diabetes(weights=weights))) == metrics_of(run(job, diabetes()))

    def test_who_takes_none_is_fitted_without_and_says_so(self, tmp_path: Path) -> None:
        weights = np.random.default_rng(1).uniform(0.1, 5.0, 150).astype(np.float32)
        job = order(tmp_path, iris(), [{"estimator": "KNeighborsClassifier"}], metrics=["accuracy"], fit=FOLDS)
        line = run(job, iris(weights=weights))
        assert [notice.code for notice in line.of(Notice)] == ["sample_weight_unused"]
        assert [each["val_accuracy"] for each in metrics_of(line)] != [
            each["val_accuracy"] for each in metrics_of(run(job, iris()))
        ]


class TestReports:
    def test_what_is_said_in_which_order(self, tmp_path: Path) -> None:
        data = iris()
        line = run(order(tmp_path, data, [{"estimator": "GaussianNB"}], metrics=["accuracy"], fit=FOLDS), data)
        said = [type(message) for message in line.messages]
        assert said == [
            ExecutionBegun, Started, Saved, EpochDone, Saved, ExecutionBegun, EpochDone, Saved, ExecutionBegun,
            EpochDone, Saved,
        ]  # fmt: skip
        assert [started.parameters for started in line.of(Started)] == [None]
        assert [(saved.kind, saved.execution) for saved in line.of(Saved)] == [
            ("model", 0), ("last", 0), ("last", 1), ("last", 2),
        ]  # fmt: skip
        assert all(epoch.seconds > 0 for epoch in line.of(EpochDone))

    def test_a_later_attempt_goes_on_behind_the_last_fold(self, tmp_path: Path) -> None:
        data = iris()
        job = order(tmp_path, data, [{"estimator": "GaussianNB"}], metrics=["accuracy"], fit=FOLDS)
        whole = run(job, data)
        first = next(saved for saved in whole.of(Saved) if saved.kind == "last")
        rest = run(order(tmp_path, data, [{"estimator": "GaussianNB"}], metrics=["accuracy"], fit=FOLDS,
                         resume=resume_from(first)), data)  # fmt: skip
        assert rest.epochs() == [(1, 0), (2, 0)]
        assert metrics_of(rest) == metrics_of(whole)[1:]
        assert not [saved for saved in rest.of(Saved) if saved.kind == "model"]

    @pytest.mark.parametrize(
        ("how", "outcome"), [("stop", "stopped"), ("release", "released"), ("abandon", "abandoned")]
    )
    def test_an_order_ends_it_between_two_folds(self, tmp_path: Path, how: Any, outcome: str) -> None:
        data = iris()
        job = order(tmp_path, data, [{"estimator": "GaussianNB"}], metrics=["accuracy"], fit=FOLDS)
        line = Line(orders=lambda message, control: control.end(how, None) if isinstance(message, EpochDone) else None)
        assert run_estimator(job, line.control, data.load) == outcome
        assert line.epochs() == [(0, 0)]

    def test_an_order_during_the_last_fold_changes_nothing(self, tmp_path: Path) -> None:
        data = iris()
        job = order(tmp_path, data, [{"estimator": "GaussianNB"}], metrics=[], fit={"validation_split": 0.2})
        line = Line(orders=lambda message, control: control.end("stop", None))
        assert run_estimator(job, line.control, data.load) == "completed"

    def test_an_objective_without_a_validation_part_is_missing(self, tmp_path: Path) -> None:
        data = iris()
        job = order(tmp_path, data, [{"estimator": "GaussianNB"}], metrics=["accuracy"], fit={})
        line = Line()
        with pytest.raises(TrialFault, match="val_accuracy") as caught:
            run_estimator(job, line.control, data.load)
        assert caught.value.code == "objective_missing"
        assert not line.control.trained

    def test_the_training_part_alone_will_do(self, tmp_path: Path) -> None:
        data = iris()
        job = order(tmp_path, data, [{"estimator": "GaussianNB"}], metrics=["accuracy"], fit={}, objective="accuracy")
        assert set(metrics_of(run(job, data))[0]) == {"accuracy"}

    def test_a_fit_that_raises_is_a_fault_of_these_values(self, tmp_path: Path) -> None:
        data = Data(iris().x, np.where(iris().y == 0, 0, 1).astype(np.int32), None, 2)
        # Two thirds of the rows are of one class: no more than two thirds can be errors.
        job = order(tmp_path, data, [{"estimator": "NuSVC", "nu": 0.99}], metrics=[], fit={"validation_split": 0.2})
        line = Line()
        with pytest.raises(ValueError, match="infeasible"):
            run_estimator(job, line.control, data.load)
        assert (line.control.phase, line.control.trained) == ("training_error", True)

    def test_data_that_cannot_be_read_are_not_the_definitions_fault(self, tmp_path: Path) -> None:
        def broken(*_: object, **__: object) -> Any:
            raise ValueError("cut off")

        line = Line()
        with pytest.raises(ValueError, match="cut off"):
            run_estimator(order(tmp_path, iris(), [{"estimator": "GaussianNB"}], metrics=[], fit=FOLDS),
                          line.control, broken)  # fmt: skip
        assert (line.control.phase, line.control.trained) == ("data_error", False)


class TestHeartbeat:
    def test_a_long_fit_shows_that_it_goes_on(self, tmp_path: Path) -> None:
        beaten = threading.Event()
        line = Line(orders=lambda message, control: beaten.set())
        with Heartbeat(order(tmp_path, iris(), [], metrics=[], fit={}), line.control, 2, beat_s=0.001):
            assert beaten.wait(10)
        count = len(line.messages)
        assert {(type(message), message.execution) for message in line.of(Batches)} == {(Batches, 2)}
        assert len(line.messages) == count

    def test_a_fit_that_does_not_come_back_is_left(self, tmp_path: Path) -> None:
        left = threading.Event()
        line = Line()
        line.control.end("stop", None)
        job = order(tmp_path, iris(), [], metrics=[], fit={})
        with Heartbeat(job, line.control, 0, beat_s=0.001, patience_s=0.002, leave=left.set):
            assert left.wait(10)
        (ended,) = line.of(Ended)
        assert (ended.outcome, ended.leaves) == ("stopped", True)

    def test_a_release_waits_for_the_fit_as_long_as_it_may(self, tmp_path: Path) -> None:
        left = threading.Event()
        beats = threading.Semaphore(0)
        line = Line(orders=lambda message, control: beats.release())
        line.control.end("release", None)
        job = order(tmp_path, iris(), [], metrics=[], fit={})
        with Heartbeat(job, line.control, 0, beat_s=0.001, patience_s=0.002, leave=left.set):
            assert all(beats.acquire(timeout=10) for _ in range(10))
        assert not left.is_set()
        assert line.of(Ended) == []


# Two of the small fits below do not converge, and one has few rows.
@pytest.mark.filterwarnings("ignore:.*(converge|n_quantiles)")
class TestFiles:
    def test_the_first_folds_estimator_comes_back_without_pickle(self, tmp_path: Path) -> None:
        data = iris()
        steps: list[dict[str, Any]] = [{"step": "PCA", "n_components": 2}, {"estimator": "RandomForestClassifier",
                                                                          "n_estimators": 5}]  # fmt: skip
        job = order(tmp_path, data, steps, metrics=["accuracy"], fit=FOLDS)
        line = run(job, data)
        saved = next(saved for saved in line.of(Saved) if saved.kind == "model")
        assert saved.path.endswith(".skops")
        model = skops.io.load(saved.path, trusted=list(LOADABLE_TYPES))
        _, aside = folds_of(job, data)[0]
        assert model.score(data.x[aside], data.y[aside]) == metrics_of(line)[0]["val_accuracy"]
        assert model[-1].n_jobs is None

    @pytest.mark.parametrize("entry", estimator_catalogue().estimators.values(), ids=lambda entry: entry.name)
    def test_every_estimator_can_be_saved_and_loaded(self, entry: Estimator, tmp_path: Path) -> None:
        generator = np.random.default_rng(0)
        x = generator.uniform(0.1, 1.0, (90, 5)).astype(np.float32)
        y: Any = np.arange(90) % 3 if "classification" in entry.tasks else generator.uniform(1.0, 2.0, 90)
        made = make_estimator({"model": {"steps": [{"estimator": entry.name}]}}, seed=1)
        estimator = fitted(made, x, y, None)
        save(estimator, tmp_path / "model.skops")
        assert set(skops.io.get_untrusted_types(file=tmp_path / "model.skops")) <= set(LOADABLE_TYPES)
        loaded = skops.io.load(tmp_path / "model.skops", trusted=list(LOADABLE_TYPES))
        assert np.array_equal(loaded.predict(x), estimator.predict(x))

    @pytest.mark.parametrize("entry", estimator_catalogue().steps.values(), ids=lambda entry: entry.name)
    def test_every_step_can_be_saved_and_loaded(self, entry: Estimator, tmp_path: Path) -> None:
        generator = np.random.default_rng(0)
        x = generator.uniform(0.1, 1.0, (90, 12)).astype(np.float32)
        step: dict[str, Any] = {"step": entry.name}
        if "score_func" in entry.arguments:
            step["score_func"] = "mutual_info_classif"
        made = make_estimator({"model": {"steps": [step, {"estimator": "GaussianNB"}]}}, seed=1)
        estimator = fitted(made, x, np.arange(90) % 3, None)
        save(estimator, tmp_path / "model.skops")
        assert set(skops.io.get_untrusted_types(file=tmp_path / "model.skops")) <= set(LOADABLE_TYPES)
        loaded = skops.io.load(tmp_path / "model.skops", trusted=list(LOADABLE_TYPES))
        assert np.array_equal(loaded.predict(x), estimator.predict(x))

    def test_the_last_training_takes_the_same_road(self) -> None:
        data = iris(weights=np.linspace(0.1, 3.0, 150).astype(np.float32))
        resolved = {"model": {"steps": [{"step": "StandardScaler"}, {"estimator": "SVC"}]}}
        arrays = data.load(Path(), data.record, request=DataRequest())
        final = fit_final(resolved, arrays, seed=3)
        own = clone(final).fit(data.x, data.y, svc__sample_weight=data.weights)
        assert np.array_equal(predict(final, data.x), own.predict(data.x))


class TestMaking:
    @pytest.mark.parametrize(
        ("steps", "place"),
        [
            ([{"estimator": "os.system"}], "/model/steps/0/estimator"),
            ([{"step": "FunctionTransformer"}, {"estimator": "SVC"}], "/model/steps/0/step"),
            ([{"estimator": "SVC", "n_jobs": 8}], "/model/steps/0/n_jobs"),
            ([{"estimator": "SVC", "C": "1"}], "/model/steps/0/C"),
            ([{"estimator": "RandomForestClassifier", "max_features": 1.5}], "/model/steps/0"),
        ],
    )
    def test_what_is_not_allowed_is_not_made(self, steps: list[dict[str, Any]], place: str) -> None:
        with pytest.raises(BuildFault) as caught:
            make_estimator({"model": {"steps": steps}}, seed=1)
        assert caught.value.pointer == place

    def test_arguments_and_seeds_arrive(self) -> None:
        steps = [{"step": "PCA", "n_components": 2}, {"estimator": "MLPClassifier", "hidden_layer_sizes": [8, 4]}]
        made = make_estimator({"model": {"steps": steps}}, seed=11)
        assert made[0].n_components == 2
        assert made[1].hidden_layer_sizes == (8, 4)
        assert (made[0].random_state, made[1].random_state) == (11, 11)

    @pytest.mark.parametrize(
        ("steps", "columns", "rows", "place"),
        [
            ([{"step": "PolynomialFeatures", "degree": 4}, {"estimator": "Ridge"}], 60, 100, "/model/steps/0/degree"),
            ([{"step": "PolynomialFeatures"}, {"estimator": "Ridge"}], 300, 20_000, "/model/steps/0"),
            ([{"estimator": "KernelRidge"}], 8, 100_000, "/model/steps/0"),
            ([{"estimator": "MLPRegressor", "hidden_layer_sizes": [8000, 8000]}], 8, 100,
             "/model/steps/0/hidden_layer_sizes"),
            ([{"estimator": "LinearDiscriminantAnalysis"}], 30_000, 100, "/model/steps/0"),
        ],
    )  # fmt: skip
    def test_what_no_machine_could_hold_is_too_large(
        self, steps: list[dict[str, Any]], columns: int, rows: int, place: str
    ) -> None:
        with pytest.raises(ModelTooLarge) as caught:
            check_size({"model": {"steps": steps}}, rows=rows, columns=columns, max_parameters=1_000_000)
        assert caught.value.pointer == place

    @pytest.mark.parametrize(
        ("steps", "place"),
        [
            ([{"step": "PCA", "n_components": 9}, {"estimator": "Ridge"}], "/model/steps/0/n_components"),
            ([{"step": "SelectKBest", "k": 9}, {"estimator": "Ridge"}], "/model/steps/0/k"),
            ([{"step": "PCA", "n_components": 4}, {"step": "SelectKBest", "k": 5}, {"estimator": "Ridge"}],
             "/model/steps/1/k"),
            ([{"estimator": "KNeighborsRegressor", "n_neighbors": 51}], "/model/steps/0/n_neighbors"),
            ([{"estimator": "BaggingRegressor", "max_samples": 51}], "/model/steps/0/max_samples"),
        ],
    )  # fmt: skip
    def test_more_than_there_is_cannot_be_kept(self, steps: list[dict[str, Any]], place: str) -> None:
        with pytest.raises(BuildFault) as caught:
            check_size({"model": {"steps": steps}}, rows=50, columns=8, max_parameters=1_000_000)
        assert caught.value.pointer == place
        assert not isinstance(caught.value, ModelTooLarge)
