"""Every reader and converter, with a small valid file of each kind and how it is changed.

A case is a function of a scratch folder, a source of random numbers and whether the file is to be
changed: it writes the file, and reads or converts it. What a tool would report in one line is
told from an error of the program as the tools themselves do (``error_status``).
"""

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from fuzz_mutants import mutate_array, mutate_bytes, mutate_json, mutate_lines, mutate_value
from scipy.io import savemat

from mmpose_temporal.apis import build_pose_only_tracker, track_pose_files
from mmpose_temporal.apis import detect_people as detect
from mmpose_temporal.datasets import (
    PosePairDataset,
    PoseTrackPersonDataset,
    PoseTrackPoseDataset,
    TrackletDataset,
    load_videos,
)
from mmpose_temporal.datasets.converters import (
    COCO_KEYPOINTS,
    check_posetrack,
    convert_coco,
    convert_from_posetrack17,
    convert_mpii,
    convert_multiperson_posetrack,
    convert_posetrack21,
    convert_to_posetrack17,
)
from mmpose_temporal.datasets.converters.simulated_poses import simulate_pose_files
from mmpose_temporal.datasets.exports import (
    FORMATS,
    export_tracks,
    load_skeletons,
    read_mot,
    read_posetrack,
    read_skeletons,
    skeleton_arrays,
)
from mmpose_temporal.datasets.posetrack_video_dataset import read_detections
from mmpose_temporal.evaluation import as_json, evaluate_files, write_results
from mmpose_temporal.evaluation.results import (
    compare_results,
    format_comparison,
    read_results,
    run_origin,
)
from mmpose_temporal.models import PoseOnlyTracker
from mmpose_temporal.posetrack import read_frames
from mmpose_temporal.structures import read_skeleton
from mmpose_temporal.synthetic import DetectorNoise
from mmpose_temporal.synthetic.writer import write_detections
from mmpose_temporal.testing import (
    PAIR,
    PAIR_META,
    as_posetrack17,
    mmpose_frame,
    mmpose_instance,
    two_people_file,
)
from mmpose_temporal.utils import config_files
from mmpose_temporal_cli.run_tool import error_status, error_text

VIDEO = "000342_mpii"
LIMIT = 5.0
"""Seconds of a processor that a reader or converter may take for one of these files."""


@dataclass(frozen=True)
class Outcome:
    """How a case ended: ``success``, ``skipped``, ``line``, or what must not happen."""

    kind: str
    text: str = ""

    @property
    def good(self) -> bool:
        """The file was read, or one line says why not."""
        return self.kind in ("success", "skipped", "line")


def run_case(name: str, folder: Path, random: Random, *, mutate: bool = True) -> Outcome:
    """Run a case in an empty folder.

    Args:
        name: Key of :data:`CASES`.
        folder: Empty; the file that is changed lies in it.
        random: Source of the changes.
        mutate: False: the valid file.
    """
    started = time.process_time()
    try:
        report = CASES[name](folder, random, mutate)
    except Exception as error:
        outcome = _of_error(error)
    else:
        left_out = getattr(report, "failed", None)
        outcome = Outcome("skipped", str(left_out)) if left_out else Outcome("success")
    if time.process_time() - started > LIMIT:
        return Outcome("slow", f"{time.process_time() - started:.1f} s, {outcome}")
    return outcome


def _of_error(error: Exception) -> Outcome:
    if error_status(error) is None:
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else ""
        return Outcome("traceback", f"{type(error).__name__} at {place}: {str(error)[:300]}")
    text = error_text(error)
    if len(text) > 2000 or not text.isprintable():
        return Outcome("unclear", text[:3000])
    return Outcome("line", text) if "fuzzed" in text else Outcome("no file", text)


def posetrack18(predicted: bool = False) -> dict[str, Any]:
    """Two people in three frames, with all fields of the layout."""
    document = two_people_file(VIDEO, predicted=predicted)
    for index, image in enumerate(document["images"]):
        image |= {"frame_id": image["id"], "nframes": 3, "width": 640, "height": 480}
        image |= {"time": index / 25}
        image["ignore_regions_x"] = [[0, 10, 10], [50.5, 60, 60, 50]] if index == 1 else []
        image["ignore_regions_y"] = [[0, 0, 10], [0, 0, 9, 9]] if index == 1 else []
    for person in document["annotations"]:
        person |= {"bbox": [40, 40, 60, 60], "area": 3600.0, "iscrowd": 0}
        person |= {"score": 0.9} if predicted else {}
    document["categories"][0]["skeleton"] = [[1, 2], [2, 3]]
    return document


