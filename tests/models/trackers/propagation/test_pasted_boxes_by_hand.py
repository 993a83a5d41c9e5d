"""What the propagations by boxes do with candidates, by hand; test_pasted_boxes.py runs trackers.

The estimator answers the template pose in any box, and the template touches all four sides.
"""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.trackers import BoxPropagation, LastFrame, TemporalOKS
from mmpose_temporal.models.trackers.propagation.base import DETECTED, SOURCE, UNSEEN
from mmpose_temporal.structures import People
from mmpose_temporal.testing import (
    make_packet,
    make_video,
    template_keypoints,
    template_tracker_config,
    track_frames,
)

# 12 x 32 pixels; A enlarged by 1.25 is 15 x 40 about (10, 22)
A, B, C = [4, 6, 16, 38], [24, 6, 36, 38], [44, 6, 56, 38]
A_PASTED = [2.5, 2, 17.5, 42]
TOKS = dict(type="TemporalOKS")
BOXES = dict(type="BoxPropagation")


def build(config: dict):
    torch.manual_seed(0)
    return MODELS.build(config).eval()


def ids(samples) -> list[list[int]]:
    return [sorted(sample.pred_instances.track_ids.tolist()) for sample in samples]


# ---------------------------------------------------------------------- temporal OKS


def poses_of(boxes, confidences, box_scores=None) -> People:
    keypoints = template_keypoints(boxes)
    scores = np.repeat(np.array(confidences, np.float32)[:, None], 17, axis=1)
    return People.create(
        keypoints=keypoints, keypoint_scores=scores, boxes=boxes, box_scores=box_scores
    )


def candidates(people: People, sources: list[int], unseen: list[int]) -> People:
    extras = {SOURCE: np.array(sources), UNSEEN: np.array(unseen)}
    return people.with_extras(row=np.arange(len(people)), **extras)


def merge(part: TemporalOKS, detected: list, moved: list, unseen: int = 1) -> People:
    """Who stays; `detected`, `moved`: (box, confidence) of each. Nobody is given up."""
    people = candidates(
        poses_of(*zip(*(detected + moved), strict=True)),
        [DETECTED] * len(detected) + list(range(len(moved))),
        [0] * len(detected) + [unseen] * len(moved),
    )
    stayed, given_up = part.merge(LastFrame(), people)
    assert given_up == 0
    return stayed


def rows(people: People) -> list[int]:
    return people.extras["row"].tolist()


@pytest.mark.parametrize(
    ("of_detection", "of_moved", "row"), [(0.9, 0.8, 0), (0.8, 0.9, 1), (0.9, 0.9, 0)]
)
def test_the_better_confidence_wins(of_detection, of_moved, row):
    """The same person, 1 pixel apart; a tie is the detection's."""
    shifted = [5, 6, 17, 38]
    merged = merge(TemporalOKS(), [(A, of_detection)], [(shifted, of_moved)])
    assert rows(merged) == [row]
    assert merged.extras[UNSEEN].tolist() == [0]  # a detection backs it, whichever pose stays
    np.testing.assert_allclose(
        merged.keypoints, template_keypoints([shifted if row else A]), atol=1e-5
    )
    # the box of a propagated pose is that round its joints, enlarged: 15 x 40 about (11, 22)
    np.testing.assert_allclose(merged.boxes, [[3.5, 2, 18.5, 42] if row else A], atol=1e-5)


def test_box_scores_play_no_part():
    people = candidates(poses_of([A, A], [0.5, 0.6], [0.9, 0.2]), [DETECTED, 0], [0, 1])
    merged, _ = TemporalOKS().merge(LastFrame(), people)
    assert rows(merged) == [1]
    np.testing.assert_allclose(merged.box_scores, [0.9])  # the detection's


def test_merging_leaves_the_candidates_as_they_are():
    people = candidates(poses_of([A, A], [0.5, 0.6], [0.9, 0.2]), [DETECTED, 0], [0, 1])
    TemporalOKS().merge(LastFrame(), people)
    assert people.extras[UNSEEN].tolist() == [0, 1]
    np.testing.assert_allclose(people.box_scores, [0.9, 0.2])
    np.testing.assert_allclose(people.boxes, [A, A])


@pytest.mark.parametrize(("slack", "people"), [(1e-4, 1), (-1e-4, 2)])
def test_the_threshold_is_a_persons_least_oks(slack, people):
    """Poses 6 pixels apart; the areas are 12 * 32 of the detection and 15 * 40 of the other."""
    part = TemporalOKS()
    variances = (2 * part.similarity.sigmas) ** 2
    oks = np.exp(-(6**2) / (2 * variances * (12 * 32 + 15 * 40) / 2)).mean()
    assert 0.1 < oks < 0.3
    shifted = [10, 6, 22, 38]
    merged = merge(TemporalOKS(oks_thr=oks - slack), [(A, 0.9)], [(shifted, 0.8)])
    assert len(merged) == people


def test_each_detection_meets_the_pose_most_like_it():
    """Both propagated poses are A; the one 3 pixels off is the surer one, but not A's rival."""
    near, off = [5, 6, 17, 38], [7, 6, 19, 38]
    merged = merge(TemporalOKS(), [(A, 0.5), (C, 0.5)], [(off, 0.9), (near, 0.7), (B, 0.6)])
    # A's rival is row 3 (near) and wins, C stays, off is A too and goes, B is recovered
    assert rows(merged) == [3, 1, 4]
    assert merged.extras[UNSEEN].tolist() == [0, 0, 1]


