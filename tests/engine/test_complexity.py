import pytest
from mmpose.registry import MODELS

from mmpose_temporal.engine.complexity import (
    estimator_complexity,
    similarity_complexity,
    why_not_the_paper,
)
from mmpose_temporal.models import PoseEntailment
from mmpose_temporal.testing import tiny_estimator_config


def costs(similarity: dict) -> dict:
    answer = similarity_complexity(MODELS.build(similarity))
    return {part.name: (part.parameters, part.multiply_adds) for part in answer.modules}


def test_the_paper_s_matching_network():
    """30 tokens of 128: six products of 128 x 128 and two of 30 x 30 x 128 in each layer.

    The last layer: keys and values of all tokens, the rest of one.
    """
    square = 128 * 128
    layer = 30 * 6 * square + 2 * 30 * 30 * 128
    last = 30 * 2 * square + 4 * square + 2 * 30 * 128
    found = costs(dict(type="PoseEntailment"))
    assert found == dict(
        embeddings=((432 + 15 + 5 + 2) * 128, 0),
        transformers=(398336, 3 * layer + last),
        pooler=(square + 128, square),
        classifier=(258, 256),
    )
    total = similarity_complexity(PoseEntailment()).total
    assert total.parameters == 473218
    assert total.multiply_adds == sum(cost for _, cost in found.values())


def test_other_layers():
    """64 wide and 256 between: 4 products of 64 x 64 and 2 of 64 x 256."""
    network = dict(hidden=64, intermediate=256, num_layers=2)
    layer = 30 * (4 * 64**2 + 2 * 64 * 256) + 2 * 30 * 30 * 64
    last = 30 * 2 * 64**2 + 2 * 64**2 + 2 * 64 * 256 + 2 * 30 * 64
    found = costs(dict(type="PoseEntailment", network=network))
    assert found["transformers"][1] == layer + last


def test_the_difference_to_the_paper_is_explained():
    """15 tokens: 4 x (15 x 6 x 128^2 + 2 x 15^2 x 128) = 6,128,640 = 5.845 x 2^20."""
    text = why_not_the_paper(PoseEntailment())
    assert 4 * (15 * 6 * 128**2 + 2 * 15**2 * 128) == 6128640
    assert "12.72 M multiply-adds in all rows of all 4 layers" in text
    assert "6.13 M = 5.845 x 2^20" in text


def test_the_table():
    lines = str(similarity_complexity(PoseEntailment())).splitlines()
    assert lines[0] == "PoseEntailment, a pair of poses"
    assert lines[3].split() == ["transformers", "398,336", "0.4", "10,594,816", "5.84"]
    assert lines[-1].split() == ["total", "473,218", "0.41", "10,611,456", "6.2"]


@pytest.mark.parametrize("kind", ["GCNSimilarity", "ConvEntailment"])
def test_other_networks(kind):
    total = similarity_complexity(MODELS.build(dict(type=kind))).total
    assert total.parameters > 100_000
    assert total.multiply_adds > 1_000_000


def test_track_entailment():
    """15 joints with 14 + 6 x 6 features and one pair with 25 + 9 x 6; 16 tokens of 96.

    Six products in each layer, of 96 x 96 (four) and 96 x 192 (two).
    """
    network = dict(hidden=96, intermediate=192, num_layers=3, num_heads=4)
    similarity = MODELS.build(dict(type="TrackEntailment", history=6, network=network))
    products = 4 * 96**2 + 2 * 96 * 192
    layer = 16 * products + 2 * 16 * 16 * 96
    last = 16 * 2 * 96**2 + (products - 2 * 96**2) + 2 * 16 * 96
    answer = similarity_complexity(similarity)
    assert answer.unit == "pose and track, judged once"
    assert {part.name: part.multiply_adds for part in answer.modules} == {
        "tokens": (15 * 50 + 79) * 96,
        "network.layers": 2 * layer + last,
        "network.pooler": 96 * 96,
        "network.classifier": 2 * 96,
    }
    assert answer.total.parameters == sum(p.numel() for p in similarity.parameters())
    assert "0.41" not in str(answer)  # the paper's figures are of another network


def test_nothing_to_learn():
    with pytest.raises(TypeError, match="nothing to learn"):
        similarity_complexity(MODELS.build(dict(type="OKSSimilarity")))


def test_an_estimator():
    """Half the crop, half the work."""
    estimator = MODELS.build(tiny_estimator_config())
    answer = estimator_complexity(estimator, (64, 48))
    half = estimator_complexity(estimator, (32, 48))
    with pytest.raises(ValueError, match="TopdownPoseEstimator does not take a crop of 0x0"):
        estimator_complexity(estimator, (0, 0))
    assert [part.name for part in answer.modules] == ["backbone", "head"]
    assert answer.total.parameters == sum(p.numel() for p in estimator.parameters())
    assert answer.total.multiply_adds == 2 * half.total.multiply_adds
    assert answer.unit == "crop of 48x64"
