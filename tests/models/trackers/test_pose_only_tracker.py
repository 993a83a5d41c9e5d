import numpy as np
import pytest
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmpose_temporal.structures import FramePoses
from mmpose_temporal.testing import template_keypoints

A, B = [4, 6, 16, 38], [24, 6, 36, 38]


def build(**options):
    association = dict(type="Association", similarity=dict(type="OKSSimilarity"), max_age=2)
    return MODELS.build(dict(type="PoseOnlyTracker", association=association, **options))


def frame(index: int, num_frames: int, *boxes, scores=None, video_id: str = "a"):
    sample = PoseDataSample(
        metainfo=dict(video_id=video_id, frame_index=index, num_frames=num_frames)
    )
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    sample.pred_instances = FramePoses.create(
        keypoints=template_keypoints(boxes), boxes=boxes, box_scores=scores
    ).to_instances()
    return sample


def ids(samples) -> list[list[int]]:
    return [sample.pred_instances.track_ids.tolist() for sample in samples]


def test_poses_get_ids():
    samples = [frame(0, 3, A, B), frame(1, 3, B), frame(2, 3, A, B)]
    assert ids(build()(data_samples=samples)) == [[0, 1], [1], [0, 1]]


def test_poses_stay_what_they_were():
    (answer,) = build()(data_samples=[frame(0, 1, A, B)])
    np.testing.assert_allclose(answer.pred_instances.keypoints, template_keypoints([A, B]))
    assert answer.dropped == {}


def test_no_people():
    assert ids(build()(data_samples=[frame(0, 2), frame(1, 2, A)])) == [[], [0]]


def test_weak_boxes_are_left_out_and_counted():
    tracker = build(box_score_thr=0.7)
    (answer,) = tracker(data_samples=[frame(0, 1, A, B, scores=[0.69, 0.7])])
    assert answer.pred_instances.bboxes.tolist() == [B]
    assert answer.dropped == dict(box_score_thr=1)


def test_videos_may_be_interleaved():
    tracker = build()
    order = [("a", 0, [A, B]), ("b", 0, [B]), ("a", 1, [B, A]), ("b", 1, [A])]
    samples = [frame(index, 2, *boxes, video_id=name) for name, index, boxes in order]
    assert ids(tracker(data_samples=samples)) == [[0, 1], [0], [1, 0], [1]]


def test_a_frame_out_of_order():
    with pytest.raises(ValueError, match="video a: frame 1 came where frame 0 of 2 was due"):
        build()(data_samples=[frame(1, 2, A)])


@pytest.mark.parametrize("mode", ["loss", "tensor"])
def test_nothing_to_train(mode):
    with pytest.raises(ValueError, match=f"nothing to train: no mode '{mode}'"):
        build()(data_samples=[frame(0, 1, A)], mode=mode)


def test_options_out_of_range():
    with pytest.raises(ValueError, match="min_length must be 1 or more"):
        build(min_length=0)
