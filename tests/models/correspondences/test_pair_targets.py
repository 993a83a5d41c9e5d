"""What a batch of pairs asks for, on the grid, by hand."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.correspondences.pair_targets import PairTargets

CPU = torch.device("cpu")


def pair(queries, targets, valid, visible, size=(32, 32), tensors=False):
    sample = PoseDataSample(metainfo=dict(input_size=size))
    rows = dict(
        queries=np.array(queries, np.float32),
        targets=np.array(targets, np.float32),
        valid=np.array(valid),
        visible=np.array(visible),
    )
    if tensors:
        rows = {name: torch.from_numpy(value) for name, value in rows.items()}
    sample.gt_instances = InstanceData(**rows)
    return sample


def test_cells_by_hand():
    """Cells of 4 pixels: 3.4 is in the first, 3.6 in the second (pixel 3 ends at 3.5). The target
    1.5 is the first cell's centre, 5.5 the second's, 3.5 lies between them."""
    sample = pair(
        [[[3.4, 3.6], [-0.5, 31.4], [9, 9]]],
        [[[1.5, 5.5], [3.5, -0.5], [0, 0]]],
        [[True, True, True]],
        [[True, True, False]],
    )
    found = PairTargets.of([sample], 4, CPU)
    assert found.shape == (1, 1, 3)
    assert found.query_cells.tolist() == [[[0, 1], [0, 7], [2, 2]]]
    assert found.cells[0, :2].tolist() == [[0, 1], [0.5, -0.5]]
    assert found.valid.tolist() == [[True, True, True]]
    assert found.visible.tolist() == [[True, True, False]]
    assert found.cells.isfinite().all()


@pytest.mark.parametrize("tensors", [False, True])
def test_what_is_not_valid_has_no_cell_and_is_not_visible(tensors):
    nan = [np.nan, np.nan]
    sample = pair([[nan, [8, 8]]], [[nan, nan]], [[False, True]], [[True, False]], tensors=tensors)
    found = PairTargets.of([sample], 4, CPU)
    assert found.query_cells.tolist() == [[[0, 0], [2, 2]]]
    assert found.visible.tolist() == [[False, False]]
    assert found.cells.isfinite().all()


def test_a_query_at_the_border_or_beyond_is_in_the_last_cell():
    """32 x 16 pixels are 8 x 4 cells."""
    queries = [[[31.9, 15.9], [40, -3], [31.4, 15.4]]]
    sample = pair(queries, queries, [[True] * 3], [[True] * 3], size=(32, 16))
    found = PairTargets.of([sample], 4, CPU)
    assert found.query_cells.tolist() == [[[7, 3], [7, 0], [7, 3]]]


def test_people_of_a_batch():
    """Two pairs of two groups with three joints: rows of people, and whose pair they are of."""
    rng = np.random.default_rng(0)
    samples = [
        pair(rng.uniform(0, 31, (2, 3, 2)), np.zeros((2, 3, 2)), *[np.ones((2, 3), bool)] * 2)
        for _ in range(2)
    ]
    found = PairTargets.of(samples, 4, CPU)
    assert found.owners.tolist() == [0, 0, 1, 1]
    people = found.by_person(found.query_cells)
    assert people.shape == (4, 3, 2)
    assert people[2, 0].tolist() == found.query_cells[1, 0].tolist()


def test_pairs_of_other_numbers_do_not_fit():
    one, two = (pair(*[np.zeros((n, 3, 2))] * 2, *[np.ones((n, 3), bool)] * 2) for n in (1, 2))
    with pytest.raises(ValueError, match="same number of groups.*num_people"):
        PairTargets.of([one, two], 4, CPU)
