import json

import pytest

from mmpose_temporal.datasets.exports import FORMATS, export_tracks, read_posetrack
from mmpose_temporal.testing import two_people_file


@pytest.mark.parametrize("format", FORMATS)
def test_export_of_a_folder(format, folder, tmp_path):
    out = tmp_path / "out.json" if format == "coco" else tmp_path / "out"
    if format == "posetrack17":  # 18 -> 17 is tested with the converters
        report = export_tracks(folder, out, format=format)
        assert len(json.loads((out / "v5.json").read_text())["annolist"]) == 3
    else:
        report = export_tracks(folder, out, format=format)
        assert len(report.notes) == 1  # what is lost
    assert {k: report.converted[k] for k in ("videos", "frames", "people")} == {
        "videos": 1,
        "frames": 3,
        "people": 3,
    }
    with pytest.raises(FileExistsError, match="pass --overwrite"):
        export_tracks(folder, out, format=format)
    export_tracks(folder, out, format=format, overwrite=True)


def test_export_of_broken_input(folder, tmp_path):
    with pytest.raises(ValueError, match="format must be one of coco, mot"):
        export_tracks(folder, tmp_path / "out", format="xml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no file"):
        export_tracks(tmp_path / "empty", tmp_path / "out", format="mot")
    (folder / "w.json").write_text('{"images": [')
    (folder / "x.json").write_text('{"images": [], "annotations": []}')
    for format, out in (("mot", tmp_path / "out"), ("coco", tmp_path / "out.json")):
        report = export_tracks(folder, out, format=format)
        assert report.converted["videos"] == 1 and len(report.failed) == 2
        assert "w.json is not valid JSON" in str(report)
        assert "x.json lists no frames" in str(report)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["v5.txt"]
    (folder / "v5.json").write_text("{}")
    with pytest.raises(ValueError, match="none of the 3 files can be used"):
        export_tracks(folder, tmp_path / "other", format="mot")
    assert not (tmp_path / "other").exists() and not list(tmp_path.glob(".*"))
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_posetrack(tmp_path / "nowhere.json")


def merged(path):
    """Frames 0 and 2 of a/v, frame 1 of b/v; two people each."""
    content = two_people_file("v", predicted=True)
    for index, image in enumerate(content["images"]):
        image |= {"file_name": f"{'ab'[index % 2]}/v/{index}.jpg", "width": 640, "height": 480}
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("format", "suffix"),
    [("mot", ".txt"), ("csv", ".csv"), ("npz", ".npz"), ("posetrack17", ".json")],
)
def test_videos_of_a_merged_file_are_exported_one_by_one(format, suffix, tmp_path):
    report = export_tracks(merged(tmp_path / "all.json"), tmp_path / "out", format=format)
    assert (report.converted["videos"], report.converted["frames"]) == (2, 3)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"a_v{suffix}", f"b_v{suffix}"]
    if format == "mot":  # frame, id
        lines = [(tmp_path / "out" / name).read_text().splitlines() for name in names]
        assert [[line[:3] for line in part] for part in lines] == [
            ["1,0", "1,1", "2,0", "2,1"],
            ["1,0", "1,1"],
        ]


def test_a_file_of_a_folder_is_one_video(tmp_path):
    (tmp_path / "in").mkdir()
    merged(tmp_path / "in" / "all.json")
    for format in ("csv", "posetrack17"):
        with pytest.raises(
            ValueError, match=r"all\.json holds the frames of 2 videos \(a/v .*b/v"
        ):
            export_tracks(tmp_path / "in", tmp_path / "out", format=format)
    assert not (tmp_path / "out").exists()


def test_hidden_files_are_not_exported(folder, tmp_path):
    (folder / ".w.json.abcd.json").write_text((folder / "v5.json").read_text())
    (folder / "u.json.tmp").write_text("{")
    export_tracks(folder, tmp_path / "out", format="mot")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["v5.txt"]
