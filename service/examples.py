"""The worked examples of the OpenAPI document. A test holds each against its schema."""

from __future__ import annotations

from typing import Any

_HEX = "019a5c3f2b1e4d5c6b7a8f9e0d1c2b3a"
SEARCH_ID, TRIAL_ID, DATASET_ID = f"s_{_HEX}", f"t_{_HEX}", f"d_{_HEX}"

DEFINITION: dict[str, Any] = {
    "name": "digits-mlp",
    "dataset": {"name": "digits"},
    "model": {
        "type": "sequential",
        "layers": [
            {"layer": "Flatten"},
            {"layer": "Dense", "units": {"hp": "units"}, "activation": "relu"},
            {"layer": "Dense", "units": {"data": "num_classes"}, "activation": "softmax"},
        ],
    },
    "compile": {
        "optimizer": {"optimizer": "Adam", "learning_rate": {"hp": "learning_rate"}},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    },
    "fit": {"epochs": 10, "batch_size": 32, "validation_split": 0.2},
    "hyperparameters": [
        {"name": "units", "type": "int", "min_value": 32, "max_value": 256, "step": 32},
        {"name": "learning_rate", "type": "float", "min_value": 0.0001, "max_value": 0.01, "sampling": "log"},
    ],
    "objective": {"name": "val_accuracy", "direction": "max"},
    "tuner": {"type": "random"},
    "limits": {"max_trials": 20},
    "parallelism": 2,
    "seed": 7,
}

SEARCH: dict[str, Any] = {
    "id": SEARCH_ID,
    "name": "digits-mlp",
    "state": "RUNNING",
    "state_reason": None,
    "objective": {"name": "val_accuracy", "direction": "max"},
    "tuner": "random",
    "dataset_id": DATASET_ID,
    "limits": {
        "max_trials": 20,
        "max_seconds": None,
        "max_epochs": None,
        "max_device_seconds": None,
        "target": None,
        "patience_trials": None,
    },
    "parallelism": 2,
    "executions_per_trial": 1,
    "max_retries_per_trial": 1,
    "priority": 0,
    "seed": 7,
    "tags": {"team": "vision"},
    "trials": {"queued": 2, "running": 2, "completed": 5, "stopped": 0, "failed": 0, "cancelled": 0},
    "best": {"trial_id": TRIAL_ID, "score": 0.9722},
    "planned_trials": 20,
    "planned_epochs": 200,
    "epochs_recorded": 61,
    "device_seconds": 11.4,
    "progress": 0.305,
    "elapsed_seconds": 7.9,
    "remaining_seconds": 18.0,
    "workers_busy": 1,
    "created_at": "2026-03-01T12:00:00Z",
    "started_at": "2026-03-01T12:00:00.200000Z",
    "ended_at": None,
}
SEARCH_DETAIL = {
    **SEARCH,
    "definition": DEFINITION,
    "versions": {"headstock-server": "0.1.0", "keras": "3.15.1"},
    "warnings": [],
}
IMPORTED_SEARCH = {
    **SEARCH_DETAIL,
    "name": "last-year",
    "state": "COMPLETED",
    "state_reason": {"code": "imported", "message": "2 trials were imported from last-year.csv."},
    "objective": {"name": "val_loss", "direction": "min"},
    "tuner": "imported",
    "dataset_id": "",
    "limits": dict.fromkeys(SEARCH["limits"]),
    "parallelism": 1,
    "max_retries_per_trial": 0,
    "seed": 0,
    "tags": {},
    "trials": {"queued": 0, "running": 0, "completed": 2, "stopped": 0, "failed": 0, "cancelled": 0},
    "best": {"trial_id": TRIAL_ID, "score": 0.4},
    "planned_trials": 2,
    "planned_epochs": None,
    "epochs_recorded": 2,
    "device_seconds": 0.0,
    "progress": 1.0,
    "elapsed_seconds": 0.0,
    "remaining_seconds": 0.0,
    "workers_busy": 0,
    "ended_at": "2026-03-01T12:00:00.200000Z",
    "definition": {
        "name": "last-year",
        "objective": {"name": "val_loss", "direction": "min"},
        "hyperparameters": [{"name": "units", "type": "int", "default": 32, "min_value": 32, "max_value": 64}],
        "tuner": {"type": "imported"},
        "imported": {"source": "table", "file": "last-year.csv", "sha256": "0" * 64, "options": {}},
    },
}
SEARCH_COUNTS = {
    "states": {"QUEUED": 0, "RUNNING": 2, "PAUSED": 0, "COMPLETED": 31, "FAILED": 1, "CANCELLED": 4},
    "total": 38,
}
PATCH = {"limits": {"max_trials": 40}, "parallelism": 4}

