"""Whole test runs of mmengine's Runner on the tiny data set: v1 has 5 frames, v2 has 3.

With two people and 15 scored joints there are 8 * 2 * 15 = 240 annotated joints, 16 of a kind.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.runner import Runner

import mmpose_temporal
from mmpose_temporal.testing import (
    template_tracker_config,
    tiny_test_config,
    write_tiny_posetrack,
)
from mmpose_temporal.utils import write_json


@pytest.fixture
def root(tmp_path):
    return write_tiny_posetrack(tmp_path / "data")


def lose_one(root) -> None:
    """Take the detection of the second person of v1 in frame 2 away."""
    detections = json.loads((root / "detections_val.json").read_text())
    left = [d for d in detections if d["image_id"] != 10002 or d["bbox"][0] < 20]
    assert len(left) == len(detections) - 1
    write_json(root / "detections_val.json", left)


FROM_FILE = dict(box_source="file", bbox_file="detections_val.json")


def tracker(max_age: int = 2, **options) -> dict:
    return template_tracker_config(association=dict(life=dict(max_age=max_age)), **options)


# The official program's protocol leaves some frames out; this one is what a person would count.
STRICT = dict(type="PoseTrackMetric", protocol="strict")


def run(root, tmp_path, **options) -> dict:
    options = dict(evaluator=STRICT, **options)
    return Runner(**tiny_test_config(root, tmp_path / "work", **options)).test()


def test_the_truth_scores_full_marks(root, tmp_path):
    metrics = run(root, tmp_path)
    for key in ("AP", "MOTA", "Precision", "Recall"):
        assert metrics[f"posetrack/{key}"] == pytest.approx(100), key
    assert metrics["posetrack/IDSW"] == 0
    assert metrics["posetrack/unreadable_frames"] == 0


@pytest.mark.parametrize(
    ("max_age", "switches"),
    [
        (2, 0),  # the person is found again with the old id
        (1, 1),  # one new id, a switch in each of the 15 joints
    ],
)
def test_a_lost_detection(root, tmp_path, max_age, switches):
    lose_one(root)
    metrics = run(root, tmp_path, dataset=FROM_FILE, model=tracker(max_age))
    # Of 16 joints of a kind one is missed, and with a switch MOTA = 1 - (1 + 1) / 16.
    assert metrics["posetrack/Recall"] == pytest.approx(100 * 15 / 16)
    assert metrics["posetrack/Precision"] == pytest.approx(100)
    assert metrics["posetrack/MOTA"] == pytest.approx(100 * (1 - (1 + switches) / 16))
    assert metrics["posetrack/IDSW"] == 15 * switches


@pytest.mark.parametrize(("batch_size", "streams"), [(3, 1), (2, 2)])
def test_batches_and_streams_change_nothing(root, tmp_path, batch_size, streams):
    lose_one(root)
    metrics = run(
        root,
        tmp_path,
        dataset=FROM_FILE,
        model=tracker(1),
        batch_size=batch_size,
        streams=streams,
    )
    assert metrics["posetrack/MOTA"] == pytest.approx(87.5)
    assert metrics["posetrack/IDSW"] == 15


@pytest.mark.parametrize("batch_size", [1, 3])
def test_frames_that_come_back_later(root, tmp_path, batch_size):
    """With min_length=4 v2 (3 frames) reports whoever is in all of its frames."""
    metrics = run(root, tmp_path, model=tracker(min_length=4), batch_size=batch_size)
    assert metrics["posetrack/Recall"] == pytest.approx(100)
    assert metrics["posetrack/Precision"] == pytest.approx(100)
    assert metrics["posetrack/IDSW"] == 0


def test_an_unreadable_frame_is_counted(root, tmp_path):
    (root / "images" / "val" / "v1" / "000002.png").write_bytes(b"")
    pipeline = [dict(type="LoadVideoFrame", on_error="skip"), dict(type="PackFrameInputs")]
    metrics = run(root, tmp_path, dataset=dict(pipeline=pipeline))
    assert metrics["posetrack/unreadable_frames"] == 1
    assert metrics["posetrack/Recall"] == pytest.approx(100 * 7 / 8)
    assert metrics["posetrack/IDSW"] == 0  # the tracks live on


def test_an_unreadable_frame_stops_the_test_by_default(root, tmp_path):
    (root / "images" / "val" / "v1" / "000002.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"video v1, frame 2: cannot use .*000002\.png"):
        run(root, tmp_path)


def test_two_processes_give_the_same_metrics(root, tmp_path):
    lose_one(root)
    options = dict(dataset=FROM_FILE, model=tracker(1), batch_size=2)
    alone = run(root, tmp_path, **options)
    work = tmp_path / "shared"
    write_json(work / "options.json", dict(options, evaluator=STRICT))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    project = Path(mmpose_temporal.__file__).parents[1]
    path = os.pathsep.join([str(project), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2"),
            f"--master_port={port}",
            str(Path(__file__).with_name("distributed_run.py")),
            *(str(root), str(work)),
        ],
        env=dict(os.environ, PYTHONPATH=path, OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES=""),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for rank in range(2):
        answer = json.loads((work / f"rank{rank}.json").read_text())
        assert answer["metrics"] == alone
        assert answer["error"].startswith("2 processes for 1 videos")
