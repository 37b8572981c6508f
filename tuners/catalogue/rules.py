"""The hand-written part of the catalogue: what each argument may hold, beyond its name and default.

Keras' signatures tell names, order and defaults, but neither types nor ranges. A rule is found by `Class.argument`,
then by `group.argument`, `section.argument` and `argument`. Upper bounds are far above what is useful and far below
what harms: a width of 10^9 or a kernel of 10^6 is refused before anything is built.
"""

from __future__ import annotations

import re
from typing import Any

from tuners.catalogue.allowed import WRAPPED

Rule = dict[str, Any]

_SEED_MAXIMUM = 2**31 - 1


def _rule(*kinds: str, low: float | None = None, high: float | None = None, **more: Any) -> Rule:
    rule: Rule = {"kinds": list(kinds), **more}
    if low is not None:
        rule["minimum"] = low
    if high is not None:
        rule["maximum"] = high
    return rule


def _enum(*choices: str, null: bool = False) -> Rule:
    return {"kinds": ["enum", "null"] if null else ["enum"], "choices": list(choices)}


def _or_null(rule: Rule) -> Rule:
    return {**rule, "kinds": [*rule["kinds"], "null"]}


def _sized(low: int, high: int) -> Rule:
    """An integer, or one integer per spatial axis (as many as the class name says)."""
    return _rule("int", "int_list", low=low, high=high, per_axis=True)


def _factor(low: float, high: float) -> Rule:
    return _rule("float", "float_list", low=low, high=high, min_items=2, max_items=2)


_FRACTION = _rule("float", low=0.0, high=1.0, exclusive_maximum=True)
_SHARE = _rule("float", low=0.0, high=1.0)
_POSITIVE = _rule("float", low=0.0, high=1e6, exclusive_minimum=True)
_AMOUNT = _rule("float", low=0.0, high=1e6)
_REAL = _rule("float", low=-1e6, high=1e6)
_BOOL = _rule("bool")
_AXIS = _rule("int", low=-8, high=8)
_FILL = _enum("constant", "reflect", "wrap", "nearest")
_THRESHOLD = _or_null(_SHARE)

