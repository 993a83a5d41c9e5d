import json

import numpy as np
import pytest

from mmpose_temporal.datasets.exports import VideoTracks, read_posetrack
from mmpose_temporal.evaluation import write_video_predictions
from mmpose_temporal.structures import People


def test_posetrack_and_back(tracks, folder, assert_same):
    assert_same(read_posetrack(folder / "v5.json"), tracks)


def test_frames_without_size(tracks, tmp_path, poses, frame, assert_same):
    unknown = VideoTracks("v5", [*tracks.frames, frame(3, poses([7]), size=None)])
    path = write_video_predictions(tmp_path, "v5", unknown.frames)
    assert_same(read_posetrack(path), unknown)
    document = json.loads(path.read_text())
    document["images"][0] |= {"width": 0, "height": 0}  # as files say that know no better
    path.write_text(json.dumps(document))
    assert [frame.size for frame in read_posetrack(path).frames[::3]] == [None, None]


def test_ids_of_all_tracks(tracks):
    np.testing.assert_array_equal(tracks.track_ids, [3, 7])
    assert len(VideoTracks("v5", []).track_ids) == 0


def test_poses_that_are_no_tracks(poses, frame):
    for people, message in (
        (poses([1, -1]), "frame 0: a pose has no track id"),
        (poses([1, 1]), "frame 0: a track id stands twice"),
        (People.empty(15), "frame 0: 15 keypoints; the skeleton posetrack18 has 17"),
    ):
        with pytest.raises(ValueError, match=message):
            VideoTracks("v5", [frame(0, people)])
