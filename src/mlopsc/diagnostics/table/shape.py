"""Shape: keys, types and values that the spec does not know."""

from mlopsc.diagnostics.diagnostic import Severity
from mlopsc.diagnostics.table.code import Code

CODES = (
    Code(
        "MLC101",
        "unknown-key",
        "A key that does not exist here.",
        (
            "Unknown keys are errors everywhere, since a misspelt key would otherwise silently mean its "
            "default. The help names the nearest key, or those that exist."
        ),
        """\
project: {name: flights, ownr: ops-ml}
""",
        """\
project: {name: flights, owner: ops-ml}
""",
    ),
    Code(
        "MLC102",
        "missing-key",
        "A required key is missing.",
        ("The map at this place cannot do without the key. The place is the key of the map that lacks it."),
        """\
datasets:
  arrivals: {event_time: time_hour}
""",
        """\
datasets:
  arrivals: {source: {type: parquet, path: data/flights.parquet}, event_time: time_hour}
""",
    ),
    Code(
        "MLC103",
        "wrong-type",
        "A value has the wrong type.",
        (
            "Types are exact: '5' in quotes is text and no number, and yes or no are text in YAML 1.2, "
            "not true and false. A whole number may stand where a float is wanted."
        ),
        """\
training:
  late_arrival: {seed: "7"}
""",
        """\
training:
  late_arrival: {seed: 7}
""",
    ),
    Code(
        "MLC104",
        "unknown-choice",
        "A value that is not one of those allowed.",
        ("The key takes one of a fixed set of words. The help names the nearest, or all of them."),
        """\
datasets:
  flights: {source: {type: parket, path: data/flights.parquet}}
""",
        """\
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}}
""",
    ),
    Code(
        "MLC105",
        "out-of-range",
        "A value is outside of what is allowed.",
        ("The number, or the length of the text or list, is beyond the stated bounds."),
        """\
training:
  late_arrival: {split: {type: random, test: 1.5}}
""",
        """\
training:
  late_arrival: {split: {type: random, test: 0.2}}
""",
    ),
    Code(
        "MLC106",
        "bad-name",
        "A text does not have the required form.",
        (
            "Names of datasets, views, trainings, gates, models, stages and monitors begin with a letter "
            "and go on with letters, digits and underscores, at most 63, so that they are safe in Python, "
            "SQL, Kubernetes and on a shell. Other texts of fixed form, such as "
            "'package.module:function', are checked likewise."
        ),
        """\
datasets:
  my-flights: {source: {type: parquet, path: data/flights.parquet}}
""",
        """\
datasets:
  my_flights: {source: {type: parquet, path: data/flights.parquet}}
""",
    ),
    Code(
        "MLC107",
        "bad-duration",
        "A text is not a duration.",
        (
            "A duration is a sequence of whole numbers with units: w, d, h, m (minutes), s. It is elapsed "
            "time: there are no months or years, whose length varies."
        ),
        """\
features:
  origin_weather: {dataset: weather, entity: [origin], ttl: 3 hours}
""",
        """\
features:
  origin_weather: {dataset: weather, entity: [origin], ttl: 3h}
""",
    ),
    Code(
        "MLC108",
        "bad-timestamp",
        "A text is not a timestamp.",
        (
            "Timestamps follow RFC 3339: 2013-12-31T00:00:00Z, or a date alone. Without an offset they "
            "are in UTC."
        ),
        """\
training:
  late_arrival: {entities: {dataset: flights, until: 31.12.2013}}
""",
        """\
training:
  late_arrival: {entities: {dataset: flights, until: 2013-12-31T00:00:00Z}}
""",
    ),
    Code(
        "MLC109",
        "invalid-value",
        "Values that do not go together.",
        ("Each key is well formed, yet a rule over the entry is broken; the message says which."),
        """\
gates:
  good_enough: {type: metric, training: late_arrival, metric: roc_auc, min: 0.9, max: 0.5}
""",
        """\
gates:
  good_enough: {type: metric, training: late_arrival, metric: roc_auc, min: 0.5}
""",
    ),
    Code(
        "MLC110",
        "undefined-variable",
        "A variable is not declared.",
        (
            "Every ${vars.x}, every value that an environment gives and every --var on the command line "
            "needs a declaration under 'vars'."
        ),
        """\
vars:
  late_after: {type: int, default: 15}
training:
  late_arrival: {entities: {dataset: flights, label: "arr_delay > ${vars.late_aftr}"}}
""",
        """\
vars:
  late_after: {type: int, default: 15}
training:
  late_arrival: {entities: {dataset: flights, label: "arr_delay > ${vars.late_after}"}}
""",
    ),
    Code(
        "MLC111",
        "undefined-parameter",
        "A run-time parameter is not declared.",
        ("Every ${params.x} needs a declaration under 'parameters', with its type and usually a default."),
        """\
training:
  late_arrival: {entities: {dataset: flights, until: "${params.as_off}"}}
""",
        """\
parameters:
  as_of: {type: timestamp, default: 2013-12-31T00:00:00Z}
training:
  late_arrival: {entities: {dataset: flights, until: "${params.as_of}"}}
""",
    ),
    Code(
        "MLC112",
        "parameter-not-allowed",
        "A run-time parameter cannot stand here.",
        (
            "Names, types and the structure of the pipeline are settled when the spec is compiled; a run "
            "can only supply values such as dates, numbers and thresholds. Use a variable (${vars.x}) "
            "where the value may differ between environments."
        ),
        """\
parameters:
  table: {type: string, default: flights}
training:
  late_arrival: {seed: "${params.table}"}
""",
        """\
vars:
  seed: {type: int, default: 7}
training:
  late_arrival: {seed: "${vars.seed}"}
""",
    ),
    Code(
        "MLC113",
        "unknown-environment",
        "The environment is not declared.",
        ("The name given with -e, --environment is not a key under 'environments'."),
        """\
# mlopsc validate -e prdo
environments:
  prod: {vars: {late_after: 30}}
""",
        """\
# mlopsc validate -e prod
environments:
  prod: {vars: {late_after: 30}}
""",
    ),
    Code(
        "MLC114",
        "bad-reference",
        "A ${…} that cannot be read.",
        (
            "References are ${vars.name}, settled when the spec is compiled, and ${params.name}, settled "
            "when a run starts. There are no expressions, defaults or other namespaces. A literal ${ is "
            "written $${."
        ),
        """\
project: {name: flights, description: "uses ${env.HOME}"}
""",
        """\
project: {name: flights, description: "uses $${env.HOME}"}
""",
    ),
    Code(
        "MLC115",
        "variable-without-value",
        "A variable has no value.",
        (
            "The variable has no default, and neither the chosen environment nor the command line gives "
            "it a value."
        ),
        """\
vars:
  bucket: {type: string}
""",
        """\
vars:
  bucket: {type: string, default: local}
""",
    ),
    Code(
        "MLC116",
        "fixed-section",
        "An environment cannot change this section.",
        (
            "Environments override sections of the spec. They cannot change apiVersion, declare "
            "variables, or hold environments; they give variables values under their own 'vars'."
        ),
        """\
environments:
  prod: {apiVersion: mlopsc/v2}
""",
        """\
environments:
  prod: {project: {name: flights_prod}}
""",
    ),
    Code(
        "MLC117",
        "secret-literal",
        "A secret is written into the spec.",
        (
            "The spec is code: it is committed, copied into generated files and logged. Declare a handle "
            "under 'secrets' and refer to it as {secret: name}; its value is fetched when a step starts."
        ),
        """\
datasets:
  flights: {source: {type: parquet, path: "s3://bucket/flights.parquet", storage_options: {secret: hunter2}}}
""",
        """\
secrets:
  s3_key: {env: S3_KEY}
datasets:
  flights:
    source: {type: parquet, path: "s3://bucket/flights.parquet", storage_options: {secret: {secret: s3_key}}}
""",
    ),
    Code(
        "MLC118",
        "unknown-api-version",
        "The apiVersion is not one that this mlopsc knows.",
        (
            "The version of the language is the first thing that a reader needs to know. This release "
            "reads mlopsc/v1."
        ),
        """\
apiVersion: mlopsc/v9
""",
        """\
apiVersion: mlopsc/v1
""",
    ),
    Code(
        "MLC119",
        "bad-cron",
        "A text is not a cron expression.",
        (
            "A schedule has five fields: minute, hour, day of month, month, day of week. Each is '*', a number, a "
            "range, a list or a step. There are no seconds, and no words such as @daily."
        ),
        """\
monitors:
  weather_drift: {schedule: {cron: "0 25 * * *"}}
""",
        """\
monitors:
  weather_drift: {schedule: {cron: "0 3 * * *"}}
""",
    ),
    Code(
        "MLC120",
        "unknown-time-zone",
        "There is no such time zone.",
        (
            "Zones are named as in the IANA database, by continent and city, since abbreviations such as CET mean "
            "different things in different places."
        ),
        """\
datasets:
  flights: {timezone: America/NewYork}
""",
        """\
datasets:
  flights: {timezone: America/New_York}
""",
    ),
    Code(
        "MLC121",
        "loader-without-task",
        "An estimator has a loader and no task, or a task and no loader.",
        (
            "A function that trains by itself returns no estimator that would say what it is for: its `task` does. A "
            "function that returns an estimator needs neither."
        ),
        """\
training:
  late_arrival: {estimator: {python: "own:train", loader: "own:open_model"}}
""",
        """\
training:
  late_arrival: {estimator: {python: "own:train", loader: "own:open_model", task: classification}}
""",
    ),
    Code(
        "MLC122",
        "trusted-name",
        "A trusted type is not named by module and class.",
        (
            "Trust is given to single classes, by the module that defines them and their name. There are no patterns: "
            "what else a package has, or imports, would be trusted with it."
        ),
        """\
training:
  late_arrival: {trust: ["imblearn.*"]}
""",
        """\
training:
  late_arrival: {trust: [imblearn.pipeline.Pipeline]}
""",
    ),
    Code(
        "MLC123",
        "trusted-anyway",
        "A type is trusted that needs no trust.",
        (
            "Models may hold scikit-learn's types, and those of the project's own modules that the model's functions "
            "import. Trust is for estimators of other packages."
        ),
        """\
training:
  late_arrival: {trust: [sklearn.linear_model.Ridge]}
""",
        """\
training:
  late_arrival: {trust: [imblearn.pipeline.Pipeline]}
""",
        Severity.WARNING,
    ),
    Code(
        "MLC124",
        "refit-unregistered",
        "A training is refitted, and nothing registers it.",
        (
            "'refit' trains the model again on all rows after the gates judged the one that did not see the test "
            "part. The model of all rows is what the registry gets; without a registered model nobody would get it."
        ),
        """\
training:
  late_arrival: {refit: true}
registry: {}
monitors: {}
""",
        """\
training:
  late_arrival: {refit: true}
""",
    ),
    Code(
        "MLC125",
        "undeclared-slice",
        "A gate names slices that its training does not declare.",
        (
            "`slices` of a gate are names: those of entries of the training's `slices`, a column's where the entry has "
            "no name of its own. What is measured and what is judged are then divided alike. Columns go in `by`."
        ),
        """\
training:
  late_arrival: {slices: [{name: distances, column: distance, quantiles: 4}]}
gates:
  everywhere: {type: slice, training: late_arrival, metric: roc_auc, slices: [distance], min: 0.6}
""",
        """\
training:
  late_arrival: {slices: [{name: distances, column: distance, quantiles: 4}]}
gates:
  everywhere: {type: slice, training: late_arrival, metric: roc_auc, slices: [distances], min: 0.6}
""",
    ),
    Code(
        "MLC126",
        "divided-twice",
        "A gate says twice how rows are divided.",
        (
            "`by` divides rows by the values of columns, `slices` as the training declares. To judge both, write two "
            "gates."
        ),
        """\
training:
  late_arrival: {slices: [origin]}
gates:
  everywhere: {type: slice, training: late_arrival, metric: roc_auc, slices: [origin], by: [carrier], min: 0.6}
""",
        """\
training:
  late_arrival: {slices: [origin]}
gates:
  everywhere: {type: slice, training: late_arrival, metric: roc_auc, slices: [origin], min: 0.6}
""",
    ),
)
