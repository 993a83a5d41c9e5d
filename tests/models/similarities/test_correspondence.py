"""The three affinities and the nomination, on confidences drawn by hand."""

import math

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models import CorrespondenceSimilarity
from mmpose_temporal.models.correspondences import (
    CarriedPoses,
    CorrespondenceEncoder,
    FrameCorrespondences,
    FrameEmbedding,
)
from mmpose_temporal.models.parts import Shared
from mmpose_temporal.models.similarities.correspondence import RememberedFrames
from mmpose_temporal.structures import People
from mmpose_temporal.testing import color_network_config, make_certain, make_packet

NAMES = ("left_ear", "nose", "left_hip", "right_hip")
"""Four joints, the first of which is not compared."""

SIGMAS = [0.5] * 4
"""k = 2 sigma = 1: OKS of a joint d away in an area s is exp(-d^2 / (2 s))."""


class Tracker(torch.nn.Module):
    def __init__(self):
        super().__init__()
        network = color_network_config(keypoint_names=NAMES)
        self.frame_encoder = make_certain(CorrespondenceEncoder(network=network, long_side=64))
        self.frame_encoder.network.chosen.num_keypoints = 4


def similarity(**options):
    made = CorrespondenceSimilarity(**{"sigmas": SIGMAS, "box_margin": 0, **options})
    tracker = Tracker()
    made.bind(tracker)
    return made, tracker.frame_encoder


class Told(FrameCorrespondences):
    """Carried poses that are told, for each track by its number (the x of its first joint)."""

    __slots__ = ("asked", "told")

    def carry(self, source, keypoints, valid):
        rows = keypoints[:, 0, 0].astype(int).tolist()
        self.asked.append((rows, valid.tolist()))
        maps = torch.stack([self.told[row][0] for row in rows])
        scores, points = (np.stack([self.told[row][i] for row in rows]) for i in (1, 2))
        return CarriedPoses(maps, scores, points)


