"""Train a model from a config; the flags are those of mmpose's tools/train.py."""

import sys
from collections.abc import Sequence

from mmpose_temporal.engine.command_line import run_tool
from mmpose_temporal.engine.command_line.train_test import train, training_flags


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(training_flags(), train, argv)


if __name__ == "__main__":
    sys.exit(main())
