"""Recovery by correspondences, step by step, by colours and by hand."""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.correspondences import (
    CarriedPoses,
    FrameCorrespondences,
    FrameEmbedding,
)
from mmpose_temporal.models.parts import Shared
from mmpose_temporal.models.trackers import CorrespondencePropagation
from mmpose_temporal.models.trackers.propagation.base import DETECTED, SOURCE
from mmpose_temporal.models.trackers.propagation.correspondences import EmbeddedFrame
from mmpose_temporal.structures import UNSEEN, People
from mmpose_temporal.testing import (
    DrawnEstimator,
    color_network_config,
    make_certain,
    make_packet,
    template_keypoints,
    textured_video,
    track_frames,
)

A, B = np.array([40, 20, 63, 79]), np.array([160, 20, 183, 79])
EARS = [3, 4]


def moved(box, x, y=0):
    return box + np.array([x, y, x, y])


# ---- by hand: what correspondences find is told


class Told(FrameCorrespondences):
    """Carried poses that are told; keeps which joints it was asked for."""

    __slots__ = ("answer", "asked")

    def carry(self, source, keypoints, valid):
        self.asked = valid
        return self.answer


class Tracker(torch.nn.Module):
    def __init__(self):
        super().__init__()
        network = color_network_config()
        self.frame_encoder = make_certain(
            MODELS.build(dict(type="CorrespondenceEncoder", network=network, long_side=320))
        )


def part(**options):
    made = CorrespondencePropagation(**options)
    tracker = Tracker()
    made.bind(tracker)
    return made, tracker.frame_encoder


NOBODY = np.zeros((0, 4), np.float32), np.zeros(0, np.float32)


def propose(found, scores=None, detections=NOBODY, size=(640, 256), options=None, watched=False):
    """What is proposed where joints are found: {joint: (x, y, confidence)} for each person.

    The frame has 640 x 256 pixels, twice those of the encoder's input.
    """
    made, encoder = part(**(options or {}))
    count = len(found)
    confidences = np.zeros((count, 17), np.float32)
    points = np.zeros((count, 17, 2), np.float32)
    for person, joints in enumerate(found):
        for joint, (x, y, confidence) in joints.items():
            points[person, joint], confidences[person, joint] = (x, y), confidence
    scale = 320 / max(size)
    embedding = FrameEmbedding(torch.zeros(3, 32, 80), scale, 4, size)
    now = Told(Shared(encoder.network), embedding)
    now.answer = CarriedPoses(None, confidences, points)
    people = People.create(
        keypoints=np.ones((count, 17, 2)),
        keypoint_scores=np.ones((count, 17)) if scores is None else scores,
        box_scores=np.linspace(0.5, 0.9, count),
    ).with_extras(**{UNSEEN: np.arange(count)})
    last = EmbeddedFrame(people, embedding)
    packet = make_packet(None, features=dict(correspondences=now), watched=watched)
    return made.propose(last, packet, *detections), now, packet


def three(x, y, confidence=0.5, side=100):
    """Left hip, right hip and a knee around a square."""
    return {
        11: (x, y, confidence),
        12: (x + side, y, confidence),
        13: (x, y + side, confidence),
    }


def test_the_box_by_hand():
    """10 pixels of the input are 20 of the frame; the detection stays the first candidate."""
    detection = np.array([[1, 2, 3, 4]], np.float32), np.array([0.7], np.float32)
    offer, _, packet = propose([three(200, 60)], detections=detection, watched=True)
    assert offer.boxes.tolist() == [[1, 2, 3, 4], [180, 40, 320, 180]]
    assert offer.scores.tolist() == pytest.approx([0.7, 0.5])
    assert offer.sources.tolist() == [DETECTED, 0]
    assert offer.unseen.tolist() == [0, 1]
    assert packet.records["recovery"]["boxes"].tolist() == [[180, 40, 320, 180]]


def test_the_box_ends_at_the_border_of_the_frame():
    offer, _, _ = propose([three(10, 150), three(560, 5)])
    assert offer.boxes.tolist() == [[0, 130, 130, 256], [540, 0, 640, 125]]


def test_three_joints_must_be_found():
    """Of 0.1 or more; ears do not count."""
    two = {11: (100, 50, 0.5), 12: (150, 60, 0.5)}
    with_ear = {**two, EARS[0]: (120, 90, 0.9)}
    weak = {**two, 13: (120, 90, 0.09)}
    enough = {**two, 13: (120, 90, 0.1)}
    offer, _, _ = propose([two, with_ear, weak, enough])
    assert offer.sources.tolist() == [3]
    assert offer.unseen.tolist() == [4]
    offer, _, _ = propose([two, with_ear, weak, enough], options=dict(min_found=2))
    assert offer.sources.tolist() == [0, 1, 2, 3]
    assert (offer.boxes[:3] == offer.boxes[0]).all()  # the ear and the weak one are not in it


def test_joints_of_a_low_score_are_not_looked_for():
    scores = np.full((1, 17), 0.5)
    scores[0, :3] = [0, 0.09, 0.1]
    _, now, _ = propose([three(100, 50)], scores)
    assert now.asked[0, :4].tolist() == [False, False, True, True]


