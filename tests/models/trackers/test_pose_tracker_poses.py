"""The poses of a tracker are those of mmpose; frames of noise with boxes at known places."""

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmpose.datasets.transforms import GetBBoxCenterScale, PackPoseInputs, TopdownAffine
from mmpose.registry import MODELS

from mmpose_temporal.models import PoseTracker
from mmpose_temporal.testing import (
    make_video,
    template_keypoints,
    template_tracker_config,
    tiny_estimator_config,
    tiny_tracker_config,
    track_frames,
)

A, B = [4, 6, 16, 38], [24, 6, 36, 38]


def build(config: dict) -> PoseTracker:
    torch.manual_seed(0)
    return MODELS.build(config).eval()


def mmposes_answer(estimator, image: np.ndarray, box, flip_indices) -> tuple:
    """One person through mmpose's own test pipeline and estimator."""
    results = dict(
        img=image,
        bbox=np.array([box], np.float32),
        bbox_score=np.ones(1, np.float32),
        flip_indices=flip_indices,
    )
    codec = estimator.head.decoder
    udp = type(codec).__name__ == "UDPHeatmap"
    affine = TopdownAffine(input_size=tuple(int(n) for n in codec.input_size), use_udp=udp)
    pack = PackPoseInputs(meta_keys=("input_size", "input_center", "input_scale", "flip_indices"))
    for transform in (GetBBoxCenterScale(), affine, pack):
        results = transform(results)
    (answer,) = estimator.test_step(pseudo_collate([results]))
    found = answer.pred_instances
    return found.keypoints[0], found.keypoint_scores[0]


@pytest.mark.parametrize("flip_test", [False, True])
@pytest.mark.parametrize("codec", ["MSRAHeatmap", "UDPHeatmap"])
def test_poses_are_those_of_mmposes_pipeline(flip_test, codec):
    estimator = tiny_estimator_config(flip_test=flip_test, codec=codec)
    # One crop a call, so that both compute the same floats: UDP's refinement divides by second
    # derivatives, which are near 0 here and there on random heatmaps.
    tracker = build(tiny_tracker_config(estimator=estimator, max_crops=1))
    over_the_border = [-8.5, 20.25, 11.75, 60]
    frames = make_video("a", [A, over_the_border], [B, [3.3, 4.4, 50.5, 47.7]], size=(72, 50))
    finished = track_frames(tracker, frames, batch_size=2)
    assert len(finished) == 2
    for (frame, sample), answer in zip(frames, finished, strict=True):
        for person, box in enumerate(sample.proposals.bboxes):
            keypoints, scores = mmposes_answer(
                tracker.estimator, frame.numpy(), box, sample.flip_indices
            )
            found = answer.pred_instances
            present = scores > 0
            assert present.sum() >= 5
            np.testing.assert_allclose(found.keypoints[person], keypoints, atol=1e-3)
            np.testing.assert_allclose(
                found.keypoint_scores[person][present], scores[present], atol=1e-5
            )


def test_flip_test_changes_the_answer():
    plain, flipped = (
        track_frames(
            build(tiny_tracker_config(estimator=tiny_estimator_config(flip_test=flip))),
            make_video("a", [A, B]),
        )
        for flip in (False, True)
    )
    difference = plain[0].pred_instances.keypoints - flipped[0].pred_instances.keypoints
    assert np.abs(difference).max() > 1


def test_the_estimators_own_metainfo_counts():
    """As in mmpose: metainfo of the model overrides that of the data, here the flip indices."""
    config = tiny_estimator_config(flip_test=True)
    mirrored_only = dict(
        dataset_name="x",
        paper_info={},
        keypoint_info={
            i: dict(name=f"k{i}", id=i, color=[0, 0, 0], type="upper", swap="") for i in range(17)
        },
        skeleton_info={},
        joint_weights=[1.0] * 17,
        sigmas=[0.1] * 17,
    )
    tracker = build(tiny_tracker_config(estimator=dict(config, metainfo=mirrored_only)))
    assert list(tracker.estimator.metainfo["flip_indices"]) == list(range(17))
    with_own = track_frames(tracker, make_video("a", [A, B]))[0].pred_instances.keypoints
    without = track_frames(build(tiny_tracker_config(estimator=config)), make_video("a", [A, B]))[
        0
    ].pred_instances
    assert np.abs(with_own - without.keypoints).max() > 1


def test_the_template_is_the_ground_truth():
    (answer,) = track_frames(build(template_tracker_config()), make_video("a", [A, B]))
    np.testing.assert_allclose(
        answer.pred_instances.keypoints, template_keypoints([A, B]), atol=1e-5
    )
    np.testing.assert_allclose(
        answer.pred_instances.keypoint_scores, np.full((2, 17), 0.9), rtol=1e-6
    )


def test_keypoints_that_are_no_numbers_are_absent():
    tracker = build(template_tracker_config(estimator=dict(broken=[3, 7])))
    (answer,) = track_frames(tracker, make_video("a", [A]))
    found = answer.pred_instances
    assert np.isfinite(found.keypoints).all()
    assert np.flatnonzero(found.keypoint_scores[0] == 0).tolist() == [3, 7]


def test_an_estimator_of_another_layout():
    tracker = build(tiny_tracker_config(estimator=tiny_estimator_config(num_keypoints=13)))
    with pytest.raises(ValueError, match="answers 13 keypoints, but the data has 17"):
        track_frames(tracker, make_video("a", [A]))


def test_an_estimator_without_input_size_needs_one():
    with pytest.raises(ValueError, match="give the cropper one"):
        build(template_tracker_config(cropper=dict(type="TopdownCropper")))


def test_another_input_size_than_the_codecs():
    with pytest.raises(ValueError, match="is not the estimator's codec's"):
        build(tiny_tracker_config(cropper=dict(type="TopdownCropper", input_size=(96, 128))))
