"""The command line of the evaluation, on the golden data of poseval."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mmpose_temporal.evaluation import PoseTrackMetric
from mmpose_temporal.structures import KEYPOINT_NAMES

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "evaluate_posetrack.py"
GOLDEN = ROOT / "tests" / "data" / "poseval_golden" / "never_annotated_predicted.json"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("evaluate_posetrack", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folders(tmp_path):
    golden = json.loads(GOLDEN.read_text())
    for side in ("ground_truth", "predictions"):
        (tmp_path / side).mkdir()
        for name, document in golden[side].items():
            document["categories"] = [{"id": 1, "name": "person", "keypoints": KEYPOINT_NAMES}]
            (tmp_path / side / f"{name}.json").write_text(json.dumps(document))
    return [str(tmp_path / side) for side in ("ground_truth", "predictions")]


def _content(tool, folders, tmp_path, *flags):
    out = tmp_path / "figures.json"
    assert tool.main([*folders, "--out", str(out), "--overwrite", *flags]) == 0
    return json.loads(out.read_text())


def _figures(tool, folders, tmp_path, *flags):
    content = _content(tool, folders, tmp_path, *flags)
    assert content.pop("record")["schema"] == 1
    return content


def test_table_and_file(tool, folders, tmp_path, capsys):
    figures = _figures(tool, folders, tmp_path)
    reference = json.loads(GOLDEN.read_text())["poseval"]
    for name in ("AP", "MOTA", "MOTP", "Precision", "Recall"):
        assert figures[f"posetrack/{name}"] == pytest.approx(reference[name][-1], abs=1e-6)
    assert figures["posetrack/IDSW"] == sum(reference["switches"])
    keys = set(PoseTrackMetric.metric_keys()) - {"posetrack/unreadable_frames"}
    assert set(figures) == keys
    assert figures["posetrack/AP_Head"] is None  # the nose is never annotated
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["Head", "Shou", "Elb", "Wri", "Hip", "Knee", "Ankl", "Total"]
    assert [line[0] for line in lines[1:8]] == [
        *("AP", "MOTA", "MOTP", "Precision", "Recall", "IDF1", "HOTA")
    ]
    assert lines[1][-1] == f"{figures['posetrack/AP']:.1f}"
    assert [line[0] for line in lines[8:10]] == ["IDSW", "Frag"]
    assert len(lines[1]) == 9
    assert [path.name for path in tmp_path.glob("*.json")] == ["figures.json"]


def test_options_act(tool, folders, tmp_path):
    plain = _figures(tool, folders, tmp_path)
    for flags, key in (
        (["--protocol", "strict"], "MOTA"),
        (["--joints", "annotated"], "Precision"),
        (["--ap-thr", "0.5"], "AP"),
        (["--mota-thr", "0.5"], "MOTA"),
        (["--mota-thr", "0.5"], "HOTA"),
    ):
        assert (
            _figures(tool, folders, tmp_path, *flags)[f"posetrack/{key}"]
            != plain[f"posetrack/{key}"]
        ), flags
    thresholded = _figures(tool, folders, tmp_path, "--ap-thr", "0.5")
    assert thresholded["posetrack/MOTA"] == plain["posetrack/MOTA"]
    annotated = _figures(tool, folders, tmp_path, "--joints", "annotated")
    assert annotated["posetrack/AP_Head"] is not None


def test_hidden_joints(tool, folders, tmp_path, capsys):
    out = tmp_path / "figures.json"
    assert tool.main([*folders, "--hidden", "--out", str(out)]) == 2
    assert "does not say of every person which joints are hidden" in capsys.readouterr().err
    for path in Path(folders[0]).glob("*.json"):
        content = json.loads(path.read_text())
        for person in content["annotations"]:
            person["keypoints_hidden"] = [0] * 15 + [1, 1]
        path.write_text(json.dumps(content))
    plain = _figures(tool, folders, tmp_path)
    figures = _figures(tool, folders, tmp_path, "--hidden")
    assert set(figures) - set(plain) == {
        f"posetrack/{name}" for name in ("AP_hidden", "AP_seen", "PCKh_hidden", "PCKh_seen")
    }
    assert {name: figures[name] for name in plain} == plain
    assert 0 < figures["posetrack/PCKh_hidden"] < 100
    assert f"AP_hidden {figures['posetrack/AP_hidden']:.1f}" in capsys.readouterr().out


def test_per_video_and_workers(tool, folders, tmp_path, capsys):
    one = _figures(tool, folders, tmp_path, "--per-video")
    text = capsys.readouterr().out
    two = _figures(tool, folders, tmp_path, "--per-video", "--workers", "2")
    assert capsys.readouterr().out == text
    assert one == two
    assert set(one["videos"]) == {"000001", "000002"}
    lines = [line.split() for line in text.splitlines()]
    header = next(line for line in lines if line[:1] == ["video"])
    row = next(line for line in lines if line[:1] == ["000002"])
    value = one["videos"]["000002"]["posetrack/AssA"]
    assert row[header.index("AssA")] == f"{value:.1f}"
    total = sum(video["posetrack/IDSW"] for video in one["videos"].values())
    assert total == one["posetrack/IDSW"]


def test_workers_are_many_by_default(tool, folders, tmp_path, monkeypatch):
    asked = []
    module = sys.modules["mmpose_temporal.evaluation.posetrack_files"]
    monkeypatch.setattr(module, "default_workers", lambda files: asked.append(len(files)) or 2)
    many = _figures(tool, folders, tmp_path)
    assert asked == [2]
    assert many == _figures(tool, folders, tmp_path, "--workers", "1")
    assert asked == [2]  # not asked again


def test_single_files(tool, folders, tmp_path):
    files = [f"{folder}/000001.json" for folder in folders]
    alone = _figures(tool, files, tmp_path)
    together = _figures(tool, folders, tmp_path, "--per-video")
    assert alone == together["videos"]["000001"]


def test_record(tool, folders, tmp_path):
    """What was evaluated, how and by what; numbers of the golden files."""
    checkpoint = tmp_path / "a.pth"
    checkpoint.write_bytes(b"abc")
    options = ("--box-source", "gt", "--checkpoint", str(checkpoint), "--mota-thr", "0.25")
    record = _content(tool, folders, tmp_path, *options)["record"]
    assert record["checkpoint"] == {
        "path": str(checkpoint),
        # of 'abc', FIPS 180
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    }
    assert record["boxes"] == {"source": "gt"}
    assert record["data"] == {"annotations": folders[0], "predictions": folders[1]}
    assert "--mota-thr 0.25" in record["command"]
    (evaluation,) = record["evaluations"]
    assert evaluation["protocol"]["name"] == "poseval"
    assert evaluation["protocol"]["ap_score_thr"] is None
    assert evaluation["protocol"]["mota_score_thr"] == 0.25
    assert evaluation["protocol"]["size"] == {"of": "head box", "share_of_diagonal": 0.6}
    documents = json.loads(GOLDEN.read_text())
    people = sum(len(d["annotations"]) for d in documents["ground_truth"].values())
    found = sum(len(d["annotations"]) for d in documents["predictions"].values())
    frames = sum(len(d["images"]) for d in documents["ground_truth"].values())
    counts = evaluation["counts"]
    assert (counts["videos"], counts["frames"]) == (2, frames)
    assert (counts["people"], counts["predicted_people"]) == (people, found)
    assert len(evaluation["joints"]) == 15
    assert evaluation["joints"]["nose"]["annotated"] == 0
    assert evaluation["groups"]["Wri"] == ["left_wrist", "right_wrist"]


def test_joints_are_printed(tool, folders, capsys):
    assert tool.main([*folders, "--per-joint"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    row = next(line for line in lines if line[:1] == ["left_wrist"])
    golden = json.loads(GOLDEN.read_text())["poseval"]
    assert row[1] in {f"{value:.1f}" for value in golden["AP"] if value is not None}
    assert sum(line[:1] == ["nose"] for line in lines) == 1


def test_inputs_and_devices_are_not_replaced(tool, folders, capsys):
    truth = next(Path(folders[0]).glob("*.json"))
    for out, message in (
        (truth, "is an input"),
        ("/dev/null", "is a device"),
        (folders[1], "folder"),
    ):
        assert tool.main([*map(str, folders), "--out", str(out), "--overwrite"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line


def test_figures_beside_the_predictions_are_no_video(tool, folders):
    out = Path(folders[1]) / "figures.json"
    assert tool.main([*map(str, folders), "--out", str(out)]) == 0
    assert tool.main([*map(str, folders), "--out", str(out), "--overwrite"]) == 0


def test_a_file_is_not_replaced_without_being_told(tool, folders, tmp_path, capsys):
    out = tmp_path / "figures.json"
    out.write_text("mine")
    assert tool.main([*folders, "--out", str(out)]) == 2
    assert "exists; pass --overwrite" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert tool.main([*folders, "--box-source", "gt"]) == 2
    assert "give --out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("breakage", "message"),
    [
        (lambda path: path.unlink(), "no predictions for 1 of 2 videos"),
        (lambda path: path.rename(path.with_name("x.json")), "000001.json"),
    ],
)
def test_bad_input_is_one_line_and_status_2(tool, folders, tmp_path, capsys, breakage, message):
    breakage(Path(folders[1], "000001.json"))
    out = tmp_path / "figures.json"
    assert tool.main([*folders, "--out", str(out)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count(": error: ") == 1
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not out.exists()


def test_bad_options(tool, folders, capsys):
    assert tool.main([*folders, "--workers", "0"]) == 2
    assert "workers must be 1 or more" in capsys.readouterr().err
    assert tool.main([*folders, "--ap-thr", "nan"]) == 2
    assert "ap_score_thr must be a number" in capsys.readouterr().err
    assert tool.main(["nowhere", folders[1]]) == 2
    assert "nowhere does not exist" in capsys.readouterr().err


@pytest.mark.slow
def test_as_a_program(folders, tmp_path):
    Path(folders[1], "000002.json").write_text("[]")
    done = subprocess.run(
        [sys.executable, str(TOOL), *folders, "--workers", "2"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "no videos there: 000002.json: detections or" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_broken_file_leaves_its_video_out(tool, folders, tmp_path, capsys):
    alone = _figures(tool, [f"{folder}/000001.json" for folder in folders], tmp_path)
    Path(folders[0], "000002.json").write_text("{")
    for workers in ("1", "2"):
        out = tmp_path / f"{workers}.json"
        assert tool.main([*folders, "--out", str(out), "--workers", workers]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert lines[-3] == "figures of 1 videos"
        assert lines[-2] == "not evaluated, as they cannot be used: 1 files"
        assert "000002.json is not valid JSON" in lines[-1]
        content = json.loads(out.read_text())
        assert content["posetrack/MOTA"] == alone["posetrack/MOTA"]
        counts = content["record"]["evaluations"][0]["counts"]
        assert counts["skipped"] == {"videos whose files cannot be used": 1}
    Path(folders[1], "000001.json").write_text("{")
    assert tool.main([*folders]) == 2
    assert "none of the 2 files can be used; the first: " in capsys.readouterr().err
