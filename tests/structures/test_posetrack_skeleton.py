from dataclasses import fields

import numpy as np

from mmpose_temporal.structures import POSETRACK18, Skeleton, posetrack_metainfo


def test_it_is_what_mmpose_says():
    described = Skeleton.from_metainfo(posetrack_metainfo("posetrack18"))
    for field in fields(Skeleton):
        ours, theirs = getattr(POSETRACK18, field.name), getattr(described, field.name)
        assert np.array_equal(ours, theirs), field.name
