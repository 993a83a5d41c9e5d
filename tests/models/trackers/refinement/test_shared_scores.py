"""Refinement takes over what association knows, with the results of one that does not."""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import nn

from mmpose_temporal.models.similarities import KeypointMatchingSimilarity
from mmpose_temporal.testing import (
    make_video,
    run_tracker,
    tiny_tkmr_config,
    track_frames,
    walking_pair,
)

MATCHING = dict(type="KeypointMatchingSimilarity")
SOME = dict(MATCHING, joints=[0, 1])
CONFIRMED = dict(type="ConfirmedLife", max_age=2)


@MODELS.register_module()
class AnotherMatching(KeypointMatchingSimilarity):
    """Scores as its base does, but is not known to: nothing is taken over from it."""


def tracker(association: dict, **refinement):
    torch.manual_seed(0)
    config = tiny_tkmr_config(
        association=association, refinement=dict(type="TemporalRefinement", **refinement)
    )
    model = MODELS.build(config).eval()
    nn.init.normal_(model.estimator.refinement_head.final_layer.weight, std=0.5)
    return model


def count(monkeypatch) -> dict[str, int]:
    """How many people are embedded and how many pairs scored by Eq. 5 from now on."""
    asked = dict(people=0, pairs=0)
    embed, pairwise = KeypointMatchingSimilarity.embed, KeypointMatchingSimilarity.pairwise

    def embedding(similarity, packet):
        asked["people"] += len(packet.people)
        return embed(similarity, packet)

    def scoring(similarity, current, previous, pairs=None, scene=None):
        every = len(current["first"]) * len(previous["second"])
        asked["pairs"] += every if pairs is None else int(pairs.sum())
        return pairwise(similarity, current, previous, pairs, scene)

    monkeypatch.setattr(KeypointMatchingSimilarity, "embed", embedding)
    monkeypatch.setattr(KeypointMatchingSimilarity, "pairwise", scoring)
    return asked


def check_same_results(association: dict, make_frames, **refinement) -> list[PoseDataSample]:
    """The answers, which are those of a refinement that embeds and scores everything itself."""
    similarity = {**MATCHING, **association.get("similarity", {})}
    alone = dict(association, similarity=dict(similarity, type="AnotherMatching"))
    found = track_frames(tracker(association, **refinement), make_frames())
    others = track_frames(tracker(alone, **refinement), make_frames())
    assert len(found) == len(others) == len(make_frames())
    for one, other in zip(found, others, strict=True):
        assert one.pred_instances.track_ids.tolist() == other.pred_instances.track_ids.tolist()
        for name in ("keypoints", "keypoint_scores"):
            np.testing.assert_array_equal(one.pred_instances[name], other.pred_instances[name])
    return found


@pytest.mark.parametrize(
    ("association", "refinement", "people", "pairs"),
    [
        # 4 frames of 2 people, 3 steps in between; each overlaps with himself only
        (dict(), {}, 8, 2 * 3),
        (dict(gates=[]), {}, 8, 4 * 3),
        (dict(gates=[dict(type="IoUGate", min_iou=0.99)]), {}, 8, 2 * 3),  # all by refinement
        (dict(life=CONFIRMED), {}, 8, 2 * 3),
        (dict(life=dict(max_age=3)), {}, 8, 2 * 3),
        # with the frame before that, too
        (dict(life=None, depth=dict(type="History", history=2)), {}, 8, 2 * 3 + 2 * 2),
        # embedded and scored twice, since association has other joints
        (dict(similarity=SOME), {}, 16, 2 * 2 * 3),
        (dict(similarity=SOME), dict(joints=[0, 1]), 8, 2 * 3),
    ],
)
def test_nothing_is_scored_twice(association, refinement, people, pairs, monkeypatch) -> None:
    model = tracker(association, tau=1, **refinement)
    with monkeypatch.context() as patch:
        asked = count(patch)
        run_tracker(model, walking_pair("v", 4))
    assert asked == dict(people=people, pairs=pairs)
    found = check_same_results(association, lambda: walking_pair("v", 4), tau=4, **refinement)
    assert [len(sample.pred_instances) for sample in found] == [2] * 4


@pytest.mark.parametrize("similarity", ["IoUSimilarity", "AnotherMatching"])
def test_everything_is_scored_by_the_refinement_where_association_has_another_similarity(
    similarity, monkeypatch
) -> None:
    """Eq. 5 is asked for 8 people and 2 pairs in each of 3 steps, beside what another one asks."""
    asked = count(monkeypatch)
    model = tracker(dict(similarity=dict(type=similarity)), tau=1)
    run_tracker(model, walking_pair("v", 4))
    twice = 2 if similarity == "AnotherMatching" else 1
    assert asked == dict(people=8 * twice, pairs=2 * 3 * twice)


def test_a_refinement_without_context_scores_nothing(monkeypatch) -> None:
    asked = count(monkeypatch)
    model = tracker(dict(similarity=dict(type="IoUSimilarity")), context=False)
    assert len(track_frames(model, walking_pair("v", 4))) == 4
    assert asked == dict(people=0, pairs=0)


def test_people_who_are_missed_or_get_no_id() -> None:
    """Rows and columns go with the people; who was not in the frame before has no column."""
    left, middle, right, far = ([x, 6, x + 14, 38] for x in (2, 12, 22, 46))
    boxes = [
        [left, middle, right],
        [right, left],
        [middle, right, left],  # the one in the middle was not in the frame before
        None,  # not searched
        [left, far, right, middle],  # the one far away is too weak to start a track
        [],
        [middle, left],
    ]
    scores = [[1, 1, 1], [1, 1], [1, 1, 1], [], [1, 0.01, 1, 1], [], [0.01, 1]]
    association = dict(
        life=dict(max_age=2),
        gates=[dict(type="CenterDistanceGate", max_distance=0.3)],
        births=[dict(type="ScoreBirths", new_track_thr=0.02)],
    )

    def frames() -> list:
        return make_video("v", *boxes, scores=scores)

    found = check_same_results(association, frames, tau=7)
    ids = [[0, 1, 2], [1, 0], [1, 2, 0], [], [0, 1, 2], [], [1, 0]]
    assert [s.pred_instances.track_ids.tolist() for s in found] == ids
    assert found[4].dropped == dict(new_track_thr=1)
