"""What the command line calls."""

from .command_line import build_runner, run_testing, run_training

__all__ = ["build_runner", "run_testing", "run_training"]
