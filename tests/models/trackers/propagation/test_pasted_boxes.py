"""Scenes of tiny people whose poses are the box that is estimated; see mmpose_temporal.testing.

The estimator answers the template pose in any box, and the template touches all four sides. So a
person at A that is detected has the box A, its pasted box is A enlarged by alpha about its centre,
and the pose estimated there is the template in that larger box.
"""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.trackers import BoxPropagation, TemporalOKS
from mmpose_temporal.models.trackers.propagation.pasted_boxes import enlarged_boxes
from mmpose_temporal.structures import People
from mmpose_temporal.testing import (
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
def test_the_answer_says_who_was_only_propagated(propagation):
    """B is missed in the second and third frame, and detected again in the fourth."""
    tracker = build(
        template_tracker_config(propagation=dict(propagation, alpha=1.0), min_length=2)
    )
    answers = track_frames(tracker, make_video("a", [A, B], [A], [A], [A, B]))
    found = [sample.pred_instances for sample in answers]
    unseen = [dict(zip(p.track_ids.tolist(), p.unseen.tolist(), strict=True)) for p in found]
    assert [frame[1] for frame in unseen] == [0, 1, 2, 0]
    assert [frame[0] for frame in unseen] == [0] * 4
    tracker = build(template_tracker_config(propagation=None))
    [sample] = track_frames(tracker, make_video("b", [A]))
    assert "unseen" not in sample.pred_instances


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
