import copy

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
    similarity = dict(type="OKSSimilarity")
    association = dict(type="Association", similarity=similarity, life=dict(max_age=2))
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

    def embed(self, packet):
        self.seen.append(copy.copy(packet))
        return super().embed(packet)

    def loss(self, inputs, data_samples):
        return dict(loss=inputs.sum() + len(data_samples))


def watching(**options):
    association = dict(type="Association", similarity=dict(type="WatchingSimilarity"))
    return MODELS.build(dict(type="PoseOnlyTracker", association=association, **options))


def test_loss_is_that_of_the_similarity():
    assert watching()(torch.ones(3), [frame(0, 1), frame(0, 1)], mode="loss") == dict(loss=5)


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
    (seen,) = tracker.association.similarity.seen
    assert (seen.frame_size, seen.tick) == (size, 0)


@pytest.mark.parametrize(("meta", "size"), [(dict(frame_size=(64, 48)), (64, 48)), ({}, (3, 2))])
def test_an_image_tells_its_size_where_the_sample_does_not(meta, size):
    tracker, sample = watching(), frame(0, 1, A)
    sample.set_metainfo(meta)
    tracker.track(sample, People.empty(17), np.zeros((2, 3, 3), np.uint8))
    assert tracker.association.similarity.seen[0].frame_size == size


@pytest.mark.parametrize(
    ("meta", "times"),
    [
        (dict(), [None, None, None]),
        (dict(fps=4), [0, 0.25, 0.5]),
        (dict(fps=4, time=7.5), [7.5, 7.5, 7.5]),
    ],
)
def test_the_clock_counts_searched_frames_and_time_all(meta, times):
    tracker, samples = watching(), [frame(0, 3, A), frame(1, 3), frame(2, 3, A)]
    samples[1].set_metainfo(dict(searched=False))
    for sample in samples:
        sample.set_metainfo(meta)
    tracker(data_samples=samples)
    seen = tracker.association.similarity.seen
    assert [(p.index, p.tick) for p in seen] == [(0, 0), (2, 1)]
    assert [p.time for p in seen] == times[::2]


@pytest.mark.parametrize("fps", [0, -1, float("nan")])
def test_a_frame_rate_that_is_none(fps):
    tracker, sample = build(), frame(0, 1, A)
    sample.set_metainfo(dict(fps=fps))
    with pytest.raises(ValueError, match="video a: fps"):
        tracker(data_samples=[sample])


def test_extras_of_people_go_with_the_poses():
    """The second person scores too little, the third hides the fourth."""
    tracker = watching(box_score_thr=0.5, suppression=[dict(type="BoxNMS", iou_thr=0.5)])
    sample = frame(0, 1, A, B, [40, 6, 52, 38], [40, 6, 52, 38], scores=[1, 0.4, 0.8, 0.7])
    sample.pred_instances.array = np.arange(4)
    sample.pred_instances.tensor = torch.arange(4)
    (answer,) = tracker(data_samples=[sample])
    (seen,) = tracker.association.similarity.seen
    assert seen.people.extras["array"].tolist() == [0, 2]
    assert seen.people.extras["tensor"].tolist() == [0, 2]
    assert "array" not in answer.pred_instances  # they belong to the tracker


def test_known_ids_go_with_the_poses():
    tracker, sample = watching(box_score_thr=0.5), frame(0, 1, A, B, scores=[0.4, 1])
    sample.set_metainfo(dict(known_ids=[3, -1]))
    tracker(data_samples=[sample])
    assert tracker.association.similarity.seen[0].people.extras["known_ids"].tolist() == [-1]


@pytest.mark.parametrize("known", [[1], [0.5, 1.5], [[1, 2]]])
def test_known_ids_that_do_not_fit(known):
    sample = frame(0, 1, A, B)
    sample.set_metainfo(dict(known_ids=known))
    with pytest.raises(ValueError, match="video a: frame 0: known_ids"):
        build()(data_samples=[sample])


def test_options_out_of_range():
    with pytest.raises(ValueError, match="min_length"):
        build(min_length=0)


def test_a_video_shorter_than_min_length_keeps_whoever_is_in_all_frames():
    tracker = build(min_length=3)
    here, there = (0, 0, 10, 10), (50, 0, 60, 10)
    finished = tracker.forward(data_samples=[frame(0, 2, here, there), frame(1, 2, here)])
    assert [len(sample.pred_instances.track_ids) for sample in finished] == [1, 1]
    assert finished[0].dropped == {"short_track": 1}
