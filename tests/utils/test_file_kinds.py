"""Files that are given in place of JSON are named by what they are."""

import cv2
import numpy as np
import pytest
import torch

from mmpose_temporal.apis.detect_people import folder_frames
from mmpose_temporal.datasets.converters.files import read_json, source_files
from mmpose_temporal.posetrack import load_videos
from mmpose_temporal.posetrack.fields import load_json
from mmpose_temporal.utils.file_kinds import note_on_folder, other_than_json


def write_video(path):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 5, (64, 48))
    writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()


@pytest.mark.parametrize("name", ["clip.mp4", "clip.json", "clip"])
def test_a_video(tmp_path, name):
    write_video(tmp_path / "made.mp4")
    path = (tmp_path / "made.mp4").rename(tmp_path / name)
    with pytest.raises(ValueError, match="is a video: it holds no poses: estimate them") as error:
        load_videos(path)
    assert str(error.value).startswith(f"{path} is not valid JSON: it is a video")
    assert "truncated" not in str(error.value)


def test_a_folder_of_videos(tmp_path):
    write_video(tmp_path / "clip.mp4")
    with pytest.raises(FileNotFoundError, match=r"in .*; it holds clip\.mp4, which is a video"):
        load_videos(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"holds the video clip\.mp4: write its frames"):
        folder_frames(tmp_path)
    with pytest.raises(FileNotFoundError, match="is no folder, but a video: write its frames"):
        folder_frames(tmp_path / "clip.mp4")


def test_other_kinds_by_their_content(tmp_path):
    cv2.imwrite(str(tmp_path / "image.png"), np.zeros((4, 4, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "image.jpg"), np.zeros((4, 4, 3), np.uint8))
    torch.save({"a": torch.zeros(1)}, tmp_path / "weights.pth")
    np.save(tmp_path / "array.npy", np.zeros(3))
    kinds = {"image.png": "an image", "image.jpg": "an image", "weights.pth": "a checkpoint"}
    for name, kind in {**kinds, "array.npy": "arrays"}.items():
        for given in (name, "x.json"):
            path = tmp_path / given
            path.write_bytes((tmp_path / name).read_bytes())
            with pytest.raises(ValueError, match=rf"{given} is not valid JSON: it is {kind}: "):
                load_json(path)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "a table"),
        ("a.TXT", "a table"),
        ("a.py", "a config"),
        ("a.mat", "a MATLAB file"),
        ("a.zip", "an archive"),
        ("a.json.gz", "compressed (gzip)"),
        ("a.pkl", "a pickle"),
    ],
)
def test_other_kinds_by_name(name, kind):
    assert other_than_json(name, b"").startswith(f"is {kind}")


@pytest.mark.parametrize("name", ["a.txt", "a.json", "a"])
def test_json_under_any_name(tmp_path, name):
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf {}")
    assert load_json(tmp_path / name) == {}
    assert other_than_json("a.json", b"not") is None  # JSON's own error says what is wrong


def test_a_folder_too_high(tmp_path):
    (tmp_path / "val").mkdir()
    (tmp_path / "val" / "1.json").write_text("{}")
    assert note_on_folder(tmp_path) == f"; there are some in {tmp_path / 'val'}"
    assert note_on_folder(tmp_path / "val") == ""


def test_a_folder_in_place_of_a_file(tmp_path):
    write_video(tmp_path / "clip.mp4")
    with pytest.raises(IsADirectoryError, match="is a folder: give one of its JSON files"):
        read_json(tmp_path)
    with pytest.raises(
        FileNotFoundError, match=r"no file \*\.json in .*; it holds clip\.mp4, whi"
    ):
        source_files(tmp_path)
    (tmp_path / "clip.mp4").unlink()
    (tmp_path / "notes.txt").write_text("")
    assert note_on_folder(tmp_path) == ""