PLAN: dict[str, Any] = {
    "trials": 20,
    "epochs": 200,
    "space_size": None,
    "brackets": [],
    "parameters": {"min": 2410, "max": 19210, "default": 2410},
    "disk_bytes": 6146400,
    "seconds": {"estimate": 31.0, "low": 24.5, "high": 44.0, "measured_trials": 40},
    "warnings": [],
}

TRIAL: dict[str, Any] = {
    "id": TRIAL_ID,
    "search_id": SEARCH_ID,
    "number": 4,
    "state": "COMPLETED",
    "score": 0.9722,
    "best_epoch": 8,
    "epochs": 10,
    "hyperparameters": {"units": 192, "learning_rate": 0.0031},
    "swept": None,
    "metrics": {"accuracy": 0.993, "loss": 0.031, "val_accuracy": 0.9722, "val_loss": 0.104},
    "attempts": 1,
    "failure": None,
    "seconds": 2.1,
    "parameters": 14410,
    "device": "cpu:0",
    "worker_id": f"w_{_HEX}",
    "parent_trial_id": None,
    "start_epoch": 0,
    "target_epochs": None,
    "bracket": None,
    "round": None,
    "stop_requested": False,
    "ended_seq": 3,
    "created_at": "2026-03-01T12:00:01Z",
    "started_at": "2026-03-01T12:00:01.300000Z",
    "ended_at": "2026-03-01T12:00:03.400000Z",
}
RUNNING_TRIAL = {
    **TRIAL,
    "state": "RUNNING",
    "score": None,
    "best_epoch": None,
    "metrics": {},
    "ended_at": None,
    "ended_seq": None,
    "stop_requested": True,
}
QUEUED_TRIAL = {
    **TRIAL,
    "state": "QUEUED",
    "score": None,
    "best_epoch": None,
    "metrics": {},
    "epochs": 0,
    "ended_at": None,
}

ATTEMPT = {
    "number": 1,
    "state": "LOST",
    "worker_id": f"w_{_HEX}",
    "device": "cpu:0",
    "failure": {
        "code": "lease_lost",
        "message": "the worker stopped renewing its lease",
        "fault": "machine",
        "retryable": True,
        "traceback": None,
    },
    "started_at": "2026-03-01T12:00:01Z",
    "ended_at": "2026-03-01T12:00:33Z",
}
LOG = {"attempt": 1, "log": "epoch 0: loss 0.61\nepoch 1: loss 0.22\n"}

EPOCH = {
    "trial_id": TRIAL_ID,
    "trial_number": None,
    "execution": 0,
    "fold": None,
    "epoch": 0,
    "metrics": {"loss": 0.612, "val_loss": 0.301},
    "seconds": 0.42,
    "recorded_at": "2026-03-01T12:00:02Z",
}
SEARCH_EPOCH = {**EPOCH, "trial_number": 4}

BEST = {
    **TRIAL,
    "definition": {
        "model": {
            "type": "sequential",
            "input_shape": [8, 8],
            "layers": [
                {"layer": "Flatten"},
                {"layer": "Dense", "units": 192, "activation": "relu"},
                {"layer": "Dense", "units": 10, "activation": "softmax"},
            ],
        },
        "compile": {
            "optimizer": {"optimizer": "Adam", "learning_rate": 0.0031},
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
        },
        "fit": {"epochs": 10, "batch_size": 32, "validation_split": 0.2, "shuffle": True, "callbacks": []},
        "objective": {"name": "val_accuracy", "direction": "max"},
        "seed": 7,
    },
    "code": "import keras\n\nmodel = keras.Sequential([...])\n",
}
CODE = {"trial_id": TRIAL["id"], "definition": BEST["definition"], "code": BEST["code"]}

