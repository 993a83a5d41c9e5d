"""Does a memory (PTM) pay? What it finds, what could be found, and where its attention falls.

On clips of annotated people, in their boxes, in the order of the frames, the tool prints how many
of the hidden joints (marked in the annotations) and of the seen ones are found by

    network     the estimator without its memory
    memory      the same with its trained memory, filled in the order of the frames
    previous    the mean of the network's heatmaps with those of the previous crop, same cells
    oracle      the same, each previous heatmap moved by the true motion of its keypoint
    oracle, pooled  the moved heatmaps pooled and upsampled as by the memory's read_stride, where
                    the head keeps the size of the map

and where the memory's attention from the place of a joint falls in the newest stored crop: how
often its peak is at the place of that joint there, at most one cell away, and which share of its
weight is. What the oracle adds to the network is there to be read. A memory that adds less may
miss the place (peak), see it among much else (weight), take too little of it (alpha, compare
--share), or have too coarse a grid (oracle, pooled).

Found: within the threshold of PCKh, half the head's size; without head boxes, half of a tenth of
the diagonal of the person's box. Crops that begin a clip do not count.

    python tools/analysis_tools/memory_oracle.py CONFIG CHECKPOINT --out FILE.json
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmpose_temporal_cli import add_config_options, add_overwrite, run_tool

if TYPE_CHECKING:
    from mmpose_temporal.apis.memory_oracle import MemoryReport


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="config whose estimator has a PoseTemporalMemory")
    parser.add_argument(
        "checkpoint", help="its weights; with those of a single-frame network no memory is read"
    )
    parser.add_argument(
        "--data",
        choices=["train", "val", "test"],
        default="val",
        help="whose annotations: of the config's loader (default: %(default)s)",
    )
    parser.add_argument(
        "--frames",
        type=int,
        default=9,
        metavar="N",
        help="largest number of frames of a clip (default: %(default)s)",
    )
    parser.add_argument(
        "--max-clips",
        type=int,
        default=200,
        metavar="N",
        help="of more clips N are drawn (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draw (default: %(default)s)")
    parser.add_argument(
        "--share",
        type=float,
        default=0.6,
        metavar="P",
        help="weight of a crop's own heatmaps in the means (default: %(default)s)",
    )
    parser.add_argument("--device", help="as cpu or cuda:0; without it, the best there is")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write all figures here")
    add_overwrite(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    add_config_options(parser)
    return parser


def show(report: MemoryReport) -> None:
    """Print the tables."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    names = ["PCKh_hidden", "AP_hidden", "PCKh_seen", "AP_seen"]
    table = Table("%", "hidden: found", "hidden: AP", "seen: found", "seen: AP")
    rows = [(way, [found[name] for name in names]) for way, found in report.found.items()]
    _fill(console, table, rows)
    if report.attention is None:
        return
    columns = ("joints", "peak", "best head", "weight", "same cell", "chance")
    table = Table("%, attention", *columns)
    rows = []
    for name, group in report.attention.items():
        shares = [group["peak"], max(group["heads"])]
        shares += [group[name] for name in ("weight", "same_cell", "chance")]
        rows.append((name, [group["joints"], *(100 * share for share in shares)]))
    _fill(console, table, rows)


def _fill(console, table, rows: list[tuple[str, list[float]]]) -> None:
    for column in table.columns[1:]:
        column.justify = "right"
    for name, values in rows:
        shown = (f"{v:.1f}" if isinstance(v, float) else str(v) for v in values)
        table.add_row(name, *("-" if text == "nan" else text for text in shown))
    console.print(table)


def summary(report: MemoryReport, checkpoint: str) -> list[str]:
    """What the tables are of."""
    joints = report.joints
    lines = [
        f"{report.clips} clips, {report.crops} crops with a previous one, {joints['hidden']} "
        f"hidden and {joints['seen']} seen joints"
    ]
    if report.alpha is None:
        lines.append(f"{checkpoint} has no trained memory: its row and its attention are left out")
    else:
        lines.append(f"alpha {report.alpha:.3f}, {report.read:.1%} of the crops read something")
    if report.size is not None:
        lines.append(f"grid of {report.size[0]} x {report.size[1]} cells (h x w)")
    return lines


def run(args: argparse.Namespace) -> None:
    """Does what the arguments say.

    Raises:
        ValueError: Bad input.
    """
    from mmpose_temporal.apis.joint_quality import annotated_data, build_estimator
    from mmpose_temporal.apis.memory_oracle import as_record, examine_memory
    from mmpose_temporal.engine.command_line import read_config
    from mmpose_temporal.utils import require_free, write_json

    if args.out is not None:
        inputs = [args.config, args.checkpoint]
        require_free([args.out], overwrite=args.overwrite, inputs=inputs)
    if not 0 < args.share < 1:
        raise ValueError(f"--share must be between 0 and 1, got {args.share}")
    config = read_config(args.config, args.cfg_options)
    dataset = annotated_data(config, args.data)
    estimator, cropper = build_estimator(config, args.checkpoint, dataset)
    options = dict(frames=args.frames, share=args.share, max_clips=args.max_clips, seed=args.seed)
    report = examine_memory(
        estimator, cropper, dataset, **options, device=args.device, progress=not args.quiet
    )
    print(f"annotations: {dataset.ann_file}")
    for line in summary(report, args.checkpoint):
        print(line)
    show(report)
    if args.out is not None:
        source = dict(
            config=str(args.config),
            checkpoint=str(args.checkpoint),
            annotations=str(dataset.ann_file),
            **options,
        )
        write_json(args.out, {**source, **as_record(report)})
        print(f"written to {args.out}")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
