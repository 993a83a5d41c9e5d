import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models import TrackEntailment
from mmpose_temporal.structures import People
from mmpose_temporal.testing import make_packet, random_poses, template_keypoints

SMALL = dict(hidden=8, intermediate=8, num_layers=1, num_heads=1, dropout=0.0)
SHIPPED = dict(
    type="TrackEntailment",
    checkpoint="shipped:track_entailment",
    network=dict(hidden=96, intermediate=192, num_layers=3, num_heads=4, dropout=0.0),
)


def build(**options) -> TrackEntailment:
    torch.manual_seed(0)
    return TrackEntailment(**{"network": SMALL, "history": 3, **options}).eval()


def walkers(frame: int, count: int = 3) -> People:
    """People 40 pixels wide, 100 apart, who walk 4 pixels a frame."""
    x = np.arange(count) * 100.0 + frame * 4
    boxes = np.stack([x, np.full(count, 50.0), x + 40, np.full(count, 170.0)], 1)
    keypoints = template_keypoints(boxes.astype(np.float32))
    scores = np.full(keypoints.shape[:2], 0.9)
    scores[:, [0, 3, 4]] = 0  # neither nose nor ears
    return People.create(keypoints=keypoints, keypoint_scores=scores, boxes=boxes)


def pose_batch(*, items=2, pairs=4, history=3, num_keypoints=17) -> dict[str, torch.Tensor]:
    """Random people, whose tracks are the same person in half of the pairs."""
    generator = torch.Generator().manual_seed(0)
    current = torch.rand((items, pairs, num_keypoints, 3), generator=generator)
    current[..., :2] *= 200
    past = current[:, :, None].repeat(1, 1, history, 1, 1)
    past[:, ::2, ..., :2] += 80
    labels = torch.ones((items, pairs), dtype=torch.int64)
    labels[:, ::2] = 0
    return dict(
        current=current,
        history=past,
        ages=torch.arange(1.0, history + 1).expand(items, pairs, history),
        motion=torch.rand((items, pairs, 2), generator=generator) * 20,
        support=torch.rand((items, pairs, 2), generator=generator),
        labels=labels,
    )


def step(association, tracks, frames) -> list[list[int]]:
    return [
        association.step(tracks, make_packet(poses, tick=tick)).track_ids.tolist()
        for tick, poses in enumerate(frames)
    ]


# ----------------------------------------------------------------------- representation


def test_a_pose_is_a_track_of_one():
    rows = build().embed(make_packet(walkers(0), tick=7))
    assert rows["history"].shape == (3, 3, 15, 3)
    assert rows["history"].dtype == torch.float32
    assert rows["times"].tolist() == [[7, -1, -1]] * 3
    assert not rows["history"][:, 1:].any()
    # the first of the 15 joints is the nose, absent; the second is head_bottom, (20, 50 + 24)
    assert rows["history"][0, 0, 0].tolist() == [0, 0, 0]
    assert rows["history"][0, 0, 1].tolist() == pytest.approx([20, 74, 0.9])


def test_who_is_recognised_takes_the_past_along():
    similarity = build(history=2)
    first = similarity.embed(make_packet(walkers(0), tick=0))
    second = similarity.embed(make_packet(walkers(1), tick=2))
    rows, columns = np.array([0, 2]), np.array([2, 0])
    before = [{name: row.clone() for name, row in part.items()} for part in (first, second)]
    answer = similarity.extend(second, rows, first, columns)
    for part, copy in zip((first, second), before, strict=True):
        assert all(torch.equal(part[name], copy[name]) for name in copy)  # they stay as they are
    assert answer["times"].tolist() == [[2, 0], [2, -1], [2, 0]]
    assert torch.equal(answer["history"][0, 1], first["history"][2, 0])
    assert torch.equal(answer["history"][2, 1], first["history"][0, 0])
    assert not answer["history"][1, 1].any()
    third = similarity.embed(make_packet(walkers(2), tick=3))
    answer = similarity.extend(third, np.array([1]), answer, np.array([0]))
    assert answer["times"].tolist() == [[3, -1], [3, 2], [3, -1]]  # the oldest has gone


