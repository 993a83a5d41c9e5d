"""What ``tools/train.py`` and ``tools/test.py`` do: mmpose's flags, a config, a runner.

The flags are those of mmpose's own tools, which run the same configs. Beyond them, several
processes work without a GPU (gloo), for which mmengine's launcher has no way.
"""

import argparse
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.config import Config, ConfigDict
from mmengine.device import get_device
from mmengine.dist import is_distributed
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn

from mmpose_temporal.models.trackers.tracker_model import TrackerModel, random_weights
from mmpose_temporal.utils import require_free
from mmpose_temporal.utils.config_errors import (
    building,
    check_dataloaders,
    check_optimizer,
    merge_options,
    model_settings,
    read_config,
)
from mmpose_temporal_cli.train_test_flags import testing_flags, training_flags

from .checked_runner import CheckedRunner
from .required_data import (
    refuse_outputs_over_data,
    require_collated_clips,
    require_data,
    require_weights,
)


def _check_common(args: argparse.Namespace) -> None:
    """Refuse what the config is not needed to refuse."""
    if args.interval is not None and not (args.show or args.show_dir):
        raise ValueError("--interval is for the frames that --show or --show-dir draws; give one")
    if args.wait_time is not None and not args.show:
        raise ValueError("--wait-time is for the window of --show; give both")
    if args.interval is not None and args.interval < 1:
        raise ValueError(f"--interval must be at least 1 frame, got {args.interval}")
    if args.wait_time is not None and not 0 <= args.wait_time < math.inf:
        raise ValueError(
            f"--wait-time must be 0 (wait for a key) or more seconds: {args.wait_time}"
        )


def run_training(arguments: Sequence[str] | None = None) -> None:
    """Train as a command line says, with the errors of :func:`train`."""
    train(training_flags().parse_args(arguments))


def train(args: argparse.Namespace) -> None:
    """Train as the arguments of :func:`training_flags` say.

    Raises:
        ValueError: Flags that cannot act, or a config that cannot be trained.
        FileNotFoundError: No such config or checkpoint, or its data are not there.
    """
    _check_common(args)
    if args.no_validate and (args.show or args.show_dir):
        raise ValueError("--show and --show-dir act in validation, which --no-validate leaves out")
    cfg = load_config(args)
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.amp:
        if cfg.get("optim_wrapper") is None:
            raise ValueError(f"{args.config} has no optim_wrapper, which --amp changes")
        wrapper = cfg.optim_wrapper.get("type", "OptimWrapper")
        if wrapper not in ("OptimWrapper", "AmpOptimWrapper"):
            raise ValueError(f"--amp does not go with the optimizer wrapper {wrapper}")
        if get_device() in ("cpu", "mps"):
            raise ValueError(
                "--amp needs a GPU that mmengine can use for it (CUDA, NPU, MLU or MUSA)"
            )
        cfg.optim_wrapper.type = "AmpOptimWrapper"
        cfg.optim_wrapper.setdefault("loss_scale", "dynamic")
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == "auto" else args.resume
    if args.auto_scale_lr:
        if "auto_scale_lr" not in cfg:
            raise ValueError("--auto-scale-lr needs auto_scale_lr=dict(base_batch_size=...)")
        cfg.auto_scale_lr.enable = True
    merge_options(cfg, args.cfg_options)
    if (args.show or args.show_dir) and cfg.get("val_cfg") is None:
        raise ValueError("--show and --show-dir act in validation, and the config has no val_cfg")
    if cfg.get("train_cfg") is None:
        raise ValueError(f"{args.config} has no train_cfg: there is nothing to train")
    check_optimizer(cfg)
    validated = () if cfg.get("val_cfg") is None else ("val_dataloader",)
    check_dataloaders(cfg, "train_dataloader", *validated)
    require_data(cfg, "train_dataloader", *validated)
    require_collated_clips(cfg, "train_dataloader")
    if args.resume is None:
        require_weights(cfg)
    refuse_outputs_over_data(cfg, "val")
    with building(args.config):
        build_runner(cfg).train()
    _leave_group()


def run_testing(arguments: Sequence[str] | None = None) -> None:
    """Test as a command line says, with the errors of :func:`test`."""
    test(testing_flags().parse_args(arguments))


