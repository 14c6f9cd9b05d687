"""Gates that do not suit what they judge."""

from mlopsc.diagnostics.table.code import Code

CODES = (
    Code(
        "MLC346",
        "gate-unfit",
        "A gate could never judge the models of its training.",
        (
            "Fairness and calibration are about classes: a model that predicts numbers has none. Regressions are "
            "judged by their metrics, as a whole, by slices, and against baselines."
        ),
        """\
training:
  late_arrival: {estimator: sklearn.linear_model.Ridge, metrics: [r2]}
gates:
  fair: {type: fairness, training: late_arrival, by: [carrier], demographic_parity: {min_ratio: 0.8}}
""",
        """\
gates:
  fair: {type: fairness, training: late_arrival, by: [carrier], demographic_parity: {min_ratio: 0.8}}
""",
    ),
    Code(
        "MLC347",
        "no-such-baseline",
        "A baseline gate asks for a naive forecast that is not made for its training.",
        (
            "Classes are forecast by 'majority' and 'prior', numbers by 'mean' and 'median'; 'previous_value' needs "
            "an event time, to know which label came before."
        ),
        """\
gates:
  useful: {type: baseline, training: late_arrival, metric: roc_auc, over: mean}
""",
        """\
gates:
  useful: {type: baseline, training: late_arrival, metric: roc_auc, over: majority}
""",
    ),
    Code(
        "MLC348",
        "gate-without-checks",
        "A data gate judges a dataset of which nothing is checked.",
        (
            "Without `columns`, `primary_key` or `checks` a dataset has no contract: its validation finds nothing, and "
            "there is no share of checks that pass."
        ),
        """\
datasets:
  visits: {source: {type: parquet, path: data/flights.parquet}, event_time: time_hour}
training:
  late_arrival: {entities: {dataset: visits}}
gates:
  clean: {type: data, training: late_arrival, datasets: [visits], min_passed: 0.9}
""",
        """\
datasets:
  visits:
    source: {type: parquet, path: data/flights.parquet}
    event_time: time_hour
    columns: {distance: {min: 0}}
training:
  late_arrival: {entities: {dataset: visits}}
gates:
  clean: {type: data, training: late_arrival, datasets: [visits], min_passed: 0.9}
""",
    ),
    Code(
        "MLC349",
        "nothing-to-harm",
        "A robustness gate harms a feature in a way that its type does not allow.",
        (
            "Noise is put on numbers, and text alone can be of a category that training never saw. Nulls harm every "
            "feature."
        ),
        """\
gates:
  sturdy: {type: robustness, training: late_arrival, metric: roc_auc, noise: {columns: [carrier], max_drop: 0.02}}
""",
        """\
gates:
  sturdy: {type: robustness, training: late_arrival, metric: roc_auc, noise: {columns: [distance], max_drop: 0.02}}
""",
    ),
    Code(
        "MLC351",
        "drawn-anew",
        "A reproducible gate judges a training that draws at random.",
        (
            "Every 'random_state' that a training leaves open is set to its seed. One that is null draws from the "
            "system's own chance, so the model is another each time, and the gate could never pass."
        ),
        """\
training:
  late_arrival: {params: {random_state: null}}
gates:
  same: {type: reproducible, training: late_arrival}
""",
        """\
training:
  late_arrival: {params: {random_state: 3}}
gates:
  same: {type: reproducible, training: late_arrival}
""",
    ),
)
