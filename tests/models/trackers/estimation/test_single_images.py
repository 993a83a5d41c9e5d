import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmpose_temporal.datasets import PackFrameInputs
from mmpose_temporal.testing import make_video, template_tracker_config, tiny_tracker_config

FLIP = list(range(17))
A, B = [4, 6, 16, 38], [24, 6, 36, 38]


def image_item(boxes, scores=None, **more) -> dict:
    item = dict(
        img=np.zeros((48, 64, 3), np.uint8),
        ori_shape=(48, 64),
        img_shape=(48, 64),
        frame_readable=True,
        flip_indices=FLIP,
        bbox=np.float32(boxes).reshape(-1, 4),
        **more,
    )
    return item if scores is None else dict(item, bbox_score=np.float32(scores))


def predict(tracker, *items):
    packed = [PackFrameInputs()(item) for item in items]
    return tracker.predict([p["inputs"] for p in packed], [p["data_samples"] for p in packed])


def test_each_image_has_its_people_and_no_ids():
    tracker = MODELS.build(template_tracker_config(box_score_thr=0.4)).eval()
    first, second = predict(tracker, image_item([A, B], [0.9, 0.1]), image_item([]))
    np.testing.assert_array_equal(first.pred_instances.bboxes, np.float32([A, B]))
    # mmpose has no threshold here: who asks for a box gets its pose
    np.testing.assert_allclose(first.pred_instances.bbox_scores, [0.9, 0.1])
    assert "track_ids" not in first.pred_instances
    assert second.pred_instances.keypoints.shape == (0, 17, 2)
    assert "track_ids" not in second.pred_instances


def test_people_of_an_image_beyond_one_call_of_the_estimator():
    tracker = MODELS.build(template_tracker_config(max_crops=2)).eval()
    (answer,) = predict(tracker, image_item([A, B, A]))
    np.testing.assert_array_equal(answer.pred_instances.bboxes, np.float32([A, B, A]))


def test_heatmaps_of_several_people_lie_in_the_image():
    tracker = MODELS.build(tiny_tracker_config(test_cfg=dict(output_heatmaps=True))).eval()
    (answer,) = predict(tracker, image_item([A, B]))
    assert answer.pred_fields.heatmaps.shape == (17, 48, 64)


def test_images_among_frames_of_videos():
    tracker = MODELS.build(template_tracker_config()).eval()
    image, sample = make_video("a", [A])[0]
    packed = PackFrameInputs()(image_item([A]))
    with pytest.raises(ValueError, match="1 of the 2 samples of a batch have no video_id"):
        tracker.predict([image, packed["inputs"]], [sample, packed["data_samples"]])


def test_an_image_without_boxes():
    tracker = MODELS.build(template_tracker_config()).eval()
    sample = PoseDataSample(metainfo=dict(flip_indices=FLIP))
    with pytest.raises(ValueError, match="a single image needs its people's boxes"):
        tracker.predict([torch.zeros(48, 64, 3, dtype=torch.uint8)], [sample])
    sample.proposals = InstanceData(bboxes=np.zeros((0, 4)), bbox_scores=np.zeros(0))
    assert len(tracker.predict([torch.zeros(48, 64, 3, dtype=torch.uint8)], [sample])) == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (dict(bbox=np.zeros(4)), r"'bbox' must be \(P, 4\)"),
        (dict(bbox_score=np.ones(3)), r"'bbox_score' \(P,\), got \(1, 4\) and \(3,\)"),
    ],
)
def test_images_that_cannot_be_packed(change, error):
    with pytest.raises(ValueError, match=error):
        PackFrameInputs()({**image_item([A]), **change})


def test_an_image_without_its_keypoints_metainfo():
    item = image_item([A], img_path="a.png")
    del item["flip_indices"]
    with pytest.raises(ValueError, match=r"a\.png: without video_id it is a single image"):
        PackFrameInputs()(item)
