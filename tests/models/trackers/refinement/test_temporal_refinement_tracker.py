"""Refinement as part of a tracker."""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import nn

from mmpose_temporal.models.trackers import RefinementRecord
from mmpose_temporal.structures import CallbackObserver
from mmpose_temporal.testing import (
    make_frame,
    make_video,
    run_tracker,
    tiny_tkmr_config,
    track_frames,
    walking_pair,
)


def tracker(*, tau: int = 2, **options):
    torch.manual_seed(0)
    refinement = dict(type="TemporalRefinement", tau=tau)
    model = MODELS.build(tiny_tkmr_config(refinement=refinement, **options)).eval()
    nn.init.normal_(model.estimator.refinement_head.final_layer.weight, std=0.5)
    return model


def positions(finished: list[list[PoseDataSample]]) -> list[list[int]]:
    return [[sample.frame_index for sample in batch] for batch in finished]


def test_frames_come_tau_late_and_the_rest_at_the_end() -> None:
    model = tracker(tau=2)
    assert positions(run_tracker(model, walking_pair("v", 6), 1)) == [
        [],
        [],
        [0],
        [1],
        [2],
        [3, 4, 5],
    ]
    assert model.pipeline.open_videos() == []
    assert positions(run_tracker(model, walking_pair("v", 1), 1)) == [[0]]


@pytest.mark.parametrize("min_length", [1, 3])
def test_frame_by_frame_equals_the_whole_video(min_length: int) -> None:
    model = tracker(tau=2, min_length=min_length)
    streamed = track_frames(model, walking_pair("v", 9, leave=2), 1)
    whole = track_frames(model, walking_pair("v", 9, leave=2), 9)
    assert [s.frame_index for s in streamed] == [s.frame_index for s in whole] == list(range(9))
    for one, other in zip(streamed, whole, strict=True):
        one, other = one.pred_instances, other.pred_instances
        assert one.track_ids.tolist() == other.track_ids.tolist()
        np.testing.assert_allclose(one.keypoints, other.keypoints, atol=1e-4)
        np.testing.assert_allclose(one.keypoint_scores, other.keypoint_scores, atol=1e-5)
    # the second person is there for 2 frames: too short where 3 are asked for
    expected = [0] if min_length == 3 else [0, 1]
    assert [s.pred_instances.track_ids.tolist() for s in streamed[:2]] == [expected] * 2
    assert [s.dropped.get("short_track", 0) for s in streamed[:3]] == (
        [1, 1, 0] if min_length == 3 else [0, 0, 0]
    )


def test_a_track_that_waits_in_the_window_is_not_too_short() -> None:
    """A track of 3 poses that ended; only its first has left the window when it is judged."""
    model = tracker(tau=4, min_length=3)
    alone = [[[4 + t, 6, 16 + t, 38]] if t < 3 else [] for t in range(12)]
    finished = track_frames(model, make_video("v", *alone), 1)
    assert [len(s.pred_instances.track_ids) for s in finished] == [1] * 3 + [0] * 9
    assert all("short_track" not in s.dropped for s in finished)


def test_interleaved_videos_do_not_touch_each_other() -> None:
    """Two videos of other images and with other people, each as when it is alone."""

    def videos() -> tuple[list, list]:
        return walking_pair("a", 5), walking_pair("b", 5, leave=3, seed=1)

    model = tracker(tau=2)
    alone = [track_frames(model, video, 1) for video in videos()]
    frames = [frame for pair in zip(*videos(), strict=True) for frame in pair]
    together = track_frames(model, frames, 2)
    for name, expected in zip("ab", alone, strict=True):
        found = [s for s in together if s.video_id == name]
        for one, other in zip(expected, found, strict=True):
            one, other = one.pred_instances, other.pred_instances
            assert one.track_ids.tolist() == other.track_ids.tolist()
            np.testing.assert_allclose(one.keypoint_scores, other.keypoint_scores, atol=1e-5)
    first, second = (video[0].pred_instances.keypoint_scores for video in alone)
    assert np.abs(first - second).max() > 1e-3


