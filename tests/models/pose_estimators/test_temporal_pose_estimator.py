"""Crops of noise through a tiny network; what it says of each person is worked out again."""

import numpy as np
import pytest
import torch
from mmengine.model import BaseModule
from mmengine.structures import InstanceData, PixelData
from mmpose.models.utils.tta import flip_heatmaps
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from mmpose_temporal.models.heads import cell_features
from mmpose_temporal.testing import tiny_temporal_estimator_config, tiny_tkmr_config

K, C, N = 17, 8, 5
CENTER, SCALE = np.array([100.0, 50.0], np.float32), np.array([24.0, 32.0], np.float32)
"""A crop of 48x64 pixels shows 24x32 pixels of the image: half a pixel a pixel, 2 a cell."""


def build(**options):
    torch.manual_seed(0)
    return MODELS.build(tiny_temporal_estimator_config(**{"num_candidates": N, **options})).eval()


def sample() -> PoseDataSample:
    found = PoseDataSample(
        metainfo=dict(
            input_center=CENTER,
            input_scale=SCALE,
            input_size=(48, 64),
            flip_indices=[0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15],
        )
    )
    found.gt_instances = InstanceData(
        bboxes=np.zeros((1, 4), np.float32), bbox_scores=np.ones(1, np.float32)
    )
    return found


@torch.no_grad()
def predict(model, number: int = 2) -> tuple[Tensor, list[InstanceData]]:
    torch.manual_seed(1)
    crops = torch.randn(number, 3, 64, 48)
    samples = model(crops, [sample() for _ in range(number)], mode="predict")
    return crops, [found.pred_instances for found in samples]


def test_what_is_known_of_a_person() -> None:
    _, (person, _) = predict(build())
    shapes = {
        name: tuple(rows.shape) for name, rows in person.items() if name.startswith("person_")
    }
    assert shapes == dict(
        person_keypoint_features=(1, K, C),
        person_candidates=(1, K, N, 2),
        person_candidate_cells=(1, K, N, 2),
        person_candidate_scores=(1, K, N),
        person_candidate_features=(1, K, N, C),
        person_candidate_evidence=(1, K, N),
    )


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize("flip", [None, "plain", "shifted"])
def test_features_are_those_at_the_candidates(flip: str | None, few: bool, monkeypatch) -> None:
    """With the flip test matching features are of the crop as it is, answers the mean of both.

    Few candidates have their features computed by themselves, many with the whole map.
    """
    monkeypatch.setattr(cell_features, "DENSE_SHARE", 1.0 if few else 0.0)
    model = build(flip_test=flip is not None)
    model.test_cfg["shift_heatmap"] = flip == "shifted"
    randomize_norms(model)
    whole = []
    for head in (model.matching_head, model.refinement_head):
        head.blocks[-1][-3].register_forward_hook(lambda *_: whole.append(1))
    crops, people = predict(model)
    assert len(whole) == (0 if few else 2 if flip is None else 3)
    with torch.no_grad():
        feats = model.extract_feat(crops)
        matching, refinement = model.matching_head(feats), model.refinement_head(feats)
        layer = model.refinement_head.final_layer
        answers = layer(refinement)
        if flip is not None:
            there = layer(model.refinement_head(model.extract_feat(crops.flip(-1))))
            there = flip_heatmaps(
                there, sample().flip_indices, "heatmap", shift_heatmap=flip == "shifted"
            )
            assert not torch.allclose(answers, there, atol=1e-4)
            answers = (answers + there) / 2
        answers = answers - layer.bias[:, None, None]
    for i, person in enumerate(people):
        x, y = person.person_candidate_cells[0].unbind(-1)
        expected = matching[i].permute(1, 2, 0)[y, x]
        assert (person.person_candidate_features[0] - expected).abs().max() < 1e-5
        expected = answers[i][torch.arange(K)[:, None], y, x]
        assert (person.person_candidate_evidence[0] - expected).abs().max() < 1e-5
        assert expected.std() > 1e-3
        first = person.person_candidate_features[:, :, 0]
        torch.testing.assert_close(person.person_keypoint_features, first)


def randomize_norms(model) -> None:
    """BN statistics of matching and refinement as after a training, and answers that differ."""
    for head in (model.matching_head, model.refinement_head):
        for module in head.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(std=0.01)
                module.running_var.uniform_(0.001, 0.01)
    nn.init.normal_(model.refinement_head.final_layer.weight, std=0.01)


def test_matching_alone_looks_at_one_cell_a_keypoint(monkeypatch) -> None:
    """17 cells of 192 are too few for the whole map."""
    model = build(refinement=False)
    whole = []
    model.matching_head.blocks[-1][-3].register_forward_hook(lambda *_: whole.append(1))
    crops, (person, _) = predict(model)
    with torch.no_grad():
        feats = model.extract_feat(crops)
        heatmaps = model.head(feats)[0].flatten(1).argmax(1)
        expected = model.matching_head(feats)[0].flatten(1).T[heatmaps]
    assert len(whole) == 1  # the one just now
    assert (person.person_keypoint_features[0] - expected).abs().max() < 1e-5


