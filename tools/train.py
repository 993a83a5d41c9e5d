"""Train a model from a config; the flags are those of mmpose's tools/train.py."""

import argparse
import sys
from collections.abc import Sequence

from mmpose_temporal_cli import run_tool
from mmpose_temporal_cli.train_test_flags import training_flags


def run(args: argparse.Namespace) -> None:
    """Does what the arguments say."""
    from mmpose_temporal.engine.command_line.train_test import train

    train(args)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(training_flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