OBJECTIVE_TREND = {
    "objective": {"name": "val_accuracy", "direction": "max"},
    "trials": 1,
    "points": [
        {
            "trial_id": TRIAL_ID,
            "number": 4,
            "score": 0.9722,
            "best": 0.9722,
            "ended_at": "2026-03-01T12:00:03.400000Z",
            "elapsed_seconds": 3.2,
            "epochs_spent": 10,
            "seconds_spent": 2.1,
        }
    ],
}
_SHAPE: dict[str, Any] = {
    "values": [
        {
            "value": 192,
            "low": None,
            "high": None,
            "count": 1,
            "mean": 0.9722,
            "median": 0.9722,
            "q25": 0.9722,
            "q75": 0.9722,
            "best": 0.9722,
        }
    ],
    "best_value": 192,
    "verdict": "unclear",
    "diminishing_returns_at": None,
    "method": {
        "grouping": "by value",
        "verdict": "monotone when Spearman's rank correlation is 0.8 or more either way",
        "diminishing_returns": "first value beyond which less than 5% of the gain remains",
        "spearman": None,
    },
}
_METRIC = {"name": "val_accuracy", "direction": "max"}
HYPERPARAMETER_TREND = {
    "name": "units",
    "objective": {"name": "val_accuracy", "direction": "max"},
    "metric": _METRIC,
    "at": "best",
    "baseline": "all",
    "trials": 1,
    "points": [{"trial_id": TRIAL_ID, "number": 4, "value": 192, "score": 0.9722, "metrics": {"val_accuracy": 0.9722}}],
    **_SHAPE,
    "metrics": [{**_METRIC, **_SHAPE}],
}
IMPORTANCE = {
    "objective": {"name": "val_accuracy", "direction": "max"},
    "metric": _METRIC,
    "at": "best",
    "method": "fanova",
    "description": "share of the variance of the score that a hyperparameter explains alone ...",
    "trials": 40,
    "hyperparameters": [
        {"name": "learning_rate", "share": 0.71, "share_where_active": 0.71, "trials": 40, "conditional": False},
        {"name": "units", "share": 0.12, "share_where_active": 0.12, "trials": 40, "conditional": False},
    ],
    "pairs": [{"names": ["units", "learning_rate"], "share": 0.05, "share_where_active": 0.05, "trials": 40}],
    "note": None,
}
TRADEOFF = {
    "objective": {"name": "val_accuracy", "direction": "max"},
    "against": {"name": "seconds", "direction": "min"},
    "trials": 1,
    "points": [{"trial_id": TRIAL_ID, "number": 4, "score": 0.9722, "against": 2.1, "on_front": True}],
    "front": [TRIAL_ID],
}
_AXIS: dict[str, Any] = {
    "name": "units",
    "type": "int",
    "sampling": "linear",
    "ordered": True,
    "low": 32,
    "high": 256,
    "values": [],
    "conditional": False,
}
PARALLEL = {
    "objective": {"name": "val_accuracy", "direction": "max"},
    "metric": _METRIC,
    "at": "best",
    "trials": 1,
    "axes": [_AXIS],
    "rows": [{"trial_id": TRIAL_ID, "number": 4, "score": 0.9722, "values": {"units": 192}, "places": [0.714]}],
}
CONTOUR = {
    "objective": {"name": "val_accuracy", "direction": "max"},
    "metric": _METRIC,
    "at": "best",
    "x": {**_AXIS, "ticks": [32, 64]},
    "y": {
        **_AXIS,
        "name": "learning_rate",
        "type": "float",
        "sampling": "log",
        "low": 0.0001,
        "high": 0.01,
        "ticks": [0.001, 0.01],
    },
    "trials": 1,
    "points": [{"trial_id": TRIAL_ID, "number": 4, "x": 64, "y": 0.0031, "score": 0.9722}],
    "grid": [[0.91, 0.93], [None, 0.95]],
    "method": "between numbers: linear on the Delaunay triangles of the points ...",
}
_SPENT = {"score": 0.9722, "trials": 5, "epochs": 50, "elapsed_seconds": 8.2, "training_seconds": 10.4}
COMPARISON = {
    "comparable": True,
    "target": 0.9722,
    "searches": [
        {
            "id": SEARCH_ID,
            "name": "digits-mlp",
            "state": "COMPLETED",
            "tuner": "random",
            "objective": {"name": "val_accuracy", "direction": "max"},
            "trials": 20,
            "scored_trials": 20,
            "epochs": 200,
            "elapsed_seconds": 30.5,
            "device_seconds": 41.0,
            "best": {"trial_id": TRIAL_ID, "number": 4, **_SPENT},
            "reached": _SPENT,
            "curve": [
                {"trials": 1, "epochs": 10, "elapsed_seconds": 2.0, "training_seconds": 2.1, "best": 0.93},
                {"trials": 5, "epochs": 50, "elapsed_seconds": 8.2, "training_seconds": 10.4, "best": 0.9722},
            ],
        }
    ],
}
DIAGNOSIS = {
    "trial_id": TRIAL_ID,
    "number": 4,
    "state": "COMPLETED",
    "verdict": "overfitting",
    "metric": {"name": "loss", "direction": "min"},
    "validation_metric": "val_loss",
    "epochs": 30,
    "executions": 1,
    "findings": [
        {
            "code": "overfitting",
            "statement": "the validation part gets worse since epoch 11, while the training part improves",
            "evidence": {"best_epoch": 11, "last_epoch": 29, "validation_best": 0.21, "validation_end": 0.34},
            "try_next": ["stop earlier: EarlyStopping on the validation metric, with restored weights"],
        }
    ],
    "note": None,
}
DIAGNOSES = {
    "items": [DIAGNOSIS],
    "next_page_token": None,
    "summary": {
        "trials": 1,
        "verdicts": {
            "diverged": 0,
            "overfitting": 1,
            "underfitting": 0,
            "oscillating": 0,
            "still_improving": 0,
            "healthy": 0,
            "unknown": 0,
        },
    },
}
EPOCH_TREND = {
    "metric": "val_accuracy",
    "quantiles": [0.1, 0.25, 0.5, 0.75, 0.9],
    "bands": [{"epoch": 0, "count": 20, "quantiles": [0.71, 0.8, 0.86, 0.9, 0.92]}],
}

