import numpy as np
import pytest

from mmpose_temporal.datasets import DrawStillQueries, StillViews
from mmpose_temporal.datasets.transforms.still_geometry import apply

STILL = dict(scale=(1, 1), rotation=0, shift=0)
NOSE, L_KNEE, R_KNEE = 0, 13, 14


def dot(place, size):
    """A black image with a white spot about a place (x, y) that need not be a whole number."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    spot = 255 * np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / (2 * 3.0**2))
    return np.repeat(spot[..., None], 3, axis=2).round().astype(np.uint8)


def centroid(view):
    """(x, y) of the spot."""
    weight = view[..., 0].astype(float)
    y, x = np.indices(weight.shape)
    return np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()


def person(joints):
    """(1, 17, 3) with joints {index: (x, y)}."""
    points = np.zeros((1, 17, 3))
    for joint, place in joints.items():
        points[0, joint] = (*place, 1)
    return points


def test_the_whole_image_lies_at_the_top_left(still):
    """96 x 64 in 32 pixels: a third; the pixel (1, 1) is the middle of the first 3 x 3."""
    item = StillViews(size=32, **STILL).transform(still(people=person({NOSE: (1, 1)})))
    np.testing.assert_allclose(item["first_keypoints"][0, NOSE], [0, 0, 1], atol=1e-12)
    first, second = item["views"]
    np.testing.assert_array_equal(first, second)
    # 64 rows are 21.33 of the view, whose 22nd is interpolated with what is below.
    assert first[:21].any((1, 2)).all()
    assert not first[22:].any()
    np.testing.assert_allclose(first[0, 0], item["img"][:3, :3].mean((0, 1)), atol=1)
    np.testing.assert_allclose(item["content"], [0, 0, 31, 64 / 3 - 1])
    assert item["same_image"] is True
    assert not item["hidden"].any()
    assert not item["layers"].any()


@pytest.mark.parametrize("size", [(220, 160), (900, 500)])
@pytest.mark.parametrize("seed", range(6))
def test_a_spot_lands_where_the_target_says(still, size, seed):
    """In both views, at any size of the image: enlarged, made smaller, cropped, mirrored."""
    rng = np.random.default_rng(seed)
    place = np.array(size) * rng.uniform(0.35, 0.65, 2)
    people = person({L_KNEE: place})
    boxes = np.array([[*place - 40, *place + 40]])
    views = StillViews(
        size=128, crop_prob=0.5, mirror_prob=0.5, flip_prob=0.3, crop_scale=(1.5, 3), shift=0.05
    )
    item = views.transform(still(image=dot(place, size), people=people, boxes=boxes, seed=seed))
    item = DrawStillQueries().transform(item)
    joint = int(item["is_keypoint"][0].argmax())
    assert joint in (L_KNEE, R_KNEE)
    assert item["visible"][0, joint]
    first, second = item["views"]
    np.testing.assert_allclose(centroid(first), item["queries"][0, joint], atol=0.3)
    np.testing.assert_allclose(centroid(second), item["targets"][0, joint], atol=0.3)
    expected = apply(item["warp"], item["queries"])
    np.testing.assert_allclose(item["targets"], expected)


def test_mirroring_exchanges_left_and_right(still):
    item = still(people=person({L_KNEE: (10, 4), R_KNEE: (20, 4)}))
    turned = StillViews(size=96, mirror_prob=1, **STILL).transform(item)
    points = turned["first_keypoints"][0]
    np.testing.assert_allclose(points[R_KNEE], [85, 4, 1])
    np.testing.assert_allclose(points[L_KNEE], [75, 4, 1])
    np.testing.assert_array_equal(turned["views"][0][:64], item["img"][:, ::-1])
    np.testing.assert_allclose(turned["first_boxes"], [[75, 4, 85, 4]])


def test_flipping_the_second_view_keeps_the_joints(still):
    item = still(people=person({L_KNEE: (10, 4)}), size=(96, 96))
    turned = StillViews(size=96, flip_prob=1, **STILL).transform(item)
    first, second = turned["views"]
    np.testing.assert_array_equal(first[:, ::-1], second)
    drawn = DrawStillQueries().transform(turned)
    np.testing.assert_allclose(drawn["targets"][0, L_KNEE], [85, 4])


def test_the_map_stays_in_its_ranges(still):
    views = StillViews(size=64, scale=(0.75, 1.25), rotation=30, shift=0.1)
    warps = np.stack([views.transform(still(seed=s))["warp"] for s in range(300)])
    scales = np.sqrt(np.linalg.det(warps[:, :, :2]))
    angles = np.degrees(np.arctan2(warps[:, 1, 0], warps[:, 0, 0]))
    assert 0.75 <= scales.min() < 0.8
    assert 1.2 < scales.max() <= 1.25
    assert -30 <= angles.min() < -25
    assert 25 < angles.max() <= 30
    # 96 x 64 in 64 pixels: the middle of what is shown is (31.5, 20.83); it moves by 6.4 at most.
    moves = apply(warps, np.array([31.5, (64 * 2 / 3 - 1) / 2])) - (31.5, (64 * 2 / 3 - 1) / 2)
    assert 6 < np.abs(moves).max() <= 6.4 + 1e-9


@pytest.mark.parametrize("people", [True, False])
def test_squares_show_the_image_and_are_not_enlarged_too_much(still, people):
    given = person({NOSE: (40, 30), L_KNEE: (50, 45)}) if people else None
    views = StillViews(size=32, crop_prob=1, max_zoom=2)
    for seed in range(50):
        item = views.transform(still(people=given, seed=seed))
        assert 1 / 3 - 1e-9 <= item["to_first"][0, 0] <= 2
        low, high = item["content"].reshape(2, 2)
        assert ((high - low) >= 20).all()
    assert 0 <= item["content"].min() <= item["content"].max() <= 31


def test_another_still(still):
    other = np.full((50, 50, 3), 200, np.uint8)
    item = StillViews(size=32, **STILL).transform(still(other_img=other))
    assert item["same_image"] is False
    assert (item["views"][1] == 200).all()
    assert not DrawStillQueries().transform(item)["visible"].any()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (dict(size=100), "multiple of 32"),
        (dict(scale=(1.2, 0.8)), "scale must be 0 < low <= high"),
        (dict(crop_scale=(0, 1)), "crop_scale"),
        (dict(rotation=200), "rotation"),
        (dict(shift=-1), "shift"),
        (dict(max_zoom=0), "max_zoom"),
        (dict(crop_prob=2), "crop_prob"),
        (dict(flip_prob=-1), "flip_prob"),
    ],
)
def test_options_out_of_range(options, problem):
    with pytest.raises(ValueError, match=problem):
        StillViews(**options)
