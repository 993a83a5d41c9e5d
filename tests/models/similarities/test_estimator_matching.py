"""Matching by the estimator's features inside a tracker: who is who after people swap places."""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmpose_temporal.structures import FramePacket, People
from mmpose_temporal.testing import make_frame, template_keypoints, tiny_tkmr_config

K, C = 17, 8
LEFT, RIGHT = [0.0, 0.0, 40.0, 80.0], [20.0, 0.0, 60.0, 80.0]
"""IoU 1/3: both pairs pass the gate."""


def recognise(classifiers: torch.nn.Module) -> None:
    """Features +1 and -1 in channel 0: the same person if their product is positive.

    relu(a + b - 1) + relu(-a - b - 1) is 1 for equal signs, 0 for others; the answer is
    sigmoid(100 x - 50).
    """
    for weight in classifiers.parameters():
        torch.nn.init.zeros_(weight)
    for unit, sign in ((0, 1.0), (1, -1.0)):
        classifiers.weight1.data[:, [0, C], unit] = sign
        classifiers.bias1.data[:, unit] = -1
        classifiers.weight2.data[:, unit, unit] = 1
        classifiers.weight3.data[:, unit, 1] = 100
    classifiers.bias3.data[:, 1] = -50


def tracker(kind: str = "Keypoint", **options):
    torch.manual_seed(0)
    model = MODELS.build(
        tiny_tkmr_config(
            estimator=dict(matching=f"{kind}MatchingHead", refinement=False),
            association=dict(
                similarity=dict(type=f"{kind}MatchingSimilarity"), min_similarity=0.5
            ),
            **options,
        )
    ).eval()
    recognise(model.estimator.matching_head.classifiers)
    return model


def frame(index: int, length: int, people: list) -> tuple[PoseDataSample, People]:
    """``people``: (box, feature, score)."""
    boxes = np.array([box for box, _, _ in people], np.float32).reshape(-1, 4)
    features = torch.zeros(len(people), K, C)
    features[:, :, 0] = torch.tensor([feature for _, feature, _ in people]).view(-1, 1)
    poses = People.create(
        keypoints=template_keypoints(boxes),
        boxes=boxes,
        box_scores=[score for _, _, score in people],
        extras=dict(keypoint_features=features),
    )
    meta = dict(video_id="v", frame_index=index, num_frames=length)
    return PoseDataSample(metainfo=meta), poses


def ids(model, frames: list) -> list[list[int]]:
    """Of the people that an estimator is said to have found."""
    finished: list[FramePacket] = []
    for index, people in enumerate(frames):
        sample, poses = frame(index, len(frames), people)
        packet = model.pipeline.admit(sample)
        packet.people = poses
        finished += model.pipeline.track(packet)
    return [packet.people.track_ids.tolist() for packet in finished]


@pytest.mark.parametrize("kind", ["Keypoint", "Body"])
def test_features_tell_people_apart_who_swap_places(kind: str) -> None:
    """The person with feature +1 goes from left to right; by the boxes the ids would switch."""
    frames = [
        [(LEFT, 1.0, 1), (RIGHT, -1.0, 1)],
        [(LEFT, -1.0, 1), (RIGHT, 1.0, 1)],
        [(RIGHT, 1.0, 1), (LEFT, -1.0, 1)],
    ]
    assert ids(tracker(kind), frames) == [[0, 1], [1, 0], [0, 1]]
    boxes = MODELS.build(tiny_tkmr_config(association=dict(similarity=dict(type="IoUSimilarity"))))
    assert ids(boxes.eval(), frames) == [[0, 1], [0, 1], [1, 0]]


def test_the_gate_comes_before_the_features() -> None:
    """The same features, but the boxes do not overlap: a new person."""
    far = [200.0, 0.0, 240.0, 80.0]
    assert ids(tracker(), [[(LEFT, 1.0, 1)], [(far, 1.0, 1)]]) == [[0], [1]]


def test_features_stay_with_their_people() -> None:
    """Who is left out by score or suppression takes the features along."""
    frames = [
        [(RIGHT, -1.0, 0.1), (LEFT, 1.0, 0.9), (RIGHT, -1.0, 0.9)],  # the first: too weak
        [(LEFT, -1.0, 0.8), (LEFT, -1.0, 0.9), (RIGHT, 1.0, 0.9)],  # the first: suppressed
    ]
    model = tracker(box_score_thr=0.5, suppression=[dict(type="BoxNMS", iou_thr=0.5)])
    assert ids(model, frames) == [[0, 1], [1, 0]]


def test_a_frame_without_people_between() -> None:
    """Tracks end (max_age = 1), and the memory of nobody is put together with somebody's."""
    frames = [[(LEFT, 1.0, 1)], [], [(LEFT, 1.0, 1), (RIGHT, -1.0, 1)]]
    assert ids(tracker(), frames) == [[0], [], [1, 2]]
    assert ids(tracker(), [[], []]) == [[], []]


def walk(length: int) -> list:
    """Two people that walk to the right, as frames of noise."""
    boxes = [[[4 + t, 6, 16 + t, 38], [24 + t, 8, 40 + t, 40]] for t in range(length)]
    return [
        make_frame(video_id="v", frame_index=t, num_frames=length, boxes=found)
        for t, found in enumerate(boxes)
    ]


@pytest.mark.parametrize("propagation", [None, dict(type="BoxPropagation")])
def test_what_the_estimator_says_reaches_the_similarity(
    propagation: dict | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row by row: the first candidate of each person is that person's keypoint."""
    torch.manual_seed(0)
    refinement = dict(type="TemporalRefinement", tau=1)
    model = MODELS.build(tiny_tkmr_config(propagation=propagation, refinement=refinement)).eval()
    numbers, method = [], model.association.similarity.embed

    def embed(packet: FramePacket) -> dict:
        poses = packet.people
        first = poses.extra("candidates")[:, :, 0].numpy()
        there = poses.keypoint_scores > 0
        np.testing.assert_allclose(first[there], poses.keypoints[there], atol=1e-3)
        assert len(poses.extra("keypoint_features")) == len(poses)
        numbers.append(len(poses))
        return method(packet)

    monkeypatch.setattr(model.association.similarity, "embed", embed)
    finished = []
    for image, sample in walk(4):
        data = dict(inputs=[image], data_samples=[sample])
        finished += model(**model.data_preprocessor(data, False), mode="predict")
    if propagation is None:
        # the two never overlap, so that the gate alone gives the ids
        assert [s.pred_instances.track_ids.tolist() for s in finished] == [[0, 1]] * 4
    else:
        assert numbers[0] == 2 and max(numbers) > 2  # noise: some are there by propagation


def test_a_tracker_without_the_head_is_refused_when_built() -> None:
    config = tiny_tkmr_config(estimator=dict(matching=None))
    with pytest.raises(ValueError, match="needs estimator=dict\\(type='TemporalPoseEstimator'"):
        MODELS.build(config)


def test_poses_without_an_estimator_are_refused() -> None:
    model = MODELS.build(
        dict(
            type="PoseOnlyTracker",
            association=dict(
                type="Association", similarity=dict(type="KeypointMatchingSimilarity")
            ),
        )
    )
    sample, poses = frame(0, 1, [(LEFT, 1.0, 1)])
    with pytest.raises(ValueError, match="use it in a PoseTracker, which binds it"):
        model.track(sample, poses)
