"""One pair, see mmpose_temporal.testing.make_pose_pair."""

import numpy as np
import pytest
import torch
from mmcv.transforms.utils import cache_random_params

from mmpose_temporal.datasets import (
    PackPosePairs,
    PosePairDrop,
    PosePairFalseJoints,
    PosePairFlip,
    PosePairJitter,
    PosePairReverse,
    PosePairScoreNoise,
    PosePairShift,
)
from mmpose_temporal.testing import make_pose_pair

TOP, SHOULDER, R_SHOULDER = 2, 5, 6
PRESENT = [2, 5, 11, 15]

ALL = [
    PosePairReverse,
    PosePairFlip,
    PosePairJitter,
    PosePairDrop,
    PosePairFalseJoints,
    PosePairScoreNoise,
    PosePairShift,
]


@pytest.mark.parametrize("kind", ALL)
def test_probability_switches(kind):
    original = make_pose_pair()
    assert kind(prob=0.0).transform(original) is original
    results = [kind(prob=0.5).transform(original) for _ in range(200)]
    changed = sum(r is not original for r in results)
    assert changed == pytest.approx(100, abs=4 * 7)  # sqrt(200 / 4) = 7
    with pytest.raises(ValueError, match=r"prob must be in \[0, 1\]"):
        kind(prob=1.5)


@pytest.mark.parametrize("kind", ALL)
def test_the_item_given_is_not_touched_and_types_stay(kind):
    original, before = make_pose_pair(), make_pose_pair()
    result = kind(prob=1.0).transform(original)
    for name, value in before.items():
        np.testing.assert_array_equal(original[name], value)
        assert np.asarray(result[name]).dtype == np.asarray(value).dtype, name
        assert np.shape(result[name]) == np.shape(value), name


@pytest.mark.parametrize("kind", ALL)
def test_numpys_seed_decides(kind):
    def run(seed):
        np.random.seed(seed)  # noqa: NPY002
        return kind(prob=1.0).transform(make_pose_pair())

    for name in ("keypoints", "keypoint_scores", "boxes"):
        np.testing.assert_array_equal(run(1)[name], run(1)[name])
    if kind not in (PosePairReverse, PosePairFlip, PosePairDrop, PosePairFalseJoints):
        assert any((run(1)[n] != run(2)[n]).any() for n in ("keypoints", "keypoint_scores"))


def test_randomness_is_cacheable():
    transform = PosePairJitter()
    with cache_random_params(transform):
        first, second = (
            transform.transform(make_pose_pair()),
            transform.transform(make_pose_pair()),
        )
    np.testing.assert_array_equal(first["keypoints"], second["keypoints"])
    assert (transform.transform(make_pose_pair())["keypoints"] != first["keypoints"]).any()


def test_reverse():
    result = PosePairReverse(prob=1.0).transform(make_pose_pair())
    np.testing.assert_array_equal(result["keypoints"], make_pose_pair()["keypoints"][::-1])
    np.testing.assert_array_equal(result["img_ids"], [5, 7])
    assert (result["distance"], result["label"]) == (2, 1)


def test_flip():
    result = PosePairFlip(prob=1.0).transform(make_pose_pair())
    # in a frame 100 wide x becomes 99 - x, and the left shoulder the right one
    np.testing.assert_array_equal(result["keypoints"][0, R_SHOULDER], [69, 20])
    np.testing.assert_array_equal(result["keypoints"][1, TOP], [77, 11])
    np.testing.assert_array_equal(result["boxes"], [[59, 10, 89, 50], [57, 11, 87, 51]])
    assert result["keypoint_scores"][0, SHOULDER] == 0
    assert result["keypoint_scores"][0, R_SHOULDER] == 1
    twice = PosePairFlip(prob=1.0).transform(result)
    shown = make_pose_pair()["keypoint_scores"] > 0
    np.testing.assert_array_equal(twice["keypoints"][shown], make_pose_pair()["keypoints"][shown])


@pytest.mark.parametrize("kind", [PosePairFlip, PosePairShift])
def test_unknown_frame_size_is_an_error_where_it_is_needed(kind):
    with pytest.raises(ValueError, match="needs the size of the frame, and image 7 of video v"):
        kind(prob=1.0).transform(make_pose_pair(size=(np.nan, np.nan)))


def test_shift_moves_and_scales_both_alike():
    np.random.seed(1)  # noqa: NPY002
    result = PosePairShift(shift=1.0, scale=(0.5, 0.5)).transform(make_pose_pair())
    before = make_pose_pair()["keypoints"][:, PRESENT]
    after = result["keypoints"][:, PRESENT]
    offset = after - 0.5 * before
    np.testing.assert_allclose(offset, np.broadcast_to(offset[0, 0], offset.shape), atol=1e-4)
    np.testing.assert_allclose(
        result["boxes"][:, :2], 0.5 * make_pose_pair()["boxes"][:, :2] + offset[0, 0]
    )
    assert (np.abs(after - before) > 1).any()


def test_shift_stays_in_the_frame():
    """Joints reach from (20, 10) to (32, 51) in a frame of 100 x 80."""
    mids = []
    for _ in range(300):
        result = PosePairShift(shift=1.0, scale=(1, 1)).transform(make_pose_pair())
        joints = result["keypoints"][:, PRESENT].reshape(-1, 2)
        assert (joints > -1e-3).all()
        assert (joints < np.array([99, 79]) + 1e-3).all()
        mids.append(joints.mean(0))
    assert np.ptp(mids, axis=0) == pytest.approx([99 - 12, 79 - 41], abs=1)  # all the way


def test_shift_never_leads_further_out():
    """Scaled by 4 the joints are 48 x 164 in a frame 80 high: middle (26, 30.5) stays in y."""
    result = PosePairShift(shift=1.0, scale=(4, 4)).transform(make_pose_pair())
    y = result["keypoints"][:, PRESENT, 1]
    low, high = 30.5 - 82, 30.5 + 82  # before the shift
    assert y.max() - y.min() == pytest.approx(high - low, abs=1e-3)
    assert low - (high - 79) - 1e-3 <= y.min() <= 1e-3


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (PosePairShift, dict(shift=-1), "shift must be 0 or more"),
        (PosePairShift, dict(scale=(2, 1)), "scale must be 0 < low <= high"),
    ],
)
def test_options_are_checked(kind, options, message):
    with pytest.raises(ValueError, match=message):
        kind(**options)


def test_pack():
    packed = PackPosePairs().transform(make_pose_pair())
    assert packed["inputs"]["distance"].dtype == packed["inputs"]["labels"].dtype == torch.int64
    assert (int(packed["inputs"]["distance"]), int(packed["inputs"]["labels"])) == (2, 1)
    assert packed["inputs"]["frame_size"].tolist() == [100, 80]
    assert packed["data_samples"].video_id == "v"
    assert packed["data_samples"].track_ids.tolist() == [3, 3]