RULES: dict[str, Rule] = {
    # core
    "Activation.activation": _rule("activation"),
    "units": _rule("int", low=1, high=1_000_000),
    "n": _rule("int", low=1, high=100_000),
    "input_dim": _rule("int", low=1, high=10_000_000),
    "output_dim": _rule("int", low=1, high=65_536),
    "mask_value": _REAL,
    "target_shape": _rule("int_list", low=-1, high=10_000_000, min_items=1, max_items=8),
    "dims": _rule("int_list", low=1, high=8, min_items=1, max_items=8),
    # convolution and pooling
    "filters": _rule("int", low=1, high=65_536),
    "kernel_size": _sized(1, 1024),
    "strides": _sized(1, 1024),
    "dilation_rate": _sized(1, 1024),
    "padding": _enum("valid", "same"),
    "Conv1D.padding": _enum("valid", "same", "causal"),
    "SeparableConv1D.padding": _enum("valid", "same", "causal"),
    "output_padding": _or_null(_sized(0, 1023)),
    "depth_multiplier": _rule("int", low=1, high=1024),
    "groups": _rule("int", low=1, high=65_536),
    "pool_size": _sized(1, 4096),
    "output_size": _sized(1, 4096),
    "pooling.strides": _or_null(_sized(1, 4096)),
    # reshaping
    "reshaping.padding": _sized(0, 4096),
    "ZeroPadding1D.padding": _rule("int", "int_list", low=0, high=4096, min_items=2, max_items=2),
    "cropping": _sized(0, 4096),
    "Cropping1D.cropping": _rule("int", "int_list", low=0, high=4096, min_items=2, max_items=2),
    "size": _sized(1, 256),
    "UpSampling1D.size": _rule("int", low=1, high=256),
    # recurrent
    "dropout": _FRACTION,
    "recurrent_dropout": _FRACTION,
    # normalization
    "axis": _AXIS,
    "LayerNormalization.axis": _rule("int", "int_list", low=-8, high=8, max_items=8),
    "UnitNormalization.axis": _rule("int", "int_list", low=-8, high=8, max_items=8),
    "Softmax.axis": _rule("int", "int_list", low=-8, high=8, max_items=8),
    "normalization.scale": _BOOL,
    "momentum": _SHARE,
    "epsilon": _rule("float", low=0.0, high=1.0, exclusive_minimum=True),
    # regularization
    "rate": _FRACTION,
    "stddev": _rule("float", low=0.0, high=1000.0),
    "l1": _rule("float", low=0.0, high=1000.0),
    "l2": _rule("float", low=0.0, high=1000.0),
    # activation layers
    "max_value": _or_null(_AMOUNT),
    "negative_slope": _AMOUNT,
    "ReLU.threshold": _AMOUNT,
    "ELU.alpha": _AMOUNT,
    "shared_axes": _rule("int_list", "null", low=1, high=8, max_items=8),
    # merging, attention and wrappers
    "Dot.axes": _rule("int", "int_list", low=-8, high=8, min_items=2, max_items=2),
    "num_heads": _rule("int", low=1, high=1024),
    "key_dim": _rule("int", low=1, high=65_536),
    "value_dim": _rule("int", "null", low=1, high=65_536),
    "head_dim": _rule("int", low=1, high=65_536),
    "num_query_heads": _rule("int", low=1, high=1024),
    "num_key_value_heads": _rule("int", low=1, high=1024),
    "sliding_window": _rule("int", "null", low=1, high=1_000_000),
    "attention_axes": _rule("int_list", "null", low=1, high=8, max_items=8),
    "MultiHeadAttention.output_shape": _rule("int", "null", low=1, high=65_536),
    "score_mode": _enum("dot", "concat"),
    "merge_mode": _enum("concat", "sum", "mul", "ave"),
    "power_iterations": _rule("int", low=1, high=100),
    # initializers, regularizers, constraints
    "Constant.value": _REAL,
    "gain": _REAL,
    "initializers.mean": _REAL,
    "minval": _REAL,
    "maxval": _REAL,
    "VarianceScaling.scale": _POSITIVE,
    "VarianceScaling.mode": _enum("fan_in", "fan_out", "fan_avg"),
    "distribution": _enum("truncated_normal", "untruncated_normal", "uniform"),
    "OrthogonalRegularizer.factor": _rule("float", low=0.0, high=1000.0),
    "OrthogonalRegularizer.mode": _enum("rows", "columns"),
    "constraints.min_value": _AMOUNT,
    "constraints.max_value": _AMOUNT,
    "constraints.axis": _rule("int", "int_list", low=-8, high=8, max_items=8),
    "constraints.rate": _SHARE,
    # preprocessing and augmentation
    "num_tokens": {**_rule("int", low=1, high=1_000_000), "required": True},
    "output_mode": _enum("one_hot", "multi_hot", "count"),
    "AutoContrast.scale": _REAL,
    "RandomPerspective.factor": _SHARE,
    "RandomPerspective.scale": _SHARE,
    "RandomElasticTransform.factor": _SHARE,
    "RandomElasticTransform.scale": _SHARE,
    "addition_factor": _factor(0.0, 255.0),
    "threshold_factor": _factor(0.0, 255.0),
    "scale": _REAL,
    "offset": _REAL,
    "height": _rule("int", low=1, high=8192),
    "width": _rule("int", low=1, high=8192),
    "interpolation": _enum("nearest", "bilinear"),
    "Resizing.interpolation": _enum("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"),
    "UpSampling2D.interpolation": _enum("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"),
    "fill_mode": _FILL,
    "fill_value": _REAL,
    "RandomErasing.fill_value": _or_null(_REAL),
    "mode": _enum("horizontal", "vertical", "horizontal_and_vertical"),
    "factor": _factor(0.0, 1.0),
    "RandomRotation.factor": _factor(-1.0, 1.0),
    "RandomBrightness.factor": _factor(-1.0, 1.0),
    "RandomGrayscale.factor": _SHARE,
    "RandomPosterization.factor": _rule("int", low=1, high=8),
    "RandAugment.factor": _SHARE,
    "RandomGaussianBlur.kernel_size": _rule("int", "int_list", low=1, high=99, min_items=2, max_items=2),
    "RandomZoom.height_factor": _factor(-1.0, 10.0),
    "RandomZoom.width_factor": _or_null(_factor(-1.0, 10.0)),
    "height_factor": _factor(-1.0, 1.0),
    "width_factor": _factor(-1.0, 1.0),
    "x_factor": _factor(0.0, 1.0),
    "y_factor": _factor(0.0, 1.0),
    "brightness_factor": _or_null(_factor(-1.0, 1.0)),
    "contrast_factor": _or_null(_factor(0.0, 1.0)),
    "saturation_factor": _or_null(_factor(0.0, 1.0)),
    "hue_factor": _or_null(_factor(0.0, 1.0)),
    "sigma": _factor(0.0, 100.0),
    "num_ops": _rule("int", low=1, high=16),
    "value_range": _rule("float_list", low=-1e6, high=1e6, min_items=2, max_items=2),
    "RandomErasing.scale": _rule("float", "float_list", low=0.0, high=1.0, min_items=2, max_items=2),
    "seed": _rule("int", "null", low=0, high=_SEED_MAXIMUM),
    # optimizers
    "learning_rate": _rule("float", low=0.0, high=100.0, exclusive_minimum=True, help="Size of a step."),
    "weight_decay": _rule("float", "null", low=0.0, high=1.0),
    "clipnorm": _or_null(_POSITIVE),
    "clipvalue": _or_null(_POSITIVE),
    "global_clipnorm": _or_null(_POSITIVE),
    "ema_momentum": _SHARE,
    "ema_overwrite_frequency": _rule("int", "null", low=1, high=1_000_000),
    "loss_scale_factor": _or_null(_POSITIVE),
    "gradient_accumulation_steps": _rule("int", "null", low=2, high=10_000),
    "beta_1": {**_FRACTION, "help": "Decay of the running mean of the gradients."},
    "beta_2": {**_FRACTION, "help": "Decay of the running mean of their squares."},
    "rho": _FRACTION,
    "beta_2_decay": _rule("float", low=-10.0, high=0.0),
    "epsilon_1": _rule("float", low=0.0, high=1.0),
    "epsilon_2": _rule("float", low=0.0, high=1.0),
    "clip_threshold": _POSITIVE,
    "initial_accumulator_value": _AMOUNT,
    "learning_rate_power": _rule("float", low=-10.0, high=0.0),
    "l1_regularization_strength": _AMOUNT,
    "l2_regularization_strength": _AMOUNT,
    "l2_shrinkage_regularization_strength": _AMOUNT,
    "beta": _AMOUNT,
    # losses
    "label_smoothing": _SHARE,
    "ignore_class": _rule("int", "null", low=-1, high=10_000_000),
    "delta": _POSITIVE,
    "alpha": _AMOUNT,
    "gamma": _AMOUNT,
    "q": _rule("float", low=0.0, high=1.0, exclusive_minimum=True),
    "Dice.axis": _rule("int_list", "null", low=-8, high=8, max_items=8),
    "Tversky.axis": _rule("int_list", "null", low=-8, high=8, max_items=8),
    # metrics
    "num_thresholds": _rule("int", low=2, high=10_000),
    "curve": _enum("ROC", "PR"),
    "summation_method": _enum("interpolation", "minoring", "majoring"),
    "AUC.thresholds": _rule("float_list", "null", low=0.0, high=1.0),
    "thresholds": _THRESHOLD,
    "threshold": _THRESHOLD,
    "BinaryAccuracy.threshold": _SHARE,
    "top_k": _rule("int", "null", low=1, high=10_000_000),
    "class_id": _rule("int", "null", low=0, high=10_000_000),
    "k": _rule("int", low=1, high=10_000_000),
    "precision": _SHARE,
    "recall": _SHARE,
    "specificity": _SHARE,
    "sensitivity": _SHARE,
    # Without an average these give one score per class, which no log line can hold.
    "average": {**_enum("micro", "macro", "weighted"), "required": True},
    "FBetaScore.beta": _POSITIVE,
    "class_aggregation": _enum("uniform_average", "variance_weighted_average"),
    "metrics.name": _rule("string"),
    # callbacks
    "monitor": _rule("string"),
    "min_delta": _AMOUNT,
    "patience": _rule("int", low=0, high=10_000),
    "callbacks.mode": _enum("auto", "min", "max"),
    "baseline": _or_null(_REAL),
    "start_from_epoch": _rule("int", low=0, high=10_000),
    "ReduceLROnPlateau.factor": _rule(
        "float", low=0.0, high=1.0, exclusive_minimum=True, exclusive_maximum=True
    ),
    "cooldown": _rule("int", low=0, high=10_000),
    "min_lr": _rule("float", low=0.0, high=100.0),
}  # fmt: skip

