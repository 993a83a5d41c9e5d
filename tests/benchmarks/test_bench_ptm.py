"""What the benchmark of PTM compares is the same, and what it measures can be worked out."""

import sys
from pathlib import Path

import pytest
import torch

from mmpose_temporal.models.necks import Entries, PoseTemporalMemory

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CPU = torch.device("cpu")


@pytest.fixture
def bench_ptm(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import bench_ptm

    yield bench_ptm
    for name in ("bench_ptm", "common"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("attention", ["coda", "vanilla"])
@torch.no_grad()
def test_reference_by_hand(bench_ptm, attention):
    """One person, one cell, one head: k = (1, 0), q = (1, 0.5) and v = (3, 5)."""
    neck = PoseTemporalMemory(in_channels=2, embed_channels=2, num_heads=1, attention=attention)
    neck.to_query.weight.copy_(torch.eye(2)[..., None, None])
    x = torch.tensor([1.0, 0.5]).view(1, 2, 1, 1)
    entries = Entries(
        keys=torch.tensor([1.0, 0.0]).view(1, 1, 1, 2),
        values=torch.tensor([3.0, 5.0]).view(1, 1, 1, 2),
        counts=torch.tensor([1]),
        crowded=torch.tensor([True]),
    )
    found = bench_ptm.direct(neck, x, entries, attention == "coda").flatten()
    # tanh(1) * 2 sigmoid(-0.5) = 0.761594 * 0.755081
    weight = {"coda": 0.575065, "vanilla": 1.0}[attention]
    expected = 0.9 * torch.tensor([1.0, 0.5]) + 0.1 * weight * torch.tensor([3.0, 5.0])
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=0)
    torch.testing.assert_close(found, neck.read(x, entries).flatten())


def test_peak_is_beside_the_output(bench_ptm):
    """Two buffers of 4000 bytes at a time, then one that is kept."""

    def work():
        first = torch.empty(1000)
        second = first.clone()
        del first
        return second

    assert bench_ptm.peak(work, CPU) == 4000
    assert bench_ptm.peak(lambda: torch.empty(1000), CPU) == 0


def test_clock_counts_what_it_watches(bench_ptm):
    class Part:
        def double(self, x):
            return 2 * x

    part, clock = Part(), bench_ptm.Clock(CPU)
    clock.watch(part, "double")
    assert clock.seconds == 0
    assert part.double(4) == 8
    assert 0 < clock.seconds < 1


def test_visitors(bench_ptm):
    """One person who stays, a second one in frames 0 to 14, who is back elsewhere in frame 25."""
    boxes = [frame.proposals.bboxes.tolist() for _, frame in bench_ptm.visitors("v", 26)]
    assert [len(found) for found in boxes] == [2] * 15 + [1] * 10 + [2]
    assert boxes[14][1] == [24, 8, 36, 40]
    assert boxes[25][1] == [36, 8, 48, 40]
