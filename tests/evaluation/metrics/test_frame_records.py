"""Frames that make no whole videos or whose fields are broken, as the metric meets them."""

import numpy as np
import pytest
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from mmpose_temporal.evaluation import PoseTrackMetric
from mmpose_temporal.testing import finished_sample, finished_video


def _evaluate(samples, size=None, **options):
    evaluator = Evaluator([PoseTrackMetric(**options)])
    evaluator.process(data_samples=samples, data_batch=None)
    return evaluator.evaluate(len(samples) if size is None else size)


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([0, 1, 3], r"'000001' is not whole .*missing frames \[2\], repeated frames \[\]"),
        ([0, 1, 2, 3, 1], r"missing frames \[\], repeated frames \[1\]"),
        ([0, 0, 1, 3], r"missing frames \[2\], repeated frames \[0\]"),
        ([0, 1, 2, 3, 7], r"unknown frames \[7\]"),
    ],
)
def test_videos_must_be_whole(indices, message):
    with pytest.raises(ValueError, match=message):
        _evaluate(
            [
                *finished_video("000003"),
                *(finished_sample("000001", index, 4) for index in indices),
            ]
        )


def test_whole_videos_missing():
    with pytest.raises(ValueError, match=r"data set has 8 frames, but 4 .* \['000001'\]"):
        _evaluate(finished_video(), size=8)


def test_frames_disagree_on_the_length():
    with pytest.raises(ValueError, match=r"disagree on num_frames: \[1, 2\]"):
        _evaluate([finished_sample("000001", 0, 1), finished_sample("000001", 1, 2)])


def test_errors_of_the_data_come_through():
    with pytest.raises(ValueError, match=r"'000001', frame 0: prediction track_ids .* repeated"):
        _evaluate(finished_video(ids=np.array([3, 3])))
    samples = finished_video()
    samples[2].pred_instances.keypoint_scores[1, 5] = np.nan
    with pytest.raises(ValueError, match="frame 2: prediction scores of person 1"):
        _evaluate(samples)
    samples = finished_video()
    samples[1].gt_instances.head_boxes[0] = np.nan
    with pytest.raises(ValueError, match="frame 1: ground truth head_sizes of person 0"):
        _evaluate(samples)
    samples = finished_video()
    people = samples[3].pred_instances
    samples[3].pred_instances = InstanceData(
        bboxes=people.bboxes,
        bbox_scores=people.bbox_scores,
        keypoints=people.keypoints[:, :15],
        keypoint_scores=people.keypoint_scores[:, :15],
        track_ids=people.track_ids,
    )
    with pytest.raises(ValueError, match=r"frame 3: predictions have 15 keypoints"):
        _evaluate(samples)
    samples = finished_video()
    del samples[0].pred_instances
    with pytest.raises(ValueError, match="frame 0: the sample has no pred_instances"):
        _evaluate(samples)
    samples = finished_video()
    del samples[0].gt_instances
    with pytest.raises(ValueError, match="frame 0: no gt_instances"):
        _evaluate(samples)
