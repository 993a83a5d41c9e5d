"""What the command line calls."""

from .command_line import build_runner, test, train

__all__ = ["build_runner", "test", "train"]
