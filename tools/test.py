"""Test a model on whole videos; the flags are those of mmpose's tools/test.py."""

import argparse
import sys
from collections.abc import Sequence

from mmpose_temporal_cli import run_tool
from mmpose_temporal_cli.train_test_flags import testing_flags


def run(args: argparse.Namespace) -> None:
    """Does what the arguments say."""
    from mmpose_temporal.engine.command_line.train_test import test

    test(args)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(testing_flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
