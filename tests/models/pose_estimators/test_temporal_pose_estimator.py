"""A tiny estimator trains what it shall, and its parts are told what they need."""

import numpy as np
import pytest
import torch
from mmengine.model import BaseModule
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import MODELS

from mmpose_temporal.testing import (
    tiny_crops,
    tiny_temporal_estimator_config,
    tiny_tkmr_config,
)
from mmpose_temporal.utils.training_mark import mark_as_trained

K, C, N = 17, 8, 5


def build(*, neck: dict | None = None, **options):
    config = tiny_temporal_estimator_config(**{"num_candidates": N, **options})
    torch.manual_seed(0)
    return MODELS.build(dict(config, neck=neck)).eval()


@torch.no_grad()
def predict(model) -> list[InstanceData]:
    return [found.pred_instances for found in model(*tiny_crops(), mode="predict")]


def test_poses_are_mmposes() -> None:
    """Without its heads, and as mmpose's own estimator, it answers the same poses."""
    model = build(flip_test=True)
    plain = MODELS.build(
        dict(
            {
                name: value
                for name, value in tiny_temporal_estimator_config(flip_test=True).items()
                if name in ("data_preprocessor", "backbone", "head", "test_cfg")
            },
            type="mmpose.TopdownPoseEstimator",
        )
    ).eval()
    plain.load_state_dict(model.state_dict(), strict=False)
    for ours, mmposes in zip(predict(model), predict(plain), strict=True):
        np.testing.assert_array_equal(ours.keypoints, mmposes.keypoints)
        np.testing.assert_array_equal(ours.keypoint_scores, mmposes.keypoint_scores)


def test_heatmaps_on_demand() -> None:
    config = tiny_temporal_estimator_config()
    model = MODELS.build(dict(config, test_cfg=dict(output_heatmaps=True))).eval()
    found = model(*tiny_crops(1), mode="predict")
    assert found[0].pred_fields.heatmaps.shape == (K, 16, 12)
    assert "pred_fields" not in build()(*tiny_crops(1), mode="predict")[0]


class RecordingLoss(BaseModule):
    """Keeps what it is called with."""

    def forward(self, **arguments):
        self.seen = arguments
        maps = arguments["matching_maps"], arguments["refinement_maps"]
        first, second = arguments["matching_head"].classifiers.project(
            maps[0][:, :, 0, 0, None].expand(-1, -1, K).transpose(1, 2)
        )
        logits = arguments["matching_head"].classifiers.logits(first, second)
        responses = arguments["refinement_head"].final_layer(maps[1])
        return dict(loss=logits.square().mean() + responses.square().mean())


MODELS.register_module(module=RecordingLoss, force=True)


TEMPORAL = dict(temporal_loss=dict(type="RecordingLoss"))
STAGE_2 = dict(TEMPORAL, frozen=("backbone", "head"))


def training(**options):
    return build(**options).train(), *tiny_crops(4)


def test_the_first_stage_trains_backbone_and_prediction() -> None:
    model, crops, samples = training()
    losses = model(crops, samples, mode="loss")
    assert set(losses) == {"loss_kpt", "acc_pose"}
    losses["loss_kpt"].backward()
    trained = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}
    free = {name.split(".")[0] for name, p in model.named_parameters() if p.requires_grad}
    assert trained == free == {"backbone", "head"}


def test_the_second_stage_trains_matching_and_refinement_only() -> None:
    """An optimizer over all parameters with weight decay leaves the frozen ones as they are."""
    model, crops, samples = training(**STAGE_2)
    mark_as_trained(model)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1)
    model.train()
    for _ in range(2):
        model(crops, samples, mode="loss")["loss"].backward()
        optimizer.step()
    after = model.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert {name.split(".")[0] for name in changed} == {"matching_head", "refinement_head"}
    assert "matching_head.blocks.0.7.running_mean" in changed  # their own statistics move
    weights = {
        name for name, _ in model.named_parameters() if not name.startswith(("backbone", "head"))
    }
    assert weights <= changed


def test_what_the_temporal_loss_is_given() -> None:
    model, crops, samples = training(**STAGE_2)
    assert not (model.matching_head.ready or model.refinement_head.ready)
    model(crops, samples, mode="loss")
    assert model.matching_head.ready and model.refinement_head.ready
    seen = model.temporal_loss.seen
    model.eval()
    with torch.no_grad():
        heatmaps = model(crops, None, mode="tensor")
    torch.testing.assert_close(seen["heatmaps"], heatmaps)  # of the frozen network, in eval mode
    assert not seen["heatmaps"].requires_grad and seen["matching_maps"].requires_grad
    assert seen["matching_maps"].shape == seen["refinement_maps"].shape == (4, C, 16, 12)
    assert seen["data_samples"] is samples
    assert seen["matching_head"] is model.matching_head
    assert seen["refinement_head"] is model.refinement_head


