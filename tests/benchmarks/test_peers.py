"""Each peer's environment holds what comparisons need, apart from mlopsc's own."""

import pytest

from tests.peers import ROOT, VARIABLE, Peer, peer_python, run_peer

_SCRIPTS: dict[Peer, str] = {
    "gx": """
import great_expectations as gx, pandas
frame = pandas.DataFrame({"n": [1, 2, None]})
context = gx.get_context(mode="ephemeral")
asset = context.data_sources.add_pandas("here").add_dataframe_asset("frame")
batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
print(batch.validate(gx.expectations.ExpectColumnValuesToNotBeNull(column="n")).result["unexpected_count"])
""",
    "pandera": """
import pandera.polars as pa, polars as pl
try:
    pa.DataFrameSchema({"n": pa.Column(int, pa.Check.gt(1))}).validate(pl.DataFrame({"n": [1, 2]}), lazy=True)
except pa.errors.SchemaErrors as faults:
    print(len(faults.failure_cases))
""",
    "feast": """
import feast
from feast.infra.offline_stores import dask, duckdb
print(len([dask.DaskOfflineStore, duckdb.DuckDBOfflineStore, feast.FeatureStore]) - 2)
""",
}


@pytest.mark.peers
@pytest.mark.parametrize("peer", ["gx", "pandera", "feast"])
def test_a_peer_works_in_its_environment(peer: Peer, tmp_path) -> None:
    assert run_peer(peer, _SCRIPTS[peer], folder=tmp_path).strip() == "1"


def test_a_missing_environment_skips_and_says_what_installs_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="make bench-peers"):
        peer_python("gx")


def test_every_peer_has_its_requirements() -> None:
    tried_with_sources = {"dvc"}
    named = {path.stem for path in (ROOT / "tests/benchmarks/peers").glob("*.txt")}
    assert named == {*_SCRIPTS, *tried_with_sources}
