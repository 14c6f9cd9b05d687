from mlopsc.runtime.drift.profile import load_profile


def test_the_profile_has_the_features_and_only_those(workbench):
    path = workbench.profile(workbench.sample("train"))
    profile = load_profile(path.read_bytes())
    assert set(profile.columns) == {"a", "b", "c"}
    assert profile.rows == 400


def test_the_profile_is_the_same_twice(workbench):
    table = workbench.sample("train")
    assert workbench.profile(table).read_bytes() == workbench.profile(table).read_bytes()
