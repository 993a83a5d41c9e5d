"""Files of other skeletons than PoseTrack's, from end to end: read, tracked, evaluated, written.

Two people of 100 x 200 pixels walk 4 pixels a frame, 300 pixels apart, for 6 frames.
"""

import csv
import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmpose.registry import DATASETS, MODELS

from mmpose_temporal.datasets import PackFramePoses
from mmpose_temporal.datasets.exports import load_skeletons, read_posetrack
from mmpose_temporal.evaluation import PoseTrackMetric, as_json, evaluate_files
from mmpose_temporal.posetrack import load_videos
from mmpose_temporal.structures import Skeleton, read_metainfo

TOOLS = Path(__file__).resolve().parents[1] / "tools"
OKS = "configs/baselines/oks-tracker.py"
SHIPPED = "configs/keytrack/keytrack-tracker.py"
FRAMES = 6
BODY = dict(
    nose=(50, 10),
    left_eye=(54, 6),
    right_eye=(46, 6),
    left_ear=(60, 9),
    right_ear=(40, 9),
    left_shoulder=(70, 40),
    right_shoulder=(30, 40),
    left_elbow=(78, 75),
    right_elbow=(22, 75),
    left_wrist=(80, 105),
    right_wrist=(20, 105),
    left_hip=(62, 105),
    right_hip=(38, 105),
    left_knee=(63, 150),
    right_knee=(37, 150),
    left_ankle=(64, 195),
    right_ankle=(36, 195),
)
NAMES = dict(coco=tuple(BODY), twelve=tuple(BODY)[5:])
pytestmark = pytest.mark.filterwarnings("ignore:The metainfo config file")


def description(folder: Path, layout: str) -> str:
    """mmpose's file of a layout; that of the 12 keypoints is written here."""
    if layout == "coco":
        return "configs/_base_/datasets/coco.py"
    mirror = {"left": "right", "right": "left"}
    points = {}
    for index, name in enumerate(NAMES[layout]):
        side, joint = name.split("_")
        points[index] = dict(name=name, id=index, swap=f"{mirror[side]}_{joint}")
    info = dict(
        dataset_name="twelve",
        keypoint_info=points,
        skeleton_info={0: dict(link=("left_shoulder", "right_shoulder"), id=0)},
        joint_weights=[1.0] * 12,
        sigmas=[0.08] * 12,
    )
    (folder / "twelve.py").write_text(f"dataset_info = {info!r}\n")
    return str(folder / "twelve.py")


def document(names, *, predicted: bool, named: bool = True) -> dict:
    """A video's file; predictions have scores, no ids, and the people in turn first."""
    images, annotations = [], []
    for t in range(FRAMES):
        name = f"images/val/v1/{t:06d}.jpg"
        images.append(dict(id=100 + t, file_name=name, vid_id="1", is_labeled=True))
        images[-1] |= dict(width=800, height=400)
        for place in range(2):
            person = (place + t) % 2 if predicted else place
            left, top = 50 + 300 * person + 4 * t, 100
            points = [[*np.add(BODY[name], (left, top)).tolist(), 1] for name in names]
            record = dict(id=10 * (100 + t) + place, image_id=100 + t, category_id=1)
            record |= dict(keypoints=np.ravel(points).tolist(), bbox=[left, top, 100, 200])
            record |= dict(scores=[0.9] * len(names)) if predicted else dict(track_id=person)
            annotations.append(record)
    category = dict(id=1, name="person", skeleton=[[1, 2]])
    if named:
        category["keypoints"] = list(names)
    return dict(images=images, annotations=annotations, categories=[category])


def write(folder: Path, names, **options) -> Path:
    folder.mkdir()
    (folder / "v1.json").write_text(json.dumps(document(names, **options)))
    return folder


@pytest.fixture(params=["twelve", "coco"])
def layout(request) -> str:
    return request.param


@pytest.fixture
def data(tmp_path, layout) -> Path:
    """``truth``, and ``poses`` whose file names its keypoints in the opposite order."""
    write(tmp_path / "truth", NAMES[layout], predicted=False)
    write(tmp_path / "poses", NAMES[layout][::-1], predicted=True)
    return tmp_path


