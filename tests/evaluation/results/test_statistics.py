"""Figures from stacked counts of videos are those of the videos themselves."""

import json

import numpy as np
import pytest

from mmpose_temporal.evaluation.functional import (
    GroundTruthFrame,
    PredictionFrame,
    VideoInput,
    add_counts,
    count_videos,
    summarize,
)
from mmpose_temporal.evaluation.results import VideoStatistics


def video(name, seed, frames=6):
    """Three people, predictions with errors, missing people and swapped ids."""
    rng = np.random.default_rng(seed)
    truth, found = [], []
    body = rng.uniform(0, 60, (3, 15, 2)) + 300 * np.arange(3)[:, None, None]
    for t in range(frames):
        there = rng.random((3, 15)) < 0.9
        truth.append(GroundTruthFrame(body + 3 * t, there, np.full(3, 20.0), np.arange(3)))
        kept = np.flatnonzero(rng.random(3) < 0.8)
        ids = np.arange(3) if rng.random() < 0.7 else np.array([1, 0, 2])
        points = (body + 3 * t + rng.normal(0, 6, body.shape))[kept]
        there, scores = rng.random((2, len(kept), 15))
        found.append(PredictionFrame(points, there < 0.9, scores, ids[kept]))
    return VideoInput(name, truth, found)


@pytest.fixture(scope="module")
def counts():
    return count_videos(video(name, seed) for seed, name in enumerate("abc"))


@pytest.mark.parametrize("protocol", ["poseval", "strict"])
@pytest.mark.parametrize("weights", [(1, 1, 1), (2, 0, 1), (0, 3, 0)])
def test_resampled_figures(protocol, weights):
    counts = count_videos((video(n, s) for s, n in enumerate("abc")), protocol=protocol)
    statistics = VideoStatistics.of(counts, protocol=protocol, joints="all")
    (figures,) = statistics.figures(np.array([weights]))
    drawn = [c for c, n in zip(counts.values(), weights, strict=True) for _ in range(n)]
    expected = summarize(add_counts(drawn), protocol=protocol)
    assert set(figures.totals) == set(expected.totals) - {"HOTA_legacy"}
    for name, value in figures.totals.items():
        near = 0.5 if name == "AP" else 1e-9  # AP: of ranges of scores
        assert value == pytest.approx(expected.totals[name], abs=near), name
        np.testing.assert_allclose(figures.per_joint[name], expected.per_joint[name], atol=2)
    assert figures.idsw == expected.idsw and figures.fragmentations == expected.fragmentations
    assert figures.idsw_pct == pytest.approx(expected.idsw_pct)


def test_json_keeps_the_figures(counts):
    statistics = VideoStatistics.of(counts, protocol="poseval", joints="annotated")
    text = json.dumps(statistics.as_json(), allow_nan=False)
    again = VideoStatistics.from_json(
        json.loads(text),
        joints=statistics.joints.names,
        protocol="poseval",
        joint_choice="annotated",
    )
    weights = np.array([[1, 2, 0], [0, 1, 1]])
    for one, other in zip(statistics.figures(weights), again.figures(weights), strict=True):
        for name, value in one.totals.items():
            assert other.totals[name] == pytest.approx(value, abs=1e-3), name
        assert one.idsw == other.idsw


def test_only_what_was_counted():
    counts = count_videos([video("a", 0)], metrics=("MOTA",))
    statistics = VideoStatistics.of(counts, protocol="poseval", joints="all")
    assert statistics.metrics == ("MOTA",)
    assert not [name for name in statistics.arrays if name.startswith(("ap", "hota", "identity"))]
    (figures,) = statistics.figures(np.ones((1, 1)))
    assert set(figures.totals) == {"MOTA", "MOTP", "Precision", "Recall"}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda c: c["videos"].__setitem__(1, []), "'videos' must be a list of different names"),
        (lambda c: c["videos"].__setitem__(1, "a"), "'videos' must be a list of different names"),
        (lambda c: c.update(metrics="AP"), "'metrics' must be a list of different names"),
        (lambda c: c["counts"].pop("mot.switches"), "'mot.switches' must be numbers of shape"),
        (lambda c: c["counts"]["num_truth"].pop(), "'num_truth' must be numbers of shape"),
        (lambda c: c["counts"]["ap"].pop(), "'ap' must have 3 videos"),
        (lambda c: c["counts"]["ap"][0][0].append([100, 1, 1]), "ranges from 0 to 99"),
        (lambda c: c["counts"]["ap"][1][2].append([1, 1]), "'ap' of video 1|inhomogeneous"),
    ],
)
def test_damaged_counts(counts, damage, message):
    content = VideoStatistics.of(counts, protocol="poseval", joints="all").as_json()
    content = json.loads(json.dumps(content))
    damage(content)
    names = next(iter(counts.values())).joints.names
    with pytest.raises(ValueError, match=message):
        VideoStatistics.from_json(content, joints=names, protocol="poseval", joint_choice="all")
