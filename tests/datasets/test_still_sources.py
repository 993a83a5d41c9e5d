import json
from collections import Counter

import numpy as np
import pytest

from mmpose_temporal.datasets.converters.coco import COCO_KEYPOINTS
from mmpose_temporal.datasets.still_sources import annotated_stills, folder_stills
from mmpose_temporal.structures import KEYPOINT_NAMES, POSETRACK18
from mmpose_temporal.testing import write_tiny_posetrack
from mmpose_temporal.utils import write_json


def coco_file(path, *, names=COCO_KEYPOINTS, people=1, **changes):
    """Two images; keypoint k of person p of the first at (k + 1, 10 p + 5)."""
    count = len(names)
    annotations = []
    for person in range(people):
        points = np.full((count, 3), 2.0)
        points[:, 0] = np.arange(count) + 1
        points[:, 1] = 10 * person + 5
        record = dict(id=person, image_id=1, category_id=1, iscrowd=0)
        record |= dict(bbox=[1, 2, 30, 40], keypoints=points.ravel().tolist(), area=1.0)
        annotations.append(record | changes)
    images = [dict(id=i, file_name=f"{i}.jpg", width=64, height=48) for i in (1, 2)]
    category = dict(id=1, name="person", keypoints=list(names))
    write_json(path, dict(images=images, annotations=annotations, categories=[category]))
    return path


def read(path, root="images", skeleton=POSETRACK18, **options):
    left_out = options.pop("left_out", Counter())
    return annotated_stills(path, root, skeleton, left_out=left_out, **options)


def test_coco_by_names(tmp_path):
    """Nose, ears and limbs are found by name; COCO has neither neck nor top of the head."""
    first, second = read(coco_file(tmp_path / "coco.json"))
    assert first["img_path"] == "images/1.jpg"
    assert (first["img_id"], first["annotated_size"]) == (1, (64, 48))
    assert first["boxes"].tolist() == [[1, 2, 31, 42]]
    points = first["keypoints"][0]
    for index, name in enumerate(KEYPOINT_NAMES):
        if name in ("head_bottom", "head_top"):
            assert points[index, 2] == 0
        else:
            assert points[index].tolist() == [COCO_KEYPOINTS.index(name) + 1, 5, 1]
    assert second["keypoints"].shape == (0, 17, 3)
    assert second["boxes"].shape == (0, 4)


def test_aliases(tmp_path):
    names = ("nose", "neck")
    entry = read(coco_file(tmp_path / "a.json", names=names), aliases=dict(head_bottom="neck"))[0]
    assert entry["keypoints"][0, KEYPOINT_NAMES.index("head_bottom")].tolist() == [2, 5, 1]
    with pytest.raises(ValueError, match="aliases name keypoints that do not exist: throat"):
        read(tmp_path / "a.json", aliases=dict(head_bottom="throat"))


def test_other_keypoints(tmp_path):
    path = coco_file(tmp_path / "a.json", names=("wing", "tail"))
    with pytest.raises(ValueError, match="other keypoints than the network") as problem:
        read(path)
    assert "state aliases, or use the images as a plain folder" in str(problem.value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (dict(iscrowd=1), "crowd"),
        (dict(keypoints=[0] * 51), "no_keypoint"),
        (dict(bbox=[1, 2, 0, 5], keypoints=[3, 3, 2] + [0] * 48), "empty_box"),
    ],
)
def test_who_is_left_out_is_counted(tmp_path, changes, reason):
    left_out = Counter()
    entry = read(coco_file(tmp_path / "a.json", people=2, **changes), left_out=left_out)[0]
    assert len(entry["boxes"]) == 0
    assert +left_out == {reason: 2}


def test_frames_of_videos_without_ids(tmp_path):
    """Two videos of 5 and 3 frames, every second one; ids are not needed, and not there."""
    root = write_tiny_posetrack(tmp_path)
    for path in (root / "annotations" / "val").iterdir():
        content = json.loads(path.read_text())
        for record in content["annotations"]:
            del record["track_id"]
        path.write_text(json.dumps(content))
    entries = read(root / "annotations" / "val", root, frame_step=2)
    names = [entry["img_path"].split("images/val/")[1] for entry in entries]
    assert names == [f"v1/00000{i}.png" for i in (0, 2, 4)] + [f"v2/00000{i}.png" for i in (0, 2)]
    assert all(set(e) == set(entries[0]) for e in entries)
    assert "track_ids" not in entries[0]
    assert entries[1]["boxes"][:, 0].tolist() == [5, 25]
    merged = read(root / "annotations" / "posetrack18_val.json", root, frame_step=2)
    assert [e["img_id"] for e in merged] == [10000, 10002, 10004, 20001]


def test_no_images_in_a_file(tmp_path):
    write_json(tmp_path / "a.json", dict(images=[], annotations=[]))
    with pytest.raises(ValueError, match="lists no images"):
        read(tmp_path / "a.json")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read(tmp_path / "b.json")


def test_a_name_that_leaves_the_root(tmp_path):
    path = coco_file(tmp_path / "a.json")
    path.write_text(path.read_text().replace("1.jpg", "../1.jpg"))
    with pytest.raises(ValueError, match="leaves the data root"):
        read(path)


def test_a_folder_in_natural_order(tmp_path):
    names = ["b/1.PNG", "a/10.jpg", "a/9.jpg", "2.jpeg", "10.webp", ".hidden.jpg", "notes.txt"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    entries = folder_stills(tmp_path, 17)
    found = [entry["img_path"].removeprefix(f"{tmp_path}/") for entry in entries]
    assert found == ["2.jpeg", "10.webp", "a/9.jpg", "a/10.jpg", "b/1.PNG"]
    assert [entry["img_id"] for entry in entries] == [0, 1, 2, 3, 4]
    assert entries[0]["keypoints"].shape == (0, 17, 3)
    assert entries[0]["annotated_size"] is None


def test_an_empty_folder(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(FileNotFoundError, match="no images .*jpg.* in"):
        folder_stills(tmp_path, 17)
    with pytest.raises(FileNotFoundError, match=r"does not exist: is data_root right\?"):
        folder_stills(tmp_path / "absent", 17)
