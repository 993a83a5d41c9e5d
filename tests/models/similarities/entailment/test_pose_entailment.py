import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models import PoseEntailment
from mmpose_temporal.structures import People
from mmpose_temporal.testing import make_packet, random_poses

SIZE = (640, 480)


def build(**options) -> PoseEntailment:
    torch.manual_seed(0)
    similarity = MODELS.build(dict(type="PoseEntailment", **options)).eval()
    for parameter in similarity.parameters():
        if parameter.ndim > 1:  # so large that scores differ
            torch.nn.init.normal_(parameter, std=0.2)
    return similarity


def embed(similarity, poses: People, tick: int, size=SIZE) -> dict:
    return similarity.embed(make_packet(poses, tick=tick, frame_size=size))


def frames(similarity, first: int = 4, second: int = 6, distance: int = 2):
    current = embed(similarity, random_poses(first, seed=1, absent=0.3), 10)
    previous = embed(similarity, random_poses(second, seed=2, absent=0.3), 10 - distance)
    return current, previous


def rows(representation, index):
    index = np.atleast_1d(index)
    return {name: value[index] for name, value in representation.items()}


def cat(first, second):
    return {
        name: torch.cat([value, second[name]])
        if isinstance(value, torch.Tensor)
        else np.concatenate([value, second[name]])
        for name, value in first.items()
    }


def test_the_paper_s_network():
    """0.415 M without and 0.473 M with tables: 432 cells, 15 types, 5 segments, and a norm."""
    torch.manual_seed(0)
    similarity = PoseEntailment()
    tables = (432 + 15 + 5) * 128 + 2 * 128
    assert sum(p.numel() for p in similarity.parameters()) == 415106 + tables == 473218
    assert similarity.embedding.types.weight.std().item() == pytest.approx(0.02, rel=0.1)


@pytest.mark.parametrize("max_pairs", [None, 1, 5])
def test_a_frame_at_once_is_pair_by_pair(max_pairs):
    similarity = build(max_pairs=max_pairs)
    current, previous = frames(similarity)
    together = similarity.pairwise(current, previous).total
    assert together.shape == (4, 6)
    assert together.dtype == np.float32
    assert ((together > 0) & (together < 1)).all()
    assert together.std() > 0.01
    for i in range(4):
        for j in range(6):
            alone = similarity.pairwise(rows(current, i), rows(previous, j)).total
            assert alone[0, 0] == pytest.approx(together[i, j], abs=1e-5)


def test_several_frames_at_once():
    similarity = build()
    current, near = frames(similarity, distance=1)
    far = embed(similarity, random_poses(3, seed=2, absent=0.3), 7)
    both = similarity.pairwise(current, cat(near, far)).total
    np.testing.assert_allclose(both[:, :6], similarity.pairwise(current, near).total, atol=1e-5)
    np.testing.assert_allclose(both[:, 6:], similarity.pairwise(current, far).total, atol=1e-5)


def test_the_distance_in_time_counts():
    current, near = frames(build(), distance=1)
    _, far = frames(build(), distance=4)
    assert (
        np.abs(build().pairwise(current, near).total - build().pairwise(current, far).total).max()
        > 0.01
    )
    blind = build(use_segment=False)
    scores = [blind.pairwise(*frames(blind, distance=d)).total for d in (1, 4)]
    np.testing.assert_array_equal(*scores)


def test_only_the_wanted_pairs_are_scored():
    similarity = build()
    current, previous = frames(similarity)
    pairs = np.random.default_rng(0).random((4, 6)) < 0.5
    found = similarity.pairwise(current, previous, pairs).total
    whole = similarity.pairwise(current, previous).total
    np.testing.assert_allclose(found, np.where(pairs, whole, 0), atol=1e-5)
    assert (similarity.pairwise(current, previous, pairs & False).total == 0).all()


@pytest.mark.parametrize(("first", "second"), [(0, 3), (3, 0), (0, 0)])
def test_nobody(first, second):
    similarity = build()
    assert similarity.pairwise(*frames(similarity, first, second)).total.shape == (first, second)


def test_absent_joints_are_not_looked_at():
    similarity, poses = build(keypoint_thr=0.3), random_poses(3, seed=1)
    _, previous = frames(similarity)
    scores = poses.keypoint_scores.copy()
    scores[:, 1], scores[:, 5] = 0, 0.29
    moved = poses.keypoints.copy()
    moved[:, [1, 5]] += 100
    first, second = (
        similarity.pairwise(
            embed(similarity, poses.replace(keypoints=k, keypoint_scores=scores), 10),
            previous,
        ).total
        for k in (poses.keypoints, moved)
    )
    np.testing.assert_array_equal(first, second)
    scores[:, 5] = 0.3
    third = similarity.pairwise(
        embed(similarity, poses.replace(keypoints=moved, keypoint_scores=scores), 10),
        previous,
    ).total
    assert np.abs(third - first).max() > 1e-4


