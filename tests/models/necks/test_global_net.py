"""GlobalNet: what it computes, where the memory sits, and in which estimators it works."""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.necks import GlobalNet, SampleNeck
from mmpose_temporal.testing import (
    draw_video,
    tiny_crops,
    tiny_ptm_config,
    tiny_temporal_estimator_config,
    track_frames,
)
from mmpose_temporal.utils.checkpoints import CheckpointMismatch

CHANNELS = (4, 6, 8, 10)
SIZES = ((16, 12), (8, 6), (4, 3), (2, 2))
PTM = dict(
    type="PoseTemporalMemory", in_channels=8, embed_channels=8, num_heads=2, heatmap_thr=0.0
)


@MODELS.register_module(force=True)
class DoublingMemory(SampleNeck):
    """Adds the weight to the one map that it is given, where it knows whose crops they are."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))
        self.seen = []

    def bind(self, estimator) -> None:
        self.heads = [estimator.head]

    def forward(self, feats, *, samples, mirrored):
        (feat,) = feats
        self.seen.append((tuple(feat.shape), samples, mirrored))
        return (feat if samples is None else feat + self.weight,)


def by_hand(**options) -> GlobalNet:
    """A pyramid of two levels of one channel: laterals keep positive values, merges halve."""
    neck = GlobalNet(in_channels=(1, 1), out_channels=1, **options).eval()
    with torch.no_grad():
        for layer in neck.laterals:
            layer.conv.weight.fill_(1)
        neck.merges[0].conv.weight.fill_(0.5)
    return neck


def maps(number: int = 2) -> tuple[torch.Tensor, ...]:
    return tuple(torch.randn(number, c, *size) for c, size in zip(CHANNELS, SIZES, strict=True))


@torch.no_grad()
def test_the_pyramid_by_hand() -> None:
    """Coarse 0, 3 and 6 in a row is 0, 1.5, 3, 4.5, 6 in the finer one; half of it is added."""
    fine = torch.tensor([[[[1.0, -1.0, 2.0, 0.0, 3.0]]]])
    coarse = torch.tensor([[[[0.0, 3.0, 6.0]]]])
    found = by_hand()((fine, coarse))
    expected = torch.tensor([[[[1.0, 0.75, 3.5, 2.25, 6.0]]]])  # -1 is 0 after the lateral's ReLU
    torch.testing.assert_close(found[0], expected, atol=1e-4, rtol=0)
    torch.testing.assert_close(found[1], coarse, atol=1e-4, rtol=0)


@torch.no_grad()
def test_the_memory_sits_after_the_lateral_and_before_the_way_down() -> None:
    """-3 becomes 0, the memory adds 1, so the finer map gets half of 1; 4 becomes 5."""
    neck = by_hand(memory=dict(type="DoublingMemory"))
    fine, coarse = torch.zeros(1, 1, 1, 2), torch.tensor([[[[-3.0, 4.0]]]])
    samples = ["a sample"]
    found = neck((fine, coarse), samples=samples, mirrored=True)
    row = torch.tensor([1.0, 5.0])
    torch.testing.assert_close(found[1][0, 0, 0], row, atol=1e-4, rtol=0)
    torch.testing.assert_close(found[0][0, 0, 0], row / 2, atol=1e-4, rtol=0)
    assert neck.memory.seen == [((1, 1, 1, 2), samples, True)]
    before = by_hand()((fine, coarse))
    forgotten = neck((fine, coarse))  # nobody says whose crops they are
    torch.testing.assert_close(forgotten, before, atol=0, rtol=0)
    assert neck.memory.seen[-1] == ((1, 1, 1, 2), None, False)


def test_shapes_gradients_and_sizes_that_are_no_halves() -> None:
    neck = GlobalNet(in_channels=CHANNELS, out_channels=8)
    found = neck(maps())
    assert [tuple(x.shape) for x in found] == [(2, 8, *size) for size in SIZES]
    found[0].square().mean().backward()  # the finest map depends on every weight
    assert not [name for name, p in neck.named_parameters() if p.grad is None]
    nobody = neck(tuple(x[:0] for x in maps()))
    assert [tuple(x.shape) for x in nobody] == [(0, 8, *size) for size in SIZES]


def test_a_memory_of_other_channels() -> None:
    with pytest.raises(ValueError, match=r"of out_channels=16, and the memory's in_channels is 8"):
        GlobalNet(in_channels=(4, 8), out_channels=16, memory=PTM)


def test_a_checkpoint_without_memory_lacks_the_memory_only() -> None:
    options = dict(in_channels=CHANNELS, out_channels=8)
    old = GlobalNet(**options)
    new = GlobalNet(memory=dict(type="DoublingMemory"), **options)
    missing, unexpected = new.load_state_dict(old.state_dict(), strict=False)
    assert (missing, unexpected) == (["memory.weight"], [])


def estimator(kind: str, memory: dict | None) -> torch.nn.Module:
    return MODELS.build(estimator_config(kind, memory))


def estimator_config(kind: str, memory: dict | None) -> dict:
    config = tiny_temporal_estimator_config(matching=None, refinement=False, flip_test=True)
    head = config.pop("head")
    if kind == "TopdownPoseEstimator":
        options = {key: config[key] for key in ("data_preprocessor", "test_cfg")}
    else:
        options = config
    backbone = dict(
        type="ResNet", depth=18, stem_channels=8, base_channels=8, out_indices=(0, 1, 2, 3)
    )
    neck = dict(type="GlobalNet", in_channels=(8, 16, 32, 64), out_channels=8, memory=memory)
    head = dict(type="CPNHead", in_channels=8, out_channels=17, decoder=head["decoder"])
    return {**options, "type": kind, "backbone": backbone, "neck": neck, "head": head}


def test_in_the_temporal_estimator_the_memory_knows_whose_crops_it_sees() -> None:
    """In testing, in the second pass of the flip test, and in training; FLOPs need no samples."""
    model = estimator("TemporalPoseEstimator", dict(type="DoublingMemory")).eval()
    assert model.neck.memory.heads == [model.head]
    crops, samples = tiny_crops(3)
    model(crops, samples, mode="predict")
    losses = model.train()(crops, samples, mode="loss")
    model(crops, None, mode="tensor")
    shape = (3, 8, 2, 2)  # crops of 64x48 at stride 32
    given = [(shape, samples, False), (shape, samples, True), (shape, samples, False)]
    assert model.neck.memory.seen == [*given, (shape, None, False)]
    (losses["loss_global"] + losses["loss_refine"]).backward()
    assert model.neck.memory.weight.grad != 0
    names = [name for name in model.state_dict() if "memory" in name]
    assert names == ["neck.memory.weight"]


def test_the_memory_of_ptm_is_trained_on_clips() -> None:
    """A person in three frames: the losses are on the second and the third, which read entries.

    What is stored is decided by heatmaps as in testing, which change no BN statistics: the levels'
    merges and the head have counted the batch once.
    """
    model = estimator("TemporalPoseEstimator", PTM).train()
    model.neck.merges[2].eval()  # as a frozen part
    assert model.new_parts[-1] == "neck.memory"
    crops, samples = tiny_crops(3)
    for frame, one in enumerate(samples):
        one.set_metainfo(dict(clip_index=0, track_id=7, frame_offset=frame))
    losses = model(crops, samples, mode="loss")
    assert model.neck.taught(samples) == [1, 2]
    (losses["loss_global"] + losses["loss_refine"]).backward()
    assert model.neck.memory.alpha.grad != 0
    for layer in ("to_key", "to_query", "to_value"):
        assert getattr(model.neck.memory, layer).weight.grad.abs().sum() > 0
    counts = [merge.bn.num_batches_tracked.item() for merge in model.neck.merges]
    assert counts == [1, 1, 0]
    assert model.neck.merges[0].training and not model.neck.merges[2].training
    assert model.head.refined[2].num_batches_tracked == 1


def scores(state: dict | None, alpha: float | None) -> list[np.ndarray]:
    """Keypoint scores of two people in three frames, with these weights and this alpha."""
    describers = [] if alpha is None else [dict(type="MemoryDescriber")]
    config = tiny_ptm_config(box_score_thr=0.0)
    memory, kind = (None, None) if alpha is None else (PTM, config["memory"])
    config["memory"] = kind
    config["estimator"] = dict(
        estimator_config("TemporalPoseEstimator", memory), describers=describers
    )
    tracker = MODELS.build(config).eval()
    tracker.estimator.load_state_dict(state, strict=False)
    if alpha is not None:
        tracker.estimator.neck.memory.alpha.data.fill_(alpha)
    frames = [
        {"a": [10 + 4 * t, 20, 34 + 4 * t, 80], "b": [200, 30 + 3 * t, 224, 90 + 3 * t]}
        for t in range(3)
    ]
    return [
        sample.pred_instances.keypoint_scores
        for sample in track_frames(tracker, draw_video("video", frames))
    ]


def test_in_a_tracker_the_memory_holds_earlier_frames() -> None:
    """y = alpha x + (1 - alpha) m: with alpha = 1 all is as without a memory.

    With alpha = 0 the first frame is, as nothing is stored, and later ones are not.
    """
    state = estimator("TemporalPoseEstimator", None).state_dict()
    without, same, other = (scores(state, alpha) for alpha in (None, 1.0, 0.0))
    assert [found.shape for found in without] == [(2, 17)] * 3
    np.testing.assert_allclose(np.stack(same), np.stack(without), atol=1e-6)
    np.testing.assert_allclose(other[0], without[0], atol=1e-6)
    for frame in (1, 2):
        assert np.abs(other[frame] - without[frame]).max() > 1e-4


def test_a_tracker_takes_a_pyramid_without_the_memory_if_asked(capsys) -> None:
    """The memory may be missing and the rest of the neck may not."""
    state = estimator("TemporalPoseEstimator", None).state_dict()
    config = tiny_ptm_config(partial_checkpoint=["neck.memory"])
    describers = [dict(type="MemoryDescriber")]
    config["estimator"] = dict(
        estimator_config("TemporalPoseEstimator", PTM), describers=describers
    )
    tracker = MODELS.build(config)
    tracker.load_state_dict(dict(state), strict=False)
    assert not tracker.estimator.neck.memory.ready
    weight = tracker.estimator.neck.laterals[0].conv.weight
    assert torch.equal(weight, state["neck.laterals.0.conv.weight"])
    assert "their first weights: neck.memory (4 tensors)" in capsys.readouterr().out
    del state["neck.merges.0.conv.weight"]
    with pytest.raises(CheckpointMismatch, match=r"lacks 1 .*estimator\.neck\.merges\.0\.conv"):
        tracker.load_state_dict(dict(state), strict=False)


@torch.no_grad()
def test_what_the_memory_of_ptm_is_judged_by() -> None:
    """The heatmaps of crops 2 and 0 of a batch are those that the estimator gives of them."""
    model = estimator("TemporalPoseEstimator", dict(type="DoublingMemory")).eval()
    crops, _ = tiny_crops(3)
    maps = [
        lateral(feat)
        for lateral, feat in zip(model.neck.laterals, model.backbone(crops), strict=True)
    ]
    found = model.train().neck._heatmaps([x[[2, 0]] for x in maps])
    expected = model.eval()(crops, None, mode="tensor")[[2, 0]]
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("memory", [None, dict(type="DoublingMemory")])
def test_in_the_estimator_of_mmpose(memory: dict | None) -> None:
    """It calls a neck with features alone, so that nothing is remembered."""
    model = estimator("TopdownPoseEstimator", memory).eval()
    crops, samples = tiny_crops(2)
    found = model(crops, samples, mode="predict")
    assert found[0].pred_instances.keypoints.shape == (1, 17, 2)
    if memory is not None:
        assert {seen[1:] for seen in model.neck.memory.seen} == {(None, False)}


def test_what_it_refuses() -> None:
    with pytest.raises(TypeError, match="memory must be a SampleNeck, got FeatureMapProcessor"):
        GlobalNet(in_channels=(4,), memory=dict(type="FeatureMapProcessor"))
    for options in (dict(in_channels=()), dict(in_channels=(4, 0)), dict(in_channels=(4,) * 2)):
        with pytest.raises(ValueError, match="one positive number for each map"):
            GlobalNet(out_channels=0 if len(options["in_channels"]) == 2 else 8, **options)
    neck = GlobalNet(in_channels=CHANNELS, out_channels=8)
    with pytest.raises(ValueError, match="has 4 in_channels, the backbone gives 1 maps"):
        neck(maps()[-1:])
