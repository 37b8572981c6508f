"""Which Keras classes a definition may name, by group. Nothing outside this list can be reached from a client's text.

Left out on purpose: layers that run code or load files (`Lambda`, `TFSMLayer`, `TorchModuleWrapper`, `JaxLayer`,
`FlaxLayer`, `Pipeline`), lookup and vectorising layers (their vocabularies may be paths or addresses), layers that must
see data before they work (`Normalization`, `Discretization`), and `EinsumDense`, whose equation is a language of its
own.
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
    "merging": ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"],
    "attention": ["MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention"],
    "wrapper": ["Bidirectional", "TimeDistributed", "SpectralNormalization"],
    "preprocessing": ["Rescaling", "Resizing", "CenterCrop", "CategoryEncoding"],
    "augmentation": [
        "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomShear", "RandomCrop",
        "RandomContrast", "RandomBrightness", "RandomHue", "RandomSaturation", "RandomSharpness", "RandomGrayscale",
        "RandomInvert", "RandomPosterization", "RandomColorDegeneration", "RandomColorJitter", "RandomErasing",
        "RandomGaussianBlur", "RandomPerspective", "RandomElasticTransform", "AutoContrast",
        "Solarization", "RandAugment",
    ],
}  # fmt: skip

INPUTS: dict[str, tuple[int, int]] = {
    "merging": (2, 64), "Subtract": (2, 2), "Dot": (2, 2),
    # Query, value and key; a single input attends to itself.
    "attention": (1, 3),
}  # fmt: skip
"""Fewest and most inputs of a layer, by class or group; one where nothing is said."""

_CELLS = ["SimpleRNN", "GRU", "LSTM", *_ranks("ConvLSTM#D")]
WRAPPED: dict[str, list[str]] = {
    "Bidirectional": _CELLS,
    "TimeDistributed": [
        name for group, names in LAYERS.items() if group not in ("merging", "attention", "wrapper") for name in names
    ],
    # What has a kernel (or a table of vectors) to normalise.
    "SpectralNormalization": ["Dense", "Embedding", *_ranks("Conv#D"), *_ranks("Conv#DTranspose")],
}
"""The layers each wrapper may hold: never a wrapper, so that they cannot be nested."""

CALL_ARGUMENTS: dict[str, dict[str, str]] = {
    "attention": {"use_causal_mask": "Whether each place sees only those before it and itself."},
}
"""Booleans that Keras takes when the layer is called: by group, with what they do."""

OBJECTS: dict[str, list[str]] = {
    "initializers": [
        "Constant", "Zeros", "Ones", "Identity", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal",
        "VarianceScaling", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform",
    ],
    "regularizers": ["L1", "L2", "L1L2", "OrthogonalRegularizer"],
    "constraints": ["MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"],
}  # fmt: skip
"""What can be given as an object with arguments where a name would do: `{"regularizer": "L2", "l2": 0.001}`."""

OPTIMIZERS = [
    "SGD", "Adam", "AdamW", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Ftrl", "Lion", "Lamb", "Adafactor",
]  # fmt: skip

LOSSES: dict[str, list[str]] = {
    "classification": [
        "SparseCategoricalCrossentropy", "CategoricalCrossentropy", "BinaryCrossentropy",
        "CategoricalFocalCrossentropy", "BinaryFocalCrossentropy", "CategoricalHinge",
        "CategoricalGeneralizedCrossEntropy", "Hinge", "SquaredHinge", "KLDivergence", "Dice", "Tversky",
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
    "use_cudnn", "flash_attention", "backward_layer", "input_axes", "output_axes", "sparse",
    "synchronized", "renorm", "renorm_clipping", "renorm_momentum", "raise_error",
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
