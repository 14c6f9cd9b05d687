"""Names: references to things that are not declared."""

from mlopsc.diagnostics.table.code import Code

CODES = (
    Code(
        "MLC201",
        "unknown-dataset",
        "A dataset is not declared.",
        ("References are bare names of entries under 'datasets'. The help names the nearest."),
        """\
features:
  origin_weather: {dataset: weathr, entity: [origin], columns: [visib]}
""",
        """\
features:
  origin_weather: {dataset: weather, entity: [origin], columns: [visib]}
""",
    ),
    Code(
        "MLC202",
        "unknown-feature",
        "A feature is neither a view nor a column of the entities.",
        (
            "Each entry of a training's features names a view under 'features' or a column of its "
            "entities table."
        ),
        """\
training:
  late_arrival: {features: [origin_wether]}
""",
        """\
training:
  late_arrival: {features: [origin_weather]}
""",
    ),
    Code(
        "MLC203",
        "unknown-training",
        "A training is not declared.",
        ("Gates and registered models name an entry under 'training'."),
        """\
gates:
  good_enough: {type: metric, training: late_arival, metric: roc_auc, min: 0.65}
""",
        """\
gates:
  good_enough: {type: metric, training: late_arrival, metric: roc_auc, min: 0.65}
""",
    ),
    Code(
        "MLC204",
        "unknown-gate",
        "A gate is not declared.",
        ("A stage lists names of entries under 'gates', all of which a version has to pass."),
        """\
registry:
  late_arrival: {training: late_arrival, stages: {staging: {gates: [good_enuf]}}}
""",
        """\
registry:
  late_arrival: {training: late_arrival, stages: {staging: {gates: [good_enough]}}}
""",
    ),
    Code(
        "MLC205",
        "unknown-model",
        "A model is not declared.",
        ("Monitors name an entry under 'registry', whose versions carry the reference profile."),
        """\
monitors:
  weather_drift: {model: late_arival, stage: staging}
""",
        """\
monitors:
  weather_drift: {model: late_arrival, stage: staging}
""",
    ),
    Code(
        "MLC206",
        "unknown-stage",
        "The model has no such stage.",
        ("Stages are those that the model lists under 'registry', in order."),
        """\
monitors:
  weather_drift: {model: late_arrival, stage: stagin}
""",
        """\
monitors:
  weather_drift: {model: late_arrival, stage: staging}
""",
    ),
    Code(
        "MLC207",
        "unknown-secret",
        "A secret is not declared.",
        (
            "{secret: name} refers to a handle under 'secrets', which says where the value comes from "
            "when a step starts."
        ),
        """\
secrets: {s3_key: {env: S3_KEY}}
datasets:
  flights: {source: {type: parquet, path: "s3://b/f.parquet", storage_options: {key: {secret: s3_kee}}}}
""",
        """\
secrets: {s3_key: {env: S3_KEY}}
datasets:
  flights: {source: {type: parquet, path: "s3://b/f.parquet", storage_options: {key: {secret: s3_key}}}}
""",
    ),
    Code(
        "MLC208",
        "already-defined",
        "The name is taken.",
        (
            "Two entries that share a namespace have the same name. Datasets and views are both tables to "
            "SQL; the second span shows the other definition."
        ),
        """\
datasets:
  weather: {source: {type: parquet, path: data/weather.parquet}}
features:
  weather: {dataset: weather, entity: [origin], columns: [visib]}
""",
        """\
datasets:
  weather: {source: {type: parquet, path: data/weather.parquet}}
features:
  origin_weather: {dataset: weather, entity: [origin], columns: [visib]}
""",
    ),
    Code(
        "MLC209",
        "ambiguous-name",
        "A name could mean two things.",
        (
            "A feature that is both the name of a view and a column of the entities could mean either; a champion "
            "gate that guards several stages has several champions; two trainings could have steps of one name. Rename "
            "or split one."
        ),
        """\
features:
  carrier: {dataset: weather, entity: [origin], columns: [visib]}
training:
  late_arrival: {features: [carrier]}
""",
        """\
features:
  visibility: {dataset: weather, entity: [origin], columns: [visib]}
training:
  late_arrival: {features: [visibility, carrier]}
""",
    ),
    Code(
        "MLC210",
        "gate-of-other-training",
        "A stage's gate judges another training.",
        (
            "A stage lets in versions of the model's own training; a gate on another training would judge "
            "the wrong candidate."
        ),
        """\
gates:
  good_enough: {type: metric, training: delay, metric: r2, min: 0.65}
registry:
  late_arrival: {training: late_arrival, stages: {staging: {gates: [good_enough]}}}
""",
        """\
gates:
  good_enough: {type: metric, training: late_arrival, metric: roc_auc, min: 0.65}
registry:
  late_arrival: {training: late_arrival, stages: {staging: {gates: [good_enough]}}}
""",
    ),
    Code(
        "MLC211",
        "metric-not-computed",
        "A gate's metric is not computed.",
        (
            "The gate reads the metric from the training's evaluation, which computes those listed under "
            "'metrics' only."
        ),
        """\
training:
  late_arrival: {metrics: [average_precision]}
gates:
  good_enough: {type: metric, training: late_arrival, metric: roc_auc, min: 0.65}
""",
        """\
training:
  late_arrival: {metrics: [average_precision, roc_auc]}
gates:
  good_enough: {type: metric, training: late_arrival, metric: roc_auc, min: 0.65}
""",
    ),
    Code(
        "MLC212",
        "cycle",
        "Definitions depend on each other in a circle.",
        (
            "A view is computed of datasets and other views; somewhere that has to begin. The message "
            "lists the circle."
        ),
        """\
features:
  a: {sql: select * from b}
  b: {sql: select * from a}
""",
        """\
features:
  a: {sql: select * from weather}
  b: {sql: select * from a}
""",
    ),
    Code(
        "MLC213",
        "unknown-function",
        "A user function cannot be found.",
        (
            "'python: package.module:function' names a module in the project's folder and a function in "
            "it. The module's text is read, not run, when the spec is checked."
        ),
        """\
datasets:
  orders: {source: {type: python, python: "loaders:lod_orders"}}
""",
        """\
datasets:
  orders: {source: {type: python, python: "loaders:load_orders"}}
""",
    ),
    Code(
        "MLC214",
        "not-a-function",
        "A reference to user code leads to data.",
        (
            "Sources, transforms, estimators and metrics of your own are functions: mlopsc calls them. The name "
            "is bound to a text, a number, a list or a map instead."
        ),
        """\
training:
  late_arrival: {estimator: {python: "models:SETTINGS"}}
""",
        """\
training:
  late_arrival: {estimator: {python: "models:winsorized"}}
""",
    ),
    Code(
        "MLC215",
        "gate-of-other-data",
        "A data gate names what its training is not trained on.",
        (
            "The gate judges what the checks of the training's data found: of the dataset of its entities, of those "
            "that its features are joined from, and of those that views are made of."
        ),
        """\
gates:
  clean: {type: data, training: late_arrival, datasets: [fligths], min_passed: 0.9}
""",
        """\
gates:
  clean: {type: data, training: late_arrival, datasets: [flights], min_passed: 0.9}
""",
    ),
    Code(
        "MLC218",
        "signature-unfit",
        "A gate's function cannot be called with what it is given.",
        (
            "A gate calls its function by the names of its parameters: it offers 'metrics', 'evaluation', 'model', "
            "'test' and 'labels', and `args` gives the others. The function's text is read, not run."
        ),
        """\
gates:
  calm: {type: python, training: late_arrival, python: "rules:calm", args: {leats: 3}}
""",
        """\
gates:
  calm: {type: python, training: late_arrival, python: "rules:calm", args: {least: 3}}
""",
    ),
)
