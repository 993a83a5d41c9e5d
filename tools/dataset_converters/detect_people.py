"""Writes an mmdet detector's boxes of people in frames to a COCO-style detection file.

Examples:
    python tools/dataset_converters/detect_people.py \
        configs/baselines/detectors/faster-rcnn_r101-dconv-c3-c5_fpn_1x_coco.py detector.pth \
        data/posetrack18 data/posetrack18/annotations/val_detections.json \
        --annotations data/posetrack18/annotations/val --device cuda
    python tools/dataset_converters/detect_people.py CONFIG CHECKPOINT frames boxes.json
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import add_output_flags, run_tool


def run(args: argparse.Namespace) -> int:
    """Does what the arguments say; the exit status is 1 if a frame could not be used."""
    import torch

    from mmpose_temporal.apis.detect_people import (
        annotated_frames,
        annotated_sizes,
        detect_people,
        folder_frames,
    )
    from mmpose_temporal.models.trackers import DetectorBoxes
    from mmpose_temporal.posetrack import input_files
    from mmpose_temporal.utils import refuse_inputs

    if args.device.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError("--device cuda: there is no GPU here")
    read = [args.config, args.checkpoint]
    read += [] if args.annotations is None else input_files(args.annotations)
    refuse_inputs([args.out], read)
    if args.annotations is None:
        frames, sizes = folder_frames(args.root), {}
    else:
        frames = annotated_frames(args.annotations, args.root)
        sizes = annotated_sizes(args.annotations)
    source = DetectorBoxes(config=args.config, checkpoint=args.checkpoint, category=args.category)
    report = detect_people(
        source,
        frames,
        args.root,
        args.out,
        description=dict(config=args.config, checkpoint=args.checkpoint, category=args.category),
        batch_size=args.batch_size,
        score_thr=args.score_thr,
        device=args.device,
        file_names=args.annotations is None,
        stated_sizes=sizes,
        overwrite=args.overwrite,
        progress=not args.quiet,
    )
    print(report)
    return int(report.converted["frames"] < len(frames))


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", help="mmdet config file")
    parser.add_argument("checkpoint", help="its weights, a path or an address")
    parser.add_argument("root", type=Path, help="data root, or a folder of frames")
    parser.add_argument("out", type=Path, help="the .json file to write")
    parser.add_argument(
        "--annotations",
        type=Path,
        help="PoseTrack18 folder or file whose frames, below ROOT, are looked at and whose image "
        "ids count; without it, all images below ROOT, numbered by name, with their names",
    )
    parser.add_argument("--category", type=int, default=0, help="label of people (0 in COCO)")
    parser.add_argument("--batch-size", type=int, default=4, help="frames in a call")
    parser.add_argument("--score-thr", type=float, default=0.05, help="drop boxes below")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, ...")
    add_output_flags(parser)
    return run_tool(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
