import sys

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.registry import TASK_UTILS
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.trackers import DatasetBoxes, DetectorBoxes
from mmpose_temporal.models.trackers.estimation.box_sources import check_category, find_config
from mmpose_temporal.testing import make_frame

CPU = torch.device("cpu")


@pytest.mark.parametrize("as_tensor", [False, True])
def test_boxes_of_the_data_set(as_tensor):
    rows, scores = np.float32([[1, 2, 3, 4], [5, 6, 7, 8]]), np.float32([0.5, 0.25])
    _, sample = make_frame(video_id="a", frame_index=0, num_frames=1)
    sample.proposals = InstanceData(
        bboxes=torch.from_numpy(rows) if as_tensor else rows,
        bbox_scores=torch.from_numpy(scores) if as_tensor else scores,
    )
    ((boxes, found),) = TASK_UTILS.build(dict(type="DatasetBoxes"))([None], [sample], CPU)
    np.testing.assert_array_equal(boxes, rows)
    np.testing.assert_array_equal(found, scores)
    assert boxes.dtype == found.dtype == np.float32


def test_data_set_without_boxes():
    sample = PoseDataSample(metainfo=dict(video_id="a"))
    with pytest.raises(ValueError, match="video a: the data set proposes no boxes"):
        DatasetBoxes()([None], [sample], CPU)


@pytest.fixture
def config(tmp_path):
    (tmp_path / "empty.py").write_text("")
    return str(tmp_path / "empty.py")


@pytest.fixture
def mmdet():
    return pytest.importorskip("mmdet")


def test_no_frames(mmdet, config):
    assert DatasetBoxes()([], [], CPU) == []
    # Nothing to look at is no reason to build a detector, even if it cannot be built.
    assert DetectorBoxes(config=config, checkpoint="https://nowhere/x.pth")([], [], CPU) == []


def test_a_label_that_the_detector_never_gives(mmdet, config):
    model = dict(roi_head=dict(bbox_head=[dict(num_classes=3), dict(num_classes=3)]))
    for label in (0, 2):
        check_category(model, label, "x.py")
    with pytest.raises(ValueError, match=r"category 3: .* of x\.py has the labels 0 to 2"):
        check_category(model, 3, "x.py")
    check_category(dict(), 7, "x.py")  # nothing is stated
    with pytest.raises(ValueError, match="from 0 on, got -1"):
        DetectorBoxes(config=config, checkpoint="https://nowhere/x.pth", category=-1)


@pytest.mark.parametrize("rest", ["", "test_dataloader = dict()"])
def test_the_config_of_a_tracker_is_no_detector(mmdet, tmp_path, rest):
    path, checkpoint = tmp_path / "tracker.py", tmp_path / "x.pth"
    path.write_text(f"model = dict(type='PoseOnlyTracker')\n{rest}")
    checkpoint.write_bytes(b"x")
    boxes = DetectorBoxes(config=str(path), checkpoint=str(checkpoint))
    _, sample = make_frame(video_id="a", frame_index=0, num_frames=1)
    with pytest.raises(ValueError, match=r"tracker\.py is no config of a detector: .*pipeline"):
        boxes([np.zeros((8, 8, 3), np.uint8)], [sample], CPU)


def test_detector_without_config(mmdet):
    with pytest.raises(FileNotFoundError, match=r"configs/nowhere\.py exists neither here nor"):
        DetectorBoxes(config="configs/nowhere.py", checkpoint="https://nowhere/x.pth")


def test_detector_without_its_file(mmdet, config, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for missing in ("nowhere.pth", str(tmp_path), "~/x.pth"):
        with pytest.raises(FileNotFoundError, match=f"the detector's checkpoint {missing} does"):
            DetectorBoxes(config=config, checkpoint=missing)
    (tmp_path / "x.pth").write_bytes(b"")
    for there in ("~/x.pth", str(tmp_path / "x.pth"), "torchvision://resnet50"):
        assert DetectorBoxes(config=config, checkpoint=there).checkpoint == there


def test_detector_without_mmdet(monkeypatch, config):
    for name in [n for n in sys.modules if n == "mmdet" or n.startswith("mmdet.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mmdet", None)
    with pytest.raises(ImportError, match="DetectorBoxes needs mmdet: pip install"):
        DetectorBoxes(config=config, checkpoint="https://nowhere/x.pth")


def test_configs_are_found_by_path(tmp_path, monkeypatch):
    (tmp_path / "x.py").write_text("")
    assert find_config(str(tmp_path / "x.py")) == tmp_path / "x.py"
    monkeypatch.chdir(tmp_path)
    assert find_config("x.py").is_file()
    assert find_config("configs/baselines/oks-tracker.py").is_file()  # of this project
    with pytest.raises(FileNotFoundError, match="configs/none.py"):
        find_config("configs/none.py")
