import sys

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.trackers import DatasetBoxes, DetectorBoxes
from mmpose_temporal.models.trackers.box_sources import find_config
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
    ((boxes, found),) = MODELS.build(dict(type="DatasetBoxes"))([None], [sample], CPU)
    np.testing.assert_array_equal(boxes, rows)
    np.testing.assert_array_equal(found, scores)
    assert boxes.dtype == found.dtype == np.float32


def test_data_set_without_boxes():
    sample = PoseDataSample(metainfo=dict(video_id="a"))
    with pytest.raises(ValueError, match="video a: the data set proposes no boxes"):
        DatasetBoxes()([None], [sample], CPU)


def test_no_frames():
    assert DatasetBoxes()([], [], CPU) == []
    # Nothing to look at is no reason to build a detector, even if it cannot be built.
    assert DetectorBoxes(config="nowhere.py", checkpoint="nowhere.pth")([], [], CPU) == []


def test_detector_without_config():
    pytest.importorskip("mmdet")
    frame, sample = make_frame(video_id="a", frame_index=0, num_frames=1)
    detector = DetectorBoxes(config="configs/nowhere.py", checkpoint="nowhere.pth")
    with pytest.raises(FileNotFoundError, match=r"configs/nowhere\.py exists neither here nor"):
        detector([frame.numpy()], [sample], CPU)


def test_detector_without_mmdet(monkeypatch):
    for name in [n for n in sys.modules if n == "mmdet" or n.startswith("mmdet.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mmdet", None)
    frame, sample = make_frame(video_id="a", frame_index=0, num_frames=1)
    detector = DetectorBoxes(config="x.py", checkpoint="x.pth")
    with pytest.raises(ImportError, match="DetectorBoxes needs mmdet: pip install"):
        detector([frame.numpy()], [sample], CPU)


def test_configs_are_found_by_path(tmp_path, monkeypatch):
    (tmp_path / "x.py").write_text("")
    assert find_config(str(tmp_path / "x.py")) == tmp_path / "x.py"
    monkeypatch.chdir(tmp_path)
    assert find_config("x.py").is_file()
