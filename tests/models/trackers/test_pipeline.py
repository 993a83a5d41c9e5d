"""The way of a frame through a tracker: what is asked when, and what is left after errors."""

import copy

import numpy as np
import pytest
import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS, TASK_UTILS

from mmpose_temporal.models.parts import FrameEncoder, TrackerPart
from mmpose_temporal.models.trackers import DatasetBoxes, Gate, Suppression
from mmpose_temporal.structures import POSETRACK18, CallbackObserver, People
from mmpose_temporal.testing import make_frame, template_keypoints, template_tracker_config

A, B = [4, 6, 16, 38], [44, 6, 56, 38]
BOTH = pytest.mark.parametrize("kind", ["PoseTracker", "PoseOnlyTracker"])


@TASK_UTILS.register_module()
class CountedBoxes(DatasetBoxes):
    """Counts the frames that it looks at."""

    def __init__(self):
        super().__init__()
        self.looked = 0

    def __call__(self, frames, samples, device):
        self.looked += len(samples)
        return super().__call__(frames, samples, device)


@MODELS.register_module()
class CountedEncoder(BaseModule, FrameEncoder):
    """The mean of each frame; counts the frames that it looks at."""

    def __init__(self):
        super().__init__()
        self.looked = 0

    def encode(self, packets):
        self.looked += len(packets)
        return [dict(mean=packet.image.mean()) for packet in packets]


@TASK_UTILS.register_module()
class FailingGate(Gate):
    """Lets all pairs through, and raises once when ``error`` is set."""

    error = None

    def __call__(self, current, previous):
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return np.ones((len(current), len(previous)), bool)


def build(kind: str, **options):
    config = template_tracker_config(**options)
    if kind == "PoseOnlyTracker":
        config = {name: config[name] for name in config if name not in ("estimator", "cropper")}
    return MODELS.build({**config, "type": kind}).eval()


def frames(name: str, *boxes, num_frames: int | None = 0):
    """Frames of a video; ``num_frames`` 0: as many as there are."""
    video = []
    for index, found in enumerate(boxes):
        image, sample = make_frame(
            video_id=name,
            frame_index=index,
            num_frames=len(boxes) if num_frames == 0 else num_frames,
            boxes=found or [],
        )
        found = np.array(found, np.float32).reshape(-1, 4)
        people = People.create(keypoints=template_keypoints(found), boxes=found)
        sample.pred_instances = people.to_instances()
        video.append((image, sample))
    return video


def predict(tracker, *video):
    return tracker.predict([image for image, _ in video], [sample for _, sample in video])


def ids(samples) -> list[list[int]]:
    return [sample.pred_instances.track_ids.tolist() for sample in samples]


def open_videos(tracker) -> list[str]:
    return tracker.pipeline.open_videos()


@BOTH
def test_a_frame_is_admitted_before_anything_looks_at_it(kind):
    """The second frame of the batch is not due: not even the first is looked at."""
    options = dict(box_source=dict(type="CountedBoxes")) if kind == "PoseTracker" else {}
    tracker = build(kind, frame_encoder=dict(type="CountedEncoder"), **options)
    video = frames("a", [A], [A], [A])
    with pytest.raises(ValueError, match="video a: frame 2 came where frame 1 of 3"):
        predict(tracker, video[0], video[2])
    looked = [tracker.frame_encoder.looked]
    if kind == "PoseTracker":
        looked.append(tracker.box_source.looked)
    assert not any(looked)
    predict(tracker, *frames("a", [A], [A]))
    assert tracker.frame_encoder.looked == 2


@BOTH
def test_a_frame_out_of_order_forgets_the_video_and_no_other(kind):
    tracker = build(kind)
    video, other = frames("a", [A, B], [A, B], [A, B]), frames("b", [A, B], [B, A])
    predict(tracker, video[0])
    predict(tracker, other[0])
    with pytest.raises(ValueError, match="frame 2 came where frame 1"):
        predict(tracker, video[2])
    assert open_videos(tracker) == ["b"]
    assert ids(predict(tracker, *frames("a", [B], [B, A]))) == [[0], [0, 1]]
    assert ids(predict(tracker, other[1])) == [[1, 0]]


def test_track_forgets_a_video_too():
    tracker = build("PoseOnlyTracker")
    _, sample = frames("a", [A], [A])[1]
    with pytest.raises(ValueError, match="frame 1 came where frame 0"):
        tracker.track(sample, People.empty(17))
    assert open_videos(tracker) == []


