"""Stages as aliases."""

import pytest

from mlopsc.runtime.tracking.mirror import alias_of

pytestmark = pytest.mark.mlflow


@pytest.mark.parametrize(
    ("stage", "alias"),
    [("production", "production"), ("Latest", "stage_Latest"), ("v2", "stage_v2"), ("v2b", "v2b")],
)
def test_a_stage_whose_name_mlflow_keeps_for_itself_has_a_prefix(stage, alias):
    from mlflow.utils.validation import _validate_model_alias_name_reserved

    assert alias_of(stage) == alias
    _validate_model_alias_name_reserved(alias)
