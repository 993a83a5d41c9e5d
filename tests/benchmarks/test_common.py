"""What all benchmarks share: rows on stdout and nothing else, and data of their own."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def pose_videos(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import pose_videos

    return pose_videos


def test_only_rows_reach_stdout():
    """Also what a library in C or another process prints goes to stderr."""
    code = """
import os, subprocess, sys
from common import emit, only_rows
with only_rows():
    print("loading annotations")
    os.write(1, b"from C\\n")
    subprocess.run([sys.executable, "-c", "print('other process')"])
    emit("a", [3.0, 1.0, 2.0], unit="x", target=None, reference="b", data="generated: nothing")
print("after")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=BENCHMARKS, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    row, after = done.stdout.splitlines()
    assert json.loads(row) == {
        "name": "a",
        "value": 2.0,
        "unit": "x",
        "target": None,
        "reference": "b",
        "data": "generated: nothing",
        "spread": [1.0, 3.0],
    }
    assert after == "after"
    assert sorted(done.stderr.split("\n")) == [
        *("", "from C", "loading annotations", "other process")
    ]


def test_generated_videos(pose_videos):
    text, videos = pose_videos.pose_videos(None)
    assert text == "generated: 15 videos of 56 frames with 5 people who walk"
    assert [len(video) for video in videos] == [56] * 15
    assert {len(poses) for video in videos for _, poses in video} == {5}
    assert len({video[0][0].video_id for video in videos}) == 15
    again = pose_videos.pose_videos(None)[1]
    np.testing.assert_array_equal(videos[3][7][1].keypoints, again[3][7][1].keypoints)


def test_folder_of_annotations(pose_videos, tmp_path, monkeypatch):
    monkeypatch.setattr(pose_videos, "SAMPLE", tmp_path / "nowhere")
    assert pose_videos.annotation_folder(argparse.Namespace(annotations=None)) is None
    monkeypatch.setattr(pose_videos, "SAMPLE", tmp_path)
    assert pose_videos.annotation_folder(argparse.Namespace(annotations=None)) == tmp_path
    named = argparse.Namespace(annotations=tmp_path / "mistyped")
    with pytest.raises(SystemExit, match="mistyped is no folder"):
        pose_videos.annotation_folder(named)


def test_every_benchmark_says_what_it_measured_on():
    scripts = sorted(BENCHMARKS.glob("bench_*.py"))
    assert len(scripts) == 8
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert "with only_rows():" in text and "data=" in text, script
