"""Any similarity with any depth, life, assignment, propagation, refinement, end stage, streams."""

import sys
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from mmpose.registry import MODELS, TASK_UTILS

from mmpose_temporal.models.similarities import EstimatorMatching, Similarity
from mmpose_temporal.models.trackers import (
    Assignment,
    Births,
    Depth,
    Life,
    Memory,
    Propagation,
    Refinement,
    TrackMerging,
)

sys.path.insert(0, str(Path(__file__).parent))

from mixing_cases import (
    ASSIGNMENTS,
    BIRTHS,
    COMBINATIONS,
    DEPTHS,
    ENDS,
    EXTRAS,
    FACTORS,
    LIVES,
    NO_PROBABILITY,
    PROPAGATIONS,
    REFINEMENTS,
    SIMILARITIES,
    build,
    expected_ids,
    run,
    story,
    why_not,
)


@pytest.mark.parametrize("names", COMBINATIONS, ids=lambda names: ", ".join(names.values()))
def test_ids(names):
    reason = why_not(names)
    if reason is not None:
        with pytest.raises(ValueError, match=reason):
            build(names)
        return
    if names["assignment"] == "log odds" and names["similarity"] in NO_PROBABILITY:
        with pytest.raises(ValueError, match="no probability"):
            run(names)
        return
    for video, answers in run(names).items():
        expected = expected_ids(names)
        assert [s.frame_index for s in answers] == list(range(10)), video
        for sample, there in zip(answers, expected, strict=True):
            where = f"video {video}, frame {sample.frame_index}"
            found = sample.pred_instances
            assert sorted(found.track_ids.tolist()) == sorted(there.values()), where
            frames, _ = story()
            for person, track in there.items():
                row = found.track_ids.tolist().index(track)
                center = np.array(frames[sample.frame_index][person], np.float32)
                center = (center[:2] + center[2:]) / 2
                got = (found.keypoints[row].min(0) + found.keypoints[row].max(0)) / 2
                assert np.abs(got - center).max() < 4, where  # the crop's pixels, one candidate


def registered(kind: type) -> set[str]:
    """Names of the registered parts of a kind, without those of the tests."""
    known = {**MODELS.module_dict, **TASK_UTILS.module_dict}
    return {
        name
        for name, part in known.items()
        if isinstance(part, type)
        and issubclass(part, kind)
        and part.__module__.startswith("mmpose_temporal.")
    }


@pytest.mark.parametrize(
    ("kind", "factor"),
    [
        (Similarity, SIMILARITIES),
        (Depth, DEPTHS),
        (Life, LIVES),
        (Assignment, ASSIGNMENTS),
        (Propagation, PROPAGATIONS),
        (Refinement, REFINEMENTS),
        (Births, {part["type"]: part for parts in BIRTHS.values() for part in parts}),
        (TrackMerging, {name: parts.get("merging") for name, parts in ENDS.items()}),
        (Memory, {name: parts.get("memory") for name, parts in EXTRAS.items()}),
    ],
)
def test_every_registered_part_is_mixed(kind, factor):
    there = {part["type"] for part in factor.values() if part}
    assert registered(kind) == there - {"LastMeanColor", "MergeByPlace"}  # of these tests


def test_pairs_are_covered():
    assert len(COMBINATIONS) < 90
    for a, b in combinations(FACTORS, 2):
        found = {(row[a], row[b]) for row in COMBINATIONS}
        assert found == set(product(FACTORS[a], FACTORS[b]))


def test_similarities_of_the_estimator_are_known():
    assert registered(EstimatorMatching) == {
        "KeypointMatchingSimilarity",
        "BodyMatchingSimilarity",
    }
