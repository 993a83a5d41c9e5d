import json
import math
from copy import deepcopy

import numpy as np
import pytest

from mmpose_temporal.mmpose_files import output_paths, read_mmpose_videos
from mmpose_temporal.testing import PAIR
from mmpose_temporal.testing import PAIR_META as META
from mmpose_temporal.testing import mmpose_frame as frame
from mmpose_temporal.testing import mmpose_instance as instance
from mmpose_temporal.utils.failed_files import FailedFiles

ROWS = [frame(0, instance(1), instance(2)), frame(1), frame(4, instance(3))]


def read(path, **options):
    return read_mmpose_videos(path, **{"skeleton": PAIR, **options})


def counts(video) -> list[int]:
    return [len(f.people) for f in video.video.frames]


def test_a_file_of_a_video(write):
    (video,) = read(write("clip.json", ROWS))
    assert video.video.video_id == "clip"
    assert counts(video) == [2, 0, 1]
    assert [f.frame_number for f in video.video.frames] == [0, 1, 4]
    assert all(f.size is None and f.is_labeled for f in video.video.frames)
    assert video.video.skeleton is PAIR


def test_a_folder_of_videos_in_natural_order(write):
    for name in ("v10", "v2", "v1"):
        path = write(f"{name}.json", dict(meta_info=META, instance_info=ROWS))
    videos = read(path.parent, skeleton=None)
    assert [video.video.video_id for video in videos] == ["v1", "v2", "v10"]


def test_a_folder_of_images_is_a_video(write):
    for number, people in ((10, 1), (2, 0), (1, 2)):
        path = write(f"walk/{number}.json", [instance(x) for x in range(people)])
    (video,) = read(path.parent)
    assert video.video.video_id == "walk"
    assert [document.name for document in video.documents] == ["1.json", "2.json", "10.json"]
    assert counts(video) == [2, 0, 1]
    assert [f.frame_number for f in video.video.frames] == [1, 2, 10]


def test_folders_of_images_are_videos(write):
    for name in ("b/000000", "a/000001", "a/000000"):
        path = write(f"{name}.json", [instance()])
    first, second = read(path.parent.parent)
    assert [first.video.video_id, second.video.video_id] == ["a", "b"]
    assert [document.name for document in first.documents] == ["a/000000.json", "a/000001.json"]


def test_a_single_image_is_a_video_of_one_frame(write):
    for content in ([instance(1)], dict(meta_info=META, instance_info=[instance(1)]), []):
        (video,) = read(write("image.json", content))
        assert video.video.video_id == "image"
        assert counts(video) == [bool(content)]


def test_scores_outside_0_to_1_are_said(write, capsys):
    """As they are of some heads of mmpose (SimCC)."""
    people = [instance(keypoint_scores=[1.5, -0.25]), instance(bbox_score=2.0)]
    (video,) = read(write("scores.json", [frame(0, *people)]))
    said = capsys.readouterr().out
    assert "scores.json: 2 of 4 'keypoint_scores' (-0.25 to 1.5), 1 of 2 'bbox_score'" in said
    assert video.video.frames[0].people[0].keypoint_scores.tolist() == [1.5, -0.25]


def test_joints_that_are_absent_are_said(write, capsys):
    path = write("a.json", [frame(0, instance(keypoints=[[math.nan, 1], [2, 3]]))])
    read(path)
    assert "a.json: 1 of 2 joints are NaN or infinite: absent" in capsys.readouterr().out


# ------------------------------------------------------------------------- written again


def rows(*pairs):
    """Instances and ids of a frame."""
    return np.array([p[0] for p in pairs], int), np.array([p[1] for p in pairs], int)


def test_written_with_ids_and_else_as_they_were(write, tmp_path):
    content = dict(meta_info=META, instance_info=deepcopy(ROWS), more="kept")
    content["instance_info"][0]["time"] = 0.5
    content["instance_info"][0]["instances"][1]["keypoints"][0][0] = math.nan
    (video,) = read(write("clip.json", content), skeleton=None)
    # the first person of frame 0 is left out; those of a frame stay in the order of the file
    (path,) = video.write(tmp_path / "out", [(0, *rows((1, 7))), (1, *rows()), (2, *rows((0, 7)))])
    assert path == tmp_path / "out" / "clip.json"
    found, expected = json.loads(path.read_text()), json.loads(json.dumps(content))
    expected["instance_info"][0]["instances"][:1] = []
    for index in (0, 2):
        expected["instance_info"][index]["instances"][0]["track_id"] = 7
    assert json.dumps(found) == json.dumps(expected)  # as text, since NaN is not equal to NaN


def test_people_stay_in_the_order_of_the_file(write, tmp_path):
    (video,) = read(write("clip.json", [frame(0, instance(1), instance(2), instance(3))]))
    (path,) = video.write(tmp_path / "out", [(0, *rows((2, 5), (0, 6), (1, 7)))])
    (written,) = json.loads(path.read_text())
    assert [(p["bbox"][0][0], p["track_id"]) for p in written["instances"]] == [
        (-4, 6),
        (-3, 7),
        (-2, 5),
    ]


def test_ids_of_the_input_are_replaced(write, tmp_path):
    (video,) = read(write("a.json", [instance(1, track_id=99)]))
    (path,) = video.write(tmp_path / "out", [(0, *rows((0, 3)))])
    assert [person["track_id"] for person in json.loads(path.read_text())] == [3]


