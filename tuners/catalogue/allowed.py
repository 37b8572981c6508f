"""Which Keras classes a definition may name, by group. Nothing outside this list can be reached from a client's text.

Left out on purpose: layers that run code or load files (`Lambda`, `TFSMLayer`, `TorchModuleWrapper`, `JaxLayer`,
`FlaxLayer`, `Pipeline`), lookup and vectorising layers (their vocabularies may be paths or addresses), layers that must
see data before they work (`Normalization`, `Discretization`), layers with several inputs, and wrappers of other layers.
"""

from __future__ import annotations


def _ranks(*names: str, ranks: tuple[int, ...] = (1, 2, 3)) -> list[str]:
    return [f"{name.replace('#', str(rank))}" for name in names for rank in ranks]


LAYERS: dict[str, list[str]] = {
    "core": [
        "Dense", "Activation", "Embedding", "Masking", "Identity", "Flatten", "Reshape", "Permute", "RepeatVector",
    ],
    "convolution": [
        *_ranks("Conv#D"),
        *_ranks("SeparableConv#D", "DepthwiseConv#D", ranks=(1, 2)),
        *_ranks("Conv#DTranspose"),
    ],
    "pooling": [
        *_ranks("MaxPooling#D", "AveragePooling#D", "GlobalMaxPooling#D", "GlobalAveragePooling#D"),
        *_ranks("AdaptiveMaxPooling#D", "AdaptiveAveragePooling#D"),
    ],
    "recurrent": ["SimpleRNN", "GRU", "LSTM", *_ranks("ConvLSTM#D")],
    "normalization": [
        "BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization", "RMSNormalization",
    ],
    "regularization": [
        "Dropout", *_ranks("SpatialDropout#D"), "AlphaDropout", "GaussianDropout", "GaussianNoise",
        "ActivityRegularization",
    ],
    "reshaping": [*_ranks("ZeroPadding#D", "Cropping#D", "UpSampling#D")],
    "activation": ["ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"],
    "preprocessing": ["Rescaling", "Resizing", "CenterCrop"],
    "augmentation": [
        "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomShear", "RandomCrop",
        "RandomContrast", "RandomBrightness", "RandomHue", "RandomSaturation", "RandomSharpness", "RandomGrayscale",
        "RandomInvert", "RandomPosterization", "RandomColorDegeneration", "RandomColorJitter", "RandomErasing",
        "RandomGaussianBlur", "RandAugment",
    ],
}  # fmt: skip

OPTIMIZERS = [
    "SGD", "Adam", "AdamW", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Ftrl", "Lion", "Lamb", "Adafactor",
]  # fmt: skip

LOSSES: dict[str, list[str]] = {
    "classification": [
        "SparseCategoricalCrossentropy", "CategoricalCrossentropy", "BinaryCrossentropy",
        "CategoricalFocalCrossentropy", "BinaryFocalCrossentropy", "CategoricalHinge",
        "Hinge", "SquaredHinge", "KLDivergence", "Dice", "Tversky",
    ],
    "regression": [
        "MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Huber",
        "LogCosh", "Poisson", "CosineSimilarity",
    ],
}  # fmt: skip

# Only metrics whose result is one number: a log line is a name and a number.
METRICS: dict[str, list[str]] = {
    "classification": [
        "Accuracy", "SparseCategoricalAccuracy", "CategoricalAccuracy", "BinaryAccuracy",
        "SparseTopKCategoricalAccuracy", "TopKCategoricalAccuracy", "AUC", "Precision", "Recall", "F1Score",
        "FBetaScore", "PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity",
        "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives", "SparseCategoricalCrossentropy",
        "CategoricalCrossentropy", "BinaryCrossentropy", "KLDivergence", "Hinge", "SquaredHinge", "CategoricalHinge",
    ],
    "regression": [
        "MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError",
        "MeanSquaredLogarithmicError", "R2Score", "CosineSimilarity", "LogCoshError", "Poisson",
    ],
}  # fmt: skip

CALLBACKS = ["EarlyStopping", "ReduceLROnPlateau", "TerminateOnNaN"]

ALIASES: dict[str, dict[str, list[str]]] = {
    "optimizers": {name: [name.lower()] for name in OPTIMIZERS},
    "losses": {
        "MeanSquaredError": ["mse"],
        "MeanAbsoluteError": ["mae"],
        "MeanAbsolutePercentageError": ["mape"],
        "MeanSquaredLogarithmicError": ["msle"],
        "BinaryCrossentropy": ["bce"],
        "KLDivergence": ["kld"],
        "LogCosh": ["logcosh"],
    },
    "metrics": {
        "Accuracy": ["acc"],
        "AUC": ["auc"],
        "RootMeanSquaredError": ["rmse"],
        "MeanSquaredError": ["mse"],
        "MeanAbsoluteError": ["mae"],
        "MeanAbsolutePercentageError": ["mape"],
        "MeanSquaredLogarithmicError": ["msle"],
        "BinaryCrossentropy": ["bce"],
        "KLDivergence": ["kld"],
    },
}
"""Short words beside the snake-case name, which the generator adds for every loss and metric."""

HIDDEN_ARGUMENTS = frozenset({
    # Names and types of variables are ours; data lie channels last.
    "name", "dtype", "data_format", "reduction", "verbose", "noise_shape",
    # Weights come from training only.
    "weights", "lora_rank", "lora_alpha", "quantization_config", "gptq_unpacked_column_size",
    # A sequential layer has one output and no memory between batches; an unrolled one makes a graph of any size.
    "return_state", "stateful", "unroll",
    # Runtime details that are the worker's business.
    "use_cudnn", "synchronized", "renorm", "renorm_clipping", "renorm_momentum", "raise_error",
    # They would make a metric's result a list, or need the number of labels.
    "multi_label", "num_labels", "label_weights", "num_regressors",
})  # fmt: skip

HIDDEN_NAMES = {
    "activations": {"get", "serialize", "deserialize", "glu", "threshold"},
    "initializers": {"get", "serialize", "deserialize", "constant", "identity", "stft", "variance_scaling"},
    "regularizers": {"get", "serialize", "deserialize"},
    "constraints": {"get", "serialize", "deserialize"},
}
"""Members of those modules that are not names of what the module holds, or that need arguments or a certain shape."""
