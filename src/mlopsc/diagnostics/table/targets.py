"""Targets: what a target cannot express or reach."""

from mlopsc.diagnostics.table.code import Code

CODES = (
    Code(
        "MLC501",
        "unsupported-key",
        "The target cannot express this key.",
        (
            "Nothing is lost in translation: what a target has no counterpart for is refused at its line "
            "rather than dropped. Remove the key for this target, or compile for another."
        ),
        """\
training:
  late_arrival: {policy: {accelerator: {type: nvidia.com/gpu, count: 1}}}
targets:
  prefect: {work_pool: laptop}
""",
        """\
training:
  late_arrival: {policy: {cpu: 2}}
targets:
  prefect: {work_pool: laptop}
""",
    ),
    Code(
        "MLC502",
        "unreachable-infrastructure",
        "The target's workers cannot reach this place.",
        (
            "Steps on a cluster run on other machines: a SQLite file, a local folder as a store, or "
            "localhost is not there. Give a URL that they reach, or leave the key out and set "
            "MLOPSC_REGISTRY_URL and MLOPSC_STORE_URL for the workers."
        ),
        """\
infrastructure: {registry: "sqlite:///registry.db"}
targets: {kfp: {image: "registry.example.com/flights:1.0"}}
""",
        """\
infrastructure: {registry: "postgresql://db.example.com/registry"}
targets: {kfp: {image: "registry.example.com/flights:1.0"}}
""",
    ),
    Code(
        "MLC503",
        "unreachable-data",
        "The target's workers cannot reach this data.",
        (
            "A relative path names a file of the project, which travels in the image as long as it is "
            "small. This file is too large for that, or lies outside: put it where the workers can read "
            "it."
        ),
        """\
datasets:
  flights: {source: {type: parquet, path: data/flights_20gb.parquet}}
""",
        """\
datasets:
  flights: {source: {type: parquet, path: "s3://bucket/flights.parquet"}}
""",
    ),
    Code(
        "MLC504",
        "unknown-target",
        "There is no such target.",
        (
            "Targets are the installed backends: local, prefect, kfp, docker, kubernetes, feast, and those of other "
            "packages in the entry-point group 'mlopsc.backends'."
        ),
        """\
targets:
  kubeflow: {image: "registry.example.com/flights:1.0"}
""",
        """\
targets:
  kfp: {image: "registry.example.com/flights:1.0"}
""",
    ),
    Code(
        "MLC505",
        "bad-identifier",
        "A name that the target cannot take.",
        (
            "The name, or what is made of it, breaks a rule of the target: a reserved word, a length "
            "limit, or two names that the target's own spelling makes equal."
        ),
        """\
datasets:
  class: {source: {type: parquet, path: data/class.parquet}}
""",
        """\
datasets:
  classes: {source: {type: parquet, path: data/class.parquet}}
""",
    ),
    Code(
        "MLC506",
        "placeholder-text",
        "The target would expand this text.",
        (
            "The value contains characters that the target takes for a placeholder of its own ('{{$' on "
            "KFP), and this place offers no way to escape them."
        ),
        """\
parameters:
  tag: {type: string, default: "{{$.run}}"}
""",
        """\
parameters:
  tag: {type: string, default: run}
""",
    ),
    Code(
        "MLC507",
        "missing-target-setting",
        "The target needs a setting.",
        ("Steps of this target run in a container, and no image is named under 'targets'."),
        """\
targets: {kfp: {}}
""",
        """\
targets: {kfp: {image: "registry.example.com/flights:1.0"}}
""",
    ),
    Code(
        "MLC508",
        "unreachable-secret",
        "The target cannot supply this secret.",
        (
            "A secret from a file of this machine, or from its environment, is not there on a worker. "
            "Name the target's own secret that holds it."
        ),
        """\
secrets: {registry_url: {file: /home/ops/registry-url}}
""",
        """\
secrets: {registry_url: {env: REGISTRY_URL}}
""",
    ),
    Code(
        "MLC509",
        "beyond-the-engine",
        "The engine cannot compute this SQL.",
        (
            "With `infrastructure.engine` of type spark, Spark computes tables, with DuckDB's results. Rows have no "
            "order there, and some aggregates have no counterpart: what cannot give the same result is refused "
            "rather than changed. Say the order, use another aggregate, or compute the table in a `python:` view."
        ),
        """\
infrastructure: {engine: {type: spark, master: "local[2]"}}
features:
  names: {sql: "SELECT origin, string_agg(carrier, ',') AS carriers FROM flights GROUP BY origin"}
""",
        """\
infrastructure: {engine: {type: spark, master: "local[2]"}}
features:
  names: {sql: "SELECT origin, max(carrier) AS last_carrier FROM flights GROUP BY origin"}
""",
    ),
)
