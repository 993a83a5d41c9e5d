"""Which joints are scored, and their groups."""

import numpy as np
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmpose_temporal.evaluation.functional import (
    POSETRACK_JOINTS,
    GroundTruthFrame,
    PredictionFrame,
    ScoredJoints,
    VideoInput,
    evaluate_video,
    evaluate_videos,
    figure_keys,
)
from mmpose_temporal.evaluation.functional.scored_joints import without_side
from mmpose_temporal.structures import POSETRACK18, Skeleton


def described(name: str) -> Skeleton:
    return Skeleton.from_metainfo(
        parse_pose_metainfo(dict(from_file=f"configs/_base_/datasets/{name}.py"))
    )


@pytest.mark.parametrize(
    ("name", "joint"),
    [
        ("nose", "nose"),
        ("left_hip", "hip"),
        ("R_Eye", "Eye"),
        ("L_F_Paw", "F_Paw"),
        ("hip_left", "hip"),
        ("left eye", "eye"),
        ("left_big_toe", "big_toe"),
        ("lower_lip", "lower_lip"),
        ("thumb4", "thumb4"),
        ("right", "right"),
    ],
)
def test_a_joint_without_its_side(name, joint):
    assert without_side(name) == joint


def test_posetrack_has_the_groups_of_its_papers():
    assert ScoredJoints.of(POSETRACK18) is POSETRACK_JOINTS
    assert list(POSETRACK_JOINTS.groups)[:2] == ["Head", "Shou"]


@pytest.mark.filterwarnings("ignore:The metainfo config file")
@pytest.mark.parametrize(("name", "count", "groups"), [("coco", 17, 9), ("halpe26", 26, 15)])
def test_other_layouts_have_the_names_of_their_joints(name, count, groups):
    joints = ScoredJoints.of(described(name))
    assert len(joints) == count and len(joints.groups) == groups
    assert [joints.names[i] for i in joints.groups["shoulder"]] == [
        "left_shoulder",
        "right_shoulder",
    ]
    assert sorted(i for index in joints.groups.values() for i in index) == list(range(count))
    assert ("left_right_hip" in joints.groups) == (name == "halpe26")
    assert "AP_shoulder" in figure_keys(("AP",), joints=joints)


TOES = ScoredJoints.of(Skeleton(keypoint_names=("left_toe", "right_toe", "heel")))


def video(name: str, joints: ScoredJoints, *, far: float = 0.0) -> VideoInput:
    """Three frames of a person of size 10, found with all joints right but joint 0."""
    count = len(joints)
    points = np.tile(np.arange(count)[None, :, None] * 100.0, (1, 1, 2))
    found = points.copy()
    found[:, 0, 0] += far
    there = np.ones((1, count), bool)
    truth = GroundTruthFrame(points, there, np.array([10.0]), np.array([0]))
    prediction = PredictionFrame(found, there, there.astype(float), np.array([5]))
    return VideoInput(name, [truth] * 3, [prediction] * 3, joints)


@pytest.mark.parametrize("protocol", ["poseval", "strict"])
def test_figures_of_three_joints(protocol):
    figures = evaluate_videos([video("a", TOES)], protocol=protocol)
    assert figures.per_joint["MOTA"].tolist() == [100, 100, 100]
    assert figures.totals["HOTA"] == pytest.approx(100)
    # joint 0 is 6 away, more than half of 10: of the group 'toe' one of two joints is found
    figures = evaluate_videos([video("a", TOES, far=6)], protocol=protocol)
    assert figures.per_joint["AP"].tolist() == [0, 100, 100]
    assert figures.groups["Recall"] == {"toe": 50, "heel": 100}
    assert figures.totals["AP"] == pytest.approx(200 / 3)
    assert figures.per_joint["IDF1"].tolist() == [0, 100, 100]


def test_different_joints_do_not_add():
    others = ScoredJoints.of(Skeleton(keypoint_names=("a", "b", "c")))
    with pytest.raises(ValueError, match="left_toe.*a, b, c"):
        evaluate_videos([video("a", TOES), video("b", others)])


def test_arrays_of_other_joints_are_refused():
    with pytest.raises(ValueError, match="15 scored keypoints"):
        VideoInput("a", video("a", TOES).ground_truth, video("a", TOES).predictions)


def test_a_video_without_people():
    nobody = GroundTruthFrame(
        np.zeros((0, 3, 2)), np.zeros((0, 3), bool), np.zeros(0), np.zeros(0, int)
    )
    nothing = PredictionFrame(
        np.zeros((0, 3, 2)), np.zeros((0, 3), bool), np.zeros((0, 3)), np.zeros(0, int)
    )
    empty = VideoInput("b", [nobody], [nothing], TOES)
    assert evaluate_video(empty).num_truth.tolist() == [0, 0, 0]
    figures = evaluate_videos([video("a", TOES), empty], protocol="strict")
    assert figures.totals["MOTA"] == 100
