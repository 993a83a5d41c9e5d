"""The options of the scripts that train and test the rows of a table."""

import argparse
from pathlib import Path


def ablation_flags(
    description: str, *, data_root: Path, work_dir: Path
) -> argparse.ArgumentParser:
    """Flags of ``tools/analysis_tools/*_ablation.py``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], metavar="SEED")
    parser.add_argument("--data-root", type=Path, default=data_root)
    parser.add_argument("--work-dir", type=Path, default=work_dir)
    parser.add_argument(
        "--epochs",
        type=int,
        nargs=2,
        metavar=("STAGE1", "STAGE2"),
        help="train for this many epochs instead of the configs', to try things out",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=1,
        metavar="N",
        help="trainings and tests at a time; with more than one, each has one thread",
    )
    return parser
