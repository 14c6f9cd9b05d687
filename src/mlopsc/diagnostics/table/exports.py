"""What models cannot be written as."""

from mlopsc.diagnostics.table.code import Code

CODES = (
    Code(
        "MLC352",
        "not-as-onnx",
        "A training is to be exported as ONNX, and its model cannot be.",
        (
            "`export: {onnx: true}` writes the model as ONNX, and keeps it where it answers like the model. Some "
            "estimators have no converter, some settings of boosters one that gets them wrong; models of segments, "
            "calibrated ones, and those that a function saved by itself cannot be written either. What only the fitted "
            "model tells, the step that exports finds out."
        ),
        """\
training:
  late_arrival: {calibrate: {method: isotonic}, export: {onnx: true}}
""",
        """\
training:
  late_arrival: {calibrate: {method: isotonic}}
""",
    ),
)
