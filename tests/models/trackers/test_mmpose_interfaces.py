"""mmpose's own functions and scripts with a tracker's config: they work, or say what to use.

Everything of mmpose runs as it is installed, on the CPU, with small networks of random weights.
"""

import json
import runpy
import sys
import types
from pathlib import Path

import cv2
import mmpose
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpose.apis import MMPoseInferencer, inference_topdown, init_model
from mmpose.registry import MODELS

from mmpose_temporal.apis import build_pose_only_tracker, track_pose_files
from mmpose_temporal.structures import KEYPOINT_NAMES, POSETRACK18
from mmpose_temporal.testing import (
    tiny_estimator_config,
    tiny_tracker_config,
    write_tiny_posetrack,
)

MIM = Path(mmpose.__file__).parent / ".mim"
BOXES = [[3, 6, 15, 38], [23, 6, 35, 38]]
INSTEAD = "build it with mmpose_temporal.apis.build_pose_only_tracker, run tools/track_poses.py"
FRAMES = [dict(type="LoadVideoFrame"), dict(type="PackFrameInputs")]
CROPS = [
    dict(type="LoadImage"),
    dict(type="GetBBoxCenterScale"),
    dict(type="TopdownAffine", input_size=(48, 64)),
    dict(type="PackPoseInputs"),
]


def config(model: dict, pipeline: list[dict]) -> Config:
    return Config(
        dict(
            default_scope="mmpose",
            data_mode="topdown",
            dataset_type="PoseTrack18Dataset",
            model=model,
            train_dataloader=dict(dataset=dict(type="PoseTrackPersonDataset")),
            test_dataloader=dict(dataset=dict(pipeline=pipeline)),
            visualizer=dict(type="PoseTrackVisualizer", name="visualizer"),
        )
    )


def tracker_config(**options) -> Config:
    options.setdefault("backbone", {})
    return config(tiny_tracker_config(**options), FRAMES)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Frames of two people, weights of the tiny estimator, and the tracker's config as a file."""
    root = write_tiny_posetrack(tmp_path_factory.mktemp("interfaces"), videos={"v": 3})
    with DefaultScope.overwrite_default_scope("mmpose"):
        torch.manual_seed(3)
        estimator = MODELS.build(tiny_estimator_config())
    torch.save(dict(state_dict=estimator.state_dict()), root / "estimator.pth")
    tracker_config().dump(str(root / "tracker.py"))
    return root


@pytest.fixture
def image(data) -> str:
    return str(data / "images" / "val" / "v" / "000000.png")


def poses(results) -> np.ndarray:
    return np.concatenate([result.pred_instances.keypoints for result in results])


# ------------------------------------------------------------------ init_model, inference_topdown


@pytest.mark.parametrize("options", [{}, dict(cfg_options={})])  # mmpose's code differs in these
def test_init_model_knows_the_keypoints(data, options):
    model = init_model(tracker_config(), str(data / "estimator.pth"), "cpu", **options)
    names = model.dataset_meta["keypoint_id2name"]
    assert tuple(names[i] for i in range(17)) == KEYPOINT_NAMES
    weights = torch.load(data / "estimator.pth", weights_only=True)["state_dict"]
    found = model.estimator.state_dict()
    assert all(torch.equal(found[name], value) for name, value in weights.items())


@pytest.mark.parametrize("as_array", [False, True])
@pytest.mark.parametrize("boxes", [None, BOXES])
def test_an_image_has_the_poses_of_the_estimator_alone(data, image, boxes, as_array):
    weights = str(data / "estimator.pth")
    alone = init_model(config(tiny_estimator_config(), CROPS), weights, "cpu")
    tracker = init_model(tracker_config(box_score_thr=0.4), weights, "cpu")
    given = cv2.imread(image) if as_array else image
    expected = inference_topdown(alone, given, boxes)
    answers = inference_topdown(tracker, given, boxes)
    assert len(answers) == len(expected) == len(boxes or [0])
    np.testing.assert_array_equal(poses(answers), poses(expected))
    for answer, other in zip(answers, expected, strict=True):
        np.testing.assert_array_equal(answer.pred_instances.bboxes, other.pred_instances.bboxes)
        assert set(answer.pred_instances.keys()) == set(other.pred_instances.keys())
        assert answer.ori_shape == (48, 64)
    assert tracker.pipeline.open_videos() == []


