"""Test a model on whole videos; the flags are those of mmpose's tools/test.py."""

import sys
from collections.abc import Sequence

from mmpose_temporal.engine.command_line import run_tool
from mmpose_temporal.engine.command_line.train_test import test, testing_flags


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(testing_flags(), test, argv)


if __name__ == "__main__":
    sys.exit(main())