def test_joints_under_the_threshold_are_absent():
    rows = build(keypoint_thr=0.9).embed(make_packet(walkers(0), tick=0))
    assert (rows["history"][:, 0, 1:, 2] > 0).all()  # 0.9 is not under 0.9
    rows = build(keypoint_thr=0.91).embed(make_packet(walkers(0), tick=0))
    assert not rows["history"].any()


# ------------------------------------------------------------------------------- scores


def test_scores_are_probabilities_of_all_pairs():
    similarity = build()
    current = similarity.embed(make_packet(walkers(1, 2), tick=1))
    previous = similarity.embed(make_packet(walkers(0, 3), tick=0))
    scores = similarity.pairwise(current, previous).total
    assert scores.shape == (2, 3) and scores.dtype == np.float32
    assert ((scores > 0) & (scores < 1)).all()
    pairs = np.array([[True, False, True], [False, False, True]])
    some = similarity.pairwise(current, previous, pairs).total
    np.testing.assert_array_equal(some > 0, pairs)


def test_a_pair_is_scored_alike_in_any_company_and_in_any_portion():
    similarity = build(use_common_motion=False)
    current = similarity.embed(make_packet(walkers(1, 6), tick=1))
    previous = similarity.embed(make_packet(walkers(0, 6), tick=0))
    expected = similarity.pairwise(current, previous).total
    similarity.max_pairs = 5
    np.testing.assert_allclose(similarity.pairwise(current, previous).total, expected, atol=1e-6)
    alone = {name: rows[3:4] for name, rows in current.items()}
    np.testing.assert_allclose(
        similarity.pairwise(alone, previous).total, expected[3:4], atol=1e-6
    )


def test_people_out_of_reach_are_not_scored():
    """Joints span 40 x 120 pixels, a diagonal of 126.5; the centres are 100 and 200 apart."""
    current, previous = walkers(0, 1), walkers(0, 3)
    for reach, near in ((0.75, 1), (0.8, 2), (1.55, 2), (1.6, 3)):
        similarity = build(reach=reach)
        scores = similarity.pairwise(
            similarity.embed(make_packet(current, tick=1)),
            similarity.embed(make_packet(previous, tick=0)),
        ).total
        assert (scores > 0).sum() == near


@pytest.mark.parametrize(("now", "before"), [(0, 3), (3, 0), (0, 0)])
def test_nobody(now, before):
    similarity = build()
    current = similarity.embed(make_packet(walkers(1, now), tick=1))
    previous = similarity.embed(make_packet(walkers(0, before), tick=0))
    assert similarity.pairwise(current, previous).total.shape == (now, before)


def test_a_pose_without_joints_is_like_nobody():
    similarity = build()
    poses = walkers(1)
    scores = poses.keypoint_scores.copy()
    scores[1] = 0
    current = similarity.embed(make_packet(poses.replace(keypoint_scores=scores), tick=1))
    found = similarity.pairwise(current, similarity.embed(make_packet(walkers(0), tick=0))).total
    assert (found[1] == 0).all() and (found[[0, 2]] > 0).all()


def test_broken_coordinates_of_absent_joints_do_not_spread():
    similarity = build()
    poses = walkers(1)
    previous = similarity.embed(make_packet(walkers(0), tick=0))
    expected = similarity.pairwise(similarity.embed(make_packet(poses, tick=1)), previous).total
    keypoints = poses.keypoints.copy()
    keypoints[:, 0] = np.nan, np.inf
    poses = poses.replace(keypoints=keypoints)
    found = similarity.pairwise(similarity.embed(make_packet(poses, tick=1)), previous).total
    np.testing.assert_array_equal(found, expected)


