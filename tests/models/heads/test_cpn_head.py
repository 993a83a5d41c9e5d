"""CPN's head: heatmaps, the flip test, and both losses by hand."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import MultilevelPixelData, PoseDataSample

from mmpose_temporal.models.heads import CPNHead
from mmpose_temporal.testing import tiny_crops

CODEC = dict(type="MSRAHeatmap", input_size=(48, 64), heatmap_size=(12, 16), sigma=1.5)
SIZES = ((16, 12), (8, 6), (4, 3), (2, 2))


def pyramid(number: int = 2, channels: int = 8) -> tuple[torch.Tensor, ...]:
    return tuple(torch.randn(number, channels, *size) for size in SIZES)


class GivenHeatmaps(CPNHead):
    """The losses on heatmaps that are given in place of features: levels, and refined ones."""

    def global_heatmaps(self, feats):
        return feats[0]

    def forward(self, feats):
        return feats[1]


def sample(targets, weights: list) -> PoseDataSample:
    """As GenerateTarget and PackPoseInputs leave it: one target (K, H, W), or a list of levels."""
    found = PoseDataSample()
    found.gt_instance_labels = InstanceData(keypoint_weights=torch.tensor(weights))
    kind = MultilevelPixelData if isinstance(targets, list) else PixelData
    found.gt_fields = kind(heatmaps=targets)
    return found


def filled(*values: float) -> torch.Tensor:
    """(K, 2, 2), a heatmap of one value for each keypoint."""
    return torch.tensor(values, dtype=torch.float32)[:, None, None].expand(-1, 2, 2).clone()


# ---------------------------------------------------------------------- network


@pytest.mark.parametrize("number", [2, 0])
@torch.no_grad()
def test_shapes(number: int) -> None:
    head = CPNHead(in_channels=8, out_channels=17, decoder=CODEC).eval()
    assert head(pyramid(number)).shape == (number, 17, 16, 12)
    assert [tuple(x.shape) for x in head.global_heatmaps(pyramid(number))] == [
        (number, 17, 16, 12)
    ] * 4


def test_bottlenecks_of_each_level() -> None:
    """None at the finest level, three at the coarsest; half of the channels inside."""
    head = CPNHead(in_channels=8, out_channels=3)
    assert [len(refiner) for refiner in head.refiners] == [0, 1, 2, 3]
    block = head.refiners[3][0]
    assert block.conv2.weight.shape == (4, 4, 3, 3)
    assert head.refined[0].conv1.weight.shape == (4, 4 * 8, 1, 1)
    assert head.refined[1].weight.shape == (3, 8, 3, 3)


def test_the_published_number_of_weights() -> None:
    """With ResNet-50 it is 27.0 M (HRNet's paper, Sun et al., CVPR 2019, Table 1)."""
    from mmpose.models.backbones import ResNet

    from mmpose_temporal.models.necks import GlobalNet

    with torch.device("meta"):
        parts = [
            ResNet(50),
            GlobalNet(in_channels=(256, 512, 1024, 2048)),
            CPNHead(in_channels=256, out_channels=17, decoder=CODEC),
        ]
    counts = [sum(p.numel() for p in part.parameters()) for part in parts]
    assert sum(counts) / 1e6 == pytest.approx(27.0, abs=0.05)


@torch.no_grad()
def test_what_each_level_goes_through_by_hand() -> None:
    """The coarsest level alone reaches the heatmaps: what it holds is brought to the finest size.

    The shortcut of the last bottleneck takes the last 2 of 4 channels, and its blocks add nothing.
    """
    head = CPNHead(in_channels=2, out_channels=1, num_levels=2, loss=topk(1)).eval()
    for parameter in head.parameters():
        parameter.zero_()
    last = head.refined
    for norm in (last[0].downsample.norm, last[2]):
        norm.weight.fill_(1)
    last[0].downsample.conv.weight[0, 2, 0, 0] = 1  # channel 0 of the coarser level
    last[1].weight[0, 0, 1, 1] = 10  # the middle of the 3x3 kernel
    fine = torch.full((1, 2, 1, 5), 7.0)
    coarse = torch.tensor([[[[0.0, 3.0, 6.0]], [[9.0, 9.0, 9.0]]]])
    expected = torch.tensor([[[[0.0, 15.0, 30.0, 45.0, 60.0]]]])
    torch.testing.assert_close(head((fine, coarse)), expected, atol=1e-2, rtol=0)


@torch.no_grad()
def test_flip_test_averages_with_the_mirrored_crop() -> None:
    """A head whose heatmaps are its features, mirrored back with left and right exchanged."""
    head = GivenHeatmaps(in_channels=8, out_channels=17, decoder=CODEC).eval()
    _, samples = tiny_crops(1)
    flip = samples[0].metainfo["flip_indices"]
    plain = torch.zeros(1, 17, 16, 12)
    plain[0, 5, 8, 3] = 1.0  # keypoint 5 at x = 3, y = 8
    mirrored = torch.zeros(1, 17, 16, 12)
    mirrored[0, flip[5], 8, 11 - 3] = 0.5  # as the other side's keypoint, mirrored
    test_cfg = dict(flip_test=True, flip_mode="heatmap", output_heatmaps=True)
    poses, fields = head.predict([(None, plain), (None, mirrored)], samples, test_cfg=test_cfg)
    assert fields[0].heatmaps[5, 8, 3] == pytest.approx(0.75)
    assert fields[0].heatmaps.sum() == pytest.approx(0.75)
    assert poses[0].keypoint_scores[0, 5] == pytest.approx(0.75)
    np.testing.assert_allclose(poses[0].keypoints[0, 5], [12, 32], atol=1.01)  # 4 pixels a cell


# ----------------------------------------------------------------------- losses


def topk(number: int) -> dict:
    return dict(type="KeypointOHKMMSELoss", use_target_weight=True, topk=number)


def given(number: int = 2, levels: int = 1, **options) -> GivenHeatmaps:
    return GivenHeatmaps(
        in_channels=2, out_channels=3, num_levels=levels, loss=topk(number), **options
    )


def test_hard_keypoints_by_hand() -> None:
    """Squared errors 1, 4, 9 and 16, 0, 25, where 9 and 25 are not annotated in their person.

    The two hardest: (4 + 1) / 2 and (16 + 0) / 2; their mean is 5.25.
    """
    head = given(2)
    refined = torch.stack([filled(1, 2, 3), filled(4, 0, 5)])
    samples = [sample(filled(0, 0, 0), [[1.0, 1.0, 0.0]])] * 2
    losses = head.loss(([torch.zeros(2, 3, 2, 2)], refined), samples)
    assert set(losses) == {"loss_global", "loss_refine", "acc_pose"}
    assert losses["loss_refine"] == pytest.approx((2.5 + 8) / 2)
    assert losses["loss_global"] == 0
    # all three: the third, with weight 0, adds nothing and counts
    assert given(3).loss(([refined], refined), samples)["loss_refine"] == pytest.approx(
        (5 / 3 + 16 / 3) / 2
    )


def test_easy_keypoints_get_no_gradient() -> None:
    head = given(2)
    refined = torch.stack([filled(1, 2, 3)]).requires_grad_()
    head.loss(([refined], refined), [sample(filled(0, 0, 0), [[1.0, 1.0, 1.0]])])[
        "loss_refine"
    ].backward()
    assert (refined.grad.abs().sum((0, 2, 3)) > 0).tolist() == [False, True, True]


def test_each_level_has_its_target() -> None:
    """Level 0 is right, level 1 wrong by 2 in one of 3 keypoints and by 6 where weights are 0.

    Half of the mean over two levels: (0 + 4 / 3) / 2 / 2. The refined heatmaps are those of the
    finest level.
    """
    head = given(1, levels=2)
    targets = [filled(1, 1, 1), filled(2, 2, 2)]
    samples = [sample(targets, [[[1.0, 1.0, 0.0]], [[1.0, 1.0, 0.0]]])]
    levels = [filled(1, 1, 1)[None], filled(2, 4, 8)[None]]
    losses = head.loss((levels, filled(1, 1, 1)[None]), samples)
    assert losses["loss_global"] == pytest.approx(1 / 3)
    assert losses["loss_refine"] == 0


def test_one_target_is_that_of_all_levels() -> None:
    """Wrong by 0 and by 1 in all three keypoints: (0 + 1) / 2 / 2."""
    head = given(1, levels=2)
    levels = [filled(1, 1, 1)[None], filled(2, 2, 2)[None]]
    samples = [sample(filled(1, 1, 1), [[1.0, 1.0, 1.0]])]
    losses = head.loss((levels, levels[0]), samples, train_cfg=dict(compute_acc=False))
    assert losses["loss_global"] == pytest.approx(1 / 4)
    assert "acc_pose" not in losses


def test_both_losses_reach_every_weight() -> None:
    head = CPNHead(in_channels=8, out_channels=17, decoder=CODEC)
    _, samples = tiny_crops(2)
    losses = head.loss(pyramid(), samples)
    (losses["loss_global"] + losses["loss_refine"]).backward()
    assert not [name for name, p in head.named_parameters() if p.grad is None]


# ---------------------------------------------------------------------- refusals


def test_what_it_refuses() -> None:
    for options in (dict(in_channels=7), dict(in_channels=0), dict(num_levels=0)):
        with pytest.raises(ValueError, match="must be positive and in_channels even"):
            CPNHead(out_channels=17, **options)
    head = CPNHead(in_channels=8, out_channels=17)
    with pytest.raises(ValueError, match="num_levels=4, but the neck gives 1 maps"):
        head(pyramid()[-1:])
    targets = [torch.zeros(17, 16, 12)] * 2
    weights = torch.ones(2, 1, 17).tolist()
    with pytest.raises(ValueError, match="num_levels=4, but GenerateTarget gives 2 targets"):
        head.loss(pyramid(1), [sample(targets, weights)])
    few = CPNHead(in_channels=8, out_channels=5)  # topk is 8
    with pytest.raises(ValueError, match="topk"):
        few.loss(pyramid(1), [sample(torch.zeros(5, 16, 12), torch.ones(1, 5).tolist())])
