"""Crops of noise through a tiny network; what is said of each person is worked out again."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.models.utils.tta import flip_heatmaps
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmpose_temporal.models.heads import cell_features, local_maxima, off_centre
from mmpose_temporal.models.pose_estimators import find_describer
from mmpose_temporal.models.pose_estimators.describers import MMPOSE_FIELDS
from mmpose_temporal.testing import (
    tiny_crops,
    tiny_temporal_estimator_config,
    tiny_tkmr_config,
)

K, C, N = 17, 8, 5


def build(**options):
    torch.manual_seed(0)
    return MODELS.build(tiny_temporal_estimator_config(**{"num_candidates": N, **options})).eval()


@torch.no_grad()
def predict(
    model, number: int = 2, *, kernel: int = 3
) -> tuple[Tensor, Tensor, list[InstanceData]]:
    """The crops, the cells (B, K, N, 2) of their candidates, and what is said of the people."""
    crops, samples = tiny_crops(number)
    model.test_cfg["output_heatmaps"] = True
    found = model(crops, samples, mode="predict")
    heatmaps = torch.stack([one.pred_fields.heatmaps for one in found])
    cells = local_maxima(heatmaps, num=N, kernel=kernel).cells
    return crops, cells, [one.pred_instances for one in found]


def rows_of(person: InstanceData) -> dict[str, Tensor]:
    return {name: rows for name, rows in person.items() if name not in MMPOSE_FIELDS}


def test_what_is_known_of_a_person() -> None:
    _, _, (person, _) = predict(build())
    shapes = {name: tuple(rows.shape) for name, rows in rows_of(person).items()}
    assert shapes == dict(
        keypoint_features=(1, K, C),
        candidates=(1, K, N, 2),
        candidate_scores=(1, K, N),
        candidate_features=(1, K, N, C),
        candidate_evidence=(1, K, N),
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
    crops, cells, people = predict(model)
    assert len(whole) == (0 if few else 2 if flip is None else 3)
    with torch.no_grad():
        feats = model.extract_feat(crops)
        matching, refinement = model.matching_head(feats), model.refinement_head(feats)
        layer = model.refinement_head.final_layer
        answers = layer(refinement)
        if flip is not None:
            there = layer(model.refinement_head(model.extract_feat(crops.flip(-1))))
            there = flip_heatmaps(
                there, tiny_crops()[1][0].flip_indices, "heatmap", shift_heatmap=flip == "shifted"
            )
            assert not torch.allclose(answers, there, atol=1e-4)
            answers = (answers + there) / 2
        answers = answers - layer.bias[:, None, None]
    for i, person in enumerate(people):
        x, y = cells[i].unbind(-1)
        expected = matching[i].permute(1, 2, 0)[y, x]
        assert (person.candidate_features[0] - expected).abs().max() < 1e-5
        expected = answers[i][torch.arange(K)[:, None], y, x]
        assert (person.candidate_evidence[0] - expected).abs().max() < 1e-5
        assert expected.std() > 1e-3
        first = person.candidate_features[:, :, 0]
        torch.testing.assert_close(person.keypoint_features, first)


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
    crops, _, (person, _) = predict(model)
    with torch.no_grad():
        feats = model.extract_feat(crops)
        heatmaps = model.head(feats)[0].flatten(1).argmax(1)
        expected = model.matching_head(feats)[0].flatten(1).T[heatmaps]
    assert len(whole) == 1  # the one just now
    assert (person.keypoint_features[0] - expected).abs().max() < 1e-5


@pytest.mark.parametrize(("kernel", "apart"), [(3, 2), (7, 4)])
def test_candidates_are_maxima_of_their_window(kernel: int, apart: int) -> None:
    """Two maxima of one heatmap are at least half a window apart."""
    nearest = []
    for cells, person in zip(*predict(build(nms_kernel=kernel), kernel=kernel)[1:], strict=True):
        cells = cells.float()
        valid = torch.isfinite(person.candidate_scores[0])
        distance = torch.cdist(cells, cells, p=float("inf"))
        pairs = (valid[:, :, None] & valid[:, None]).triu(1)
        nearest.append(distance[pairs].min().item())
    assert min(nearest) == apart


@pytest.mark.parametrize("codec", ["MSRAHeatmap", "UDPHeatmap"])
def test_the_first_candidate_is_the_keypoint(codec: str) -> None:
    for person in predict(build(codec=codec))[2]:
        keypoints = torch.from_numpy(person.keypoints).float()
        torch.testing.assert_close(person.candidates[:, :, 0], keypoints)
        scores = torch.from_numpy(person.keypoint_scores)
        torch.testing.assert_close(person.candidate_scores[:, :, 0], scores)


def test_candidates_in_image_pixels() -> None:
    """A cell is 2 pixels, and cell (0, 0) lies at the crop's corner (100 - 12, 50 - 16)."""
    for cells, person in zip(*predict(build())[1:], strict=True):
        off = (person.candidates - (cells.float() * 2 + torch.tensor([88.0, 34.0]))).abs()
        off = off[person.candidate_scores[..., 0] > 0]  # elsewhere mmpose answers (-1, -1)
        assert off.max() <= 0.5 + 1e-5  # a quarter of a cell
        assert off[:, 1:].max() > 0.4


