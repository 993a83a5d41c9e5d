"""Which joints are compared, and the similarity of points with poses, by hand."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from mmpose.registry import MODELS
from torch import nn

from mmpose_temporal.models.correspondences.compared_joints import ComparedJoints, oks_of_points
from mmpose_temporal.structures import POSETRACK18, Skeleton
from mmpose_temporal.testing import color_network_config

SIGMAS = np.array([0.5, 0.25])
YES = np.ones((1, 2), bool)


def oks(points, keypoints, found=YES, seen=YES, area=100.0, **options):
    points, keypoints = (np.array([rows], float) for rows in (points, keypoints))
    args = np.array(found), keypoints, np.array(seen), np.array([area]), SIGMAS
    return oks_of_points(points, *args, **options)[0, 0]


def test_by_hand():
    """k = 2 sigma is 1 and 0.5; an area of 100: 10 pixels are exp(-100 / (2 * 100 * k^2))."""
    far = [[10, 0], [0, 10]]
    expected = (math.exp(-0.5) + math.exp(-2)) / 2
    assert oks([[0, 0], [0, 0]], far) == pytest.approx(expected)
    assert oks(far, far) == 1


def test_a_joint_that_one_of_them_lacks():
    """The mean is over the joints of both, or over those of the pose."""
    one, other = [[True, False]], [[False, True]]
    points = [[10, 0], [0, 0]]
    for found, seen in ((one, YES), (YES, one)):
        assert oks([[0, 0], [7, 7]], points, found, seen) == pytest.approx(math.exp(-0.5))
    missing = oks([[0, 0], [7, 7]], points, one, YES, missing=True)
    assert missing == pytest.approx(math.exp(-0.5) / 2)
    assert oks([[0, 0], [7, 7]], points, YES, one, missing=True) == pytest.approx(math.exp(-0.5))
    for options in (dict(), dict(missing=True)):
        assert oks(points, points, one, other, **options) == 0


def test_tables_and_nobody():
    points, keypoints = np.zeros((3, 2, 2)), np.zeros((2, 2, 2))
    found, seen = np.ones((3, 2), bool), np.ones((2, 2), bool)
    assert oks_of_points(points, found, keypoints, seen, np.ones(2), SIGMAS).shape == (3, 2)
    for p, m in ((0, 2), (3, 0), (0, 0)):
        table = oks_of_points(
            points[:p], found[:p], keypoints[:m], seen[:m], np.ones(2)[:m], SIGMAS
        )
        assert table.shape == (p, m)


def test_a_box_without_area():
    assert oks([[1, 0], [0, 0]], [[0, 0], [0, 0]], area=0) == pytest.approx(
        (math.exp(-0.5) + 1) / 2
    )


def bound(**options):
    joints = ComparedJoints(**options)
    network = color_network_config()
    joints.bind(MODELS.build(dict(type="CorrespondenceEncoder", network=network)), "Part")
    return joints


def test_ears_are_not_compared():
    joints = bound()
    left_out = [
        n for n, c in zip(POSETRACK18.keypoint_names, joints.compared, strict=True) if not c
    ]
    assert left_out == ["left_ear", "right_ear"]
    assert bound(skip=()).compared.all()
    np.testing.assert_allclose(joints.sigmas, POSETRACK18.sigmas)


def test_a_name_that_no_joint_has():
    with pytest.raises(
        ValueError, match="skip_joints of Part names left_eear; the network has nose"
    ):
        bound(skip=("left_eear", "nose"))


def test_joints_and_sigmas_of_another_layout():
    """Backwards, without the nose: sigmas go with the names."""
    joints = bound()
    names = tuple(reversed(POSETRACK18.keypoint_names[1:]))
    sigmas = np.linspace(0.01, 0.16, 16)
    skeleton = Skeleton(keypoint_names=names, sigmas=sigmas)
    joints.encoder.module.use_skeleton(skeleton)
    joints.use_skeleton(skeleton)
    assert joints.places.tolist() == [-1, *range(15, -1, -1)]
    assert not joints.compared[0]
    np.testing.assert_allclose(joints.sigmas, [1, *sigmas[::-1]], rtol=1e-6)
    keypoints = np.arange(32.0).reshape(1, 16, 2)
    picked, seen = joints.pick(keypoints, np.ones((1, 16), bool))
    assert picked[0, 1].tolist() == keypoints[0, 15].tolist()
    assert seen.sum() == 14  # neither the nose nor the ears


def test_sigmas_that_are_missing_or_do_not_fit():
    names = POSETRACK18.keypoint_names
    with pytest.raises(ValueError, match="gives no sigmas.*set the option sigmas"):
        bound().use_skeleton(Skeleton(keypoint_names=names))
    given = bound(sigmas=[0.1] * 17)
    given.use_skeleton(Skeleton(keypoint_names=names))
    assert given.sigmas.tolist() == pytest.approx([0.1] * 17)
    with pytest.raises(ValueError, match="17 sigmas are given for the 2 keypoints"):
        given.use_skeleton(Skeleton(keypoint_names=("nose", "tail")))


@pytest.mark.parametrize(
    ("encoder", "word"), [(None, "has none"), (nn.Identity(), "an? Identity")]
)
def test_another_frame_encoder(encoder, word):
    with pytest.raises(ValueError, match=f"Part needs frame_encoder=.*{word}"):
        ComparedJoints().bind(SimpleNamespace(e=encoder).e, "Part")
