"""Propagation, memory, refinement and end stage in one tracker: streams, unknown ends, errors."""

import gc
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from mmpose_temporal.structures import CallbackObserver
from mmpose_temporal.testing import draw_video, track_frames

sys.path.insert(0, str(Path(__file__).parent))

from mixing_cases import build, expected_ids, story

NAMES = dict(
    similarity="tkm",
    depth="last",
    life="plain",
    assignment="hungarian",
    propagation="toks",
    refinement="context",
    end="long",
    births="all",
    extras="encoder and memory",
)


def tracker(**names):
    torch.manual_seed(0)
    return build({**NAMES, **names})


def video(name: str, **options) -> list:
    frames, hidden = story()
    return draw_video(name, frames, hidden=hidden, **options)


def of(samples, name: str) -> list:
    return [sample for sample in samples if sample.video_id == name]


def assert_same(one, other) -> None:
    assert [s.frame_index for s in one] == [s.frame_index for s in other] == list(range(10))
    for a, b in zip(one, other, strict=True):
        assert a is not b
        assert a.dropped == b.dropped
        a, b = a.pred_instances, b.pred_instances
        assert a.track_ids.tolist() == b.track_ids.tolist()
        np.testing.assert_allclose(a.keypoints, b.keypoints, atol=1e-3)
        np.testing.assert_allclose(a.keypoint_scores, b.keypoint_scores, atol=1e-4)
        np.testing.assert_allclose(a.bboxes, b.bboxes, atol=1e-3)
        np.testing.assert_allclose(a.bbox_scores, b.bbox_scores, atol=1e-6)


@pytest.mark.parametrize("propagation", ["toks", "boxes"])
@pytest.mark.parametrize("end", ["long", "merging"])
@pytest.mark.parametrize("batch_size", [2, 7])
def test_streams_and_batches_give_what_single_frames_give(propagation, end, batch_size):
    names = dict(propagation=propagation, end=end)
    alone = track_frames(tracker(**names), video("v"))
    expected = expected_ids({**NAMES, **names})
    assert [sorted(s.pred_instances.track_ids.tolist()) for s in alone] == [
        sorted(there.values()) for there in expected
    ]
    mixed = [frame for pair in zip(video("v"), video("w"), strict=True) for frame in pair]
    together = track_frames(tracker(**names), mixed, batch_size)
    assert_same(of(together, "v"), alone)
    assert_same(of(together, "w"), alone)


@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize("end", ["all", "long", "merging"])
def test_a_stream_whose_end_is_not_known(end, batch_size):
    """It is answered as far as it is decided, and the rest when it is ended."""
    known = track_frames(tracker(end=end), video("v"), batch_size)
    model = tracker(end=end)
    first = track_frames(model, video("v", num_frames=None), batch_size)
    assert model.pipeline.open_videos() == ["v"]
    # Two frames wait for the refinement. The tracks of the others are long enough or have ended:
    # the last one that is new, of frames 7, 8 and 9, has 3 poses. Merging waits for all.
    assert len(first) == (0 if end == "merging" else 8)
    assert_same(first + model.end_video("v"), known)
    assert model.pipeline.open_videos() == []


def test_a_video_that_is_ended_early_is_answered_as_one_of_that_length():
    frames, hidden = story()
    short = track_frames(tracker(), draw_video("v", frames[:6], hidden=hidden))
    model = tracker()
    begun = track_frames(model, video("v")[:6])
    for one, other in zip(begun + model.end_video("v"), short, strict=True):
        assert one.frame_index == other.frame_index
        assert one.pred_instances.track_ids.tolist() == other.pred_instances.track_ids.tolist()
        np.testing.assert_allclose(
            one.pred_instances.keypoint_scores, other.pred_instances.keypoint_scores, atol=1e-4
        )
    assert_same(track_frames(model, video("v")), track_frames(tracker(), video("v")))


