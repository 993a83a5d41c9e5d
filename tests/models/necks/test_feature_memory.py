"""Reading and writing against the equations of the paper in plain loops."""

import math

import numpy as np
import pytest
import torch

from mmpose_temporal.models.necks import Entries, FeatureMemory, SavedKeypoints

COUNTS = [0, 1, 3, 2, 3]
CROWDED = [False, True, False, True, True]


def build(**options) -> FeatureMemory:
    """In double precision, c = 6 and c' = 4 channels, 2 heads; alpha is 0.3."""
    torch.manual_seed(0)
    shape = dict(in_channels=6, embed_channels=4, num_heads=2)
    memory = FeatureMemory(**{**shape, **options}).double()
    torch.nn.init.normal_(memory.to_value.weight)
    with torch.no_grad():
        for layer in (memory.to_key, memory.to_query):
            layer.weight *= 3
        memory.alpha.fill_(0.3)
    return memory


def random_maps(number: int, size=(2, 3), *, channels: int = 6, seed: int = 1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(number, channels, *size, generator=generator, dtype=torch.float64)


def entries_of(memory: FeatureMemory, stored: list, crowded: list[bool]) -> Entries:
    """The entries of people of whom maps (c, h, w) are stored, padded with numbers of noise."""
    longest = max(map(len, stored))
    size = memory.pool(stored[-1]).shape[-2:]
    padded = random_maps(len(stored) * longest, size, channels=memory.in_channels, seed=9)
    padded = padded.unflatten(0, (len(stored), longest)) * 50
    for row, maps in enumerate(stored):
        if len(maps):
            padded[row, : len(maps)] = memory.pool(maps)
    flat = padded.flatten(0, 1)[:, None]
    written = memory.write(
        flat,
        torch.full((len(flat), 2), 1.0),
        torch.full((len(flat), 2, 2), 0.5),
        SavedKeypoints.nothing(len(flat), 2, flat),
    )
    keys, values = (
        x[:, 0].unflatten(0, (len(stored), longest)) for x in (written.keys, written.values)
    )
    return Entries(keys, values, torch.tensor([len(m) for m in stored]), torch.tensor(crowded))


def pooled(x: np.ndarray, stride: int) -> np.ndarray:
    c, height, width = x.shape
    found = np.zeros((c, height // stride, width // stride))
    for y in range(found.shape[1]):
        for z in range(found.shape[2]):
            block = x[:, y * stride : (y + 1) * stride, z * stride : (z + 1) * stride]
            found[:, y, z] = block.sum((1, 2)) / stride**2
    return found


def upsampled(x: np.ndarray, stride: int) -> np.ndarray:
    """Bilinear between the centres of the cells."""
    c, height, width = x.shape
    found = np.zeros((c, height * stride, width * stride))
    for row in range(found.shape[1]):
        for column in range(found.shape[2]):
            y, z = ((p + 0.5) / stride - 0.5 for p in (row, column))
            for i in range(height):
                for j in range(width):
                    share = 1.0
                    for at, cell, last in ((y, i, height - 1), (z, j, width - 1)):
                        share *= max(0.0, 1 - abs(min(max(at, 0), last) - cell))
                    found[:, row, column] += share * x[:, i, j]
    return found


def slow_read(memory: FeatureMemory, x: np.ndarray, stored: np.ndarray, coda: bool) -> np.ndarray:
    """Eqs. 1 to 3 for one person: x (c, H, W) and the stored maps (E, c, H, W)."""
    w_k, w_q, w_v = (
        layer.weight.detach().numpy()[:, :, 0, 0]
        for layer in (memory.to_key, memory.to_query, memory.to_value)
    )
    stride, heads, alpha = memory.read_stride, memory.num_heads, memory.alpha.item()
    small = pooled(x, stride)
    m = np.concatenate([pooled(one, stride).reshape(len(x), -1).T for one in stored])  # (l, c)
    q = small.reshape(len(x), -1).T  # (n, c)
    aligned = np.zeros_like(q)
    d, c = len(w_k) // heads, len(w_v) // heads
    for head in range(heads):
        to_k, to_q = (w[head * d : (head + 1) * d] for w in (w_k, w_q))
        to_v = w_v[head * c : (head + 1) * c]
        for j in range(len(q)):
            s = [float((to_k @ m_i) @ (to_q @ q[j])) for m_i in m]
            far = [-float(np.abs(to_k @ m_i - to_q @ q[j]).sum()) for m_i in m]
            total = sum(math.exp(s_i) for s_i in s)
            for i, m_i in enumerate(m):
                if coda:
                    w = math.tanh(s[i]) * 2 / (1 + math.exp(-far[i]))
                else:
                    w = math.exp(s[i]) / total
                aligned[j, head * c : (head + 1) * c] += w * (to_v @ m_i)
    back = upsampled(aligned.T.reshape(small.shape), stride)
    return alpha * x + (1 - alpha) * back


@pytest.mark.parametrize("attention", ["vanilla", "coda", "auto"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("max_weights", [1, 60, 2**22])
def test_read_is_equations_1_to_3(attention, stride, max_weights):
    """People with 0 to 3 entries, of crowded videos and of others, in one call."""
    memory = build(attention=attention, read_stride=stride, max_weights=max_weights)
    size = 2 * stride, 3 * stride
    x, stored = random_maps(len(COUNTS), size), [random_maps(n, size, seed=n) for n in COUNTS]
    with torch.no_grad():
        found = memory.read(x, entries_of(memory, stored, CROWDED))
    assert found.dtype == torch.float64
    assert torch.equal(found[0], x[0])  # nothing is stored of this one
    for row in range(1, len(COUNTS)):
        coda = attention == "coda" or (attention == "auto" and CROWDED[row])
        expected = slow_read(memory, x[row].numpy(), stored[row].numpy(), coda)
        np.testing.assert_allclose(found[row], expected, atol=1e-5, rtol=0)
        assert np.abs(expected - x[row].numpy()).max() > 0.1


@pytest.mark.parametrize("num_heads", [1, 2])
def test_numbers_of_heads(num_heads):
    memory = build(num_heads=num_heads, attention="coda")
    x, stored = random_maps(1), random_maps(2, seed=5)
    with torch.no_grad():
        found = memory.read(x, entries_of(memory, [stored], [False]))
    expected = slow_read(memory, x[0].numpy(), stored.numpy(), True)
    np.testing.assert_allclose(found[0], expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("attention", ["vanilla", "coda", "auto"])
def test_a_padded_batch_equals_one_person_at_a_time(attention):
    memory = build(attention=attention)
    x, stored = random_maps(len(COUNTS)), [random_maps(n, seed=n) for n in COUNTS]
    with torch.no_grad():
        together = memory.read(x, entries_of(memory, stored, CROWDED))
        for row, maps in enumerate(stored):
            if len(maps):
                alone = entries_of(memory, [maps], CROWDED[row : row + 1])
                assert alone.valid is None
                torch.testing.assert_close(together[row], memory.read(x[row : row + 1], alone)[0])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_an_empty_memory_gives_the_features_bit_by_bit(dtype):
    memory, x = build().to(dtype), random_maps(2).to(dtype)
    nothing = torch.zeros(2, 0, 6, 4, dtype=dtype), torch.zeros(2, 0, 6, 6, dtype=dtype)
    entries = Entries(*nothing, torch.zeros(2, dtype=torch.long), torch.zeros(2, dtype=torch.bool))
    assert torch.equal(memory.read(x, entries), x)


@pytest.mark.parametrize("attention", ["vanilla", "coda"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_network_in_half_precision_stays_finite(attention, dtype):
    """16 entries of 108 cells, all alike; CoDA's sums are 1728 times 1000."""
    memory = build(attention=attention, in_channels=4).to(dtype)
    with torch.no_grad():
        memory.to_value.weight.copy_(torch.eye(4, dtype=dtype)[..., None, None])
    x = torch.full((1, 4, 12, 9), 1000.0, dtype=dtype)
    keys = memory.to_query(x).flatten(2).transpose(1, 2)[:, None].expand(1, 16, 108, 4)
    values = torch.full((1, 16, 108, 4), 1000.0, dtype=dtype)
    entries = Entries(keys, values, torch.tensor([16]), torch.tensor([False]))
    with torch.no_grad():
        y = memory.read(x, entries)
    assert y.dtype == dtype and y.isfinite().all()
    mean, most = 1000.0, min(0.3 * 1000 + 0.7 * 1728 * 1000, torch.finfo(dtype).max)
    expected = most if attention == "coda" else mean
    torch.testing.assert_close(y.float(), torch.full_like(y, expected).float(), rtol=0.02, atol=0)


def test_the_weights_for_pictures_are_those_of_the_reading():
    memory = build(attention="auto", num_heads=1)
    x, stored = random_maps(2), [random_maps(2, seed=5), random_maps(2, seed=6)]
    entries = entries_of(memory, stored, [True, False])
    with torch.no_grad():
        weights = memory.weights(x, entries)
        assert weights.shape == (2, 1, 6, 2, 6)
        aligned = torch.einsum("bnqek,bekc->bcq", weights.double(), entries.values)
        torch.testing.assert_close(
            aligned.unflatten(2, (2, 3)), memory.align(x, entries), rtol=1e-5, atol=1e-5
        )
    torch.testing.assert_close(weights[1].sum((-1, -2)), torch.ones(1, 6))


def test_pooling_where_the_stride_does_not_divide_a_side():
    """Seven columns become two of four that share one; a mirrored map is pooled as mirrored."""
    memory = build(read_stride=4)
    x = torch.arange(7.0).expand(1, 6, 4, 7)
    assert memory.pool(x)[0, 0].tolist() == [[1.5, 4.5]]
    assert memory.pool(x.flip(-1))[0, 0].tolist() == [[4.5, 1.5]]
    assert memory.pool(x[..., :3]).shape == (1, 6, 1, 1)


# ---- writing


def written(memory, maps, quality, **options):
    quality = torch.tensor(quality)
    places = options.get("places", torch.full((*quality.shape, 2), 0.5))
    saved = options.get("saved") or SavedKeypoints.nothing(*quality.shape, maps)
    with torch.no_grad():
        return memory.write(maps, quality, places, saved)


def test_the_sum_of_the_qualities_decides():
    memory = build(heatmap_thr=1.5)
    maps = random_maps(3)[:, None]
    found = written(memory, maps, [[0.75, 0.75], [0.75, 1.0], [0.5, 0.5]])
    assert found.stored.tolist() == [False, True, False]  # at the threshold is not over it
    expected = torch.einsum("kc,bchw->bhwk", memory.to_key.weight[:, :, 0, 0], maps[:, 0])
    torch.testing.assert_close(found.keys[:, 0], expected.flatten(1, 2))
    expected = torch.einsum("kc,bchw->bhwk", memory.to_value.weight[:, :, 0, 0], maps[:, 0])
    torch.testing.assert_close(found.values[:, 0], expected.flatten(1, 2))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_features_that_are_not_finite_are_not_stored(bad):
    memory = build(heatmap_thr=0)
    maps = random_maps(2)[:, None]
    maps[1, 0, 2, 1, 2] = bad
    found = written(memory, maps, [[1.4, 1.4], [1.4, 1.4]], places=torch.full((2, 2, 2), 0.7))
    assert found.stored.tolist() == [True, False]
    assert found.saved.there.tolist() == [[True, True], [False, False]]
    assert found.saved.vectors.isfinite().all()


def test_without_replacement_nothing_is_saved():
    maps = random_maps(1)[:, None]
    saved = SavedKeypoints(torch.ones(1, 1, 2, 6), torch.tensor([[True, True]]))
    on, off = (
        written(build(replacement=on), maps, [[1.4, 0.5]], saved=saved) for on in (True, False)
    )
    assert off.saved is saved and not off.replaced.any()
    assert on.replaced.tolist() == [[False, True]]
    plain = build().to_key(maps[:, 0]).flatten(2).transpose(1, 2)
    torch.testing.assert_close(off.keys[:, 0], plain)
    changed = (on.keys[0, 0] != plain[0]).any(-1)
    assert changed.tolist() == [False] * 4 + [True, False]  # the cell (y, x) = (1, 1) of 2 x 3


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (dict(capacity=0), "capacity must be 1 or more, got 0: a network without a memory"),
        (dict(capacity=-1), "capacity must be 1 or more, got -1"),
        (dict(read_stride=0), "read_stride must be 1 or more"),
        (dict(max_weights=0), "max_weights must be 1 or more"),
        (dict(num_heads=3), "num_heads must divide embed_channels, got 3 and 4"),
        (dict(in_channels=5), "num_heads must divide in_channels, got 2 and 5"),
        (dict(attention="soft"), "attention must be one of vanilla, coda, auto, got 'soft'"),
        (dict(low_thr=1.2), "low_thr must be at most high_thr, got 1.2 and 0.98"),
        (dict(blur_kernel=4), "must be odd and 1 or more cells, got 4"),
    ],
)
def test_options_out_of_range(options, text):
    with pytest.raises(ValueError, match=text):
        build(**options)


def test_new_weights_are_near_the_single_frame_network():
    """W_V is the identity, W_Q is W_K, and the keys of a head have a length of about 1."""
    torch.manual_seed(0)
    memory = FeatureMemory(in_channels=64, embed_channels=32, num_heads=4)
    x = torch.randn(8, 64, 4, 4)
    assert torch.equal(memory.to_value(x), x)
    assert memory.alpha.item() == pytest.approx(0.9)
    keys, queries = (
        layer(x).flatten(2).unflatten(1, (4, 8)) for layer in (memory.to_key, memory.to_query)
    )
    assert torch.equal(keys, queries)
    assert keys.square().sum(2).mean().item() == pytest.approx(1, abs=0.3)
