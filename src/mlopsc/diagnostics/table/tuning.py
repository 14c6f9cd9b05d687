"""Searches for parameters: the space, the folds, and what is made as good as can be."""

from mlopsc.diagnostics.table.code import Code

CODES = (
    Code(
        "MLC330",
        "tuned-and-given",
        "A parameter is both given and searched for.",
        (
            "What 'tune.space' names is drawn anew for each trial, and the value under 'params' would never be "
            "used. One of the two is not meant."
        ),
        """\
training:
  late_arrival:
    params: {max_iter: 200}
    tune: {search: grid, space: {max_iter: {choice: [100, 200]}}}
""",
        """\
training:
  late_arrival:
    params: {max_iter: 200}
    tune: {search: grid, space: {max_leaf_nodes: {choice: [15, 31]}}}
""",
    ),
    Code(
        "MLC331",
        "not-a-grid",
        "A grid needs values that can be listed.",
        (
            "A grid tries every combination: of 'choice', of whole numbers, of numbers with a 'step'. Between two "
            "numbers of 'float', 'loguniform' or a logarithmic 'int' there are too many; 'random' draws from them."
        ),
        """\
training:
  late_arrival:
    tune: {search: grid, space: {learning_rate: {loguniform: [1.0e-3, 1]}}}
""",
        """\
training:
  late_arrival:
    tune: {search: random, trials: 20, space: {learning_rate: {loguniform: [1.0e-3, 1]}}}
""",
    ),
    Code(
        "MLC332",
        "metric-not-measured",
        "A search is after a metric that the training does not name.",
        (
            "The metric that a search makes as good as can be is one of the training's own, so that the test part "
            "tells how much of the gain is real."
        ),
        """\
training:
  late_arrival:
    metrics: [roc_auc, average_precision, neg_brier_score]
    tune: {search: random, trials: 20, metric: f1, space: {max_leaf_nodes: {int: [7, 63]}}}
""",
        """\
training:
  late_arrival:
    metrics: [roc_auc, average_precision, neg_brier_score]
    tune: {search: random, trials: 20, metric: roc_auc, space: {max_leaf_nodes: {int: [7, 63]}}}
""",
    ),
    Code(
        "MLC333",
        "folds-do-not-suit",
        "Folds cannot be made in the way that is asked for.",
        (
            "'stratified' folds need classes, 'time' folds an event time, 'group' folds the groups of a split by "
            "group. Folds that mix what the split keeps apart would promise more than the test part holds."
        ),
        """\
training:
  late_arrival:
    split: {type: time, test: 30d}
    tune: {search: random, trials: 20, cv: {type: group}, space: {max_leaf_nodes: {int: [7, 63]}}}
""",
        """\
training:
  late_arrival:
    split: {type: time, test: 30d}
    tune: {search: random, trials: 20, cv: {type: time, folds: 3}, space: {max_leaf_nodes: {int: [7, 63]}}}
""",
    ),
    Code(
        "MLC334",
        "trials-and-combinations",
        "The number of trials does not suit the space.",
        (
            "A space of listed values has so many combinations and no more, and a random search tries none of them "
            "twice. A search makes ten thousand trials at most."
        ),
        """\
training:
  late_arrival:
    tune: {search: random, trials: 20, space: {max_leaf_nodes: {choice: [15, 31, 63]}}}
""",
        """\
training:
  late_arrival:
    tune: {search: grid, space: {max_leaf_nodes: {choice: [15, 31, 63]}}}
""",
    ),
    Code(
        "MLC335",
        "rungs-do-not-suit",
        "Successive halving has more rungs than its trials allow.",
        (
            "On each rung one candidate in 'factor' goes on to the next, until one is left: 27 trials and a factor of "
            "3 make four rungs, of 27, 9, 3 and 1. A parameter that grows must not fall below one on the first."
        ),
        """\
training:
  late_arrival:
    tune: {search: halving, trials: 9, rungs: 4, space: {max_leaf_nodes: {int: [7, 63]}}}
""",
        """\
training:
  late_arrival:
    tune: {search: halving, trials: 27, rungs: 4, space: {max_leaf_nodes: {int: [7, 63]}}}
""",
    ),
    Code(
        "MLC336",
        "resource-unfit",
        "No resource can grow by this parameter.",
        (
            "The resource of successive halving is the rows that are learned from, or a whole number that the "
            "estimator takes and that neither 'params' nor 'space' says: the search alone sets it, and the model is "
            "trained with 'max'."
        ),
        """\
training:
  late_arrival:
    params: {}
    tune: {search: halving, trials: 9, resource: {param: n_trees, max: 200}, space: {max_leaf_nodes: {int: [7, 63]}}}
""",
        """\
training:
  late_arrival:
    params: {}
    tune: {search: halving, trials: 9, resource: {param: max_iter, max: 200}, space: {max_leaf_nodes: {int: [7, 63]}}}
""",
    ),
)