def test_candidates_in_image_pixels_udp() -> None:
    """The 12 x 16 cells reach from edge to edge: (w - 1) = 11 steps over 24 pixels."""
    for cells, person in zip(*predict(build(codec="UDPHeatmap"))[1:], strict=True):
        steps = torch.tensor([24 / 11, 32 / 15])
        places = cells.float() * steps + torch.tensor([88.0, 34.0])
        off = (person.candidates - places)[:, :, 1:].abs()
        assert (off <= 0.25 * steps + 1e-5).all()


def test_decoded_places_of_candidates_are_like_mmposes() -> None:
    """The arg max by the same rule as the other candidates is where mmpose's decoder puts it."""
    model = build()
    crops, _, people = predict(model)
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
    for person in predict(model)[2]:
        assert torch.isfinite(person.candidate_scores).sum(-1).eq(1).all()


def test_only_what_there_are_heads_for() -> None:
    def names(**options) -> set[str]:
        model = build(**options)
        found = set(rows_of(predict(model, 1)[2][0]))
        assert found == set(model.describers[0].names)
        return found

    places = {"candidates", "candidate_scores", "candidate_evidence"}
    assert names(refinement=False) == {"keypoint_features"}
    assert names(matching="BodyMatchingHead", refinement=False) == {"keypoint_features"}
    assert names(matching=None) == places
    assert names() == places | {"keypoint_features", "candidate_features"}


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
    person = predict(model, 1)[2][0]
    assert person.candidate_features.shape == (1, K, N, C)
    assert model.matching_head(model.extract_feat(torch.zeros(1, 3, 64, 48))).shape[2:] == (16, 12)


def test_what_it_needs() -> None:
    config = tiny_temporal_estimator_config(matching=None, refinement=False)
    with pytest.raises(ValueError, match="has neither: add one, or leave the describer out"):
        MODELS.build(dict(config, describers=[dict(type="KeypointDescriber")]))
    for options in (dict(num_candidates=0), dict(nms_kernel=4)):
        with pytest.raises(ValueError, match="must be 1 or more and nms_kernel odd"):
            build(**options)


def test_a_head_at_another_resolution() -> None:
    config = tiny_temporal_estimator_config()
    doubled = dict(config["matching_head"], upsample=(2, 1, 1))
    model = MODELS.build(dict(config, matching_head=doubled)).eval()
    with pytest.raises(ValueError, match=r"answers \(32, 24\) where the heatmaps are \(16, 12\)"):
        predict(model)


def test_it_is_found_by_what_it_answers() -> None:
    model = build(refinement=False)
    assert find_describer(model, "keypoint_features") is model.describers[0]
    assert find_describer(model, "candidate_evidence") is None
    assert find_describer(nn.Linear(1, 1), "keypoint_features") is None


def test_a_tracker_refuses_an_estimator_that_describes_nothing() -> None:
    config = tiny_tkmr_config(refinement=dict(type="TemporalRefinement", context=False))
    config["estimator"]["describers"] = []
    with pytest.raises(ValueError, match="KeypointMatchingSimilarity needs the features .*descri"):
        MODELS.build(config)
    config["association"] = dict(type="Association", similarity=dict(type="IoUSimilarity"))
    with pytest.raises(ValueError, match="TemporalRefinement needs .*describers="):
        MODELS.build(config)
