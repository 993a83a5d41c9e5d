"""Find the thresholds of a memory (PTM) by how well an estimator finds annotated joints.

The estimator, with or without a memory, looks at people in their annotated boxes, one crop at a
time and without a memory. The tool prints the distribution of the quality of their joints (heatmap
cut to [0, 1], + 0.5, blurred, maximum) and of its sum over a person's joints, and suggests:

    low_thr      the highest quality such that of the joints below it at most half are right
    high_thr     the lowest quality from there on such that of the joints above it 95 % are right
    heatmap_thr  the 25th percentile of the sums of people with 80 % or more of their joints right

Right: within the threshold of PCKh, half the head's size; without head boxes, half of a tenth of
the diagonal of the person's box. Joints that are not annotated do not count, and are shown apart.

    python tools/analysis_tools/memory_thresholds.py CONFIG CHECKPOINT --out FILE.json
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmpose_temporal_cli import add_config_options, add_overwrite, run_tool

if TYPE_CHECKING:
    from mmpose_temporal.evaluation.memory_thresholds import JointQualities, Thresholds


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="config of a PoseTracker or of a top-down estimator")
    parser.add_argument("checkpoint", help="its weights; those of the memory may be missing")
    parser.add_argument(
        "--data",
        choices=["train", "val", "test"],
        default="train",
        help="whose annotations: of the config's loader (default: train, so that nothing is "
        "chosen on data that the model is tested on)",
    )
    parser.add_argument(
        "--max-people",
        type=int,
        default=2000,
        metavar="N",
        help="of more people N are drawn (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draw (default: %(default)s)")
    parser.add_argument(
        "--precision",
        type=float,
        default=0.95,
        metavar="P",
        help="share of right joints above high_thr (default: %(default)s)",
    )
    parser.add_argument(
        "--replaced-right",
        type=float,
        default=0.5,
        metavar="P",
        help="largest share of right joints below low_thr (default: %(default)s)",
    )
    parser.add_argument(
        "--blur-kernel",
        type=int,
        metavar="CELLS",
        help="side of the blur, odd; without it, the memory's, or the codec's blur_kernel_size",
    )
    parser.add_argument("--device", help="as cpu or cuda:0; without it, the best there is")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write all figures here")
    add_overwrite(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    add_config_options(parser)
    return parser


def show(found: JointQualities, thresholds: Thresholds) -> None:
    """Print the tables, and what is suggested."""
    from rich.console import Console
    from rich.table import Table

    from mmpose_temporal.evaluation.memory_thresholds import (
        PERCENTILES,
        by_quality,
        distributions,
    )

    console = Console(highlight=False)
    table = Table("percentile", *(f"{p}" for p in ("count", *PERCENTILES)))
    for column in table.columns[1:]:
        column.justify = "right"
    for name, group in distributions(found).items():
        values = group["percentiles"]
        digits = 1 if name.startswith("sum") else 2
        shown = ["-"] * len(PERCENTILES)
        if values is not None:
            shown = [f"{v:.{digits}f}" for v in values]
        table.add_row(name, str(group["count"]), *shown)
    console.print(table)
    table = Table("quality", "annotated joints", "right")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in by_quality(found):
        step = f"{row['low']} to {row['high']}"
        table.add_row(step, str(row["count"]), f"{row['right']:.1%}")
    console.print(table)
    for line in suggestion(found, thresholds):
        print(line)


def suggestion(found: JointQualities, thresholds: Thresholds) -> list[str]:
    """The thresholds with what they do, and as options of the neck."""
    from dataclasses import asdict

    from mmpose_temporal.evaluation.memory_thresholds import effect

    said, lines = effect(found, thresholds), []
    done = dict(
        high_thr="{share:.1%} of all joints are saved, {right:.1%} of the annotated ones right",
        low_thr="{share:.1%} of all joints are below, {right:.1%} of the annotated ones right",
        heatmap_thr="{share:.1%} of the people are stored, {right:.1%} of them found well",
    )
    none = dict(
        high_thr="none: no quality has joints above it of which enough are right",
        low_thr="none: no quality has joints below it of which enough are wrong",
        heatmap_thr="none: nobody was found well",
    )
    values = {name: value for name, value in asdict(thresholds).items() if value is not None}
    for name, text in done.items():
        value = f"{values[name]:g}: {text.format(**said[name])}" if name in values else none[name]
        lines.append(f"{name} {value}")
    if len(values) == len(done):
        options = ", ".join(f"{name}={value:g}" for name, value in values.items())
        lines.append(f"neck=dict(type='PoseTemporalMemory', {options}, ...)")
    elif not {"high_thr", "heatmap_thr"} <= values.keys():
        lines.append("the network finds too few joints for thresholds: train it longer before")
    return lines


def run(args: argparse.Namespace) -> None:
    """Does what the arguments say.

    Raises:
        ValueError: Bad input.
    """
    from mmpose_temporal.apis.joint_quality import (
        annotated_data,
        blur_kernel,
        build_estimator,
        joint_qualities,
    )
    from mmpose_temporal.engine.command_line import read_config
    from mmpose_temporal.evaluation.memory_thresholds import as_record, suggest_thresholds
    from mmpose_temporal.utils import require_free, write_json

    if args.out is not None:
        inputs = [args.config, args.checkpoint]
        require_free([args.out], overwrite=args.overwrite, inputs=inputs)
    for name in ("precision", "replaced_right"):
        if not 0 < getattr(args, name) < 1:
            option = name.replace("_", "-")
            raise ValueError(f"--{option} must be between 0 and 1, got {getattr(args, name)}")
    config = read_config(args.config, args.cfg_options)
    dataset = annotated_data(config, args.data)
    estimator, cropper = build_estimator(config, args.checkpoint, dataset)
    kernel = blur_kernel(estimator, args.blur_kernel)
    found = joint_qualities(
        estimator,
        cropper,
        dataset,
        kernel=kernel,
        max_people=args.max_people,
        seed=args.seed,
        device=args.device,
        progress=not args.quiet,
    )
    rules = dict(precision=args.precision, replaced_right=args.replaced_right)
    thresholds = suggest_thresholds(found, **rules)
    print(f"{len(found.quality)} people of {dataset.ann_file}, blur of {kernel} cells")
    show(found, thresholds)
    if args.out is not None:
        source = dict(
            config=str(args.config),
            checkpoint=str(args.checkpoint),
            annotations=str(dataset.ann_file),
            seed=args.seed,
            blur_kernel=kernel,
            **rules,
        )
        write_json(args.out, {**source, **as_record(found, thresholds)})
        print(f"written to {args.out}")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