def test(args: argparse.Namespace) -> None:
    """Test as the arguments of :func:`testing_flags` say.

    Raises:
        ValueError: Flags that cannot act, a config that cannot be tested, no checkpoint, or one
            of random weights.
        FileNotFoundError: No such config or checkpoint, or its data are not there.
        FileExistsError: ``--out`` or ``--dump`` names a file that is there.
        CheckpointMismatch: The checkpoint is of another model.
    """
    _check_common(args)
    if args.badcase:
        raise ValueError(
            "--badcase ranks single crops by their loss; a tracker is tested on frames"
        )
    if args.dump and Path(args.dump).suffix not in (".pkl", ".pickle"):
        raise ValueError(f"--dump writes a .pkl file, got {args.dump}")
    inputs = [args.config, args.checkpoint]
    require_free(filter(None, (args.out, args.dump)), overwrite=args.overwrite, inputs=inputs)
    cfg = load_config(args)
    cfg.load_from = args.checkpoint
    if cfg.get("test_cfg") is None:
        raise ValueError(f"{args.config} has no test_cfg: there is nothing to test")
    merge_options(cfg, args.cfg_options)
    if args.dump:
        evaluators = cfg.test_evaluator
        evaluators = evaluators if isinstance(evaluators, list | tuple) else [evaluators]
        dump = dict(type="DumpResults", out_file_path=args.dump)
        cfg.test_evaluator = [*evaluators, dump]
    check_dataloaders(cfg, "test_dataloader")
    require_data(cfg, "test_dataloader")
    refuse_outputs_over_data(cfg, "test")
    with building(args.config):
        runner = build_runner(cfg)
        runner.load_or_resume()
        refuse_random_parts(runner.model, args.checkpoint)
        if args.out:
            # Here: the hooks import mmpose's visualizers, and those mmdet.
            from mmpose_temporal.engine.hooks import SaveMetricsHook

            saving = SaveMetricsHook(
                args.out,
                config=cfg,
                config_path=args.config,
                checkpoint=args.checkpoint,
                command=getattr(args, "command_line", sys.argv),
            )
            runner.register_hook(saving, priority="LOWEST")
        runner.test()
    _leave_group()


def refuse_random_parts(model: nn.Module, checkpoint: str) -> None:
    """Refuse to test a tracker that has random weights.

    Raises:
        ValueError: A part is neither trained by the checkpoint nor loaded from elsewhere.
    """
    model = model.module if is_model_wrapper(model) else model
    random = model.random_parts() if isinstance(model, TrackerModel) else []
    if random:
        raise ValueError(f"{checkpoint}: {random_weights(random)}")


def load_config(args: argparse.Namespace) -> Config:
    """The config with the flags that both tools have; ``--cfg-options`` come last, elsewhere."""
    if "LOCAL_RANK" not in os.environ:
        os.environ["LOCAL_RANK"] = str(args.local_rank)
    cfg = read_config(args.config)
    model_settings(cfg)
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get("work_dir") is None:
        cfg.work_dir = str(Path("work_dirs", Path(args.config).stem))
    if args.show or args.show_dir:
        hook = cfg.get("default_hooks", {}).get("visualization")
        if hook is None:
            raise ValueError(
                "--show and --show-dir need default_hooks.visualization in the config: "
                "dict(type='PoseTrackVisualizationHook')"
            )
        hook.update(enable=True, show=args.show, out_dir=args.show_dir)
        if args.interval is not None:
            hook.interval = args.interval
        if args.show:
            hook.wait_time = hook.get("wait_time", 1) if args.wait_time is None else args.wait_time
    return cfg


def build_runner(cfg: Config) -> Runner:
    """Build the runner; with several processes and no GPU, set gloo up first."""
    if cfg.get("launcher", "none") == "pytorch" and not torch.cuda.is_available():
        if not is_distributed():
            torch.distributed.init_process_group("gloo")
        if cfg.get("model_wrapper_cfg") is None:
            # mmengine's default names a GPU for each process
            cfg.model_wrapper_cfg = ConfigDict(
                type="MMDistributedDataParallel",
                device_ids=None,
                broadcast_buffers=False,
                find_unused_parameters=cfg.get("find_unused_parameters", False),
            )
    return CheckedRunner.from_cfg(cfg)


def _leave_group() -> None:
    """End gloo's group together: a process whose peer is gone before it may be aborted."""
    if is_distributed() and torch.distributed.get_backend() == "gloo":
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
