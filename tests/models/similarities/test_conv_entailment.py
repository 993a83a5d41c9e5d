import math

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models import ConvEntailment
from mmpose_temporal.models.similarities.conv_entailment import draw_joints
from mmpose_temporal.testing import make_packet, random_poses
from mmpose_temporal.utils.crops import crop_people

SIZE = (640, 480)
FRAME = dict(frame_size=SIZE)


def build(**options) -> ConvEntailment:
    return MODELS.build(dict(type="ConvEntailment", channels=4, **options)).eval()


def image(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (480, 640, 3), dtype=np.uint8)


def pair_batch(size: int) -> dict:
    """Odd rows: a pose twice; even rows: two people."""
    poses = random_poses(2 * size, seed=0)
    keypoints = torch.from_numpy(poses.keypoints).unflatten(0, (size, 2)).clone()
    crops = torch.randint(0, 256, (size, 2, 3, 18, 24), dtype=torch.uint8)
    labels = torch.arange(size) % 2
    for pictures in (keypoints, crops):
        pictures[labels == 1, 1] = pictures[labels == 1, 0]
    return dict(
        keypoints=keypoints,
        keypoint_scores=torch.ones(size, 2, 17),
        frame_size=torch.tensor([SIZE]).expand(size, 2).float(),
        crops=crops,
        labels=labels,
    )


def test_size_is_about_four_times_the_transformers():
    """0.41 M x 4; three convolutions without bias, their norms, 1536 x 768 and 768 x 2."""
    convolutions = 9 * (6 * 64 + 64 * 128 + 128 * 256)
    norms = 2 * (64 + 128 + 256)
    linear = 1536 * 768 + 768 + 768 * 2 + 2
    count = sum(value.numel() for value in ConvEntailment().parameters())
    assert count == convolutions + norms + linear == 1554946


# ------------------------------------------------------------------------ dots


def test_dots_by_hand():
    """A frame of 8 x 6 in 4 x 3 cells of 2 x 2 pixels; values 1/4, 2/4, 3/4, 4/4.

    Pixel (3, 0) lies in column 1, row 0. Joints 1 and 2 share the last cell: 3/4 stays. Joint 3
    is absent.
    """
    joints = torch.tensor([[[3.0, 0], [7, 5], [99, 99], [0, 0]]])
    present = torch.tensor([[True, True, True, False]])
    pictures = draw_joints(joints, present, torch.tensor([8.0, 6.0]), (4, 3))
    assert pictures.tolist() == [[[0, 0.25, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0.75]]]


def test_large_dots_are_squares():
    joints, present = torch.tensor([[[0.0, 0], [4, 4]]]), torch.ones(1, 2, dtype=torch.bool)
    picture = draw_joints(joints, present, torch.tensor([5.0, 5.0]), (5, 5), radius=1)[0]
    assert picture.tolist() == [
        [0.5, 0.5, 0, 0, 0],
        [0.5, 0.5, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 1, 1],
        [0, 0, 0, 1, 1],
    ]


def test_value_alone_tells_the_joint():
    """Hue 1/3 is green; at saturation 0.5 red and blue have half of it."""
    similarity, seen = build(hue=1 / 3, saturation=0.5), []
    similarity.network.forward = lambda pair: seen.append(pair) or torch.zeros(len(pair), 2)
    rows = similarity.embed(make_packet(random_poses(2, seed=0), **FRAME))
    similarity.pairwise(rows, rows)
    (pair,) = seen  # pairs 00 01 10 11
    assert pair.shape == (4, 6, 18, 24)
    red, green, blue, *other = pair[1]
    torch.testing.assert_close(green, rows["pictures"][0])
    torch.testing.assert_close(red, green / 2)
    torch.testing.assert_close(blue, green / 2)
    torch.testing.assert_close(other[1], rows["pictures"][1])
    steps = rows["pictures"].unique() * 15
    torch.testing.assert_close(steps, steps.round())


def test_ears_are_not_drawn():
    poses = random_poses(1, seed=0)
    ears = np.zeros((1, 17), np.float32)
    ears[:, 3:5] = 1
    similarity = build()
    rows = similarity.embed(make_packet(poses.replace(keypoint_scores=ears), **FRAME))
    assert (rows["pictures"] == 0).all()
    assert similarity.pairwise(rows, rows).total == 0  # nothing to go by


def test_a_checkpoint_of_its_own(tmp_path):
    trained = build()
    trained.ready = True
    torch.save(trained.state_dict(), tmp_path / "trained.pth")
    loaded = build(checkpoint=str(tmp_path / "trained.pth"))
    rows = trained.embed(make_packet(random_poses(3, seed=0), **FRAME))
    np.testing.assert_array_equal(
        loaded.pairwise(rows, rows).total, trained.pairwise(rows, rows).total
    )
    with pytest.raises(RuntimeError, match="the checkpoint does not fit ConvEntailment"):
        build(resolution=(48, 36), checkpoint=str(tmp_path / "trained.pth"))


# -------------------------------------------------------------------- tracking