@BOTH
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_after_an_error_in_a_part_the_video_can_be_started_again(kind, error):
    """It happens in frame 1 of video a; b is in the same batch, c is not."""
    tracker = build(kind, association=dict(gates=[dict(type="FailingGate")]))
    boxes = [A, B], [B, A], [A]
    video, other, third = (frames(name, *boxes) for name in "abc")
    predict(tracker, video[0], other[0], third[0])
    tracker.association.gates[0].error = error("stop")
    with pytest.raises(error, match="stop"):
        predict(tracker, video[1], other[1])
    assert open_videos(tracker) == ["c"]
    assert ids(predict(tracker, third[1], third[2])) == [[1, 0], [0]]
    for name in "ab":
        assert ids(predict(tracker, *frames(name, *boxes))) == [[0, 1], [1, 0], [0]]
    assert open_videos(tracker) == []


@BOTH
@pytest.mark.parametrize("min_length", [1, 3])
def test_a_video_of_unknown_length_is_ended_by_hand(kind, min_length):
    """Together the answers are those of a video whose length is known."""
    boxes = [A, B], [A], [A], [A, B]
    tracker = build(kind, min_length=min_length)
    known = predict(tracker, *frames("a", *boxes))
    assert open_videos(tracker) == []
    begun = predict(tracker, *frames("a", *boxes, num_frames=None))
    assert open_videos(tracker) == ["a"]
    ended = tracker.end_video("a")
    assert open_videos(tracker) == []
    assert len(ended) == (0 if min_length == 1 else 1)
    assert [s.frame_index for s in begun + ended] == [0, 1, 2, 3]
    assert ids(begun + ended) == ids(known)
    assert [s.dropped for s in begun + ended] == [s.dropped for s in known]
    for one, other in zip(begun + ended, known, strict=True):
        assert one.pred_instances.keys() == other.pred_instances.keys()
    with pytest.raises(ValueError, match="video a is not open"):
        tracker.end_video("a")


@BOTH
def test_images_are_released_once_the_ids_are_known(kind):
    """Parts and observers of association see image and features; frames that wait have none."""
    tracker = build(kind, min_length=3, frame_encoder=dict(type="CountedEncoder"))
    seen = []
    observer = CallbackObserver(associated=lambda packet: seen.append(copy.copy(packet)))
    tracker.observers.append(observer)
    video = frames("a", [A], [A], [A], [A])
    assert predict(tracker, *video[:2]) == []
    for packet, (image, _) in zip(seen, video, strict=False):
        np.testing.assert_array_equal(packet.image, image)
        assert packet.features["mean"] == pytest.approx(float(image.float().mean()))
    waiting = tracker.pipeline.videos["a"].buffer.waiting
    assert [packet.index for packet in waiting] == [0, 1]
    assert all((p.image, p.features, p.comparison) == (None, {}, None) for p in waiting)


@BOTH
def test_observers_see_the_frames_that_they_want(kind):
    """In frame 1 somebody gets no id, whom the observer sees all the same."""
    births = [dict(type="ScoreBirths", new_track_thr=0.5)]
    alone, tracker = (build(kind, association=dict(births=births)) for _ in range(2))
    associated, finished = [], []

    def see(packet):
        comparison = packet.comparison
        associated.append(
            (packet.index, comparison.people.track_ids.tolist(), comparison.tracks.ids.tolist())
        )

    tracker.observers.append(
        CallbackObserver(
            wants=lambda packet: packet.index == 1,
            associated=see,
            finished=lambda packet: finished.append((packet.index, len(packet.people))),
        )
    )

    def video():
        made = frames("a", [A], [B, A], [A])
        for name, scores in (("proposals", [0.1, 1]), ("pred_instances", [0.1, 1])):
            made[1][1].get(name).bbox_scores = np.array(scores, np.float32)
        return made

    answers, others = predict(tracker, *video()), predict(alone, *video())
    assert associated == [(1, [-1, 0], [0])]
    assert finished == [(1, 1)]
    assert ids(answers) == ids(others) == [[0], [0], [0]]
    assert [s.dropped for s in answers] == [{}, dict(new_track_thr=1), {}]


def test_nothing_is_kept_for_frames_that_nobody_watches():
    tracker = build("PoseOnlyTracker")
    (image, sample), *_ = frames("a", [A], [A])
    packet = tracker.pipeline.admit(sample, image.numpy())
    packet.people = People.from_instances(sample.pred_instances)
    (finished,) = tracker.pipeline.track(packet)
    assert finished is packet
    assert (packet.records, packet.comparison) == (None, None)


def test_a_frame_that_was_not_searched_has_no_poses():
    tracker = build("PoseOnlyTracker")
    video = frames("a", [A], [A])
    video[0][1].set_metainfo(dict(searched=False))
    with pytest.raises(ValueError, match="frame 0 was not searched"):
        predict(tracker, video[0])
    assert open_videos(tracker) == []


