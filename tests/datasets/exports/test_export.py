import json

import pytest

from mmpose_temporal.datasets.exports import FORMATS, export_tracks, read_posetrack


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
    with pytest.raises(ValueError, match=r"w\.json is not valid JSON"):
        export_tracks(folder, tmp_path / "out", format="mot")
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".*"))
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_posetrack(tmp_path / "nowhere.json")
