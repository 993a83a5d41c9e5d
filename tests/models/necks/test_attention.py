"""Weights and sums by hand, in chunks, in half precision, and compiled."""

import math

import pytest
import torch

from mmpose_temporal.models.necks import attention as attention_module
from mmpose_temporal.models.necks.attention import (
    coda_attention,
    coda_weights,
    default_max_weights,
    vanilla_attention,
    vanilla_weights,
)

BOTH = pytest.mark.parametrize("attention", [vanilla_attention, coda_attention])


def random_parts(*, people: int = 3, heads: int = 2, queries: int = 5, keys: int = 7):
    """Queries and keys of 4 channels, values of 3."""
    generator = torch.Generator().manual_seed(0)
    shapes = (queries, 4), (keys, 4), (keys, 3)
    return [
        torch.randn(people, heads, *shape, generator=generator, dtype=torch.float64)
        for shape in shapes
    ]


def test_weights_by_hand():
    """One query (1, 1) and the keys (1, 0) and (1, 2): s = 1 and 3, d = -1 and -1."""
    queries, keys = torch.tensor([[1.0, 1]]), torch.tensor([[1.0, 0], [1, 2]])
    total = math.e + math.e**3
    expected = torch.tensor([[math.e / total, math.e**3 / total]])
    torch.testing.assert_close(vanilla_weights(queries, keys), expected)
    both = 2 / (1 + math.e)  # 2 sigmoid(-1)
    expected = torch.tensor([[math.tanh(1) * both, math.tanh(3) * both]])
    torch.testing.assert_close(coda_weights(queries, keys), expected)


def test_coda_is_one_for_equal_strong_features_and_can_be_negative():
    queries = torch.tensor([[9.0, 9]])
    torch.testing.assert_close(coda_weights(queries, queries), torch.ones(1, 1))
    expected = torch.tensor([[-math.tanh(1) * 2 / (1 + math.e**2)]])  # s = -1, d = -2
    opposite = coda_weights(torch.tensor([[1.0, 0]]), torch.tensor([[-1.0, 0]]))
    torch.testing.assert_close(opposite, expected)


@BOTH
@pytest.mark.parametrize("max_weights", [1, 15, 70, 140, 1000])
def test_chunks_change_nothing(attention, max_weights):
    """70 weights per person: one query, some queries, one person, two, all at a time."""
    queries, keys, values = random_parts()
    valid = torch.arange(7) < torch.tensor([7, 1, 4])[:, None]
    whole = attention(queries, keys, values, valid)
    found = attention(queries, keys, values, valid, max_weights=max_weights)
    torch.testing.assert_close(found, whole)
    assert found.dtype == torch.float64


@BOTH
def test_padding_is_not_read(attention):
    queries, keys, values = random_parts()
    valid = torch.arange(7) < torch.tensor([7, 2, 4])[:, None]
    found = attention(queries, keys, values, valid)
    torch.testing.assert_close(
        found[1:2], attention(queries[1:2], keys[1:2, :, :2], values[1:2, :, :2])
    )
    torch.testing.assert_close(found[:1], attention(queries[:1], keys[:1], values[:1]))


def test_largest_number_of_weights(monkeypatch):
    """No more than asked for are ever there, of one query of one head at least."""
    queries, keys, values = random_parts(queries=6)
    seen = []
    cdist = torch.cdist

    def counted(*args, **options):
        found = cdist(*args, **options)
        seen.append(found.numel())
        return found

    monkeypatch.setattr(torch, "cdist", counted)
    for max_weights, expected in (
        (252, [252]),  # 3 people x 2 heads x 6 queries x 7 keys
        (251, [168, 84]),  # some people at a time
        (83, [42] * 6),  # one head of one person
        (41, [35, 7] * 6),  # 5 queries, then the last
        (1, [7] * 36),
    ):
        coda_attention(queries, keys, values, max_weights=max_weights)
        assert seen == expected
        seen.clear()


def test_largest_number_of_weights_by_default(monkeypatch):
    """On a GPU fewer in training, where the gradient of distances needs memory."""
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert default_max_weights(cpu, training=True) == default_max_weights(cpu, training=False)
    assert default_max_weights(gpu, training=True) * 32 * 4 == 128 * 2**20  # bytes of differences
    assert default_max_weights(gpu, training=False) * 4 == 64 * 2**20  # bytes of weights
    asked = []
    monkeypatch.setattr(
        attention_module, "default_max_weights", lambda _, training: asked.append(training) or 1
    )
    queries, keys, values = random_parts(people=1, heads=1, queries=1)
    coda_attention(queries, keys, values)
    coda_attention(queries.requires_grad_(), keys, values)
    with torch.no_grad():
        coda_attention(queries, keys, values)
    assert asked == [False, True, False]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_sums_that_half_precision_cannot_hold(dtype):
    """16 entries of 108 cells, all alike: weights of 1, values of 1000."""
    alike = torch.full((1, 1, 16 * 108, 32), 30.0, dtype=dtype)
    values = torch.full((1, 1, 16 * 108, 8), 1000.0, dtype=dtype)
    found = coda_attention(alike[:, :, :108], alike, values)
    torch.testing.assert_close(found, torch.full((1, 1, 108, 8), 1728000.0))
    found = vanilla_attention(alike[:, :, :108], alike, values)  # s = 28800
    torch.testing.assert_close(found.float(), torch.full((1, 1, 108, 8), 1000.0))


def test_coda_ignores_autocast():
    queries, keys, values = (x.float() for x in random_parts())
    with torch.autocast("cpu", torch.bfloat16):
        found = coda_attention(queries, keys, values)
    assert torch.equal(found, coda_attention(queries, keys, values))


@BOTH
def test_gradients(attention):
    """By finite differences; with gradients nothing is computed in place."""
    parts = [x.requires_grad_() for x in random_parts(people=2, queries=2, keys=3)]
    valid = torch.tensor([[True, True, True], [True, False, True]])
    assert torch.autograd.gradcheck(lambda *x: attention(*x, valid, max_weights=7), parts)


@BOTH
def test_compiled(attention):
    """In one graph."""
    queries, keys, values = (x.float() for x in random_parts())
    valid = torch.arange(7) < torch.tensor([7, 1, 4])[:, None]
    compiled = torch.compile(attention, fullgraph=True, backend="eager")
    with torch.no_grad():
        found = compiled(queries, keys, values, valid, max_weights=20)
        expected = attention(queries, keys, values, valid)
    torch.testing.assert_close(found, expected)
