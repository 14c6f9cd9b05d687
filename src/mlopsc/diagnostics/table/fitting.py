"""The fit of a model: weights, calibration and thresholds that estimator and label must agree to."""

from mlopsc.diagnostics.diagnostic import Severity
from mlopsc.diagnostics.table.code import Code

CODES = (
    Code(
        "MLC319",
        "unfit-function",
        "A function does not take what it is called with.",
        (
            "An estimator's function is called with `params` and `seed`; one with a loader with `table`, `label`, "
            "`params`, `seed` and `folder`; its loader with `folder`. All are given by position."
        ),
        """\
training:
  late_arrival: {estimator: {python: "own:open_model"}}  # def open_model(folder)
""",
        """\
training:
  late_arrival: {estimator: {python: "models:winsorized"}}  # def winsorized(params, seed)
""",
    ),
    Code(
        "MLC320",
        "prepared-by-itself",
        "Something is asked of a function that trains by itself.",
        (
            "Preprocessing and weights are done for estimators that mlopsc fits. A function with a loader gets the "
            "features as they are, and does with them what it wants."
        ),
        """\
training:
  late_arrival:
    preprocess: {numeric: {scale: standard}}
    estimator: {python: "own:train", loader: "own:open_model", task: classification}
""",
        """\
training:
  late_arrival:
    estimator: {python: "own:train", loader: "own:open_model", task: classification}
""",
    ),
    Code(
        "MLC321",
        "trusted-missing",
        "A trusted type is of a package that is not installed here.",
        (
            "A model that holds the type is opened where its package is installed. Steps may run elsewhere, so this is "
            "a warning; where they run here, the training fails when it saves such a model."
        ),
        """\
training:
  late_arrival: {trust: [imbalanced.pipeline.Pipeline]}
""",
        """\
training:
  late_arrival: {trust: []}  # or install what it is of
""",
        Severity.WARNING,
    ),
    Code(
        "MLC322",
        "trusted-unfit",
        "A trusted type is no class that a model file may hold.",
        (
            "What a training trusts are estimators: classes that derive from scikit-learn's BaseEstimator, named as "
            "they are defined, `package._module.Class`. A function is never trusted, nor a class with a say in how its "
            "objects are built from a file (`__setstate__`, `__new__`, …): a file could have it do what it wants."
        ),
        """\
training:
  late_arrival: {trust: [skops.io.dumps]}
""",
        """\
training:
  late_arrival: {trust: [imblearn.pipeline.Pipeline]}
""",
    ),
    Code(
        "MLC323",
        "class-weight",
        "The weights of classes do not suit the training.",
        (
            "Classes are weighed for a classifier, and each weight belongs to a label that occurs, written as text: "
            "'true' and 'false' where the label is a condition, else what the label's column may hold. Weights "
            "stand in 'class_weight' or among the estimator's own parameters, not in both."
        ),
        """\
training:
  late_arrival: {entities: {dataset: flights, label: "arr_delay > 15"}, class_weight: {late: 4}}
""",
        """\
training:
  late_arrival: {entities: {dataset: flights, label: "arr_delay > 15"}, class_weight: {'true': 4}}
""",
    ),
    Code(
        "MLC324",
        "takes-no-weights",
        "The estimator takes no weights.",
        (
            "Rows are weighed by the argument 'sample_weight' of an estimator's 'fit', and so are classes where the "
            "estimator has no 'class_weight' of its own. Some estimators have neither."
        ),
        """\
training:
  late_arrival: {estimator: sklearn.neighbors.KNeighborsClassifier, params: {}, class_weight: balanced}
""",
        """\
training:
  late_arrival: {estimator: sklearn.ensemble.RandomForestClassifier, params: {}, class_weight: balanced}
""",
    ),
    Code(
        "MLC325",
        "calibration-unfit",
        "Nothing here can be calibrated.",
        (
            "Calibration makes the probabilities of a classifier agree with frequencies. It needs probabilities or "
            "scores to begin with: a regressor has no classes, and some classifiers give their decision alone."
        ),
        """\
training:
  delay: {entities: {dataset: flights, label: dep_delay}, calibrate: {method: isotonic}}
""",
        """\
training:
  late_arrival: {calibrate: {method: isotonic}}
""",
    ),
    Code(
        "MLC326",
        "threshold-unfit",
        "A decision threshold does not suit the training.",
        (
            "A threshold parts two classes by the probability or score of one of them. It is said outright, or "
            "chosen on held-out rows by a rule: the best value of a scorer that looks at decisions, such as f1, since "
            "those that look at probabilities, such as roc_auc, are the same for every threshold."
        ),
        """\
training:
  late_arrival: {threshold: {maximize: roc_auc}}
""",
        """\
training:
  late_arrival: {threshold: {maximize: f1}}
""",
    ),
    Code(
        "MLC327",
        "segments-unfit",
        "A column cannot tell segments, or a segment is no value of it.",
        (
            "`for_each` fits a model for each listed value of a column, and each row is answered by the model of its "
            "value. So the column is among the features: a row that is predicted for has to say its segment. It holds "
            "text, whole numbers, or true and false, and segments are written as such."
        ),
        """\
training:
  late_arrival: {for_each: {column: orign, values: [EWR, JFK, LGA]}}
""",
        """\
training:
  late_arrival:
    features: [origin_weather, distance, carrier, hour, origin]
    for_each: {column: origin, values: [EWR, JFK, LGA]}
""",
    ),
    Code(
        "MLC328",
        "segments-against",
        "Something of a training stands against its segments.",
        (
            "All rows of a segment have one value in the column that tells it, so its model does not see the column: "
            "there is nothing to preprocess, and no constraint to keep. With `other: pool` the model for other rows "
            "sees it. A split that keeps rows of one value together would leave a segment to learn from without rows "
            "to be judged on."
        ),
        """\
training:
  late_arrival:
    features: [origin_weather, distance, carrier, hour, origin]
    for_each: {column: origin, values: [EWR, JFK, LGA]}
    split: {type: group, by: origin}
""",
        """\
training:
  late_arrival:
    features: [origin_weather, distance, carrier, hour, origin]
    for_each: {column: origin, values: [EWR, JFK, LGA]}
""",
    ),
    Code(
        "MLC329",
        "segment-not-allowed",
        "The contract of the data allows no row of a segment.",
        (
            "A dataset's column may say which values it holds, `allowed`. A segment of another value would have no row "
            "to learn from, and training would be refused."
        ),
        """\
training:
  late_arrival:
    features: [origin_weather, distance, carrier, hour, origin]
    for_each: {column: origin, values: [EWR, JFK, SFO], other: pool}
""",
        """\
training:
  late_arrival:
    features: [origin_weather, distance, carrier, hour, origin]
    for_each: {column: origin, values: [EWR, JFK], other: pool}
""",
    ),
)
