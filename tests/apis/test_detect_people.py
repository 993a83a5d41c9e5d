import json

import numpy as np
import pytest
import torch

from mmpose_temporal.apis.detect_people import annotated_frames, detect_people, folder_frames
from mmpose_temporal.datasets import read_detections
from mmpose_temporal.testing import write_tiny_posetrack

MADE_WITH = dict(config="fake.py", checkpoint="fake.pth")


class CornerBoxes:
    """Two boxes a frame, the second with the score 0.01; remembers the batches."""

    def __init__(self, fail_at=None):
        self.batches = []
        self.fail_at = fail_at

    def __call__(self, frames, samples, device):
        if len(self.batches) == self.fail_at:
            raise KeyboardInterrupt
        self.batches.append([s.img_id for s in samples])
        assert all(f.shape == (48, 64, 3) and f.dtype == np.uint8 for f in frames)
        boxes = np.float32([[1, 2, 11, 22], [0, 0, 1, 1]])
        return [(boxes, np.float32([0.75, 0.01])) for _ in frames]


@pytest.fixture
def root(tmp_path):
    return write_tiny_posetrack(tmp_path / "tiny")


def test_frames_of_annotations(root):
    frames = annotated_frames(root / "annotations" / "val", root)
    assert frames[:2] == [(10000, "images/val/v1/000000.png"), (10001, "images/val/v1/000001.png")]
    assert len(frames) == 8
    source, out = CornerBoxes(), root / "boxes.json"
    report = detect_people(source, frames, root, out, description=MADE_WITH, batch_size=3)
    assert report.converted == {"frames": 8, "boxes": 8}
    assert report.left_out["boxes below the score threshold"] == 8
    assert [len(batch) for batch in source.batches] == [3, 3, 2]
    assert json.loads(out.read_text())[0] == {
        "image_id": 10000,
        "category_id": 1,
        "bbox": [1, 2, 10, 20],
        "score": 0.75,
    }
    boxes, scores = read_detections(out, {i for i, _ in frames})[10003]
    np.testing.assert_array_equal(boxes, [[1, 2, 11, 22]])
    assert scores == np.float32(0.75)
    assert not list(root.glob("*.partial"))


def test_frames_without_people_are_counted(root):
    class SomeBoxes(CornerBoxes):
        """None in the frames of the second call."""

        def __call__(self, frames, samples, device):
            found = super().__call__(frames, samples, device)
            return found if len(self.batches) == 1 else [(b[1:], s[1:]) for b, s in found]

    frames = annotated_frames(root / "annotations" / "val", root)
    out, options = root / "boxes.json", dict(description=MADE_WITH, batch_size=4, overwrite=True)
    report = detect_people(SomeBoxes(), frames, root, out, **options)
    assert report.notes == ["nobody was found in 4 of 8 frames"]
    report = detect_people(CornerBoxes(), frames, root, out, score_thr=0.9, **options)
    assert report.converted["boxes"] == 0 and json.loads(out.read_text()) == []
    assert report.notes[0] == "nobody was found in 8 of 8 frames"
    assert "--category" in report.notes[1] and "--score-thr" in report.notes[1]
    report = detect_people(CornerBoxes(), frames, root, out, **options)
    assert report.notes == []


def test_frames_of_a_folder(root):
    frames = folder_frames(root / "images" / "val")
    # v1 is the first folder by name, v2 the second.
    assert frames[4:6] == [(10004, "v1/000004.png"), (20000, "v2/000000.png")]
    out = root / "boxes.json"
    detect_people(
        CornerBoxes(),
        frames,
        root / "images" / "val",
        out,
        description=MADE_WITH,
        file_names=True,
    )
    assert json.loads(out.read_text())[-1]["file_name"] == "v2/000002.png"


def test_frames_of_a_folder_are_in_natural_order(tmp_path):
    for name in ("v10/1.png", "v9/1.png", "v9/10.png", "v9/2.png", "v9/.3.png", ".old/1.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert folder_frames(tmp_path) == [
        (10000, "v9/1.png"),
        (10001, "v9/2.png"),
        (10002, "v9/10.png"),
        (20000, "v10/1.png"),
    ]


