"""Weights of a similarity out of a tracker's checkpoint, and back into a tracker."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models import TrackEntailment
from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.utils.training_mark import mark_as_trained

TOOL = Path(__file__).resolve().parents[3] / "tools/model_converters/extract_similarity.py"
SMALL = dict(hidden=8, intermediate=8, num_layers=1, num_heads=1)


def run(monkeypatch, *arguments) -> int:
    spec = importlib.util.spec_from_file_location("extract_similarity", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["tool", *map(str, arguments)])
    return module.main()


def tracker(checkpoint: str | None = None):
    similarity = dict(type="TrackEntailment", network=SMALL, checkpoint=checkpoint)
    association = dict(type="Association", similarity=similarity)
    return MODELS.build(dict(type="PoseOnlyTracker", association=association))


@pytest.mark.parametrize("wrapped", [True, False])
def test_there_and_back(monkeypatch, capsys, tmp_path, wrapped):
    trained = tracker()
    mark_as_trained(trained)
    state = trained.state_dict()
    meta = dict(epoch=5, dataset_meta=dict(keypoint_id2name=dict(enumerate(KEYPOINT_NAMES))))
    torch.save(dict(state_dict=state, meta=meta) if wrapped else state, tmp_path / "a")
    out = tmp_path / "matcher.pth"
    assert run(monkeypatch, tmp_path / "a", out) == 0
    expected = trained.association.similarity.state_dict()
    found = torch.load(out, weights_only=True)
    assert list(found["state_dict"]) == list(expected)
    names = dict(keypoint_names=list(KEYPOINT_NAMES)) if wrapped else {}
    assert found["meta"] == names
    numbers = sum(value.numel() for value in expected.values())
    assert f"{len(expected)} tensors, {numbers} numbers" in capsys.readouterr().out
    torch.manual_seed(1)
    for answer in (
        TrackEntailment(network=SMALL, checkpoint=str(out)).state_dict(),
        tracker(str(out)).association.similarity.state_dict(),
    ):
        assert all(torch.equal(answer[name], value) for name, value in expected.items())


def test_random_weights(monkeypatch, capsys, tmp_path):
    torch.save(tracker().state_dict(), tmp_path / "a.pth")
    assert run(monkeypatch, tmp_path / "a.pth", tmp_path / "out.pth") == 2
    assert "a.pth: the weights of its similarity are random" in capsys.readouterr().err
    assert not (tmp_path / "out.pth").exists()


def test_bad_files(monkeypatch, capsys, tmp_path):
    out = tmp_path / "out.pth"
    contents = dict(list=[1, 2], other=dict(weight=torch.zeros(2)), code=dict(state_dict=TOOL))
    for name, content in contents.items():
        torch.save(content, tmp_path / name)
    (tmp_path / "text").write_text("not a checkpoint")
    (tmp_path / "empty").write_text("")
    for name in (*contents, "text", "empty", "nowhere"):
        assert run(monkeypatch, tmp_path / name, out) == 2
        assert capsys.readouterr().err.startswith("tool: error: ")
        assert not out.exists()
    assert run(monkeypatch, tmp_path / "other", out) == 2
    assert "has no tensor under association.similarity." in capsys.readouterr().err