DATASET = {
    "id": DATASET_ID,
    "name": "digits",
    "kind": "array",
    "task": "classification",
    "input_shape": [8, 8],
    "num_classes": 10,
    "class_names": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    "target_shape": [],
    "target_names": [],
    "feature_names": [],
    "columns": [],
    "inputs": [],
    "targets": [],
    "max_token": None,
    "weighted": False,
    "grouped": False,
    "timed": False,
    "train_rows": 1797,
    "validation_rows": 0,
    "test_rows": 0,
    "x_dtype": "float32",
    "y_dtype": "int64",
    "scale": "0-1",
    "source": "scikit-learn: load_digits",
    "builtin": True,
    "size_bytes": 474536,
    "fingerprint": "6f1a" + "0" * 60,
    "created_at": "2026-03-01T11:59:58Z",
}
PREVIEW = {
    "dataset_id": DATASET_ID,
    "part": "train",
    "rows_in_part": 1797,
    "inputs": [
        {
            "name": "",
            "kind": "image",
            "shape": [8, 8],
            "features": [
                {"name": "all values", "kind": "number", "minimum": 0.0, "maximum": 16.0, "mean": 4.884, "missing": 0}
            ],
            "looked_at": 1797,
        }
    ],
    "targets": [
        {
            "name": "",
            "task": "classification",
            "classes": [
                {"name": "0", "count": 178},
                {"name": "1", "count": 182},
                {"name": "2", "count": 177},
                {"name": "3", "count": 183},
                {"name": "4", "count": 181},
                {"name": "5", "count": 182},
                {"name": "6", "count": 181},
                {"name": "7", "count": 179},
                {"name": "8", "count": 174},
                {"name": "9", "count": 180},
            ],
            "numbers": [],
        }
    ],
    "rows": [
        {
            "row": 0,
            "inputs": [{"values": None, "text": None, "image": "iVBORw0KGgo...", "shortened": False}],
            "targets": ["0"],
        }
    ],
}
WEIGHTS = {
    "id": "w8_019a5c3f2b1e4d5c6b7a8f9e0d1c2b3a",
    "name": "vgg16-xrays",
    "format": ".weights.h5",
    "size_bytes": 58926080,
    "sha256": "9c1e" + "0" * 60,
    "created_at": "2026-03-01T11:59:58Z",
}
BUILTIN = {
    "name": "digits",
    "description": "1,797 hand-written digits as 8 x 8 grey images with values 0 to 16.",
    "library": "scikit-learn",
    "task": "classification",
    "input_shape": [8, 8],
    "num_classes": 10,
    "target_shape": [],
    "train_rows": 1797,
    "test_rows": 0,
    "scale": "0-1",
    "needs_network": False,
}
CATALOG = {
    "keras_version": "3.15.1",
    "layers": {"Dense": {"arguments": {"units": {"kinds": ["int"], "required": True, "minimum": 1}}}},
    "optimizers": {},
    "losses": {},
    "metrics": {},
    "callbacks": {},
    "tuners": {},
    "applications": {
        "VGG16": {
            "arguments": {},
            "minimum": 32,
            "preprocessing": "caffe",
            "parameters": 14714688,
            "layers": ["block1_conv1", "block1_conv2"],
        }
    },
    "scikit_learn_version": "1.9.1",
    "estimators": {"SVC": {"tasks": ["classification"], "sample_weight": True, "arguments": {}}},
    "steps": {},
    "estimator_metrics": {"accuracy": {"tasks": ["classification", "multilabel"], "direction": "max"}},
    "builders": {"convnet": {"help": "A small convolutional net for images."}},
    "code": False,
}

