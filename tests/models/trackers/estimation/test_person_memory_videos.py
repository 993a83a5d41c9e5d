"""A memory in whole videos: batches, streams, saved states, errors, bounds."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmpose.registry import TASK_UTILS

from mmpose_temporal.models.trackers import PoseTracker
from mmpose_temporal.testing import (
    make_frame,
    make_video,
    tiny_ptm_config,
    track_frames,
    walking_pair,
)

sys.path.insert(0, str(Path(__file__).parent))

from memory_cases import A, B, build, reads, state_of

FLIPS = pytest.mark.parametrize("flip_test", [False, True])


def config(*, flip_test: bool = False, **options) -> dict:
    return tiny_ptm_config(estimator=dict(flip_test=flip_test), **options)


def walk(name="v", length=6, **options):
    """Two people; the second is absent in frame 2, and the fourth frame cannot be read."""
    boxes = [[[4 + t, 6, 16 + t, 38], [34 + t, 8, 50 + t, 40]] for t in range(length)]
    boxes[2] = boxes[2][:1]
    found = [None if t == 4 else one for t, one in enumerate(boxes)]
    return make_video(name, *found, **options)


def assert_same(one, other, *, atol=1e-4) -> None:
    one, other = ({(s.video_id, s.frame_index): s.pred_instances for s in x} for x in (one, other))
    assert one.keys() == other.keys()
    for key, a in one.items():
        b = other[key]
        assert a.track_ids.tolist() == b.track_ids.tolist(), key
        np.testing.assert_allclose(a.keypoint_scores, b.keypoint_scores, atol=atol)
        np.testing.assert_allclose(a.keypoints, b.keypoints, atol=1e-2)


def largest_difference(one, other) -> float:
    pairs = zip(one, other, strict=True)
    return max(
        np.abs(a.pred_instances.keypoint_scores - b.pred_instances.keypoint_scores).max(initial=0)
        for a, b in pairs
    )


@FLIPS
def test_poses_depend_on_the_frames_before(flip_test):
    """The first frame is that of the network without a memory, the second is not."""
    tracker = build(config(flip_test=flip_test))
    found = track_frames(tracker, walk())
    alone = []
    for frame in walk():
        tracker.reset()
        image, sample = frame
        sample.set_metainfo(dict(frame_index=0, num_frames=None))
        alone += track_frames(tracker, [(image, sample)])
    tracker.reset()
    assert largest_difference(found[:1], alone[:1]) == 0
    for t in (1, 2, 3, 5):
        assert largest_difference(found[t : t + 1], alone[t : t + 1]) > 1e-3


@FLIPS
@pytest.mark.parametrize("batch_size", [2, 6])
def test_batches_give_the_same_as_single_frames(batch_size, flip_test):
    settings = config(flip_test=flip_test)
    one = track_frames(build(settings), walk())
    assert_same(track_frames(build(settings), walk(), batch_size=batch_size), one)


@FLIPS
def test_streams_give_the_same_as_one_video_after_the_other(flip_test):
    """Two videos of other people and lengths, crowded by their own counts."""
    settings = config(flip_test=flip_test, neck=dict(crowd_size=1.4))

    def videos():
        return walk("v", seed=1), walking_pair("w", 4, leave=2, seed=2)

    first, second = videos()
    apart = track_frames(build(settings), first + second)
    first, second = videos()
    mixed = [frame for pair in zip(first, second, strict=False) for frame in pair] + first[4:]
    assert_same(track_frames(build(settings), mixed, batch_size=2), apart)


@pytest.mark.parametrize("max_crops", [1, 3])
def test_fewer_crops_per_call_than_people(max_crops):
    whole = track_frames(build(config()), walk())
    assert_same(track_frames(build(config(max_crops=max_crops)), walk()), whole)


@pytest.mark.parametrize("dtype", [None, "float16", "bfloat16"])
@FLIPS
def test_a_state_that_is_saved_and_restored_in_mid_video(dtype, flip_test):
    settings = config(flip_test=flip_test, memory=dict(dtype=dtype))
    tracker, frames = build(settings), walk()
    track_frames(tracker, frames[:3])
    file = io.BytesIO()
    torch.save(tracker.video_state_dict(), file)
    file.seek(0)
    other = build(settings)
    other.load_video_state_dict(torch.load(file, weights_only=True))
    restored, on = track_frames(other, frames[3:]), track_frames(tracker, walk()[3:])
    assert largest_difference(restored, on) == 0
    assert_same(restored, on, atol=0)
    assert len(restored) == 3


def test_a_state_of_another_memory_is_refused():
    tracker = build(config())
    track_frames(tracker, walk()[:2])
    saved = tracker.video_state_dict()
    for other in (config(neck=dict(capacity=2)), config(memory=dict(dtype="float16"))):
        with pytest.raises(ValueError, match="another tracker"):
            build(other).load_video_state_dict(saved)


@pytest.mark.parametrize(("dtype", "atol"), [("float16", 2e-3), ("bfloat16", 2e-2)])
@pytest.mark.parametrize("attention", ["vanilla", "coda"])
def test_storage_in_half_precision_is_near_single_precision(dtype, atol, attention):
    settings = dict(neck=dict(attention=attention))
    exact = track_frames(build(config(**settings)), walk())
    tracker = build(config(memory=dict(dtype=dtype), **settings))
    found = track_frames(tracker, walk()[:5])
    assert state_of(tracker).store.keys.dtype == getattr(torch, dtype)
    found += track_frames(tracker, walk()[5:])
    assert 0 < largest_difference(found, exact) < atol


@pytest.mark.parametrize("attention", ["vanilla", "coda"])
def test_automatic_mixed_precision(attention):
    settings = config(neck=dict(attention=attention))
    exact = track_frames(build(settings), walk())
    tracker = build(settings)
    with torch.autocast("cpu", torch.float16):
        found = track_frames(tracker, walk()[:5])
        assert state_of(tracker).store.keys.dtype == torch.float16
        found += track_frames(tracker, walk()[5:])
    assert 0 < largest_difference(found, exact) < 0.02


# ---- errors


def bigger(tracker: PoseTracker) -> None:
    """From here on crops are of 48 x 96 pixels, not of 48 x 64."""
    tracker.cropper = TASK_UTILS.build(dict(type="TopdownCropper", input_size=(48, 96)))


@pytest.mark.parametrize("boxes", [[A], [B]], ids=["of a known person", "of a new one"])
def test_feature_maps_of_another_size_in_mid_video(boxes):
    tracker = build()
    track_frames(tracker, make_video("v", [A], boxes)[:1])
    bigger(tracker)
    text = r"maps of \(6, 3\) cells \(h, w\) do not go with a memory of \(4, 3\)"
    with pytest.raises(ValueError, match=text):
        track_frames(tracker, make_video("v", [A], boxes)[1:])
    assert tracker.pipeline.open_videos() == []
    assert reads(tracker, [A], [A]) == [{0: []}, {0: [0]}]


@pytest.mark.parametrize("before", [False, True])
def test_another_flip_test_in_mid_video(before):
    tracker = build(config(flip_test=before))
    track_frames(tracker, make_video("v", [A], [A])[:1])
    tracker.estimator.test_cfg["flip_test"] = not before
    with pytest.raises(ValueError, match="flip test, and goes on with"):
        track_frames(tracker, make_video("v", [A], [A])[1:])
    assert tracker.pipeline.open_videos() == []


@pytest.mark.parametrize("order", [[0, 2], [0, 0]])
def test_a_frame_out_of_order_reads_nothing(order):
    tracker = build()
    frames = make_video("v", [A], [A], [A])
    read = []  # in frame 0 there is nothing to be read
    original = tracker.estimator.neck.read
    tracker.estimator.neck.read = lambda x, entries: (
        read.append(entries.counts.tolist()),
        original(x, entries),
    )[1]
    with pytest.raises(ValueError, match="came where frame 1 of 3 was due"):
        track_frames(tracker, [frames[i] for i in order])
    assert not read and tracker.pipeline.open_videos() == []
    del tracker.estimator.neck.read
    assert reads(tracker, [A], [A]) == [{0: []}, {0: [0]}]


def test_an_error_in_one_video_forgets_the_videos_of_its_batch_alone():
    tracker = build()
    v, w, u = (make_video(name, [A], [A], [A]) for name in "vwu")
    track_frames(tracker, [v[0], w[0], u[0]], batch_size=3)
    with pytest.raises(ValueError, match="video w: frame 2 came"):
        track_frames(tracker, [v[1], w[2]], batch_size=2)
    assert tracker.pipeline.open_videos() == ["u"]
    assert state_of(tracker, "u").store.counts.tolist() == [1]


# ---- single images


def test_single_images_have_the_plain_poses():
    """And the memories of open videos stay as they are."""
    tracker = build()
    frames = make_video("v", [A], [A])
    first = track_frames(tracker, frames[:1])[0].pred_instances
    store = state_of(tracker).store
    counts, keys = store.counts.copy(), store.keys.clone()
    image, sample = make_frame(video_id="", frame_index=0, num_frames=None, boxes=[A])
    for name in ("video_id", "frame_index", "num_frames"):
        sample.pop(name)
    (found,) = track_frames(tracker, [(image, sample)])
    np.testing.assert_array_equal(found.pred_instances.keypoint_scores, first.keypoint_scores)
    assert "person_memory" not in found
    assert state_of(tracker).store is store
    assert (store.counts == counts).all() and torch.equal(store.keys, keys)


# ---- what is kept


def test_the_memory_of_a_long_video_stays_small():
    """300 frames: every 7 frames a person leaves and another comes to another place."""
    tracker = build(neck=dict(capacity=3), memory=dict(max_age=2))
    places = [[4 + 20 * x, 6, 16 + 20 * x, 38] for x in range(10)]
    sizes, entries = [], []
    for t in range(300):
        boxes = [places[t // 7 % 10], places[(t // 7 + 1) % 10]]
        frame = make_frame(
            video_id="v", frame_index=t, num_frames=None, boxes=boxes, size=(210, 48)
        )
        track_frames(tracker, [frame])
        store = state_of(tracker).store
        sizes.append(store.num_bytes)
        entries.append(int(store.counts.sum()))
        assert len(store) == len(state_of(tracker).track_ids) <= 3
        assert (store.frames >= 0).sum() == store.counts.sum()
    assert max(entries) == 7 and min(entries[9:]) == 5
    assert len(state_of(tracker).store.frames) == 16  # the pool never grew
    assert max(sizes) == max(sizes[:20])
    tracker.end_video("v")
    assert tracker.pipeline.open_videos() == []


def test_answers_keep_nothing_of_the_memory():
    tracker = build()
    for sample in track_frames(tracker, make_video("v", [A], [A])):
        assert "person_memory" not in sample
        assert not [name for name in sample.pred_instances.keys() if "memory" in name]  # noqa: SIM118


def test_features_of_a_frame_are_dropped_with_it():
    tracker = build()
    track_frames(tracker, make_video("v", [A], [], [A], [])[:3])
    assert state_of(tracker).frame is None
