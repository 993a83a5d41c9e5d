import math

import numpy as np
import pytest
from mmpose.registry import MODELS

from mmpose_temporal.models import OKSSimilarity
from mmpose_temporal.structures import People, Skeleton, posetrack_metainfo
from mmpose_temporal.testing import make_packet, random_poses


def test_by_hand():
    """Box areas 200 both, sigma 0.1: 2 (2 * 0.1)^2 200 = 16; the joint moved by (0, 4)."""
    similarity = MODELS.build(dict(type="OKSSimilarity", sigmas=[0.1, 0.1, 0.1]))
    box = np.array([[0, 0, 10, 20]])
    now = People.create(keypoints=[[[5, 9], [1, 1], [2, 2]]], boxes=box)
    past = People.create(
        keypoints=[[[5, 5], [1, 1], [9, 9]]], keypoint_scores=[[1, 1, 0]], boxes=box
    )
    scores = similarity.pairwise(
        similarity.embed(make_packet(now)), similarity.embed(make_packet(past))
    ).total
    np.testing.assert_allclose(scores, [[(math.exp(-1) + 1) / 2]], rtol=1e-6)


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
