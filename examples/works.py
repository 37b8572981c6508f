"""The pieces of work, each told as tables and pictures."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from headstock import Search
from headstock.trials import Trial

from examples.report import Cell
from examples.running import HERE, Run
from examples.sending import build, digits

FOUR = ("loss", "accuracy", "val_loss", "val_accuracy")
MOST_COLUMNS = 6


@dataclass(frozen=True)
class Work:
    """One example.

    Attributes:
        name: Of its page.
        on_mnist: Whether it runs on MNIST where that is at hand; else it is about other data, or takes too long there.
    """

    name: str
    title: str
    do: Callable[[Run], None]
    on_mnist: bool = False


def one_at_a_time(run: Run) -> None:
    run.report.text(
        "The baseline is a dense net with one hidden layer of 18 neurons, learning rate 0.0003, batch size 32 and 30 "
        "epochs. The `sweep` tuner changes one hyperparameter at a time, all others staying at the baseline. It was "
        "asked for on an 18-class table, which has to be downloaded; the definition asks the data for their classes, "
        "so with such a table it runs as it stands (`--set dataset.name=my-table`)."
    )
    neurons = run.search(
        "01-hidden-neurons",
        short={"fit.epochs": 2, "tuner.repeats": 1, "hyperparameters": [choice("hidden_neurons", [4, 18, 64], 18)]},
    )
    sweep_of(run, neurons, "hidden_neurons")
    sweep_of(run, neurons, "hidden_neurons", minimum=18, pictures=False)
    others = run.search(
        "01-one-at-a-time",
        short={
            "fit.epochs": 2,
            "hyperparameters": [
                choice("hidden_layers", [[18], [18, 18]], [18]),
                choice("learning_rate", [0.0003, 0.01], 0.0003),
                choice("batch_size", [32, 256], 32),
            ],
        },
    )
    for name in ("learning_rate", "batch_size", "hidden_layers"):
        sweep_of(run, others, name)


def sweep_of(run: Run, search: Search, name: str, *, minimum: float | None = None, pictures: bool = True) -> None:
    """Last-epoch loss and accuracy against one hyperparameter: table, lines, bars, and where gains end."""
    trend = search.trend(name, metrics=FOUR, at="last", min_value=minimum, sort="value")
    title = f"Last epoch against {name}" + (f", from {minimum} on" if minimum is not None else "")
    rows = [[str(point.value), *(point.metrics.get(metric) for metric in FOUR)] for point in trend.points]
    run.report.table(title, (name, *FOUR), rows)
    of_accuracy = next(each for each in trend.metrics if each.name == "val_accuracy")
    beyond = of_accuracy.diminishing_returns_at
    run.report.text(
        f"Validation accuracy: {of_accuracy.verdict.replace('_', ' ')}, best at {of_accuracy.best_value}; "
        + ("no end of the gains is in sight." if beyond is None else f"beyond {beyond} little is gained.")
    )
    if pictures:
        for chart in ("line", "bar"):
            path = run.report.picture_path(f"{name}-{chart}")
            search.plot("hyperparameter", path, name=name, metrics=FOUR, at="last", chart=chart)
            run.report.picture(path, f"Loss and accuracy against {name}")


def dense_nets(run: Run) -> None:
    search = run.search(
        "02-dense-nets",
        short={
            "fit.epochs": 3,
            "hyperparameters": [
                {"name": "num_layers", "type": "int", "min_value": 1, "max_value": 2},
                choice("units", [4, 512], 4),
            ],
        },
    )
    rows: list[Sequence[Cell]] = []
    for trial in search.trials():
        last = list(trial.epochs())[-1].metrics
        rows.append(
            [
                trial.number,
                *map(str, trial.hyperparameters.values()),
                *(last.get(m) for m in FOUR),
                trial.diagnosis().verdict.replace("_", " "),
            ]
        )
    names = [str(name) for name in search.best()[0].hyperparameters]
    run.report.table("At the last epoch, and what the curves say", ("trial", *names, *FOUR, "diagnosis"), rows)
    curves(run, search)
    worst, best = min(rows, key=lambda row: float(row[-2] or 0)), search.best()[0]
    for caption, trial in (("the simplest", search.trial(int(str(worst[0])))), ("the best", best)):
        path = run.report.picture_path(f"curves-trial-{trial.number}")
        search.plot("learning-curves", path, trial=trial)
        run.report.picture(path, f"Learning curves of {caption} net (trial {trial.number})")


def perturbed(run: Run) -> None:
    run.report.text(
        "A configuration as a file of layers would have it: 784 inputs (or as many as the data have), 128 sigmoid "
        "neurons, softmax; learning rate 0.01, momentum 0.5, batches of 32, 30 epochs. The `perturb` tuner changes "
        "each a little at random, keeps what is better, and repeats."
    )
    search = run.search("03-perturb", short={"fit.epochs": 2, "limits.max_trials": 4}, mnist={"limits.max_trials": 8})
    rows = [
        [trial.number, trial.score, *values(trial), trial.seconds, (trial.seconds or 0) / max(trial.record.epochs, 1)]
        for trial in search.trials()
    ]
    names = tuple(search.best()[0].hyperparameters)
    run.report.table("Every trial", ("trial", "val_accuracy", *names, "seconds", "seconds an epoch"), rows)
    objective(run, search)
    final(run, search)


def cross_validated(run: Run) -> None:
    few = {"limits.max_trials": 2, "hyperparameters": [
        choice("units_1", [32, 64]), choice("units_2", [32]), {"name": "dropout", "type": "float", "min_value": 0.0,
         "max_value": 0.2, "step": 0.1}, choice("batch_size", [64]), choice("epochs", [1, 2])]}  # fmt: skip
    search = run.search("04-random-cross-validated", short=few)
    rows = []
    for trial in search.best(5):
        folds: dict[int | None, float] = {}
        for epoch in trial.epochs():
            score = epoch.metrics.get("val_accuracy")
            folds[epoch.fold] = max(folds.get(epoch.fold, 0.0), score or 0.0)
        rows.append([trial.number, trial.score, *(folds.get(fold) for fold in range(3)), *values(trial)])
    names = tuple(search.best()[0].hyperparameters)
    run.report.table("The best trials", ("trial", "mean", "fold 0", "fold 1", "fold 2", *names), rows)
    final(run, search)


def convnet(run: Run) -> None:
    search = run.search(
        "05-convnet-everything", short={"fit.epochs": 1, "limits.max_trials": 2, "tuner.num_initial_points": 2}
    )
    best_table(run, search)
    objective(run, search)
    for name in ("learning_rate", "optimizer"):
        path = run.report.picture_path(name)
        search.plot("hyperparameter", path, name=name)
        run.report.picture(path, f"Metrics against {name}")


def fine_tuning(run: Run) -> None:
    run.report.text(
        "Pictures lie in class folders with training, validation and test parts (`examples/make_data.py` makes them of "
        'real digits). ImageNet\'s weights need a network: with one, write `"weights": "imagenet"`. Here the '
        "backbone is our own: trained on the digits 0 to 4, then fine-tuned on 5 to 9, which it has never seen."
    )
    quick = {"fit.epochs": 1, "limits.max_trials": 2}
    backbone = run.search("06-backbone", short=quick)
    best_table(run, backbone)
    weights = {"model.weights": {"trial": backbone.best()[0].id}}
    run.report.text("Fine-tuned from that backbone, `--set model.weights.trial=...`:")
    tuned = run.search("06-fine-tuning", change=weights, short=quick)
    best_table(run, tuned)
    path = run.report.picture_path("learning-rate")
    tuned.plot("hyperparameter", path, name="learning_rate")
    run.report.picture(path, "Metrics against the learning rate")
    rates(run, tuned)
    run.report.text("The same without it, for comparison, under seven schedules, each after an epoch of warm-up:")
    schedules = run.search("06-schedules", short=quick)
    best_table(run, schedules, count=14)
    rates(run, schedules)
    final(run, tuned)


def rates(run: Run, search: Search) -> None:
    """The learning rate, epoch by epoch, of the best trial."""
    best = search.best()[0]
    path = run.report.picture_path(f"rates-{search.name}")
    search.plot("learning-curves", path, trial=best, metrics=["learning_rate"])
    run.report.picture(path, f"The learning rate of trial {best.number}, epoch by epoch")


def hyperband(run: Run) -> None:
    run.report.text(
        "Asked for on Fashion-MNIST: with a network, `--set dataset.name=fashion_mnist` runs it on those pictures."
    )
    search = run.search("07-hyperband", short={"fit.epochs": 3, "tuner.max_epochs": 3})
    best_table(run, search)
    objective(run, search)
    final(run, search, epochs=2 if run.short else 50)


def scikit_learn(run: Run) -> None:
    search = run.search("08-scikit-learn", short={"limits.max_trials": 3})
    best_table(run, search, count=10)
    final(run, search)
    ridge = run.search("08-ridge", short={"limits.max_trials": 4, "tuner.num_initial_points": 2})
    best_table(run, ridge)
    path = run.report.picture_path("alpha")
    ridge.plot("hyperparameter", path, name="alpha")
    run.report.picture(path, "R2 against Ridge's alpha")
    final(run, ridge)


def builders(run: Run) -> None:
    run.report.text(
        "The operator registers functions that were written for Keras Tuner, unchanged: "
        '`HEADSTOCK_BUILDERS=\'{"digits-convnet": "examples.builders.digits_convnet:build"}\'`. Their search space '
        "is found by running them, conditions included."
    )
    quick = {"fit.epochs": 1, "tuner": {"type": "random"}, "limits": {"max_trials": 2}}
    search = run.search("09-registered-builder", short=quick)
    best_table(run, search)
    model = {"model.builder": "digits-hypermodel", "name": "hypermodel-with-fit"}
    best_table(run, run.search("09-registered-builder", change=model, short=quick))
    run.report.text("From Python the function travels as source, where the operator allows it (`HEADSTOCK_CODE=true`):")
    run.report.code("python examples/sending.py")
    x, y = digits()
    sent = run.client.tune(
        build,
        x,
        y,
        tuner="random" if run.short else "hyperband",
        max_trials=2 if run.short else None,
        max_epochs=None if run.short else 9,
        epochs=1 if run.short else None,
        seed=7,
        name="sent-as-source",
    )
    best_table(run, sent)


def learning_rates(run: Run) -> None:
    run.report.text("Before a search: which learning rates are worth trying? One short training answers.")
    definition: dict[str, Any] = json.loads((HERE / "02-dense-nets.json").read_text("utf-8"))
    if run.mnist:
        definition["dataset"] = {"name": "mnist"}
    run.report.code("headstock lr-range-test examples/02-dense-nets.json")
    began = time.monotonic()
    test = run.client.lr_range_test(
        definition, values={"num_layers": 1, "units": 512}, min_rate=1e-6, max_rate=10, steps=30 if run.short else 100
    ).wait()
    found = test.suggestion
    assert found is not None
    run.report.text(
        f"{len(test.rates)} batches in {time.monotonic() - began:.0f} s: search between {found.min_rate:.2g} and "
        f"{found.max_rate:.2g}."
    )
    path = run.report.picture_path("range")
    run.client.search(test.id).plot("lr-range-test", path)
    run.report.picture(path, "Loss against an exponentially rising learning rate")


def choice(name: str, values: Sequence[object], default: object = None) -> dict[str, object]:
    document = {"name": name, "type": "choice", "values": list(values), "ordered": True}
    return document if default is None else {**document, "default": default}


def values(trial: Trial) -> list[Cell]:
    return [value if isinstance(value, int | float | str) else str(value) for value in trial.hyperparameters.values()]


def best_table(run: Run, search: Search, count: int = 5) -> None:
    best = search.best(count)
    names = list(dict.fromkeys(name for trial in best for name in trial.hyperparameters))
    score = search.objective.name
    if len(names) > MOST_COLUMNS:
        rows = [[trial.number, trial.score, " ".join(written(trial)), trial.seconds] for trial in best]
        run.report.table("The best trials", ("trial", score, "values", "seconds"), rows)
        return
    rows = []
    for trial in best:
        shown = dict(zip(trial.hyperparameters, values(trial), strict=True))
        rows.append([trial.number, trial.score, *(shown.get(name) for name in names), trial.seconds])
    run.report.table("The best trials", ("trial", score, *names, "seconds"), rows)


def written(trial: Trial) -> list[str]:
    return [f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value}" for name, value in
            zip(trial.hyperparameters, values(trial), strict=True)]  # fmt: skip


def objective(run: Run, search: Search) -> None:
    path = run.report.picture_path("objective")
    search.plot("objective", path)
    run.report.picture(path, "Score of each trial and the best so far")


def curves(run: Run, search: Search) -> None:
    path = run.report.picture_path("curves")
    search.plot("learning-curves", path)
    run.report.picture(path, "Learning curves over all trials")


def final(run: Run, search: Search, epochs: int | None = None) -> None:
    """Retrain the best on all training rows, and test it."""
    job = search.finalize(epochs=epochs).wait()
    report = job.report
    assert report is not None
    training, test = report["training"], report["test"]
    run.report.code(f"headstock finalize {search.name} --wait")
    count, seconds = training["epochs"], training["seconds"]
    of_epochs = f" for {count} epochs ({seconds:.1f} s, {seconds / count:.2f} s an epoch)" if count > 1 else ""
    run.report.text(f"The best, trained on all {training['rows']:,} training rows{of_epochs}:")
    (output,) = test["outputs"]
    if output["task"] != "classification":
        run.report.table("Test part", ("rmse", "mae", "r2"), [[output[name] for name in ("rmse", "mae", "r2")]])
        return
    run.report.text(f"Test accuracy {output['accuracy']:.4f} on {test['rows']:,} rows.")
    columns = ("class", "accuracy", "precision", "recall", "f1", "support")
    run.report.table(
        "Test part, class by class", columns, [[row[name] for name in columns] for row in output["classes"]]
    )
    path = run.report.picture_path("confusion")
    run.client.search(job.id).plot("confusion-matrix", path)
    run.report.picture(path, "Confusion matrix of the test part")


WORKS = (
    Work("01-one-at-a-time", "One hyperparameter at a time", one_at_a_time),
    Work("02-dense-nets", "Dense nets and their learning curves", dense_nets, on_mnist=True),
    Work("03-perturb", "A configuration, changed a little at a time", perturbed, on_mnist=True),
    Work("04-random-cross-validated", "Randomised search with cross-validation", cross_validated, on_mnist=True),
    Work("05-convnet-everything", "A convolutional net with everything open", convnet),
    Work("06-fine-tuning", "Fine-tuning a backbone", fine_tuning, on_mnist=True),
    Work("07-hyperband", "Hyperband, then retrained and tested", hyperband, on_mnist=True),
    Work("08-scikit-learn", "scikit-learn models", scikit_learn),
    Work("09-builders", "Your own build function", builders),
    Work("10-learning-rates", "A range of learning rates", learning_rates, on_mnist=True),
)