def test_a_joint_beyond_all_numbers_makes_its_person_unknown_and_no_other():
    similarity = build()
    poses = walkers(1)
    keypoints = poses.keypoints.copy()
    keypoints[0, 5] = 1e30  # its square is no float32
    current = similarity.embed(make_packet(poses.replace(keypoints=keypoints), tick=1))
    found = similarity.pairwise(current, similarity.embed(make_packet(walkers(0), tick=0))).total
    assert np.isfinite(found).all()
    assert (found[0] == 0).all() and (found[1:] > 0).all()


def test_the_number_of_frames_between_counts():
    similarity = build(use_common_motion=False)
    previous = similarity.embed(make_packet(walkers(0), tick=0))
    near, far = (
        similarity.pairwise(similarity.embed(make_packet(walkers(1), tick=time)), previous).total
        for time in (1, 9)
    )
    assert not np.allclose(near, far, atol=1e-6)


def test_frames_of_any_size_are_alike():
    similarity = build()
    answers = [
        similarity.pairwise(
            similarity.embed(make_packet(walkers(1), tick=1, frame_size=size)),
            similarity.embed(make_packet(walkers(0), tick=0, frame_size=size)),
        ).total
        for size in (None, (10, 10), (4000, 3000))
    ]
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])


def test_hundreds_of_people():
    similarity = build()
    poses = random_poses(200, seed=0, size=(8000, 4000))
    current = similarity.embed(make_packet(poses, tick=1))
    previous = similarity.embed(make_packet(poses, tick=0))
    pairs = np.eye(200, dtype=bool)
    found = similarity.pairwise(current, previous, pairs).total
    np.testing.assert_array_equal(found > 0, pairs)


# ----------------------------------------------------------------------------- training


def test_loss_begins_without_an_opinion_and_reaches_every_weight():
    similarity = build().train()
    losses = similarity.loss(pose_batch())
    assert losses["loss"].item() == pytest.approx(np.log(2), abs=0.05)
    assert losses["accuracy"].item() in np.arange(9) / 8  # of 8 pairs
    losses["loss"].backward()
    assert all(p.grad is not None for p in similarity.parameters())


def test_a_few_steps_learn_two_kinds_of_pairs():
    similarity = build().train()
    optimizer = torch.optim.AdamW(similarity.parameters(), lr=1e-2)
    for _ in range(60):
        losses = similarity.loss(pose_batch())
        optimizer.zero_grad()
        losses["loss"].backward()
        optimizer.step()
    assert losses["loss"] < 0.1
    assert losses["accuracy"] == 1


def test_without_common_motion_the_training_does_not_see_it_either():
    batch = pose_batch()
    other = dict(batch, motion=batch["motion"] * 3, support=batch["support"] * 0)
    blind, seeing = build(use_common_motion=False), build()
    assert blind.loss(batch)["loss"] == blind.loss(other)["loss"]
    assert seeing.loss(batch)["loss"] != seeing.loss(other)["loss"]


def test_training_and_tracking_see_the_same():
    """The batch that stands for a frame of the tracker has the logits of its scores."""
    similarity = build()
    current = similarity.embed(make_packet(walkers(1), tick=1))
    previous = similarity.embed(make_packet(walkers(0), tick=0))
    scores = torch.from_numpy(similarity.pairwise(current, previous, np.eye(3, dtype=bool)).total)

    def rows(poses):
        return torch.from_numpy(np.dstack([poses.keypoints, poses.keypoint_scores]))[None]

    past = torch.zeros(1, 3, 3, 17, 3)
    past[:, :, 0] = rows(walkers(0))
    ages = torch.tensor([1.0, 0, 0]).expand(1, 3, 3)
    still = torch.zeros(1, 3, 2)
    agree = torch.ones(1, 3, 2)  # all three walk alike, and nobody knows it yet: (4, 0) is common
    still[..., 0] = 4
    agree[..., 1] = similarity_without_shift(walkers(1), walkers(0))
    pair = dict(current=rows(walkers(1)), history=past, ages=ages)

    def log_odds(motion, support):
        """Of each pair, by the loss if it matches and if it does not."""
        values = []
        for index in range(3):
            one = {name: value[:, index : index + 1] for name, value in pair.items()}
            one.update(motion=motion[:, index : index + 1], support=support[:, index : index + 1])
            lost = [
                similarity.loss(dict(one, labels=torch.full((1, 1), label)))["loss"]
                for label in (0, 1)
            ]
            values.append(lost[0] - lost[1])
        return torch.stack(values)

    zeros = torch.zeros_like(agree)
    expected = (log_odds(still, agree) + log_odds(zeros, zeros)) / 2
    torch.testing.assert_close(scores.diagonal().logit(), expected, atol=1e-3, rtol=0)


