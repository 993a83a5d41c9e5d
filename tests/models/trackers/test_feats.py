import numpy as np
import pytest
import torch

from mmpose_temporal.models.trackers import select_people


@pytest.mark.parametrize("index", [np.array([True, False, True]), np.array([0, 2])])
def test_rows_of_people_are_selected_and_the_rest_stays(index):
    feats = dict(time=3, image="x", person_a=np.arange(3), person_b=torch.eye(3))
    kept = select_people(feats, index)
    assert (kept["time"], kept["image"]) == (3, "x")
    assert kept["person_a"].tolist() == [0, 2]
    assert kept["person_b"].tolist() == [[1, 0, 0], [0, 0, 1]]
    assert feats["person_a"].tolist() == [0, 1, 2]


def test_the_order_is_that_of_the_index():
    assert select_people(dict(person_a=np.arange(3)), np.array([2, 0]))["person_a"].tolist() == [
        2,
        0,
    ]
