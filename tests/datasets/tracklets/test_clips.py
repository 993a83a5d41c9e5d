import numpy as np
import pytest

from mmpose_temporal.datasets import load_videos
from mmpose_temporal.datasets.tracklets import augment_clip, clip_of_video
from mmpose_temporal.datasets.tracklets.clips import corners
from mmpose_temporal.posetrack.fields import load_json
from mmpose_temporal.structures import posetrack_metainfo
from mmpose_temporal.testing import template_keypoints, write_tiny_posetrack
from mmpose_temporal.utils import write_json

FLIP = posetrack_metainfo("posetrack18")["flip_indices"]
SIZE = (640.0, 480.0)


def people(frames: int = 60) -> np.ndarray:
    """Person p is 40 + 10 p pixels wide, 100 pixels high, and there in every (p + 1)th frame."""
    clip = np.zeros((frames, 3, 17, 3), np.float32)
    for p in range(3):
        low = np.stack([100.0 * p + np.arange(frames), np.full(frames, 50)], 1)
        boxes = np.hstack([low, low + np.array([40 + 10 * p, 100])]).astype(np.float32)
        clip[:, p, :, :2] = template_keypoints(boxes)
        clip[:: p + 1, p, :, 2] = 1
    clip[:, :, [3, 4], 2] = 0  # no ears
    return clip


def test_a_clip_of_a_video(tmp_path):
    write_tiny_posetrack(tmp_path)
    video, _ = load_videos(tmp_path / "annotations" / "val")
    clip = clip_of_video(video)
    assert clip.shape == (5, 2, 17, 3) and clip.dtype == np.float32
    # the person p at frame t has the box [3 + 20 p + t, 6, 15 + 20 p + t, 38]
    low, high = corners(clip[..., :2], clip[..., 2] > 0)
    for t in range(5):
        for p in range(2):
            x = 3 + 20 * p + t
            assert [*low[t, p], *high[t, p]] == pytest.approx([x, 6, x + 12, 38], abs=1e-3)
    assert not clip[..., [3, 4], 2].any()


def test_frames_without_labels_are_left_out_and_empty_ones_are_not(tmp_path):
    write_tiny_posetrack(tmp_path, videos={"v": 4})
    file = tmp_path / "annotations" / "val" / "v.json"
    content = load_json(file)
    content["images"][1]["is_labeled"] = False
    blank = {content["images"][i]["id"] for i in (1, 2)}
    content["annotations"] = [a for a in content["annotations"] if a["image_id"] not in blank]
    write_json(file, content)
    (video,) = load_videos(tmp_path / "annotations" / "val")
    clip = clip_of_video(video)
    assert (clip[..., 2] > 0).any(-1).tolist() == [[True, True], [False, False], [True, True]]


def test_corners():
    present = np.array([[True, False], [False, False]])
    low, high = corners(np.array([[[3.0, 4], [0, 9]], [[1, 1], [2, 2]]]), present)
    assert low.tolist() == high.tolist() == [[3, 4], [0, 0]]


@pytest.mark.parametrize("seed", range(30))
def test_augmentation_keeps_who_is_who(seed):
    """Whatever the camera does, the wider person stays wider: widths are as 40 to 50 to 60."""
    clip = people()
    found = augment_clip(clip, SIZE, FLIP, np.random.default_rng(seed))
    frames, persons = found.shape[:2]
    assert found.dtype == np.float32 and np.isfinite(found).all()
    assert 2 <= frames <= 39 and persons == 3
    assert (found[:, 0, 0, 2] == 1).all()  # the first person is there in every frame
    assert (found[..., 2].sum(-1) % 15 == 0).all()  # 15 joints or none
    assert not found[..., [3, 4], 2].any()  # ears become ears
    shoulders = found[..., [5, 6], :2]
    width = np.linalg.norm(shoulders[..., 0, :] - shoulders[..., 1, :], axis=-1)
    np.testing.assert_allclose(width[:, 1] / width[:, 0], 50 / 40, rtol=1e-3)
    np.testing.assert_allclose(width[:, 2] / width[:, 0], 60 / 40, rtol=1e-3)


def test_it_repeats_by_seed_and_leaves_the_clip_as_it_is():
    clip = people()
    first, same, other = (
        augment_clip(clip, SIZE, FLIP, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert first.shape != other.shape or not np.array_equal(first, other)
    np.testing.assert_array_equal(clip, people())


def test_half_of_the_clips_are_mirrored_within_the_frame():
    """The third person, once to the right of the first, is then to the left of it."""
    mirrored = 0
    for seed in range(200):
        found = augment_clip(people(), SIZE, FLIP, np.random.default_rng(seed))
        found = found[found[:, 2, 0, 2] > 0]
        # left and right keep their sides, since they change their names as well
        assert (found[..., 0, 5, 0] > found[..., 0, 6, 0]).all()
        order = found[:, 2, 0, 0] > found[:, 0, 0, 0]
        assert order.all() or not order.any()
        mirrored += not order.all()
    assert 70 < mirrored < 130  # of 200: 100, standard deviation 7


def test_the_mirror_and_the_zoom_are_about_the_middle_of_the_frame():
    """A person there stays there in every other case than a pan."""
    clip = np.ones((30, 1, 17, 3), np.float32)
    clip[..., :2] = np.array(SIZE) / 2
    apart = []
    for seed in range(200):
        found = augment_clip(clip, SIZE, FLIP, np.random.default_rng(seed))
        apart.append(np.abs(found[..., :2]).max())
    assert 70 < sum(distance < 1e-3 for distance in apart) < 130  # those without a camera


@pytest.mark.parametrize("frames", [2, 3, 5, 9])
def test_short_clips_keep_two_frames(frames):
    """Every 8th frame of 5 would leave one, or none."""
    lengths = {
        len(augment_clip(people(frames), SIZE, FLIP, np.random.default_rng(seed)))
        for seed in range(60)
    }
    assert min(lengths) >= 2 and max(lengths) == frames
