"""Heatmaps and offsets: losses by hand, decoding, the flip test, stages."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.structures import PoseDataSample
from torch.nn.functional import logsigmoid

from mmpose_temporal.models.heads import OffsetHeatmapHead
from mmpose_temporal.models.heads.offset_targets import targets_around

CODEC = dict(type="OffsetHeatmap", input_size=(24, 32), heatmap_size=(6, 8), sigma=1)
JOINTS = 3
FLIP = [0, 2, 1]


def head(**options) -> OffsetHeatmapHead:
    config = dict(in_channels=None, out_channels=JOINTS, decoder=CODEC)
    return MODELS.build({"type": "OffsetHeatmapHead", **config, **options})


def samples(
    keypoints: np.ndarray, visible: np.ndarray | None = None, codec: dict = CODEC
) -> list[PoseDataSample]:
    """With targets of these keypoints, (B, K, 2)."""
    found = []
    for i in range(len(keypoints)):
        encoded = KEYPOINT_CODECS.build(codec).encode(
            keypoints[i : i + 1], None if visible is None else visible[i : i + 1]
        )
        heatmaps = encoded.pop("heatmaps")
        sample = PoseDataSample(metainfo=dict(flip_indices=FLIP))
        sample.gt_fields = PixelData(heatmaps=heatmaps).to_tensor()
        sample.gt_instance_labels = InstanceData(**encoded).to_tensor()
        found.append(sample)
    return found


def perfect(people: list[PoseDataSample], margin: float = 20.0) -> torch.Tensor:
    """(B, 3K, H, W): the peaks alone are high, offsets are right in the keypoint's cell alone."""
    maps = torch.zeros(len(people), 3, JOINTS, 8, 6)
    for i, person in enumerate(people):
        maps[i, 0] = torch.where(person.gt_fields.heatmaps == 1, margin, -margin)
        labels = person.gt_instance_labels
        for k in range(JOINTS):
            x, y = labels.keypoint_cells[0, k]
            maps[i, 1:, k, y, x] = labels.keypoint_offsets[0, k]
    return maps.flatten(1, 2)


def test_loss_of_one_keypoint_by_hand():
    """Cell (2, 5) of 6 x 8 cells, centre (9.5, 21.5); the keypoint at (8, 23)."""
    one = head(out_channels=1, offset_radius=0, offset_loss=dict(type="L1Loss"))
    people = samples(np.array([[[8.0, 23.0]]]))
    target = people[0].gt_fields.heatmaps[0]
    logits = torch.linspace(-2, 2, 48).view(8, 6)
    maps = torch.stack([logits, torch.full((8, 6), 9.0), torch.full((8, 6), 9.0)])[None]
    maps[0, 1, 5, 2], maps[0, 2, 5, 2] = -1.0, 0.5  # wanted: -1.5 and 1.5
    losses = one.loss((maps,), people)
    expected = -(target * logsigmoid(logits) + (1 - target) * logsigmoid(-logits)).mean()
    torch.testing.assert_close(losses["loss_heatmap"], expected)
    torch.testing.assert_close(losses["loss_offset"], torch.tensor((0.5 + 1.0) / 2))
    assert set(losses) == {"loss_heatmap", "loss_offset", "acc_pose"}
    assert set(one.loss((maps,), people, dict(compute_acc=False))) == set(losses) - {"acc_pose"}
    light = head(out_channels=1, offset_radius=0)  # a hundredth by default
    torch.testing.assert_close(light.loss((maps,), people)["loss_offset"], torch.tensor(0.0075))


def test_offsets_around_the_cell():
    """At the border: of 9 cells 4 are inside of 6 x 8 for the keypoint in the first cell."""
    maps = torch.zeros(1, 2, 8, 6)
    found, wanted, weights = targets_around(
        maps,
        torch.tensor([[[0, 0]]]),
        torch.tensor([[[-1.0, 0.5]]]),
        torch.ones(1, 1),
        (4, 4),
        radius=1,
    )
    assert found.shape == wanted.shape == (1, 1, 9, 2)
    assert weights[0, 0, :, 0].tolist() == [0, 0, 0, 0, 1, 1, 0, 1, 1]
    # the cell to the right (index 5) is 4 pixels further: 4 pixels back from there
    assert wanted[0, 0, 4].tolist() == [-1.0, 0.5]
    assert wanted[0, 0, 5].tolist() == [-5.0, 0.5]
    assert wanted[0, 0, 7].tolist() == [-1.0, -3.5]