def test_recovered_poses_are_not_compared_with_each_other():
    """Two people that stand close are left to the suppression, as two detections are."""
    merged = merge(TemporalOKS(), [], [(A, 0.9), ([5, 6, 17, 38], 0.8)])
    assert rows(merged) == [0, 1]
    config = template_tracker_config(
        propagation=TOKS, suppression=[dict(type="OKSNMS", oks_thr=0.8)]
    )
    assert ids(track_frames(build(config), make_video("a", [A, B], []))) == [[0, 1], [0, 1]]


def test_a_recovered_pose_has_the_score_of_the_last_detection():
    tracker = build(template_tracker_config(propagation=dict(TOKS, alpha=1.0)))
    frames = make_video("a", [A], [], [], [A], scores=[[0.6], [], [], [0.3]])
    answers = [s.pred_instances for s in track_frames(tracker, frames)]
    np.testing.assert_allclose([a.bbox_scores[0] for a in answers], [0.6, 0.6, 0.6, 0.3])


def test_the_boxes_of_a_recovered_person_grow_by_alpha():
    """Only because the template fills any box; 12 x 32, times 1.25 each time it is pasted.

    Frame 1: the pose in the box of 15 x 40; its box is round the joints, enlarged again.
    """
    tracker = build(template_tracker_config(propagation=TOKS))
    answers = [s.pred_instances for s in track_frames(tracker, make_video("a", [A], []))]
    np.testing.assert_allclose(answers[1].keypoints, template_keypoints([A_PASTED]), atol=1e-4)
    np.testing.assert_allclose(
        answers[1].bboxes, [[10 - 18.75 / 2, 22 - 25, 10 + 18.75 / 2, 22 + 25]], atol=1e-4
    )


def test_thresholds_come_before_the_comparison():
    """Joints of 0.9 are absent at 0.95, so there is no pose at all, and nothing to propagate."""
    config = template_tracker_config(propagation=TOKS, keypoint_score_thr=0.95)
    answers = track_frames(build(config), make_video("a", [A], [A]))
    assert ids(answers) == [[], []]
    assert [s.dropped for s in answers] == [dict(no_keypoints=1)] * 2


# ---------------------------------------------------------------------- boxes and NMS


def last_frame(boxes, box_scores, unseen=0) -> LastFrame:
    people = poses_of(boxes, [0.9] * len(boxes), box_scores)
    return LastFrame(people.with_extras(**{UNSEEN: np.full(len(boxes), unseen)}))


def propose(part: BoxPropagation, last, boxes, scores):
    packet = make_packet(People.empty(17), image=np.zeros((48, 64, 3), np.uint8))
    return part.propose(last, packet, np.float32(boxes).reshape(-1, 4), np.float32(scores))


@pytest.mark.parametrize(
    ("score", "decay", "wins"), [(0.5, 1.0, False), (0.7, 1.0, True), (0.5, 0.8, True)]
)
def test_nms_goes_by_box_score(score, decay, wins):
    """IoU of A and its pasted box: 384 / 600 = 0.64. It scores 0.6, decayed 0.8 * 0.6 = 0.48."""
    part = BoxPropagation(nms_thr=0.6, decay=decay)
    offer = propose(part, last_frame([A], [0.6], unseen=2), [A], [score])
    np.testing.assert_allclose(offer.boxes, [A if wins else A_PASTED], atol=1e-5)
    np.testing.assert_allclose(offer.scores, [score if wins else 0.6], rtol=1e-6)
    assert offer.sources.tolist() == [DETECTED if wins else 0]
    assert offer.unseen.tolist() == [0]  # backed by the detection that it drives out
    assert offer.num_suppressed == (0 if wins else 1)


def test_boxes_that_overlap_less_are_two_people():
    offer = propose(BoxPropagation(nms_thr=0.65), last_frame([A], [0.6], unseen=2), [A], [0.5])
    assert offer.sources.tolist() == [DETECTED, 0]
    assert offer.unseen.tolist() == [0, 3]


def test_scores_decay_while_nobody_is_detected():
    """0.8, then times 0.5 in each frame; under the tracker's threshold of 0.15 it is gone."""
    config = template_tracker_config(
        propagation=dict(type="BoxPropagation", decay=0.5, alpha=1.0), box_score_thr=0.15
    )
    frames = make_video("a", [A], [], [], [], [], scores=[[0.8], [], [], [], []])
    answers = [s.pred_instances for s in track_frames(build(config), frames)]
    assert [len(a) for a in answers] == [1, 1, 1, 0, 0]
    np.testing.assert_allclose([a.bbox_scores[0] for a in answers[:3]], [0.8, 0.4, 0.2])


def test_detections_taken_out_are_counted():
    config = template_tracker_config(propagation=BOXES)
    answers = track_frames(build(config), make_video("a", [A], [A], scores=[[0.9], [0.5]]))
    assert answers[1].dropped == dict(suppression=1)
    np.testing.assert_allclose(answers[1].pred_instances.bboxes, [A_PASTED], atol=1e-4)
