"""The hand-written part of `sklearn.json`: which classes of scikit-learn are offered, and how large numbers may be.

Types and ranges come from scikit-learn's own `_parameter_constraints`; here is what they leave open. Upper bounds are
far above what is useful and far below what harms. Whatever takes an object, a callable, a file or a size of thread
pool is left out, as is what the service decides itself (`random_state`, `n_jobs`, `verbose`, `warm_start`).
"""

from __future__ import annotations

from typing import Any

Rule = dict[str, Any]

ESTIMATORS: dict[str, list[str]] = {
    "linear": [
        "LinearRegression", "Ridge", "RidgeClassifier", "Lasso", "ElasticNet", "LogisticRegression", "SGDClassifier",
        "SGDRegressor", "LinearDiscriminantAnalysis", "QuadraticDiscriminantAnalysis",
    ],
    "neighbors": ["KNeighborsClassifier", "KNeighborsRegressor"],
    "tree": ["DecisionTreeClassifier", "DecisionTreeRegressor"],
    "ensemble": [
        "RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor",
        "GradientBoostingClassifier", "GradientBoostingRegressor", "HistGradientBoostingClassifier",
        "HistGradientBoostingRegressor", "AdaBoostClassifier", "AdaBoostRegressor", "BaggingClassifier",
        "BaggingRegressor",
    ],
    "svm": ["SVC", "SVR", "LinearSVC", "LinearSVR", "NuSVC", "NuSVR"],
    "naive bayes": ["GaussianNB", "BernoulliNB", "MultinomialNB"],
    "kernel": ["KernelRidge"],
    "neural network": ["MLPClassifier", "MLPRegressor"],
    "baseline": ["DummyClassifier", "DummyRegressor"],
}  # fmt: skip

STEPS: dict[str, list[str]] = {
    "scaling": [
        "StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler", "Normalizer", "PowerTransformer",
        "QuantileTransformer",
    ],
    "features": ["PCA", "TruncatedSVD", "PolynomialFeatures", "SelectKBest", "VarianceThreshold"],
    "missing values": ["SimpleImputer"],
}  # fmt: skip

HIDDEN = frozenset({
    "n_jobs", "verbose", "warm_start", "random_state", "copy", "copy_X", "cache_size", "store_covariance", "order",
    "estimator", "covariance_estimator", "metric_params", "kernel_params", "priors", "class_prior", "monotonic_cst",
    "interaction_cst", "categorical_features", "missing_values", "constant", "precompute", "oob_score", "scoring",
    "break_ties", "decision_function_shape", "callback", "init",
})  # fmt: skip


def _rule(*kinds: str, **more: Any) -> Rule:
    return {"kinds": list(kinds), **more}


_BALANCED: Rule = {"kinds": ["enum", "null"], "choices": ["balanced"]}
_KERNELS: Rule = {"kinds": ["enum"], "choices": ["linear", "poly", "rbf", "sigmoid"]}
_DISTANCES: Rule = {
    "kinds": ["enum"],
    "choices": [
        "minkowski", "euclidean", "manhattan", "chebyshev", "cosine", "canberra", "braycurtis", "hamming",
        "correlation",
    ],
}  # fmt: skip

# Instead of what scikit-learn's constraints say. Found by `Class.argument`, then by `argument`.
RULES: dict[str, Rule] = {
    "class_weight": _BALANCED,
    "RandomForestClassifier.class_weight": {"kinds": ["enum", "null"], "choices": ["balanced", "balanced_subsample"]},
    "ExtraTreesClassifier.class_weight": {"kinds": ["enum", "null"], "choices": ["balanced", "balanced_subsample"]},
    "kernel": _KERNELS,
    "KernelRidge.kernel": {
        "kinds": ["enum"],
        "choices": ["linear", "poly", "polynomial", "rbf", "sigmoid", "cosine", "laplacian"],
    },
    "metric": _DISTANCES,
    "p": _rule("float", minimum=1.0, maximum=100.0),
    "epsilon": _rule("float", minimum=0.0, maximum=1e6),
    "MLPClassifier.epsilon": _rule("float", minimum=0.0, maximum=1.0, exclusive_minimum=True),
    "MLPRegressor.epsilon": _rule("float", minimum=0.0, maximum=1.0, exclusive_minimum=True),
    "alpha": _rule("float", minimum=0.0, maximum=1e9),
    "hidden_layer_sizes": _rule("int", "int_list", minimum=1, maximum=8192, min_items=1, max_items=16),
    "n_iter_no_change": _rule("int", minimum=1, maximum=10_000),
    "GradientBoostingClassifier.n_iter_no_change": _rule("int", "null", minimum=1, maximum=10_000),
    "GradientBoostingRegressor.n_iter_no_change": _rule("int", "null", minimum=1, maximum=10_000),
    "DummyClassifier.strategy": {"kinds": ["enum"], "choices": ["most_frequent", "prior", "stratified", "uniform"]},
    "DummyRegressor.strategy": {"kinds": ["enum"], "choices": ["mean", "median", "quantile"]},
    "MinMaxScaler.feature_range": _rule("float_list", minimum=-1e6, maximum=1e6, min_items=2, max_items=2),
    "RobustScaler.quantile_range": _rule("float_list", minimum=0.0, maximum=100.0, min_items=2, max_items=2),
    "PolynomialFeatures.degree": _rule("int", minimum=1, maximum=5),
    "PCA.n_components": _rule("int", "float", "enum", "null", minimum=0, exclusive_minimum=True, maximum=1_000_000,
                              choices=["mle"]),
    "SelectKBest.k": _rule("int", "enum", minimum=1, maximum=1_000_000, choices=["all"]),
    "SelectKBest.score_func": {
        "kinds": ["enum"],
        "choices": ["f_classif", "chi2", "mutual_info_classif", "f_regression", "mutual_info_regression"],
    },
    "SimpleImputer.strategy": {"kinds": ["enum"], "choices": ["mean", "median", "most_frequent", "constant"]},
    "SimpleImputer.fill_value": _rule("float", "null", minimum=-1e12, maximum=1e12),
    "SGDClassifier.loss": {
        "kinds": ["enum"],
        "choices": [
            "hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron", "squared_error", "huber",
            "epsilon_insensitive", "squared_epsilon_insensitive",
        ],
    },
}  # fmt: skip

