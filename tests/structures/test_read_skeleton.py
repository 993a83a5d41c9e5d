"""A skeleton from a config's metainfo."""

import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmpose_temporal.structures import POSETRACK18, read_skeleton


@pytest.mark.filterwarnings("ignore:The metainfo config file")
def test_from_a_file_of_mmpose_or_what_was_parsed():
    source = dict(from_file="configs/_base_/datasets/posetrack18.py")
    assert read_skeleton(source).same_keypoints(POSETRACK18)
    assert read_skeleton(parse_pose_metainfo(source)).same_keypoints(POSETRACK18)


def test_from_a_description():
    points = {0: dict(name="a", swap="b"), 1: dict(name="b", swap="a")}
    links = {0: dict(link=("a", "b"), color=[1, 2, 3])}
    described = dict(
        dataset_name="two",
        keypoint_info=points,
        skeleton_info=links,
        joint_weights=[1, 1],
        sigmas=[0.1, 0.2],
    )
    skeleton = read_skeleton(described)
    assert skeleton.keypoint_names == ("a", "b") and skeleton.flip_indices.tolist() == [1, 0]
    assert skeleton.links.tolist() == [[0, 1]] and skeleton.link_colors.tolist() == [[1, 2, 3]]


@pytest.mark.parametrize("metainfo", [{}, dict(dataset_name="x"), dict(classes=("person",))])
def test_what_describes_nothing(metainfo):
    with pytest.raises(ValueError, match="from_file"):
        read_skeleton(metainfo)


def test_a_file_that_is_not_there():
    with pytest.raises(FileNotFoundError):
        read_skeleton(dict(from_file="nowhere/no_such_layout.py"))
