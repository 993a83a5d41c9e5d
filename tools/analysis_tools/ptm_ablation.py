"""Train and test the small rows of PTM's ablation, with several seeds.

A seed takes six trainings: the single-frame network (stage 1), and after it, on the same clips and
for as many epochs, no memory (the baseline), and memories with vanilla attention and with CoDA,
each as in the paper and with keys and queries that know the places of cells. The memories are
tested with 1, 4 and 16 entries, with 16 and without replacement of keypoint features, and all
five on crowded videos. Each training gets its own threshold for the joints that count for MOTA:
the best on tuning videos, which neither training nor test sees, with 16 entries. AP_hidden and
AP_seen are the AP of the joints that something hides and of the others (docs/metrics.md); alpha is
the learned share of the frame's own features. What is there already in the work folder is not
done again, so that a call that was cut off goes on. Example:

    python tools/analysis_tools/ptm_ablation.py --seeds 0 1 2 --jobs 2
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import ablation_flags, run_tool

ROOT = Path(__file__).resolve().parents[2]
CONFIG = "configs/ptm/synthetic/ptm-{}_hrnet-tiny_synthetic-128x96.py"
SCENES = "--scene occluded --size 320x240 --hidden"
DETECTIONS = "--detections 0.05,0.03,0.2,0.2"
VIDEOS = dict(
    stage1=("train", "_stage1", "--fps 10 --videos 40 --frames 16 --people 3-9"),
    train=("train", "", "--fps 20 --videos 40 --frames 17 --people 3-9"),
    val=("val", "", f"--fps 20 --videos 8 --frames 40 --people 3-6 {DETECTIONS}"),
    crowded=(
        "val",
        "_crowded",
        f"--fps 20 --seed 2 --videos 5 --frames 30 --people 9-14 {DETECTIONS}",
    ),
    tuning=(
        "val",
        "_tuning",
        f"--fps 20 --seed 1 --videos 5 --frames 20 --people 3-6 {DETECTIONS}",
    ),
)
"""Split, suffix of the data root, and options of each data set."""
MEMORIES = ("vanilla", "coda", "vanilla-position", "coda-position")
CAPACITY = 16
"""Entries in training, and of the rows that are not about their number."""
FEWER = (1, 4)
NECK = "model.estimator.neck"
WEIGHTS = {"alpha": "estimator.neck.alpha"}
FIGURES = dict(
    AP="posetrack/AP",
    AP_hidden="posetrack/AP_hidden",
    AP_seen="posetrack/AP_seen",
    MOTA="posetrack/MOTA",
    IDSW="posetrack/IDSW_pct",
    IDF1="posetrack/IDF1",
    threshold="threshold",
    alpha="alpha",
)


def options_of_rows() -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Row -> its training, the videos of its test, and its settings."""
    rows: dict[str, tuple[str, str, tuple[str, ...]]] = {"none": ("none", "val", ())}
    whole = (f"{NECK}.capacity={CAPACITY}",)
    for name in MEMORIES:
        for capacity in (*FEWER, CAPACITY):
            rows[f"{name}-{capacity}"] = (name, "val", (f"{NECK}.capacity={capacity}",))
        plain = (*whole, f"{NECK}.replacement=False")
        rows[f"{name}-{CAPACITY}-no-replacement"] = (name, "val", plain)
    rows["none-crowded"] = ("none", "crowded", ())
    for name in MEMORIES:
        rows[f"{name}-{CAPACITY}-crowded"] = (name, "crowded", whole)
    return rows


def ablation(args: argparse.Namespace) -> None:
    """Do what is not done yet, and print the table."""
    from mmpose_temporal.engine.ablation import Ablation, AblationRun, Row, Training, Videos

    trainings = {"stage1": Training(config=CONFIG.format("stage1"), videos="stage1")}
    for name in ("none", *MEMORIES):
        weights = {} if name == "none" else WEIGHTS
        trainings[name] = Training(config=CONFIG.format(name), after="stage1", weights=weights)
    rows = {
        row: Row(
            training=name,
            config=CONFIG.format(name),
            options=options,
            videos=videos,
            tuned_as="none" if name == "none" else f"{name}-{CAPACITY}",
        )
        for row, (name, videos, options) in options_of_rows().items()
    }
    described = Ablation(
        root=ROOT,
        videos={
            name: Videos(split=split, suffix=suffix, options=f"{SCENES} {options}")
            for name, (split, suffix, options) in VIDEOS.items()
        },
        trainings=trainings,
        rows=rows,
        figures=FIGURES,
        options=("test_evaluator.0.hidden_joints=True",),
    )
    AblationRun(described, args).run()


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    flags = ablation_flags(
        __doc__.splitlines()[0],
        data_root=ROOT / "data" / "synthetic_occluded",
        work_dir=ROOT / "work_dirs" / "ptm_ablation",
    )
    return run_tool(flags, ablation, argv)


if __name__ == "__main__":
    sys.exit(main())