def posetrack17(predicted: bool = False) -> dict[str, Any]:
    """The same in PoseTrack17's layout."""
    return as_posetrack17(posetrack18(predicted))


def coco() -> dict[str, Any]:
    """Two images with three people."""
    people = [
        {
            "id": index + 1,
            "image_id": image,
            "category_id": 1,
            "iscrowd": 0,
            "bbox": [1.0, 2.0, 30.0, 40.0],
            "area": 77.5,
            "num_keypoints": 17,
            "keypoints": [float(k % 3 + k) if k % 3 < 2 else 2 for k in range(51)],
        }
        for index, image in enumerate((7, 7, 8))
    ]
    images = [{"id": i, "file_name": f"{i:012d}.jpg", "width": 64, "height": 48} for i in (7, 8)]
    person = {"id": 1, "name": "person", "keypoints": list(COCO_KEYPOINTS)}
    return {"images": images, "annotations": people, "categories": [person]}


def mpii() -> list[dict[str, Any]]:
    """Two people of mmpose's JSON form of MPII."""
    joints = [[10.0 * k + 1, 100.0 + k] for k in range(16)]
    return [
        {"image": f"00580836{n}.jpg", "joints": joints, "joints_vis": [1] * 16, "scale": 1.5}
        for n in (1, 2)
    ]


def detections() -> list[dict[str, Any]]:
    """Boxes of two images."""
    box = {"category_id": 1, "bbox": [1.0, 2.0, 30.0, 40.0], "score": 0.5}
    return [{"image_id": n} | box for n in (10, 10, 20)]


def mmpose_frames() -> list[dict[str, Any]]:
    """What mmpose's inferencer writes of a video, of people of two keypoints."""
    people = (mmpose_instance(0), mmpose_instance(100))
    return [mmpose_frame(0, *people), mmpose_frame(1), mmpose_frame(3, *people)]


def mmpose_results() -> dict[str, Any]:
    """What mmpose's demos write of a video."""
    arrays = {"__ndarray__": [0.1, 0.1], "dtype": "float32", "shape": [2]}
    meta = PAIR_META | {"flip_indices": [1, 0], "skeleton_links": [[0, 1]], "sigmas": arrays}
    return {"meta_info": meta, "instance_info": mmpose_frames()}


def mmpose_image(folder: Path, random: Random, mutate: bool) -> Any:
    """One of the files that mmpose's inferencer writes of a folder of images."""
    people = [mmpose_instance(0), mmpose_instance(100)]
    path = write_json_file(folder / "in" / "fuzzed_1.json", people, random, mutate)
    path.with_name("fuzzed_2.json").write_text(json.dumps(people))
    options = dict(skeleton=PAIR, progress=False)
    return track_pose_files(tracker(), path.parent, folder / "out", **options)


def description() -> dict[str, Any]:
    """Keypoints as mmpose describes them."""
    return {
        "dataset_name": "two",
        "paper_info": {"author": "a"},
        "keypoint_info": {
            0: {"name": "a", "id": 0, "color": [1, 2, 3], "type": "upper", "swap": "b"},
            1: {"name": "b", "id": 1, "color": [1, 2, 3], "type": "upper", "swap": "a"},
        },
        "skeleton_info": {0: {"link": ("a", "b"), "id": 0, "color": [1, 2, 3]}},
        "joint_weights": [1.0, 1.0],
        "sigmas": [0.1, 0.2],
    }


MOT = "".join(f"{f},{p},{10 * p}.5,20,30,40,0.9,-1,-1,-1\n" for f in (1, 2, 5) for p in (1, 2))


