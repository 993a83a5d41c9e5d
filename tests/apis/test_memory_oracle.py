"""Ways to find the small written people, by a tiny estimator of random weights."""

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS

from mmpose_temporal.apis.joint_quality import annotated_data, build_estimator
from mmpose_temporal.apis.memory_oracle import as_record, examine_memory
from mmpose_temporal.testing import tiny_estimator_config, tiny_ptm_config, write_tiny_posetrack


@pytest.fixture
def parts(tmp_path):
    """Writes data and weights, and builds what is examined."""

    def build(model=None, *, trained=True, alpha=0.9, videos=None, people=2, change=None):
        model = model or tiny_ptm_config()
        write_tiny_posetrack(tmp_path, videos=videos, people=people)
        if change is not None:
            path = tmp_path / "annotations/val/v1.json"
            content = json.loads(path.read_text())
            change(content["annotations"])
            path.write_text(json.dumps(content))
        torch.manual_seed(0)
        weights = MODELS.build(model["estimator"] if trained else tiny_estimator_config())
        state = {n: v for n, v in weights.state_dict().items() if "untrained" not in n}
        if trained:
            state["neck.alpha"].fill_(alpha)
        torch.save(state, tmp_path / "weights.pth")
        data = dict(
            type="PoseTrackPersonDataset", data_root=str(tmp_path), ann_file="annotations/val"
        )
        cfg = Config(dict(model=model, val_dataloader=dict(dataset=data)))
        dataset = annotated_data(cfg, "val")
        return (*build_estimator(cfg, tmp_path / "weights.pth", dataset), dataset)

    return build


def examine(parts, **options):
    return examine_memory(*parts, device="cpu", progress=False, **options)


def test_the_oracle_knows_the_motion(parts, monkeypatch) -> None:
    """A person in two frames, whose nose moves by 5 pixels, 2 of 12 cells, and is hidden then.

    The first heatmap has it, with a peak of 1; the second has a peak of 0.5 elsewhere. In the
    means these are 0.4 and 0.3. Half the head is 3 pixels.
    """

    def change(people):
        people[1]["keypoints"][0] += 5
        people[1]["keypoints_hidden"] = [1] + [0] * 16

    built = parts(trained=False, videos=dict(v1=2), people=1, change=change)

    def heatmaps(feats):
        maps = torch.zeros(2, 17, 16, 12)
        maps[0, 0, 3, 6], maps[1, 0, 12, 2] = 1, 0.5
        return maps

    monkeypatch.setattr(built[0].head, "forward", heatmaps)
    report = examine(built)
    assert (report.clips, report.crops) == (1, 1)
    assert report.joints == dict(hidden=1, seen=14)
    hidden = {way: figures["PCKh_hidden"] for way, figures in report.found.items()}
    assert hidden == {"network": 0, "previous": 0, "oracle": 100, "oracle, pooled": 0}
    # pooled by 4, the previous peak is 0.4 / 16
    assert report.alpha is report.read is report.attention is report.size is None
    with_more = examine(built, share=0.8)  # 0.2 and 0.4
    assert with_more.found["oracle"]["PCKh_hidden"] == 0


def test_an_alpha_of_one_is_the_network_alone(parts) -> None:
    """And a smaller one is not: 2 people in videos of 5 and 3 frames."""
    report = examine(parts(alpha=1.0))
    assert (report.clips, report.crops, report.read, report.alpha) == (4, 12, 1, 1)
    assert report.joints == dict(hidden=0, seen=12 * 15)  # all but the ears
    assert report.found["memory"] == pytest.approx(report.found["network"], nan_ok=True)
    assert np.isnan(report.found["memory"]["AP_hidden"])
    assert as_record(report)["found"]["memory"]["AP_hidden"] is None
    report = examine(parts(alpha=0.0))
    assert report.found["memory"]["AP_seen"] != report.found["network"]["AP_seen"]


def test_attention_to_the_newest_entry(parts) -> None:
    """Three frames of a person whose nose is 20 pixels lower in the second: it moves twice.

    Keys are 0, so that all weights are equal and the first cell has the peak. On the grid of
    8 x 6 cells of 5 pixels the joints of the first three crops are never near it.
    """

    def change(people):
        people[1]["keypoints"][1] += 20

    model = tiny_ptm_config(neck=dict(read_stride=2))
    built = parts(model, videos=dict(v1=3), people=1, change=change)
    built[0].neck.to_key.weight.data.zero_()
    report = examine(built)
    assert report.size == (8, 6)
    assert report.attention["seen"]["joints"] == 2 * 15
    assert report.attention["seen, moved"]["joints"] == 2
    assert report.attention["seen"]["same_cell"] == pytest.approx(28 / 30)
    assert report.attention["seen"]["peak"] == 0
    # of 48 cells with equal weights the 9 around, fewer at the border
    seen = report.attention["seen"]
    assert seen["weight"] == pytest.approx(seen["chance"]) and 6 / 48 < seen["weight"] <= 9 / 48
    assert report.attention["seen"]["heads"] == [0, 0]
    assert report.attention["hidden"]["joints"] == 0
    assert not built[0].training and built[0].neck.watcher is None


def test_nothing_is_stored(parts) -> None:
    report = examine(parts(tiny_ptm_config(neck=dict(heatmap_thr=25.4))))
    assert report.read == 0 and report.attention is None and report.size is None
    assert report.found["memory"] == pytest.approx(report.found["network"], nan_ok=True)


def test_bad_input(parts) -> None:
    built = parts()
    with pytest.raises(ValueError, match="share must be between 0 and 1"):
        examine(built, share=1.0)
    with pytest.raises(ValueError, match="has no PoseTemporalMemory"):
        examine_memory(MODELS.build(tiny_estimator_config()), *built[1:])
    other = MODELS.build(tiny_ptm_config(estimator=dict(num_keypoints=5))["estimator"])
    with pytest.raises(ValueError, match="answers 5 keypoints, but the data has 17"):
        examine((other, *built[1:]))