def test_poses_of_another_number_of_keypoints():
    tracker = build("PoseOnlyTracker")
    (_, sample), *_ = frames("a", [A])
    sample.set_metainfo(dict(skeleton=POSETRACK18))
    with pytest.raises(ValueError, match="14 keypoints.* 17"):
        tracker.track(sample, People.empty(14))
    assert open_videos(tracker) == []


def test_a_frame_encoder_needs_the_frames():
    tracker = build("PoseOnlyTracker", frame_encoder=dict(type="CountedEncoder"))
    (_, sample), *_ = frames("a", [A])
    with pytest.raises(ValueError, match="frame 0 came without its image"):
        tracker(data_samples=[sample])
    assert open_videos(tracker) == []


def test_frames_that_cannot_be_read_are_not_encoded():
    tracker = build("PoseOnlyTracker", frame_encoder=dict(type="CountedEncoder"))
    video = frames("a", [A], [], [A])
    video[1][1].set_metainfo(dict(frame_readable=False))
    video[1] = torch.zeros(0, 0, 3, dtype=torch.uint8), video[1][1]
    assert ids(predict(tracker, *video)) == [[0], [], [0]]
    assert tracker.frame_encoder.looked == 2


@TASK_UTILS.register_module()
class FeatureGate(FailingGate, TrackerPart):
    """Says that it reads the frames' features."""

    needs_frame_encoder = True


def test_a_part_that_needs_a_frame_encoder():
    association = dict(gates=[dict(type="FeatureGate")])
    with pytest.raises(ValueError, match="FeatureGate.*frame_encoder, .*CorrespondenceEncoder"):
        build("PoseOnlyTracker", association=association)
    encoder = dict(type="CountedEncoder")
    assert build("PoseOnlyTracker", association=association, frame_encoder=encoder)


@TASK_UTILS.register_module()
class MaskSuppression(Suppression):
    """Keeps the first person, told as a mask."""

    def __call__(self, poses):
        return np.arange(len(poses)) == 0


@BOTH
def test_suppression_may_answer_a_mask(kind):
    tracker = build(kind, suppression=[dict(type="MaskSuppression")])
    (answer,) = predict(tracker, *frames("v", [A, B]))
    assert answer.pred_instances.track_ids.tolist() == [0]
    assert answer.dropped == {"suppression": 1}


@TASK_UTILS.register_module()
class StatefulGate(FailingGate, TrackerPart):
    """Has a state where there is no place for one."""

    def start_video(self):
        return {}


def test_a_state_where_there_is_no_place_for_one():
    with pytest.raises(ValueError, match="StatefulGate has start_video"):
        build("PoseOnlyTracker", association=dict(gates=[dict(type="StatefulGate")]))


@BOTH
def test_the_frame_encoder_is_a_part(kind):
    """It is told of keypoints and of associated frames as any part with a state."""
    tracker = build(kind, frame_encoder=dict(type="CountedEncoder"))
    assert "frame_encoder" in tracker.pipeline.parts


@BOTH
def test_an_observer_decides_once_and_sees_what_is_written(kind):
    """It asks for the first frame; of the two people one has no joint over 0.95."""
    asked, seen = [], []

    def wants(packet):
        asked.append(packet.index)
        return len(asked) == 1

    tracker = build(kind, output_keypoint_thr=0.95)
    tracker.observers.append(
        CallbackObserver(
            wants=wants,
            finished=lambda packet: seen.append((packet.index, dict(packet.dropped))),
        )
    )
    predict(tracker, *frames("v", [A, B], [A, B]))
    assert asked == [0, 1]
    assert seen == [(0, {"output_keypoint_thr": 2} if kind == "PoseTracker" else {})]


@BOTH
def test_numbers_of_frames_that_do_not_fit(kind):
    tracker = build(kind)
    for length, wrong in ((0, 0), (1, 1)):
        image, sample = frames("v", [A], [A])[wrong]
        sample.set_metainfo(dict(num_frames=length))
        with pytest.raises(ValueError, match=f"no frame {wrong} in a video of {length} frames"):
            predict(tracker, (image, sample))
        assert open_videos(tracker) == []


@BOTH
def test_the_number_of_frames_may_come_late(kind):
    tracker = build(kind, min_length=2)
    first, second = frames("v", [A], [A], num_frames=None)
    assert predict(tracker, first) == []
    second[1].set_metainfo(dict(num_frames=2))
    assert [s.frame_index for s in predict(tracker, second)] == [0, 1]
    assert open_videos(tracker) == []


def test_an_empty_batch():
    assert build("PoseTracker").predict([], []) == []
