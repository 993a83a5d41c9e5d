"""What the benchmark of CorrTrack compares is the same, and what it measures can be worked out."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import bench_corrtrack

    yield bench_corrtrack
    for name in ("bench_corrtrack", "corrtrack_parts", "corrtrack_public", "common"):
        sys.modules.pop(name, None)


def test_loop_by_hand(bench):
    """One channel, four cells: the filter of cell (1, 0) sees 1 2 in its row and 3 4 below."""
    source = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 1, 2, 2)
    target = torch.tensor([[0.0, 1.0], [0.0, 0.0]]).view(1, 1, 2, 2)
    cells = torch.tensor([[[1, 0]]])
    maps, values, places = bench.looped(source, target, cells)
    # The single 1 of the target is met by the filter's centre (2) from cell (1, 0), by its left
    # neighbour (1) from (2, 0), which is outside, by nothing from (0, 0), and so on.
    logits = torch.tensor([0.0, 2.0, 0.0, 0.0])
    torch.testing.assert_close(maps.flatten(), logits.softmax(0))
    torch.testing.assert_close(values.flatten(), logits.softmax(0).max()[None])
    assert places.tolist() == [[[1, 0]]]


def test_loop_and_ours_agree_at_the_border(bench):
    torch.manual_seed(0)
    source, target = torch.randn(2, 1, 3, 5, 7)
    cells = torch.tensor([[[x, y] for y in range(5) for x in range(7)]])
    for one, other in zip(
        bench.looped(source, target, cells), bench.together(source, target, cells), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_people_stand_inside(bench):
    for people in (1, 10, 30):
        images, keypoints = bench.standing(people, (1280, 720))
        assert images.shape == (2, 720, 1280, 3)
        assert keypoints.shape == (2, people, 17, 2)
        assert (keypoints >= 0).all() and (keypoints < [1280, 720]).all()
        np.testing.assert_allclose(
            keypoints[1] - keypoints[0], [3, 2] * np.ones_like(keypoints[0])
        )
        corners = np.concatenate([keypoints[0].min(1), keypoints[0].max(1)], 1)
        assert len(np.unique(corners.round(), axis=0)) == people


def test_story(bench):
    """The second person is not found in frames 3 and 7, the third is away in frames 4 and 5."""
    frames = bench.story(12)
    assert [len(sample.proposals.bboxes) for _, sample in frames] == [
        *(3, 3, 3, 2, 2, 2, 3, 2, 3, 3, 3, 2)
    ]


def test_rows_say_that_the_published_code_was_not_given(bench, monkeypatch):
    rows = {}
    monkeypatch.setattr(bench, "emit", lambda name, values, **row: rows.update({name: row}))
    encoder = bench.MODELS.build(bench.encoder_config(0.125)).eval()
    bench.bench_frame(encoder, None, people=1, repeats=1)
    assert list(rows) == ["association_ms_1_person", "association_ms_1_person_default"]
    for row, size in zip(rows.values(), ("512x512", "512x288"), strict=True):
        assert row["reference"].startswith("nothing: the published code was not given")
        assert f"input of {size}" in row["reference"]


def test_tables(bench):
    times = [dict(embed=0.1, associate=0.2), dict(embed=0.3, associate=0.4)]
    assert bench.total(times, ("embed", "associate")) == pytest.approx([0.3, 0.7])
    assert bench.in_words(times, ("embed", "associate")) == "embed 200, associate 300 ms"


def test_numbers_of_layers(bench):
    from corrtrack_public import layers_of, numbers_of

    conv, norm = nn.Conv2d(1, 2, 1, bias=False), nn.BatchNorm2d(2, eps=0.5)
    layers = list(layers_of([nn.Sequential(conv, norm, nn.ReLU())]))
    assert layers == [conv, norm]
    (weight, bias), eps = numbers_of(conv)
    assert weight is conv.weight and bias.tolist() == [0, 0] and eps == 0
    tensors, eps = numbers_of(norm)
    assert [t.tolist() for t in tensors] == [[1, 1], [0, 0], [0, 0], [1, 1]] and eps == 0.5


def test_work_and_differences_by_hand(bench):
    from corrtrack_parts import apart
    from corrtrack_public import gflop

    # 10 x 30 sums of 20 products.
    assert gflop(lambda: torch.ones(10, 20) @ torch.ones(20, 30)) == pytest.approx(12e-6)
    expected = torch.tensor([-1.0, 0.0, 3.0])
    assert apart(expected + torch.tensor([0.0, -0.5, 1.0]), expected) == pytest.approx(0.25)


def test_a_folder_without_the_published_code(bench, tmp_path):
    with pytest.raises(SystemExit, match="no baselines/corrtrack"):
        bench.baselines(tmp_path)
    script = tmp_path / "baselines/corrtrack/inference/run_corrtrack.py"
    script.parent.mkdir(parents=True)
    script.touch()
    assert bench.baselines(tmp_path) == (tmp_path / "baselines").resolve()
    assert bench.baselines(tmp_path / "baselines") == (tmp_path / "baselines").resolve()
