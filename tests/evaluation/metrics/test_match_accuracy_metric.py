import json
import subprocess
import sys

import pytest
from mmpose.registry import METRICS

from mmpose_temporal.evaluation import MatchAccuracyMetric


def evaluate(*counts, size=None, **options):
    metric = METRICS.build(dict(type="MatchAccuracyMetric", **options))
    metric.process(None, [{} if c is None else dict(match_counts=c) for c in counts])
    return metric.evaluate(len(counts) if size is None else size)


def test_counts_are_added():
    """1 of 2, 0 of 0 and 5 of 6: 6 / 8; not the mean of the ratios."""
    assert evaluate((1, 2), (0, 0), None, (5, 6)) == {"posetrack/match_accuracy": 100 * 6 / 8}


def test_a_prefix():
    assert tuple(evaluate((1, 1), prefix="val")) == MatchAccuracyMetric.metric_keys("val")
    assert tuple(evaluate((1, 1))) == MatchAccuracyMetric.metric_keys()


@pytest.mark.parametrize("counts", [(), ((0, 0), None)])
def test_nobody_was_counted(counts):
    with pytest.raises(ValueError, match="no match was counted: match accuracy needs poses whose"):
        evaluate(*counts)


def test_frames_that_are_missing():
    with pytest.raises(ValueError, match="the data set has 3 frames, but 2 were evaluated"):
        evaluate((1, 1), (1, 1), size=3)


def test_each_evaluation_begins_anew():
    metric = MatchAccuracyMetric()
    metric.process(None, [dict(match_counts=(0, 4))])
    metric.evaluate(1)
    metric.process(None, [dict(match_counts=(1, 4))])
    assert metric.evaluate(1) == {"posetrack/match_accuracy": 25}


TWO_RANKS = """
import json, sys
import torch.distributed as dist
from mmpose_temporal.evaluation import MatchAccuracyMetric

rank = int(sys.argv[1])
dist.init_process_group("gloo", init_method=sys.argv[2], rank=rank, world_size=2)
metric = MatchAccuracyMetric()
shares = ([(1, 2), (2, 2)], [(0, 4)])
metric.process(None, [dict(match_counts=counts) for counts in shares[rank]])
answers = [metric.evaluate(3)]
try:
    metric.evaluate(0)
except ValueError as error:
    answers.append(str(error))
open(sys.argv[3], "w").write(json.dumps(answers))
dist.barrier()  # gloo aborts a process whose peer is gone before it
dist.destroy_process_group()
"""


def test_two_ranks_with_unequal_shares(tmp_path):
    """3 of 8 on both; without anything, both learn of it."""
    rendezvous = f"file://{tmp_path}/rendezvous"
    outs = [tmp_path / "0.json", tmp_path / "1.json"]
    ranks = [
        subprocess.Popen([sys.executable, "-c", TWO_RANKS, str(rank), rendezvous, str(out)])
        for rank, out in enumerate(outs)
    ]
    assert [rank.wait(timeout=120) for rank in ranks] == [0, 0]
    for out in outs:
        figures, problem = json.loads(out.read_text())
        assert figures == {"posetrack/match_accuracy": 100 * 3 / 8}
        assert problem.startswith("no match was counted")
