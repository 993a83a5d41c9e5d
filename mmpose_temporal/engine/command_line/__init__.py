"""What the command lines in tools/ do; what they share before is in `mmpose_temporal_cli`."""

from mmpose_temporal.utils.config_errors import read_config
from mmpose_temporal_cli import (
    StepFailed,
    add_config_options,
    add_frame_order,
    add_output_flags,
    run_tool,
)

from .train_test import build_runner, run_testing, run_training

__all__ = [
    "StepFailed",
    "add_config_options",
    "add_frame_order",
    "add_output_flags",
    "build_runner",
    "read_config",
    "run_testing",
    "run_tool",
    "run_training",
]
