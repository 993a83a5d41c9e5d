import math

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models import GCNSimilarity
from mmpose_temporal.models.similarities.functional import pairwise_iou
from mmpose_temporal.structures import People
from mmpose_temporal.testing import make_packet, random_poses


def build(**options) -> GCNSimilarity:
    return MODELS.build(
        dict(type="GCNSimilarity", channels=(8, 8), embed_dims=4, **options)
    ).eval()


def pair_batch(size: int, *, seed: int = 0) -> dict:
    """Odd rows: the same pose, moved and scaled; even rows: two people."""
    poses = random_poses(2 * size, seed=seed)
    batch = dict(
        keypoints=torch.from_numpy(poses.keypoints).unflatten(0, (size, 2)).clone(),
        keypoint_scores=torch.ones(size, 2, 17),
        boxes=torch.from_numpy(poses.boxes).unflatten(0, (size, 2)).clone(),
        labels=torch.arange(size) % 2,
    )
    same = batch["labels"] == 1
    batch["keypoints"][same, 1] = batch["keypoints"][same, 0] * 2 + 30
    batch["boxes"][same, 1] = batch["boxes"][same, 0] * 2 + 30
    return batch


def test_size_is_that_of_the_paper():
    """Table 6: 0.1 M. Three blocks of weights, an importance of each edge, the projection."""
    convolutions = [
        3 * 64 * (inside + 1) if outside == 64 else 3 * 128 * (inside + 1)
        for inside, outside in ((3, 64), (64, 64), (64, 128), (128, 128))
    ]
    rest = 4 * 3 * 15 * 15 + 2 * (64 + 64 + 128 + 128) + 64 * 128 + 128 * 129
    count = sum(value.numel() for value in GCNSimilarity().parameters())
    assert count == sum(convolutions) + rest == 115916


def test_falls_with_the_distance():
    """Embeddings 0 and (3, 4) are 5 apart: exp(-5 / 2.5)."""
    rows = dict(embeddings=torch.tensor([[0.0, 0], [3, 4]]), known=torch.ones(2) > 0)
    scores = build(margin=2.5).pairwise(rows, rows).total
    np.testing.assert_allclose(scores, [[1, math.exp(-2)], [math.exp(-2), 1]], rtol=1e-6)


def test_a_pose_is_seen_relative_to_its_box():
    """Moved and scaled with its box it is the same; without its box it is another."""
    similarity, pose = build(), random_poses(1, seed=3)
    moved = pose.replace(keypoints=pose.keypoints * 2 + 50, boxes=pose.boxes * 2 + 50)
    other = pose.replace(keypoints=pose.keypoints + 50)
    first = similarity.embed(make_packet(pose))
    assert similarity.pairwise(first, similarity.embed(make_packet(moved))).total == pytest.approx(
        1, abs=1e-4
    )
    assert similarity.pairwise(first, similarity.embed(make_packet(other))).total < 0.99


def test_boxes_of_keypoints_need_no_detection():
    similarity, pose = build(boxes="keypoints"), random_poses(1, seed=3)
    other = pose.replace(boxes=pose.boxes + 100)
    assert (
        similarity.pairwise(
            similarity.embed(make_packet(pose)), similarity.embed(make_packet(other))
        ).total
        == 1
    )


def test_absent_joints_and_ears_do_not_count():
    similarity, pose = build(), random_poses(1, seed=3)
    scores = pose.keypoint_scores.copy()
    scores[0, 9] = 0
    pose = pose.replace(keypoint_scores=scores)
    changed = pose.keypoints.copy()
    changed[0, [3, 4, 9]] = 1e6
    other = pose.replace(keypoints=changed)
    assert (
        similarity.pairwise(
            similarity.embed(make_packet(pose)), similarity.embed(make_packet(other))
        ).total
        == 1
    )


def test_a_pose_without_joints_is_like_nobody():
    similarity = build()
    ears = np.zeros((2, 17), np.float32)
    ears[:, 3] = 1
    poses = random_poses(2, seed=0).replace(keypoint_scores=ears)
    rows = similarity.embed(make_packet(poses))
    assert similarity.pairwise(rows, rows).total.tolist() == [[0, 0], [0, 0]]


def test_overlap_goes_before_the_network():
    """Boxes 10 wide, moved by 5: IoU 1/3, so (1 + 1/3) / 2; apart: at most a half."""
    similarity = build(min_iou=0.3)
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [40, 0, 50, 10]], np.float32)
    poses = random_poses(3, seed=1).replace(boxes=boxes)
    rows = similarity.embed(make_packet(poses))
    scores = similarity.pairwise(rows, rows).total
    network = build()
    network.load_state_dict(similarity.state_dict())
    assert pairwise_iou(boxes, boxes)[0, 1] == pytest.approx(1 / 3)
    assert scores[0, 1] == pytest.approx(2 / 3)
    assert scores[0, 2] == pytest.approx(network.pairwise(rows, rows).total[0, 2] / 2)
    assert np.diag(scores).tolist() == [1, 1, 1]


