"""Numbers that another precision cannot hold become the largest that it can."""

import pytest
import torch

from mmpose_temporal.models.necks.precision import within_range


def test_beyond_the_range_of_half_precision():
    x = torch.tensor([1e6, -1e6, 0.5, float("inf")])
    found = within_range(x, torch.float16)
    assert found.dtype == torch.float16 and found.tolist() == [65504, -65504, 0.5, 65504]
    assert within_range(x, torch.float32) is x


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_into_a_wider_range(dtype):
    x = torch.tensor([65504.0, -2.0], dtype=torch.float16)
    assert within_range(x, dtype).dtype == dtype
    assert within_range(x, dtype)[1] == -2
