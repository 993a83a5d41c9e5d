"""Scenes of tiny people whose poses are the box that is estimated; see mmpose_temporal.testing.

The estimator answers the template pose in any box, and the template touches all four sides. So a
person at A that is detected has the box A, its pasted box is A enlarged by alpha about its centre,
and the pose estimated there is the template in that larger box.
"""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.trackers import BoxPropagation, LastFrame, TemporalOKS
from mmpose_temporal.models.trackers.propagation.base import DETECTED, SOURCE, UNSEEN
from mmpose_temporal.models.trackers.propagation.pasted_boxes import enlarged_boxes
from mmpose_temporal.structures import People
from mmpose_temporal.testing import (
    make_packet,
    make_video,
    template_keypoints,
    template_tracker_config,
    tiny_tracker_config,
    track_frames,
)

# 12 x 32 pixels; A enlarged by 1.25 is 15 x 40 about (10, 22)
A, B, C = [4, 6, 16, 38], [24, 6, 36, 38], [44, 6, 56, 38]
A_PASTED = [2.5, 2, 17.5, 42]
TOKS = dict(type="TemporalOKS")
BOXES = dict(type="BoxPropagation")


def build(config: dict, seed: int = 0):
    torch.manual_seed(seed)
    return MODELS.build(config).eval()


def ids(samples) -> list[list[int]]:
    return [sorted(sample.pred_instances.track_ids.tolist()) for sample in samples]


def tracks(propagation: dict | None, *boxes, batch_size: int = 1, **options) -> list[list[int]]:
    tracker = build(template_tracker_config(propagation=propagation, **options))
    return ids(track_frames(tracker, make_video("a", *boxes), batch_size))


# ---------------------------------------------------------------------- both


@pytest.mark.parametrize(
    ("propagation", "second"), [(None, [[0]]), (TOKS, [[0, 1]]), (BOXES, [[0, 1]])]
)
def test_a_missed_detection_is_recovered(propagation, second):
    """B is missed in the second frame."""
    assert tracks(propagation, [A, B], [A], [A, B]) == [[0, 1], *second, [0, 1]]


@pytest.mark.parametrize("propagation", [TOKS, BOXES])
@pytest.mark.parametrize(("limit", "frames"), [(1, 1), (2, 2), (4, 4)])
def test_a_ghost_dies(propagation, limit, frames):
    """A false alarm of one frame would be estimated again for ever."""
    propagation = dict(propagation, max_propagated=limit, alpha=1.0)
    tracker = build(template_tracker_config(propagation=propagation))
    answers = track_frames(tracker, make_video("a", [A, B], *[[A]] * 6))
    assert ids(answers) == [[0, 1]] * (1 + frames) + [[0]] * (6 - frames)
    # the frame that gives it up says so; after that nobody is left to be offered
    expected = [dict(propagation=1) if n == 1 + frames else {} for n in range(7)]
    assert [
        {k: v for k, v in s.dropped.items() if k == "propagation"} for s in answers
    ] == expected


@pytest.mark.parametrize("propagation", [TOKS, BOXES])
@pytest.mark.parametrize(("least", "kept"), [(0.9, True), (0.91, False)])
def test_an_unsure_pose_is_not_kept_by_propagation_alone(propagation, least, kept):
    """The estimator is 0.9 sure of each joint; what is detected stays in any case."""
    propagation = dict(propagation, min_confidence=least)
    assert tracks(propagation, [A, B], [A]) == [[0, 1], [0, 1] if kept else [0]]


@pytest.mark.parametrize("propagation", [TOKS, BOXES])
def test_a_frame_without_detections(propagation):
    """Nobody is detected in frames 1 and 2, nobody was there before frame 0."""
    propagation = dict(propagation, alpha=1.0)
    assert tracks(propagation, [], [A, B], [], [], [A]) == [[], [0, 1], [0, 1], [0, 1], [0, 1]]
    assert tracks(propagation, [], [], []) == [[], [], []]


@pytest.mark.parametrize("propagation", [TOKS, BOXES])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_frame_that_is_not_searched_is_passed_over(propagation, batch_size):
    """Unreadable, or without labels: no people in it, and they are offered in the next one."""
    propagation = dict(propagation, max_propagated=1)
    assert tracks(propagation, [A, B], None, None, [A], batch_size=batch_size) == [
        [0, 1],
        [],
        [],
        [0, 1],
    ]
    frames = make_video("a", [A, B], [], [], [A])
    for _, sample in frames[1:3]:
        sample.set_metainfo(dict(searched=False))
    tracker = build(template_tracker_config(propagation=propagation))
    assert ids(track_frames(tracker, frames, batch_size)) == [[0, 1], [], [], [0, 1]]