def test_rows_of_a_representation_are_people():
    similarity, poses = build(), random_poses(4, seed=0, absent=0.3)
    whole, half = similarity.embed(make_packet(poses)), similarity.embed(make_packet(poses[2:]))
    np.testing.assert_allclose(
        similarity.pairwise(whole, {name: rows[2:] for name, rows in whole.items()}).total,
        similarity.pairwise(whole, half).total,
        rtol=1e-5,
    )


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 2), (2, 0)])
@pytest.mark.parametrize("options", [{}, dict(boxes="keypoints", min_iou=0.3)])
def test_nobody(rows, columns, options):
    similarity = build(**options)
    now, past = (similarity.embed(make_packet(random_poses(n, seed=n))) for n in (rows, columns))
    assert similarity.pairwise(now, past).total.shape == (rows, columns)


def test_a_box_without_area_divides_nothing():
    poses = random_poses(1, seed=0).replace(boxes=np.zeros((1, 4), np.float32))
    assert build().embed(make_packet(poses))["embeddings"].isfinite().all()


def test_loss_by_hand():
    """Two pairs with embeddings 0.6 apart: d^2 = 0.36 and (1 - 0.6)^2 = 0.16, mean 0.26."""
    similarity = build()
    points = torch.tensor([0.0, 0.6]).repeat(2)[:, None]
    similarity.forward = lambda keypoints, scores, boxes: points
    losses = similarity.loss(dict(pair_batch(2), labels=torch.tensor([1, 0])))
    assert losses["loss_contrastive"].item() == pytest.approx(0.26)
    assert losses["acc_pairs"].item() == 0.5  # 0.6 is more than half the margin for both


def test_it_learns():
    similarity = build().train()
    optimizer = torch.optim.Adam(similarity.parameters(), lr=0.01)
    batch, steps = pair_batch(16), []
    for _ in range(30):
        losses = similarity.loss(batch)
        optimizer.zero_grad()
        losses["loss_contrastive"].backward()
        optimizer.step()
        steps.append(losses["loss_contrastive"].item())
    assert steps[-1] < 0.1 * steps[0]
    assert all(value.grad.isfinite().all() for value in similarity.parameters())
    assert losses["acc_pairs"] == 1


def test_equal_poses_of_two_people_have_a_gradient():
    similarity, batch = build(), pair_batch(2)
    batch["keypoints"][0, 1], batch["boxes"][0, 1] = batch["keypoints"][0, 0], batch["boxes"][0, 0]
    similarity.loss(batch)["loss_contrastive"].backward()
    assert all(value.grad.isfinite().all() for value in similarity.parameters())


def test_another_layout():
    """Three keypoints in a chain."""
    similarity = build(num_keypoints=3, links=[(0, 1), (1, 2)], center=1)
    assert similarity.embed(make_packet(random_poses(2, seed=0, num_keypoints=3)))[
        "embeddings"
    ].shape == (2, 4)
    with pytest.raises(ValueError, match="poses have 17 keypoints, .* a layout of 3"):
        similarity.embed(make_packet(random_poses(2, seed=0)))


def test_a_checkpoint_of_its_own(tmp_path):
    trained = build()
    trained.ready = True
    torch.save(trained.state_dict(), tmp_path / "trained.pth")
    loaded = build(checkpoint=str(tmp_path / "trained.pth"))
    rows = trained.embed(make_packet(random_poses(3, seed=0)))
    np.testing.assert_array_equal(
        loaded.embed(make_packet(random_poses(3, seed=0)))["embeddings"], rows["embeddings"]
    )
    with pytest.raises(RuntimeError, match="the checkpoint does not fit GCNSimilarity"):
        build(joints=(1, 5, 6), checkpoint=str(tmp_path / "trained.pth"))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (dict(channels=()), "one block or more"),
        (dict(channels=(8, 0)), "channels and embed_dims of 1 or more"),
        (dict(embed_dims=0), "channels and embed_dims of 1 or more"),
        (dict(margin=0), "margin must be positive"),
        (dict(boxes="head"), "boxes must be 'detection' or 'keypoints'"),
        (dict(min_iou=0), r"min_iou must be in \(0, 1\]"),
        (dict(num_keypoints=4), "links are needed for a layout of 4"),
        (dict(center=3), "center must be one of the joints"),
        (dict(joints=(1, 9)), "no way along the links"),
    ],
)
def test_options_out_of_range(options, text):
    with pytest.raises(ValueError, match=text):
        GCNSimilarity(**options)


def test_tracks_in_a_tracker():
    """Two people of different shape who change places keep their ids."""
    association = MODELS.build(
        dict(type="Association", similarity=dict(type="GCNSimilarity"), min_similarity=0.3)
    ).eval()
    tracks, poses = association.start_video(), random_poses(2, seed=0)
    assert association.step(tracks, make_packet(poses)).track_ids.tolist() == [0, 1]
    swapped = make_packet(People.cat([poses[1:], poses[:1]]), tick=1)
    assert association.step(tracks, swapped).track_ids.tolist() == [1, 0]
