import numpy as np
import pytest

from mmpose_temporal.datasets import DrawStillQueries, MoveStillPeople, StillViews
from mmpose_temporal.datasets.transforms.still_geometry import apply

WHOLE = dict(size=128, scale=(1, 1), rotation=0, shift=0)


def square_person(low, high):
    """(17, 3): joints around a square and in its middle; ears and eyes absent."""
    points = np.zeros((17, 3))
    side = np.linspace(low, high, 4)
    x, y = np.meshgrid(side, side)
    points[:13, :2] = np.stack([x.ravel(), y.ravel()], 1)[:13]
    points[:13, 2] = 1
    return points


def moved(still, seed=0, people=None, **options):
    people = np.stack([square_person(40, 70)]) if people is None else people
    item = StillViews(**WHOLE).transform(
        still(size=(128, 128), people=people, num_people=len(people), num_random=20, seed=seed)
    )
    return item, MoveStillPeople(prob=1, **options).transform(item)


@pytest.mark.parametrize("seed", range(4))
def test_a_person_and_what_is_around_her_move_together(still, seed):
    before, item = moved(still, seed, shift=0.2, rotation=10)
    np.testing.assert_array_equal(item["views"][0], before["views"][0])
    assert item["person_layers"].tolist() == [1]
    own = item["layer_warps"][1]
    item = DrawStillQueries(near_people=0.9, widen=0.6).transform(item)
    np.testing.assert_allclose(item["targets"][0, :13], apply(own, item["queries"][0, :13]))
    assert item["visible"][0, :13].all()
    # The random points: those of her region with her, the others with the still.
    with_her = np.abs(item["targets"] - apply(own, item["queries"])).max(-1) < 1e-9
    stays = np.abs(item["targets"] - item["queries"]).max(-1) < 1e-9
    assert (with_her ^ stays)[1:].all()
    assert with_her[1:].any()
    assert stays[1:].any()
    x, y = np.moveaxis(np.floor(item["queries"] + 0.5).astype(int), -1, 0)
    np.testing.assert_array_equal(with_her[1:], (item["regions"][y, x] == 1)[1:])
    # What she comes to lie on is hidden, and what is not under her can be seen.
    x, y = np.moveaxis(np.floor(item["targets"] + 0.5).astype(int).clip(0, 127), -1, 0)
    under = item["layers"][y, x] == 1
    hidden = item["valid"] & ~item["visible"] & stays
    np.testing.assert_array_equal(hidden[1:], (under & stays)[1:])


def test_pixels_of_a_person_are_where_her_map_takes_them(still):
    """A shift by whole pixels: the same pixels, but for the soft border."""
    shift = np.array([7, -5])
    move = MoveStillPeople(prob=1, rotation=0, scale=(1, 1), shift=0)
    move._move = lambda box, rng: np.column_stack([np.eye(2), shift])
    before = StillViews(**WHOLE).transform(
        still(size=(128, 128), people=np.stack([square_person(40, 70)]))
    )
    after = move.transform(before)
    first, second = before["views"][0], after["views"][1]
    np.testing.assert_array_equal(second[40 - 5 : 60 - 5, 40 + 7 : 70 + 7], first[40:60, 40:70])
    far = (after["layers"] == 0) & (after["regions"] == 0)
    far &= np.hypot(*(np.indices((128, 128)) - 55)) > 45
    np.testing.assert_array_equal(second[far], first[far])
    # Where she was there is no copy of her: noise becomes one mean colour.
    left = (after["regions"] == 1) & (after["layers"] == 0)
    assert second[left].std(0).max() < 20 < first[left].std(0).min()


def test_later_people_lie_over_earlier_ones(still):
    people = np.stack([square_person(40, 70), square_person(45, 75)])
    _, item = moved(still, people=people, shift=0.02, rotation=0)
    item = DrawStillQueries().transform(item)
    assert item["person_layers"].tolist() == [1, 2]
    assert item["visible"][1, :13].all()
    assert not item["visible"][0, :13].all()
    for person in (0, 1):
        expected = apply(item["layer_warps"][person + 1], item["queries"][person, :13])
        np.testing.assert_allclose(item["targets"][person, :13], expected)


def test_diagonals_are_those_of_the_second_view(still):
    """A box of 30 x 30, twice as large after the move."""
    people = np.stack([square_person(40, 70)])
    people[0, 12:] = 0
    people[0, 12] = (70, 70, 1)
    _, item = moved(still, people=people, scale=(2, 2), rotation=0, shift=0)
    item = DrawStillQueries().transform(item)
    assert item["diagonals"][0] == pytest.approx(2 * 30 * np.sqrt(2))
    assert np.isnan(item["diagonals"][1:]).all()


def test_nobody_moves(still):
    for options in (dict(prob=0), dict(prob=1)):
        people = np.stack([square_person(40, 70)]) if not options["prob"] else None
        item = StillViews(**WHOLE).transform(still(size=(128, 128), people=people))
        assert MoveStillPeople(**options).transform(item) is item
    other = still(people=np.stack([square_person(20, 40)]), other_img=np.zeros((9, 9, 3), "u1"))
    item = StillViews(**WHOLE).transform(other)
    assert MoveStillPeople(prob=1).transform(item) is item


def test_at_most_so_many_people(still):
    people = np.stack([square_person(10 + 20 * i, 20 + 20 * i) for i in range(5)])
    _, item = moved(still, people=people, max_people=2)
    assert sorted(item["person_layers"].tolist()) == [0, 0, 0, 1, 2]


def test_a_person_far_outside_the_view(still):
    people = np.stack([square_person(-9e6, -8e6)])
    _, item = moved(still, people=people)
    assert not item["regions"].any()


@pytest.mark.parametrize(
    "options", [dict(max_people=0), dict(shift=-1), dict(margin=-1), dict(rotation=181)]
)
def test_options_out_of_range(options):
    with pytest.raises(ValueError, match="max_people must be 1 or more"):
        MoveStillPeople(**options)