def test_an_image_changes_nothing_in_an_open_video(data, image):
    model = init_model(tracker_config(), str(data / "estimator.pth"), "cpu")
    model.pipeline.videos.start("a", 3)
    inference_topdown(model, image, BOXES)
    assert model.pipeline.open_videos() == ["a"]
    assert model.pipeline.videos["a"].next_frame == 0


def test_init_model_refuses_a_tracker_of_known_poses(project_root):
    for name in ("keytrack/keytrack-tracker.py", "baselines/oks-tracker.py"):
        with pytest.raises(TypeError, match=INSTEAD):
            init_model(str(project_root / "configs" / name), device="cpu")


# ---------------------------------------------------------------------------- MMPoseInferencer


def test_inferencer_on_a_folder_and_a_video(data, tmp_path, project_root):
    inferencer = MMPoseInferencer(
        pose2d=str(data / "tracker.py"),
        pose2d_weights=str(data / "estimator.pth"),
        device="cpu",
        det_model="whole_image",
    )
    folder = data / "images" / "val" / "v"
    results = list(inferencer(str(folder), out_dir=str(tmp_path / "folder")))
    assert [len(result["predictions"][0]) for result in results] == [1, 1, 1]  # the whole image
    written = sorted(path.name for path in (tmp_path / "folder" / "predictions").iterdir())
    assert written == ["000000.json", "000001.json", "000002.json"]
    assert len(list((tmp_path / "folder" / "visualizations").iterdir())) == 3

    video = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"mp4v"), 5, (64, 48))
    for path in sorted(folder.iterdir()):
        writer.write(cv2.imread(str(path)))
    writer.release()
    list(inferencer(str(video), pred_out_dir=str(tmp_path / "video")))
    frames = json.loads((tmp_path / "video" / "clip.json").read_text())
    assert [frame["frame_id"] for frame in frames] == [0, 1, 2]

    # and what was written gets ids
    tracker = build_pose_only_tracker(project_root / "configs" / "baselines" / "iou-tracker.py")
    for given in (tmp_path / "folder" / "predictions", tmp_path / "video"):
        out = tmp_path / "tracked" / given.name
        report = track_pose_files(tracker, given, out, skeleton=POSETRACK18, progress=False)
        assert (report.videos, report.frames, report.tracked, report.tracks) == (1, 3, 3, 1)
    frames = json.loads((tmp_path / "tracked" / "video" / "clip.json").read_text())
    assert [[p["track_id"] for p in frame["instances"]] for frame in frames] == [[0], [0], [0]]
    last = Path("predictions", "000002.json")
    (person,) = json.loads((tmp_path / "tracked" / last).read_text())
    assert person.pop("track_id") == 0
    assert [person] == json.loads((tmp_path / "folder" / last).read_text())


def test_inferencer_draws_heatmaps(data, image):
    inferencer = MMPoseInferencer(
        pose2d=str(data / "tracker.py"), device="cpu", det_model="whole_image"
    )
    (result,) = inferencer(image, draw_heatmap=True, return_vis=True)
    assert result["visualization"][0].shape == (48, 128, 3)  # the heatmap is to the right


def test_inferencer_refuses_a_tracker_of_known_poses(project_root):
    name = str(project_root / "configs" / "keytrack" / "keytrack-tracker.py")
    with pytest.raises(TypeError, match=INSTEAD):
        MMPoseInferencer(pose2d=name, device="cpu")


# ------------------------------------------------------------------------------------ scripts


def run_script(monkeypatch, name: str, *arguments) -> None:
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    runpy.run_path(str(MIM / name), run_name="__main__")


