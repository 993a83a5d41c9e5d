"""Matching by keypoints, with classifiers whose answers are known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models import heads, similarities
from mmpose_temporal.structures import KEYPOINT_NAMES, People, Skeleton
from mmpose_temporal.testing import make_packet, random_poses, tiny_temporal_estimator_config

K, C = 17, 8


@pytest.fixture
def estimator():
    torch.manual_seed(0)
    return MODELS.build(tiny_temporal_estimator_config()).eval()


@pytest.fixture
def similarity(estimator):
    found = MODELS.build(dict(type="KeypointMatchingSimilarity"))
    found.bind(SimpleNamespace(estimator=estimator))
    return found


def people(number: int, seed: int, **options) -> People:
    """With random features at their keypoints, as an estimator gives them."""
    torch.manual_seed(seed)
    poses = random_poses(number, seed=seed, **options)
    return poses.with_extras(keypoint_features=torch.randn(number, K, C))


def equation_5(classifiers, now, before, pairs: np.ndarray, joints=range(K)) -> np.ndarray:
    """Written from the paper: concatenate, three layers, softmax, sum over k, indicator."""
    first, second = now.extra("keypoint_features"), before.extra("keypoint_features")
    w1, w2, w3 = classifiers.weight1, classifiers.weight2, classifiers.weight3
    b1, b2, b3 = classifiers.bias1, classifiers.bias2, classifiers.bias3
    result = np.zeros(pairs.shape)
    for i in range(len(now)):
        for j in range(len(before)):
            for k in joints:
                if (
                    not pairs[i, j]
                    or min(now.keypoint_scores[i, k], before.keypoint_scores[j, k]) <= 0
                ):
                    continue
                pair = torch.cat([first[i, k], second[j, k]])
                hidden = torch.relu(pair @ w1[k] + b1[k])
                hidden = torch.relu(hidden @ w2[k] + b2[k])
                result[i, j] += torch.softmax(hidden @ w3[k] + b3[k], 0)[1].item()
    return result


@pytest.mark.parametrize("joints", [None, (0, 3, 16)])
def test_equals_equation_5(estimator, joints) -> None:
    similarity = similarities.KeypointMatchingSimilarity(joints=joints)
    similarity.bind(SimpleNamespace(estimator=estimator))
    now, before = people(4, 1, absent=0.3), people(3, 2, absent=0.3)
    pairs = np.array([[1, 0, 1], [1, 1, 1], [0, 0, 0], [0, 1, 0]], bool)
    scores = similarity.pairwise(
        similarity.embed(make_packet(now)), similarity.embed(make_packet(before)), pairs
    ).total
    expected = equation_5(
        estimator.matching_head.classifiers, now, before, pairs, joints or range(K)
    )
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    assert (scores[~pairs] == 0).all() and expected.max() > 0


def test_known_answers(similarity) -> None:
    """Classifiers of zeros answer 1/2, so two people with all 17 keypoints have 17 / 2."""
    for weight in similarity.head.classifiers.parameters():
        torch.nn.init.zeros_(weight)
    now, before = people(2, 1), people(1, 2)
    scores = similarity.pairwise(
        similarity.embed(make_packet(now)), similarity.embed(make_packet(before))
    ).total
    assert scores.tolist() == [[8.5], [8.5]]
    # one of them has but 3 keypoints
    present = np.zeros((1, K), np.float32)
    present[:, :3] = 1
    before = before.replace(keypoint_scores=present)
    scores = similarity.pairwise(
        similarity.embed(make_packet(now)), similarity.embed(make_packet(before))
    ).total
    assert scores.tolist() == [[1.5], [1.5]]


def test_probabilities_of_single_keypoints(similarity) -> None:
    """They add up to the similarity, and are NaN where one of the two has no such keypoint."""
    now, before = people(3, 1, absent=0.3), people(2, 2, absent=0.3)
    one, other = similarity.embed(make_packet(now)), similarity.embed(make_packet(before))
    found = similarity.probabilities(one, other, np.array([2, 0]), np.array([1, 1]))
    assert found.shape == (2, K) and found.dtype == np.float32
    there = (now.keypoint_scores[[2, 0]] > 0) & (before.keypoint_scores[[1, 1]] > 0)
    np.testing.assert_array_equal(np.isfinite(found), there)
    whole = similarity.pairwise(one, other).total
    np.testing.assert_allclose(np.nansum(found, 1), whole[[2, 0], 1], atol=1e-5)


def test_only_pairs_let_through_are_scored(similarity, monkeypatch) -> None:
    asked = []
    method = similarity.head.classifiers.pair_probabilities

    def counting(first, second, rows, columns):
        asked.append(list(zip(rows.tolist(), columns.tolist(), strict=True)))
        return method(first, second, rows, columns)

    monkeypatch.setattr(similarity.head.classifiers, "pair_probabilities", counting)
    now, before = (
        similarity.embed(make_packet(people(2, 1))),
        similarity.embed(make_packet(people(2, 2))),
    )
    similarity.pairwise(now, before, np.array([[False, True], [True, False]]))
    assert asked == [[(0, 1), (1, 0)]]  # one call
    similarity.pairwise(now, before, np.zeros((2, 2), bool))
    assert len(asked) == 1  # nothing to ask


def test_a_person_without_keypoints_is_like_nobody(similarity) -> None:
    poses = people(2, 1)
    scores = poses.keypoint_scores.copy()
    scores[1] = 0
    found = similarity.embed(make_packet(poses.replace(keypoint_scores=scores)))
    result = similarity.pairwise(found, found).total
    assert result[0, 0] > 0
    assert result[0, 1] == result[1, 0] == result[1, 1] == 0


def test_nobody(similarity) -> None:
    nobody = similarity.embed(make_packet(People.empty(K)))
    somebody = similarity.embed(make_packet(people(3, 1)))
    assert nobody["first"].shape == (0, K, C) and nobody["present"].shape == (0, K)
    assert similarity.pairwise(nobody, somebody).total.shape == (0, 3)
    assert similarity.pairwise(somebody, nobody).total.shape == (3, 0)


def test_rows_can_be_chosen(similarity) -> None:
    """What the association keeps: any subset of the rows."""
    now, before = (
        similarity.embed(make_packet(people(3, 1))),
        similarity.embed(make_packet(people(3, 2))),
    )
    whole = similarity.pairwise(now, before).total
    part = {name: rows[torch.tensor([2, 0])] for name, rows in before.items()}
    np.testing.assert_allclose(similarity.pairwise(now, part).total, whole[:, [2, 0]], atol=1e-6)


def test_the_weights_are_in_the_estimator_once(similarity, estimator) -> None:
    assert similarity.head is estimator.matching_head
    assert similarity.state_dict() == {}


def test_what_is_missing_is_said(similarity, estimator) -> None:
    poses = people(2, 1)
    with pytest.raises(ValueError, match="needs people with the extra 'keypoint_features'"):
        similarity.embed(make_packet(poses.only_extras()))
    with pytest.raises(ValueError, match=r"is \(2, 16, 8\) for poses of \(2, 17\) people"):
        similarity.embed(make_packet(poses.with_extras(keypoint_features=torch.randn(2, 16, C))))
    unbound = similarities.KeypointMatchingSimilarity()
    with pytest.raises(ValueError, match="use it in a PoseTracker, which binds it"):
        unbound.embed(make_packet(poses))


@pytest.mark.parametrize(
    ("matching", "found"), [(None, "has none"), ("BodyMatchingHead", "has a BodyMatchingHead")]
)
def test_an_estimator_without_the_head(matching, found) -> None:
    estimator = MODELS.build(tiny_temporal_estimator_config(matching=matching))
    with pytest.raises(ValueError, match=found):
        similarities.KeypointMatchingSimilarity().bind(SimpleNamespace(estimator=estimator))


def test_wrong_joints(estimator) -> None:
    for joints in ((), (1, 1)):
        with pytest.raises(ValueError, match="joints must name keypoints, each once"):
            similarities.KeypointMatchingSimilarity(joints=joints)
    with pytest.raises(ValueError, match=r"joints must be in \[0, 16\], got \[17\]"):
        similarities.KeypointMatchingSimilarity(joints=[17]).bind(
            SimpleNamespace(estimator=estimator)
        )


def test_type_of_head() -> None:
    assert similarities.KeypointMatchingSimilarity.HEAD is heads.KeypointMatchingHead


def test_who_answers_the_same(estimator) -> None:
    def similarity(of=estimator, **options):
        found = similarities.KeypointMatchingSimilarity(**options)
        found.bind(SimpleNamespace(estimator=of))
        return found

    one = similarity(joints=[0, 3])
    assert one.same_as(similarity(joints=[0, 3])) and similarity().same_as(similarity())
    other = MODELS.build(tiny_temporal_estimator_config())
    for different in (similarity(), similarity(joints=[3]), similarity(other, joints=[0, 3])):
        assert not one.same_as(different)
    assert not one.same_as(None) and not one.same_as(similarities.IoUSimilarity())


def test_joints_by_name(estimator) -> None:
    similarity = similarities.KeypointMatchingSimilarity(joints=("nose", "left_hip"))
    similarity.bind(SimpleNamespace(estimator=estimator))
    assert similarity.joints.tolist() == [0, 11]
    names = KEYPOINT_NAMES[::-1]
    similarity.use_skeleton(Skeleton(keypoint_names=names))
    assert similarity.joints.tolist() == [16, 5]
    with pytest.raises(ValueError, match="joint0.*left_hip"):
        similarity.use_skeleton(Skeleton(keypoint_names=tuple(f"joint{i}" for i in range(17))))
    with pytest.raises(ValueError, match="17 keypoints.*have 5"):
        similarity.use_skeleton(Skeleton(keypoint_names=KEYPOINT_NAMES[:5]))
