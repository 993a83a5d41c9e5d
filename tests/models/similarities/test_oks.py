import math

import numpy as np
import pytest
from mmpose.registry import MODELS

from mmpose_temporal.models import OKSSimilarity
from mmpose_temporal.structures import People, Skeleton, posetrack_metainfo
from mmpose_temporal.testing import make_packet, random_poses


def test_by_hand():
    """Box areas 5000 both, sigma 0.1: 2 (2 * 0.1)^2 5000 = 400; the joint moved by (0, 20)."""
    box = np.array([[0, 0, 50, 100]])
    now = People.create(keypoints=[[[5, 29], [1, 1], [2, 2]]], boxes=box)
    past = People.create(
        keypoints=[[[5, 9], [1, 1], [9, 9]]], keypoint_scores=[[1, 1, 0]], boxes=box
    )
    for missing_joints, joints in (("ignore", 2), ("disagree", 3)):
        config = dict(type="OKSSimilarity", sigmas=[0.1] * 3, missing_joints=missing_joints)
        scores = between(now, past, MODELS.build(config))
        np.testing.assert_allclose(scores, [[(math.exp(-1) + 1) / joints]], rtol=1e-6)


def between(now: People, past: People, similarity: OKSSimilarity | None = None) -> np.ndarray:
    similarity = similarity or OKSSimilarity()
    return similarity.pairwise(
        similarity.embed(make_packet(now)), similarity.embed(make_packet(past))
    ).total


def fragment(whole: People, count: int) -> People:
    """The first joints of poses, in boxes around them."""
    scores = whole.keypoint_scores.copy()
    scores[:, count:] = 0
    return People.create(keypoints=whole.keypoints, keypoint_scores=scores)


@pytest.mark.parametrize("count", [0, 1, 2, 4, 17])
def test_the_fewer_joints_two_share_the_less_similar_they_are(count):
    whole = random_poses(1, seed=0)
    part = fragment(whole, count)
    for pair in ((whole, part), (part, whole)):
        np.testing.assert_allclose(between(*pair), count / 17, rtol=1e-6)
        published = OKSSimilarity(missing_joints="ignore")
        assert between(*pair, published) == float(count > 0)
    assert between(part, part) == float(count > 0)


def test_one_joint_may_move_by_some_pixels():
    """A person smaller than 32 x 32 counts as that: exp(-2^2 / (2 (2 * 0.026)^2 1024)) = 0.49."""
    nose = People.create(keypoints=np.full((1, 17, 2), 100), keypoint_scores=np.eye(17)[:1])
    moved = nose.replace(keypoints=nose.keypoints + np.float32([2, 0]))
    np.testing.assert_allclose(between(nose, moved), 0.4858, atol=1e-3)
    assert between(nose, moved, OKSSimilarity(missing_joints="ignore")) == 0


def test_joints_in_a_line_are_a_person():
    line = People.create(keypoints=[[[50, y] for y in range(17)]])
    assert between(line, line) == 1
    moved = line.replace(keypoints=line.keypoints + np.float32([2, 0]))
    assert between(line, moved) > 0.5


def test_unknown_ways():
    with pytest.raises(ValueError, match="missing_joints must be one of disagree, ignore, got"):
        OKSSimilarity(missing_joints="punish")


def test_the_default_is_posetracks():
    sigmas = posetrack_metainfo("posetrack18")["sigmas"]
    np.testing.assert_allclose(OKSSimilarity().sigmas, sigmas, rtol=1e-6)


def test_rows_of_a_representation_are_people():
    """The tracker keeps rows, so half of a representation is that of half of the people."""
    similarity, poses = OKSSimilarity(), random_poses(4, seed=0)
    whole = similarity.embed(make_packet(poses))
    half = similarity.embed(make_packet(poses[2:]))
    np.testing.assert_array_equal(
        similarity.pairwise(whole, {name: rows[2:] for name, rows in whole.items()}).total,
        similarity.pairwise(whole, half).total,
    )


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 2), (2, 0)])
def test_nobody(rows, columns):
    similarity = OKSSimilarity()
    now, past = (similarity.embed(make_packet(random_poses(n, seed=n))) for n in (rows, columns))
    assert similarity.pairwise(now, past).total.shape == (rows, columns)


def test_another_number_of_keypoints():
    with pytest.raises(ValueError, match="poses have 13 keypoints, but OKSSimilarity has 17"):
        OKSSimilarity().embed(make_packet(random_poses(1, seed=0, num_keypoints=13)))


@pytest.mark.parametrize("sigmas", [[0.1, 0.0], [0.1, -1], [[0.1, 0.1]], [0.1, math.nan]])
def test_sigmas_must_be_positive(sigmas):
    with pytest.raises(ValueError, match="sigmas must be K positive numbers"):
        OKSSimilarity(sigmas=sigmas)


def test_nothing_to_learn():
    with pytest.raises(TypeError, match="OKSSimilarity has nothing to learn"):
        OKSSimilarity().loss()


def test_sigmas_are_those_of_the_data():
    similarity = OKSSimilarity()
    hand = Skeleton(keypoint_names=("thumb", "index"), sigmas=[0.1, 0.2], name="hand")
    similarity.use_skeleton(hand)
    np.testing.assert_allclose(similarity.sigmas, [0.1, 0.2], rtol=1e-6)
    given = OKSSimilarity(sigmas=[0.3, 0.3])
    given.use_skeleton(hand)
    np.testing.assert_allclose(given.sigmas, [0.3, 0.3], rtol=1e-6)


def test_sigmas_that_do_not_fit_the_data():
    with pytest.raises(ValueError, match="3 sigmas .* 2 keypoints .*thumb, index"):
        OKSSimilarity(sigmas=[0.1] * 3).use_skeleton(
            Skeleton(keypoint_names=("thumb", "index"), sigmas=[0.1, 0.2])
        )
    with pytest.raises(ValueError, match="hand.* no sigmas.* option sigmas, 2 numbers"):
        OKSSimilarity().use_skeleton(Skeleton(keypoint_names=("thumb", "index"), name="hand"))