CALLBACKS: dict[str, dict[str, Any]] = {
    "LearningRateSchedule": {
        "help": "Sets the learning rate of every epoch by a formula, after an optional linear warm-up.",
        "arguments": {
            "schedule": {
                **_enum("constant", "time", "step", "exponential", "cosine", "linear", "polynomial"), "required": True,
                "help": "The formula; each uses only its own arguments.",
            },
            "decay": {
                **_rule("float", low=0.0, high=1000.0), "default": 0.1,
                "help": "time: lr / (1 + decay * epoch); exponential: lr * exp(-decay * epoch).",
            },
            "drop": {
                **_rule("float", low=0.0, high=1.0, exclusive_minimum=True), "default": 0.5,
                "help": "step: the factor of each drop.",
            },
            "epochs_drop": {
                **_rule("int", low=1, high=10_000), "default": 10, "help": "step: epochs between two drops.",
            },
            "alpha": {
                **_rule("float", low=0.0, high=1.0), "default": 0.0,
                "help": "cosine: the last rate, as a share of the first.",
            },
            "end_learning_rate": {
                **_rule("float", low=0.0, high=100.0), "default": 0.0, "help": "linear, polynomial: the last rate.",
            },
            "power": {
                **_rule("float", low=0.0, high=100.0, exclusive_minimum=True), "default": 1.0,
                "help": "polynomial: the exponent; 1 is linear.",
            },
            "decay_epochs": {
                **_rule("int", "null", low=1, high=10_000), "default": None,
                "help": "cosine, linear, polynomial: epochs to the last rate; null is all after the warm-up.",
            },
            "warmup_epochs": {
                **_rule("int", low=0, high=10_000), "default": 0,
                "help": "Epochs in which the rate rises linearly to that of the optimizer.",
            },
        },
    },
}  # fmt: skip
"""Callbacks of our own, beside those of Keras."""

