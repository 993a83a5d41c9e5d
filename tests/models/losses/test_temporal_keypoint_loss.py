"""The second stage's losses against loops over single pairs."""

import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.heads import (
    BodyMatchingHead,
    KeypointMatchingHead,
    KeypointRefinementHead,
)
from mmpose_temporal.models.losses import ClipPairs, TemporalKeypointLoss
from mmpose_temporal.models.losses.temporal_keypoint_loss import refine

K, C, SIZE = 3, 8, (8, 6)  # h, w


def batch(rows=((0, 1, 0), (0, 1, 2), (0, 2, 2)), *, visible: float = 1.0) -> list:
    """Samples with random annotated places; a row is clip, id, frame.

    The crops of an id are all there are of it, unless a test says otherwise.
    """
    samples = []
    for clip, track, frame in rows:
        mates = sum(c == clip and i == track and t != frame for c, i, t in rows)
        sample = PoseDataSample(
            metainfo=dict(
                clip_index=clip, track_id=track, frame_offset=frame, num_neighbours=mates
            )
        )
        places = torch.rand(1, K, 2) * torch.tensor([SIZE[1] - 1.0, SIZE[0] - 1.0])
        sample.gt_instance_labels = InstanceData(
            keypoint_locations=places, keypoint_weights=torch.full((1, K), visible)
        )
        sample.gt_fields = PixelData(heatmaps=torch.rand(K, *SIZE))
        samples.append(sample)
    return samples


def parts(samples, head="KeypointMatchingHead", *, refinement=True) -> dict:
    """Keyword arguments as TemporalPoseEstimator gives them; maps with gradient."""
    heads = dict(
        KeypointMatchingHead=lambda: KeypointMatchingHead(
            in_channels=C, num_keypoints=K, channels=C, upsample=(1,)
        ),
        BodyMatchingHead=lambda: BodyMatchingHead(in_channels=C, channels=C, upsample=(1,)),
    )
    found = dict(heatmaps=torch.rand(len(samples), K, *SIZE), data_samples=samples)
    if head is not None:
        found["matching_head"] = heads[head]()
        found["matching_maps"] = torch.randn(len(samples), C, *SIZE, requires_grad=True)
    if refinement:
        found["refinement_head"] = KeypointRefinementHead(
            in_channels=C, num_keypoints=K, channels=C, upsample=(1,)
        )
        torch.nn.init.normal_(found["refinement_head"].final_layer.weight)
        found["refinement_maps"] = torch.randn(len(samples), C, *SIZE, requires_grad=True)
    return found


def cell(sample, k: int) -> tuple[int, int]:
    x, y = (sample.gt_instance_labels.keypoint_locations[0, k] + 0.5).floor().long().tolist()
    return x, y


def test_matching_of_bodies_by_hand():
    """Crops 0 and 1 one person, 2 another: 2 positive pairs, 4 negative ones, all of them."""
    samples = batch()
    given = parts(samples, "BodyMatchingHead", refinement=False)
    losses = TemporalKeypointLoss()(**given)
    head, maps = given["matching_head"], given["matching_maps"]
    bodies = []
    for i, sample in enumerate(samples):
        at = [maps[i, :, y, x] for x, y in (cell(sample, k) for k in range(K))]
        bodies.append(torch.stack(at).mean(0))
    total, right = 0.0, 0
    for i, j in ((0, 1), (1, 0), (0, 2), (1, 2), (2, 0), (2, 1)):
        c = head.classifiers
        hidden = torch.relu(torch.cat([bodies[i], bodies[j]]) @ c.weight1[0] + c.bias1[0])
        hidden = torch.relu(hidden @ c.weight2[0] + c.bias2[0])
        out = (hidden @ c.weight3[0] + c.bias3[0]).log_softmax(0)
        label = int({i, j} == {0, 1})
        total = total - out[label]
        right += int(out.argmax() == label)
    assert set(losses) == {"loss_matching", "acc_matching"}
    assert losses["loss_matching"].item() == pytest.approx(total.item() / 6, rel=1e-5)
    assert losses["acc_matching"].item() == pytest.approx(right / 6)