WORKER = {
    "id": f"w_{_HEX}",
    "name": "desk-1",
    "host": "desk",
    "pid": 4242,
    "backend": "tensorflow",
    "slots": [
        {
            "number": 0,
            "device": "gpu:0",
            "busy": True,
            "trial_id": TRIAL_ID,
            "utilisation": 0.87,
            "memory_used_bytes": 5_872_025_600,
            "memory_total_bytes": 25_769_803_776,
            "temperature_celsius": 61.0,
            "trainer_bytes": 1_610_612_736,
        },
        {
            "number": 1,
            "device": "gpu:1",
            "busy": False,
            "trial_id": None,
            "utilisation": 0.0,
            "memory_used_bytes": 4_194_304,
            "memory_total_bytes": 25_769_803_776,
            "temperature_celsius": 38.0,
            "trainer_bytes": 1_503_238_553,
        },
    ],
    "versions": {"keras": "3.15.1"},
    "cpu": 0.22,
    "memory_used_bytes": 12_884_901_888,
    "memory_total_bytes": 68_719_476_736,
    "sampled_at": "2026-03-01T12:00:02Z",
    "samples": [
        {
            "recorded_at": "2026-03-01T12:00:02Z",
            "cpu": 0.22,
            "memory_used_bytes": 12_884_901_888,
            "slots": [
                {"number": 0, "utilisation": 0.87, "memory_used_bytes": 5_872_025_600},
                {"number": 1, "utilisation": 0.0, "memory_used_bytes": 4_194_304},
            ],
        }
    ],
    "started_at": "2026-03-01T11:58:00Z",
    "seen_at": "2026-03-01T12:00:03Z",
    "ended_at": None,
}
LOGIN_CODE = {"path": "/login?code=Zk3...", "expires_at": "2026-03-01T12:10:00Z"}
EVENTS = (
    "retry: 1000\n\n"
    f'id: 42\nevent: trial.completed\ndata: {{"seq":42,"kind":"trial.completed","search_id":"{SEARCH_ID}",'
    f'"trial_id":"{TRIAL_ID}","payload":{{}},"recorded_at":"2026-03-01T12:00:03Z"}}\n\n'
)
METRICS = 'headstock_searches_open{state="RUNNING"} 1.0\n'
CSV = "number,state,score,hp:units\n4,COMPLETED,0.9722,192\n"


def page(item: dict[str, Any]) -> dict[str, Any]:
    return {"items": [item], "next_page_token": None}