def test_no_correspondence_is_over_the_threshold():
    """As after a cut: nobody is proposed."""
    offer, _, _ = propose([three(100, 50, 0.05)])
    assert len(offer.boxes) == 0


def test_nobody_was_there():
    made, _ = part()
    boxes, scores = np.array([[0, 0, 5, 5]], np.float32), np.ones(1, np.float32)
    packet = make_packet(None)
    for last in (made.start_video(), EmbeddedFrame(People.empty(17).with_extras(unseen=[]))):
        offer = made.propose(last, packet, boxes, scores)
        assert offer.sources.tolist() == [DETECTED]


def merge(boxes, sources, unseen=None, scores=None, **options):
    """Who stays of poses of the template in boxes."""
    made, _ = part(**options)
    keypoints = template_keypoints(boxes)
    people = People.create(
        keypoints=keypoints,
        keypoint_scores=np.ones(keypoints.shape[:2]) if scores is None else scores,
        boxes=np.array(boxes, np.float32),
    )
    unseen = np.where(np.array(sources) == DETECTED, 0, 1) if unseen is None else np.array(unseen)
    people = people.with_extras(**{SOURCE: np.array(sources), UNSEEN: unseen})
    stay, lost = made.merge(EmbeddedFrame(), people)
    return stay.boxes[:, 0].tolist(), lost


def test_a_known_person_is_dropped():
    """The same pose as a detection is that person, who is not lost."""
    assert merge([A, A, B], [DETECTED, 0, 1]) == ([A[0], B[0]], 0)


def test_the_threshold_of_a_known_person():
    """The pose is moved so far that its OKS with the detection is that of 0.6 or not."""
    made, _ = part()
    for shift in range(24):
        poses = People.create(
            keypoints=template_keypoints([A, moved(A, shift)]),
            boxes=np.float32([A, moved(A, shift)]),
        )
        oks = made.similarity.between(made._compared(poses)[1:], made._compared(poses)[:1])
        stay, _ = merge([A, moved(A, shift)], [DETECTED, 0])
        assert len(stay) == (1 if oks.item() > 0.6 else 2)
    assert oks.item() < 0.6


def test_two_recovered_poses_are_left_to_suppression():
    assert merge([A, A], [0, 1]) == ([A[0], A[0]], 0)


def test_five_joints_are_needed():
    """Of 0.1 or more, without the ears."""
    scores = np.zeros((3, 17))
    scores[0, [0, 1, 2, 5, 6]] = 0.1
    scores[1, [0, 1, 2, 5]] = 0.9
    scores[1, [*EARS, 6]] = [0.9, 0.9, 0.09]
    scores[2, [0, 1]] = 0.9  # a detection, which needs none
    boxes = [A, B, moved(B, 80)]
    assert merge(boxes, [0, 1, DETECTED], scores=scores) == ([A[0], B[0] + 80], 1)
    assert merge(boxes, [0, 1, DETECTED], scores=scores, min_joints=4)[0] == [40, 160, 240]


def test_ears_do_not_make_a_known_person():
    """Two poses that share the ears alone."""
    scores = np.zeros((2, 17))
    scores[0, [*EARS, 0, 1, 2, 5, 6]] = 1
    scores[1, [*EARS, 7, 8, 9, 10, 11]] = 1
    assert len(merge([A, A], [DETECTED, 0], scores=scores)[0]) == 2


def test_how_long_a_person_is_recovered():
    assert merge([A, B], [0, 1], unseen=[4, 5]) == ([A[0]], 1)
    assert merge([A, B], [0, 1], unseen=[4, 5], max_propagated=5) == ([A[0], B[0]], 0)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (dict(corr_thr=0), "corr_thr"),
        (dict(joint_thr=2), "joint_thr"),
        (dict(oks_thr=0), "oks_thr"),
        (dict(min_found=0), "min_found"),
        (dict(min_joints=0), "min_joints"),
        (dict(margin=-1), "margin"),
        (dict(max_propagated=0), "max_propagated"),
    ],
)
def test_options_out_of_their_range(options, word):
    with pytest.raises(ValueError, match=word):
        CorrespondencePropagation(**options)


# ---- in a tracker


@MODELS.register_module()
class NotingEstimator(DrawnEstimator):
    """The drawn estimator; keeps the crops that it sees, and where they were cut."""

    def __init__(self, **options):
        super().__init__(**options)
        self.crops = []

    def forward(self, inputs, data_samples, mode="predict"):
        for crop, sample in zip(inputs, data_samples, strict=True):
            self.crops.append((crop.clone(), sample.gt_instances.bboxes[0].tolist()))
        return super().forward(inputs, data_samples, mode)


