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
)
