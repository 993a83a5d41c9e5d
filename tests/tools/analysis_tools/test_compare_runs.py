"""The command line of the comparison of runs."""

import importlib.util
import json
import math
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def load(name):
    spec = importlib.util.spec_from_file_location(Path(name).stem, ROOT / "tools" / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def runs(tmp_path):
    """Metrics files of the golden predictions with all joints, and with the better half."""
    golden = json.loads(
        (ROOT / "tests/data/poseval_golden/never_annotated_predicted.json").read_text()
    )
    for side in ("ground_truth", "predictions"):
        (tmp_path / side).mkdir()
        for name, document in golden[side].items():
            (tmp_path / side / f"{name}.json").write_text(json.dumps(document))
    tool = load("evaluate_posetrack.py")
    folders = [str(tmp_path / side) for side in ("ground_truth", "predictions")]
    files = [str(tmp_path / name) for name in ("all.json", "half.json")]
    assert tool.main([*folders, "--out", files[0]]) == 0
    assert tool.main([*folders, "--out", files[1], "--mota-thr", "0.5"]) == 0
    return files


def test_a_comparison(runs, tmp_path, capsys):
    tool, out = load("analysis_tools/compare_runs.py"), tmp_path / "comparison.md"
    capsys.readouterr()
    assert tool.main(runs) == 2
    complaint = capsys.readouterr().err
    assert "half.json cannot be compared with" in complaint
    assert "the option 'anyway')" in complaint
    assert "protocol.mota_score_thr none against 0.5" in complaint
    assert complaint.count("\n") == 1
    options = ["--anyway", "--resamples", "30", "--figures", "MOTA", "Recall_left_wrist"]
    assert tool.main([*runs, *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if line.startswith("posetrack/MOTA "))
    first, second = (json.loads(Path(run).read_text())["posetrack/MOTA"] for run in runs)
    assert row.split()[1:4] == [f"{first:.2f}", f"{second:.2f}", f"{second - first:+.2f}"]
    assert any("protocol.mota_score_thr none against 0.5" in line for line in lines)

    assert tool.main([*runs, *options, "--format", "markdown", "--out", str(out)]) == 0
    assert out.read_text().startswith("| ")
    assert tool.main([*runs, *options, "--out", str(out)]) == 2
    assert "comparison.md exists; pass --overwrite" in capsys.readouterr().err
    assert tool.main([*runs, *options, "--format", "csv", "--out", str(out), "--overwrite"]) == 0
    assert out.read_text().splitlines()[0] == "figure,run,value,difference,low,high"
    assert "draws" in capsys.readouterr().err  # the notes have no place in the file


def test_a_run_with_itself(runs, capsys):
    tool = load("analysis_tools/compare_runs.py")
    capsys.readouterr()
    assert tool.main([runs[0], runs[0], "--format", "csv", "--resamples", "20"]) == 0
    rows = [line.split(",") for line in capsys.readouterr().out.splitlines()[1:]]
    others = [row for row in rows if row[3]]
    assert others and all(float(value) == 0 for row in others for value in row[3:] if value)
    assert math.isfinite(float(others[0][2]))


def test_bad_input(runs, tmp_path, capsys):
    tool = load("analysis_tools/compare_runs.py")
    capsys.readouterr()
    (tmp_path / "broken.json").write_text("{")
    for arguments, message in (
        ([runs[0]], "two or more runs"),
        ([runs[0], str(tmp_path / "broken.json")], "broken.json"),
        ([*runs, "--confidence", "2"], "confidence"),
        ([runs[0], runs[0], "--figures", "PCK"], "no figure 'PCK'"),
    ):
        assert tool.main(arguments) == 2
        complaint = capsys.readouterr().err
        assert message in complaint and complaint.count("\n") == 1
