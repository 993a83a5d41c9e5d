"""Compare the metrics files of runs: figures, differences, and intervals over the videos.

The files are those that tools/test.py --out and tools/evaluate_posetrack.py --out write. Runs of
another protocol, of other videos or of boxes from elsewhere are refused, with what differs. The
interval of a difference is that of a paired bootstrap over videos, see docs/metrics.md.

Example:
    python tools/analysis_tools/compare_runs.py oks.json keytrack.json --figures MOTA MOTA_Wri
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import add_overwrite, run_tool


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "runs",
        metavar="FILE.json",
        nargs="+",
        help="metrics files; others are compared with the first",
    )
    parser.add_argument(
        "--figures",
        nargs="+",
        metavar="NAME",
        help="totals (MOTA), groups (MOTA_Wri) or joints (MOTA_left_wrist); default: all totals",
    )
    parser.add_argument(
        "--format", choices=["table", "markdown", "csv"], default="table", help="default: table"
    )
    parser.add_argument(
        "--anyway",
        action="store_true",
        help="compare runs of different protocols or data too; the differences are printed",
    )
    parser.add_argument(
        "--resamples",
        type=int,
        default=2000,
        metavar="N",
        help="draws of the bootstrap; 0: no intervals (default: %(default)s)",
    )
    parser.add_argument(
        "--confidence",
        type=float,
        default=0.95,
        metavar="P",
        help="share of the draws that an interval holds (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: %(default)s)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write here instead of printing")
    add_overwrite(parser)
    return parser


def run(args: argparse.Namespace) -> None:
    """Does what the arguments say."""
    from mmpose_temporal.evaluation import compare_results, read_results
    from mmpose_temporal.evaluation.results import format_comparison
    from mmpose_temporal.utils import atomic_write, require_free

    if args.out is not None:
        require_free([args.out], overwrite=args.overwrite, inputs=args.runs)
    comparison = compare_results(
        [read_results(path) for path in args.runs],
        names=args.figures,
        resamples=args.resamples,
        confidence=args.confidence,
        seed=args.seed,
        anyway=args.anyway,
    )
    text = format_comparison(comparison, args.format)
    if args.out is None:
        print(text, end="")
    else:
        with atomic_write(args.out) as file:
            file.write(text)
        print(f"written to {args.out}")
    if args.format == "csv":  # a table has them below it
        for note in comparison.notes:
            print(note, file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
