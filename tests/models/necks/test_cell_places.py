"""Places of cells by hand, and in the keys and queries of a memory, in plain loops."""

import math

import numpy as np
import pytest
import torch

from mmpose_temporal.models.necks import Entries, FeatureMemory, SavedKeypoints
from mmpose_temporal.models.necks.cell_places import FREQUENCIES, CellPlaces

SIZES = pytest.mark.parametrize("size", [(2, 2), (2, 3), (3, 1)])


def identity() -> CellPlaces:
    """The channels are the sines and cosines: of x by rising frequency, then of y."""
    places = CellPlaces(16)
    with torch.no_grad():
        places.to_channels.weight.copy_(torch.eye(16))
    return places


def slow_places(height: int, width: int) -> np.ndarray:
    """(16, h, w) of the identity."""
    found = np.zeros((16, height, width))
    for row in range(height):
        for column in range(width):
            x, y = (column + 0.5) / width, (row + 0.5) / height
            waves = [
                wave(2 * math.pi * frequency * place)
                for place in (x, y)
                for wave in (math.sin, math.cos)
                for frequency in (0.25, 0.5, 1.0, 2.0)
            ]
            found[:, row, column] = waves
    return found


@torch.no_grad()
def test_places_by_hand():
    """The cells of a 2 x 2 map are at 1/4 and 3/4 of each side.

    A period of 4 sides: 22.5 and 67.5 degrees; of 2 sides: 45 and 135; of one: 90 and 270; of
    half a side: 180 and 540.
    """
    found = identity()(torch.zeros(1, 16, 2, 2))
    sin, cos = math.sin(math.pi / 8), math.cos(math.pi / 8)
    half = math.sqrt(0.5)
    near = torch.tensor([sin, half, 1, 0, cos, half, 0, -1])
    far = torch.tensor([cos, half, -1, 0, sin, -half, 0, -1])
    for row, y in enumerate((near, far)):
        for column, x in enumerate((near, far)):
            expected = torch.cat([x, y])
            torch.testing.assert_close(found[0, :, row, column], expected, atol=1e-6, rtol=0)
    assert FREQUENCIES == (0.25, 0.5, 1.0, 2.0)


@SIZES
@torch.no_grad()
def test_places_are_added_to_every_map(size):
    maps = torch.randn(3, 16, *size, generator=torch.Generator().manual_seed(0))
    expected = maps + torch.from_numpy(slow_places(*size)).float()
    torch.testing.assert_close(identity()(maps), expected)


@torch.no_grad()
def test_maps_of_any_size_are_described_alike():
    """The middle of a 1 x 1 map is that of a 3 x 3 map; nobody's map has no places."""
    places = CellPlaces(5)
    one, nine = (places(torch.zeros(1, 5, side, side)) for side in (1, 3))
    torch.testing.assert_close(one[0, :, 0, 0], nine[0, :, 1, 1])
    assert places(torch.zeros(0, 5, 2, 3)).shape == (0, 5, 2, 3)


@torch.no_grad()
def test_a_mirrored_map_has_the_places_of_its_own_columns():
    """The left column of a mirrored map is described as that of any other one."""
    places, maps = identity(), torch.arange(6.0).view(1, 1, 2, 3).expand(-1, 16, -1, -1)
    plain, mirrored = places(maps) - maps, places(maps.flip(-1)) - maps.flip(-1)
    torch.testing.assert_close(plain, mirrored)
    assert (plain[..., 0] - plain[..., 2]).abs().max() > 0.5  # left is not right


@torch.no_grad()
def test_new_places_have_unit_variance():
    """And a cell is most similar to itself, then to the cells beside it."""
    torch.manual_seed(0)
    found = CellPlaces(4096)(torch.zeros(1, 4096, 6, 5))[0]
    torch.testing.assert_close(found.square().mean(0), torch.ones(6, 5), atol=0.1, rtol=0)
    similar = torch.einsum("chw,c->hw", found, found[:, 2, 2]) / 4096
    assert similar.flatten().argmax().item() == 2 * 5 + 2
    assert similar[2, 1] > similar[2, 0] and similar[1, 2] > similar[0, 2]


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_the_precision_is_that_of_the_maps(dtype):
    assert CellPlaces(4)(torch.zeros(1, 4, 2, 2, dtype=dtype)).dtype == dtype


# ---- in a memory: c = 4 and c' = 4 channels, 2 heads


def build(**options) -> FeatureMemory:
    torch.manual_seed(1)
    shape = dict(in_channels=4, embed_channels=4, num_heads=2, position=True)
    memory = FeatureMemory(**{**shape, **options}).double()
    with torch.no_grad():
        memory.alpha.fill_(0.3)
        memory.query_place.to_channels.weight.normal_()
    torch.nn.init.normal_(memory.to_value.weight)
    return memory


def rows_of(maps: np.ndarray, layer, place) -> np.ndarray:
    """(h * w, c') of maps (c, h, w), with the places of the cells."""
    channels, height, width = maps.shape
    found = maps.reshape(channels, -1).T @ layer.weight.detach().numpy()[:, :, 0, 0].T
    if place is None:
        return found
    waves = slow_places(height, width).reshape(16, -1)
    return found + waves.T @ place.to_channels.weight.detach().numpy().T