def similarity_without_shift(now: People, before: People) -> float:
    """exp(-(4 / (0.12 * 126.5))^2 / 2): how much people who moved by 4 pixels agree with 0."""
    height, width = 120, 40
    size = np.hypot(height, width)
    assert (now.keypoints - before.keypoints)[..., 0].max() == 4
    return float(np.exp(-((4 / (0.12 * size)) ** 2) / 2))


def test_another_history_in_training():
    with pytest.raises(ValueError, match=r"gives 4 poses of a track, the similarity looks at 3"):
        build().loss(pose_batch(history=4))


# ---------------------------------------------------------------------------- precision


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_autocast(kind):
    similarity = MODELS.build(SHIPPED).eval()
    current = similarity.embed(make_packet(walkers(1), tick=1))
    previous = similarity.embed(make_packet(walkers(0), tick=0))
    expected = similarity.pairwise(current, previous).total
    with torch.autocast("cpu", dtype=kind):
        found = similarity.pairwise(current, previous).total
        loss = similarity.loss(pose_batch(history=6))["loss"]
    np.testing.assert_allclose(found, expected, atol=0.05)
    assert loss.dtype == torch.float32


def test_weights_in_half_precision():
    similarity = MODELS.build(SHIPPED).eval()
    rows = [similarity.embed(make_packet(walkers(t), tick=t)) for t in (1, 0)]
    expected = similarity.pairwise(*rows).total
    found = similarity.bfloat16().pairwise(*rows).total
    np.testing.assert_allclose(found, expected, atol=0.05)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("half", [False, True])
def test_gpu_gives_the_scores_of_the_cpu(half):
    similarity = MODELS.build(SHIPPED).eval()
    rows = [similarity.embed(make_packet(walkers(t), tick=t)) for t in (1, 0)]
    expected, loss = (
        similarity.pairwise(*rows).total,
        similarity.loss(pose_batch(history=6))["loss"],
    )
    similarity.cuda()
    with torch.autocast("cuda", dtype=torch.float16, enabled=half):
        rows = [similarity.embed(make_packet(walkers(t), tick=t)) for t in (1, 0)]
        assert rows[0]["history"].device.type == "cpu"
        found = similarity.pairwise(*rows).total
        batch = {name: value.cuda() for name, value in pose_batch(history=6).items()}
        losses = similarity.loss(batch)
    atol = 0.05 if half else 1e-3
    np.testing.assert_allclose(found, expected, atol=atol)
    torch.testing.assert_close(losses["loss"].cpu(), loss, atol=atol, rtol=0.05 if half else 1e-3)


# --------------------------------------------------------------------------- in trackers


@pytest.mark.parametrize(
    ("parts", "frames_kept"),
    [
        (dict(life=dict(max_age=5)), 1),
        (dict(life=dict(type="ConfirmedLife", max_age=5)), 1),
        (
            dict(depth=dict(type="History", history=5), assignment=dict(type="GreedyAssignment")),
            6,
        ),
    ],
)
def test_associations_keep_walkers_apart(parts, frames_kept):
    """With the shipped weights; the third is away in two frames, all are away in another."""
    association = MODELS.build(
        dict(type="Association", similarity=SHIPPED, min_similarity=0.3, **parts)
    ).eval()
    tracks = association.start_video()
    frames = [walkers(t, 2 if t in (4, 5) else 3) for t in range(10)]
    frames[7] = walkers(7, 0)
    expected = [list(range(len(poses))) for poses in frames]
    assert step(association, tracks, frames) == expected
    assert tracks.next_id == 3
    rows = tracks.representation
    assert rows["times"][:3].tolist() == [[9, 8, 6, 5, 4, 3]] * 2 + [[9, 8, 6, 3, 2, 1]]
    assert len(rows["history"]) == len(tracks) <= 3 * frames_kept


