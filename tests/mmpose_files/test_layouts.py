import json

import pytest

from mmpose_temporal.mmpose_files import is_mmpose_predictions
from mmpose_temporal.mmpose_files.layouts import (
    EMPTY,
    FRAMES,
    IMAGE,
    document_paths,
    read_document,
)
from mmpose_temporal.testing import PAIR_META as META
from mmpose_temporal.testing import mmpose_frame as frame
from mmpose_temporal.testing import mmpose_instance as instance
from mmpose_temporal.testing import write_tiny_posetrack

VIDEO = [frame(0, instance()), frame(1)]
RESULTS = dict(meta_info=META, instance_info=VIDEO)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (VIDEO, FRAMES),
        ([instance()], IMAGE),
        ([], EMPTY),
        (RESULTS, FRAMES),
        (dict(meta_info=META, instance_info=[instance()]), IMAGE),
        (dict(instance_info=[], meta_info=META), EMPTY),
    ],
)
def test_layouts_are_recognised(write, content, kind):
    path = write("a.json", content)
    assert is_mmpose_predictions(path) and is_mmpose_predictions(path.parent)
    document = read_document(path, "a.json")
    assert document.kind == kind
    assert document.rows == (content if isinstance(content, list) else content["instance_info"])


def test_folders_below_a_folder(write):
    path = write("preds/v1/000000.json", [instance()])
    assert is_mmpose_predictions(path.parent.parent)
    assert not is_mmpose_predictions(path.parent.parent.parent)  # two levels are not looked at


def test_text_with_a_byte_order_mark_and_in_utf_16(tmp_path):
    for encoding in ("utf-8-sig", "utf-16"):
        path = tmp_path / f"{encoding}.json"
        path.write_bytes(json.dumps(RESULTS).encode(encoding))
        assert is_mmpose_predictions(path)
        assert read_document(path, "a").kind == FRAMES


def test_other_files_are_not_these(tmp_path, write):
    write_tiny_posetrack(tmp_path / "data")
    for path in (tmp_path / "data/annotations/val", tmp_path / "data/annotations"):
        assert not is_mmpose_predictions(path)
    for content in ("", "{", '"instance_info"', "{}", '{"predictions": []}', "\xff\xfe"):
        assert not is_mmpose_predictions(write("x.json", content))
    assert not is_mmpose_predictions(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ([1], r"a\.json is no file of mmpose's predictions: a list that begins with 1"),
        ([[instance()]], "a list that begins with "),
        ([dict(bbox=[0, 0, 1, 1])], r"neither 'instances' nor 'keypoints': \['bbox'\]"),
        (dict(meta_info=META, instance_info=3), "'instance_info' must be a list of records"),
        (dict(meta_info=META), r"a record with \['meta_info'\]"),
        (dict(images=[], annotations=[]), "in the PoseTrack18 layout; give files of one layout"),
        ("[", r"a\.json is not valid JSON"),
        ([dict(image_id=1, bbox=[0, 0, 1, 1])], r"a\.json is a list of detections"),
        (
            [dict(image_id=1, category_id=1, keypoints=[0.0] * 51, score=0.5)],
            r"a\.json is a list of COCO results,.* put it as 'annotations' into a file with the "
            "'images' and 'categories'",
        ),
    ],
)
def test_files_in_no_layout(write, content, error):
    with pytest.raises(ValueError, match=error):
        read_document(write("a.json", content), "a.json")


def test_other_files_among_videos(tmp_path, write):
    """Detections come first by name, and say nothing of what the videos are."""
    detections = [dict(image_id=1, category_id=1, bbox=[0, 0, 1, 1], score=0.5)]
    for name, content in (("a", detections), ("b", dict(AP=3)), ("c", []), ("d", [instance()])):
        path = write(f"mixed/{name}.json", content)
    assert is_mmpose_predictions(path.parent)
    assert [[p.stem for p in group] for group in document_paths(path.parent)] == [["c", "d"]]
    root = write_tiny_posetrack(tmp_path / "data") / "annotations" / "val"
    for name, content in (("a", detections), ("b", dict(AP=3)), ("c", [])):
        write(f"data/annotations/val/{name}.json", content)
    assert not is_mmpose_predictions(root)
    # alone they are refused by read_document
    assert is_mmpose_predictions(write("alone/a.json", detections).parent)
    assert not is_mmpose_predictions(write("figures/a.json", dict(AP=3)).parent)
