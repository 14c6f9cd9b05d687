"""Evaluation: what is asked of it that it cannot give."""

from mlopsc.diagnostics.table.code import Code

CODES = (
    Code(
        "MLC340",
        "bad-slice",
        "Rows cannot be sliced by this column in this way.",
        (
            "Slices are the values of a column, or bins of its numbers. A column of fractions has too many "
            "values to be slices, and what is no number has no bins."
        ),
        """\
training:
  late_arrival: {slices: [distance]}
""",
        """\
training:
  late_arrival: {slices: [{column: distance, quantiles: 4}]}
""",
    ),
    Code(
        "MLC341",
        "not-of-the-task",
        "Only classes have what is asked for, and the model predicts numbers.",
        (
            "A cost matrix gives each decision between classes a value, and stratified resamples keep each "
            "class's number of rows. A regression has no classes."
        ),
        """\
training:
  delay: {estimator: sklearn.linear_model.Ridge, intervals: {stratified: true}}
""",
        """\
training:
  delay: {estimator: sklearn.linear_model.Ridge, intervals: {method: bca}}
""",
    ),
)