TUNERS: dict[str, dict[str, Any]] = {
    "random": {"help": "Independent draws from the space; never the same point twice.", "arguments": {}},
    "grid": {"help": "Every point of a finite space, in order.", "arguments": {}},
    "hyperband": {
        "help": "Many short trainings, of which the best of each round go on longer (Li et al., JMLR 18, 2018).",
        "arguments": {
            "max_epochs": {
                **_rule("int", "null", low=1, high=10_000), "default": None,
                "help": "Epochs of the longest trainings; null takes those of fit.",
            },
            "factor": {
                **_rule("int", low=2, high=100), "default": 3,
                "help": "How many times fewer trials, and longer trainings, each round has.",
            },
            "hyperband_iterations": {
                **_rule("int", low=1, high=1000), "default": 1,
                "help": "How often the full set of brackets is run.",
            },
        },
    },
    "bayesian": {
        "help": "A Gaussian process predicts scores; the point with the best confidence bound is tried next.",
        "arguments": {
            "num_initial_points": {
                **_rule("int", "null", low=1, high=10_000), "default": None,
                "help": "Random points before the first prediction; null is three per hyperparameter.",
            },
            "alpha": {
                **_rule("float", low=0.0, high=1e6, exclusive_minimum=True), "default": 0.0001,
                "help": "Expected noise of the scores: added to the diagonal of the kernel matrix.",
            },
            "beta": {
                **_rule("float", low=0.0, high=1e6), "default": 2.6,
                "help": "Weight of the unknown against the known: larger explores more.",
            },
        },
    },
    "sweep": {
        "help": "One hyperparameter at a time: each other value of each, with all others at their defaults.",
        "arguments": {
            "hyperparameters": {
                **_rule("string_list", "null", max_items=200), "default": None,
                "help": "Names of those to sweep, in order; null is all that are active at the defaults.",
            },
            "points": {
                **_rule("int", low=2, high=1000), "default": 8,
                "help": "Values of a number without a step, evenly on its sampling scale, both ends included.",
            },
            "repeats": {
                **_rule("int", low=1, high=100), "default": 1,
                "help": "How often the whole sweep is run, each time with other seeds.",
            },
        },
    },
    "perturb": {
        "help": "Starts at the defaults; changes the best a little at random, in smaller steps when nothing is better.",
        "arguments": {
            "sigma": {
                **_rule("float", low=0.0, high=1.0, exclusive_minimum=True), "default": 0.2,
                "help": "Deviation of the first steps, as a share of a range on its sampling scale.",
            },
            "shrink": {
                **_rule("float", low=0.5, high=1.0, exclusive_maximum=True), "default": 0.9,
                "help": "Factor of the step at each trial that is not better; a better one makes up for four.",
            },
            "min_sigma": {
                **_rule("float", low=0.0, high=1.0, exclusive_minimum=True), "default": 0.01,
                "help": "Steps never get smaller than this.",
            },
        },
    },
}  # fmt: skip


def rule_for(section: str, group: str, class_name: str, argument: str, default: object) -> Rule:
    """The rule of one argument, with list lengths filled in from the class name.

    Raises:
        LookupError: Nobody has written one and the default does not give it away, as when Keras adds an argument.
    """
    if group == "wrapper" and argument == "of":
        return {"kinds": ["layer"], "choices": WRAPPED[class_name], "help": "The layer it works on, as an object."}
    for key in (f"{class_name}.{argument}", f"{group}.{argument}", f"{section}.{argument}", argument):
        if key in RULES:
            rule = dict(RULES[key])
            break
    else:
        rule = _guessed(argument, default)
    if rule.pop("per_axis", False):
        rank = re.search(r"(\d)D", class_name)
        if rank is None:
            raise LookupError(f"{class_name}.{argument} has a size per axis, but the name does not tell how many")
        rule["min_items"] = rule["max_items"] = int(rank.group(1))
    return rule


def _guessed(argument: str, default: object) -> Rule:
    for kind in ("activation", "initializer", "regularizer", "constraint"):
        if argument == kind or argument.endswith(f"_{kind}"):
            return _rule(kind, "null") if default is None else _rule(kind)
    if isinstance(default, bool):
        return _rule("bool")
    raise LookupError(f"no rule for the argument {argument}")
