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
        "A feature may know the future.",
        (
            "The feature is joined without regard to time, or comes of a table that is only complete "
            "after the label's time. What it holds in training it will not hold when the model is used."
        ),
        """\
features:
  daily: {sql: "select origin, avg(arr_delay) as delay from flights group by origin"}
""",
        """\
features:
  daily: {dataset: daily_delays, entity: [origin], ttl: 1d, columns: [delay]}
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
            "Everything in the spec ends up in generated files, logs and the registry's ledger. Refer to "
            "the password, or to the whole URL, as a secret."
        ),
        """\
infrastructure:
  registry: "postgresql://mlops:hunter2@db/registry"
""",
        """\
secrets: {registry_url: {env: REGISTRY_URL}}
infrastructure:
  registry: {secret: registry_url}
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
        (
            "A column of the primary key, or one that is declared unique, lets the model learn rows by "
            "heart instead of a rule."
        ),
        """\
datasets:
  flights: {primary_key: [flight_id]}
training:
  late_arrival: {features: [flight_id, distance]}
""",
        """\
datasets:
  flights: {primary_key: [flight_id]}
training:
  late_arrival: {features: [distance]}
""",
        Severity.WARNING,
    ),
)