def test_the_ears_are_not_looked_at():
    similarity, poses = build(), random_poses(3, seed=1)
    _, previous = frames(similarity)
    moved = poses.keypoints.copy()
    moved[:, 3:5] += 100
    first, second = (
        similarity.pairwise(embed(similarity, poses.replace(keypoints=k), 10), previous).total
        for k in (poses.keypoints, moved)
    )
    np.testing.assert_array_equal(first, second)


def test_a_pose_without_joints_matches_none():
    similarity, poses = build(), random_poses(3, seed=1)
    scores = poses.keypoint_scores.copy()
    scores[1] = 0
    scores[1, 3] = 1  # an ear, which is not looked at
    current = embed(similarity, poses.replace(keypoint_scores=scores), 10)
    _, previous = frames(similarity)
    found = similarity.pairwise(current, previous).total
    assert (found[1] == 0).all()
    assert (found[[0, 2]] > 0).all()
    assert (similarity.pairwise(current, previous, np.ones((3, 6), bool)).total[1] == 0).all()
    assert np.isfinite(similarity.attention(current, rows(previous, [0, 1, 2]))).all()


def test_the_size_of_the_frame():
    poses = random_poses(2, seed=1)
    twice = poses.replace(keypoints=poses.keypoints * 2 + 0.5)  # pixel centres: (x + 0.5) * 2
    similarity = build()
    first = embed(similarity, poses, 3)
    second = embed(similarity, twice, 3, (1280, 960))
    torch.testing.assert_close(first["vectors"], second["vectors"])
    default = embed(build(frame_size=SIZE), poses, 3, None)
    torch.testing.assert_close(first["vectors"], default["vectors"])
    with pytest.raises(ValueError, match="needs the size of the frame: add 'width'"):
        embed(similarity, poses, 3, None)


@pytest.mark.parametrize("distance", [0, 5, -1])
def test_distances_that_it_does_not_know(distance):
    similarity = build()
    with pytest.raises(ValueError, match="PoseEntailment knows 1 to max_distance=4"):
        similarity.pairwise(*frames(similarity, distance=distance))
    with pytest.raises(ValueError, match="PoseEntailment knows 1 to max_distance=4"):
        similarity.loss(dict(pair_batch(), distance=torch.full((8,), distance)))


def test_old_poses_that_no_pair_looks_at():
    similarity = build()
    current, old = frames(similarity, distance=9)
    near = rows(frames(similarity, distance=1)[1], [0])
    pairs = np.zeros((4, 7), bool)
    pairs[:, 6] = True
    found = similarity.pairwise(current, cat(old, near), pairs).total
    np.testing.assert_allclose(found[:, 6:], similarity.pairwise(current, near).total, atol=1e-5)


def test_current_people_of_two_frames():
    similarity = build()
    current, previous = frames(similarity, distance=1)
    with pytest.raises(ValueError, match=r"must be of one frame, got the times \[ 9 10\]"):
        similarity.pairwise(cat(current, previous), previous)


def test_another_number_of_keypoints():
    similarity = build()
    with pytest.raises(ValueError, match="poses have 13 keypoints, but the similarity is made"):
        embed(similarity, random_poses(2, seed=0, num_keypoints=13), 1)
    other = build(num_keypoints=13)
    assert embed(other, random_poses(2, seed=0, num_keypoints=13), 1)["vectors"].shape == (
        2,
        13,
        128,
    )


def test_attention_is_that_of_the_scores():
    similarity = build()
    current, previous = frames(similarity, 3, 3)
    maps = similarity.attention(current, previous)
    assert maps.shape == (3, 4, 4, 30, 30)
    np.testing.assert_allclose(maps.sum(-1), 1, atol=1e-5)
    visible = torch.cat([current["visible"], previous["visible"]], 1).numpy()
    assert (maps * ~visible[:, None, None, None]).max() == 0
    tokens, seen = similarity._tokens(current, previous, np.arange(3))
    with torch.no_grad():
        logits, _ = similarity.network.explain(
            torch.cat([tokens[:3], tokens[3:]], 1), torch.cat([seen[:3], seen[3:]], 1)
        )
    scores = similarity.pairwise(current, previous).total.diagonal()
    np.testing.assert_allclose(logits.softmax(-1)[:, 1].numpy(), scores, atol=1e-5)
    with pytest.raises(ValueError, match="as many earlier poses as current ones"):
        similarity.attention(current, rows(previous, [0]))


def pair_batch(size: int = 8, num_keypoints: int = 17) -> dict:
    generator = torch.Generator().manual_seed(0)
    return dict(
        keypoints=torch.rand(size, 2, num_keypoints, 2, generator=generator) * 400,
        keypoint_scores=torch.rand(size, 2, num_keypoints, generator=generator) - 0.2,
        frame_size=torch.tensor([[640.0, 480.0]]).repeat(size, 1),
        distance=torch.arange(size) % 4 + 1,
        labels=torch.arange(size) % 2,
    )


