"""What the command lines in tools/ share: flags, errors and exit statuses."""

from .flags import add_config_options, add_output_flags, read_config
from .run_tool import StepFailed, run_tool
from .train_test import build_runner, run_testing, run_training

__all__ = [
    "StepFailed",
    "add_config_options",
    "add_output_flags",
    "build_runner",
    "read_config",
    "run_testing",
    "run_tool",
    "run_training",
]
