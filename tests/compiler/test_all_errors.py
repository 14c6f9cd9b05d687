# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

from tests.specs import told

PLANTED = """\
apiVersion: mlopsc/v1
project: {name: flights, ownr: ops-ml}
vars:
  late_after: {type: int, default: soon}
  limit: {type: float, default: 2.5}
parameters:
  as_of: {type: timestamp, default: 2013-12-31}
datasets:
  flights:
    source: {type: parquet, path: data/flights.parquet}
    event_time: time_hour
    columns:
      distnce: {type: float64}
    checks:
      - {expect: column_mean_to_be_between, column: carrier, min_value: 0}
  weather:
    source: {type: parquet, path: data/weather.parquet}
    event_time: time_hour
    ttl: 3h
  gone: {source: {type: csv, path: data/text.cvs}}
features:
  origin_weather: {dataset: weather, entity: [origin], ttl: 3 hours, columns: [visib]}
  wind: {dataset: weather, entity: [origin], columns: [wind_sped]}
  daily: {sql: "select origin, avg(distance) as far from flihgts group by origin"}
training:
  late_arrival:
    entities: {dataset: flights, label: "arr_dely > ${vars.limit}", until: "${params.as_of}"}
    features: [origin_weather, wind, distance, hour]
    estimator: sklearn.linear_model.LogisticRegression
    params: {c: 1.0, max_iter: "${vars.late_after}"}
    metrics: [roc_auc, rmse]
  broken: {entities: {dataset: flights, label: arr_delay > 15}, features: [hour], metrics: [f1], seed: "7"}
gates:
  good_enough: {type: metric, training: late_arrival, metric: f1, min: 0.65}
registry:
  late_arrival:
    training: late_arrival
    stages: {staging: {gates: [good_enogh]}, production: {gates: [good_enough]}}
monitors:
  drift:
    model: late_arrival
    stage: stagin
    current: {dataset: flights, window: 30d, until: "${params.as_off}"}
  nightly:
    model: late_arrival
    stage: staging
    current: {dataset: flights}
    schedule: {cron: "0 3 * * 9"}
targets:
  kubeflow: {}
"""


def test_all_errors_of_a_spec_come_in_one_run_and_nothing_follows_from_them(tmp_path: Path) -> None:
    assert told(tmp_path, PLANTED) == [
        "MLC101 «ownr» unknown key 'ownr' | did you mean 'owner'?",
        "MLC103 «soon» variable 'late_after': expected a whole number, found text 'soon'",
        "MLC301 «distnce» 'flights' has no column 'distnce' | did you mean 'distance'?",
        "MLC302 «carrier» `column_mean_to_be_between` needs numbers, column 'carrier' is string",
        "MLC101 «ttl» unknown key 'ttl' | keys here are checks, columns, description, event_time, on_failure, policy, primary_key, source, timezone",
        "MLC603 «data/text.cvs» no such file: 'data/text.cvs' | did you mean 'data/text.csv'?",
        "MLC107 «3 hours» expected a duration such as 30d, 3h, 15m or 1h30m, found '3 hours'",
        "MLC301 «wind_sped» 'weather' has no column 'wind_sped' | did you mean 'wind_speed'?",
        "MLC201 «flihgts» unknown dataset or view 'flihgts' | did you mean 'flights'?",
        "MLC304 «arr_dely» unknown column 'arr_dely' | did you mean 'arr_delay'?",
        "MLC311 «c» unknown parameter 'c' | did you mean 'C'?",
        "MLC310 «rmse» scikit-learn has no scorer 'rmse' | did you mean 'neg_root_mean_squared_error'?",
        "MLC102 «broken» 'broken' lacks the key 'estimator'",
        "MLC103 «\"7\"» expected a whole number, found text '7' | write 7, without quotes",
        "MLC211 «f1» training 'late_arrival' does not compute the metric 'f1' | it computes rmse, roc_auc",
        "MLC204 «good_enogh» unknown gate 'good_enogh' | did you mean 'good_enough'?",
        "MLC206 «stagin» model 'late_arrival' has no stage 'stagin' | did you mean 'staging'?",
        "MLC111 «${params.as_off}» undefined parameter 'as_off' | did you mean 'as_of'?",
        "MLC119 «\"0 3 * * 9\"» '0 3 * * 9' is no cron expression: bad day-of-week | five fields: minute, hour, day of month, month, day of week, as in '0 3 * * 1' (Mondays at 3:00)",
        "MLC504 «kubeflow» unknown target 'kubeflow' | installed: docker, feast, kfp, kubernetes, local, prefect",
    ]
