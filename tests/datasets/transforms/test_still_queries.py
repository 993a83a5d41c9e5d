import numpy as np
import pytest
import torch
from mmpose.registry import TRANSFORMS

from mmpose_temporal.datasets import DrawStillQueries, PackStillPair, StillViews

STILL = dict(size=64, scale=(1, 1), rotation=0, shift=0)
NOSE, L_KNEE = 0, 13


def people(*places):
    """(P, 17, 3): a nose at each place and a knee 10 pixels below."""
    points = np.zeros((len(places), 17, 3))
    for row, (x, y) in enumerate(places):
        points[row, NOSE] = (x, y, 1)
        points[row, L_KNEE] = (x, y + 10, 1)
    return points


def drawn(still, views=None, **options):
    item = StillViews(**(STILL | (views or {}))).transform(still(size=(64, 64), **options))
    return DrawStillQueries().transform(item)


def test_groups_of_people_come_first_and_random_ones_fill_up(still):
    item = drawn(still, people=people((20, 20)), num_people=2, num_random=1)
    assert item["annotated"].tolist() == [True, False, False]
    assert np.flatnonzero(item["is_keypoint"][0]).tolist() == [NOSE, L_KNEE]
    np.testing.assert_array_equal(item["valid"][0], item["is_keypoint"][0])
    np.testing.assert_allclose(item["queries"][0, [NOSE, L_KNEE]], [[20, 20], [20, 30]])
    assert item["valid"][1:].all()
    assert not item["is_keypoint"][1:].any()
    assert item["diagonals"][0] == pytest.approx(10)
    assert np.isnan(item["diagonals"][1:]).all()
    assert ((item["queries"][1:] >= 0) & (item["queries"][1:] <= 63)).all()


def test_absent_joints_become_random_points(still):
    item = drawn(still, people=people((20, 20)), num_random=0, fill_random=True)
    assert item["annotated"].tolist() == [True]
    assert np.flatnonzero(item["is_keypoint"][0]).tolist() == [NOSE, L_KNEE]
    assert item["valid"].all()
    assert item["visible"].all()
    np.testing.assert_allclose(item["targets"], item["queries"])
    assert len(np.unique(item["queries"][0], axis=0)) == 17


def test_of_more_people_some_are_drawn(still):
    given = people(*((5 + 10 * i, 20) for i in range(5)))
    noses = set()
    for seed in range(40):
        item = drawn(still, people=given, num_people=2, num_random=0, seed=seed)
        x = item["queries"][:, NOSE, 0]
        assert item["annotated"].all()
        assert x[0] < x[1]
        noses |= set(x.round().tolist())
    assert noses == {5, 15, 25, 35, 45}


def test_people_who_are_not_in_the_first_view_do_not_count(still):
    """The first has left the image, of the second the knee has."""
    item = drawn(still, people=people((-30, 5), (20, 58)), num_people=2, num_random=0)
    assert item["annotated"].tolist() == [True, False]
    assert np.flatnonzero(item["valid"][0]).tolist() == [NOSE]
    np.testing.assert_allclose(item["queries"][0, L_KNEE], [20, 68])


def test_a_query_beside_the_image_is_none(still):
    """In a view of 64 x 64 the image has 32 rows, and black below them."""
    given = people((20, 20))
    item = StillViews(**STILL).transform(still(size=(64, 32), people=given, num_random=3))
    item["first_keypoints"][0, L_KNEE] = (20, 40, 1)
    item = DrawStillQueries().transform(item)
    assert np.flatnonzero(item["valid"][0]).tolist() == [NOSE]
    assert item["queries"][1:, :, 1].max() <= 31


def test_targets_outside_are_given_and_not_visible(still):
    """All is moved 40 to the right: 20 comes to 60, and 30 leaves the view of 64."""
    item = StillViews(**STILL).transform(still(size=(64, 64), people=people((20, 20), (30, 20))))
    item["warp"][0, 2] = 40
    item = DrawStillQueries().transform(item | dict(num_people=2))
    np.testing.assert_allclose(item["targets"][:2, NOSE], [[60, 20], [70, 20]])
    assert item["valid"][:2, NOSE].all()
    assert item["visible"][:2, NOSE].tolist() == [True, False]


def test_random_points_near_people(still):
    """A share of 1: all in the enlarged box; without people anywhere."""
    item = StillViews(**STILL).transform(
        still(size=(64, 64), people=people((20, 20)), boxes=[[10, 15, 30, 35]], num_random=30)
    )
    near = DrawStillQueries(near_people=1, widen=0.1).transform(dict(item))["queries"][1:]
    assert near.min((0, 1)) == pytest.approx([8, 13], abs=0.3)
    assert near.max((0, 1)) == pytest.approx([32, 37], abs=0.3)
    everywhere = DrawStillQueries(near_people=0).transform(dict(item))["queries"][1:]
    assert everywhere.min() < 1
    assert everywhere.max() > 62
    nobody = StillViews(**STILL).transform(still(size=(64, 64), num_random=30))
    queries = DrawStillQueries(near_people=1).transform(nobody)["queries"]
    assert queries.max() > 62


def test_nobody(still):
    item = drawn(still, num_people=2, num_random=1)
    assert not item["annotated"].any()
    assert item["queries"].shape == (3, 17, 2)
    assert item["visible"].all()


def test_packed(still):
    views = dict(scale=(0.9, 1.1), rotation=20)
    pair = TRANSFORMS.build(dict(type="PackStillPair")).transform(
        drawn(still, views, people=people((20, 20)))
    )
    assert pair["inputs"].shape == (2, 3, 64, 64)
    assert pair["inputs"].dtype == torch.uint8
    sample = pair["data_samples"]
    truth = sample.gt_instances
    assert {name: (tuple(value.shape), value.dtype) for name, value in truth.items()} == dict(
        queries=((2, 17, 2), torch.float32),
        targets=((2, 17, 2), torch.float32),
        valid=((2, 17), torch.bool),
        visible=((2, 17), torch.bool),
        is_keypoint=((2, 17), torch.bool),
        annotated=((2,), torch.bool),
        diagonals=((2,), torch.float32),
    )
    assert (sample.input_size, sample.same_image, sample.img_id) == ((64, 64), True, 5)
    assert sample.img_path == "still.png"
    assert sample.warp.dtype == np.float32
    there = truth.queries @ sample.warp[:, :2].T + sample.warp[:, 2]
    torch.testing.assert_close(truth.targets, there, atol=1e-3, rtol=0)
    assert set(PackStillPair.META_KEYS) <= set(sample.metainfo_keys())


@pytest.mark.parametrize("options", [dict(near_people=2), dict(widen=-1)])
def test_options_out_of_range(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))} must be"):
        DrawStillQueries(**options)
