"""People and none, thresholds, training, checkpoints; see test_pose_tracker_*.py as well."""

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

from mmpose_temporal.datasets import PoseTrackPersonDataset
from mmpose_temporal.models import PoseTracker
from mmpose_temporal.testing import (
    make_frame,
    make_video,
    template_tracker_config,
    tiny_estimator_config,
    tiny_tracker_config,
    track_frames,
    write_tiny_posetrack,
)

A, B, C = [4, 6, 16, 38], [24, 6, 36, 38], [44, 6, 56, 38]


def build(config: dict) -> PoseTracker:
    torch.manual_seed(0)
    return MODELS.build(config).eval()


def ids(samples) -> list[list[int]]:
    return [sample.pred_instances.track_ids.tolist() for sample in samples]


# ---------------------------------------------------------------------- people and none


def test_a_frame_without_people():
    answers = track_frames(build(template_tracker_config()), make_video("a", [A], [], [A]))
    assert ids(answers) == [[0], [], [0]]
    empty = answers[1].pred_instances
    assert empty.keypoints.shape == (0, 17, 2)
    assert empty.keypoint_scores.shape == (0, 17)
    assert empty.bboxes.shape == (0, 4)
    assert answers[1].dropped == {}


def test_a_video_without_people():
    assert ids(track_frames(build(tiny_tracker_config()), make_video("a", [], [], []), 2)) == [
        [],
        [],
        [],
    ]


@pytest.mark.parametrize("batch_size", [1, 3, 4])
def test_unreadable_frames_have_no_people_and_tracks_do_not_age_in_them(batch_size):
    frames = make_video("a", [A, B], None, None, [B, A])
    answers = track_frames(
        build(template_tracker_config(association=dict(life=dict(max_age=1)))), frames, batch_size
    )
    assert ids(answers) == [[0, 1], [], [], [1, 0]]
    # two readable frames without people: 3 frames pass, more than the 2 that a track waits
    frames = make_video("a", [A, B], [], None, [], [B, A])
    answers = track_frames(
        build(template_tracker_config(association=dict(life=dict(max_age=2)))), frames, batch_size
    )
    assert ids(answers) == [[0, 1], [], [], [], [2, 3]]


def test_tracks_do_not_age_in_frames_without_labels():
    """PoseTrack labels every fourth frame of most of a video; people are the same all along."""
    frames = make_video("a", [A], [], [], [], [A], [], [], [], [A])
    for position, (_, sample) in enumerate(frames):
        sample.set_metainfo(dict(searched=position % 4 == 0))
    answers = track_frames(
        build(template_tracker_config(association=dict(life=dict(max_age=1)))), frames
    )
    assert ids(answers) == [[0], [], [], [], [0], [], [], [], [0]]


def test_thresholds_and_what_they_drop():
    tracker = build(
        template_tracker_config(
            estimator=dict(score=0.5),
            box_score_thr=0.3,
            suppression=[dict(type="BoxNMS", iou_thr=0.5)],
            association=dict(births=[dict(type="ScoreBirths", new_track_thr=0.25)]),
        )
    )
    inverted, flat, nan = [9, 9, 3, 30], [5, 5, 5, 9], [np.nan] * 4
    near_a = [4, 6, 16, 36]
    boxes = [A, near_a, B, C, [0, 40, 4, 44], inverted, flat, nan]
    # A stays, near_a is A again; B is exactly at the box threshold, C below it; the small one
    # too weak to start a track: 0.5 * 0.45 < 0.25, B's 0.5 * 0.3 as well
    scores = [0.9, 0.8, 0.3, 0.29, 0.45, 0.1, 0.9, 0.9]
    frame = make_frame(video_id="a", frame_index=0, num_frames=1, boxes=boxes, scores=scores)
    (answer,) = track_frames(tracker, [frame])
    assert answer.pred_instances.bboxes.tolist() == [A]
    assert answer.dropped == dict(empty_box=3, box_score_thr=1, suppression=1, new_track_thr=2)
    assert 1 + sum(answer.dropped.values()) == len(boxes)


@pytest.mark.parametrize(("limit", "kept"), [(0.9, True), (0.91, False)])
def test_joints_below_the_threshold_are_absent(limit, kept):
    tracker = build(template_tracker_config(keypoint_score_thr=limit))
    (answer,) = track_frames(tracker, make_video("a", [A]))
    if kept:  # exactly at the threshold
        assert len(answer.pred_instances) == 1
        np.testing.assert_allclose(answer.pred_instances.keypoint_scores, 0.9, rtol=1e-6)
    else:
        assert len(answer.pred_instances) == 0
        assert answer.dropped == dict(no_keypoints=1)


def test_absent_joints_stay_absent():
    tracker = build(template_tracker_config(estimator=dict(absent=[3, 4])))
    (answer,) = track_frames(tracker, make_video("a", [A]))
    assert (answer.pred_instances.keypoint_scores[0] > 0).sum() == 15


