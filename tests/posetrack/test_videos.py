"""Videos of a folder and of a merged file. The tiny data set: v1 has 5 frames, v2 has 3."""

import json

import numpy as np
import pytest

from mmpose_temporal.posetrack import each_video, load_videos, read_merged
from mmpose_temporal.testing import write_tiny_posetrack
from mmpose_temporal.utils.failed_files import FailedFiles


@pytest.fixture
def root(tmp_path):
    return write_tiny_posetrack(tmp_path)


def edit(file, change) -> None:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def assert_same_frames(a, b) -> None:
    assert len(a) == len(b)
    for one, other in zip(a, b, strict=True):
        for name in ("image_id", "frame_id", "file_name", "size", "is_labeled"):
            assert getattr(one, name) == getattr(other, name)
        assert len(one.people) == len(other.people)
        for p, q in zip(one.people, other.people, strict=True):
            assert (p.annotation_id, p.track_id) == (q.annotation_id, q.track_id)
            for name in ("keypoints", "box", "head_box"):
                np.testing.assert_array_equal(getattr(p, name), getattr(q, name))


def test_merged_file_is_the_folder(root):
    merged = read_merged(root / "annotations" / "posetrack18_val.json")
    folder = load_videos(root / "annotations" / "val")
    assert [v.video_id for v in merged] == [v.video_id for v in folder] == ["v1", "v2"]
    for a, b in zip(merged, folder, strict=True):
        assert_same_frames(a.frames, b.frames)


def test_merged_file_without_folders(root):
    file = root / "annotations" / "posetrack18_val.json"
    edit(file, lambda c: c["images"][0].update(file_name="000000.png"))
    with pytest.raises(ValueError, match="lies in no folder"):
        read_merged(file)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (dict(), [[0, 1, 2, 3, 4], [0, 1, 2]]),
        (dict(frames=(1, 3)), [[1, 2], [1, 2]]),
        (dict(frames=(1, None)), [[1, 2, 3, 4], [1, 2]]),
        (dict(frame_step=2), [[0, 2, 4], [0, 2]]),
        (dict(frames=(1, 5), frame_step=2), [[1, 3], [1]]),
        (dict(videos=["v2"]), [[0, 1, 2]]),
        (dict(videos=["v2", "v1"], frames=(0, 1)), [[0], [0]]),
    ],
)
@pytest.mark.parametrize("source", ["val", "posetrack18_val.json"])
def test_selection(root, source, options, expected):
    videos = load_videos(root / "annotations" / source, **options)
    assert [[f.image_id % 10000 for f in v.frames] for v in videos] == expected


def test_selection_of_nothing(root):
    folder = root / "annotations" / "val"
    with pytest.raises(ValueError, match="no frame of video v2"):
        load_videos(folder, frames=(3, None))
    with pytest.raises(ValueError, match="frame_step"):
        load_videos(folder, frame_step=0)
    for source in (folder, root / "annotations" / "posetrack18_val.json"):
        with pytest.raises(ValueError, match="has no video v3, v9: it has v1, v2$"):
            load_videos(source, videos=["v9", "v1", "v3"])


def test_names_that_are_numbers(root):
    """As --cfg-options reads them."""
    folder = root / "annotations" / "val"
    for old, new in (("v1", "000001"), ("v2", "1")):
        (folder / f"{old}.json").rename(folder / f"{new}.json")

    def names(videos):
        return [video.video_id for video in load_videos(folder, videos=videos)]

    assert names([1]) == names(1) == names("1") == ["1"]
    (folder / "1.json").rename(folder / "2.json")
    assert names([1]) == names(1) == names("000001") == ["000001"]
    assert names([2, "000001"]) == ["000001", "2"]
    with pytest.raises(ValueError, match=r"has no video 1, 3: it has 000001, 2$"):
        names(["1", 3])


def test_missing_and_empty_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="do not exist"):
        load_videos(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="no annotation file"):
        load_videos(tmp_path)


def test_frames_out_of_order(root):
    file = root / "annotations" / "val" / "v1.json"
    edit(file, lambda c: c["images"].reverse())
    with pytest.raises(ValueError, match=r"video v1: frame .*000003.png is listed after .*000004"):
        load_videos(file.parent)


def test_no_frame_at_all(root):
    for file in (root / "annotations" / "val").glob("*.json"):
        edit(file, lambda c: c.update(images=[], annotations=[]))
    with pytest.raises(ValueError, match=r"v1\.json lists no frames"):
        load_videos(root / "annotations" / "val")


def test_videos_one_by_one_go_on_after_a_broken_file(root):
    folder = root / "annotations" / "val"
    (folder / "a.json").write_text("{")
    (folder / "b.json").write_text('{"images": [], "annotations": []}')
    failed = FailedFiles()
    assert [video.video_id for video in each_video(folder, failed)] == ["v1", "v2"]
    texts = [str(error) for error in failed.errors.values()]
    assert "a.json is not valid JSON" in texts[0] and "b.json lists no frames" in texts[1]
    with pytest.raises(ValueError, match=r"a\.json is not valid JSON"):
        load_videos(folder)
    for file in folder.glob("v*.json"):
        file.write_text("{")
    with pytest.raises(ValueError, match="none of the 4 files can be used; the first: .*a.json"):
        list(each_video(folder, FailedFiles()))
    with pytest.raises(ValueError, match=r"a\.json is not valid JSON"):  # the only file
        list(each_video(folder / "a.json", FailedFiles()))
