"""One pair: both poses have a shoulder, a hip and an ankle on the left and the head's top."""

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
    posetrack_metainfo,
)

FLIP = posetrack_metainfo("posetrack18")["flip_indices"]
TOP, SHOULDER, R_SHOULDER, HIP, ANKLE = 2, 5, 6, 11, 15
PRESENT = [TOP, SHOULDER, HIP, ANKLE]


def pair(size: tuple[float, float] = (100, 80)) -> dict:
    """Boxes 30 wide and 40 high, so 50 along the diagonal."""
    keypoints = np.zeros((2, 17, 2), np.float32)
    keypoints[0, PRESENT] = [[20, 10], [30, 20], [28, 30], [28, 50]]
    keypoints[1, PRESENT] = keypoints[0, PRESENT] + [2, 1]
    scores = np.zeros((2, 17), np.float32)
    scores[:, PRESENT] = 1
    return dict(
        keypoints=keypoints,
        keypoint_scores=scores,
        boxes=np.array([[10, 10, 40, 50], [12, 11, 42, 51]], np.float32),
        frame_size=np.array(size, np.float32),
        distance=2,
        label=1,
        video_id="v",
        img_ids=np.array([7, 5]),
        track_ids=np.array([3, 3]),
        dataset_name="posetrack18",
        flip_indices=FLIP,
    )


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
    original = pair()
    assert kind(prob=0.0).transform(original) is original
    results = [kind(prob=0.5).transform(original) for _ in range(200)]
    changed = sum(r is not original for r in results)
    assert changed == pytest.approx(100, abs=4 * 7)  # sqrt(200 / 4) = 7
    with pytest.raises(ValueError, match=r"prob must be in \[0, 1\]"):
        kind(prob=1.5)


@pytest.mark.parametrize("kind", ALL)
def test_the_item_given_is_not_touched_and_types_stay(kind):
    original, before = pair(), pair()
    result = kind(prob=1.0).transform(original)
    for name, value in before.items():
        np.testing.assert_array_equal(original[name], value)
        assert np.asarray(result[name]).dtype == np.asarray(value).dtype, name
        assert np.shape(result[name]) == np.shape(value), name


@pytest.mark.parametrize("kind", ALL)
def test_numpys_seed_decides(kind):
    def run(seed):
        np.random.seed(seed)  # noqa: NPY002
        return kind(prob=1.0).transform(pair())

    for name in ("keypoints", "keypoint_scores", "boxes"):
        np.testing.assert_array_equal(run(1)[name], run(1)[name])
    if kind not in (PosePairReverse, PosePairFlip, PosePairDrop, PosePairFalseJoints):
        assert any((run(1)[n] != run(2)[n]).any() for n in ("keypoints", "keypoint_scores"))


def test_randomness_is_cacheable():
    transform = PosePairJitter()
    with cache_random_params(transform):
        first, second = transform.transform(pair()), transform.transform(pair())
    np.testing.assert_array_equal(first["keypoints"], second["keypoints"])
    assert (transform.transform(pair())["keypoints"] != first["keypoints"]).any()


def test_reverse():
    result = PosePairReverse(prob=1.0).transform(pair())
    np.testing.assert_array_equal(result["keypoints"], pair()["keypoints"][::-1])
    np.testing.assert_array_equal(result["img_ids"], [5, 7])
    assert (result["distance"], result["label"]) == (2, 1)


def test_flip():
    result = PosePairFlip(prob=1.0).transform(pair())
    # in a frame 100 wide x becomes 99 - x, and the left shoulder the right one
    np.testing.assert_array_equal(result["keypoints"][0, R_SHOULDER], [69, 20])
    np.testing.assert_array_equal(result["keypoints"][1, TOP], [77, 11])
    np.testing.assert_array_equal(result["boxes"], [[59, 10, 89, 50], [57, 11, 87, 51]])
    assert result["keypoint_scores"][0, SHOULDER] == 0
    assert result["keypoint_scores"][0, R_SHOULDER] == 1
    twice = PosePairFlip(prob=1.0).transform(result)
    shown = pair()["keypoint_scores"] > 0
    np.testing.assert_array_equal(twice["keypoints"][shown], pair()["keypoints"][shown])


@pytest.mark.parametrize("kind", [PosePairFlip, PosePairShift])
def test_unknown_frame_size_is_an_error_where_it_is_needed(kind):
    with pytest.raises(ValueError, match="needs the size of the frame, and image 7 of video v"):
        kind(prob=1.0).transform(pair(size=(np.nan, np.nan)))


def test_jitter_is_a_share_of_the_diagonal():
    def spread(**options):
        runs = [PosePairJitter(**options).transform(pair()) for _ in range(300)]
        moved = np.array([r["keypoints"] - pair()["keypoints"] for r in runs])
        return moved.reshape(-1)

    # diagonal 50: 0.02 of it is 1 pixel; 300 x 68 numbers give it to about 1 / sqrt(2 x 20400)
    assert spread(std=0.02, outlier_share=0).std() == pytest.approx(1, abs=0.02)
    assert spread(std=0, outlier_share=1, outlier_std=0.2).std() == pytest.approx(10, abs=0.2)
    moved = spread(std=0, outlier_share=0.25, outlier_std=0.2)
    assert (moved != 0).mean() == pytest.approx(0.25, abs=0.02)
    assert (spread(std=0, outlier_share=0) == 0).all()


