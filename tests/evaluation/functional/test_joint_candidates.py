"""The fast assignment gives the same sum as the Hungarian algorithm on every frame and joint."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from mmpose_temporal.evaluation.functional import (
    GroundTruthFrame,
    PredictionFrame,
    VideoInput,
    match_joints,
    select_scored,
)
from mmpose_temporal.evaluation.functional.joint_candidates import (
    assign_joints,
    joint_candidates,
)


def _matches(rng, frames=6, people=5, width=12):
    truth, predictions = [], []
    for _ in range(frames):
        m, n = rng.integers(0, people, 2)
        truth.append(
            GroundTruthFrame(
                rng.uniform(0, width, (m, 15, 2)),
                rng.random((m, 15)) < 0.8,
                np.full(m, 10.0),
                rng.permutation(people)[:m],
            )
        )
        predictions.append(
            PredictionFrame(
                rng.uniform(0, width, (n, 15, 2)),
                rng.random((n, 15)) < 0.8,
                np.ones((n, 15)),
                rng.permutation(people)[:n],
            )
        )
    video = VideoInput("v", truth, predictions)
    return match_joints(select_scored(video, protocol="strict"))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("levels", [None, 3])
def test_highest_sum(seed, levels):
    matches = _matches(np.random.default_rng(seed))
    values = np.maximum(0, 1 - matches.distances)
    if levels:  # many ties
        values = np.ceil(values * levels) / levels
    found = joint_candidates(matches, values, values > 0)
    chosen = assign_joints(matches, found, found.values)
    for side in (found.rows, found.columns):  # one to one
        key = side[chosen] * 15 + found.joints[chosen]
        assert len(np.unique(key)) == len(key)
    frames = matches.scored.truth.frames[found.rows]
    competing = 0
    for frame, joint in {(f, j) for f, j in zip(frames, found.joints, strict=True)}:
        of_group = (frames == frame) & (found.joints == joint)
        table = np.zeros((len(matches.scored.truth), len(matches.scored.predicted)))
        table[found.rows[of_group], found.columns[of_group]] = found.values[of_group]
        best = table[linear_sum_assignment(-table)].sum()
        assert found.values[chosen][of_group[chosen]].sum() == pytest.approx(best)
        competing += best < table.max(1).sum() - 1e-9
    assert competing > 0


def test_tracks():
    matches = _matches(np.random.default_rng(0))
    found = joint_candidates(matches, matches.distances, matches.matched)
    scored = matches.scored
    ids, other_ids = np.unique(scored.truth.track_ids), np.unique(scored.predicted.track_ids)
    for c, u in enumerate(found.tracks):
        track, joint = scored.truth.track_ids[found.rows[c]], found.joints[c]
        other = scored.predicted.track_ids[found.columns[c]]
        assert ids[found.pair_truth[u]] == track
        assert other_ids[found.pair_predicted[u]] == other
        assert found.pair_joints[u] == joint
        of_track = scored.truth.track_ids == track
        assert found.truth_joints[u] == scored.truth.present[of_track, joint].sum()
        of_track = scored.predicted.track_ids == other
        assert found.predicted_joints[u] == scored.predicted.present[of_track, joint].sum()
    assert len(found.tracks) > 20


def test_nothing():
    matches = _matches(np.random.default_rng(0))
    found = joint_candidates(matches, matches.distances, np.zeros_like(matches.matched))
    assert len(assign_joints(matches, found, found.values)) == 0
