"""What test_runner starts in two processes: one test run, and one that cannot be shared out.

    torchrun --nproc_per_node=2 distributed_run.py DATA_ROOT WORK_DIR

Each rank writes its metrics and the error to WORK_DIR/rank{RANK}.json.
"""

import json
import sys
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.dist import get_rank
from mmengine.runner import Runner

import mmpose_temporal  # noqa: F401
from mmpose_temporal.testing import tiny_test_config


def main(data_root: str, work_dir: str) -> None:
    options = json.loads((Path(work_dir) / "options.json").read_text())
    config = tiny_test_config(data_root, work_dir, launcher="pytorch", **options)
    # Mmengine sets a CUDA device for every process that it starts a group for, so without a GPU
    # the group is started here, and the wrapper is told to use none.
    torch.distributed.init_process_group("gloo")
    wrapper = dict(type="MMDistributedDataParallel", device_ids=None)
    runner = Runner(**config, cfg=Config(dict(model_wrapper_cfg=wrapper)))
    assert isinstance(runner.model, torch.nn.parallel.DistributedDataParallel)
    metrics = runner.test()
    loader = config["test_dataloader"]
    loader["dataset"]["videos"] = ["v1"]
    try:
        Runner.build_dataloader(loader)
        error = None
    except ValueError as raised:
        error = str(raised)
    answer = json.dumps(dict(metrics=metrics, error=error))
    (Path(work_dir) / f"rank{get_rank()}.json").write_text(answer)
    torch.distributed.barrier()  # gloo aborts a process whose peer is gone before it
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