@pytest.mark.parametrize("source", ["keypoints", "visual"])
def test_pairs_by_one_are_pairs_together(source):
    """Whatever the batches, and only those that the gates let through."""
    frame = dict(FRAME, image=image())
    similarity = build(source=source)
    now, past = (similarity.embed(make_packet(random_poses(m, seed=m), **frame)) for m in (3, 4))
    whole = similarity.pairwise(now, past).total
    assert whole.shape == (3, 4)
    assert ((whole > 0) & (whole < 1)).all()
    similarity.max_pairs = 5
    np.testing.assert_allclose(similarity.pairwise(now, past).total, whole, rtol=1e-5)
    pairs = np.zeros((3, 4), dtype=bool)
    pairs[2, 1] = pairs[0, 3] = True
    some = similarity.pairwise(now, past, pairs).total
    np.testing.assert_allclose(some, np.where(pairs, whole, 0), rtol=1e-5)
    one = {name: rows[1:2] for name, rows in past.items()}
    np.testing.assert_allclose(similarity.pairwise(now, one).total, whole[:, 1:2], rtol=1e-5)


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 2), (2, 0)])
@pytest.mark.parametrize("source", ["keypoints", "visual"])
def test_nobody(rows, columns, source):
    similarity, frame = build(source=source), dict(FRAME, image=image())
    now, past = (
        similarity.embed(make_packet(random_poses(n, seed=n), **frame)) for n in (rows, columns)
    )
    assert similarity.pairwise(now, past).total.shape == (rows, columns)


def test_visual_pictures_are_the_crops():
    poses = random_poses(2, seed=0)
    rows = build(source="visual", padding=1.25).embed(make_packet(poses, image=image()))
    expected = crop_people(image(), poses.boxes, (24, 18), padding=1.25)
    assert torch.equal(rows["pictures"], expected)


def test_what_is_missing_is_said():
    poses = random_poses(1, seed=0)
    with pytest.raises(ValueError, match="needs the size of the frames: add 'width'"):
        build().embed(make_packet(poses, frame_size=None))
    with pytest.raises(ValueError, match="needs the frames: use it in a PoseTracker"):
        build(source="visual").embed(make_packet(poses, **FRAME))
    with pytest.raises(ValueError, match="poses have 13 keypoints, .* a layout of 17"):
        build().embed(make_packet(random_poses(1, seed=0, num_keypoints=13), **FRAME))


# -------------------------------------------------------------------- training


@pytest.mark.parametrize("source", ["keypoints", "visual"])
def test_it_learns(source):
    similarity, batch = build(source=source).train(), pair_batch(16)
    optimizer = torch.optim.Adam(similarity.parameters(), lr=3e-3)
    steps = []
    for _ in range(25):
        losses = similarity.loss(batch)
        optimizer.zero_grad()
        losses["loss_match"].backward()
        optimizer.step()
        steps.append(losses["loss_match"].item())
    assert steps[0] == pytest.approx(math.log(2), abs=0.3)
    assert steps[-1] < 0.1
    assert losses["acc_pairs"] == 1


def test_training_and_tracking_see_the_same():
    """The logits of a batch are those of the pairs in a tracker; the pose at t comes first."""
    similarity, batch = build(), pair_batch(4)
    poses = random_poses(8, seed=0)
    rows = similarity.embed(
        make_packet(poses.replace(keypoint_scores=np.ones((8, 17), np.float32)), **FRAME)
    )
    scores = similarity.pairwise(rows, rows).total
    first = torch.tensor([scores[0, 1], scores[4, 5]])  # the pairs of two people
    same = torch.tensor([scores[2, 2], scores[6, 6]])
    expected = -torch.cat([1 - first, same]).log().mean()
    torch.testing.assert_close(similarity.loss(batch)["loss_match"], expected, rtol=1e-4, atol=0)


def test_a_batch_without_frame_sizes():
    batch = pair_batch(2)
    batch["frame_size"] = torch.full((2, 2), math.nan)
    with pytest.raises(ValueError, match="add 'width' and 'height' to the images in the annot"):
        build().loss(batch)


def test_a_batch_without_crops_or_with_others():
    batch = pair_batch(2)
    with pytest.raises(ValueError, match="trains on crops of 32x32, got 24x18: put dict"):
        build(source="visual", resolution=(32, 32)).loss(batch)
    del batch["crops"]
    with pytest.raises(ValueError, match="trains on crops of 24x18, got none"):
        build(source="visual").loss(batch)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (dict(source="audio"), "source must be 'keypoints' or 'visual'"),
        (dict(resolution=(24,)), "resolution must be width and height"),
        (dict(hue=2), r"hue and saturation must be in \[0, 1\]"),
        (dict(radius=-1), "radius >= 0"),
        (dict(max_pairs=0), "max_pairs >= 1"),
        (dict(source="visual", padding=0), "padding > 0"),
        (dict(hidden=0), "channels and hidden must be positive"),
        (dict(source="visual", radius=1), "go with source='keypoints'"),
        (dict(source="visual", joints=(0, 1)), "go with source='keypoints'"),
        (dict(padding=1.25), "padding with 'visual'; source is 'keypoints'"),
    ],
)
def test_options_out_of_range(options, text):
    with pytest.raises(ValueError, match=text):
        ConvEntailment(**options)