def test_going_on(root):
    frames, out = annotated_frames(root / "annotations" / "val", root), root / "boxes.json"
    options = dict(description=MADE_WITH, batch_size=2)
    with pytest.raises(KeyboardInterrupt):
        detect_people(CornerBoxes(fail_at=2), frames, root, out, **options)
    assert not out.exists()
    partial = root / "boxes.json.partial"
    with partial.open("a") as file:  # cut off in the middle of a line
        file.write('{"image_id": 10004, "rows": [[1, 2')
    with pytest.raises(ValueError, match="different: made_with\\)"):
        detect_people(CornerBoxes(), frames, root, out, score_thr=0.5, **options)
    source = CornerBoxes()
    report = detect_people(source, frames, root, out, **options)
    assert source.batches == [[10004, 20000], [20001, 20002]]
    assert report.converted == {"frames": 8, "boxes": 8}
    whole = out.read_text()
    with pytest.raises(FileExistsError, match="pass --overwrite"):
        detect_people(CornerBoxes(), frames, root, out, **options)
    detect_people(CornerBoxes(), frames, root, out, overwrite=True, **options)
    assert out.read_text() == whole


def test_work_that_was_begun_and_has_no_frame_yet(root):
    """A detector that could not be built leaves an empty beginning, which is in nobody's way."""
    frames, out = annotated_frames(root / "annotations" / "val", root), root / "boxes.json"
    with pytest.raises(KeyboardInterrupt):
        detect_people(CornerBoxes(fail_at=0), frames, root, out, description=dict(config="broken"))
    assert (root / "boxes.json.partial").exists()
    report = detect_people(CornerBoxes(), frames, root, out, description=MADE_WITH)
    assert report.converted["frames"] == 8


def test_a_folder_with_the_name_of_an_image_is_no_frame(root):
    images = root / "images" / "val"
    before = folder_frames(images)
    (images / "v1" / "000009.jpg").mkdir()
    assert folder_frames(images) == before


def _cut_off(root):
    """Four of eight frames are done: frames, target, options, file of unfinished work."""
    frames, out = annotated_frames(root / "annotations" / "val", root), root / "boxes.json"
    options = dict(description=MADE_WITH, batch_size=2)
    with pytest.raises(KeyboardInterrupt):
        detect_people(CornerBoxes(fail_at=2), frames, root, out, **options)
    partial = root / "boxes.json.partial"
    assert len(partial.read_text().splitlines()) == 1 + 4
    return frames, out, options, partial


def test_a_crash_while_going_on_keeps_what_is_done(root, monkeypatch):
    frames, out, options, partial = _cut_off(root)
    text = partial.read_text()
    with partial.open("a") as file:
        file.write('{"image_id": 1')

    def crash(path, *args, **kwargs):  # as write_text does when the disk is full
        path.open("w").close()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(partial), "write_text", crash)
        with pytest.raises(KeyboardInterrupt):
            detect_people(CornerBoxes(fail_at=0), frames, root, out, **options)
    assert partial.read_text() == text
    source = CornerBoxes()
    detect_people(source, frames, root, out, **options)
    assert source.batches == [[10004, 20000], [20001, 20002]]


def test_going_on_in_another_root(root, tmp_path):
    frames, out, options, partial = _cut_off(root)
    text = partial.read_text()
    other = write_tiny_posetrack(tmp_path / "other")
    with pytest.raises(ValueError, match=r"different: root\); pass --overwrite"):
        detect_people(CornerBoxes(), frames, other, out, **options)
    # as many frames and the same last one, but the first is another image
    changed = [(10000, frames[1][1]), *frames[1:]]
    with pytest.raises(ValueError, match=r"different: frames_sha256\); pass --overwrite"):
        detect_people(CornerBoxes(), changed, root, out, **options)
    assert partial.read_text() == text
    detect_people(CornerBoxes(), frames, other, out, overwrite=True, **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: [lines[0], "{broken", *lines[2:]], "is damaged"),
        (lambda lines: [lines[0], "[1]", *lines[2:]], "is damaged"),
        (lambda lines: lines[1:], "was begun with another detector"),
        (lambda lines: ["[]"], "was begun with another detector"),
        (lambda lines: [], "was begun with another detector"),
    ],
)
def test_going_on_with_a_damaged_file(root, change, message):
    frames, out, options, partial = _cut_off(root)
    text = "".join(f"{line}\n" for line in change(partial.read_text().splitlines()))
    partial.write_text(text)
    with pytest.raises(ValueError, match=rf"boxes\.json\.partial {message}.*pass --overwrite"):
        detect_people(CornerBoxes(), frames, root, out, **options)
    assert partial.read_text() == text


