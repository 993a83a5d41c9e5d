import numpy as np
import pytest

from mmpose_temporal.datasets.exports import VideoTracks, read_posetrack
from mmpose_temporal.structures import FramePoses


def test_posetrack_and_back(tracks, folder, assert_same):
    assert_same(read_posetrack(folder / "v5.json"), tracks)


def test_ids_of_all_tracks(tracks):
    np.testing.assert_array_equal(tracks.track_ids, [3, 7])
    assert len(VideoTracks("v5", []).track_ids) == 0


def test_poses_that_are_no_tracks(poses, frame):
    for people, message in (
        (poses([1, -1]), "frame 0: a pose has no track id"),
        (poses([1, 1]), "frame 0: a track id stands twice"),
        (FramePoses.empty(15), "frame 0: 15 keypoints; exports take the 17"),
    ):
        with pytest.raises(ValueError, match=message):
            VideoTracks("v5", [frame(0, people)])
