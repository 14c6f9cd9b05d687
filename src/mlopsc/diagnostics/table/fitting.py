"""The fit of a model: weights that estimator and label must agree to."""

from mlopsc.diagnostics.table.code import Code

CODES = (
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
)