def tracker(refinement=False, long_side=320, **options):
    network = color_network_config(refinement=refinement, distinct=True)
    model = dict(
        type="PoseTracker",
        estimator=dict(type="NotingEstimator", matching_head=None),
        cropper=dict(type="TopdownCropper", input_size=(48, 64)),
        frame_encoder=dict(type="CorrespondenceEncoder", network=network, long_side=long_side),
        propagation=dict(type="CorrespondencePropagation"),
        association=dict(
            type="Association", similarity=dict(type="OKSSimilarity"), min_similarity=0.1
        ),
    )
    return make_certain(MODELS.build({**model, **options}))


def ids(samples):
    return [sample.pred_instances.track_ids.tolist() for sample in samples]


@pytest.mark.parametrize("refinement", [False, True])
def test_a_missed_person_is_recovered_where_they_are(refinement):
    """a walks 8 pixels a frame and is missed in the frames 1 and 2; b is always detected."""
    frames = [{"a": moved(A, 8 * t), "b": B} for t in range(4)]
    model = tracker(refinement)
    answers = track_frames(model, textured_video("v", frames, hidden=[(1, "a"), (2, "a")]))
    assert [sorted(found) for found in ids(answers)] == [[0, 1]] * 4
    for t, answer in enumerate(answers):
        found = answer.pred_instances
        row = found.track_ids.tolist().index(0)
        apart = np.abs(found.keypoints[row] - template_keypoints([moved(A, 8 * t)])[0])
        assert apart.max() < 4


def test_without_recovery_the_person_is_missing():
    frames = [{"a": A, "b": B}] * 2
    model = tracker(propagation=None)
    answers = track_frames(model, textured_video("v", frames, hidden=[(1, "a")]))
    assert [len(found) for found in ids(answers)] == [2, 1]


def test_crops_are_cut_from_the_frame_in_full_resolution():
    """Every second row of the person is dark in channel 1: the encoder, which sees half of the
    resolution, has their mean; the recovered crop, about as large as the person, the rows."""
    a = np.array([80, 40, 127, 159])  # 24 x 60 pixels of the encoder's input
    video = textured_video("v", [{"a": a}, {"a": a}], hidden=[(1, "a")], size=(640, 256))
    for image, _ in video:
        rows = image[40:160]
        rows[::2, 80:128, 1], rows[1::2, 80:128, 1] = 0, 254
    model = tracker(cropper=dict(type="TopdownCropper", input_size=(144, 192)))
    answers = track_frames(model, video)
    assert ids(answers) == [[0], [0]]
    crop, box = model.estimator.crops[-1]
    assert box[0] < 80 and box[2] > 127  # with the margin, in pixels of the frame
    stripes = crop[1][crop[0] > 250]
    assert stripes.max() - stripes.min() > 200


@pytest.mark.parametrize("refinement", [False, True])
def test_nobody_is_carried_over_a_cut(refinement):
    """To an empty scene: all places are alike, so nothing is found."""
    video = textured_video("v", [{"a": A, "b": B}] * 2 + [{}] * 2, grounds=[40, 40, 150, 150])
    model = tracker(refinement)
    answers = track_frames(model, video)
    assert [len(found) for found in ids(answers)] == [2, 2, 0, 0]
    assert len(model.estimator.crops) == 6  # in frame 1 the detections, and both were found


def test_other_people_after_a_cut_are_nobody_who_was_there():
    """Two detections are two people."""
    scene, other = {"a": A, "b": B}, {"c": moved(A, 60), "d": B}
    video = textured_video("v", [scene] * 2 + [other] * 2, grounds=[40, 40, 150, 150])
    model = tracker()
    assert [len(found) for found in ids(track_frames(model, video))] == [2, 2, 2, 2]
    assert len(model.estimator.crops) == 2 + 4 + 2 + 4  # over the cut nobody was proposed


def test_a_person_who_left_is_not_taken_for_another():
    frames = [{"a": A, "b": B}] * 2 + [{"b": B}] * 2
    assert ids(track_frames(tracker(), textured_video("v", frames))) == [[0, 1]] * 2 + [[1]] * 2


def test_an_unreadable_frame_between():
    """a is carried from frame 0 to frame 2."""
    frames = [{"a": moved(A, 4 * t)} for t in range(3)]
    model = tracker()
    answers = track_frames(model, textured_video("v", frames, hidden=[(2, "a")], unreadable=[1]))
    assert ids(answers) == [[0], [], [0]]


def test_a_person_who_leaves_the_frame():
    """Each frame 8 pixels further out, never detected again: recovered while enough of them is
    there, and never outside."""
    start = np.array([8, 20, 31, 79])
    frames = [{"a": moved(start, -8 * t)} for t in range(6)]
    model = tracker(propagation=dict(type="CorrespondencePropagation", max_propagated=9))
    answers = track_frames(
        model, textured_video("v", frames, hidden=[(t, "a") for t in range(1, 6)])
    )
    counts = [len(found) for found in ids(answers)]
    assert counts[:2] == [1, 1]
    assert counts[-1] == 0
    assert counts == sorted(counts, reverse=True)
    for _, (x0, y0, x1, y1) in model.estimator.crops:
        assert 0 <= x0 < x1 <= 320
        assert 0 <= y0 < y1 <= 128