def build_dataset(data: Path, file: str, **options):
    return DATASETS.build(
        dict(
            type="PoseTrackPoseDataset",
            data_root=str(data),
            ann_file="truth",
            metainfo=dict(from_file=file),
            pipeline=[dict(type=PackFramePoses)],
            **options,
        )
    )


def tool(name: str, *arguments) -> int:
    return runpy.run_path(str(TOOLS / name))["main"]([str(a) for a in arguments])


@pytest.mark.parametrize("config", [OKS, SHIPPED])
def test_from_files_to_figures(data, layout, config, project_root):
    dataset = build_dataset(data, description(data, layout), poses="poses")
    samples = [dataset[index]["data_samples"] for index in range(len(dataset))]
    assert samples[0].skeleton.keypoint_names == NAMES[layout]
    # the file has them in the opposite order
    hip = NAMES[layout].index("left_hip")
    assert samples[0].pred_instances.keypoints[0, hip].tolist() == [50 + 62, 100 + 105]

    model = Config.fromfile(project_root / config).model
    answers = MODELS.build(model).eval().predict(None, samples)
    assert [a.pred_instances.track_ids.tolist() for a in answers] == [[0, 1], [1, 0]] * 3

    metric = PoseTrackMetric(outfile_prefix=str(data / "out"))
    evaluator = Evaluator([metric])
    evaluator.dataset_meta = dataset.metainfo
    evaluator.process(data_samples=answers)
    figures = evaluator.evaluate(FRAMES)
    assert figures["posetrack/MOTA"] == figures["posetrack/AP"] == 100
    assert figures["posetrack/AP_knee"] == 100 and "posetrack/AP_Head" not in figures

    written = json.loads((data / "out" / "v1.json").read_text())
    assert written["categories"][0]["keypoints"] == list(NAMES[layout])
    found = evaluate_files(data / "truth", data / "out")
    assert found.norm_item == "bbox"
    assert as_json(found.total).items() <= figures.items()


def test_the_tools(data, layout, project_root, capsys):
    file, out = description(data, layout), data / "tracks"
    options = ["--out", out, "--metainfo", file]
    assert tool("track_poses.py", project_root / OKS, data / "poses", *options) == 0
    (category,) = json.loads((out / "v1.json").read_text())["categories"]
    assert category["keypoints"] == list(NAMES[layout])
    links = read_metainfo(dict(from_file=file))["skeleton_links"]
    assert category["skeleton"] == [[a + 1, b + 1] for a, b in links]
    # the shipped matcher needs no sigmas: the names in the files are enough
    shipped = ["--out", data / "shipped"]
    assert tool("track_poses.py", project_root / SHIPPED, data / "poses", *shipped) == 0
    (category,) = json.loads((data / "shipped" / "v1.json").read_text())["categories"]
    assert category["keypoints"] == list(NAMES[layout][::-1])
    assert category["skeleton"] == [[1, 2]]

    capsys.readouterr()
    for folder in (out, data / "shipped"):
        assert tool("evaluate_posetrack.py", data / "truth", folder) == 0
        printed = capsys.readouterr().out
        assert "shoulder" in printed and "0.05 of the diagonal" in printed
        lines = {line.split()[0]: line.split()[1:] for line in printed.splitlines() if line}
        assert lines["MOTA"] == ["100.0"] * len(lines["MOTA"])

    export = "dataset_converters/export_tracks.py"
    for form in ("csv", "npz", "mot"):
        assert tool(export, out, data / form, "--format", form, "--quiet") == 0
    assert tool(export, out, data / "coco.json", "--format", "coco", "--quiet") == 0
    rows = list(csv.DictReader((data / "csv" / "v1.csv").open()))
    assert [row["keypoint"] for row in rows[: len(NAMES[layout])]] == list(NAMES[layout])
    assert load_skeletons(data / "npz" / "v1.npz")["keypoint"].shape[2] == len(NAMES[layout])
    results = json.loads((data / "coco.json").read_text())
    assert len(results[0]["keypoints"]) == 3 * len(NAMES[layout])
    # PoseTrack17's layout has room for PoseTrack's joints only
    assert tool(export, out, data / "pt17", "--format", "posetrack17", "--quiet") != 0
    assert "left_shoulder" in capsys.readouterr().err


