import numpy as np
import pytest

from mmpose_temporal.structures import KEYPOINT_NAMES, SCORED_KEYPOINTS, posetrack_metainfo


@pytest.mark.parametrize("release", ["posetrack17", "posetrack18", "posetrack21"])
def test_releases(release):
    info = posetrack_metainfo(release)
    assert info["dataset_name"] == release
    assert info["num_keypoints"] == 17
    np.testing.assert_array_equal(info["scored_keypoint_ids"], SCORED_KEYPOINTS)
    assert info["sigmas"].shape == (17,)


def test_flip_indices_swap_left_and_right():
    flipped = [KEYPOINT_NAMES[i] for i in posetrack_metainfo("posetrack18")["flip_indices"]]
    swap = {"left": "right", "right": "left"}
    for name, other in zip(KEYPOINT_NAMES, flipped, strict=True):
        side, _, part = name.partition("_")
        assert other == (f"{swap[side]}_{part}" if side in swap else name)


def test_unknown_release():
    with pytest.raises(ValueError, match="'posetrack19'; known are posetrack17, posetrack18"):
        posetrack_metainfo("posetrack19")


def test_answers_are_independent():
    posetrack_metainfo("posetrack18")["sigmas"][:] = 9
    assert posetrack_metainfo("posetrack18")["sigmas"].max() < 1
