import numpy as np
import pytest

from mmpose_temporal.datasets.exports import (
    VideoTracks,
    load_skeletons,
    read_posetrack,
    read_skeletons,
    skeleton_arrays,
    write_mot,
    write_skeletons,
)
from mmpose_temporal.structures import People


def test_skeletons(tracks, tmp_path, assert_same):
    assert write_skeletons(tmp_path / "v5.npz", tracks) == 2
    loaded = load_skeletons(tmp_path / "v5.npz")
    assert loaded["frame_dir"] == "v5" and loaded["total_frames"] == 3
    assert loaded["img_shape"] == loaded["original_shape"] == (480, 640)
    assert loaded["keypoint"].shape == (2, 3, 17, 2)  # tracks 3 and 7
    assert loaded["keypoint_score"].dtype == np.float32
    assert not loaded["keypoint_score"][0, :2].any() and not loaded["keypoint_score"][1, 1].any()
    np.testing.assert_array_equal(loaded["keypoint"][0, 2], tracks.frames[2].poses.keypoints[1])
    assert_same(read_skeletons(tmp_path / "v5.npz"), tracks, by_track=True)
    with np.load(tmp_path / "v5.npz", allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["present"], [[0, 0, 1], [1, 0, 1]])
        assert archive["keypoint_names"][2] == "head_top"


def test_skeletons_of_nobody(tmp_path, frame, assert_same):
    empty = VideoTracks("v", [frame(0, People.empty(17))])
    write_skeletons(tmp_path / "v.npz", empty)
    assert load_skeletons(tmp_path / "v.npz")["keypoint"].shape == (0, 1, 17, 2)
    assert_same(read_skeletons(tmp_path / "v.npz"), empty)


def test_skeletons_need_a_size(tmp_path, poses, frame):
    for frames, message in (
        ([frame(0, poses([1]), size=None)] * 2, "no frame has one: add 'width' and 'height'"),
        ([frame(0, poses([1]), size=(0, 0))], "no frame has one: add 'width' and 'height'"),
        (
            [frame(0, poses([1])), frame(1, poses([1]), size=(9, 9))],
            r"got \[\(9, 9\), \(640, 480\)\]",
        ),
        ([], "there are no frames"),
    ):
        with pytest.raises(
            ValueError, match=f"v: skeleton data need one size of all frames; {message}"
        ):
            skeleton_arrays(VideoTracks("v", frames))


def test_unknown_sizes_among_known_ones_do_not_matter(tmp_path, poses, frame):
    sizes = (None, (640, 480), (0, 0), (640, 480))
    frames = [frame(index, poses([1]), size=size) for index, size in enumerate(sizes)]
    write_skeletons(tmp_path / "v.npz", VideoTracks("v", frames))
    assert load_skeletons(tmp_path / "v.npz")["img_shape"] == (480, 640)
    assert {frame.size for frame in read_skeletons(tmp_path / "v.npz").frames} == {(640, 480)}


def test_archives_that_are_something_else(tracks, tmp_path):
    path = tmp_path / "x.npz"
    write_skeletons(path, tracks)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="is no skeleton archive"):
        load_skeletons(path)
    np.savez(path, a=1)
    with pytest.raises(ValueError, match="it lacks frame_dir"):
        load_skeletons(path)
    arrays = skeleton_arrays(tracks)
    np.savez(path, **arrays | {"frame_names": np.array([{}], object)})  # a pickle inside
    with pytest.raises(ValueError, match="is no skeleton archive.*pickle"):
        load_skeletons(path)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_skeletons(tmp_path / "y.npz")


def test_real_tracks(real_data, tmp_path, assert_same):
    source = real_data / "multiperson_posetrack" / "annotations" / "val" / "060470979.json"
    tracks = read_posetrack(source)
    write_skeletons(tmp_path / "a.npz", tracks)
    assert_same(read_skeletons(tmp_path / "a.npz"), tracks, by_track=True)
    assert write_mot(tmp_path / "a.txt", tracks) == sum(len(f.poses) for f in tracks.frames)
