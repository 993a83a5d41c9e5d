import pytest
import torch

from mmpose_temporal.models.similarities.entailment import (
    TokenEmbedding,
    position_cells,
    relative_cells,
)

SIZE = torch.tensor([240.0, 180.0])  # 24 x 18 cells of 10 x 10 pixels
RESOLUTION = (24, 18)


def cells(*points, size=SIZE):
    return position_cells(torch.tensor([points]), size, RESOLUTION)[0].tolist()


def test_cells_count_row_by_row():
    """Pixel 9 ends the first cell (9.5), pixel 10 begins the second; the second row has 24."""
    assert cells([0.0, 0.0], [9.0, 9.0], [10.0, 0.0], [0.0, 10.0]) == [0, 0, 1, 24]
    assert cells([239.0, 179.0]) == [24 * 18 - 1]


def test_the_frame_reaches_half_a_pixel_beyond_its_pixels():
    assert cells([9.49, 0.0], [9.5, 0.0]) == [0, 1]


def test_points_outside_take_the_nearest_cell():
    far = 1e30
    assert cells([-far, -far], [far, 0.0], [0.0, far]) == [0, 23, 17 * 24]
    assert cells([float("inf"), 0.0], [float("nan"), 0.0]) == [23, 0]


def test_each_pose_may_have_its_own_frame():
    points = torch.tensor([[[12.0, 0.0]], [[12.0, 0.0]]])
    sizes = torch.tensor([[240.0, 180.0], [480.0, 360.0]])
    assert position_cells(points, sizes, RESOLUTION).tolist() == [[1], [0]]


def test_relative_cells_are_those_of_a_pose_in_the_middle():
    """The mean of the visible (20, 40), (60, 40) is (40, 40); 20 px left of the middle 119.5."""
    points = torch.tensor([[[20.0, 40.0], [60.0, 40.0], [999.0, 999.0]]])
    visible = torch.tensor([[True, True, False]])
    found = relative_cells(points, visible, SIZE, RESOLUTION)[0].tolist()
    assert found[:2] == cells([99.5, 89.5], [139.5, 89.5]) == [9 * 24 + 10, 9 * 24 + 14]
    moved = relative_cells(points + 50, visible, SIZE, RESOLUTION)[0].tolist()
    assert moved[:2] == found[:2]


def test_relative_cells_of_nothing_visible():
    points, visible = torch.rand(1, 3, 2), torch.zeros(1, 3, dtype=torch.bool)
    assert relative_cells(points, visible, SIZE, RESOLUTION).shape == (1, 3)


def build(**options):
    torch.manual_seed(0)
    return TokenEmbedding(num_joints=3, hidden=8, **options).eval()


POINTS = torch.tensor([[[5.0, 5.0], [100.0, 20.0], [50.0, 60.0]]])
ALL = torch.ones(1, 3, dtype=torch.bool)


def test_a_token_is_the_sum_of_its_vectors():
    embedding = build()
    table = embedding.positions["absolute"].weight[cells(*POINTS[0].tolist())]
    types, segment = embedding.types.weight, embedding.segments.weight[2]
    expected = embedding.norm(table + types + segment)
    found = embedding(embedding.poses(POINTS, ALL, SIZE), torch.tensor([2]))
    torch.testing.assert_close(found[0], expected)


@pytest.mark.parametrize(
    ("options", "rows"),
    [  # Table 3, in its order; 432 cells, 3 types, 5 segments
        (dict(use_segment=False), 432 + 3),
        (dict(use_type=False), 432 + 5),
        (dict(), 432 + 3 + 5),
        (dict(position=("relative",)), 432 + 3 + 5),
        (dict(position=("absolute", "relative")), 2 * 432 + 3 + 5),
    ],
)
def test_table_3(options, rows):
    embedding = build(**options)
    assert sum(p.numel() for p in embedding.parameters()) == rows * 8 + 2 * 8  # + the norm
    assert embedding(embedding.poses(POINTS, ALL, SIZE), torch.tensor([1])).shape == (1, 3, 8)


def outcome(embedding, points=POINTS, distance=1):
    return embedding(embedding.poses(points, ALL, SIZE), torch.tensor([distance]))


def test_what_each_kind_of_token_tells_apart():
    moved, swapped = POINTS + 80, POINTS[:, [1, 0, 2]]
    full, relative = build(), build(position="relative")
    assert not torch.equal(outcome(full, moved), outcome(full))
    torch.testing.assert_close(outcome(relative, moved), outcome(relative))
    # without types, exchanged keypoints are exchanged tokens
    bare = build(use_type=False)
    torch.testing.assert_close(outcome(bare, swapped), outcome(bare)[:, [1, 0, 2]])
    assert not torch.allclose(outcome(full, swapped), outcome(full)[:, [1, 0, 2]])
    untimed = build(use_segment=False)
    assert not torch.equal(outcome(full, distance=0), outcome(full, distance=1))
    assert torch.equal(outcome(untimed, distance=0), outcome(untimed, distance=1))


def test_the_place_of_an_invisible_keypoint_is_not_looked_at():
    embedding, visible = build(), torch.tensor([[False, True, True]])
    moved = POINTS.clone()
    moved[0, 0] = 170
    first, second = (embedding.poses(points, visible, SIZE) for points in (POINTS, moved))
    torch.testing.assert_close(first, second)
    torch.testing.assert_close(first[0, 0], embedding.types.weight[0])


def test_weights_of_another_resolution_of_the_same_size():
    with pytest.raises(ValueError, match=r"resolution \(24, 18\), the config has \(18, 24\)"):
        build(resolution=(18, 24)).load_state_dict(build().state_dict())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(position=()), "position must be some of"),
        (dict(position="polar"), "position must be some of"),
        (dict(position=("absolute", "absolute")), "each once"),
        (dict(resolution=(24, 0)), "resolution must be columns and rows"),
        (dict(resolution=(24,)), "resolution must be columns and rows"),
        (dict(max_distance=0), "max_distance must be 1 frame or more"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)
