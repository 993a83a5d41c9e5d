"""Train and test the small rows M2 to M7 of TKMR's ablation, with several seeds.

A seed takes four trainings (stage 1; matching and refinement, for M5 and M7; the same without
context, for M6; matching of bodies, for M4) and six tests, each by tools/train.py and
tools/test.py. Refined scores are other scores than those of the heatmaps, so each row gets its own
threshold for the joints that count for MOTA: the best on tuning videos, which neither training nor
test sees. What is there already in the work folder is not done again, so that a call that was cut
off goes on. Example:

    python tools/analysis_tools/tkmr_ablation.py --seeds 0 1 2
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import ablation_flags, run_tool

ROOT = Path(__file__).resolve().parents[2]
CONFIG = "configs/tkmr/synthetic/tkmr-{}_hrnet-tiny_synthetic-128x96.py"
SCENES = "--scene crossing --fps 6 --size 320x240 --people 4-6 --workers 2"
DETECTIONS = "--detections 0.05,0.03,0.2,0.2"
SPLITS = dict(
    train="--videos 40 --frames 10",
    val=f"--videos 8 --frames 30 {DETECTIONS}",
)
TUNING = f"--seed 1 --videos 6 --frames 20 {DETECTIONS}"
TRAININGS = dict(stage1=None, m7="stage1", m6="stage1", m4="stage1")
"""Each training, and the one that it starts from."""
TESTS = dict(m2="stage1", m3="stage1", m4="m4", m5="m7", m6="m6", m7="m7")
"""Each row, and the training whose checkpoint it is tested with."""
FIGURES = dict(
    AP="posetrack/AP",
    MOTA="posetrack/MOTA",
    IDSW="posetrack/IDSW_pct",
    IDF1="posetrack/IDF1",
    threshold="threshold",
)


def ablation(args: argparse.Namespace) -> None:
    """Do what is not done yet, and print the table."""
    from mmpose_temporal.engine.ablation import Ablation, AblationRun, Row, Training, Videos

    videos = {
        split: Videos(split=split, options=f"{SCENES} {options}")
        for split, options in SPLITS.items()
    }
    videos["tuning"] = Videos(split="val", options=f"{SCENES} {TUNING}", suffix="_tuning")
    # M2: pNMS and IoU, which is stage 1 as it is
    configs = {name: "stage1" if name == "m2" else name for name in (*TRAININGS, *TESTS)}
    configs = {name: CONFIG.format(method) for name, method in configs.items()}
    rows = {name: Row(training=training, config=configs[name]) for name, training in TESTS.items()}
    trainings = {
        name: Training(config=configs[name], after=after) for name, after in TRAININGS.items()
    }
    AblationRun(
        Ablation(root=ROOT, videos=videos, trainings=trainings, rows=rows, figures=FIGURES), args
    ).run()


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    flags = ablation_flags(
        __doc__.splitlines()[0],
        data_root=ROOT / "data" / "synthetic_crossing",
        work_dir=ROOT / "work_dirs" / "tkmr_ablation",
    )
    return run_tool(flags, ablation, argv)


if __name__ == "__main__":
    sys.exit(main())
