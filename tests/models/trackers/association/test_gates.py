import numpy as np
import pytest
from mmpose.registry import TASK_UTILS

from mmpose_temporal.structures import People


def people(*boxes) -> People:
    return People.create(
        keypoints=np.zeros((len(boxes), 17, 2)), boxes=np.array(boxes).reshape(-1, 4)
    )


def gate(current, previous, **cfg) -> list:
    passed = TASK_UTILS.build(cfg)(current, previous)
    assert passed.dtype == bool
    assert passed.shape == (len(current), len(previous))
    return passed.tolist()


def test_iou():
    now = people([0, 0, 200, 100])
    past = people([0, 0, 200, 50], [0, 0, 20, 100], [400, 0, 600, 100])
    # 0.5, 0.1 (exactly at the threshold: let through), 0
    assert gate(now, past, type="IoUGate", min_iou=0.1) == [[True, True, False]]
    assert gate(now, past, type="IoUGate", min_iou=0.5) == [[True, False, False]]


def test_center_distance():
    now = people([0, 0, 30, 40])  # diagonal 50, centre (15, 20)
    past = people([50, 0, 80, 40], [51, 0, 81, 40], [0, 0, 2, 2])  # 50 and 51 px; 23.6 px
    cfg = dict(type="CenterDistanceGate", max_distance=1.0)
    assert gate(now, past, **cfg) == [[True, False, True]]
    assert gate(past, now, **cfg) == [[True], [False], [True]]  # the larger box counts
    cfg["max_distance"] = 0.4  # 20 px
    assert gate(now, past, **cfg) == [[False, False, False]]


@pytest.mark.parametrize("name", ["IoUGate", "CenterDistanceGate"])
def test_people_without_area_are_near_themselves(name):
    """One joint: the box around it counts as 8 x 8 pixels."""
    one, far = people([50, 50, 50, 50]), people([90, 50, 90, 50])
    assert gate(one, one, type=name) == [[True]]
    assert gate(one, people([52, 50, 52, 50]), type=name) == [[True]]
    assert gate(one, far, type=name) == [[False]]


@pytest.mark.parametrize("name", ["IoUGate", "CenterDistanceGate"])
def test_nobody(name):
    assert gate(people(), people([0, 0, 1, 1]), type=name) == []
    assert gate(people([0, 0, 1, 1]), people(), type=name) == [[]]


@pytest.mark.parametrize(
    "cfg",
    [
        dict(type="IoUGate", min_iou=0.0),
        dict(type="IoUGate", min_iou=1.1),
        dict(type="CenterDistanceGate", max_distance=0.0),
    ],
)
def test_thresholds_out_of_range(cfg):
    with pytest.raises(ValueError, match="must be"):
        TASK_UTILS.build(cfg)