def test_joint_fine_tuning_trains_everything_by_both_losses() -> None:
    """The losses of both stages; the temporal one alone reaches the backbone too."""
    model, crops, samples = training(**TEMPORAL)
    losses = model(crops, samples, mode="loss")
    assert set(losses) == {"loss_kpt", "acc_pose", "loss"}
    assert not model.temporal_loss.seen["heatmaps"].requires_grad
    losses["loss"].backward(retain_graph=True)
    reached = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}
    assert reached == {"backbone", "matching_head", "refinement_head"}
    losses["loss_kpt"].backward()
    assert all(p.grad is not None for p in model.parameters())
    assert all(m.training for m in model.modules())


def test_joint_fine_tuning_counts_a_batch_once() -> None:
    """BN of the prediction sees a batch in its own loss; the other one gets testing's heatmaps."""
    config = tiny_temporal_estimator_config(temporal_loss=dict(type=RecordingLoss))
    head = dict(config["head"], deconv_out_channels=(8,), deconv_kernel_sizes=(4,))
    head["decoder"] = dict(head["decoder"], heatmap_size=(24, 32))
    heads = ("matching_head", "refinement_head")
    doubled = {name: dict(config[name], upsample=(2, 1, 1)) for name in heads}
    model = MODELS.build(dict(config, head=head, **doubled)).train()
    crops, samples = tiny_crops(2)
    for one in samples:
        one.gt_fields = PixelData(heatmaps=torch.rand(K, 32, 24))
    norm = model.head.deconv_layers[1]
    for steps in (1, 2):
        model(crops, samples, mode="loss")
        assert norm.num_batches_tracked == steps and norm.training
    with torch.no_grad():
        feats = model.extract_feat(crops)
        expected = model.head.eval()(feats)
        torch.testing.assert_close(model.temporal_loss.seen["heatmaps"], expected)
        assert not torch.allclose(model.head.train()(feats), expected, atol=1e-4)


def test_frozen_parts_stay_in_eval_mode() -> None:
    model = build(**STAGE_2).train()
    assert not any(m.training for part in (model.backbone, model.head) for m in part.modules())
    assert all(m.training for m in model.matching_head.modules())


def test_a_part_of_a_part_can_be_frozen() -> None:
    model, crops, samples = training(frozen=("backbone.layer1",))
    free = {name for name, p in model.named_parameters() if p.requires_grad}
    assert "backbone.conv1.weight" in free
    assert not any(name.startswith("backbone.layer1.") for name in free)
    assert model.backbone.training and not model.backbone.layer1.training
    assert set(model(crops, samples, mode="loss")) == {"loss_kpt", "acc_pose"}


def test_a_frozen_head_passes_the_gradient_on() -> None:
    """A head that stays as it is still trains what is before it, by the loss of the poses."""
    model, crops, samples = training(frozen=("head",))
    model(crops, samples, mode="loss")["loss_kpt"].backward()
    reached = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}
    assert reached == {"backbone"}


def test_nothing_to_train() -> None:
    model, crops, samples = training(frozen=("backbone", "head"))
    with pytest.raises(ValueError, match="frozen leaves nothing to train"):
        model(crops, samples, mode="loss")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (dict(frozen="head"), "frozen must be a sequence of names"),
        (dict(frozen=("head", "neck")), "frozen names neck, and the estimator's parts are .*head"),
    ],
)
def test_wrong_parts(options: dict, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        build(**options)


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (dict(stage="temporal"), r"stage='temporal' is frozen=\('backbone', 'head'\)"),
        (dict(num_candidates=8), r"describers=\[dict\(type='KeypointDescriber', num_cand"),
        (dict(nms_kernel=5), r"describers=\[dict\(type='KeypointDescriber', nms_kernel"),
    ],
)
def test_options_that_have_moved(option: dict, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        MODELS.build(dict(tiny_temporal_estimator_config(), **option))


def test_contradictions() -> None:
    config = tiny_temporal_estimator_config()
    with pytest.raises(ValueError, match="KeypointMatchingHead has 5 keypoints, the head 17"):
        MODELS.build(dict(config, matching_head=dict(config["matching_head"], num_keypoints=5)))
    with pytest.raises(ValueError, match="needs a head with one heatmap per keypoint"):
        MODELS.build(dict(config, head=dict(config["head"], decoder=None)))
    with pytest.raises(ValueError, match="output_keypoint_indices does not go with"):
        MODELS.build(dict(config, test_cfg=dict(output_keypoint_indices=[0])))
    with pytest.raises(ValueError, match="flip_mode is 'udp_combined', but TemporalPoseEst"):
        MODELS.build(dict(config, test_cfg=dict(flip_test=True, flip_mode="udp_combined")))
    with pytest.raises(ValueError, match="needs a head"):
        MODELS.build(dict(type="TemporalPoseEstimator", backbone=config["backbone"]))


def test_a_checkpoint_holds_the_classifiers_once() -> None:
    tracker = MODELS.build(tiny_tkmr_config(refinement=dict(type="TemporalRefinement")))
    names = [name for name in tracker.state_dict() if "classifiers.weight1" in name]
    assert names == ["estimator.matching_head.classifiers.weight1"]
    assert not any(name.startswith(("association", "refinement")) for name in tracker.state_dict())
