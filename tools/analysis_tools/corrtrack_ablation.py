"""Train and test the small rows of CorrTrack's ablation, with several seeds.

A seed takes three trainings: the pose estimator of all rows, and the embedding and the refinement
of the correspondences. CorrTrack is tested whole, and without each of its parts; its recovery,
duplicate removal and merging are tested around two other associations, one by one and together:
that of configs/baselines/oks-tracker.py and that of configs/keytrack/keytrack-tracker.py. Each of
the three associations gets its own threshold for the joints that count for MOTA, with all its
rows: the best on tuning videos, which neither training nor test sees, for CorrTrack whole and for
the other two as they are. What is there already in the work folder is not done again, so that a
call that was cut off goes on. Example:

    python tools/analysis_tools/corrtrack_ablation.py --seeds 0 1 2 --jobs 2
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import ablation_flags, run_tool

ROOT = Path(__file__).resolve().parents[2]
CONFIG = "configs/corrtrack/synthetic/{}_synthetic-{}.py"
SCENES = "--scene crossing --fps 6 --size 320x240 --people 4-6 --workers 2"
DETECTIONS = "--detections 0.05,0.15,0.2,0.2"
VIDEOS = dict(
    train=("train", "", "--videos 40 --frames 10"),
    val=("val", "", f"--videos 8 --frames 30 {DETECTIONS}"),
    tuning=("val", "_tuning", f"--seed 1 --videos 5 --frames 20 {DETECTIONS}"),
)
"""Split, suffix of the data root, and options of each data set."""
ENCODER = "model.frame_encoder.network.checkpoint"
PARTS = dict(
    recovery="model.propagation=None",
    duplicates="model.association.births=[]",
    merging="model.merging=None",
)
"""What switches each of the parts off that are put around other associations."""
FIGURES = dict(
    MOTA="posetrack/MOTA",
    AP="posetrack/AP",
    IDSW="posetrack/IDSW",
    IDF1="posetrack/IDF1",
    threshold="threshold",
)


def estimator_config(name: str) -> str:
    """Path of the config of a row, or of the training of the estimator."""
    return CONFIG.format(f"{name}_hrnet-tiny", "128x96")


def rows_of_parts(tracker: str) -> dict[str, tuple[str, ...]]:
    """Row -> what is changed in the config that has all parts."""
    rows = {}
    for row in (tracker, *(f"{tracker}-{part}" for part in PARTS), f"{tracker}-all"):
        kept = row.removeprefix(tracker).removeprefix("-")
        off = [setting for part, setting in PARTS.items() if kept not in (part, "all")]
        if kept in ("", "duplicates"):  # no correspondences
            off.append("model.frame_encoder=None")
        rows[row] = tuple(off)
    return rows


def ablation(args: argparse.Namespace) -> None:
    """Do what is not done yet, and print the table."""
    from mmpose_temporal.engine.ablation import Ablation, AblationRun, Row, Training, Videos

    correspondences = {
        phase: CONFIG.format(f"corr-{phase}_hrnet-tiny", "192x192")
        for phase in ("embedding", "refinement")
    }
    trainings = dict(
        estimator=Training(config=estimator_config("corrtrack-oks")),
        embedding=Training(config=correspondences["embedding"]),
        refinement=Training(
            config=correspondences["refinement"], after="embedding", start="load_from"
        ),
    )
    rows = {}
    for part in ("", "-no-refinement", *(f"-no-{name}" for name in PARTS)):
        rows[f"corrtrack{part}"] = Row(
            training="estimator",
            config=estimator_config(f"corrtrack{part}"),
            checkpoints={ENCODER: "refinement"},
            tuned_as="corrtrack",
        )
    for tracker in ("oks", "keytrack"):
        for row, options in rows_of_parts(tracker).items():
            without = "model.frame_encoder=None" in options
            rows[row] = Row(
                training="estimator",
                config=estimator_config(f"corrtrack-{tracker}-all"),
                checkpoints={} if without else {ENCODER: "refinement"},
                options=options,
                tuned_as=tracker,
            )
    described = Ablation(
        root=ROOT,
        videos={
            name: Videos(split=split, suffix=suffix, options=f"{SCENES} {options}")
            for name, (split, suffix, options) in VIDEOS.items()
        },
        trainings=trainings,
        rows=rows,
        figures=FIGURES,
    )
    AblationRun(described, args).run()


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    flags = ablation_flags(
        __doc__.splitlines()[0],
        data_root=ROOT / "data" / "synthetic_missed",
        work_dir=ROOT / "work_dirs" / "corrtrack_ablation",
    )
    return run_tool(flags, ablation, argv)


if __name__ == "__main__":
    sys.exit(main())