def test_drop_takes_its_share_and_leaves_one():
    runs = [PosePairDrop(share=0.25).transform(pair())["keypoint_scores"] for _ in range(500)]
    left = np.array(runs)[..., PRESENT]
    assert set(np.unique(left)) == {0, 1}
    assert left.mean() == pytest.approx(0.75, abs=0.03)
    assert (np.array(runs).sum(-1) >= 1).all()
    everything = [PosePairDrop(share=1.0).transform(pair()) for _ in range(50)]
    scores = np.array([r["keypoint_scores"] for r in everything])
    np.testing.assert_array_equal(scores.sum(-1), np.ones((50, 2)))
    assert set(np.nonzero(scores)[2].tolist()) == set(PRESENT)  # any of them, never an absent one


def test_false_joints_are_displaced_with_a_low_score():
    transform = PosePairFalseJoints(share=1.0, std=0.2, scores=(0.1, 0.3))
    result = transform.transform(pair())
    scores = result["keypoint_scores"][:, PRESENT]
    assert ((scores >= 0.1) & (scores <= 0.3)).all()
    moved = result["keypoints"][:, PRESENT] - pair()["keypoints"][:, PRESENT]
    assert (moved != 0).all()
    assert result["keypoint_scores"].astype(bool).sum() == 8  # no more joints than before


def test_invented_joints_lie_in_the_box():
    transform = PosePairFalseJoints(share=0, invented_share=1.0, scores=(0.2, 0.2))
    result = transform.transform(pair())
    absent = pair()["keypoint_scores"] == 0
    np.testing.assert_allclose(result["keypoint_scores"][absent], 0.2)
    np.testing.assert_array_equal(result["keypoint_scores"][~absent], 1)
    np.testing.assert_array_equal(result["keypoints"][:, PRESENT], pair()["keypoints"][:, PRESENT])
    low, high = pair()["boxes"][:, None, :2], pair()["boxes"][:, None, 2:]
    inside = ((result["keypoints"] >= low) & (result["keypoints"] <= high)).all(-1)
    assert inside[absent].all()


def test_score_noise_keeps_joints_present_and_absent():
    runs = np.array(
        [PosePairScoreNoise(std=0.5, low=0.1).transform(pair())["keypoint_scores"] for _ in "abcd"]
    )
    shown = runs[..., PRESENT]
    assert shown.min() == pytest.approx(0.1)
    assert shown.max() == 1
    assert len(np.unique(shown)) > 5
    assert (np.delete(runs, PRESENT, axis=-1) == 0).all()


def test_shift_moves_and_scales_both_alike():
    np.random.seed(1)  # noqa: NPY002
    result = PosePairShift(shift=1.0, scale=(0.5, 0.5)).transform(pair())
    before = pair()["keypoints"][:, PRESENT]
    after = result["keypoints"][:, PRESENT]
    offset = after - 0.5 * before
    np.testing.assert_allclose(offset, np.broadcast_to(offset[0, 0], offset.shape), atol=1e-4)
    np.testing.assert_allclose(result["boxes"][:, :2], 0.5 * pair()["boxes"][:, :2] + offset[0, 0])
    assert (np.abs(after - before) > 1).any()


def test_shift_stays_in_the_frame():
    """Joints reach from (20, 10) to (32, 51) in a frame of 100 x 80."""
    mids = []
    for _ in range(300):
        result = PosePairShift(shift=1.0, scale=(1, 1)).transform(pair())
        joints = result["keypoints"][:, PRESENT].reshape(-1, 2)
        assert (joints > -1e-3).all()
        assert (joints < np.array([99, 79]) + 1e-3).all()
        mids.append(joints.mean(0))
    assert np.ptp(mids, axis=0) == pytest.approx([99 - 12, 79 - 41], abs=1)  # all the way


def test_shift_never_leads_further_out():
    """Scaled by 4 the joints are 48 x 164 in a frame 80 high: middle (26, 30.5) stays in y."""
    result = PosePairShift(shift=1.0, scale=(4, 4)).transform(pair())
    y = result["keypoints"][:, PRESENT, 1]
    low, high = 30.5 - 82, 30.5 + 82  # before the shift
    assert y.max() - y.min() == pytest.approx(high - low, abs=1e-3)
    assert low - (high - 79) - 1e-3 <= y.min() <= 1e-3


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
        (PosePairShift, dict(shift=-1), "shift must be 0 or more"),
        (PosePairShift, dict(scale=(2, 1)), "scale must be 0 < low <= high"),
    ],
)
def test_options_are_checked(kind, options, message):
    with pytest.raises(ValueError, match=message):
        kind(**options)


def test_pack():
    packed = PackPosePairs().transform(pair())
    assert packed["inputs"]["distance"].dtype == packed["inputs"]["labels"].dtype == torch.int64
    assert (int(packed["inputs"]["distance"]), int(packed["inputs"]["labels"])) == (2, 1)
    assert packed["inputs"]["frame_size"].tolist() == [100, 80]
    assert packed["data_samples"].video_id == "v"
    assert packed["data_samples"].track_ids.tolist() == [3, 3]