def test_loss_is_the_cross_entropy_of_the_scores():
    similarity, inputs = build(), pair_batch()
    losses = similarity.loss(inputs)
    scores = []
    for i in range(8):
        now, before = (
            embed(
                similarity,
                People.create(
                    keypoints=inputs["keypoints"][i, [side]].numpy(),
                    keypoint_scores=inputs["keypoint_scores"][i, [side]].numpy(),
                ),
                time,
            )
            for side, time in ((0, 9), (1, 9 - int(inputs["distance"][i])))
        )
        scores.append(similarity.pairwise(now, before).total.item())
    same, labels = np.array(scores), inputs["labels"].numpy()
    expected = -np.log(np.where(labels == 1, same, 1 - same)).mean()
    assert losses["loss"].item() == pytest.approx(expected, rel=1e-4)
    assert losses["accuracy"].item() == ((same > 0.5) == labels).mean()


def test_every_weight_learns():
    similarity = build(position=("absolute", "relative")).train()
    similarity.loss(pair_batch())["loss"].backward()
    assert [n for n, p in similarity.named_parameters() if p.grad is None] == []


def test_a_small_batch_is_learned():
    torch.manual_seed(0)
    similarity = PoseEntailment(network=dict(num_layers=1, dropout=0.0))
    optimizer = torch.optim.Adam(similarity.parameters(), lr=2e-3)
    for _ in range(30):
        losses = similarity.loss(pair_batch())
        optimizer.zero_grad()
        losses["loss"].backward()
        optimizer.step()
    assert losses["accuracy"] == 1


def test_nothing_visible_in_training():
    inputs = pair_batch()
    inputs["keypoint_scores"][2] = 0
    inputs["keypoint_scores"][3, 1] = 0
    similarity = build().train()
    loss = similarity.loss(inputs)["loss"]
    loss.backward()
    assert loss.isfinite()
    assert all(p.grad.isfinite().all() for p in similarity.parameters())


def test_a_frame_without_a_size_in_training():
    inputs = pair_batch()
    expected = build(frame_size=(1, 1)).loss(inputs)["loss"]  # all say theirs
    inputs["frame_size"][3, 1] = 0
    inputs["frame_size"][5] = torch.nan
    with pytest.raises(ValueError, match="2 of 8 pairs do not say how large their frame is"):
        build().loss(inputs)
    assert build(frame_size=SIZE).loss(inputs)["loss"] == expected
    assert build(frame_size=(320, 240)).loss(inputs)["loss"] != expected


def test_another_number_of_keypoints_in_training():
    with pytest.raises(ValueError, match="poses have 15 keypoints"):
        build().loss(pair_batch(num_keypoints=15))


@pytest.mark.parametrize(("kind", "error"), [(torch.bfloat16, 0.08), (torch.float16, 0.01)])
def test_autocast(kind, error):
    similarity = build()
    current, previous = frames(similarity)
    expected = similarity.pairwise(current, previous).total
    with torch.autocast("cpu", dtype=kind):
        found = similarity.pairwise(current, previous).total
        loss = similarity.loss(pair_batch())["loss"]
    np.testing.assert_allclose(found, expected, atol=error)
    assert loss.dtype == torch.float32


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize(("half", "error"), [(False, 1e-4), (True, 0.01)])
def test_gpu_gives_the_scores_of_the_cpu(half, error):
    expected = build().pairwise(*frames(build())).total
    similarity = build().cuda()
    with torch.autocast("cuda", dtype=torch.float16, enabled=half):
        found = similarity.pairwise(*frames(similarity)).total
    np.testing.assert_allclose(found, expected, atol=error)


def test_weights_in_half_precision():
    similarity = build()
    expected = similarity.pairwise(*frames(similarity)).total
    similarity.bfloat16()
    np.testing.assert_allclose(similarity.pairwise(*frames(similarity)).total, expected, atol=0.08)


def test_hundreds_of_people():
    similarity = build(network=dict(hidden=8, intermediate=8, num_layers=1, num_heads=1))
    current, previous = frames(similarity, 300, 300)
    pairs = np.zeros((300, 300), bool)
    pairs[:, :20] = True
    found = similarity.pairwise(current, previous, pairs).total
    assert (found[:, :20] > 0).all()
    assert (found[:, 20:] == 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(keypoint_thr=2), "keypoint_thr must be in"),
        (dict(frame_size=(640, 0)), "frame_size must be a positive width and height"),
        (dict(max_pairs=0), "max_pairs must be 1 or more"),
        (dict(network=dict(num_heads=6)), "hidden must divide by num_heads"),
        (dict(joints=[0, 17]), "joints must be different indices"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        PoseEntailment(**options)