def test_get_flops(data, monkeypatch, capsys):
    run_script(
        monkeypatch,
        "tools/analysis_tools/get_flops.py",
        data / "tracker.py",
        *("--input-shape", 64, 48),
    )
    said = capsys.readouterr().out
    assert "Input shape: (1, 3, 64, 48)" in said
    with DefaultScope.overwrite_default_scope("mmpose"):
        network = MODELS.build(tiny_estimator_config())
    thousands = sum(p.numel() for p in network.parameters()) / 1000
    assert f"Params: {thousands:.3f}K" in said


def test_get_flops_refuses_a_tracker_of_known_poses(project_root, monkeypatch):
    name = project_root / "configs" / "keytrack" / "keytrack-tracker.py"
    with pytest.raises(TypeError, match=r"this project's tools/analysis_tools/get_flops\.py"):
        run_script(monkeypatch, "tools/analysis_tools/get_flops.py", name)


def demo(monkeypatch, data: Path, pose_config: Path, image: str, out: Path) -> None:
    """The demo with a detector whose answers are not looked at here: two known boxes."""
    apis = pytest.importorskip("mmdet.apis")
    found = types.SimpleNamespace(
        bboxes=np.float32(BOXES), scores=np.float32([0.9, 0.8]), labels=np.zeros(2, int)
    )
    found.cpu = found.numpy = lambda: found
    answer = types.SimpleNamespace(pred_instances=found)
    detector = types.SimpleNamespace(cfg=Config(dict(test_dataloader=dict(dataset=dict()))))
    detector.cfg.test_dataloader.dataset.pipeline = [dict(type="LoadImageFromFile")]
    monkeypatch.setattr(apis, "init_detector", lambda *_, **__: detector)
    monkeypatch.setattr(apis, "inference_detector", lambda *_: answer)
    run_script(
        monkeypatch,
        "demo/topdown_demo_with_mmdet.py",
        *("detector.py", "detector.pth", pose_config, data / "estimator.pth"),
        *("--input", image, "--output-root", out, "--save-predictions", "--draw-bbox"),
        *("--device", "cpu"),
    )


def test_topdown_demo(data, image, monkeypatch, tmp_path):
    demo(monkeypatch, data, data / "tracker.py", image, tmp_path)
    content = json.loads((tmp_path / "results_000000.json").read_text())
    assert content["meta_info"]["keypoint_id2name"]["1"] == "head_bottom"
    assert [person["bbox"] for person in content["instance_info"]] == [[box] for box in BOXES]
    assert cv2.imread(str(tmp_path / "000000.png")).shape == (48, 64, 3)


def test_topdown_demo_refuses_a_tracker_of_known_poses(
    data, image, monkeypatch, tmp_path, project_root
):
    name = project_root / "configs" / "baselines" / "oks-tracker.py"
    with pytest.raises(TypeError, match=INSTEAD):
        demo(monkeypatch, data, name, image, tmp_path)


def test_analyze_logs(monkeypatch, tmp_path, capsys):
    """Two epochs of two steps, and a validation, which mmpose's script passes over."""
    # All that the script has of seaborn, which is not among the requirements.
    monkeypatch.setitem(
        sys.modules, "seaborn", types.SimpleNamespace(set_style=lambda style: None)
    )
    steps = [
        dict(loss=1 / step, time=0.5 * step, epoch=(step + 1) // 2, iter=step, step=step)
        for step in (1, 2, 3, 4)
    ]
    lines = [*steps[:2], {"posetrack/AP": 50.0, "time": 9.0, "step": 1}, *steps[2:]]
    log = tmp_path / "scalars.json"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    script = "tools/analysis_tools/analyze_logs.py"
    run_script(monkeypatch, script, "cal_train_time", log)
    # the first step of each epoch is left out: (1.0 + 2.0) / 2
    assert "average iter time: 1.5000 s/iter" in capsys.readouterr().out
    run_script(
        monkeypatch, script, "plot_curve", log, "--keys", "loss", "--out", tmp_path / "c.png"
    )
    assert cv2.imread(str(tmp_path / "c.png")) is not None