_JOB: dict[str, Any] = {
    "id": f"s_{_HEX[::-1]}",
    "name": "digits-mlp",
    "state": "COMPLETED",
    "state_reason": {"code": "max_trials", "message": "All 1 trials have been run."},
    "hyperparameters": {"units": 192, "learning_rate": 0.0031},
    "seed": 7,
    "dataset_id": DATASET_ID,
    "trial_id": f"t_{_HEX[::-1]}",
    "progress": 1.0,
    "elapsed_seconds": 4.1,
    "remaining_seconds": 0.0,
    "failure": None,
    "created_at": "2026-03-01T12:10:00Z",
    "started_at": "2026-03-01T12:10:00.200000Z",
    "ended_at": "2026-03-01T12:10:04.300000Z",
}
_JOB_LINKS = {
    "search": f"/v1/searches/{_JOB['id']}",
    "events": f"/v1/searches/{_JOB['id']}/events",
    "cancel": f"/v1/searches/{_JOB['id']}/cancel",
    "trial": f"/v1/trials/{_JOB['trial_id']}",
    "epochs": f"/v1/trials/{_JOB['trial_id']}/epochs",
}
_SOURCE: dict[str, Any] = {
    "search_id": SEARCH_ID,
    "search_name": "digits-mlp",
    "trial_id": TRIAL_ID,
    "trial_number": 4,
    "objective": {"name": "val_accuracy", "direction": "max"},
    "score": 0.9722,
    "best_epoch": 8,
    "executions": 1,
    "metrics": {"accuracy": 0.993, "loss": 0.031, "val_accuracy": 0.9722, "val_loss": 0.104},
}
FINAL_REPORT: dict[str, Any] = {
    "format": 1,
    "source": _SOURCE,
    "values": {"units": 192, "learning_rate": 0.0031},
    "model": {
        "type": "sequential",
        "kind": "keras",
        "parameters": 14410,
        "file": "model.keras",
        "sha256": "6f1a" + "0" * 60,
        "size_bytes": 195000,
    },
    "dataset": {
        "name": "digits",
        "source": "upload: digits.npz",
        "fingerprint": "6f1a" + "0" * 60,
        "task": "classification",
        "train_rows": 1400,
        "validation_rows": 0,
        "test_rows": 397,
    },
    "training": {
        "rows": 1400,
        "epochs": 9,
        "epoch_seconds": [0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
        "seconds": 1.7,
        "metrics": {"accuracy": 0.994, "loss": 0.029},
        "weighted": False,
        "seed": 7,
        "training_seed": 1216540935,
    },
    "test": {
        "rows": 397,
        "seconds": 0.2,
        "metrics": {"accuracy": 0.9698, "loss": 0.11},
        "outputs": [
            {
                "name": None,
                "task": "classification",
                "rows": 397,
                "accuracy": 0.9698,
                "classes": [{"class": "0", "accuracy": 1.0, "precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 39}],
                "averages": {
                    "macro": {"precision": 0.97, "recall": 0.97, "f1": 0.97},
                    "weighted": {"precision": 0.97, "recall": 0.97, "f1": 0.97},
                },
                "class_names": ["0", "1"],
                "confusion_matrix": [[39, 0], [1, 357]],
            }
        ],
    },
    "environment": {
        "device": "cpu:0",
        "backend": "tensorflow",
        "platform": "Linux x86_64",
        "versions": {"python": "3.12.12", "numpy": "2.4.0", "keras": "3.15.1", "tensorflow": "2.21.0"},
    },
    "notes": [],
    "definition": {"model": {"type": "sequential"}},
}
FINAL_REQUEST = {"epochs": 9, "seed": 7}
FINAL = {
    **_JOB,
    "source": _SOURCE,
    "epochs": 9,
    "links": {"self": f"/v1/final/{_JOB['id']}", **_JOB_LINKS, "report": f"/v1/final/{_JOB['id']}/report"},
    "report": FINAL_REPORT,
}
RANGE_TEST_REQUEST = {"definition": DEFINITION, "values": {"units": 128}, "min_rate": 1e-5, "max_rate": 1.0}
RANGE_TEST = {
    **_JOB,
    "min_rate": 1e-5,
    "max_rate": 1.0,
    "steps": 100,
    "smoothing": 0.98,
    "divergence": 4.0,
    "links": {"self": f"/v1/lr-range-tests/{_JOB['id']}", **_JOB_LINKS},
}
NEW_RANGE_TEST = {
    **RANGE_TEST,
    "state": "QUEUED",
    "state_reason": None,
    "trial_id": None,
    "progress": 0.0,
    "elapsed_seconds": 0.0,
    "remaining_seconds": None,
    "started_at": None,
    "ended_at": None,
    "batch_size": None,
    "diverged": None,
    "rates": [],
    "losses": [],
    "smoothed": [],
    "suggestion": None,
}
RANGE_TEST_DETAIL = {
    **RANGE_TEST,
    "batch_size": 32,
    "diverged": False,
    "rates": [0.00001, 0.0001, 0.001, 0.01, 0.1, 1.0],
    "losses": [2.31, 2.3, 1.7, 0.9, 0.7, 1.4],
    "smoothed": [2.31, 2.3, 2.1, 1.7, 1.4, 1.4],
    "suggestion": {
        "min_rate": 0.001,
        "max_rate": 0.01,
        "steepest": 0.001,
        "minimum": 0.1,
        "method": {"steepest": "the rate at which the smoothed loss falls fastest, against the logarithm of the rate"},
    },
}