@pytest.mark.parametrize("neighbours", [1, 4, None])
def test_refinement_by_hand(neighbours):
    """The features are aggregated as Eq. 6 says, crop by crop and maximum by maximum.

    With 4 neighbours in the window the one that is there counts four times, of 5 frames; None:
    without context.
    """
    samples = batch()
    for sample in samples[:2]:
        sample.set_metainfo(dict(num_neighbours=neighbours or 1))
    samples[0].gt_instance_labels.keypoint_weights[0, 1] = 0  # keypoint 1 of crop 0 is not seen
    given = parts(samples)
    losses = TemporalKeypointLoss(
        num_candidates=40, refinement_weight=2.0, context=neighbours is not None
    )(**given)
    head, matching = given["refinement_head"], given["matching_head"].classifiers
    heatmaps, maps = given["heatmaps"], given["refinement_maps"]

    def weight(i, j, here, there, k):
        pair = torch.cat(
            [given["matching_maps"][n][:, y, x] for n, (x, y) in ((i, here), (j, there))]
        )
        hidden = torch.relu(pair @ matching.weight1[k] + matching.bias1[k])
        hidden = torch.relu(hidden @ matching.weight2[k] + matching.bias2[k])
        return (hidden @ matching.weight3[k] + matching.bias3[k]).softmax(0)[1]

    def best(j, k):
        index = int(heatmaps[j, k].argmax())
        return index % SIZE[1], index // SIZE[1]

    total = 0.0
    for i, mates in ((0, [1]), (1, [0]), (2, [])):
        mates = mates * (neighbours or 0)
        for k in range(K):
            if samples[i].gt_instance_labels.keypoint_weights[0, k] == 0:
                continue
            places = []  # all maxima, also those at the annotated place
            for y in range(SIZE[0]):
                for x in range(SIZE[1]):
                    window = heatmaps[i, k, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
                    if heatmaps[i, k, y, x] == window.max():
                        places.append((x, y))
            for x, y in places:
                feature = maps[i, :, y, x]
                for j in mates:
                    other = best(j, k)
                    near = maps[j, :, other[1], other[0]]
                    feature = feature + near * weight(i, j, (x, y), other, k)
                feature = feature / (1 + len(mates))
                answer = head.final_layer.weight[k, :, 0, 0] @ feature + head.final_layer.bias[k]
                total = total + (answer - samples[i].gt_fields.heatmaps[k, y, x]) ** 2
    expected = 2 * total.item() / (3 * K)
    assert losses["loss_refinement"].item() == pytest.approx(expected, rel=1e-4)


def test_weight_of_the_context():
    """Four frames with a weight of 0.25 count as one frame."""
    losses = []
    for neighbours, weight in ((1, 1.0), (4, 0.25), (4, 1.0)):
        torch.manual_seed(0)
        samples = batch()
        for sample in samples:
            sample.set_metainfo(dict(num_neighbours=neighbours))
        loss = TemporalKeypointLoss(context_weight=weight)(**parts(samples))
        losses.append(loss["loss_refinement"].item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert losses[0] != pytest.approx(losses[2], rel=1e-3)


@pytest.mark.parametrize("head", ["KeypointMatchingHead", "BodyMatchingHead"])
def test_weights_of_the_losses(head):
    """Three times the matching loss and half of the other; right answers stay as many."""
    found = []
    for options in ({}, dict(matching_weight=3.0, refinement_weight=0.5)):
        torch.manual_seed(0)
        context = head == "KeypointMatchingHead"
        found.append(TemporalKeypointLoss(context=context, **options)(**parts(batch(), head)))
    for name, factor in (("loss_matching", 3), ("loss_refinement", 0.5), ("acc_matching", 1)):
        assert found[1][name].item() == pytest.approx(factor * found[0][name].item(), rel=1e-5)
        assert found[0][name] > 0


def test_refinement_does_not_train_matching_and_matching_not_refinement():
    given = parts(batch())
    losses = TemporalKeypointLoss()(**given)
    losses["loss_refinement"].backward()
    assert given["matching_maps"].grad is None
    assert given["refinement_maps"].grad.abs().sum() > 0
    losses["loss_matching"].backward()
    assert given["matching_maps"].grad.abs().sum() > 0


def test_matching_learns_to_tell_two_people_apart():
    """Maps that are the person's id everywhere: separable by one threshold."""
    torch.manual_seed(0)
    samples = batch(((0, 1, 0), (0, 1, 1), (0, 2, 0), (0, 2, 1)))
    given = parts(samples, refinement=False)
    maps = torch.zeros(4, C, *SIZE)
    maps[:2, 0], maps[2:, 1] = 1, 1
    given["matching_maps"] = maps
    # only annotated places, so that every negative is of two ids
    loss = TemporalKeypointLoss(identity_share=1.0, negatives=2)
    optimizer = torch.optim.Adam(given["matching_head"].parameters(), lr=0.02)
    for _ in range(150):
        losses = loss(**given)
        optimizer.zero_grad()
        losses["loss_matching"].backward()
        optimizer.step()
    assert losses["loss_matching"] < 0.05
    assert losses["acc_matching"] == 1


@pytest.mark.parametrize("head", ["KeypointMatchingHead", "BodyMatchingHead"])
@pytest.mark.parametrize("case", ["alone", "invisible"])
def test_nothing_to_match(head, case):
    """Nobody twice, or nothing annotated: the loss is 0 with a gradient of 0."""
    rows = ((0, 1, 0), (1, 1, 0)) if case == "alone" else ((0, 1, 0), (0, 1, 1))
    given = parts(batch(rows, visible=float(case == "alone")), head)
    losses = TemporalKeypointLoss(context=head == "KeypointMatchingHead")(**given)
    assert losses["loss_matching"] == 0
    (losses["loss_matching"] + losses["loss_refinement"]).backward()
    assert all(
        torch.isfinite(p.grad).all() for p in given["matching_head"].classifiers.parameters()
    )
    assert (losses["loss_refinement"] > 0) == (case == "alone")


def test_keypoint_outside_the_heatmap_is_no_place():
    samples = batch(((0, 1, 0), (0, 1, 1)))
    for sample in samples:
        sample.gt_instance_labels.keypoint_locations[0, :, 0] = SIZE[1] - 0.4  # cell 6 of 0 to 5
    assert TemporalKeypointLoss()(**parts(samples))["loss_matching"] == 0
    for sample in samples:
        sample.gt_instance_labels.keypoint_locations[0, :, 0] = SIZE[1] - 0.6
    assert TemporalKeypointLoss()(**parts(samples))["loss_matching"] > 0


def test_aggregation_of_answers():
    """Answers 5, 2 with bias 1; weight 0.5: (4 + 0.5 x 1) / 2 + 1 = 3.25."""
    evidence = torch.tensor([[[5.0, 2.0]], [[2.0, 9.0]]])
    pairs = ClipPairs(same=torch.tensor([[0, 1]]), other=torch.zeros(0, 2).long())
    given = evidence, torch.tensor([1.0]), torch.tensor([[[0.5, 0.0]]]), pairs
    answers = refine(*given, torch.tensor([1, 1]))
    assert answers[0, 0].tolist() == pytest.approx([3.25, 1.5])  # (1 + 0) / 2 + 1
    assert answers[1, 0].tolist() == pytest.approx([2, 9])  # no crop of its window is there
    answers = refine(*given, torch.tensor([4, 1]))  # the one crop stands for four
    assert answers[0, 0].tolist() == pytest.approx([2.2, 1.2])  # (4 + 4 x 0.5) / 5 + 1, 1 / 5 + 1


def test_context_needs_its_weights_and_the_size_of_the_window():
    for head in ("BodyMatchingHead", None):
        with pytest.raises(ValueError, match=r"train self-refinement with temporal_loss=dict\("):
            TemporalKeypointLoss()(**parts(batch(), head))
    samples = batch()
    samples[1] = PoseDataSample(metainfo=dict(clip_index=0, track_id=1, frame_offset=2))
    samples[1].gt_instance_labels = samples[0].gt_instance_labels
    samples[1].gt_fields = samples[0].gt_fields
    with pytest.raises(ValueError, match="a sample has no num_neighbours"):
        TemporalKeypointLoss()(**parts(samples))
    assert TemporalKeypointLoss(context=False)(**parts(samples))["loss_refinement"] > 0


def test_samples_without_places():
    samples = batch()
    del samples[1].gt_instance_labels
    with pytest.raises(ValueError, match="add LocateKeypoints to the pipeline"):
        TemporalKeypointLoss()(**parts(samples))


def test_unknown_head():
    given = parts(batch(), refinement=False)
    given["matching_head"] = torch.nn.Linear(1, 1)
    with pytest.raises(TypeError, match="no loss is known for a Linear"):
        TemporalKeypointLoss()(**given)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (dict(num_candidates=0), "num_candidates must be 1 or more"),
        (dict(negatives=0), "negatives must be 1 or more"),
        (dict(nms_kernel=4), "nms_kernel must be odd"),
        (dict(identity_share=2), "identity_share must be in"),
        (dict(matching_weight=0), "leave out a head to leave out a loss"),
        (dict(context_weight=0), "context_weight must be positive"),
        (dict(context_weight=0.5, context=False), "and 1 without context"),
    ],
)
def test_wrong_options(options, text):
    with pytest.raises(ValueError, match=text):
        TemporalKeypointLoss(**options)
