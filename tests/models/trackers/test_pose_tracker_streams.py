"""Batches and streams give the same as single frames, and a video's state ends with it."""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models import PoseTracker
from mmpose_temporal.testing import (
    make_frame,
    make_video,
    template_tracker_config,
    tiny_tracker_config,
    track_frames,
    walking_pair,
)

A, B, C = [4, 6, 16, 38], [24, 6, 36, 38], [44, 6, 56, 38]


def build(config: dict) -> PoseTracker:
    torch.manual_seed(0)
    return MODELS.build(config).eval()


def ids(samples) -> list[list[int]]:
    return [sample.pred_instances.track_ids.tolist() for sample in samples]


def by_frame(samples) -> dict:
    return {(s.video_id, s.frame_index): s for s in samples}


def assert_same(one, other, atol: float = 1e-3) -> None:
    one, other = by_frame(one), by_frame(other)
    assert one.keys() == other.keys()
    assert all(one[key] is not other[key] for key in one)
    for key, a in one.items():
        a, b = a.pred_instances, other[key].pred_instances
        assert a.track_ids.tolist() == b.track_ids.tolist()
        np.testing.assert_allclose(a.keypoints, b.keypoints, atol=atol)
        np.testing.assert_allclose(a.keypoint_scores, b.keypoint_scores, atol=1e-4)
        np.testing.assert_array_equal(a.bboxes, b.bboxes)


@pytest.mark.parametrize("min_length", [1, 3])
@pytest.mark.parametrize("batch_size", [2, 3, 7])
def test_batches_of_frames_give_the_same_as_single_ones(batch_size, min_length):
    config = tiny_tracker_config(min_length=min_length)
    one = track_frames(build(config), walking_pair("a", 7))
    many = track_frames(build(config), walking_pair("a", 7), batch_size=batch_size)
    assert [s.frame_index for s in many] == list(range(7))
    assert_same(many, one)


@pytest.mark.parametrize("batch_size", [1, 2])
def test_streams_give_the_same_as_one_video_after_the_other(batch_size):
    config = tiny_tracker_config()
    apart = track_frames(
        build(config), walking_pair("a", 5, seed=1) + walking_pair("b", 3, seed=2)
    )
    first, second = walking_pair("a", 5, seed=1), walking_pair("b", 3, seed=2)
    mixed = [f for pair in zip(first, second, strict=False) for f in pair] + first[3:]
    assert_same(track_frames(build(config), mixed, batch_size=batch_size), apart)
    assert by_frame(apart)["b", 0].pred_instances.track_ids.tolist() == [0, 1]


def test_frames_of_different_sizes_in_a_batch():
    def frames():
        return make_video("a", [A, B], size=(64, 48)) + make_video("b", [C], size=(80, 60))

    config = tiny_tracker_config()
    assert_same(track_frames(build(config), frames(), 2), track_frames(build(config), frames()))


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ([0, 2], r"video a: frame 2 came where frame 1 of 3 was due"),
        ([0, 0], r"video a: frame 0 came where frame 1 of 3 was due"),
        ([1], r"video a: frame 1 came where frame 0 of 3 was due"),
    ],
)
@pytest.mark.parametrize("together", [False, True])
def test_a_frame_out_of_order(order, message, together):
    tracker = build(template_tracker_config())
    frames = make_video("a", [A], [A], [A])
    with pytest.raises(ValueError, match=message):
        track_frames(tracker, [frames[i] for i in order], batch_size=len(order) if together else 1)
    # and nothing of the video stays: it can begin again
    assert ids(track_frames(tracker, make_video("a", [A], [A], [A]))) == [[0]] * 3


def test_the_state_ends_with_the_video():
    tracker = build(template_tracker_config())
    assert ids(track_frames(tracker, make_video("a", [A, B], [A, B]))) == [[0, 1]] * 2
    assert tracker.pipeline.open_videos() == []
    assert ids(track_frames(tracker, make_video("a", [B], [B, A]))) == [
        [0],
        [0, 1],
    ]  # not what it was before
    assert tracker.pipeline.open_videos() == []


def test_reset_forgets_an_interrupted_video():
    tracker = build(template_tracker_config())
    track_frames(tracker, make_video("a", [A, B], [A, B])[:1])
    assert tracker.pipeline.open_videos() == ["a"]
    tracker.reset()
    assert ids(track_frames(tracker, make_video("a", [B], [B]))) == [[0]] * 2


def test_memory_is_bounded():
    """At each frame the people are elsewhere: 2 new tracks a frame, each looked for 2 frames."""
    association = dict(life=dict(max_age=2))
    tracker = build(template_tracker_config(min_length=3, association=association))
    num_frames = 120
    places = [[x, y, x + 8, y + 8] for y in (0, 10, 20, 30) for x in (0, 10, 20, 30, 40, 50)]
    returned, state = 0, None
    for index in range(num_frames):
        boxes = [places[(2 * index + i) % len(places)] for i in range(2)]
        frame = make_frame(video_id="a", frame_index=index, num_frames=num_frames, boxes=boxes)
        returned += len(track_frames(tracker, [frame]))
        state = tracker.pipeline.videos.get("a", state)
        tracks = state.parts["association"]
        assert len(tracks) <= 2 * 3
        waiting = index + 1 - returned
        if index < num_frames - 1:
            assert len(state.buffer.waiting) == waiting <= 3 * 3  # min_length * (max_age + 1)
            assert len(state.buffer.places) + len(state.buffer.short) <= 2 * waiting
    assert returned == num_frames
    assert tracks.next_id == 2 * num_frames
    assert tracker.pipeline.open_videos() == []


@pytest.mark.parametrize("max_crops", [1, 2, 3])
def test_crops_in_parts_give_the_same(max_crops):
    frames, again = (make_video("a", [A, B, C], [A, B], [C]) for _ in range(2))
    whole = track_frames(build(tiny_tracker_config()), frames, batch_size=3)
    tracker = build(tiny_tracker_config(max_crops=max_crops))
    sizes = []
    predict = tracker.estimator.predict
    tracker.estimator.predict = lambda x, samples: sizes.append(len(x)) or predict(x, samples)
    assert_same(track_frames(tracker, again, batch_size=3), whole)
    assert sizes == {1: [1] * 6, 2: [2, 2, 2], 3: [3, 3]}[max_crops]


def test_all_people_of_a_batch_go_through_together():
    tracker = build(tiny_tracker_config())
    sizes = []
    predict = tracker.estimator.predict
    tracker.estimator.predict = lambda x, samples: sizes.append(len(x)) or predict(x, samples)
    track_frames(tracker, make_video("a", [A, B, C], [], [A, B]), batch_size=3)
    assert sizes == [5]
