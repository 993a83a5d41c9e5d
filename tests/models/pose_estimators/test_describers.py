"""Any number of parts say something of each person, each under its own name."""

import pytest
import torch
from mmpose.registry import MODELS
from torch import Tensor

from mmpose_temporal.models.pose_estimators import Describer
from mmpose_temporal.testing import tiny_crops, tiny_temporal_estimator_config

K = 17


@MODELS.register_module(force=True)
class SumDescriber(Describer):
    """A number per person, of the features after the neck."""

    def __init__(self, name: str = "total", rows: int | None = None):
        super().__init__()
        self.name, self.rows = name, rows

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def describe(self, crops):
        assert crops.heatmaps is None or crops.heatmaps.shape[0] == len(crops)
        self.found = crops
        return {self.name: crops.feats[0].sum((1, 2, 3))[: self.rows]}


def test_describers_combine() -> None:
    """TKMR's, and two of our own."""
    config = tiny_temporal_estimator_config(flip_test=True)
    ours = [dict(type="SumDescriber"), dict(type="SumDescriber", name="other")]
    model = MODELS.build(dict(config, describers=[*ours, *config["describers"]])).eval()
    crops, samples = tiny_crops()
    with torch.no_grad():
        people = [one.pred_instances for one in model(crops, samples, mode="predict")]
        expected = model.extract_feat(crops, samples)[0].sum((1, 2, 3))
    for person, total in zip(people, expected, strict=True):
        assert {"total", "other", "keypoint_features", "candidates"} <= set(person.keys())
        assert isinstance(person.total, Tensor) and person.total.tolist() == [total.item()]
    given = model.describers[0].found
    assert given.samples is samples and len(given.mirrored) == len(given.feats)
    assert [instance.keypoints.shape for instance in given.instances] == [(1, K, 2)] * 2


def test_heatmaps_are_made_for_who_needs_them() -> None:
    config = tiny_temporal_estimator_config(matching=None, refinement=False)
    model = MODELS.build(dict(config, describers=[dict(type="SumDescriber")])).eval()
    model(*tiny_crops(1), mode="predict")
    assert model.describers[0].found.heatmaps is None
    model.describers[0].needs_heatmaps = True
    found = model(*tiny_crops(1), mode="predict")
    assert model.describers[0].found.heatmaps.shape == (1, K, 16, 12)
    assert "pred_fields" not in found[0]


def test_an_estimator_without_heatmaps() -> None:
    """Coordinates by regression; a describer that asks for no heatmaps."""
    config = tiny_temporal_estimator_config(matching=None, refinement=False)
    head = dict(
        type="RegressionHead",
        in_channels=8,
        num_joints=K,
        decoder=dict(type="RegressionLabel", input_size=(48, 64)),
    )
    pool = dict(type="GlobalAveragePooling")
    describers = [dict(type="SumDescriber")]
    parts = dict(config, head=head, neck=pool, describers=describers, test_cfg=dict())
    model = MODELS.build(parts).eval()
    model.describers[0].describe = lambda crops: {"total": crops.feats[0].sum(1)}
    (found,) = model(*tiny_crops(1), mode="predict")
    assert found.pred_instances.keypoints.shape == (1, K, 2)
    assert found.pred_instances.total.shape == (1,)


@pytest.mark.parametrize(
    ("names", "clash"), [(("total", "total"), "total"), (("keypoints",), "keypoints")]
)
def test_rows_of_one_name(names: tuple[str, ...], clash: str) -> None:
    describers = [dict(type="SumDescriber", name=name) for name in names]
    with pytest.raises(ValueError, match=f"^{clash}: two describers answer rows of one name"):
        MODELS.build(dict(tiny_temporal_estimator_config(), describers=describers))


def test_wrong_describers() -> None:
    config = tiny_temporal_estimator_config()
    with pytest.raises(TypeError, match="which is no Describer"):
        MODELS.build(dict(config, describers=[config["backbone"]]))
    model = MODELS.build(dict(config, describers=[dict(type="SumDescriber", rows=1)])).eval()
    with pytest.raises(ValueError, match="SumDescriber must answer total with 2 rows each"):
        model(*tiny_crops(2), mode="predict")
