import numpy as np
import pytest
import torch

from mmpose_temporal.structures import cat_rows, select_all, select_rows

ROWS = [[1.0, 0], [0, 2], [3, 3]]


@pytest.mark.parametrize("kind", [np.array, torch.tensor])
@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (np.array([True, False, True]), [0, 2]),
        (np.array([2, 0, 2]), [2, 0, 2]),
        (np.array([], np.int64), []),
        (np.zeros(3, bool), []),
        (slice(1, None), [1, 2]),
    ],
)
def test_rows_are_selected_in_the_order_of_the_index(kind, index, expected):
    rows = kind(ROWS)
    found = select_rows(rows, index)
    assert type(found) is type(rows)
    assert found.tolist() == [ROWS[i] for i in expected]
    assert rows.tolist() == ROWS


def test_tensors_are_selected_by_indices_of_any_layout_in_memory():
    backwards = np.array([0, 1])[::-1]
    assert select_rows(torch.tensor(ROWS), backwards).tolist() == [ROWS[1], ROWS[0]]


def test_all_rows_are_selected_together_and_the_rest_stays():
    rows = dict(a=np.arange(3), b=torch.eye(3))
    kept = select_all(rows, np.array([2, 0]))
    assert kept["a"].tolist() == [2, 0]
    assert kept["b"].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert rows["a"].tolist() == [0, 1, 2]
    assert select_all({}, np.array([0])) == {}


def test_rows_are_joined_name_by_name():
    first = dict(a=np.array([1]), b=torch.tensor([[1.0, 2]]))
    second = dict(b=torch.tensor([[3.0, 4], [5, 6]]), a=np.array([7, 8]))  # in another order
    joined = cat_rows([first, second])
    assert joined["a"].tolist() == [1, 7, 8]
    assert joined["b"].tolist() == [[1, 2], [3, 4], [5, 6]]
    assert cat_rows([first, dict(a=first["a"][:0], b=first["b"][:0])])["a"].tolist() == [1]
    assert cat_rows([{}, {}]) == {}


@pytest.mark.parametrize("other", [{}, dict(a=np.arange(2), c=np.arange(2)), dict(c=np.arange(2))])
def test_rows_of_other_names_are_refused(other):
    with pytest.raises(ValueError, match=r"names, not: .*'[ac]'"):
        cat_rows([dict(a=np.arange(2)), other])