def test_a_camera_that_jerks():
    """Everybody moves by 70 pixels, to within 30 of where the next one was."""
    association = MODELS.build(
        dict(type="Association", similarity=SHIPPED, min_similarity=0.03, life=dict(max_age=5))
    ).eval()
    jerk = np.float32([70, 0])
    frames = [walkers(t, 4) for t in range(5)]
    frames += [p.replace(keypoints=p.keypoints + jerk) for p in (walkers(5, 4), walkers(6, 4))]
    assert step(association, association.start_video(), frames) == [[0, 1, 2, 3]] * 7


def test_a_tracker_of_two_videos_in_turn():
    """A similarity keeps nothing of a video: interleaved videos have the ids of single ones."""
    life = dict(type="ConfirmedLife", max_age=3)
    association = MODELS.build(dict(type="Association", similarity=SHIPPED, life=life)).eval()
    first = [walkers(t, 3) for t in range(6)]
    second = [walkers(2 * t, 2)[::-1] for t in range(6)]
    alone = [step(association, association.start_video(), frames) for frames in (first, second)]
    videos = association.start_video(), association.start_video()
    for t in range(6):
        for tracks, frames, ids in zip(videos, (first, second), alone, strict=True):
            packet = make_packet(frames[t], tick=t)
            assert association.step(tracks, packet).track_ids.tolist() == ids[t]


# --------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(history=1), "history must be 2 to 6 poses, got 1"),
        (dict(history=7), "history must be 2 to 6 poses, got 7"),
        (dict(keypoint_thr=1.1), r"keypoint_thr must be in \[0, 1\]"),
        (dict(reach=0), "reach must be positive"),
        (dict(max_pairs=0), "max_pairs must be 1 or more"),
        (dict(joints=[17]), "joints must be different indices"),
        (dict(network=dict(hidden=10, num_heads=3)), "hidden must divide by num_heads"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)


def test_another_number_of_keypoints():
    with pytest.raises(ValueError, match="poses have 15 keypoints"):
        build().embed(make_packet(random_poses(2, seed=0, num_keypoints=15), tick=0))
    with pytest.raises(ValueError, match="poses have 15 keypoints"):
        build().loss(pose_batch(num_keypoints=15))


def test_a_layout_of_its_own():
    similarity = build(num_keypoints=4, joints=[0, 3])
    poses = random_poses(2, seed=0, num_keypoints=4)
    rows = [similarity.embed(make_packet(poses, tick=t)) for t in (1, 0)]
    assert rows[0]["history"].shape == (2, 3, 2, 3)
    assert similarity.pairwise(*rows).total.shape == (2, 2)


def test_only_the_nearest_tracks_are_scored():
    """People 10 pixels apart in a row, 100 pixels tall: all in reach, three are compared."""
    pose = np.stack([np.zeros(17), np.linspace(0, 100, 17)], axis=-1)
    crowd = People.create(keypoints=pose + np.arange(8)[:, None, None] * (10, 0))
    torch.manual_seed(0)
    every = TrackEntailment(network=dict(hidden=16, num_layers=1), nearest=None).eval()
    some = TrackEntailment(network=dict(hidden=16, num_layers=1), nearest=3).eval()
    some.load_state_dict(every.state_dict())
    before, now = (
        every.embed(make_packet(crowd, tick=0)),
        every.embed(make_packet(crowd[:1], tick=1)),
    )
    full, few = every.pairwise(now, before).total[0], some.pairwise(now, before).total[0]
    assert (full > 0).all()
    np.testing.assert_allclose(few, np.where(np.arange(8) < 3, full, 0), atol=1e-6)
    with pytest.raises(ValueError, match="nearest must be 1 or more"):
        TrackEntailment(nearest=0)
