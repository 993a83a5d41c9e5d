import numpy as np
import pytest

from mmpose_temporal.datasets import DrawStillQueries, OccludeStills, StillViews

WHOLE = dict(size=64, scale=(1, 1), rotation=0, shift=0)


def viewed(still, **options):
    return StillViews(**WHOLE).transform(still(size=(64, 64), **options))


def grid_person():
    """(1, 17, 3): joints over the whole view."""
    points = np.ones((1, 17, 3))
    points[0, :, 0] = 3 + 14.5 * (np.arange(17) % 5)
    points[0, :, 1] = 3 + 17 * (np.arange(17) // 5)
    return points


@pytest.mark.parametrize("fill", ["color", "noise", "patch"])
@pytest.mark.parametrize("seed", range(4))
def test_exactly_the_points_under_an_occluder_are_hidden(still, fill, seed):
    item = viewed(still, people=grid_person(), seed=seed, num_random=8)
    occlude = OccludeStills(prob=1, number=(2, 4), size=(0.3, 0.6), fills=(fill,))
    before = item["views"][1]
    item = DrawStillQueries().transform(occlude.transform(item))
    covered = item["layers"] == -1
    assert covered.any()
    changed = (item["views"][1] != before).any(2)
    assert not (changed & ~covered).any()
    assert changed[covered].mean() > 0.9
    x, y = np.moveaxis(np.floor(item["targets"] + 0.5).astype(int), -1, 0)
    assert item["valid"].all()
    np.testing.assert_array_equal(item["visible"], ~covered[y, x])
    assert 0 < item["visible"].sum() < item["visible"].size
    np.testing.assert_array_equal(item["views"][0], before)


def test_what_is_hidden_in_the_first_view_is_no_query(still):
    item = viewed(still, people=grid_person(), num_random=8)
    occlude = OccludeStills(prob=1, number=(3, 3), size=(0.4, 0.5), views="first")
    item = DrawStillQueries().transform(occlude.transform(item))
    x, y = np.moveaxis(np.floor(item["queries"] + 0.5).astype(int), -1, 0)
    np.testing.assert_array_equal(item["valid"], ~item["hidden"][y, x])
    np.testing.assert_array_equal(item["visible"], item["valid"])
    np.testing.assert_array_equal(item["is_keypoint"][0], item["valid"][0])
    assert not item["is_keypoint"][1:].any()
    assert 0 < item["valid"].sum() < item["valid"].size


def test_boxes_on_people(still):
    """All occluders of one pixel's size are at the only joint."""
    people = np.zeros((1, 17, 3))
    people[0, 0] = (20, 30, 1)
    item = viewed(still, people=people, boxes=np.array([[10, 10, 40, 60]]))
    occlude = OccludeStills(
        prob=1, number=(5, 5), size=(1e-3, 1e-3), on_people=1, ellipse_share=0.5
    )
    item = occlude.transform(item)
    assert np.argwhere(item["layers"] < 0).tolist() == [[30, 20]]


def test_patches_are_of_the_other_still(still):
    other = np.full((40, 40, 3), 123, np.uint8)
    item = viewed(still, patch_img=other)
    item = OccludeStills(prob=1, fills=("patch",)).transform(item)
    shown = item["views"][1][item["layers"] < 0]
    assert set(np.unique(shown).tolist()) <= {*range(124)}
    assert (shown == 123).mean() > 0.3


def test_none(still):
    item = viewed(still)
    kept = OccludeStills(prob=0).transform(item)
    np.testing.assert_array_equal(kept["views"], item["views"])


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (dict(fills=()), "fills must be some of"),
        (dict(fills=("sky",)), "fills must be some of"),
        (dict(number=(0, 2)), "number must be"),
        (dict(size=(0.3, 0.1)), "size must be"),
        (dict(prob=2), "prob"),
        (dict(views="third"), "views must be one of first, second, both"),
    ],
)
def test_options_out_of_range(options, problem):
    with pytest.raises(ValueError, match=problem):
        OccludeStills(**options)
