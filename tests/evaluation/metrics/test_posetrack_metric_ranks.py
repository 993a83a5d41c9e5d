"""The metric in a distributed test."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from mmengine.evaluator import Evaluator

from mmpose_temporal.evaluation import PoseTrackMetric
from mmpose_temporal.testing import finished_video


def _evaluate(samples, size=None, **options):
    evaluator = Evaluator([PoseTrackMetric(**options)])
    evaluator.process(data_samples=samples, data_batch=None)
    return evaluator.evaluate(len(samples) if size is None else size)


_WORKER = """
import importlib.util, json, sys
import torch.distributed as dist

spec = importlib.util.spec_from_file_location("cases", sys.argv[1])
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)
rank = int(sys.argv[2])
dist.init_process_group("gloo", init_method=sys.argv[3], rank=rank, world_size=2)
shares = cases.ranks()
results = []
metric = cases.PoseTrackMetric()
metric.process(None, [sample.to_dict() for sample in shares[rank]])
results.append(metric.evaluate(sum(map(len, shares))))
metric.process(None, [sample.to_dict() for sample in shares[rank][: 3 if rank else None]])
try:
    metric.evaluate(sum(map(len, shares)))
except Exception as error:
    results.append(f"{type(error).__name__}: {error}")
with open(sys.argv[4], "w") as file:
    json.dump(results, file)
dist.barrier()  # gloo aborts a process whose peer is gone before it
dist.destroy_process_group()
"""


def ranks():
    """What two ranks hold: 7 frames of two videos, and 4 frames of one."""
    first = [
        *finished_video("000001", num_frames=5, found=1),
        *finished_video("000003", num_frames=2),
    ]
    first[2].pred_instances.track_ids = np.array([12])
    return first, finished_video("000002")


@pytest.mark.slow
def test_two_ranks_with_unequal_shares(tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(textwrap.dedent(_WORKER))
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    workers = [
        subprocess.Popen(
            [
                sys.executable,
                str(script),
                __file__,
                str(rank),
                f"file://{tmp_path}/meeting",
                str(tmp_path / f"{rank}.json"),
            ],
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    errors = [worker.communicate(timeout=120)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], errors
    (metrics, failure), (other_metrics, other_failure) = (
        json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)
    )
    expected = _evaluate([sample for share in ranks() for sample in share])
    assert metrics == other_metrics == expected
    assert expected["posetrack/IDSW"] == 30  # away and back again, 15 joints
    # one frame of the second rank is lost: both ranks learn of it
    assert failure.startswith("ValueError: video '000002' is not whole")
    assert other_failure.startswith("RuntimeError: the evaluation failed on the first rank: Value")