@pytest.mark.parametrize(("kernel", "apart"), [(3, 2), (7, 4)])
def test_candidates_are_maxima_of_their_window(kernel: int, apart: int) -> None:
    """Two maxima of one heatmap are at least half a window apart."""
    model, nearest = build(), []
    model.nms_kernel = kernel
    for person in predict(model)[1]:
        cells = person.person_candidate_cells[0].float()
        valid = torch.isfinite(person.person_candidate_scores[0])
        distance = torch.cdist(cells, cells, p=float("inf"))
        pairs = (valid[:, :, None] & valid[:, None]).triu(1)
        nearest.append(distance[pairs].min().item())
    assert min(nearest) == apart


@pytest.mark.parametrize("codec", ["MSRAHeatmap", "UDPHeatmap"])
def test_the_first_candidate_is_the_keypoint(codec: str) -> None:
    for person in predict(build(codec=codec))[1]:
        keypoints = torch.from_numpy(person.keypoints).float()
        torch.testing.assert_close(person.person_candidates[:, :, 0], keypoints)
        scores = torch.from_numpy(person.keypoint_scores)
        torch.testing.assert_close(person.person_candidate_scores[:, :, 0], scores)


def test_candidates_in_image_pixels() -> None:
    """A cell is 2 pixels, and cell (0, 0) lies at the crop's corner (100 - 12, 50 - 16)."""
    for person in predict(build())[1]:
        cells = person.person_candidate_cells.float()
        off = (person.person_candidates - (cells * 2 + torch.tensor([88.0, 34.0]))).abs()
        off = off[person.person_candidate_scores[..., 0] > 0]  # elsewhere mmpose answers (-1, -1)
        assert off.max() <= 0.5 + 1e-5  # a quarter of a cell
        assert off[:, 1:].max() > 0.4


def test_candidates_in_image_pixels_udp() -> None:
    """The 12 x 16 cells reach from edge to edge: (w - 1) = 11 steps over 24 pixels."""
    for person in predict(build(codec="UDPHeatmap"))[1]:
        steps = torch.tensor([24 / 11, 32 / 15])
        cells = person.person_candidate_cells.float()
        places = cells * steps + torch.tensor([88.0, 34.0])
        off = (person.person_candidates - places)[:, :, 1:].abs()
        assert (off <= 0.25 * steps + 1e-5).all()


def test_decoded_places_of_candidates_are_like_mmposes() -> None:
    """The arg max by the same rule as the other candidates is where mmpose's decoder puts it."""
    from mmpose_temporal.models.heads import local_maxima, off_centre

    model = build()
    crops, people = predict(model)
    with torch.no_grad():
        heatmaps = model.head(model.extract_feat(crops))
    cells = local_maxima(heatmaps, num=1).cells
    inner = ((cells > 1) & (cells < torch.tensor([11, 15]))).all(-1)[..., 0]  # mmpose: 1 < x
    inner &= heatmaps.amax((2, 3)) > 0  # mmpose has no place for others
    places = off_centre(heatmaps, cells)[:, :, 0] * 2 + torch.tensor([88.0, 34.0])
    decoded = torch.from_numpy(np.concatenate([person.keypoints for person in people])).float()
    assert inner.sum() > 5
    torch.testing.assert_close(places[inner], decoded[inner])


def test_one_colour_has_one_candidate() -> None:
    """Without contrast a heatmap is flat; here the head answers a constant."""
    model = build()
    torch.nn.init.zeros_(model.head.final_layer.weight)
    for person in predict(model)[1]:
        assert torch.isfinite(person.person_candidate_scores).sum(-1).eq(1).all()


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
    for ours, mmposes in zip(predict(model)[1], predict(plain)[1], strict=True):
        np.testing.assert_array_equal(ours.keypoints, mmposes.keypoints)
        np.testing.assert_array_equal(ours.keypoint_scores, mmposes.keypoint_scores)


def test_only_what_there_are_heads_for() -> None:
    def names(**options) -> set[str]:
        keys = predict(build(**options), 1)[1][0].keys()
        return {key.removeprefix("person_") for key in keys if key.startswith("person_")}

    places = {"candidates", "candidate_cells", "candidate_scores", "candidate_evidence"}
    assert names(matching=None, refinement=False) == set()
    assert names(refinement=False) == {"keypoint_features"}
    assert names(matching="BodyMatchingHead", refinement=False) == {"keypoint_features"}
    assert names(matching=None) == places
    assert names() == places | {"keypoint_features", "candidate_features"}


def test_heatmaps_on_demand() -> None:
    config = tiny_temporal_estimator_config()
    model = MODELS.build(dict(config, test_cfg=dict(output_heatmaps=True))).eval()
    found = model(torch.randn(1, 3, 64, 48), [sample()], mode="predict")
    assert found[0].pred_fields.heatmaps.shape == (K, 16, 12)
    assert "pred_fields" not in build()(torch.randn(1, 3, 64, 48), [sample()], mode="predict")[0]