def slow_read(memory: FeatureMemory, x: np.ndarray, stored: np.ndarray, coda: bool) -> np.ndarray:
    """Eqs. 1 to 3 for one person, with places: x (c, h, w) and the stored maps (E, c, h, w)."""
    keys = np.concatenate([rows_of(m, memory.to_key, memory.key_place) for m in stored])
    values = np.concatenate([rows_of(m, memory.to_value, None) for m in stored])
    queries = rows_of(x, memory.to_query, memory.query_place)
    aligned = np.zeros_like(queries)
    for part in (slice(0, 2), slice(2, 4)):  # of each head
        for j, q in enumerate(queries[:, part]):
            s = [float(k @ q) for k in keys[:, part]]
            far = [float(np.abs(k - q).sum()) for k in keys[:, part]]
            if coda:
                w = [math.tanh(a) * 2 / (1 + math.exp(b)) for a, b in zip(s, far, strict=True)]
            else:
                w = [math.exp(a) / sum(map(math.exp, s)) for a in s]
            aligned[j, part] = sum(a * v for a, v in zip(w, values[:, part], strict=True))
    alpha = memory.alpha.item()
    return alpha * x + (1 - alpha) * aligned.T.reshape(x.shape)


def entries_of(memory: FeatureMemory, stored: torch.Tensor, crowded: bool) -> Entries:
    """Of one person, of whom maps (E, c, h, w) are stored."""
    maps = stored[:, None]
    quality, places = torch.ones(len(maps), 1), torch.full((len(maps), 1, 2), 0.5)
    nothing = SavedKeypoints.nothing(len(maps), 1, maps)
    written = memory.write(maps, quality, places, nothing)
    keys, values = (x[:, 0][None] for x in (written.keys, written.values))
    return Entries(keys, values, torch.tensor([len(maps)]), torch.tensor([crowded]))


@pytest.mark.parametrize("coda", [False, True])
@torch.no_grad()
def test_read_with_places_is_equations_1_to_3(coda):
    memory = build(attention="auto")
    generator = torch.Generator().manual_seed(2)
    x, *stored = torch.randn(4, 4, 2, 3, generator=generator, dtype=torch.float64)
    entries = entries_of(memory, torch.stack(stored), coda)
    found = memory.read(x[None], entries)[0]
    expected = slow_read(memory, x.numpy(), torch.stack(stored).numpy(), coda)
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)
    memory.key_place = memory.query_place = None
    without = memory.read(x[None], entries_of(memory, torch.stack(stored), coda))[0]
    assert (without - found).abs().max() > 0.05
    expected = slow_read(memory, x.numpy(), torch.stack(stored).numpy(), coda)
    np.testing.assert_allclose(without, expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_places_are_those_of_the_pooled_cells():
    """4 x 6 cells that are pooled by 2 read as their 2 x 3 means, and are brought back."""
    fine, coarse = build(attention="coda", read_stride=2), build(attention="coda")
    x, stored = torch.randn(2, 4, 2, 3, generator=torch.Generator().manual_seed(3)).double()
    small = coarse.align(x[None], entries_of(coarse, stored[None], True))
    large = x.repeat_interleave(2, 1).repeat_interleave(2, 2)[None]
    found = fine.align(large, entries_of(fine, stored[None], True))
    expected = torch.nn.functional.interpolate(small, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(found, expected)


@torch.no_grad()
def test_equal_features_are_told_apart_by_their_places():
    """In a map of one value each cell attends most to its own place; without places to all."""
    torch.manual_seed(4)
    options = dict(in_channels=64, embed_channels=64, num_heads=1, attention="vanilla")
    x = torch.full((1, 64, 3, 3), 0.1)
    for position in (True, False):
        memory = FeatureMemory(position=position, **options)
        weights = memory.weights(x, entries_of(memory, x, False))[0, 0, :, 0]  # (n, n)
        if position:
            assert weights.argmax(1).tolist() == list(range(9))
            assert weights.diagonal().min() > 0.5
        else:
            torch.testing.assert_close(weights, torch.full((9, 9), 1 / 9))


def test_places_of_keys_and_queries_start_alike_and_learn_apart():
    torch.manual_seed(0)
    options = dict(in_channels=4, embed_channels=4, num_heads=2, attention="coda")
    memory = FeatureMemory(position=True, **options)
    weights = [p.to_channels.weight for p in (memory.key_place, memory.query_place)]
    assert torch.equal(*weights)
    x, stored = torch.randn(2, 1, 4, 2, 3)
    memory.read(x, entries_of(memory, stored, True)).square().mean().backward()
    assert all(weight.grad.abs().max() > 0 for weight in weights)
    assert not torch.equal(weights[0].grad, weights[1].grad)
    without = FeatureMemory(**options).state_dict()
    assert set(memory.state_dict()) - set(without) == {
        "key_place.to_channels.weight",
        "query_place.to_channels.weight",
    }