def test_distances_by_what_is_asked_for(data):
    document = json.loads((data / "truth" / "v1.json").read_text())
    for record in document["annotations"]:
        points = np.reshape(record["keypoints"], (-1, 3))
        # 0.05 x the diagonal of 100 x 200 is 11.2 pixels; 0.3 x that of a head of 15 x 20, 7.5
        points[0, 0] += 10
        record |= dict(keypoints=points.ravel().tolist(), scores=[1.0] * len(points))
    write_moved = data / "moved"
    write_moved.mkdir()
    (write_moved / "v1.json").write_text(json.dumps(document))

    def recall(**options):
        total = evaluate_files(data / "truth", write_moved, protocol="strict", **options).total
        return round(total.as_dict()["Recall"], 6)

    joints = len(document["annotations"][0]["keypoints"]) // 3
    missed = round(100 * (joints - 1) / joints, 6)
    assert recall() == recall(norm_item="bbox") == 100
    assert recall(bbox_share=0.08) == missed
    with pytest.raises(ValueError, match="'bbox_head' must hold 4 numbers"):
        recall(norm_item="head")
    truth = json.loads((data / "truth" / "v1.json").read_text())
    for record in truth["annotations"]:
        record["bbox_head"] = [0, 0, 15, 20]
    (data / "truth" / "v1.json").write_text(json.dumps(truth))
    assert recall() == recall(norm_item="head") == missed
    assert recall(norm_item="bbox") == 100


@pytest.mark.parametrize("layout", ["coco"], indirect=True)
def test_other_names_are_refused_with_both_lists(data, layout):
    named = read_metainfo(dict(from_file=description(data, "coco")))
    with pytest.raises(ValueError, match=r"(?s)not expected: left_eye.*17: nose, head_bottom"):
        load_videos(data / "truth")
    halpe = "configs/_base_/datasets/halpe26.py"
    with pytest.raises(ValueError, match="(?s)missing: head, neck.*26: nose.*17: nose"):
        build_dataset(data, halpe)
    (data / "twelve").mkdir()
    write(data / "twelve" / "poses", NAMES["twelve"], predicted=True)
    with pytest.raises(ValueError, match=r"missing: nose, left_eye"):
        evaluate_files(data / "truth", data / "twelve" / "poses")
    # One folder, two layouts, and nothing states which.
    other = document(NAMES["twelve"], predicted=False)
    (data / "truth" / "v2.json").write_text(json.dumps(other))
    with pytest.raises(ValueError, match=r"v2\.json has other keypoints than .*v1\.json"):
        load_videos(data / "truth", skeleton=None)
    assert Skeleton.from_metainfo(named).keypoint_names == NAMES["coco"]


def test_files_without_names_are_what_is_stated(tmp_path, layout):
    MMLogger.get_instance("names", log_file=str(tmp_path / "log.txt"))
    write(tmp_path / "truth", NAMES[layout], predicted=False, named=False)
    dataset = build_dataset(tmp_path, description(tmp_path, layout))
    assert dataset[0]["data_samples"].skeleton.keypoint_names == NAMES[layout]
    build_dataset(tmp_path, description(tmp_path, layout))
    said = (tmp_path / "log.txt").read_text()
    assert said.count("do not name their keypoints") == 1
    if layout == "twelve":  # without a word it would be PoseTrack's 17
        with pytest.raises(ValueError, match="'keypoints' must hold 51 numbers, found 36"):
            load_videos(tmp_path / "truth")


def test_a_category_of_hands(tmp_path):
    content = document(NAMES["twelve"], predicted=False)
    content["categories"][0]["name"] = "hand"
    (tmp_path / "v1.json").write_text(json.dumps(content))
    tracks = read_posetrack(tmp_path / "v1.json")
    assert tracks.skeleton.keypoint_names == NAMES["twelve"]
    assert tracks.skeleton.links.tolist() == [[0, 1]]
    content["categories"][0]["skeleton"] = [[0, 1]]
    (tmp_path / "v1.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="numbers 1 to 12"):
        read_posetrack(tmp_path / "v1.json")