def test_input_is_not_overwritten(write, tmp_path):
    path = write("in/a.json", ROWS)
    (tmp_path / "link").symlink_to(path.parent)
    for out in (path.parent, tmp_path / "link", path.parent / ".." / "in"):
        with pytest.raises(ValueError, match=r"a\.json is an input.* and would be replaced"):
            output_paths(out, path)
    with pytest.raises(NotADirectoryError, match=r"a\.json is a file; name a folder"):
        output_paths(path, path)
    assert output_paths(tmp_path / "out", path) == [tmp_path / "out" / "a.json"]


def test_names_that_differ_in_capitals_only(write, tmp_path):
    for name in ("a", "A"):
        path = write(f"in/{name}.json", ROWS)
    with pytest.raises(ValueError, match="two files would be written to files of one name"):
        output_paths(tmp_path / "out", path.parent)


# ------------------------------------------------------------------------------ broken files


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([frame(0), 5], r"a\.json, frame 1: must be a record, got 5"),
        ([frame(0), dict(frame_id=1)], r"a\.json, frame 1: 'instances' must be a list, got None"),
        ([dict(instances=[])], r"a\.json, frame 0: 'frame_id' must be an integer, got None"),
        ([frame("1")], "'frame_id' must be an integer, got '1'"),
        ([frame(0.5)], "'frame_id' must be an integer, got 0.5"),
        ([frame(10**30)], r"'frame_id' 10*\.*0* does not fit in 64 bits"),
        ([frame(2), frame(1)], "frame_id 1 is listed after frame_id 2"),
        ([frame(1), frame(1)], "frames 0 and 1 have the same name, frame_id 1"),
        (
            [frame(3), frame(4, instance(), 7)],
            r"a\.json, frame 1 \(frame_id 4\), instance 1: must be a record, got 7",
        ),
        ([frame(0), instance()], r"a\.json, frame 1: 'instances' must be a list"),
    ],
)
def test_frames_that_are_wrong(write, rows, error):
    with pytest.raises(ValueError, match=error) as found:
        read(write("a.json", rows))
    assert "\n" not in str(found.value)


def test_order_of_frames(write):
    path = write("a.json", [frame(2, instance()), frame(1)])
    (video,) = read(path, frame_order="number")
    assert counts(video) == [0, 1]
    (video,) = read(path, frame_order="file")
    assert counts(video) == [1, 0]
    with pytest.raises(ValueError, match="frame_order 'names' needs images' names"):
        read(path, frame_order="names")


def test_images_whose_numbers_start_again_are_in_natural_order(write):
    for name in ("10_1", "2_1", "1_2"):
        path = write(f"v/{name}.json", [instance()])
    for frame_order in ("auto", "names"):
        (video,) = read(path.parent, frame_order=frame_order)
        assert [document.path.stem for document in video.documents] == ["1_2", "2_1", "10_1"]


def test_files_that_do_not_belong_together(write):
    video = write("v/a.json", ROWS)
    write("v/b.json", [instance()])
    with pytest.raises(ValueError, match=r"b\.json holds one image, and other files"):
        read(video.parent)
    write("v/b.json", [])
    with pytest.raises(ValueError, match=r"b\.json lists no frames"):
        read(video.parent)
    write("v/b.json", dict(images=[], annotations=[]))
    with pytest.raises(ValueError, match=r"b\.json is no file of .* in the PoseTrack18 layout"):
        read(video.parent)


def test_files_of_different_keypoints(write):
    first = write("v/a.json", dict(meta_info=META, instance_info=ROWS))
    other = dict(keypoint_id2name={"0": "a", "1": "b"})
    write("v/b.json", dict(meta_info=other, instance_info=ROWS))
    with pytest.raises(ValueError, match=r"b\.json has other keypoints than .*a\.json"):
        read(first.parent, skeleton=None)


# --------------------------------------------------------------------- a run over a folder


def test_a_broken_file_of_a_folder_is_left_out(write):
    for name, content in (("a", ROWS), ("b", "["), ("c", []), ("d", [frame("1")]), ("e", ROWS)):
        folder = write(f"v/{name}.json", content).parent
    failed = FailedFiles()
    videos = read(folder, failed=failed)
    assert [video.video.video_id for video in videos] == ["a", "e"]
    assert [path.name for path in failed.errors] == ["b.json", "c.json", "d.json"]
    with pytest.raises(ValueError, match=r"b\.json is not valid JSON"):
        read(folder)


def test_a_video_that_lacks_an_image_is_left_out(write):
    for name in ("a/0", "a/1", "b/0", "b/1", "c/0"):
        folder = write(f"v/{name}.json", [instance()]).parent.parent
    write("v/a/0.json", "[")
    write("v/a/1.json", "[")
    write("v/b/0.json", [instance(bbox=[1])])
    failed = FailedFiles()
    assert [video.video.video_id for video in read(folder, failed=failed)] == ["c"]
    # one of each video, so that it can be said whether a video is left
    assert [path.relative_to(folder).as_posix() for path in failed.errors] == ["a/0.json", "b"]
    write("v/c/0.json", "[")
    with pytest.raises(ValueError, match=r"none of the 3 files can be used; the first: .*a/0"):
        read(folder, failed=FailedFiles())


def test_keypoints_of_the_first_good_file_count(write):
    other = dict(keypoint_id2name={"0": "a", "1": "b"})
    folder = write("v/a.json", dict(meta_info=META, instance_info=ROWS)).parent
    write("v/b.json", dict(meta_info=other, instance_info=ROWS))
    failed = FailedFiles()
    assert len(read(folder, skeleton=None, failed=failed)) == 1
    assert "b.json has other keypoints than" in str(failed.errors[folder / "b.json"])