# Where scikit-learn says only from where a number goes up.
LARGEST: dict[str, float] = {
    "n_estimators": 2000,
    "max_iter": 100_000,
    "max_fun": 1_000_000,
    "degree": 20,
    "n_neighbors": 100_000,
    "leaf_size": 10_000,
    "max_depth": 10_000,
    "max_leaf_nodes": 1_000_000,
    "iterated_power": 100,
    "n_iter": 1000,
    "n_oversamples": 1000,
    "n_quantiles": 100_000,
    "subsample": 10_000_000,
    "C": 1e9,
    "learning_rate": 100.0,
}
LARGEST_INTEGER = 10_000_000
LARGEST_REAL = 1e6

# Metrics by the name under which they are logged: the tasks they measure, which way is better, and what they are.
METRICS: dict[str, dict[str, Any]] = {
    "score": {"tasks": ["classification", "multilabel", "regression"], "direction": "max",
              "help": "What the estimator's own `score` gives: accuracy for classes, R2 for numbers."},
    "accuracy": {"tasks": ["classification", "multilabel"], "direction": "max", "help": "Share of right answers."},
    "balanced_accuracy": {"tasks": ["classification"], "direction": "max", "help": "Mean recall over the classes."},
    "f1_macro": {"tasks": ["classification", "multilabel"], "direction": "max", "help": "Mean F1 over the classes."},
    "f1_micro": {"tasks": ["classification", "multilabel"], "direction": "max", "help": "F1 over all decisions."},
    "f1_weighted": {"tasks": ["classification", "multilabel"], "direction": "max",
                    "help": "F1 averaged over the classes by how many rows each has."},
    "precision_macro": {"tasks": ["classification", "multilabel"], "direction": "max",
                        "help": "Mean precision over the classes."},
    "precision_weighted": {"tasks": ["classification", "multilabel"], "direction": "max",
                           "help": "Precision averaged over the classes by how many rows each has."},
    "recall_macro": {"tasks": ["classification", "multilabel"], "direction": "max",
                     "help": "Mean recall over the classes."},
    "recall_weighted": {"tasks": ["classification", "multilabel"], "direction": "max",
                        "help": "Recall averaged over the classes by how many rows each has."},
    "matthews_corrcoef": {"tasks": ["classification"], "direction": "max",
                          "help": "Correlation of answers and truth, -1 to 1."},
    "roc_auc": {"tasks": ["classification"], "direction": "max",
                "help": "Area under the ROC curve; with several classes each against the rest, averaged."},
    "log_loss": {"tasks": ["classification"], "direction": "min",
                 "help": "Cross-entropy of the predicted probabilities."},
    "r2": {"tasks": ["regression"], "direction": "max", "help": "Share of the variance that is explained."},
    "explained_variance": {"tasks": ["regression"], "direction": "max",
                           "help": "As R2, but a constant error costs nothing."},
    "mean_squared_error": {"tasks": ["regression"], "direction": "min", "help": "Mean of the squared errors."},
    "root_mean_squared_error": {"tasks": ["regression"], "direction": "min",
                                "help": "Square root of the mean squared error."},
    "mean_absolute_error": {"tasks": ["regression"], "direction": "min", "help": "Mean of the absolute errors."},
    "median_absolute_error": {"tasks": ["regression"], "direction": "min", "help": "Median of the absolute errors."},
    "max_error": {"tasks": ["regression"], "direction": "min",
                  "help": "The largest absolute error; weights of rows do not change it."},
    "mean_absolute_percentage_error": {"tasks": ["regression"], "direction": "min",
                                       "help": "Mean of the errors relative to the true numbers."},
}  # fmt: skip
