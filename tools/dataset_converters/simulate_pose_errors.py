"""Makes poses as an estimator would find them out of annotations, to test trackers with.

OUT/poses has the poses, OUT/truth the annotations of the same frames. The defaults: normal
jitter of 2 % of the diagonal of the box around the person's joints (5 % for one joint in seven),
5 % of the people missing, 3 % of the joints displaced with a score below 0.3, 3 % duplicates,
0.15 false positives per frame, with scores as of others.

    python tools/dataset_converters/simulate_pose_errors.py ANNOTATIONS OUT --frame-step 3
    python tools/track_poses.py configs/keytrack/keytrack-tracker.py OUT/poses --out TRACKS
    python tools/evaluate_posetrack.py OUT/truth TRACKS --joints annotated
"""

import argparse
import sys
from collections.abc import Sequence

from mmpose_temporal_cli import add_frame_order, add_overwrite, run_tool

RATES = dict(
    jitter=0.02,
    outlier_share=1 / 7,
    outlier_factor=2.5,
    shift=0.0,
    missed=0.05,
    gaps=0.0,
    long_gaps=0.0,
    duplicated=0.03,
    false_positives=0.15,
    displaced=0.03,
    dropped=0.0,
    swapped=0.0,
    duplicate_score=1.0,
    false_score=1.0,
)
"""The defaults of ErrorRates, without its import."""
SCORES = (0.5, 1.0)
LONG_GAP_FRAMES = (5, 40)


def run(args: argparse.Namespace) -> int:
    """Does what the arguments say; 1 if a file was left out."""
    from mmpose_temporal.datasets.converters.simulated_poses import simulate_pose_files
    from mmpose_temporal.datasets.tracklets import ErrorRates

    rates = ErrorRates(
        **{name: getattr(args, name) for name in RATES},
        scores=tuple(args.scores),
        long_gap_frames=tuple(args.long_gap_frames),
        scored=not args.unscored,
    )
    report = simulate_pose_files(
        args.annotations,
        args.out,
        rates=rates,
        frame_step=args.frame_step,
        frame_order=args.frame_order,
        seed=args.seed,
        overwrite=args.overwrite,
    )
    print(report)
    return 1 if report.failed else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("annotations", help="folder of per-video JSON files (PoseTrack18 layout)")
    parser.add_argument("out", help="folder to be written")
    parser.add_argument("--frame-step", type=int, default=1, help="take every n-th frame")
    parser.add_argument("--seed", type=int, default=0, help="of the errors")
    add_frame_order(parser)
    add_overwrite(parser)
    rates = parser.add_argument_group(
        "errors", "see ErrorRates of mmpose_temporal.datasets.tracklets"
    )
    for name, value in RATES.items():
        flag = "--" + name.replace("_", "-")
        rates.add_argument(flag, type=float, default=value, help=f"default {value:.3g}")
    rates.add_argument("--scores", type=float, nargs=2, default=SCORES, help="lowest and highest")
    rates.add_argument(
        "--long-gap-frames",
        type=int,
        nargs=2,
        default=LONG_GAP_FRAMES,
        help="fewest and most frames of a long gap (default: 5 40)",
    )
    rates.add_argument("--unscored", action="store_true", help="all scores are 1")
    return run_tool(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