def test_the_first_frame_cannot_be_read():
    assert tracks(TOKS, None, [A], []) == [[], [0], [0]]


@pytest.mark.parametrize("propagation", [TOKS, BOXES])
def test_who_has_left_the_frame_is_not_offered(propagation):
    """The frame is 64 x 48; the second person's box begins 1 pixel to the right of it."""
    outside = [70, 6, 80, 38]  # 10 wide about 75, pasted 12.5: from 68.75 on
    assert tracks(propagation, [A, outside], [A]) == [[0, 1], [0]]


@pytest.mark.parametrize("propagation", [TOKS, BOXES])
def test_joints_without_an_area_are_not_offered(propagation):
    """Of B's joints only the nose is found: no box can be drawn round it."""
    estimator = dict(absent=range(1, 17))
    assert tracks(propagation, [B], [], estimator=estimator) == [[0], []]


@pytest.mark.parametrize("propagation", [TOKS, dict(TOKS, oks_thr=0.9), BOXES])
@pytest.mark.parametrize("batch_size", [2, 3, 6])
def test_streams_and_batches_give_the_same_as_single_frames(propagation, batch_size):
    """With a network that looks at the image; frames of a video in one batch go in turn."""

    def frames():
        first = [[[4 + t, 6, 16 + t, 38]] * (t % 3 > 0) + [[30, 8, 40, 40]] for t in range(5)]
        return make_video("a", *first), make_video("b", [A, B], [B], None, [A, C], [])

    config = tiny_tracker_config(propagation=propagation, max_crops=1)
    apart = track_frames(build(config), [frame for one in frames() for frame in one])
    mixed = [frame for pair in zip(*frames(), strict=True) for frame in pair]
    for order in (mixed, [frame for one in frames() for frame in one]):
        again = {
            (s.video_id, s.frame_index): s for s in track_frames(build(config), order, batch_size)
        }
        assert len(again) == len(apart) == 10
        for sample in apart:
            one, other = sample.pred_instances, again[sample.video_id, sample.frame_index]
            other = other.pred_instances
            assert one.track_ids.tolist() == other.track_ids.tolist()
            np.testing.assert_allclose(one.keypoints, other.keypoints, atol=1e-3)
            np.testing.assert_allclose(one.bboxes, other.bboxes, atol=1e-3)
    assert any(len(s.pred_instances) > len(s.proposals.bboxes) for s in apart)


def test_frames_of_several_videos_go_through_the_estimator_together():
    """Frame 0: A and B of a, C of b. Frame 1: 1 detection of a, and 3 pasted boxes."""
    tracker = build(tiny_tracker_config(propagation=TOKS))
    sizes = []
    predict = tracker.estimator.predict
    tracker.estimator.predict = lambda x, samples: sizes.append(len(x)) or predict(x, samples)
    pairs = zip(make_video("a", [A, B], [A]), make_video("b", [C], []), strict=True)
    track_frames(tracker, [frame for pair in pairs for frame in pair], batch_size=4)
    assert sizes == [3, 4]


def test_boxes_are_enlarged_about_their_centre():
    poses = People.create(keypoints=template_keypoints([A]))
    np.testing.assert_allclose(enlarged_boxes(poses, 1.25), [A_PASTED], atol=1e-5)
    np.testing.assert_allclose(enlarged_boxes(poses, 1.0), [A], atol=1e-5)


@pytest.mark.parametrize(
    ("part", "option", "message"),
    [
        (TemporalOKS, dict(oks_thr=0), "oks_thr"),
        (TemporalOKS, dict(alpha=0.9), "alpha"),
        (TemporalOKS, dict(alpha=float("nan")), "alpha"),
        (BoxPropagation, dict(nms_thr=1.1), "nms_thr"),
        (BoxPropagation, dict(decay=0), "decay"),
        (BoxPropagation, dict(max_propagated=0), "max_propagated"),
    ],
)
def test_options_out_of_range(part, option, message):
    with pytest.raises(ValueError, match=message):
        part(**option)


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