def write_json_file(path: Path, document: Any, random: Random, mutate: bool) -> Path:
    """The document, changed or not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(mutate_json(document, random) if mutate else json.dumps(document).encode())
    return path


def json_case(
    make: Callable[[], Any],
    call: Callable[[Path, Path], Any],
    below: str = "in",
    beside: bool = False,
) -> Callable[[Path, Random, bool], Any]:
    """A case of one JSON file; ``call`` gets the file's path and a folder for what it writes.

    With ``beside``, the folder has a second file, which is not changed.
    """

    def case(folder: Path, random: Random, mutate: bool) -> Any:
        path = write_json_file(folder / below / "fuzzed.json", make(), random, mutate)
        if beside:
            other = json.loads(json.dumps(make()).replace(VIDEO, "000343_mpii"))
            for record in (*other.get("images", ()), *other.get("annotations", ())):
                record["id"] += 90_000
                if "image_id" in record:
                    record["image_id"] += 90_000
            path.with_name("good.json").write_text(json.dumps(other))
        return call(path, folder / "out")

    return case


@cache
def tracker() -> PoseOnlyTracker:
    """The default tracker, which needs no weights; videos do not stay in it."""
    return build_pose_only_tracker(config_files("baselines/oks-tracker.py")[0])


def pair_case(layout: Callable[[bool], dict], mutated: str) -> Callable[[Path, Random, bool], Any]:
    """Evaluation with changed ground truth or predictions."""

    def case(folder: Path, random: Random, mutate: bool) -> Any:
        for side, predicted in (("gt", False), ("pred", True)):
            changed = mutate and side == mutated
            write_json_file(folder / side / "fuzzed.json", layout(predicted), random, changed)
        strict = random.random() < 0.5
        protocol = "strict" if strict else "poseval"
        return evaluate_files(folder / "gt", folder / "pred", protocol=protocol)

    return case


@cache
def metrics_file() -> str:
    """A metrics file of the two people, as text."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz"))
    try:
        for side, predicted in (("gt", False), ("pred", True)):
            write_json_file(folder / side / "v.json", posetrack18(predicted), Random(0), False)
        figures = evaluate_files(folder / "gt", folder / "pred")
        run = run_origin(command="c", checkpoint=None, boxes={}, data={})
        path = folder / "out.json"
        write_results(path, as_json(figures.total), run=run, evaluations=[figures.record])
        return path.read_text()
    finally:
        shutil.rmtree(folder)


def compared(path: Path, out: Path) -> str:
    """A changed metrics file beside one that is not."""
    path.with_name("good.json").write_text(metrics_file())
    runs = [read_results(path.with_name("good.json")), read_results(path)]
    return format_comparison(compare_results(runs, resamples=20, anyway=True))


def matlab(value: Any) -> Any:
    """Lists of records as struct arrays, wrapped numbers as numbers, the rest as it is."""
    if isinstance(value, dict):
        value = [value] if value else []
    if not isinstance(value, list):
        fits = isinstance(value, str | float) or (type(value) is int and abs(value) < 2**63)
        return (
            value.encode("utf-8", "replace").decode()
            if isinstance(value, str)
            else (float(value) if fits else np.zeros((0, 0)))
        )
    if not value:
        return np.zeros((0, 0))
    if not all(isinstance(item, dict) and item for item in value):
        if len(value) == 1:
            return matlab(value[0])
        if {*map(type, value)} == {float}:
            return np.array([value])
        cells = np.empty((1, min(len(value), 50)), object)
        for index in range(cells.shape[1]):
            cells[0, index] = matlab(value[index])
        return cells
    names = [
        n for n in dict.fromkeys(name for record in value for name in record) if n.isidentifier()
    ]
    names = names or ["empty"]
    rows = np.empty((1, len(value)), [(name, object) for name in names])
    for index, record in enumerate(value):
        for name in names:
            rows[0, index][name] = matlab(record.get(name, []))
    return rows


def _without_deep(value: Any, level: int = 0) -> Any:
    """MATLAB structures of at most 20 levels; scipy cannot write deeper ones."""
    if level > 20:
        return 0
    if isinstance(value, list):
        return [_without_deep(item, level + 1) for item in value[:60]]
    if isinstance(value, dict):
        return {str(name): _without_deep(item, level + 1) for name, item in value.items()}
    return value


def write_mat(path: Path, annolist: Any, random: Random, mutate: bool) -> Path:
    """A .mat file whose structure or bytes are changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    structure = mutate and random.random() < 0.6
    value = matlab(_without_deep(mutate_value(annolist, random) if structure else annolist))
    savemat(path, {"annolist": value}, do_compression=random.random() < 0.5, long_field_names=True)
    if mutate and not structure:
        path.write_bytes(mutate_bytes(path.read_bytes(), random))
    return path


def mat17(folder: Path, random: Random, mutate: bool) -> Any:
    """PoseTrack17's .mat form."""
    path = write_mat(folder / "in" / "fuzzed.mat", posetrack17()["annolist"], random, mutate)
    return convert_from_posetrack17(path, folder / "out")