def test_short_tracks_delay_the_answer():
    """B is seen once, A in all frames: A has 3 poses in frame 2, B has ended in frame 3."""
    tracker = build(template_tracker_config(min_length=3, association=dict(life=dict(max_age=1))))
    frames = make_video("a", [A, B], [A], [A], [A], [A])
    returned = [[s.frame_index for s in track_frames(tracker, [frame])] for frame in frames]
    assert returned == [[], [], [0, 1, 2], [3], [4]]
    answers = track_frames(tracker, make_video("a", [A, B], [A], [A], [A], [A]), batch_size=5)
    assert ids(answers) == [[0]] * 5
    assert [s.dropped for s in answers] == [dict(short_track=1), {}, {}, {}, {}]


def test_the_end_of_the_video_flushes():
    tracker = build(template_tracker_config(min_length=5))
    frames = make_video("a", [A], [A, B], [], [], [A])
    returned = [track_frames(tracker, [frame]) for frame in frames]
    assert [len(r) for r in returned] == [0, 0, 0, 0, 5]
    assert ids(returned[4]) == [[]] * 5  # nobody was seen 5 times
    assert [s.dropped.get("short_track", 0) for s in returned[4]] == [1, 2, 0, 0, 1]


def test_a_data_set_without_boxes():
    frame, sample = make_frame(video_id="a", frame_index=0, num_frames=1)
    del sample.proposals
    with pytest.raises(ValueError, match="proposes no boxes"):
        track_frames(build(template_tracker_config()), [(frame, sample)])


@pytest.mark.parametrize("option", [dict(min_length=0), dict(max_crops=0)])
def test_options_out_of_range(option):
    with pytest.raises(ValueError, match="must be 1 or more"):
        build(tiny_tracker_config(**option))


# ---------------------------------------------------------------------- training, checkpoints


@pytest.fixture
def training_batch(tmp_path):
    init_default_scope("mmpose")
    codec = tiny_estimator_config()["head"]["decoder"]
    dataset = PoseTrackPersonDataset(
        data_root=str(write_tiny_posetrack(tmp_path, videos={"v": 2})),
        ann_file="annotations/val",
        serialize_data=False,
        pipeline=[
            dict(type="LoadImage"),
            dict(type="GetBBoxCenterScale"),
            dict(type="TopdownAffine", input_size=codec["input_size"]),
            dict(type="GenerateTarget", encoder=codec),
            dict(type="PackPoseInputs"),
        ],
    )
    return pseudo_collate([dataset[i] for i in range(4)])


def test_the_loss_is_the_estimators(training_batch):
    tracker = build(tiny_tracker_config()).train()
    data = tracker.data_preprocessor(training_batch, True)
    assert data["inputs"].shape == (4, 3, 64, 48)
    losses = tracker(**data, mode="loss")
    estimator = build(tiny_estimator_config()).train()
    expected = estimator(**estimator.data_preprocessor(training_batch, True), mode="loss")
    assert losses.keys() == expected.keys()
    torch.testing.assert_close(losses["loss_kpt"], expected["loss_kpt"])
    losses["loss_kpt"].backward()
    for name, parameter in tracker.estimator.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
    assert tracker.estimator.head.final_layer.weight.grad.abs().max() > 0
    assert tracker.estimator.backbone.conv1.weight.grad.abs().max() > 0


def test_raw_output():
    tracker = build(tiny_tracker_config())
    assert tracker(torch.zeros(2, 3, 64, 48), mode="tensor").shape == (2, 17, 16, 12)


def test_checkpoint_of_the_estimator_alone():
    torch.manual_seed(5)
    estimator = MODELS.build(tiny_estimator_config())
    tracker = build(tiny_tracker_config())
    tracker.load_state_dict(estimator.state_dict())
    for name, value in estimator.state_dict().items():
        torch.testing.assert_close(tracker.estimator.state_dict()[name], value)


def test_checkpoint_of_another_architecture():
    other = MODELS.build(tiny_estimator_config(num_keypoints=13)).state_dict()
    partial = {k: v for k, v in other.items() if not k.startswith("head.")}
    with pytest.raises(RuntimeError, match=r"lacks 2 of \d+ tensors .*final_layer"):
        build(tiny_tracker_config()).load_state_dict(partial, strict=False)
    tracker = build(tiny_tracker_config(partial_checkpoint=True))
    tracker.load_state_dict(partial, strict=False)
    torch.testing.assert_close(
        tracker.estimator.backbone.conv1.weight, other["backbone.conv1.weight"]
    )


def test_a_tracker_has_the_weights_of_its_estimator_only_once():
    tracker = build(tiny_tracker_config())
    assert all(name.startswith("estimator.") for name in tracker.state_dict())


# ---------------------------------------------------------------------- mmengine's loops


def test_a_step_that_finishes_nothing_answers_an_empty_loss():
    """Mmengine's loops look at the last output, and take an element with a loss away again."""
    tracker = build(template_tracker_config(min_length=3))
    for index, (frame, sample) in enumerate(make_video("a", [A], [A])):
        step = (tracker.test_step, tracker.val_step)[index]
        answer = step(dict(inputs=[frame], data_samples=[sample]))
        if index == 0:
            (element,) = answer
            assert element.keys() == ["loss"]
            assert element.loss == {}
        else:
            assert [s.frame_index for s in answer] == [0, 1]