def told(points, scores, values=None):
    """One carried pose; ``values`` are (cell, joint, confidence) besides those at the points."""
    maps = torch.zeros(4, 16, 16)
    points, scores = np.array(points, np.float32), np.array(scores, np.float32)
    for joint in range(4):
        x, y = (points[joint] // 4).astype(int).clip(0, 15)
        maps[joint, y, x] = float(scores[joint])
    for (x, y), joint, value in values or ():
        maps[joint, y, x] = value
    return maps, scores, points


def compare(carried, poses, scores=None, tracks=None, pairs=None, **options):
    """Scores of the poses of a frame of 64 x 64 pixels with tracks whose poses are told."""
    part, encoder = similarity(**options)
    embedding = FrameEmbedding(torch.zeros(3, 16, 16), 1.0, 4, (64, 64))
    now = Told(Shared(encoder.network), embedding)
    now.told, now.asked = carried, []
    count = len(carried) if tracks is None else tracks
    previous = dict(
        keypoints=np.tile(np.arange(count, dtype=np.float32)[:, None, None], (1, 4, 2)),
        scores=np.ones((count, 4), np.float32),
        ticks=np.zeros(count, np.int64),
    )
    poses = np.array(poses, np.float32).reshape(-1, 4, 2)
    current = dict(
        keypoints=poses,
        scores=np.ones(poses.shape[:2], np.float32) if scores is None else np.float32(scores),
        ticks=np.ones(len(poses), np.int64),
    )
    scene = dict(correspondences=RememberedFrames({0: embedding}, now))
    return part.pairwise(current, previous, pairs, scene), now


BODY = [[50, 50], [10, 10], [10, 30], [30, 30]]
"""An ear anywhere, and three joints; their box is 20 x 20, an area of 400."""


def test_a_perfect_track_by_hand():
    """The ear does not count. Three joints are found with 0.9, 0.6 and 0.5."""
    found, _ = compare([told(BODY, [1, 0.9, 0.6, 0.5])], [BODY])
    assert found.parts["box"].item() == pytest.approx(2.0 / 3)
    assert found.parts["pose"].item() == pytest.approx(1)
    assert found.parts["corr"].item() == pytest.approx(2.0)
    assert found.total.item() == pytest.approx(1 + 2.0 / 3)
    assert found.allowed.tolist() == [[True]]
    assert set(found.parts) == {"box", "pose", "corr"}


def test_correspondences_under_the_threshold_count_nowhere():
    """0.29 is under 0.3: box and corr are of the other two, pose is over them."""
    points = [BODY[0], BODY[1], BODY[2], [50, 50]]
    found, _ = compare([told(points, [1, 0.9, 0.6, 0.29])], [BODY])
    assert found.parts["box"].item() == pytest.approx(0.75)
    assert found.parts["pose"].item() == pytest.approx(1)
    assert found.parts["corr"].item() == pytest.approx(1.5)
    assert found.total.item() == pytest.approx(1.75)


def test_pose_by_hand():
    """One of the three is 20 pixels away in a box of 20 x 20: exp(-400 / 800)."""
    points = [BODY[0], BODY[1], BODY[2], [30, 50]]
    found, _ = compare([told(points, [1, 1, 1, 1])], [BODY])
    assert found.parts["pose"].item() == pytest.approx((2 + math.exp(-0.5)) / 3)
    assert found.parts["box"].item() == pytest.approx(1)
    assert found.parts["corr"].item() == pytest.approx(2)  # the map is 0 where that joint is


def test_the_box_has_a_margin():
    """A joint 6 pixels below the detection's box lies in it with a margin of 6, not with 5; the
    box is 32 x 32 then."""
    points = [BODY[0], BODY[1], [10, 36], [30, 36]]
    for margin, box in ((5, 0), (6, 1)):
        found, _ = compare([told(points, [1, 1, 1, 1])], [BODY], box_margin=margin)
        assert found.parts["box"].item() == box
        oks = (1 + 2 * math.exp(-36 / (2 * (20 + 2 * margin) ** 2))) / 3
        assert found.parts["pose"].item() == pytest.approx(oks)


def test_two_correspondences_must_lie_in_the_box():
    points = [BODY[0], BODY[1], [60, 60], [60, 5]]
    carried = [told(points, [1, 0.9, 0.9, 0.9])]
    assert compare(carried, [BODY])[0].parts["box"].item() == 0
    one, _ = compare(carried, [BODY], min_joints=1)
    assert one.parts["box"].item() == pytest.approx(0.9)


def test_all_four_sides_of_the_box_are_bounds():
    for outside in ([9, 20], [31, 20], [20, 9], [20, 31]):
        points = [BODY[0], outside, outside, outside]
        assert compare([told(points, [1, 1, 1, 1])], [BODY])[0].parts["box"].item() == 0
    corners = [BODY[0], [10, 10], [30, 30], [10, 30]]
    assert compare([told(corners, [1, 1, 1, 1])], [BODY])[0].parts["box"].item() == 1


def test_a_pose_of_one_joint_agrees_with_nobody():
    found, _ = compare([told(BODY, [1, 1, 1, 1])], [BODY], scores=[[1, 1, 0.05, 0.09]])
    assert [part.item() for part in found.parts.values()] == [0, 0, 0]
    assert found.total.item() == 0
    assert not found.allowed.any()
    # two of them are enough, and the joint threshold itself counts
    found, _ = compare([told(BODY, [1, 1, 1, 1])], [BODY], scores=[[1, 1, 0.1, 0]])
    assert found.parts["corr"].item() == pytest.approx(2)


def test_nothing_is_over_the_threshold():
    """As after a cut."""
    found, _ = compare([told(BODY, [0.2, 0.2, 0.2, 0.2])], [BODY])
    assert found.total.item() == 0
    assert not found.allowed.any()


# ---- nomination

NEAR = [[50, 50], [10, 11], [10, 31], [30, 31]]
"""BODY a pixel lower: OKS exp(-1 / 800) = 0.999; in the same cells."""


def test_a_track_nominates_the_best_of_those_it_supports():
    carried = [told(BODY, [1, 0.8, 0.8, 0.8])]
    found, _ = compare(carried, [NEAR, BODY], box_margin=2)
    assert found.parts["corr"].ravel().tolist() == pytest.approx([2.4, 2.4])
    assert found.total[1] > found.total[0] > 1
    assert found.allowed.tolist() == [[False], [True]]
    every, _ = compare(carried, [NEAR, BODY], nominate=False)
    assert every.allowed is None


def test_two_tracks_may_nominate_one_pose():
    carried = [told(BODY, [1, 0.8, 0.8, 0.8]), told(BODY, [1, 0.5, 0.5, 0.5])]
    found, _ = compare(carried, [BODY, [[1, 1], [50, 10], [50, 30], [60, 30]]])
    assert found.allowed.tolist() == [[True, True], [False, False]]


def table(values):
    return np.array(values, np.float32)


def nominated(total, box, pose, corr, pairs=None, **options):
    part, _ = similarity(**options)
    parts = dict(box=table(box), pose=table(pose), corr=table(corr))
    return part._nominated(table(total), parts, pairs).tolist()


def test_nomination_on_a_table():
    """Columns are tracks. 0: pose 1 is best, but box is not over 0.3; so pose 0. 1: pose 0 is
    best of all, but its OKS is 0.2, which is not over 0.2, and no other one takes its place.
    2: corr is 0.6, not over 0.6. 3: all is just over."""
    total = [[1.2, 1.5, 1.0, 0.9], [1.9, 1.1, 0.5, 0.2]]
    box = [[0.4, 0.9, 0.9, 0.31], [0.3, 0.9, 0.9, 0.31]]
    pose = [[0.5, 0.2, 0.5, 0.21], [0.5, 0.5, 0.5, 0.21]]
    corr = [[0.9, 0.9, 0.6, 0.61], [0.9, 0.9, 0.9, 0.61]]
    first = [True, False, False, True]
    assert nominated(total, box, pose, corr) == [first, [False] * 4]


def test_pairs_that_are_not_asked_for_are_not_nominated():
    """The best one is out of reach, so the next one is nominated."""
    args = [[1.9], [1.2]], [[0.9], [0.9]], [[0.9], [0.9]], [[2], [2]]
    assert nominated(*args) == [[True], [False]]
    assert nominated(*args, pairs=np.array([[False], [True]])) == [[False], [True]]


def test_another_threshold_asks_for_another_sum():
    """tau 0.1: box over 0.1, corr over 0.2."""
    args = [[1.0]], [[0.15]], [[0.5]], [[0.25]]
    assert nominated(*args, corr_thr=0.1) == [[True]]
    assert nominated(*args) == [[False]]


def test_nobody_on_either_side():
    for people, tracks in ((0, 1), (0, 0), (1, 0)):
        poses = np.zeros((people, 4, 2))
        found, now = compare([told(BODY, [1, 1, 1, 1])], poses, tracks=tracks)
        assert found.total.shape == found.allowed.shape == (people, tracks)
        assert len(now.asked) == tracks


def test_tracks_that_no_pair_asks_for_are_not_looked_for():
    carried = [told(BODY, [1, 1, 1, 1])] * 3
    pairs = np.array([[True, False, True]])
    found, now = compare(carried, [BODY], pairs=pairs)
    assert [rows for rows, _ in now.asked] == [[0, 2]]
    assert found.total[0, 1] == 0
    assert found.allowed.tolist() == [[True, False, True]]


# ---- what is remembered


def people(count, tick):
    return make_packet(People.create(keypoints=np.full((count, 4, 2), tick)), tick=tick)


def test_only_frames_of_live_tracks_are_kept():
    part, encoder = similarity()
    scene = {}
    kept = []
    previous = None
    for tick in range(4):
        packet = people(2, tick)
        embedding = FrameEmbedding(torch.zeros(3, 2, 2), 1.0, 4, (8, 8))
        packet.features = dict(
            correspondences=FrameCorrespondences(Shared(encoder.network), embedding)
        )
        previous = part.advance(previous, packet, scene)
        kept.append(sorted(scene["correspondences"].frames))
        rows = part.embed(packet)
        assert rows["ticks"].tolist() == [tick, tick]
        # the first person is seen in each frame, the second was seen in frame 0 for the last time
        previous = rows if tick == 0 else {**rows, "ticks": np.array([tick, 0])}
    assert kept == [[0], [0, 1], [0, 1, 2], [0, 2, 3]]


def test_without_frames_there_is_nothing_to_compare():
    part, _ = similarity()
    rows = part.embed(people(1, 0))
    for scene in (None, {}):
        with pytest.raises(ValueError, match="compares frames"):
            part.pairwise(rows, rows, None, scene)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (dict(corr_thr=0), "corr_thr"),
        (dict(corr_thr=1), "corr_thr"),
        (dict(joint_thr=-1), "joint_thr"),
        (dict(pose_thr=2), "pose_thr"),
        (dict(box_margin=-1), "box_margin"),
        (dict(min_joints=0), "min_joints"),
    ],
)
def test_options_out_of_their_range(options, word):
    with pytest.raises(ValueError, match=word):
        CorrespondenceSimilarity(**options)


def test_it_needs_its_frame_encoder():
    association = dict(type="Association", similarity=dict(type="CorrespondenceSimilarity"))
    with pytest.raises(ValueError, match="frame_encoder"):
        MODELS.build(dict(type="PoseOnlyTracker", association=association))
