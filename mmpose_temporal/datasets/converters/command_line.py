"""What the converters' command lines share."""

import argparse
import sys
from collections.abc import Callable


def add_common_flags(parser: argparse.ArgumentParser) -> None:
    """``--overwrite`` and ``--quiet``."""
    parser.add_argument("--overwrite", action="store_true", help="replace what is there")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run_reporting(run: Callable[[argparse.Namespace], object], args: argparse.Namespace) -> int:
    """Run, print what came of it, and tell an error of arguments or files in one line.

    Returns:
        Exit status: 0, or 2 after an error.
    """
    try:
        print(run(args))
    except (ValueError, OSError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
