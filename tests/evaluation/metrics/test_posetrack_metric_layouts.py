"""The metric on layouts other than PoseTrack's, and what distances are measured in."""

import numpy as np
import pytest
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger

from mmpose_temporal.evaluation import PoseTrackMetric
from mmpose_temporal.structures import Skeleton
from mmpose_temporal.testing import finished_video

NAMES = tuple(
    f"{side}_{joint}"
    for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
)
TWELVE = Skeleton(keypoint_names=NAMES, name="twelve")
META = dict(dataset_name="twelve", keypoint_id2name=dict(enumerate(NAMES)))


def evaluate(samples, meta=META, **options):
    evaluator = Evaluator([PoseTrackMetric(protocol="strict", **options)])
    evaluator.dataset_meta = meta
    evaluator.process(data_samples=samples, data_batch=None)
    return evaluator.evaluate(len(samples))


def samples(moved: float = 0.0, **options):
    """Boxes of 90 x 90 pixels; the left shoulder is predicted ``moved`` pixels away."""
    video = finished_video(skeleton=TWELVE, **options)
    for sample in video:
        sample.pred_instances.keypoints[:, 0, 0] += moved
    return video


def test_twelve_keypoints_have_their_own_columns():
    metrics = evaluate(samples(head_boxes=False))
    assert tuple(metrics) == PoseTrackMetric.metric_keys(skeleton=TWELVE)
    assert metrics["posetrack/AP_shoulder"] == metrics["posetrack/MOTA"] == 100
    assert "posetrack/AP_Head" not in metrics


def test_without_head_boxes_a_share_of_the_box_is_used(tmp_path):
    logger = MMLogger.get_instance("box", log_file=str(tmp_path / "log.txt"))
    # half of 0.1 x the diagonal of 90 x 90: 6.4 pixels
    assert evaluate(samples(6, head_boxes=False))["posetrack/Recall_shoulder"] == 100
    assert evaluate(samples(7, head_boxes=False))["posetrack/Recall_shoulder"] == 50
    wider = evaluate(samples(7, head_boxes=False), bbox_share=0.2)
    assert wider["posetrack/Recall_shoulder"] == 100
    for handler in logger.handlers:
        handler.flush()
    assert "0.05 of the diagonal" in (tmp_path / "log.txt").read_text()


def test_head_boxes_are_used_where_there_are_some():
    # head size 0.6 x 50 = 30: half of it is 15 pixels
    assert evaluate(samples(14))["posetrack/Recall_shoulder"] == 100
    assert evaluate(samples(16))["posetrack/Recall_shoulder"] == 50
    assert evaluate(samples(7), norm_item="bbox")["posetrack/Recall_shoulder"] == 50


def test_a_person_without_box_has_that_of_the_joints():
    video = samples(6, head_boxes=False)
    for sample in video:
        sample.gt_instances.keypoints[:, 11] += (90, 90)
        sample.pred_instances.keypoints[:, 11] += (90, 90)
        sample.gt_instances.bboxes[:] = np.nan
    assert evaluate(video)["posetrack/Recall_shoulder"] == 100


def test_some_head_boxes_are_not_enough():
    video = samples()
    video[1].gt_instances.head_boxes[0] = np.nan
    with pytest.raises(ValueError, match="norm_item='bbox'"):
        evaluate(video)
    assert evaluate(video, norm_item="bbox")["posetrack/MOTA"] == 100


def test_posetrack_asks_for_head_boxes_unless_told_otherwise():
    with pytest.raises(ValueError, match="head box"):
        evaluate(finished_video(head_boxes=False), meta=None)
    metrics = evaluate(finished_video(head_boxes=False), meta=None, norm_item="bbox")
    assert metrics["posetrack/AP_Head"] == 100


def test_another_number_of_keypoints_is_refused_with_the_names():
    video = samples()
    with pytest.raises(ValueError, match=r"17, 2\).*12, 2\).*left_shoulder"):
        evaluate(finished_video())
    for sample, other in zip(video, finished_video(), strict=True):
        sample.pred_instances = other.pred_instances
    with pytest.raises(ValueError, match=r"17 keypoints.*twelve.*left_shoulder"):
        evaluate(video)


@pytest.mark.parametrize(
    "options",
    [dict(norm_item="torso"), dict(bbox_share=0), dict(norm_item="head", bbox_share=0.2)],
)
def test_options(options):
    with pytest.raises(ValueError, match="norm_item|bbox_share"):
        PoseTrackMetric(**options)
