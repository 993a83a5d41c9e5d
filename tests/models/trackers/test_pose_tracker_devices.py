"""The tracker on a GPU and in half precision."""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.testing import make_frame, tiny_tracker_config

BOXES = [[4, 6, 16, 38], [24, 6, 36, 38]]


def build():
    torch.manual_seed(0)
    return MODELS.build(tiny_tracker_config()).eval()


def poses_of(tracker):
    image, sample = make_frame(video_id="a", frame_index=0, num_frames=1, boxes=BOXES)
    (answer,) = tracker.test_step(dict(inputs=[image], data_samples=[sample]))
    return answer.pred_instances


def test_autocast_on_the_cpu():
    exact = poses_of(build())
    with torch.autocast("cpu", dtype=torch.float16):
        rough = poses_of(build())
    assert rough.keypoint_scores.dtype == np.float32
    assert np.isfinite(rough.keypoints).all()
    # float16 keeps 11 bits: a relative error of 2^-11 a step, some steps deep
    np.testing.assert_allclose(rough.keypoint_scores, exact.keypoint_scores, atol=0.01)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("half", [False, True])
def test_gpu_gives_the_poses_of_the_cpu(half):
    exact = poses_of(build())
    tracker = build().cuda()
    with torch.autocast("cuda", dtype=torch.float16, enabled=half):
        found = poses_of(tracker)
    assert found.track_ids.tolist() == exact.track_ids.tolist()
    np.testing.assert_allclose(found.bboxes, exact.bboxes, atol=1e-4)
    np.testing.assert_allclose(found.keypoint_scores, exact.keypoint_scores, atol=0.02)
    if not half:
        np.testing.assert_allclose(found.keypoints, exact.keypoints, atol=1e-2)
