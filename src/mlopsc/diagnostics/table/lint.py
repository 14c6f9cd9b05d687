"""Lint: specs that would run and be wrong, or unsafe."""

from mlopsc.diagnostics.diagnostic import Severity
from mlopsc.diagnostics.table.code import Code

CODES = (
    Code(
        "MLC401",
        "label-among-features",
        "The label is also a feature.",
        (
            "A model that sees the answer scores perfectly and knows nothing. The feature is the label, "
            "or a column that the label's expression uses."
        ),
        """\
training:
  late_arrival:
    entities: {dataset: flights, label: arr_delay > 15}
    features: [distance, arr_delay]
""",
        """\
training:
  late_arrival:
    entities: {dataset: flights, label: arr_delay > 15}
    features: [distance]
""",
    ),
    Code(
        "MLC402",
        "leakage",
        "A feature holds what the label is made of.",
        (
            "The feature is computed from the columns that the label is computed from, in the same row. A view "
            "that joins the entities' own table at a point in time joins each row to itself. When another table is "
            "made of what the label is made of, that is a warning: it is sound if its event time is when the value "
            "became known."
        ),
        """\
features:
  same_flight: {dataset: flights, entity: [flight], columns: [arr_delay]}
training:
  late_arrival: {features: [same_flight, distance]}
""",
        """\
features:
  same_flight: {dataset: flights, entity: [flight], columns: [hour]}
training:
  late_arrival: {features: [same_flight, distance]}
""",
    ),
    Code(
        "MLC403",
        "unused",
        "A declaration is not used.",
        (
            "Nothing refers to it, so that it costs readers time, or a reference to it was forgotten. "
            "Remove it, or use it."
        ),
        """\
vars:
  late_aftr: {type: int, default: 15}
""",
        """\
vars:
  late_after: {type: int, default: 15}
training:
  late_arrival: {entities: {dataset: flights, label: "arr_delay > ${vars.late_after}"}}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC404",
        "password-in-url",
        "A URL holds a password.",
        (
            "Everything in the spec ends up in generated files, logs and the registry's ledger. Leave the URLs of "
            "registry and store out, and set MLOPSC_REGISTRY_URL and MLOPSC_STORE_URL where the steps run; a "
            "dataset's URL takes its secrets by 'storage_options'."
        ),
        """\
infrastructure:
  registry: "postgresql://mlops:hunter2@db/registry"
""",
        """\
# MLOPSC_REGISTRY_URL=postgresql://… is set where the steps run
infrastructure: {}
""",
    ),
    Code(
        "MLC405",
        "path-outside-project",
        "A path leads out of the project.",
        (
            "A relative path that climbs above the project's folder, or an absolute one, means something "
            "else on the next machine and nothing in an image."
        ),
        """\
datasets:
  flights: {source: {type: parquet, path: ../../flights.parquet}}
""",
        """\
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC406",
        "stage-without-gate",
        "Any version may enter a stage.",
        ("A later stage that requires no gate takes whatever is promoted to it."),
        """\
registry:
  late_arrival:
    training: late_arrival
    stages: {staging: {gates: [good_enough]}, production: {}}
""",
        """\
registry:
  late_arrival:
    training: late_arrival
    stages: {staging: {gates: [good_enough]}, production: {gates: [beats_champion]}}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC407",
        "identifier-as-feature",
        "A feature identifies rows.",
        ("The primary key tells rows apart, so that the model can learn them by heart instead of a rule."),
        """\
datasets:
  flights: {primary_key: [flight]}
training:
  late_arrival: {features: [flight, distance]}
""",
        """\
datasets:
  flights: {primary_key: [flight]}
training:
  late_arrival: {features: [distance]}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC408",
        "order-dependent",
        "A view's result depends on the order of rows.",
        (
            "Tables have no order. first(), a LIMIT without ORDER BY and the like pick rows by the order in which an "
            "engine happens to read them, so that two runs on the same data may differ."
        ),
        """\
features:
  latest: {sql: select * from weather limit 10}
""",
        """\
features:
  latest: {sql: "select * from weather order by time_hour desc, origin limit 10"}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC409",
        "deprecated-param",
        "scikit-learn is about to drop a parameter.",
        (
            "The installed scikit-learn warns when this parameter is given; a later release will refuse it. Its "
            "documentation says what takes its place."
        ),
        """\
training:
  late_arrival: {estimator: sklearn.svm.SVC, params: {probability: true}}
""",
        """\
training:
  late_arrival: {estimator: sklearn.svm.SVC, params: {C: 2.0}}
""",
        Severity.WARNING,
    ),
)
