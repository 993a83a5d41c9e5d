"""One pair, see mmpose_temporal.testing.make_pose_pair: the boxes' diagonals are 50 pixels."""

import numpy as np
import pytest

from mmpose_temporal.datasets import (
    PosePairDrop,
    PosePairFalseJoints,
    PosePairJitter,
    PosePairScoreNoise,
)
from mmpose_temporal.testing import make_pose_pair

PRESENT = [2, 5, 11, 15]


def test_jitter_is_a_share_of_the_diagonal():
    def spread(**options):
        runs = [PosePairJitter(**options).transform(make_pose_pair()) for _ in range(300)]
        moved = np.array([r["keypoints"] - make_pose_pair()["keypoints"] for r in runs])
        return moved.reshape(-1)

    # diagonal 50: 0.02 of it is 1 pixel; 300 x 68 numbers give it to about 1 / sqrt(2 x 20400)
    assert spread(std=0.02, outlier_share=0).std() == pytest.approx(1, abs=0.02)
    assert spread(std=0, outlier_share=1, outlier_std=0.2).std() == pytest.approx(10, abs=0.2)
    moved = spread(std=0, outlier_share=0.25, outlier_std=0.2)
    assert (moved != 0).mean() == pytest.approx(0.25, abs=0.02)
    assert (spread(std=0, outlier_share=0) == 0).all()


def test_drop_takes_its_share_and_leaves_one():
    runs = [
        PosePairDrop(share=0.25).transform(make_pose_pair())["keypoint_scores"] for _ in range(500)
    ]
    left = np.array(runs)[..., PRESENT]
    assert set(np.unique(left)) == {0, 1}
    assert left.mean() == pytest.approx(0.75, abs=0.03)
    assert (np.array(runs).sum(-1) >= 1).all()
    everything = [PosePairDrop(share=1.0).transform(make_pose_pair()) for _ in range(50)]
    scores = np.array([r["keypoint_scores"] for r in everything])
    np.testing.assert_array_equal(scores.sum(-1), np.ones((50, 2)))
    assert set(np.nonzero(scores)[2].tolist()) == set(PRESENT)  # any of them, never an absent one


def test_false_joints_are_displaced_with_a_low_score():
    transform = PosePairFalseJoints(share=1.0, std=0.2, scores=(0.1, 0.3))
    result = transform.transform(make_pose_pair())
    scores = result["keypoint_scores"][:, PRESENT]
    assert ((scores >= 0.1) & (scores <= 0.3)).all()
    moved = result["keypoints"][:, PRESENT] - make_pose_pair()["keypoints"][:, PRESENT]
    assert (moved != 0).all()
    assert result["keypoint_scores"].astype(bool).sum() == 8  # no more joints than before


def test_invented_joints_lie_in_the_box():
    transform = PosePairFalseJoints(share=0, invented_share=1.0, scores=(0.2, 0.2))
    result = transform.transform(make_pose_pair())
    absent = make_pose_pair()["keypoint_scores"] == 0
    np.testing.assert_allclose(result["keypoint_scores"][absent], 0.2)
    np.testing.assert_array_equal(result["keypoint_scores"][~absent], 1)
    np.testing.assert_array_equal(
        result["keypoints"][:, PRESENT], make_pose_pair()["keypoints"][:, PRESENT]
    )
    low, high = make_pose_pair()["boxes"][:, None, :2], make_pose_pair()["boxes"][:, None, 2:]
    inside = ((result["keypoints"] >= low) & (result["keypoints"] <= high)).all(-1)
    assert inside[absent].all()


def test_score_noise_keeps_joints_present_and_absent():
    runs = np.array(
        [
            PosePairScoreNoise(std=0.5, low=0.1).transform(make_pose_pair())["keypoint_scores"]
            for _ in "abcd"
        ]
    )
    shown = runs[..., PRESENT]
    assert shown.min() == pytest.approx(0.1)
    assert shown.max() == 1
    assert len(np.unique(shown)) > 5
    assert (np.delete(runs, PRESENT, axis=-1) == 0).all()


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (PosePairJitter, dict(std=-1), "std and outlier_std must be 0 or more"),
        (PosePairJitter, dict(outlier_share=2), "outlier_share must be in"),
        (PosePairDrop, dict(share=-0.1), "share must be in"),
        (PosePairFalseJoints, dict(std=-1), "std must be 0 or more"),
        (PosePairFalseJoints, dict(invented_share=2), "invented_share must be in"),
        (PosePairFalseJoints, dict(scores=(0, 0.3)), "scores must be 0 < low <= high <= 1"),
        (PosePairScoreNoise, dict(std=-1), "std must be 0 or more"),
        (PosePairScoreNoise, dict(low=0), "low must be in"),
    ],
)
def test_options_are_checked(kind, options, message):
    with pytest.raises(ValueError, match=message):
        kind(**options)
