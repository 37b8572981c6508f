"""The tables of a final report, against figures worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from storage.datasets import DatasetTarget
from tuners.trainer.results.decoding import decoded
from tuners.trainer.results.evaluation import evaluation

THREE = DatasetTarget("", "classification", 3, ("ant", "bee", "cat"))


def test_classes_are_counted_with_the_true_ones_in_rows() -> None:
    y = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    answers = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    found = evaluation(THREE, y, answers, None)
    assert found["confusion_matrix"] == [[3, 1, 0], [0, 1, 1], [0, 0, 2]]
    assert found["accuracy"] == pytest.approx(6 / 8)
    ant, bee, cat = found["classes"]
    assert (ant["class"], ant["support"]) == ("ant", 4)
    assert (ant["accuracy"], ant["precision"], ant["recall"]) == (0.75, 1.0, 0.75)
    assert ant["f1"] == pytest.approx(2 * 0.75 / 1.75)
    assert (bee["precision"], bee["recall"], cat["precision"]) == (0.5, 0.5, pytest.approx(2 / 3))
    assert found["averages"]["macro"]["recall"] == pytest.approx((0.75 + 0.5 + 1.0) / 3)
    assert found["averages"]["weighted"]["recall"] == pytest.approx((4 * 0.75 + 2 * 0.5 + 2 * 1.0) / 8)
    assert "roc_auc" not in found


def test_a_class_without_examples_has_no_accuracy_and_breaks_nothing() -> None:
    found = evaluation(THREE, np.array([0, 1]), np.array([0, 1]), None)
    assert found["classes"][2] == {
        "class": "cat", "accuracy": None, "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0,
    }  # fmt: skip
    json.dumps(found, allow_nan=False)


def test_answers_beyond_the_known_classes_are_counted_too() -> None:
    found = evaluation(DatasetTarget("", "classification", 2, ("no", "yes")), np.array([0, 1]), np.array([3, 1]), None)
    assert [row["class"] for row in found["classes"]] == ["no", "yes", "2", "3"]
    assert found["confusion_matrix"][0] == [0, 0, 0, 1]


def test_two_classes_have_the_area_under_the_curve() -> None:
    two = DatasetTarget("", "classification", 2)
    y, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])
    assert evaluation(two, y, (scores > 0.5).astype(int), scores)["roc_auc"] == pytest.approx(0.75)
    columns = np.stack([1 - scores, scores], axis=1)
    assert evaluation(two, y, columns.argmax(axis=1), columns)["roc_auc"] == pytest.approx(0.75)
    assert evaluation(two, np.ones(4, int), np.ones(4, int), scores)["roc_auc"] is None
    assert evaluation(two, y, y, np.full(4, np.nan))["roc_auc"] is None


def test_one_hot_targets_are_the_same_classes() -> None:
    y = np.array([0, 2, 1])
    answers = np.array([0, 2, 2])
    assert evaluation(THREE, np.eye(3)[y], answers, None) == evaluation(THREE, y, answers, None)


def test_labels_are_each_tested_alone() -> None:
    y = np.array([[1, 0], [0, 0], [1, 1], [0, 1]])
    answers = np.array([[1, 0], [0, 1], [1, 1], [1, 1]])
    found = evaluation(DatasetTarget("", "multilabel", 2, ("red", "round")), y, answers, None)
    assert (found["accuracy"], found["hamming_loss"]) == (0.5, 0.25)
    red, _ = found["labels"]
    assert (red["label"], red["accuracy"], red["recall"], red["support"]) == ("red", 0.75, 1.0, 2)
    assert red["precision"] == pytest.approx(2 / 3)


def test_numbers_have_errors_and_residuals() -> None:
    y, answers = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 2.0])
    found = evaluation(DatasetTarget("", "regression"), y, answers, None)
    assert (found["mse"], found["rmse"], found["mae"]) == (1.0, 1.0, 0.5)
    assert found["r2"] == pytest.approx(1 - 4 / 5)
    assert found["mape"] == pytest.approx(0.5 / 4)
    assert found["residuals"][0] == {"quantile": 0.0, "value": 0.0}
    assert found["residuals"][-1] == {"quantile": 1.0, "value": 2.0}
    several = evaluation(
        DatasetTarget("", "regression", class_names=("a", "b"), shape=(2,)),
        np.stack([y, y], 1), np.stack([answers, y], 1), None,
    )  # fmt: skip
    assert [(row["number"], row["mse"]) for row in several["numbers"]] == [("a", 1.0), ("b", 0.0)]


def test_answers_that_are_not_finite_are_null_and_not_an_error() -> None:
    found = evaluation(DatasetTarget("", "regression"), np.zeros(2), np.array([np.inf, 0.0]), None)
    assert found["mse"] is None
    json.dumps(found, allow_nan=False)


def test_predictions_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        evaluation(THREE, np.zeros(2, int), np.zeros((2, 5, 3)), None)
    with pytest.raises(ValueError, match="cannot be compared"):
        evaluation(DatasetTarget("", "regression"), np.zeros(2), np.zeros((2, 2)), None)


class TestDecoding:
    def test_logits_become_shares(self) -> None:
        how = {"task": "classification", "activation": "softmax", "threshold": 0.5}
        answers, shares = decoded(np.array([[0.0, 1000.0], [0.0, 0.0]]), how)
        assert shares is not None
        assert (answers.tolist(), shares.tolist()) == ([1, 0], [[0.0, 1.0], [0.5, 0.5]])

    def test_a_single_number_is_cut_where_its_activation_says(self) -> None:
        values = np.array([[-0.2], [0.2], [0.7]])
        how = {"task": "classification", "activation": None, "threshold": 0.5}
        assert decoded(values, how)[0].tolist() == [0, 0, 1]
        assert decoded(values, {**how, "activation": "sigmoid"})[0].tolist() == [0, 1, 1]
        assert decoded(values, {**how, "threshold": 0.0})[0].tolist() == [0, 1, 1]

    def test_labels_are_cut_one_by_one(self) -> None:
        how = {"task": "multilabel", "activation": "sigmoid", "threshold": 0.5}
        answers, scores = decoded(np.array([[-1e6, 1e6]]), how)
        assert scores is not None
        assert (answers.tolist(), scores.tolist()) == ([[0, 1]], [[0.0, 1.0]])

    def test_one_number_is_a_row_not_a_column(self) -> None:
        how = {"task": "regression", "activation": None, "threshold": 0.5}
        assert decoded(np.array([[1.0], [2.0]]), how)[0].tolist() == [1.0, 2.0]
        assert decoded(np.array([[1.0, 2.0]]), how)[0].shape == (1, 2)
