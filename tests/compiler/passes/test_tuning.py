# ruff: noqa: E501 - one diagnostic is one line
import pytest

from tests.specs import SMALL, merged, told

GRID = "search: grid, space: {C: {choice: [0.1, 1]}}"


def tuned(fragment, rest="apiVersion: mlopsc/v1"):
    return merged(merged(SMALL, f"training: {{late: {{tune: {{{fragment}}}}}}}"), rest)


@pytest.mark.parametrize(
    ("tune", "expected"),
    [
        pytest.param(GRID, [], id="nothing to say"),
        pytest.param(
            "search: random, trials: 9, space: {Cs: {loguniform: [1.0e-3, 1]}}",
            ["MLC311 «Cs» unknown parameter 'Cs'"],
            id="no such parameter",
        ),
        pytest.param(
            "search: random, trials: 9, space: {C: {float: [0, 1]}, max_iter: {int: [-1, 100]}}",
            [
                "MLC312 «0» C must be a number greater than 0, found 0.0",
                "MLC312 «-1» max_iter must be an integer at least 0, found -1",
            ],
            id="an end that the estimator does not take",
        ),
        pytest.param(
            "search: grid, space: {solver: {choice: [lbfgs, lbfg]}, C: {choice: [1, x]}}",
            [
                "MLC312 «lbfg» solver must be one of 'lbfgs', 'liblinear', 'newton-cg', 'newton-cholesky', 'sag', 'saga', found 'lbfg' | did you mean 'lbfgs'?",
                "MLC312 «x» C must be a number greater than 0, found 'x'",
            ],
            id="a choice that the estimator does not take",
        ),
        pytest.param(
            "search: grid, space: {C: {loguniform: [0.1, 1]}, l1_ratio: {float: [0, 1]}, max_iter: {int: [1, 9], log: true}}",
            [
                "MLC331 «C» a grid cannot list the values of 'C' | use `choice`, `int`, or `float` with a `step`; or `search: random`",
                "MLC331 «l1_ratio» a grid cannot list the values of 'l1_ratio' | use `choice`, `int`, or `float` with a `step`; or `search: random`",
                "MLC331 «max_iter» a grid cannot list the values of 'max_iter' | use `choice`, `int`, or `float` with a `step`; or `search: random`",
            ],
            id="no grid",
        ),
        pytest.param(
            f"{GRID}, metric: accuracy",
            ["MLC332 «accuracy» 'accuracy' is no metric of this training | it has roc_auc"],
            id="another metric",
        ),
        pytest.param(
            f"{GRID}, cv: {{type: kfold}}",
            [
                "MLC333 «cv» folds of type `kfold` mix later rows with others, which the split keeps apart | leave `cv.type` out, or say `type: time`: else scores promise too much"
            ],
            id="folds that mix times",
        ),
        pytest.param(
            f"{GRID}, cv: {{type: group}}",
            [
                "MLC333 «cv» folds by group need the groups of a split by group | split by group too: `split: {type: group, by: COLUMN}`; or choose another `cv`"
            ],
            id="no groups",
        ),
        pytest.param(
            "search: random, trials: 3, space: {C: {choice: [0.1, 1]}}",
            ["MLC334 «3» 3 trials of a space that has 2 combinations | `search: grid` tries all of them"],
            id="more trials than combinations",
        ),
        pytest.param(
            "search: grid, space: {max_iter: {int: [1, 20000]}}",
            [
                "MLC334 «space» the grid has 20000 combinations: expected 10000 at most | list fewer values, or draw some of the combinations: `search: random`"
            ],
            id="too large a grid",
        ),
        pytest.param(
            "search: tpe, trials: 3, space: {C: {choice: [0.1, 1]}}",
            ["MLC334 «3» 3 trials of a space that has 2 combinations | `search: grid` tries all of them"],
            id="more proposals than combinations",
        ),
        pytest.param(
            "search: halving, trials: 9, rungs: 4, space: {C: {loguniform: [0.1, 1]}}",
            [
                "MLC335 «4» 9 trials cannot be halved on 4 rungs by 3: 3 at most | leave `rungs` out, or say more `trials`, a smaller `factor` or a greater `max`"
            ],
            id="more rungs than trials allow",
        ),
        pytest.param(
            "search: halving, trials: 3, factor: 4, space: {C: {loguniform: [0.1, 1]}}",
            [
                "MLC335 «3» 3 trials cannot be halved by 4: all would be on one rung | say more `trials`, a smaller `factor` or a greater `max`; or `search: random`"
            ],
            id="one rung",
        ),
        pytest.param(
            "search: halving, trials: 9, resource: {param: C, max: 90}, space: {C: {loguniform: [0.1, 1]}}",
            [
                "MLC336 «C» 'C' grows from rung to rung, and is said otherwise as well | leave the other one out"
            ],
            id="what grows is searched for",
        ),
        pytest.param(
            "search: halving, trials: 9, resource: {param: max_itre, max: 90}, space: {C: {loguniform: [0.1, 1]}}",
            ["MLC336 «max_itre» unknown parameter 'max_itre' | did you mean 'max_iter'?"],
            id="nothing grows by that name",
        ),
        pytest.param(
            "search: halving, trials: 9, resource: {param: penalty, max: 90}, space: {C: {loguniform: [0.1, 1]}}",
            [
                "MLC336 «penalty» penalty must be one of 'elasticnet', 'l1', 'l2' or null, found 10 | name one that makes a fit costlier and better, such as n_estimators or max_iter"
            ],
            id="what does not grow",
        ),
        pytest.param(
            "search: random, trials: 9, time: 0s, nested: 1, space: {C: {loguniform: [0.1, 1]}}",
            [
                "MLC107 «0s» expected a duration greater than 0s",
                "MLC105 «1» must be greater than or equal to 2, found the number 1",
            ],
            id="no time, no outer folds",
        ),
        pytest.param(
            "search: gird, space: {C: {choice: [1]}}",
            [
                "MLC104 «gird» expected one of grid, random, halving, tpe, found text 'gird' | did you mean 'grid'?"
            ],
            id="no such search",
        ),
        pytest.param(
            "search: random, space: {C: {loguniform: [1, 0.1]}}",
            [
                "MLC102 «tune» 'tune' lacks the key 'trials'",
                "MLC109 «C» expected two finite numbers, the lower one first, found [1.0, 0.1]",
            ],
            id="no number of trials",
        ),
        pytest.param(
            "search: grid, space: {C: {int: [5, 1]}, max_iter: {loguniform: [0, 1]}, tol: {flaot: [1, 2]}}",
            [
                "MLC109 «C» expected two finite numbers, the lower one first, found [5, 1]",
                "MLC109 «max_iter» `loguniform` needs positive numbers, found 0",
                "MLC101 «flaot» unknown key 'flaot' | did you mean 'float'?",
            ],
            id="spaces that are none",
        ),
        pytest.param(
            "search: grid, trials: 3, space: {C: {choice: [1]}}",
            [
                "MLC101 «trials» unknown key 'trials' | keys here are cv, metric, nested, parallel, search, seed, space, time"
            ],
            id="a key of another search",
        ),
    ],
)
def test_what_is_said_of_a_search(tmp_path, tune, expected):
    assert told(tmp_path, tuned(tune)) == expected


