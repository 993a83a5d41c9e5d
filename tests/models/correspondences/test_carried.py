"""Poses found again in another frame: by colours, so that it can be worked out by hand."""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.correspondences import (
    CorrespondenceEncoder,
    FrameCorrespondences,
    FrameEmbedding,
)
from mmpose_temporal.models.parts import Shared
from mmpose_temporal.structures import POSETRACK18, Skeleton
from mmpose_temporal.testing import (
    color_network_config,
    make_certain,
    make_packet,
    template_keypoints,
    textured_image,
)

A = np.array([40, 20, 63, 79])
"""A person of 6 x 15 cells."""


def moved(box, x, y):
    return np.asarray(box) + np.array([x, y, x, y])


def encoder(refinement=False, long_side=320, **options):
    network = color_network_config(refinement=refinement)
    config = dict(type="CorrespondenceEncoder", network=network, long_side=long_side, **options)
    return make_certain(MODELS.build(config))


def frame(model, people, size=(320, 128), **options):
    image = textured_image(people, size, **options)
    (features,) = model.encode([make_packet(None, image=image)])
    return features["correspondences"]


def pose(*boxes):
    return template_keypoints(boxes)


def everything(poses):
    return np.ones(poses.shape[:2], bool)


@pytest.mark.parametrize("refinement", [False, True])
def test_a_person_who_moved_by_whole_cells(refinement):
    """All joints are found 12 pixels to the right and 8 below, within a cell."""
    model = encoder(refinement)
    before, now = frame(model, {"a": A}), frame(model, {"a": moved(A, 12, 8)})
    carried = now.carry(before.embedding, pose(A), everything(pose(A)))
    assert carried.maps.shape == (1, 17, 32, 80)
    assert np.abs(carried.points - pose(A) - [12, 8]).max() <= 4
    assert carried.scores.min() > 0.5
    raw = now.affinities(before.embedding, pose(A), everything(pose(A)))
    assert np.abs(raw.points - pose(A) - [12, 8]).max() <= 4
    torch.testing.assert_close(raw.maps.sum((2, 3)), torch.ones(1, 17))


def test_a_point_by_hand():
    """(49.5, 29.5) is the centre of cell (12, 7), which is (13, 9) afterwards."""
    model = encoder()
    before, now = frame(model, {"a": A}), frame(model, {"a": moved(A, 4, 8)})
    keypoints = np.full((1, 17, 2), np.float32([49.5, 29.5]))
    carried = now.carry(before.embedding, keypoints, everything(keypoints))
    np.testing.assert_allclose(carried.points[0], np.tile([53.5, 37.5], (17, 1)), atol=0.2)
    # the affinity is in that one cell
    assert carried.maps[0, 0, 9, 13] > 0.95
    values = now.values_at(carried, np.full((1, 17, 2), np.float32([53.5, 37.5])))
    np.testing.assert_allclose(values[0, 0], carried.maps[0, :, 9, 13])


@pytest.mark.parametrize("refinement", [False, True])
def test_joints_that_are_not_asked_for_or_lie_outside(refinement):
    model = encoder(refinement)
    before, now = frame(model, {"a": A}), frame(model, {"a": A})
    keypoints = pose(A)
    keypoints[0, 3:7] = [[-0.6, 30], [319.6, 30], [50, 127.5], [np.nan, np.nan]]
    valid = everything(keypoints)
    valid[0, 0] = False
    carried = now.carry(before.embedding, keypoints, valid)
    absent = np.isin(np.arange(17), [0, 3, 4, 5, 6])
    assert (carried.scores[0, absent] == 0).all()
    assert (carried.maps[0, torch.from_numpy(absent)] == 0).all()
    assert (carried.scores[0, ~absent] > 0.5).all()
    assert np.isfinite(carried.points).all()


def test_values_outside_of_the_frame_are_zero():
    model = encoder()
    now = frame(model, {"a": A})
    carried = now.carry(now.embedding, pose(A), everything(pose(A)))
    there = pose(A)
    there[0, :3] = [[-1, 50], [50, 128], [np.nan, 50]]
    values = now.values_at(carried, there)[0, 0]
    assert (values[:3] == 0).all()
    assert (values[3:] > 0).any()


def test_a_person_cut_by_the_border():
    """Half of them has left the frame: the joints that are still there are found, the pose's
    joints outside were not asked for in the first place."""
    model = encoder()
    half = np.array([-12, 20, 11, 79])
    before, now = frame(model, {"a": half}), frame(model, {"a": moved(half, 4, 0)})
    keypoints = pose(half)
    inside = keypoints[0, :, 0] >= -0.5
    carried = now.carry(before.embedding, keypoints, everything(keypoints))
    assert 0 < inside.sum() < 17
    assert (carried.scores[0, ~inside] == 0).all()
    apart = np.abs(carried.points - keypoints - [4, 0])[0, inside]
    assert np.median(apart) <= 2
    assert apart.max() <= 6