def multiperson(folder: Path, random: Random, mutate: bool) -> Any:
    """annolist.mat of Multi-Person PoseTrack."""
    points = [{"x": 10.0 * k, "y": 5.0, "id": float(k), "is_visible": 1.0} for k in (0, 1, 2, 8)]
    person = [{"point": points, "head_rect": [5.0, 6.0, 15.0, 26.0]}]
    cells = [person, [], person]
    video = {"name": "000002", "num_frames": 3, "num_persons": 1, "annopoints": cells}
    path = folder / "in" / "fuzzed.mat"
    path.parent.mkdir(parents=True)
    structure = mutate and random.random() < 0.6
    changed = mutate_value(video, random) if structure else video
    record = changed if isinstance(changed, dict) and changed else video
    struct = np.empty((1, 1), [(name, object) for name in video])
    for name in video:
        struct[0, 0][name] = matlab(_without_deep(record.get(name, [])))
    grid = np.empty((1, 3), object)
    found = record.get("annopoints")
    if isinstance(found, list) and len(found) == 3:
        for index, cell in enumerate(found):
            grid[0, index] = matlab(_without_deep(cell))
        struct[0, 0]["annopoints"] = grid
    savemat(path, {"annolist": struct}, do_compression=random.random() < 0.5)
    if mutate and not structure:
        path.write_bytes(mutate_bytes(path.read_bytes(), random))
    return convert_multiperson_posetrack(path, folder / "out", split="val")


def npz(folder: Path, random: Random, mutate: bool) -> Any:
    """Skeleton archives."""
    source = folder / "fuzzed_source.json"
    source.write_text(json.dumps(posetrack18(True)))
    arrays = skeleton_arrays(read_posetrack(source))
    path = folder / "fuzzed.npz"
    structure = mutate and random.random() < 0.6
    if structure:
        name = random.choice(sorted(arrays))
        arrays[name] = mutate_array(arrays[name], random)
    np.savez_compressed(path, **arrays)
    if mutate and not structure:
        path.write_bytes(mutate_bytes(path.read_bytes(), random))
    load_skeletons(path)
    return read_skeletons(path)


def mot(folder: Path, random: Random, mutate: bool) -> Any:
    """MOT text."""
    path = folder / "fuzzed.txt"
    path.write_bytes(mutate_lines(MOT, random) if mutate else MOT.encode())
    return read_mot(path)


def partial_detections(folder: Path, random: Random, mutate: bool) -> Any:
    """What interrupted detect_people.py leaves."""
    header = {"made_with": {"config": "c"}, "root": "r", "frames": 2}
    lines = [
        header,
        {"image_id": 1, "unreadable": False, "rows": [[1.0, 2.0, 3.0, 4.0, 0.5]], "below": 1},
        {"image_id": 2, "unreadable": True, "rows": [], "below": 0},
    ]
    changed = mutate_value(lines, random) if mutate else lines
    texts = [json.dumps(line) for line in (changed if isinstance(changed, list) else [changed])]
    data = ("\n".join(texts) + "\n").encode()
    if mutate and random.random() < 0.3:
        data = mutate_bytes(data, random)
    path = folder / "fuzzed.json.partial"
    path.write_bytes(data)
    return detect._read_partial(path, header)


def metainfo(folder: Path, random: Random, mutate: bool) -> Any:
    """mmpose's file that describes keypoints; it is Python, so only its values are changed."""
    path = folder / "fuzzed.py"
    value = mutate_value(description(), random) if mutate else description()
    text = f"nan, inf = float('nan'), float('inf')\ndataset_info = {value!r}\n"
    path.write_bytes(text.encode("utf-8", "backslashreplace"))
    return read_skeleton(dict(from_file=str(path)))


def data_set(make: Callable[[Path], Any]) -> Callable[[Path, Path], Any]:
    """A data set of one changed video; its first item is looked at."""

    def call(path: Path, out: Path) -> None:
        dataset = make(path.parent)
        if len(dataset):
            dataset[0]

    return call


def exported(format: str) -> Callable[[Path, Path], Any]:
    """An export; ``coco`` writes a file."""

    def call(path: Path, out: Path) -> Any:
        target = out.with_suffix(".json") if format == "coco" else out
        return export_tracks(path.parent, target, format=format)

    return call


