"""Refinement takes over what association knows, with the results of one that does not."""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS
from torch import nn

from mmpose_temporal.models.similarities import KeypointMatchingSimilarity
from mmpose_temporal.models.trackers.shared_scores import (
    share_people,
    share_scores,
    shared_people,
)
from mmpose_temporal.testing import make_video, run_tracker, tiny_tkmr_config, walking_pair

SOME = dict(type="KeypointMatchingSimilarity", joints=[0, 1])


def tracker(association: dict, **refinement):
    torch.manual_seed(0)
    config = tiny_tkmr_config(
        association=association, refinement=dict(type="TemporalRefinement", **refinement)
    )
    model = MODELS.build(config).eval()
    nn.init.normal_(model.estimator.refinement_head.final_layer.weight, std=0.5)
    return model


def count(model, monkeypatch) -> dict[str, int]:
    """How many people are embedded and how many pairs scored by Eq. 5 from now on."""
    asked = dict(people=0, pairs=0)
    project = model.estimator.matching_head.classifiers.project
    score = KeypointMatchingSimilarity._score

    def projecting(features):
        asked["people"] += len(features)
        return project(features)

    def scoring(similarity, current, previous, rows, columns):
        asked["pairs"] += len(rows)
        return score(similarity, current, previous, rows, columns)

    monkeypatch.setattr(model.estimator.matching_head.classifiers, "project", projecting)
    monkeypatch.setattr(KeypointMatchingSimilarity, "_score", scoring)
    return asked


def same_results(association: dict, make_frames, monkeypatch, **refinement) -> None:
    """As those of a tracker whose refinement embeds and scores everything itself."""
    answers = []
    for patched in (False, True):
        if patched:
            monkeypatch.setattr(KeypointMatchingSimilarity, "same_as", lambda *_: False)
        answers.append(run_tracker(tracker(association, **refinement), make_frames())[-1])
        assert answers
    for one, other in zip(*answers, strict=True):
        assert one.pred_instances.track_ids.tolist() == other.pred_instances.track_ids.tolist()
        for name in ("keypoints", "keypoint_scores"):
            np.testing.assert_array_equal(one.pred_instances[name], other.pred_instances[name])


@pytest.mark.parametrize(
    ("association", "refinement", "people", "pairs"),
    [
        # 4 frames of 2 people, 3 steps in between; each overlaps with himself only
        (dict(), {}, 8, 2 * 3),
        (dict(gates=[]), {}, 8, 4 * 3),
        (dict(gates=[dict(type="IoUGate", min_iou=0.99)]), {}, 8, 2 * 3),  # all by refinement
        (dict(type="ConfirmedAssociation", max_age=2), {}, 8, 2 * 3),
        (dict(max_age=3), {}, 8, 2 * 3),
        # with the frame before that, too
        (dict(type="HistoryAssociation", history=2, max_age=2), {}, 8, 2 * 3 + 2 * 2),
        # everything by refinement, since it has another similarity or other joints
        (dict(similarity=dict(type="IoUSimilarity")), {}, 8, 2 * 3),
        (dict(similarity=SOME), {}, 16, 2 * 2 * 3),
        (dict(similarity=SOME), dict(joints=[0, 1]), 8, 2 * 3),
    ],
)
def test_nothing_is_scored_twice(association, refinement, people, pairs, monkeypatch) -> None:
    model = tracker(association, tau=1, **refinement)
    with monkeypatch.context() as patch:
        asked = count(model, patch)
        run_tracker(model, walking_pair("v", 4))
    assert asked == dict(people=people, pairs=pairs)
    same_results(association, lambda: walking_pair("v", 4), monkeypatch, tau=4, **refinement)


def test_people_who_are_missed_or_get_no_id(monkeypatch) -> None:
    """Rows and columns go with the people; who was not in the frame before has no column."""
    left, middle, right, far = ([x, 6, x + 14, 38] for x in (2, 12, 22, 46))
    boxes = [
        [left, middle, right],
        [right, left],
        [middle, right, left],  # the one in the middle was in the memory
        None,  # not searched
        [left, far, right, middle],  # the one far away is too weak to start a track
        [],
        [middle, left],
    ]
    scores = [[1, 1, 1], [1, 1], [1, 1, 1], [], [1, 0.01, 1, 1], [], [0.01, 1]]
    gate = dict(type="CenterDistanceGate", max_distance=0.3)
    association = dict(max_age=2, gates=[gate], new_track_thr=0.02)

    def frames() -> list:
        return make_video("v", *boxes, scores=scores)

    same_results(association, frames, monkeypatch, tau=7)
    found = run_tracker(tracker(association, tau=7), frames())[-1]
    ids = [[0, 1, 2], [1, 0], [1, 2, 0], [], [0, 1, 2], [], [1, 0]]
    assert [s.pred_instances.track_ids.tolist() for s in found] == ids
    assert found[4].dropped == dict(new_track_thr=1)


def test_entries_of_feats() -> None:
    similarity, rows = KeypointMatchingSimilarity(), dict(first=np.ones((2, 3)))
    entries = share_people(similarity, rows)
    assert entries["similarity"] is similarity
    assert entries["person_similarity_first"] is rows["first"]
    assert shared_people(dict(entries, person_other=1)).keys() == {"first"}
    scores = np.array([[1.0, 2, 3], [4, 5, 6]], np.float32)
    before = np.array([True, False, True])
    whole = share_scores(scores, None, before)["person_similarities"]
    assert whole.tolist() == [[1, 3], [4, 6]]
    pairs = np.array([[1, 0, 0], [1, 1, 1]], bool)
    gated = share_scores(scores, pairs, before)["person_similarities"]
    np.testing.assert_array_equal(gated, [[1, np.nan], [4, 6]])
    assert gated.dtype == np.float32
