"""Ctrl-C, as a terminal sends it: SIGINT to the tool and all its processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmpose_temporal.testing import two_people_file, write_video_files
from mmpose_temporal.utils.listing import is_input

ROOT = Path(__file__).parents[2]


def interrupted(arguments, begun) -> tuple[int, list[str]]:
    """Start a tool, interrupt it when it has begun; its status and the lines of its stderr."""
    process = subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not begun() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None and begun()
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors.splitlines()


@pytest.mark.slow
def test_what_is_tracked_stays(tmp_path):
    content = two_people_file("v", predicted=True, frames=40)
    write_video_files(tmp_path / "in", {f"v{number}": content for number in range(200)})
    out = tmp_path / "out"
    arguments = ["tools/track_poses.py", "configs/baselines/oks-tracker.py", tmp_path / "in"]
    status, lines = interrupted([*arguments, "--out", out], lambda: (out / "v2.json").exists())
    assert status == 130 and lines[-1] == "track_poses.py: interrupted"
    assert not any("Traceback" in line for line in lines)
    files = sorted(out.iterdir())
    assert 3 <= len(files) < 200 and all(is_input(file.name) for file in files)
    assert all(len(json.loads(file.read_text())["images"]) == 40 for file in files)


@pytest.mark.slow
def test_worker_processes_are_silent(tmp_path):
    out = tmp_path / "data"
    arguments = ["tools/dataset_converters/make_synthetic_posetrack.py", out, "--videos", "40"]
    notes = out / ".val.partial" / "annotations"
    status, lines = interrupted(
        [*arguments, "--frames", "3", "--size", "160x120", "--workers", "2", "--quiet"],
        lambda: notes.is_dir() and any(notes.iterdir()),
    )
    assert status == 130
    assert lines[-1] == "make_synthetic_posetrack.py: interrupted"
    assert not any("Traceback" in line or "Process" in line for line in lines)
    assert list(out.iterdir()) == []
