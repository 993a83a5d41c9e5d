"""CLEAR-MOT by hand: tables of frames, one digit a person and joint.

All tables use one joint (index 0) at x; the others are absent. The head size is 10, so that a
prediction within 5 pixels is a match at a distance of (pixels / 10).
"""

import numpy as np
import pytest

from mmpose_temporal.evaluation.functional import (
    GroundTruthFrame,
    PredictionFrame,
    VideoInput,
    clear_mot,
    match_joints,
    select_scored,
    track_matches,
)


def _arrays(people):
    points = np.zeros((len(people), 15, 2))
    points[:, 0, 0] = list(people.values())
    present = np.zeros((len(people), 15), bool)
    present[:, 0] = True
    return points, present, np.array(list(people), int)


def _truth(people):
    points, visible, ids = _arrays(people)
    return GroundTruthFrame(points, visible, np.full(len(ids), 10.0), ids)


def _prediction(people):
    points, present, ids = _arrays(people)
    return PredictionFrame(points, present, np.ones(present.shape), ids)


def _matches(table, protocol):
    """``table``: per frame {id: x} of the ground truth and {id: x} of the prediction."""
    video = VideoInput("v", [_truth(t) for t, _ in table], [_prediction(p) for _, p in table])
    return match_joints(select_scored(video, protocol=protocol))


def _count(table, protocol="strict"):
    counts = clear_mot(_matches(table, protocol), protocol=protocol)
    names = ("objects", "misses", "false_positives", "switches", "detections", "distance")
    return {name: getattr(counts, name)[0] for name in names}


FIVE_FRAMES = [
    ({1: 0, 2: 100}, {7: 0, 8: 100}),  # both found
    ({1: 0, 2: 100}, {7: 1, 8: 103}),  # kept, distances 0.1 and 0.3
    ({1: 0, 2: 100}, {7: 0}),  # person 2 missed
    ({1: 0, 2: 100}, {7: 50, 9: 100}),  # 7 is a false positive, 1 missed; 2 switches to 9
    ({1: 0, 2: 100}, {8: 2, 9: 100}),  # 1 switches to 8 at 0.2
]


def test_five_frames_strict():
    assert _count(FIVE_FRAMES) == {
        "objects": 10,
        "misses": 1 + 1,
        "false_positives": 1,
        "switches": 1 + 1,
        "detections": 8,
        "distance": pytest.approx(0.1 + 0.3 + 0.2),
    }
    # MOTA = 1 - (2 + 1 + 2) / 10


def test_five_frames_poseval_drops_the_last():
    counts = _count(FIVE_FRAMES, "poseval")
    assert counts == {
        "objects": 8,
        "misses": 2,
        "false_positives": 1,
        "switches": 1,
        "detections": 6,
        # 0.1 and 0.3 as matches and again as candidates
        "distance": pytest.approx(2 * (0.1 + 0.3)),
    }


def test_frame_without_predictions():
    table = [({1: 0, 2: 50}, {}), ({1: 0}, {5: 0}), ({1: 0}, {5: 0})]
    strict = _count(table)
    assert (strict["objects"], strict["misses"], strict["false_positives"]) == (4, 2, 0)
    # poseval: one pseudo object, missed, and one pseudo prediction; the last frame is dropped
    poseval = _count(table, "poseval")
    assert (poseval["objects"], poseval["misses"], poseval["false_positives"]) == (2, 1, 1)
    counts = clear_mot(_matches(table, "poseval"))
    assert counts.objects.tolist() == [2] + [1] * 14
    assert counts.misses.tolist() == counts.false_positives.tolist() == [1] * 15


def test_single_frame():
    table = [({1: 0}, {5: 0})]
    assert _count(table)["detections"] == 1
    assert set(_count(table, "poseval").values()) == {0}


def test_a_match_is_kept_though_another_is_nearer():
    # frame 1: 7 is 4 away and stays with person 1, the exact 8 is a false positive
    counts = _count([({1: 0}, {7: 0}), ({1: 0}, {8: 0, 7: 4})])
    assert counts["switches"] == 0
    assert counts["false_positives"] == 1
    assert counts["distance"] == pytest.approx(0.4)


def test_back_after_a_gap_is_no_switch():
    counts = _count([({1: 0}, {7: 0}), ({1: 0}, {9: 90}), ({1: 0}, {7: 0})])
    assert counts["switches"] == 0
    counts = _count([({1: 0}, {7: 0}), ({1: 0}, {9: 90}), ({1: 0}, {9: 0})])
    assert counts["switches"] == 1


def test_most_matches_come_before_least_distance():
    # 7 is nearest to person 1 (0), but person 2 is reached by 7 only: 1-8 at 0.4, 2-7 at 0.5
    counts = _count([({1: 0, 2: 5}, {7: 0, 8: -4})])
    assert counts["detections"] == 2
    assert counts["distance"] == pytest.approx(0.4 + 0.5)


def test_least_distance_among_the_same_number():
    # 1-7, 2-8: 0.1 + 0.1; 1-8, 2-7: 0.3 + 0.3
    tracked = track_matches(_matches([({1: 0, 2: 2}, {8: 3, 7: -1})], "strict"))
    assert sorted(zip(tracked.truth.tolist(), tracked.predicted.tolist(), strict=True)) == [
        (0, 1),
        (1, 0),
    ]


def test_two_claim_one_prediction_the_first_listed_keeps_it():
    table = [
        ({1: 0}, {7: 0}),  # 1 has 7
        ({2: 0}, {7: 0}),  # 2 takes 7 over; 1 still remembers it
        ({2: 0, 1: 1}, {7: 0}),  # both claim it: 2 is listed first
        ({1: 1, 2: 0}, {7: 0}),  # now 1 is listed first
    ]
    tracked = track_matches(_matches(table, "strict"))
    # rows of the annotated people: frame 0: 0; frame 1: 1; frame 2: 2, 3; frame 3: 4, 5
    assert tracked.truth.tolist() == [0, 1, 2, 4]
    assert not tracked.switch.any()
    # person 2 takes an id of another person (1) and was never matched before (1)
    assert tracked.takeovers.tolist() == [0, 2, 0, 0]


def test_takeovers_weigh_in_poseval_s_distance():
    table = [
        ({1: 0}, {7: 1}),  # match 0.1, candidate 0.1
        ({1: 0}, {8: 2}),  # switch 0.2, candidate 0.2, 8 is new (one more event): 3 * 0.2
        ({1: 0}, {8: 0}),  # dropped
    ]
    assert _count(table, "poseval")["distance"] == pytest.approx(2 * 0.1 + 3 * 0.2)
    assert _count(table)["distance"] == pytest.approx(0.1 + 0.2)


def test_joints_are_tracked_apart():
    # two joints of one person found by two different tracks: no switch, one match each
    truth, prediction = _truth({1: 0}), _prediction({7: 0, 8: 0})
    truth.visible[0, 1] = True
    prediction.present[:] = False
    prediction.present[0, 0] = prediction.present[1, 1] = True
    video = VideoInput("v", [truth, truth], [prediction, prediction])
    counts = clear_mot(match_joints(select_scored(video, protocol="strict")), protocol="strict")
    assert counts.detections[:2].tolist() == [2, 2]
    assert counts.switches.sum() == counts.misses.sum() == counts.false_positives.sum() == 0


def test_counts_add_up():
    first = clear_mot(_matches(FIVE_FRAMES, "strict"), protocol="strict")
    total = first + first
    assert total.objects[0] == 20
    assert total.distance[0] == pytest.approx(2 * 0.6)
