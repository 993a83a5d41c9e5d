import numpy as np
import pytest
from mmpose.registry import MODELS

from mmpose_temporal.models import IoUSimilarity
from mmpose_temporal.structures import People
from mmpose_temporal.testing import make_packet


def people(*keypoints, boxes) -> People:
    return People.create(keypoints=keypoints, boxes=np.array(boxes))


def test_detection_boxes():
    similarity = MODELS.build(dict(type="IoUSimilarity"))
    now = similarity.embed(make_packet(people([[0, 0], [1, 1]], boxes=[[0, 0, 10, 10]])))
    past = similarity.embed(make_packet(people([[0, 0], [1, 1]], boxes=[[0, 5, 10, 15]])))
    np.testing.assert_allclose(similarity.pairwise(now, past).total, [[50 / 150]], rtol=1e-6)


def test_boxes_of_the_joints():
    similarity = IoUSimilarity(boxes="keypoints")
    far = [[0, 0, 1, 1], [0, 0, 1, 1]]
    poses = people([[0, 0], [10, 10], [99, 99]], [[0, 5], [10, 15], [7, 7]], boxes=far)
    poses = poses.replace(keypoint_scores=np.array([[1, 1, 0], [1, 1, 0]], np.float32))
    embedded = similarity.embed(make_packet(poses))
    scores = similarity.pairwise(embedded, embedded).total
    np.testing.assert_allclose(scores, [[1, 1 / 3], [1 / 3, 1]], rtol=1e-6)


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 2), (2, 0)])
@pytest.mark.parametrize("boxes", ["detection", "keypoints"])
def test_nobody(boxes, rows, columns):
    similarity = IoUSimilarity(boxes=boxes)
    now, past = (
        similarity.embed(make_packet(People.create(keypoints=np.ones((n, 3, 2)))))
        for n in (rows, columns)
    )
    assert similarity.pairwise(now, past).total.shape == (rows, columns)


def test_unknown_boxes():
    with pytest.raises(ValueError, match="'detection' or 'keypoints', got 'mask'"):
        IoUSimilarity(boxes="mask")


def test_nothing_to_learn():
    with pytest.raises(TypeError, match="IoUSimilarity has nothing to learn"):
        IoUSimilarity().loss()