def test_invisible_keypoints_and_other_cells_teach_nothing():
    people = samples(
        np.array([[[8.0, 23.0], [10.0, 4.0], [90.0, 4.0]]]), np.array([[1.0, 0.0, 1.0]])
    )
    maps = torch.randn(1, 3 * JOINTS, 8, 6, requires_grad=True)
    losses = head(offset_radius=0).loss((maps,), people)
    (losses["loss_heatmap"] + losses["loss_offset"]).backward()
    taught = maps.grad.view(3, JOINTS, 48) != 0
    assert taught.sum(-1).tolist() == [[48, 0, 0], [1, 0, 0], [1, 0, 0]]


def test_stages_have_losses_and_the_last_is_decoded():
    keypoints = np.array([[[8.0, 23.0], [10.0, 4.0], [20.0, 13.0]]])
    people = samples(keypoints)
    right, wrong = perfect(people), torch.zeros(1, 3 * JOINTS, 8, 6)
    stages = head(offset_radius=0)
    losses = stages.loss((wrong, right), people)
    names = {f"loss_{part}_{i}" for part in ("heatmap", "offset") for i in (1, 2)}
    assert set(losses) == {*names, "acc_pose"}
    assert losses["loss_offset_2"] == 0 < losses["loss_offset_1"]
    torch.testing.assert_close(losses["loss_heatmap_1"], torch.tensor(2.0).log())
    assert losses["acc_pose"] == 1
    (found,) = stages.predict((wrong, right), people)
    np.testing.assert_allclose(found.keypoints, keypoints, atol=1e-5)
    np.testing.assert_allclose(found.keypoint_scores, np.ones((1, 3)), atol=1e-6)
    assert stages((right, wrong)).unique().tolist() == [0.5]


def test_flip_test():
    """Heatmaps are averaged, offsets are those of the straight pass."""
    keypoints = np.array([[[8.0, 23.0], [10.0, 4.0], [20.0, 13.0]]])
    mirrored = (keypoints * [-1, 1] + [23, 0])[:, FLIP]
    people, others = samples(keypoints), samples(mirrored)
    straight, other = perfect(people, margin=2.0), perfect(others, margin=4.0)
    other.view(1, 3, JOINTS, 8, 6)[:, 1:] += 100  # its offsets are not used
    config = dict(flip_test=True, output_heatmaps=True)
    (found,), (fields,) = head().predict([(straight,), (other,)], people, config)
    np.testing.assert_allclose(found.keypoints, keypoints, atol=1e-5)
    score = (torch.tensor(2.0).sigmoid() + torch.tensor(4.0).sigmoid()) / 2
    np.testing.assert_allclose(found.keypoint_scores, np.full((1, 3), score), rtol=1e-5)
    expected = (head()((straight,)) + head()((other,))[:, FLIP].flip(-1)) / 2
    torch.testing.assert_close(fields.heatmaps, expected[0])
    with pytest.raises(ValueError, match="flip_mode must be 'heatmap'"):
        head().predict([(straight,), (other,)], people, dict(config, flip_mode="offset"))


def test_half_precision():
    """Two peaks that are one number in half precision after the sigmoid, not before."""
    people = samples(np.array([[[8.0, 23.0], [10.0, 4.0], [20.0, 13.0]]]))
    maps = perfect(people, margin=9.0).half()
    maps[:, 0, 0, 0] = 8.5
    (found,) = head().predict((maps,), people)
    assert abs(found.keypoints[0, 0, 0] - 8) < 0.01
    assert found.keypoints.dtype == np.float32
    losses = head().loss((maps.bfloat16(),), people)
    assert all(torch.isfinite(value) for value in losses.values())
    assert losses["loss_offset"].dtype == torch.float32


