"""Which video a frame of a file belongs to, and what a video is called."""

import json

import pytest

from mmpose_temporal.posetrack import SeveralVideosError, load_videos, read_merged, read_video
from mmpose_temporal.testing import two_people_file


def write(path, names, video_ids=None, **fields):
    """A file with an image for each name; the ids count from 10."""
    content = two_people_file("v", frames=len(names))
    for index, (image, name) in enumerate(zip(content["images"], names, strict=True)):
        del image["vid_id"]
        image |= {"file_name": name} | {key: values[index] for key, values in fields.items()}
        if video_ids is not None:
            image["vid_id"] = video_ids[index]
    path.write_text(json.dumps(content))
    return path


def found(path, **options):
    videos = read_merged(path, **options)
    return {v.video_id: [frame.file_name for frame in v.frames] for v in videos}


@pytest.mark.parametrize(
    ("names", "video_ids", "videos"),
    [
        (["a/v/1.jpg", "b/v/1.jpg", "a/v/2.jpg"], None, {"a_v": [0, 2], "b_v": [1]}),
        (["a/v/1.jpg", "b/v/1.jpg", "a/v/2.jpg"], ["v"] * 3, {"a_v": [0, 2], "b_v": [1]}),
        # only as many parents as needed, and only for those that share a name
        (["x/a/v/1.jpg", "x/b/v/1.jpg", "x/a/w/1.jpg"], None, {"a_v": [0], "b_v": [1], "w": [2]}),
        (["x/a/v/1.jpg", "y/a/v/1.jpg"], None, {"x_a_v": [0], "y_a_v": [1]}),
        (["v/1.jpg", "a/v/1.jpg"], None, {"a_v": [1], "v": [0]}),
        # one folder however it is written
        (["a/v/1.jpg", "./a//v/2.jpg", "a\\v\\3.jpg"], None, {"v": [0, 1, 2]}),
        # several videos in a folder
        (["v/1.jpg", "v/2.jpg", "v/3.jpg"], ["7", "8", "7"], {"v_7": [0, 2], "v_8": [1]}),
        (["1.jpg", "2.jpg", "3.jpg"], ["7", "8", "7"], {"7": [0, 2], "8": [1]}),
        (["1.jpg", "2.jpg"], None, {"file": [0, 1]}),
        (["v10/1.jpg", "v9/1.jpg"], None, {"v9": [1], "v10": [0]}),
    ],
)
def test_videos_of_a_merged_file(tmp_path, names, video_ids, videos):
    path = write(tmp_path / "file.json", names, video_ids)
    result = found(path)
    assert result == {video: [names[i] for i in frames] for video, frames in videos.items()}
    assert list(result) == list(videos)
    if len(videos) > 1:  # a file of a folder is one video
        with pytest.raises(SeveralVideosError, match=rf"^{path} holds the frames of (2|3) videos"):
            read_video(path)
        with pytest.raises(SeveralVideosError):
            load_videos(tmp_path)


def test_people_go_with_their_frames(tmp_path):
    path = write(tmp_path / "file.json", ["a/v/1.jpg", "b/v/1.jpg", "a/v/2.jpg"])
    first, second = read_merged(path)
    # person p of frame t of the file has its keypoint 0 at x = 50 + 200 p + t
    assert [[p.keypoints[1, 0] for p in f.people] for f in first.frames] == [[51, 251], [53, 253]]
    assert [[p.keypoints[1, 0] for p in f.people] for f in second.frames] == [[52, 252]]
    assert [f.frame_number for f in first.frames] == [1, 2]


def test_names_that_cannot_be_told_apart(tmp_path):
    path = write(tmp_path / "file.json", ["a/v/1.jpg", "b/v/1.jpg", "a_v/1.jpg"])
    with pytest.raises(ValueError, match=r"file\.json: .* would be called a_v"):
        read_merged(path)
    path = write(tmp_path / "file.json", ["v/1.jpg", "2.jpg"])
    with pytest.raises(ValueError, match=r"frame '2.jpg' lies in no folder"):
        read_merged(path)


def test_frames_are_put_in_order(tmp_path):
    names = ["v/10.jpg", "v/9.jpg", "v/1.jpg"]
    path = write(tmp_path / "file.json", names, frame_index=[7, 5, 6])
    with pytest.raises(ValueError, match="v/9.jpg is listed after v/10.jpg"):
        read_video(path)
    video = read_video(path, frame_order="number")
    assert [f.file_name for f in video.frames] == ["v/9.jpg", "v/1.jpg", "v/10.jpg"]
    assert [f.frame_number for f in video.frames] == [5, 6, 7]
    assert [f.frame_id for f in video.frames] == [5, 6, 7]  # so that what is written says so too
    assert [f.people[0].keypoints[1, 0] for f in video.frames] == [52, 53, 51]
    (video,) = load_videos(tmp_path, frame_order="names", frames=(0, 2))
    assert [f.file_name for f in video.frames] == ["v/1.jpg", "v/9.jpg"]


@pytest.mark.parametrize("value", ["7", [7], 1.5])
def test_a_frame_index_that_is_no_integer(tmp_path, value):
    path = write(tmp_path / "file.json", ["v/1.jpg", "v/2.jpg"], frame_index=[1, value])
    with pytest.raises(ValueError, match=r"frame 1 \(v/2.jpg\): 'frame_index' must be an integer"):
        read_video(path)
