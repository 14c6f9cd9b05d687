"""The same model with a new seed is promoted at most 5 % of the time, and a better one is promoted."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.linear_model import SGDClassifier
from sklearn.tree import DecisionTreeClassifier

from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.gates.paired import bootstrap, permutation
from mlopsc.runtime.learning.scored import Scored
from mlopsc.vocabulary.gates import ChampionGate

CLASSES = np.array([False, True])


def gate(**more):
    given = {"type": "champion", "training": "t", "metric": "accuracy", "resamples": 200}
    return ChampionGate.model_validate(given | more)


def scored(truth, said):
    return Scored(np.arange(len(truth), dtype=np.uint64), truth, {"predict": said}, CLASSES)


def promoted(tested, mine, theirs, project):
    better = float(
        (mine.truth == mine.said["predict"]).mean() - (theirs.truth == theirs.said["predict"]).mean()
    )
    if better < 0:
        return False
    if tested.test == "permutation":
        return permutation(tested, "accuracy", mine, theirs, 1.0, better, project).passed
    return bootstrap(tested, "accuracy", mine, theirs, 1.0, 0.0, project).passed


@pytest.mark.parametrize("test", ["paired_bootstrap", "permutation"])
@pytest.mark.parametrize("level", [0.95, 0.99])
def test_models_that_are_right_equally_often_are_promoted_as_rarely_as_the_level_says(test, level, tmp_path):
    random = np.random.default_rng(11)
    wins, repeats = 0, 300
    for _ in range(repeats):
        truth = random.random(200) < 0.5
        mine, theirs = (scored(truth, truth ^ (random.random(200) < 0.2)) for _ in range(2))
        wins += promoted(gate(test=test, level=level), mine, theirs, tmp_path)
    share = 1 - level
    assert wins / repeats <= share + 2 * np.sqrt(share * (1 - share) / repeats)


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: DecisionTreeClassifier(max_depth=6, max_features=3, random_state=seed),
        lambda seed: SGDClassifier(loss="log_loss", random_state=seed),
    ],
    ids=["tree", "sgd"],
)
def test_the_same_training_with_a_new_seed_is_promoted_at_most_one_time_in_twenty(make, tmp_path):
    """A seed divides the rows anew and trains anew: compared on the test rows that neither was trained on."""
    random = np.random.default_rng(5)
    wins, repeats, trainings = 0, 240, 24
    for _ in range(repeats // trainings):
        table = random.normal(size=(2000, 8))
        signal = table[:, 0] + table[:, 1] * table[:, 2] + 0.5 * table[:, 3]
        truth = signal + random.normal(size=2000) > 0
        before = None
        for seed in range(trainings + 1):
            test = np.zeros(2000, dtype=bool)
            test[np.random.RandomState(seed).permutation(2000)[:600]] = True
            said = make(seed).fit(table[~test], truth[~test]).predict(table)
            if before is not None:
                rows = test & before[0]
                mine, theirs = (scored(truth[rows], one[rows]) for one in (said, before[1]))
                wins += promoted(gate(), mine, theirs, tmp_path)
            before = test, said
    assert wins / repeats <= 0.05


def test_the_same_rows_with_a_new_seed_are_never_promoted(workbench):
    table, test = workbench.sample("train", 300), workbench.sample("test", 2000, 5000)
    tree = {"estimator": "sklearn.tree.DecisionTreeClassifier", "params": {"max_features": 1, "max_depth": 4}}
    models = [workbench.train(table, f"model{seed}", seed=seed, **tree) for seed in range(6)]
    for champion, candidate in pairwise(models):
        found = read_json(workbench.judge_champion(candidate, champion, test))
        assert found["verdict"] == "fail"
        assert "is the champion trained again on the same rows, with seed" in found["reason"]
    other = workbench.train(table, "other", seed=9, estimator=tree["estimator"], params={"max_depth": 4})
    assert "trained again" not in read_json(workbench.judge_champion(other, models[0], test))["reason"]


@pytest.mark.parametrize("test", ["paired_bootstrap", "permutation"])
def test_a_model_that_is_clearly_better_is_promoted(test, tmp_path):
    random = np.random.default_rng(2)
    truth = random.random(1000) < 0.5
    mine, theirs = (scored(truth, truth ^ (random.random(1000) < wrong)) for wrong in (0.1, 0.2))
    assert promoted(gate(test=test), mine, theirs, tmp_path)
    assert not promoted(gate(test=test), mine, mine, tmp_path)
