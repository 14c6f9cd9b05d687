"""Columns, types, SQL and estimators: what the data and scikit-learn must agree to."""

from mlopsc.diagnostics.diagnostic import Severity
from mlopsc.diagnostics.table.code import Code

CODES = (
    Code(
        "MLC301",
        "unknown-column",
        "A known schema has no such column.",
        (
            "The schema of a dataset is its declared columns, then what mlops.lock recorded, then the "
            "file's own header. The column is in none of them."
        ),
        """\
features:
  origin_weather: {dataset: weather, entity: [origin], columns: [visibb]}
""",
        """\
features:
  origin_weather: {dataset: weather, entity: [origin], columns: [visib]}
""",
    ),
    Code(
        "MLC302",
        "wrong-column-type",
        "A column's type does not suit its use.",
        (
            "A mean needs numbers, a range check an ordered type, an event time a timestamp or date, joined keys "
            "need equal types, and no estimator takes a timestamp as a feature."
        ),
        """\
datasets:
  flights: {checks: [{expect: column_mean_to_be_between, column: carrier, min_value: 0}]}
""",
        """\
datasets:
  flights: {checks: [{expect: column_mean_to_be_between, column: distance, min_value: 0}]}
""",
    ),
    Code(
        "MLC303",
        "sql-syntax",
        "SQL cannot be parsed.",
        (
            "Labels, filters and SQL views are written in DuckDB's dialect, the query of a source in that of its "
            "database. The place is that of the error inside the YAML text."
        ),
        """\
training:
  late_arrival: {entities: {dataset: flights, label: "arr_delay >> > 15"}}
""",
        """\
training:
  late_arrival: {entities: {dataset: flights, label: "arr_delay > 15"}}
""",
    ),
    Code(
        "MLC304",
        "sql-meaning",
        "SQL refers to what does not exist, or mixes types.",
        (
            "The statement was bound against the known schemas: a table, column or function does not "
            "exist, or an operator does not take these types. Or it would do more than read: a source's query is "
            "one SELECT, in which each ':name' stands for a value of 'parameters'."
        ),
        """\
training:
  late_arrival: {entities: {dataset: flights, label: "arr_delai > 15"}}
""",
        """\
training:
  late_arrival: {entities: {dataset: flights, label: "arr_delay > 15"}}
""",
    ),
    Code(
        "MLC305",
        "not-one-expression",
        "SQL must be one expression here.",
        (
            "Labels and filters are a single expression over the columns of one table: no statement, "
            "list, aggregate or second statement."
        ),
        """\
training:
  late_arrival: {entities: {dataset: flights, label: "arr_delay > 15, origin"}}
""",
        """\
training:
  late_arrival: {entities: {dataset: flights, label: "arr_delay > 15"}}
""",
    ),
    Code(
        "MLC306",
        "not-boolean",
        "A filter is not true or false.",
        ("'where' chooses rows, so its expression must be boolean. Compare the value with something."),
        """\
training:
  late_arrival: {entities: {dataset: flights, where: arr_delay + 1}}
""",
        """\
training:
  late_arrival: {entities: {dataset: flights, where: arr_delay > -60}}
""",
    ),
    Code(
        "MLC307",
        "schema-unknown",
        "No schema is known before the run.",
        (
            "The file does not exist yet, or a user's function makes the table, and no columns are "
            "declared or locked. Names are checked when the step runs. Declare the columns, or run "
            "'mlopsc lock'."
        ),
        """\
datasets:
  orders: {source: {type: python, python: "loaders:load_orders"}}
""",
        """\
datasets:
  orders:
    source: {type: python, python: "loaders:load_orders"}
    columns: {amount: {type: float64}}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC308",
        "label-mismatch",
        "The label does not suit the estimator or a metric.",
        (
            "Classifiers need classes (boolean, text, or integers) and regressors numbers; ROC AUC and "
            "the like measure classifiers, mean errors measure regressors."
        ),
        """\
training:
  delay: {estimator: sklearn.linear_model.Ridge, metrics: [roc_auc]}
""",
        """\
training:
  delay: {estimator: sklearn.linear_model.Ridge, metrics: [neg_mean_absolute_error]}
""",
    ),
    Code(
        "MLC309",
        "unknown-estimator",
        "scikit-learn has no such estimator.",
        (
            "The dotted path was looked up in the catalogue of the installed scikit-learn. Estimators of "
            "your own are given as 'python: module:function'."
        ),
        """\
training:
  late_arrival: {estimator: sklearn.ensemble.HistGradientBoostClassifier}
""",
        """\
training:
  late_arrival: {estimator: sklearn.ensemble.HistGradientBoostingClassifier}
""",
    ),
    Code(
        "MLC310",
        "unknown-metric",
        "scikit-learn has no such scorer.",
        (
            "Metrics are named by scikit-learn's scorers, of which more is always better: errors begin "
            "with 'neg_'."
        ),
        """\
training:
  late_arrival: {metrics: [roc_au]}
""",
        """\
training:
  late_arrival: {metrics: [roc_auc]}
""",
    ),
    Code(
        "MLC311",
        "unknown-estimator-param",
        "The estimator has no such parameter.",
        ("The parameter is not one of the estimator's constructor in the installed scikit-learn."),
        """\
training:
  late_arrival: {params: {max_iters: 200}}
""",
        """\
training:
  late_arrival: {params: {max_iter: 200}}
""",
    ),
    Code(
        "MLC312",
        "bad-estimator-param",
        "A parameter's value is not allowed.",
        (
            "scikit-learn states for each parameter which types, ranges and words it takes; this value is "
            "none of them and would fail when the model is fitted."
        ),
        """\
training:
  late_arrival: {params: {max_iter: -5}}
""",
        """\
training:
  late_arrival: {params: {max_iter: 200}}
""",
    ),
    Code(
        "MLC313",
        "split-mismatch",
        "The split does not suit the data or the label.",
        (
            "A stratified split needs classes, a time split an event time, a group split the column that "
            "it names."
        ),
        """\
training:
  delay: {estimator: sklearn.linear_model.Ridge, split: {type: stratified, test: 0.2}}
""",
        """\
training:
  delay: {estimator: sklearn.linear_model.Ridge, split: {type: random, test: 0.2}}
""",
    ),
    Code(
        "MLC314",
        "unknown-check",
        "There is no such check.",
        (
            "Checks are named as in Great Expectations, without 'expect_'. A rule that none of them "
            "states is written in SQL: 'unexpected_rows'."
        ),
        """\
datasets:
  flights: {checks: [{expect: column_values_to_not_be_nul, column: arr_delay}]}
""",
        """\
datasets:
  flights: {checks: [{expect: column_values_to_not_be_null, column: arr_delay}]}
""",
    ),
    Code(
        "MLC315",
        "no-event-time",
        "A table has no event time where one is needed.",
        (
            "Point-in-time joins, time splits and windows ask when a row happened. The dataset has to "
            "name the column as its 'event_time'."
        ),
        """\
datasets:
  stations: {source: {type: parquet, path: data/weather.parquet}}
features:
  station: {dataset: stations, entity: [origin], columns: [visib]}
""",
        """\
datasets:
  stations: {source: {type: parquet, path: data/weather.parquet}, event_time: time_hour}
features:
  station: {dataset: stations, entity: [origin], columns: [visib]}
""",
    ),
    Code(
        "MLC316",
        "library-not-installed",
        "A library of an extra that the run needs is not installed where it is.",
        (
            "XGBoost, LightGBM and what writes ONNX are extras: `pip install 'mlopsc[xgboost]'`, "
            "`pip install 'mlopsc[lightgbm]'`, `pip install 'mlopsc[onnx]'`. Steps "
            "of the local target run in the environment that compiles, which has to have the library; generated "
            "images get it by themselves. Without it, names and parameters are checked against the release that "
            "mlopsc was made with."
        ),
        """\
training:
  late_arrival: {estimator: xgboost.XGBClassifier}   # and xgboost is not installed
""",
        """\
training:
  late_arrival: {estimator: sklearn.ensemble.HistGradientBoostingClassifier}
""",
    ),
    Code(
        "MLC317",
        "unfit-preprocessing",
        "What is said of a feature's preprocessing does not suit it.",
        (
            "Under 'preprocess.columns', `impute: mean` or `median`, a constant number, `indicator`, `scale` and "
            "`bins` are for numbers; `impute: missing`, a constant text, `encode` and `max_categories` for categories: "
            "text, and numbers that `encode` makes categories of. No estimator of the libraries takes text as it is."
        ),
        """\
training:
  late_arrival: {features: [distance, carrier], preprocess: {columns: {carrier: {scale: robust}}}}
""",
        """\
training:
  late_arrival: {features: [distance, carrier], preprocess: {columns: {carrier: {encode: target}}}}
""",
    ),
    Code(
        "MLC318",
        "unfit-constraint",
        "A monotonic constraint cannot hold for what it names.",
        (
            "`monotonic_cst`, of XGBoost and LightGBM `monotone_constraints`, may be a map from features to 1, -1 or "
            "0, whatever preprocessing makes of their order. A feature that becomes several columns, or codes of "
            "categories, has no order that a constraint could keep."
        ),
        """\
training:
  late_arrival:
    features: [distance, carrier]
    params: {monotonic_cst: {carrier: 1}}
""",
        """\
training:
  late_arrival:
    features: [distance, carrier]
    params: {monotonic_cst: {distance: 1}}
""",
    ),
)
