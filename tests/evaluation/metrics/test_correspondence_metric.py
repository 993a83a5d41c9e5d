import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData
from mmpose.registry import METRICS
from mmpose.structures import PoseDataSample

from mmpose_temporal.evaluation import CorrespondencePCK


def pair(*errors, visible=None, keypoints=True, **without):
    """One group of J points with targets at (10, 10) and a diagonal of 100; cells of 4 pixels.

    Found points are ``errors`` too far right, raw ones twice as far; scores are 1 - error / 100.
    """
    count = len(errors)
    truth = InstanceData(
        targets=torch.full((1, count, 2), 10.0),
        valid=torch.ones(1, count, dtype=torch.bool),
        visible=torch.tensor([visible or [True] * count]),
        is_keypoint=torch.full((1, count), keypoints),
        diagonals=torch.tensor([100.0 if keypoints else float("nan")]),
    )
    error = np.array(errors, np.float32)
    points = np.stack([10 + error, np.full(count, 10)], axis=-1)[None]
    found = InstanceData(
        points=points,
        raw_points=points + np.stack([error, 0 * error], axis=-1),
        scores=1 - error[None] / 100,
    )
    sample = PoseDataSample(metainfo=dict(img_path="a.jpg", cell_size=4.0))
    sample.gt_instances, sample.pred_instances = truth, found
    for part, name in without.items():
        del getattr(sample, part)[name]
    return sample


def evaluate(*samples, **options):
    metric = METRICS.build(dict(type="CorrespondencePCK", **options))
    evaluator = Evaluator([metric])
    if samples:
        evaluator.process(data_samples=list(samples), data_batch=None)
    return evaluator.evaluate(len(samples))


def test_figures_of_two_pairs():
    """Errors 0, 4, 8 and hidden, then 20: PCK 2 / 4 and 3 / 4; the raw ones are 0, 8, 16, 40."""
    figures = evaluate(pair(0, 4, 8, 60, visible=[True, True, True, False]), pair(20))
    assert figures == pytest.approx(
        {
            "correspondence/PCK@0.05": 50,
            "correspondence/PCK@0.1": 75,
            "correspondence/raw_PCK@0.05": 25,
            "correspondence/raw_PCK@0.1": 50,
            "correspondence/median_cells": 1.5,
            "correspondence/raw_median_cells": 3,
            "correspondence/AUC_visible": 1,
        }
    )


def test_figures_that_count_nothing_are_left_out():
    figures = evaluate(pair(0, 4, keypoints=False), prefix="val")
    assert figures == {"val/median_cells": 0.5, "val/raw_median_cells": 1}


def test_other_thresholds():
    figures = evaluate(pair(0, 15), thresholds=(0.2,))
    assert (figures["correspondence/PCK@0.2"], figures["correspondence/raw_PCK@0.2"]) == (100, 50)
    with pytest.raises(ValueError, match="thresholds must be above 0"):
        CorrespondencePCK(thresholds=(0,))


@pytest.mark.parametrize(
    ("without", "problem"),
    [
        (dict(gt_instances="valid"), "pair a.jpg: gt_instances has no valid"),
        (dict(pred_instances="raw_points"), "pair a.jpg: pred_instances has no raw_points"),
    ],
)
def test_what_a_sample_lacks(without, problem):
    with pytest.raises(ValueError, match=problem):
        evaluate(pair(0, 1, **without))


def test_other_things_that_are_wrong():
    sample = pair(0, 1)
    del sample.cell_size
    with pytest.raises(ValueError, match="did not say 'cell_size'"):
        evaluate(sample)
    sample = pair(0, 1)
    sample.pred_instances.scores = np.ones((1, 3))
    with pytest.raises(ValueError, match=r"scores has the shape \(1, 3\), the queries \(1, 2\)"):
        evaluate(sample)
    sample = pair(0, 1)
    del sample.pred_instances
    with pytest.raises(ValueError, match="pred_instances has no points, scores, raw_points"):
        evaluate(sample)


def test_nothing_is_visible():
    with pytest.raises(ValueError, match="none of 2 queries is visible"):
        evaluate(pair(0, 1, visible=[False, False]))
    with pytest.raises(ValueError, match="no pair was evaluated"):
        evaluate()


TWO_RANKS = """
import importlib.util, json, sys
import torch.distributed as dist
from mmengine.evaluator import Evaluator

spec = importlib.util.spec_from_file_location("cases", sys.argv[1])
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)
rank = int(sys.argv[2])
dist.init_process_group("gloo", init_method=sys.argv[3], rank=rank, world_size=2)
evaluator = Evaluator([cases.CorrespondencePCK()])
evaluator.process(data_samples=cases.shares()[rank], data_batch=None)
open(sys.argv[4], "w").write(json.dumps(evaluator.evaluate(3)))
dist.barrier()  # gloo aborts a process whose peer is gone before it
dist.destroy_process_group()
"""


def shares():
    """Three pairs; the second rank sees the first pair again, as a sampler pads it."""
    first, second, third = pair(0, 4, 60, visible=[True, True, False]), pair(8), pair(20, 1)
    return [first, third], [second, first]


@pytest.mark.slow
def test_two_ranks_are_one(tmp_path):
    rendezvous = f"file://{tmp_path}/rendezvous"
    outs = [tmp_path / "0.json", tmp_path / "1.json"]
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", TWO_RANKS, __file__, str(rank), rendezvous, str(out)]
        )
        for rank, out in enumerate(outs)
    ]
    assert [rank.wait(timeout=120) for rank in ranks] == [0, 0]
    (first, third), (second, _) = shares()
    expected = evaluate(first, second, third)
    assert [json.loads(out.read_text()) for out in outs] == [pytest.approx(expected)] * 2
