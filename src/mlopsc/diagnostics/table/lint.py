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
    Code(
        "MLC410",
        "own-table",
        "A view joins rows to themselves, or is made by Python of the label's table.",
        (
            "At a point in time the latest row at or before the label's time joins: of the label's own table that is "
            "the label's own row, or one of the same instant. Say when a row is known, and earlier ones alone join. "
            "What a Python view reads of the label's table cannot be seen: where it is sound, 'accept: {MLC410: why}' "
            "on the training says so."
        ),
        """\
features:
  of_carrier: {dataset: flights, entity: [carrier], columns: [dep_delay]}
training:
  late_arrival: {features: [of_carrier, distance]}
""",
        """\
features:
  of_carrier: {dataset: flights, entity: [carrier], available_after: 12h, columns: [dep_delay]}
training:
  late_arrival: {features: [of_carrier, distance]}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC411",
        "looks-ahead",
        "A feature looks at later rows.",
        (
            "lead(), a frame that ends after the current row, or a descending order by time take values from rows that "
            "follow. At the label's time nobody has them. A label may look ahead. A view that is joined at a point in "
            "time may, too, when 'available_after' is at least as long."
        ),
        """\
features:
  flown:
    sql: "select *, lead(dep_delay) over (partition by origin order by time_hour, flight) as next from flights"
    event_time: time_hour
training:
  late_arrival: {entities: {dataset: null, view: flown}, features: [next, distance]}
""",
        """\
features:
  flown:
    sql: "select *, lag(dep_delay) over (partition by origin order by time_hour, flight) as before from flights"
    event_time: time_hour
training:
  late_arrival: {entities: {dataset: null, view: flown}, features: [before, distance]}
monitors:
  weather_drift: {current: {dataset: null, view: flown}}
""",
    ),
    Code(
        "MLC412",
        "fitted-on-all-rows",
        "A feature is computed over all rows, those of the test part too.",
        (
            "A mean or a rank over a whole table is fitted before the split: it has seen the rows that the model is "
            "tested on, and at the time of prediction it is another one. Preprocessing learns such things from the "
            "train part alone. Over a partition it is a warning."
        ),
        """\
features:
  scaled: {sql: "select *, distance / max(distance) over () as far from flights", event_time: time_hour}
training:
  late_arrival: {entities: {dataset: null, view: scaled}, features: [far, hour]}
""",
        """\
training:
  late_arrival: {features: [distance, hour], preprocess: {numeric: {scale: standard}}}
""",
    ),
    Code(
        "MLC413",
        "stamped-at-beginning",
        "A row that sums up a stretch of time stands at its beginning.",
        (
            "date_trunc('day', …) is the day's first instant. Joined at a point in time, the row of a day whose end is "
            "still to come joins already. 'available_after' as long as the stretch lets it join when it is over."
        ),
        """\
features:
  daily:
    sql: "select origin, date_trunc('day', time_hour) as day, avg(visib) as clear from weather group by all"
    event_time: day
  of_day: {view: daily, entity: [origin], columns: [clear]}
training:
  late_arrival: {features: [of_day, distance]}
""",
        """\
features:
  daily:
    sql: "select origin, date_trunc('day', time_hour) as day, avg(visib) as clear from weather group by all"
    event_time: day
  of_day: {view: daily, entity: [origin], available_after: 1d, columns: [clear]}
training:
  late_arrival: {features: [of_day, distance]}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC414",
        "created-not-known",
        "Rows that were created after the label's time join.",
        (
            "'created' only breaks ties. A row that was filled in or corrected later joins to labels at whose time "
            "nobody had it. 'known_at' with the same column joins rows when they are known."
        ),
        """\
features:
  at_origin: {dataset: weather, entity: [origin], created: time_hour, columns: [visib]}
training:
  late_arrival: {features: [at_origin, distance]}
""",
        """\
features:
  at_origin: {dataset: weather, entity: [origin], created: time_hour, known_at: time_hour, columns: [visib]}
training:
  late_arrival: {features: [at_origin, distance]}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC415",
        "timeless-values",
        "A feature of rows with a time comes of a table without.",
        (
            "A table without an event time holds what is true today. Joined in SQL to rows of the past it gives them "
            "values that nobody had then. Where the values never change, such as an airport's place, "
            "'accept: {MLC415: why}' on the training says so."
        ),
        """\
datasets:
  weather: {event_time: null}
features:
  seen:
    sql: "select f.*, w.visib as visibility from flights f join weather w using (origin, time_hour)"
    event_time: time_hour
  origin_weather: {event_time: time_hour}
training:
  late_arrival: {entities: {dataset: null, view: seen}, features: [visibility, distance]}
""",
        """\
datasets:
  weather: {event_time: time_hour}
training:
  late_arrival: {features: [origin_weather, distance]}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC416",
        "entities-across-split",
        "Rows of one entity fall into both parts of the split.",
        (
            "Views are joined by a key that several rows share, and chance divides them: the model is tested on "
            "entities that it knows, and trained on rows later than those. Split by time, or by group. The run counts "
            "the rows; 'leakage: {overlap: block}' refuses them."
        ),
        """\
training:
  late_arrival: {split: {type: random, test: 0.2}}
""",
        """\
training:
  late_arrival: {split: {type: group, by: origin, test: 0.2}}
""",
        Severity.WARNING,
    ),
)
