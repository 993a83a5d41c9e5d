import numpy as np
import pytest
import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmpose_temporal.models import IoUSimilarity
from mmpose_temporal.structures import People
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
    sample.pred_instances = People.create(
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


def test_nothing_to_train():
    with pytest.raises(TypeError, match="OKSSimilarity has nothing to learn"):
        build()(data_samples=[frame(0, 1, A)], mode="loss")


def test_an_unknown_mode():
    with pytest.raises(ValueError, match="modes 'predict' and 'loss', got 'tensor'"):
        build()(data_samples=[frame(0, 1, A)], mode="tensor")


@MODELS.register_module()
class WatchingSimilarity(IoUSimilarity):
    """Keeps what it is given."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def embed(self, poses, feats=None):
        self.seen.append(feats)
        return super().embed(poses, feats)

    def loss(self, inputs, data_samples):
        return dict(loss=inputs.sum() + len(data_samples))


def watching(**options):
    association = dict(type="Association", similarity=dict(type="WatchingSimilarity"))
    return MODELS.build(dict(type="PoseOnlyTracker", association=association, **options))


def test_loss_is_that_of_the_similarity():
    assert watching()(torch.ones(3), [None, None], mode="loss") == dict(loss=5)


@pytest.mark.parametrize(
    ("meta", "size"),
    [
        (dict(frame_size=(64, 48)), (64, 48)),
        (dict(ori_shape=(48, 64)), (64, 48)),
        (dict(frame_size=(0, 0)), None),
        (dict(), None),
    ],
)
def test_the_similarity_is_told_the_size_of_the_frame(meta, size):
    tracker, sample = watching(), frame(0, 1, A)
    sample.set_metainfo(meta)
    tracker(data_samples=[sample])
    assert tracker.association.similarity.seen == [dict(frame_size=size, time=0)]


@pytest.mark.parametrize(("meta", "size"), [(dict(frame_size=(64, 48)), (64, 48)), ({}, (3, 2))])
def test_an_image_tells_its_size_where_the_sample_does_not(meta, size):
    tracker, sample = watching(), frame(0, 1, A)
    sample.set_metainfo(meta)
    tracker.track(sample, People.empty(17), feats=dict(image=np.zeros((2, 3, 3), np.uint8)))
    assert tracker.association.similarity.seen[0]["frame_size"] == size


def test_time_counts_the_searched_frames():
    tracker, samples = watching(), [frame(0, 3, A), frame(1, 3), frame(2, 3, A)]
    samples[1].set_metainfo(dict(searched=False))
    tracker(data_samples=samples)
    assert [feats["time"] for feats in tracker.association.similarity.seen] == [0, 1]


def test_features_of_people_go_with_the_poses():
    """The second person scores too little, the third hides the fourth."""
    tracker = watching(box_score_thr=0.5, suppression=[dict(type="BoxNMS", iou_thr=0.5)])
    sample = frame(0, 1, A, B, [40, 6, 52, 38], [40, 6, 52, 38], scores=[1, 0.4, 0.8, 0.7])
    feats = dict(person_array=np.arange(4), person_tensor=torch.arange(4), all_of_them="x")
    poses = People.from_instances(sample.pred_instances)
    tracker.track(sample, poses, feats=feats)
    (seen,) = tracker.association.similarity.seen
    assert seen["person_array"].tolist() == [0, 2]
    assert seen["person_tensor"].tolist() == [0, 2]
    assert seen["all_of_them"] == "x"


@pytest.mark.parametrize("known", [[1], [0.5, 1.5]])
def test_known_ids_that_do_not_fit(known):
    sample = frame(0, 1, A, B)
    sample.set_metainfo(dict(known_ids=known))
    with pytest.raises(ValueError, match="video a: frame 0: known_ids must be integers, one for"):
        build()(data_samples=[sample])


def test_options_out_of_range():
    with pytest.raises(ValueError, match="min_length must be 1 or more"):
        build(min_length=0)


def test_a_video_shorter_than_min_length_keeps_whoever_is_in_all_frames():
    tracker = build(min_length=3)
    here, there = (0, 0, 10, 10), (50, 0, 60, 10)
    finished = tracker.forward(data_samples=[frame(0, 2, here, there), frame(1, 2, here)])
    assert [len(sample.pred_instances.track_ids) for sample in finished] == [1, 1]
    assert finished[0].dropped == {"short_track": 1}