@pytest.mark.parametrize("refinement", [False, True])
@pytest.mark.parametrize(("size", "factor"), [((320, 64), 1), ((320, 320), 1), ((640, 256), 2)])
def test_a_frame_of_another_size_than_the_last(size, factor, refinement):
    """Less or more of the same view is seen, or the same in twice as many pixels, where points
    are twice as far from the corner."""
    model = encoder(refinement)
    box = np.array([40, 0, 63, 59])
    before = frame(model, {"a": box})
    image = textured_image({"a": box}, (size[0] // factor, size[1] // factor))
    image = image.repeat(factor, 0).repeat(factor, 1)
    (features,) = model.encode([make_packet(None, image=image)])
    now = features["correspondences"]
    assert now.embedding.frame_size == size
    carried = now.carry(before.embedding, pose(box), everything(pose(box)))
    expected = (pose(box) + 0.5) * factor - 0.5
    assert np.abs(carried.points - expected).max() <= 4 * factor


@pytest.mark.parametrize("refinement", [False, True])
@pytest.mark.parametrize("size", [(160, 128), (448, 320), (128, 320)])
def test_maps_of_any_two_sizes(size, refinement):
    """Whatever the scales are, the maps are those of the second frame, and points lie in it."""
    model = encoder(refinement)
    before, now = frame(model, {"a": A}), frame(model, {"a": A}, size)
    carried = now.carry(before.embedding, pose(A), everything(pose(A)))
    assert carried.maps.shape[2:] == now.embedding.maps.shape[1:]
    assert np.isfinite(carried.points).all()


def test_nobody_and_more_than_a_hundred():
    model = encoder(refinement=True)
    boxes = [np.array([x, y, x + 7, y + 11]) for x in range(0, 320, 16) for y in range(0, 96, 16)]
    people = {str(i): box for i, box in enumerate(boxes)}
    assert len(people) == 120
    before = frame(model, people)
    now = frame(model, {name: moved(box, 4, 4) for name, box in people.items()})
    nobody = now.carry(before.embedding, np.zeros((0, 17, 2), np.float32), np.zeros((0, 17), bool))
    assert nobody.maps.shape == (0, 17, 32, 80)
    assert now.values_at(nobody, pose(A)).shape == (0, 1, 17)
    keypoints = pose(*boxes)
    carried = now.carry(before.embedding, keypoints, everything(keypoints))
    apart = np.abs(carried.points - keypoints - 4).max(-1)
    assert np.median(apart) <= 2
    assert now.values_at(carried, keypoints).shape == (120, 120, 17)


# ---- what is shared


def count_refinements(model):
    """People who went through the refinement, and pairs of frames that its first layer saw."""
    people, pairs = [], []
    refinement = model.network.refinement
    refinement.register_forward_hook(lambda _, inputs, out: people.append(len(out)))
    shared = refinement.shared

    def counted(source, target):
        pairs.append(len(source))
        return shared(source, target)

    refinement.shared = counted
    return people, pairs


def test_a_pose_is_refined_once_per_pair_of_frames():
    model = encoder(refinement=True)
    b = moved(A, 100, 0)
    before, now = frame(model, {"a": A, "b": b}), frame(model, {"a": A, "b": b})
    people, pairs = count_refinements(model)
    both, valid = pose(A, b), everything(pose(A, b))
    first = now.carry(before.embedding, both[:1], valid[:1])
    second = now.carry(before.embedding, both, valid)  # only b is new
    third = now.carry(before.embedding, both[[1, 0, 1]], valid[[1, 0, 1]])
    assert (people, pairs) == ([1, 1], [1])
    np.testing.assert_array_equal(second.points[0], first.points[0])
    np.testing.assert_array_equal(third.points, second.points[[1, 0, 1]])


def test_the_same_pose_twice_in_one_call_is_refined_once():
    model = encoder(refinement=True)
    before = now = frame(model, {"a": A})
    people, _ = count_refinements(model)
    twice = pose(A, A, A)
    carried = now.carry(before.embedding, twice, everything(twice))
    assert people == [1]
    np.testing.assert_array_equal(carried.points[0], carried.points[2])


def test_other_joints_or_another_frame_are_another_pose():
    model = encoder(refinement=True)
    before, now = (frame(model, {"a": A}) for _ in range(2))
    people, pairs = count_refinements(model)
    valid = everything(pose(A))
    now.carry(before.embedding, pose(A), valid)
    fewer = valid.copy()
    fewer[0, 0] = False
    assert now.carry(before.embedding, pose(A), fewer).scores[0, 0] == 0
    now.carry(now.embedding, pose(A), valid)
    assert (people, pairs) == ([1, 1, 1], [1, 1])


@pytest.mark.parametrize("refinement", [False, True])
def test_an_earlier_frame_that_is_gone_is_not_taken_for_another(refinement):
    """Frames are told apart by their identity, which Python gives to new ones once they are
    gone; so a frame that poses were carried from is kept."""
    model = encoder(refinement)
    now = frame(model, {"a": A})
    valid = everything(pose(A))
    for shift in range(0, 40, 4):
        source = frame(model, {"a": moved(A, shift, 0)}).embedding
        carried = now.carry(source, pose(A), valid)
        fresh = FrameCorrespondences(Shared(model.network), now.embedding)
        expected = fresh.carry(source, pose(A), valid)
        np.testing.assert_array_equal(carried.points, expected.points)
        del source, carried, expected, fresh
    assert len(now._shared) == 10


# ---- the encoder


def test_frames_of_one_size_are_embedded_together():
    model = encoder()
    sizes = [(320, 128), (160, 128), (320, 128), (320, 120)]
    images = [textured_image({"a": A}, size) for size in sizes]
    calls = []
    model.network.embedding.register_forward_hook(lambda _, inputs, out: calls.append(len(out)))
    found = model.embed(images)
    assert calls == [3, 1]  # 120 rows are filled up to 128
    assert [e.frame_size for e in found] == sizes
    assert [tuple(e.maps.shape) for e in found] == [
        (3, 32, 80),
        (3, 64, 80),
        (3, 32, 80),
        (3, 32, 80),
    ]
    (alone,) = model.embed(images[1:2])
    torch.testing.assert_close(found[1].maps, alone.maps)


def test_who_keeps_one_frame_does_not_keep_the_batch():
    model = encoder()
    found = model.embed([textured_image({"a": A}, (320, 128))] * 4)
    for each in found:
        assert each.maps.untyped_storage().nbytes() == each.maps.numel() * 4


def test_square_input():
    model = encoder(square=True)
    (found,) = model.embed([textured_image({"a": A}, (320, 128))])
    assert found.maps.shape == (3, 80, 80)


@pytest.mark.parametrize("long_side", [0, 16, 100, -32])
def test_long_side_is_a_multiple_of_32(long_side):
    with pytest.raises(ValueError, match="multiple of 32"):
        CorrespondenceEncoder(network=color_network_config(), long_side=long_side)


def test_a_checkpoint_without_the_refinement_that_is_asked_for(tmp_path):
    first = make_certain(MODELS.build(color_network_config()))
    path = tmp_path / "1.pth"
    torch.save(dict(state_dict=first.state_dict(), meta={}), path)
    CorrespondenceEncoder(network=color_network_config(checkpoint=str(path)))
    with pytest.raises(ValueError, match="has no trained refinement"):
        CorrespondenceEncoder(network=color_network_config(refinement=True, checkpoint=str(path)))


def test_data_of_another_layout():
    """Joints are found by name: the data have PoseTrack18's backwards, without the ears, and a
    joint that the network does not know."""
    model = encoder()
    names = [n for n in reversed(POSETRACK18.keypoint_names) if "ear" not in n]
    model.use_skeleton(Skeleton(keypoint_names=("tail", *names)))
    before, now = frame(model, {"a": A}), frame(model, {"a": A})
    order = [POSETRACK18.keypoint_names.index(name) for name in names]
    keypoints = np.concatenate([np.full((1, 1, 2), 50, np.float32), pose(A)[:, order]], 1)
    carried = now.carry(before.embedding, keypoints, everything(keypoints))
    ears = [POSETRACK18.keypoint_names.index(f"{side}_ear") for side in ("left", "right")]
    rest = np.setdiff1d(np.arange(17), ears)
    assert (carried.scores[0, ears] == 0).all()
    assert np.abs(carried.points[0, rest] - pose(A)[0, rest]).max() <= 4
    assert now.values_at(carried, keypoints).shape == (1, 1, 17)
    assert (now.values_at(carried, keypoints)[0, 0, ears] == 0).all()


def test_an_embedding_in_half_precision_finds_the_same():
    """As merging keeps frames."""
    model = encoder()
    before, now = frame(model, {"a": A}), frame(model, {"a": moved(A, 8, 0)})
    e = before.embedding
    half = FrameEmbedding(e.maps.half(), e.scale, e.stride, e.frame_size)
    valid = everything(pose(A))
    np.testing.assert_allclose(
        now.carry(half, pose(A), valid).points, now.carry(e, pose(A), valid).points, atol=0.5
    )