def test_a_parameter_is_given_or_searched_for(tmp_path):
    assert told(tmp_path, tuned(GRID, "training: {late: {params: {C: 2}}}")) == [
        "MLC330 «C» 'C' is given under `params` and searched for as well | leave one of the two out"
    ]


def test_what_must_be_given_may_be_searched_for(tmp_path):
    bagging = "training: {late: {estimator: sklearn.multioutput.ClassifierChain}}"
    found = told(tmp_path, tuned("search: grid, space: {estimator: {choice: [a, b]}}", bagging))
    assert not [line for line in found if "must be given" in line]


def test_stratified_folds_need_classes(tmp_path):
    number = "training: {late: {entities: {label: distance}, split: {type: random}, estimator: sklearn.linear_model.Ridge, metrics: [r2]}}"
    found = told(
        tmp_path, tuned("search: grid, space: {alpha: {choice: [1]}}, cv: {type: stratified}", number)
    )
    assert [line for line in found if line.startswith("MLC333")] == [
        "MLC333 «cv» stratified folds need classes, the label is a number | use `kfold` or `time`"
    ]


def test_time_folds_need_an_event_time(tmp_path):
    text = tuned(f"{GRID}, cv: {{type: time}}", "training: {late: {split: {type: random}}}")
    text = text.replace("event_time: time_hour", "timezone: UTC")
    found = [line for line in told(tmp_path, text) if line.startswith("MLC333")]
    assert found == [
        "MLC333 «cv» 'flights' has no event time to make folds by | declare `event_time` on 'flights', or choose another `cv`"
    ]


def test_tpe_needs_optuna_where_steps_run(tmp_path, monkeypatch):
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "optuna" else found(name, *rest)
    )
    assert told(tmp_path, tuned("search: tpe, trials: 9, space: {C: {loguniform: [0.1, 1]}}")) == [
        "MLC608? «tpe» `search: tpe` asks 'optuna', which is not installed here | pip install 'mlopsc[tune]' where steps run"
    ]


@pytest.mark.parametrize("other", ["late_r0", "late_outer1", "late_outer1_r2"])
def test_trials_of_two_searches_are_told_apart(tmp_path, other):
    def clashes(more):
        late = merged(SMALL, f"training: {{late: {{tune: {{{GRID}{more}}}}}}}")
        text = late.replace("  late:\n", f"  {other}: &late\n", 1) + "  late: *late\n"
        return [line for line in told(tmp_path, text) if line.startswith("MLC209")]

    assert clashes("") == []
    assert clashes(", nested: 3") == [
        f"MLC209 «{other}» trials of '{other}' could be called as some of 'late' are | rename one of the trainings"
    ]