def test_layers_on_any_map():
    torch.manual_seed(0)
    layers = head(in_channels=16, deconv_out_channels=None)
    layers.init_weights()
    feats = (torch.randn(2, 4, 16, 12), torch.randn(2, 16, 8, 6))
    heatmaps = layers(feats)
    assert heatmaps.shape == (2, JOINTS, 8, 6)
    torch.testing.assert_close(heatmaps, torch.full_like(heatmaps, 0.01), rtol=0.1, atol=0)
    ((_, offsets),) = layers.stages(feats)
    assert offsets.shape == (2, 2 * JOINTS, 8, 6)
    assert offsets.abs().max() < 0.1
    people = samples(np.random.default_rng(0).uniform(0, 23, (2, JOINTS, 2)))
    losses = layers.loss(feats, people)
    sum(value for name, value in losses.items() if name.startswith("loss")).backward()
    assert all(p.grad.any() for p in layers.parameters())
    deconv = head(
        in_channels=16,
        deconv_out_channels=(8,),
        deconv_kernel_sizes=(4,),
        final_layer=dict(kernel_size=3, padding=1),
    )
    ((logits, offsets),) = deconv.stages((torch.randn(2, 16, 4, 3),))
    assert logits.shape == (2, JOINTS, 8, 6) and offsets.shape == (2, 2 * JOINTS, 8, 6)


@pytest.mark.parametrize("kind", ["TopdownPoseEstimator", "TemporalPoseEstimator"])
def test_in_an_estimator(kind):
    """With the network of stages: losses with gradients, and poses with the flip test."""
    torch.manual_seed(0)
    codec = dict(type="OffsetHeatmap", input_size=(64, 96), heatmap_size=(16, 24))
    estimator = MODELS.build(
        dict(
            type=kind,
            data_preprocessor=dict(type="mmpose.PoseDataPreprocessor"),
            backbone=dict(type="MultiStageInception", num_keypoints=17, width=0.125),
            head=dict(type="OffsetHeatmapHead", in_channels=None, out_channels=17, decoder=codec),
            test_cfg=dict(flip_test=True),
        )
    )
    inputs = torch.rand(2, 3, 96, 64)
    people = samples(np.full((2, 17, 2), 20.0), codec=codec)
    losses = estimator.loss(inputs, people)
    sum(value for name, value in losses.items() if name.startswith("loss")).backward()
    assert not [n for n, p in estimator.named_parameters() if p.grad is None]
    estimator.eval()
    with torch.no_grad():
        found = estimator.predict(inputs, tiny_samples(2, (64, 96)))
    assert found[1].pred_instances.keypoints.shape == (1, 17, 2)
    scores = found[1].pred_instances.keypoint_scores
    assert scores.min() > 0 and scores.max() < 1
    assert estimator(inputs, None, mode="tensor").shape == (2, 17, 24, 16)


def tiny_samples(count: int, size: tuple[int, int]) -> list[PoseDataSample]:
    """Samples of crops that show images of their own size."""
    found = []
    for _ in range(count):
        sample = PoseDataSample(
            metainfo=dict(
                input_size=size,
                input_center=np.array(size) / 2,
                input_scale=np.array(size, np.float32),
                flip_indices=list(range(17)),
            )
        )
        sample.gt_instances = InstanceData(
            bboxes=np.zeros((1, 4), np.float32), bbox_scores=np.ones(1, np.float32)
        )
        found.append(sample)
    return found


def test_nobody():
    assert head().predict((torch.zeros(0, 3 * JOINTS, 8, 6),), []) == []


def test_bad_options():
    with pytest.raises(ValueError, match="offset_radius must be 0 or more"):
        head(offset_radius=-1)
    with pytest.raises(ValueError, match="deconv_out_channels: there are layers only"):
        head(deconv_out_channels=(8,))
    with pytest.raises(ValueError, match="final_layer must be that of the heatmaps"):
        head(in_channels=JOINTS, deconv_out_channels=None, final_layer=None)
    with pytest.raises(ValueError, match="codec OffsetHeatmap as its decoder, got MSRAHeatmap"):
        head(decoder=dict(CODEC, type="MSRAHeatmap"))
    with pytest.raises(ValueError, match="a stage has 9 maps"):
        head()((torch.zeros(1, 17, 8, 6),))


def test_bad_targets():
    people = samples(np.zeros((1, JOINTS, 2)))
    with pytest.raises(ValueError, match="heatmap_size of the codec must be the network's"):
        head().loss((torch.zeros(1, 9, 4, 3),), people)
    del people[0].gt_instance_labels.keypoint_offsets
    with pytest.raises(ValueError, match="name it in GenerateTarget too"):
        head().loss((torch.zeros(1, 9, 8, 6),), people)
