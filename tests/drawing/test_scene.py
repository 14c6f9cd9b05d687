"""What is drawn: boxes, shapes, and no arrow that others imply."""

from mlopsc.drawing.scene import make_scene
from tests.plans import monitor_pipeline, train_pipeline, trial_steps


def test_an_arrow_that_others_imply_is_left_out():
    arrows = make_scene(train_pipeline(), {}).arrows
    assert ("load_flights", "validate_flights") in arrows
    assert ("load_flights", "features_late_arrival") not in arrows
    into = {start for start, end in arrows if end == "register_late_arrival"}
    assert into == {"profile_late_arrival", "gate_good_enough", "gate_beats_champion"}


def test_what_comes_before_what_is_the_same_without_them():
    def behind(arrows, name):
        before = {start for start, end in arrows if end == name}
        return before.union(*(behind(arrows, one) for one in before))

    short, full = (make_scene(train_pipeline(), {}, every_arrow=every) for every in (False, True))
    assert len(short.arrows) < len(full.arrows)
    for card in full.cards:
        assert behind(short.arrows, card.name) == behind(full.arrows, card.name)


def test_a_training_has_its_steps_its_gates_and_its_champion_in_its_box():
    cards = {card.name: card.group for card in make_scene(train_pipeline(), {}).cards}
    outside = {name for name, group in cards.items() if group is None}
    assert outside == {"load_flights", "validate_flights", "load_weather", "validate_weather", "verdict"}
    assert set(cards.values()) == {None, "late_arrival"}
    assert make_scene(monitor_pipeline(), {}).groups == ()


def test_the_shape_tells_the_kind_and_the_caption_the_work():
    cards = {card.name: (card.shape, card.caption) for card in make_scene(train_pipeline(), {}).cards}
    assert cards["load_flights"] == ("observe", "data/flights.parquet")
    assert cards["validate_flights"] == ("pure", "key, 2 columns, 2 checks")
    assert cards["split_late_arrival"] == ("pure", "time, 30d to test")
    assert cards["train_late_arrival"] == ("pure", "HistGradientBoostingClassifier")
    assert cards["evaluate_late_arrival"] == ("pure", "roc_auc, average_precision, +1")
    assert cards["gate_good_enough"] == ("gate", "roc_auc ≥ 0.65")
    assert cards["champion_late_arrival_production"] == ("observe", "late_arrival@production")
    assert cards["register_late_arrival"] == ("effect", "as late_arrival@staging")
    assert cards["verdict"] == ("verdict", "of 1 decision")


def test_a_fan_out_is_one_card_with_the_status_that_one_has_to_look_at():
    searching = train_pipeline().model_copy(update={"steps": trial_steps(20)})
    statuses = {f"trial_t_{index}": "cached" for index in range(20)}
    scene = make_scene(searching, statuses | {"trial_t_7": "failed", "split_t": "run"})
    cards = {card.name: (card.caption, card.status) for card in scene.cards}
    assert list(cards) == ["features_t", "split_t", "trial_t ×20", "trials_t"]
    assert cards["trial_t ×20"] == ("C", "failed")
    assert cards["split_t"][1] == "run"
    assert scene.arrows == (
        ("features_t", "split_t"),
        ("split_t", "trial_t ×20"),
        ("trial_t ×20", "trials_t"),
    )