CASES: dict[str, Callable[[Path, Random, bool], Any]] = {
    "load_videos": json_case(posetrack18, lambda p, out: load_videos(p.parent)),
    "load_videos, one file": json_case(posetrack18, lambda p, out: load_videos(p)),
    "load_videos, any keypoints": json_case(
        posetrack18, lambda p, out: load_videos(p.parent, skeleton=None, need_ids=False)
    ),
    "read_frames": json_case(posetrack18, lambda p, out: read_frames(p)),
    "read_posetrack": json_case(lambda: posetrack18(True), lambda p, out: read_posetrack(p)),
    "track_pose_files": json_case(
        lambda: posetrack18(True),
        lambda p, out: track_pose_files(tracker(), p.parent, out, progress=False),
    ),
    "track_pose_files, no scores": json_case(
        posetrack18, lambda p, out: track_pose_files(tracker(), p.parent, out, progress=False)
    ),
    "mmpose, frames": json_case(
        mmpose_frames,
        lambda p, out: track_pose_files(tracker(), p.parent, out, skeleton=PAIR, progress=False),
    ),
    "mmpose, results": json_case(
        mmpose_results, lambda p, out: track_pose_files(tracker(), p, out, progress=False)
    ),
    "mmpose, an image": mmpose_image,
    **{
        f"export_tracks, {name}": json_case(lambda: posetrack18(True), exported(name))
        for name in FORMATS
    },
    "track_pose_files, beside another": json_case(
        lambda: posetrack18(True),
        lambda p, out: track_pose_files(tracker(), p.parent, out, progress=False),
        beside=True,
    ),
    **{
        f"export_tracks, {name}, beside another": json_case(
            lambda: posetrack18(True), exported(name), beside=True
        )
        for name in ("coco", "npz", "posetrack17")
    },
    "posetrack17, beside another": json_case(
        posetrack17, lambda p, out: convert_from_posetrack17(p.parent, out), beside=True
    ),
    "evaluate, beside another": json_case(
        lambda: posetrack18(True),
        lambda p, out: evaluate_files(p.parent, p.parent, norm_item="bbox"),
        beside=True,
    ),
    "check_posetrack": json_case(
        posetrack18,
        lambda p, out: check_posetrack(p.parents[2], images=False),
        below="in/annotations/val",
    ),
    "evaluate, truth": pair_case(posetrack18, "gt"),
    "evaluate, predictions": pair_case(posetrack18, "pred"),
    "evaluate, truth of PoseTrack17": pair_case(posetrack17, "gt"),
    "evaluate, predictions of PoseTrack17": pair_case(posetrack17, "pred"),
    "posetrack17, json": json_case(
        posetrack17, lambda p, out: convert_from_posetrack17(p.parent, out)
    ),
    "posetrack17, mat": mat17,
    "posetrack21": json_case(posetrack18, lambda p, out: convert_posetrack21(p.parent, out)),
    "to posetrack17": json_case(posetrack18, lambda p, out: convert_to_posetrack17(p, out)),
    "multiperson_posetrack": multiperson,
    "coco": json_case(
        coco, lambda p, out: convert_coco(p, out.with_suffix(".json"), image_folder="train")
    ),
    "mpii": json_case(mpii, lambda p, out: convert_mpii(p, out.with_suffix(".json"))),
    "simulate_pose_files": json_case(
        posetrack18, lambda p, out: simulate_pose_files(p.parent, out)
    ),
    "simulated detections": json_case(
        posetrack18,
        lambda p, out: write_detections(p.parent, out.with_suffix(".json"), noise=DetectorNoise()),
    ),
    "detection file": json_case(detections, lambda p, out: read_detections(p, {10, 20})),
    "frames to detect in": json_case(
        posetrack18, lambda p, out: detect.annotated_frames(p.parent, p.parent)
    ),
    "interrupted detections": partial_detections,
    "mot": mot,
    "npz": npz,
    "metainfo": metainfo,
    "PoseTrackPoseDataset": json_case(
        posetrack18, data_set(lambda folder: PoseTrackPoseDataset(ann_file=str(folder)))
    ),
    "PosePairDataset": json_case(
        posetrack18,
        data_set(lambda folder: PosePairDataset(ann_file=str(folder), delta=2)),
    ),
    "metrics file": json_case(lambda: json.loads(metrics_file()), compared),
    "PoseTrackPersonDataset": json_case(
        posetrack18, data_set(lambda folder: PoseTrackPersonDataset(ann_file=str(folder)))
    ),
    "TrackletDataset": json_case(
        posetrack18, data_set(lambda folder: TrackletDataset(ann_file=str(folder)))
    ),
}
"""Name -> case."""