def test_frames_that_cannot_be_read(root):
    (root / "images/val/v1/000001.png").write_bytes(b"no image")
    (root / "images/val/v2/000000.png").unlink()
    frames = annotated_frames(root / "annotations" / "val", root)
    out = root / "boxes.json"
    report = detect_people(CornerBoxes(), frames, root, out, description=MADE_WITH)
    assert report.left_out["unreadable or missing frames"] == 2
    assert report.converted["frames"] == 6
    found = {d["image_id"] for d in json.loads(out.read_text())}
    assert found == {i for i, _ in frames} - {10001, 20000}


def test_bad_arguments(root, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no images"):
        folder_frames(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="is no folder"):
        folder_frames(tmp_path / "nowhere")
    for options, message in (
        (dict(batch_size=0), "batch_size must be 1 or more"),
        (dict(score_thr=2), "score_thr must be in 0..1"),
    ):
        with pytest.raises(ValueError, match=message):
            detect_people(
                CornerBoxes(), [], root, root / "x.json", description=MADE_WITH, **options
            )
    file = root / "annotations" / "val" / "v2.json"
    content = json.loads(file.read_text())
    content["images"][0]["file_name"] = "../../secret.png"
    file.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="leaves the data root"):
        annotated_frames(file.parent, root)


DETECTOR = """
model = dict(
    type="mmdet.RetinaNet",
    data_preprocessor=dict(type="mmdet.DetDataPreprocessor", pad_size_divisor=32),
    backbone=dict(type="mmdet.ResNet", depth=18, base_channels=8, num_stages=4,
                  out_indices=(0, 1, 2, 3), norm_cfg=dict(type="BN")),
    neck=dict(type="mmdet.FPN", in_channels=[8, 16, 32, 64], out_channels=8, num_outs=5),
    bbox_head=dict(type="mmdet.RetinaHead", num_classes=2, in_channels=8, stacked_convs=1,
                   feat_channels=8,
                   anchor_generator=dict(type="mmdet.AnchorGenerator", octave_base_scale=4,
                                         scales_per_octave=1, ratios=[1.0],
                                         strides=[8, 16, 32, 64, 128]),
                   bbox_coder=dict(type="mmdet.DeltaXYWHBBoxCoder")),
    test_cfg=dict(nms_pre=100, min_bbox_size=0, score_thr=0.0,
                  nms=dict(type="nms", iou_threshold=0.5), max_per_img=5),
)
test_dataloader = dict(dataset=dict(pipeline=[
    dict(type="mmdet.LoadImageFromFile"),
    dict(type="mmdet.Resize", scale=(64, 64), keep_ratio=True),
    dict(type="mmdet.PackDetInputs", meta_keys=("img_id", "img_path", "ori_shape", "img_shape",
                                                "scale_factor")),
]))
"""


def test_a_real_detector_with_random_weights(root):
    pytest.importorskip("mmdet")
    from mmdet.registry import MODELS
    from mmdet.utils import register_all_modules
    from mmengine.config import Config

    from mmpose_temporal.models.trackers import DetectorBoxes

    (root / "detector.py").write_text(DETECTOR)
    register_all_modules(init_default_scope=False)
    model = MODELS.build(Config.fromfile(root / "detector.py").model)
    model.init_weights()
    torch.save({"state_dict": model.state_dict()}, root / "detector.pth")
    source = DetectorBoxes(config=str(root / "detector.py"), checkpoint=str(root / "detector.pth"))
    frames, out = annotated_frames(root / "annotations" / "val", root), root / "boxes.json"
    report = detect_people(source, frames, root, out, description=MADE_WITH, score_thr=0.0)
    found = read_detections(out, {i for i, _ in frames})
    assert report.converted["boxes"] == sum(len(boxes) for boxes, _ in found.values()) > 0
    for boxes, scores in found.values():
        assert len(boxes) <= 5
        assert (boxes[:, :2] >= 0).all() and (boxes[:, 2:] <= [64, 48]).all()
        assert (scores >= 0).all() and (scores <= 1).all()