def test_frames_without_people_and_unreadable_ones() -> None:
    frames = walking_pair("v", 5)
    frames[2] = make_frame(video_id="v", frame_index=2, num_frames=5, readable=False)
    frames[4] = make_frame(video_id="v", frame_index=4, num_frames=5)
    finished = track_frames(tracker(tau=2), frames, 1)
    assert [len(s.pred_instances.track_ids) for s in finished] == [2, 2, 0, 2, 0]
    nobody = [make_frame(video_id="v", frame_index=t, num_frames=3) for t in range(3)]
    finished = track_frames(tracker(tau=1, min_length=2), nobody, 1)
    assert [len(s.pred_instances.track_ids) for s in finished] == [0, 0, 0]


def test_self_refinement_and_none_are_other_answers() -> None:
    def answers(**options) -> np.ndarray:
        torch.manual_seed(0)
        model = MODELS.build(tiny_tkmr_config(**options)).eval()
        nn.init.normal_(model.estimator.refinement_head.final_layer.weight, std=0.5)
        found = track_frames(model, walking_pair("v", 3), 3)
        return np.concatenate([s.pred_instances.keypoint_scores for s in found])

    none = answers()
    off = answers(refinement=dict(type="TemporalRefinement", tau=0))
    alone = answers(refinement=dict(type="TemporalRefinement", context=False))
    temporal = answers(refinement=dict(type="TemporalRefinement", tau=1))
    np.testing.assert_array_equal(none, off)
    assert np.abs(none - alone).max() > 1e-3 and np.abs(alone - temporal).max() > 1e-3


def test_the_record_of_a_tracker() -> None:
    """What was refined can be looked up: the pose is the candidate with the highest response."""
    torch.manual_seed(0)
    refinement = dict(type="TemporalRefinement", tau=1)
    model = MODELS.build(tiny_tkmr_config(refinement=refinement)).eval()
    nn.init.normal_(model.estimator.refinement_head.final_layer.weight, std=0.5)
    records: dict[int, RefinementRecord] = {}
    model.observers.append(
        CallbackObserver(
            wants=lambda packet: packet.index != 2,
            finished=lambda packet: records.update({packet.index: packet.records["refinement"]}),
        )
    )
    finished = track_frames(model, walking_pair("v", 4), 4)
    assert sorted(records) == [0, 1, 3]
    for t, record in records.items():
        poses = finished[t].pred_instances
        assert record.track_ids.tolist() == poses.track_ids.tolist() == [0, 1]
        assert [s.frame_index for s in record.steps] == [i for i in (t - 1, t + 1) if 0 <= i < 4]
        assert all(s.weights.shape == (2, 17, 16) for s in record.steps)
        present = record.before[..., 0] > 0
        np.testing.assert_allclose(
            poses.keypoint_scores[present], record.after.max(-1)[present], atol=1e-6
        )
        best = record.after.argmax(-1)[..., None, None]
        places = np.take_along_axis(record.candidates, best, axis=2)[:, :, 0]
        np.testing.assert_allclose(poses.keypoints[present], places[present], atol=1e-3)


def test_half_precision_on_the_cpu() -> None:
    exact = track_frames(tracker(tau=1), walking_pair("v", 3), 3)
    with torch.autocast("cpu", dtype=torch.float16):
        rough = track_frames(tracker(tau=1), walking_pair("v", 3), 3)
    for one, other in zip(exact, rough, strict=True):
        assert one.pred_instances.track_ids.tolist() == other.pred_instances.track_ids.tolist()
        scores = other.pred_instances.keypoint_scores
        assert scores.dtype == np.float32
        np.testing.assert_allclose(one.pred_instances.keypoint_scores, scores, atol=0.05)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_gives_the_poses_of_the_cpu() -> None:
    exact, found = (
        track_frames(tracker(), walking_pair("v", 6), 2),
        track_frames(tracker().cuda(), walking_pair("v", 6), 2),
    )
    for one, other in zip(exact, found, strict=True):
        one, other = one.pred_instances, other.pred_instances
        assert one.track_ids.tolist() == other.track_ids.tolist()
        np.testing.assert_allclose(one.keypoint_scores, other.keypoint_scores, atol=1e-3)
