"""Matching by one feature a body."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.testing import make_packet, random_poses, tiny_temporal_estimator_config

K, C = 17, 8


@pytest.fixture
def similarity():
    torch.manual_seed(0)
    estimator = MODELS.build(tiny_temporal_estimator_config(matching="BodyMatchingHead"))
    found = MODELS.build(dict(type="BodyMatchingSimilarity"))
    found.bind(SimpleNamespace(estimator=estimator))
    return found


def test_equals_one_classifier_on_the_means(similarity) -> None:
    now, before = random_poses(3, seed=1, absent=0.4), random_poses(2, seed=2, absent=0.4)
    features = [torch.randn(3, K, C), torch.randn(2, K, C)]
    classifiers = similarity.head.classifiers
    expected = np.zeros((3, 2))
    for i in range(3):
        for j in range(2):
            means = [
                feature[row][torch.from_numpy(poses.keypoint_scores[row] > 0)].mean(0)
                for poses, feature, row in ((now, features[0], i), (before, features[1], j))
            ]
            hidden = torch.relu(torch.cat(means) @ classifiers.weight1[0] + classifiers.bias1[0])
            hidden = torch.relu(hidden @ classifiers.weight2[0] + classifiers.bias2[0])
            answer = hidden @ classifiers.weight3[0] + classifiers.bias3[0]
            expected[i, j] = torch.softmax(answer, 0)[1]
    embedded = [
        similarity.embed(make_packet(poses.with_extras(keypoint_features=feature)))
        for poses, feature in zip((now, before), features, strict=True)
    ]
    assert embedded[0]["first"].shape == (3, 1, C)
    np.testing.assert_allclose(similarity.pairwise(*embedded).total, expected, atol=1e-5)
    assert expected.min() > 0 and expected.max() < 1


def test_a_body_without_keypoints_is_like_nobody(similarity) -> None:
    poses = random_poses(2, seed=1)
    scores = poses.keypoint_scores.copy()
    scores[0] = 0
    poses = poses.replace(keypoint_scores=scores)
    found = similarity.embed(
        make_packet(poses.with_extras(keypoint_features=torch.randn(2, K, C)))
    )
    result = similarity.pairwise(found, found).total
    assert result[1, 1] > 0 and result[0].tolist() == [0, 0] and result[1, 0] == 0


def test_keypoint_classifiers_do_not_fit() -> None:
    estimator = MODELS.build(tiny_temporal_estimator_config())
    with pytest.raises(ValueError, match="matching_head=dict\\(type='BodyMatchingHead'"):
        MODELS.build(dict(type="BodyMatchingSimilarity")).bind(
            SimpleNamespace(estimator=estimator)
        )