PARTS = [
    ("box_source", "__call__"),
    ("cropper", "__call__"),
    ("frame_encoder", "encode"),
    ("estimator", "forward"),
    ("propagation", "propose"),
    ("propagation", "merge"),
    ("propagation", "observe"),
    ("memory", "attach"),
    ("memory", "observe"),
    ("association", "step"),
    ("refinement", "push"),
    ("refinement", "flush"),
    ("merging", "observe"),
    ("merging", "finish"),
    ("merging", "end_video"),
]


@pytest.mark.parametrize(
    ("part", "method", "error"),
    [
        *((part, method, RuntimeError) for part, method in PARTS),
        ("estimator", "forward", KeyboardInterrupt),
        ("association", "step", KeyboardInterrupt),
        ("merging", "finish", KeyboardInterrupt),
    ],
)
def test_after_an_error_in_a_part_both_videos_begin_again(part, method, error, monkeypatch):
    """It comes with the last frames of both videos, when each part has a state of them."""
    model = tracker(end="merging")
    expected = track_frames(tracker(end="merging"), video("v"))
    mixed = [frame for pair in zip(video("v"), video("w"), strict=True) for frame in pair]
    assert track_frames(model, mixed[:16], 4) == []
    kind = type(getattr(model, part))

    def failing(*_, **__):
        raise error("stop")

    with monkeypatch.context() as patch:
        patch.setattr(kind, method, failing)
        with pytest.raises(error, match="stop"):
            track_frames(model, mixed[16:], 4)
    assert model.pipeline.open_videos() == []
    again = [frame for pair in zip(video("v"), video("w"), strict=True) for frame in pair]
    found = track_frames(model, again, 4)
    assert_same(of(found, "v"), expected)
    assert_same(of(found, "w"), expected)


@pytest.mark.parametrize("method", ["wants", "associated", "finished"])
def test_after_an_error_in_an_observer_the_video_begins_again(method):
    def failing(packet):
        if packet.index == 4:
            raise RuntimeError("stop")
        return True

    model = tracker()
    observer = CallbackObserver(**{method: failing})
    model.observers.append(observer)
    with pytest.raises(RuntimeError, match="stop"):
        track_frames(model, video("v"), 3)
    assert model.pipeline.open_videos() == []
    model.observers.remove(observer)
    assert_same(track_frames(model, video("v")), track_frames(tracker(), video("v")))


def test_two_trackers_may_have_one_estimator():
    """Each answers as with an estimator of its own, also where their frames take turns."""
    first, second = tracker(), tracker(propagation="boxes", refinement="self", end="all")
    expected = [
        track_frames(tracker(), video("v")),
        track_frames(tracker(propagation="boxes", refinement="self", end="all"), video("v")),
    ]
    assert second.estimator is not first.estimator
    second.estimator = first.estimator
    second.bind_parts()
    answers = [], []
    for frames in zip(video("v"), video("v"), strict=True):
        for model, found, frame in zip((first, second), answers, frames, strict=True):
            found += track_frames(model, [frame])
    for found, alone in zip(answers, expected, strict=True):
        assert_same(found, alone)


@pytest.mark.parametrize("end", ["all", "long", "merging"])
def test_frames_that_wait_hold_no_image(end):
    """Every part has seen the images, and none of the video's ten is held when it is half over."""
    model, images = tracker(end=end), []
    model.observers.append(
        CallbackObserver(associated=lambda packet: images.append(weakref.ref(packet.image)))
    )
    track_frames(model, video("v")[:6], 2)
    gc.collect()
    assert len(images) == 6
    assert [image() is None for image in images] == [True] * 6
    waiting = model.pipeline.videos["v"].buffer.waiting
    assert all(packet.people.extras == {} for packet in waiting)
    # Four frames have left the refinement; c, in frame 2 alone, may be seen again until frame 5.
    assert len(waiting) == {"all": 0, "long": 2, "merging": 4}[end]