def test_modules_on_another_branch_than_the_prediction() -> None:
    """Three stages of a ResNet: prediction on stride 4, the modules from stride 16 up to it."""
    config = tiny_temporal_estimator_config(num_candidates=N)
    branches = dict(num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(0, 1, 2))
    modules = dict(in_channels=32, upsample=(2, 2, 1), in_index=0)
    model = MODELS.build(
        dict(
            config,
            backbone=dict(config["backbone"], **branches),
            neck=dict(type="FeatureMapProcessor", select_index=(2, 0)),
            matching_head=dict(config["matching_head"], **modules),
            refinement_head=dict(config["refinement_head"], **modules),
        )
    ).eval()
    person = predict(model, 1)[1][0]
    assert person.person_candidate_features.shape == (1, K, N, C)
    assert model.matching_head(model.extract_feat(torch.zeros(1, 3, 64, 48))).shape[2:] == (16, 12)


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


def training(stage: str, **options):
    model = build(stage=stage, **options)
    model.train()
    samples = [sample() for _ in range(4)]
    for one in samples:
        one.gt_instance_labels = InstanceData(keypoint_weights=torch.ones(1, K))
        one.gt_fields = PixelData(heatmaps=torch.rand(K, 16, 12))
    return model, torch.randn(4, 3, 64, 48), samples


def test_the_first_stage_trains_backbone_and_prediction() -> None:
    model, crops, samples = training("pose")
    losses = model(crops, samples, mode="loss")
    assert set(losses) == {"loss_kpt", "acc_pose"}
    losses["loss_kpt"].backward()
    trained = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}
    free = {name.split(".")[0] for name, p in model.named_parameters() if p.requires_grad}
    assert trained == free == {"backbone", "head"}


def test_the_second_stage_trains_matching_and_refinement_only() -> None:
    """An optimizer over all parameters with weight decay leaves the frozen ones as they are."""
    model, crops, samples = training("temporal", temporal_loss=dict(type="RecordingLoss"))
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
    model, crops, samples = training("temporal", temporal_loss=dict(type="RecordingLoss"))
    model(crops, samples, mode="loss")
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
    model, crops, samples = training("joint", temporal_loss=dict(type="RecordingLoss"))
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
    config = tiny_temporal_estimator_config(stage="joint", temporal_loss=dict(type=RecordingLoss))
    head = dict(config["head"], deconv_out_channels=(8,), deconv_kernel_sizes=(4,))
    head["decoder"] = dict(head["decoder"], heatmap_size=(24, 32))
    heads = ("matching_head", "refinement_head")
    doubled = {name: dict(config[name], upsample=(2, 1, 1)) for name in heads}
    model = MODELS.build(dict(config, head=head, **doubled)).train()
    samples = [sample(), sample()]
    for one in samples:
        one.gt_instance_labels = InstanceData(keypoint_weights=torch.ones(1, K))
        one.gt_fields = PixelData(heatmaps=torch.rand(K, 32, 24))
    crops = torch.randn(2, 3, 64, 48)
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
    model = build(stage="temporal", temporal_loss=dict(type="RecordingLoss")).train()
    assert not any(m.training for part in (model.backbone, model.head) for m in part.modules())
    assert all(m.training for m in model.matching_head.modules())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(stage="both"), "stage must be one of pose, temporal, joint, got 'both'"),
        (dict(stage="temporal"), "give the loss and at least one of the heads"),
        (dict(stage="joint"), "stage='joint' trains matching_head"),
        (dict(num_candidates=0), "num_candidates must be 1 or more"),
    ],
)
def test_wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(**options)


def test_contradictions() -> None:
    config = tiny_temporal_estimator_config()
    with pytest.raises(ValueError, match="KeypointMatchingHead has 5 keypoints, the head 17"):
        MODELS.build(dict(config, matching_head=dict(config["matching_head"], num_keypoints=5)))
    with pytest.raises(ValueError, match="needs a head with one heatmap a keypoint"):
        MODELS.build(dict(config, head=dict(config["head"], decoder=None)))
    with pytest.raises(ValueError, match="output_keypoint_indices does not go with"):
        MODELS.build(dict(config, test_cfg=dict(output_keypoint_indices=[0])))
    with pytest.raises(ValueError, match="nms_kernel odd and 3 or more, got 16 and 4"):
        MODELS.build(dict(config, nms_kernel=4))
    with pytest.raises(ValueError, match="flip_mode is 'udp_combined', but TemporalPoseEst"):
        MODELS.build(dict(config, test_cfg=dict(flip_test=True, flip_mode="udp_combined")))
    doubled = dict(config["matching_head"], upsample=(2, 1, 1))
    model = MODELS.build(dict(config, matching_head=doubled)).eval()
    with pytest.raises(ValueError, match=r"answers \(32, 24\) where the heatmaps are \(16, 12\)"):
        predict(model)


def test_a_checkpoint_holds_the_classifiers_once() -> None:
    tracker = MODELS.build(tiny_tkmr_config(refinement=dict(type="TemporalRefinement")))
    names = [name for name in tracker.state_dict() if "classifiers.weight1" in name]
    assert names == ["estimator.matching_head.classifiers.weight1"]
    assert not any(name.startswith(("association", "refinement")) for name in tracker.state_dict())
