"""Crops with their samples, and people with all that the estimator computes of them."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.trackers import TopdownCropper
from mmpose_temporal.models.trackers.estimation import (
    FramePreprocessor,
    crop_samples,
    gather_people,
)
from mmpose_temporal.structures import CallbackObserver
from mmpose_temporal.testing import (
    make_frame,
    make_video,
    tiny_estimator_config,
    tiny_tkmr_config,
    track_frames,
)

A, B, C = [4, 6, 16, 38], [24, 6, 36, 38], [44, 6, 56, 38]


def result(number: int, *, num_keypoints: int = 17, **fields) -> PoseDataSample:
    """What an estimator answers to a crop; all values are the crop's number."""
    sample = PoseDataSample()
    sample.pred_instances = InstanceData(
        keypoints=np.full((1, num_keypoints, 2), number, np.float32),
        keypoint_scores=np.full((1, num_keypoints), number / 10, np.float32),
        bboxes=np.full((1, 4), number, np.float32),
        bbox_scores=np.full(1, number / 10, np.float32),
        **fields,
    )
    return sample


def test_extras_travel_with_their_people():
    """Crops 1 and 2 lie in frame 0, crop 3 in frame 2; in frame 1 is nobody."""
    results = [
        result(n, described=torch.full((1, 17, 5), float(n)), certain=np.full((1, 17), n))
        for n in (1, 2, 3)
    ]
    frames = gather_people(results, [0, 0, 2], num_frames=4, num_keypoints=17)
    assert [len(people) for people in frames] == [2, 0, 1, 0]
    for people, numbers in zip(frames, ([1, 2], [], [3], []), strict=True):
        assert sorted(people.extras) == ["certain", "described"]
        described, certain = people.extra("described"), people.extra("certain")
        assert isinstance(described, torch.Tensor)
        assert isinstance(certain, np.ndarray)
        assert described.shape == (len(numbers), 17, 5)
        assert described[:, 0, 0].tolist() == numbers
        assert certain[:, 16].tolist() == numbers
        assert people.keypoints[:, 0, 0].tolist() == people.boxes[:, 0].tolist() == numbers
        np.testing.assert_allclose(people.box_scores, np.array(numbers) / 10, rtol=1e-6)


def test_crops_of_two_frames_may_alternate():
    frames = gather_people([result(n) for n in (1, 2, 3)], [1, 0, 1], 2, 17)
    assert [people.boxes[:, 0].tolist() for people in frames] == [[2], [1, 3]]


def test_no_crops_at_all():
    frames = gather_people([], [], num_frames=2, num_keypoints=14)
    assert [people.keypoints.shape for people in frames] == [(0, 14, 2)] * 2
    assert [people.extras for people in frames] == [{}, {}]
    assert gather_people([], [], num_frames=0, num_keypoints=14) == []


def test_an_estimator_of_another_number_of_keypoints():
    with pytest.raises(ValueError, match="13 keypoints.* 17"):
        gather_people([result(1, num_keypoints=13)], [0], 1, 17)


def test_samples_of_crops():
    """A box of 12 x 32 pixels padded by 1.25 to 15 x 40, and widened to the crop's 3 : 4."""
    image, frame = make_frame(video_id="v", frame_index=0, num_frames=1)
    boxes, scores = np.array([A, B], np.float32), np.array([0.9, 0.4], np.float32)
    crops = TopdownCropper(input_size=(12, 16))(image.numpy(), boxes)
    samples = crop_samples(frame, boxes, scores, crops, (12, 16))
    for sample, box, score, center in zip(
        samples, boxes, scores, [[10, 22], [30, 22]], strict=True
    ):
        assert sample.input_center.tolist() == center
        np.testing.assert_allclose(sample.input_scale, [30, 40], rtol=1e-6)
        assert sample.input_size == (12, 16)
        assert sample.flip_indices == frame.flip_indices
        np.testing.assert_array_equal(sample.gt_instances.bboxes, box[None])
        np.testing.assert_array_equal(sample.gt_instances.bbox_scores, score[None])
    nobody = np.zeros((0, 4), np.float32)
    none = TopdownCropper(input_size=(12, 16))(image.numpy(), nobody)
    assert crop_samples(frame, nobody, nobody[:, 0], none, (12, 16)) == []


def test_what_describers_say_is_with_the_people_until_the_frame_is_finished():
    """Frames of one batch have the extras that each frame has by itself; results have none."""
    seen = {}

    def see(packet):
        seen[len(seen)] = packet.index, packet.people.extras

    def run(batch_size: int):
        torch.manual_seed(0)
        tracker = MODELS.build(tiny_tkmr_config()).eval()
        tracker.observers.append(CallbackObserver(associated=see))
        seen.clear()
        answers = track_frames(tracker, make_video("v", [A, B, C], [], [C, A]), batch_size)
        return answers, dict(seen.values())

    answers, together = run(3)
    _, alone = run(1)
    assert together.keys() == alone.keys() == {0, 1, 2}
    for index, number in ((0, 3), (2, 2)):
        assert "keypoint_features" in together[index]
        assert together[index].keys() == alone[index].keys()
        for name, rows in together[index].items():
            assert len(rows) == number
            torch.testing.assert_close(rows, alone[index][name], atol=1e-4, rtol=1e-4)
        features = together[index]["keypoint_features"]
        assert features.shape == (number, 17, 8)
        assert not torch.allclose(features[0], features[1], atol=1e-3)
    assert together[1].keys() == together[0].keys()
    assert [len(rows) for rows in together[1].values()] == [0] * len(together[1])
    for answer in answers:
        assert not set(answer.pred_instances.keys()) & set(together[0])


def test_test_frames_stay_as_they_are_and_training_crops_are_normalised():
    estimator = MODELS.build(tiny_estimator_config())
    preprocessor = FramePreprocessor(estimator)
    assert list(preprocessor.modules()) == [preprocessor]  # the estimator owns its own
    image, sample = make_frame(video_id="v", frame_index=0, num_frames=1)
    data = dict(inputs=[image], data_samples=[sample])
    assert preprocessor(data, False) is data
    white = torch.full((3, 64, 48), 255, dtype=torch.uint8)
    batch = preprocessor(dict(inputs=[white], data_samples=[sample]), True)["inputs"]
    expected = (255 - np.array([123.675, 116.28, 103.53])) / [58.395, 57.12, 57.375]
    np.testing.assert_allclose(batch[0, :, 5, 5], expected, rtol=1e-5)
