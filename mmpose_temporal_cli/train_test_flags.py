"""The options of ``tools/train.py`` and ``tools/test.py``: those of mmpose's own tools."""

import argparse

from .flags import add_config_options, add_overwrite


def training_flags() -> argparse.ArgumentParser:
    """Flags of ``tools/train.py``."""
    parser = argparse.ArgumentParser(description="Train a model")
    parser.add_argument("config", help="config file")
    parser.add_argument(
        "--resume",
        nargs="?",
        const="auto",
        help="go on from this checkpoint; without a value, from the newest in the work folder",
    )
    parser.add_argument("--amp", action="store_true", help="automatic mixed precision")
    parser.add_argument("--no-validate", action="store_true", help="do not validate in training")
    parser.add_argument(
        "--auto-scale-lr", action="store_true", help="scale the learning rate by the batch size"
    )
    _add_common(parser)
    return parser


def testing_flags() -> argparse.ArgumentParser:
    """Flags of ``tools/test.py``."""
    parser = argparse.ArgumentParser(description="Test a model on whole videos")
    parser.add_argument("config", help="config file")
    parser.add_argument("checkpoint", help="checkpoint of the model or of its estimator")
    parser.add_argument("--out", help="write the metrics to this JSON file")
    parser.add_argument("--dump", help="dump all predictions (mmengine's DumpResults, a .pkl)")
    add_overwrite(parser)
    parser.add_argument(
        "--badcase", action="store_true", help="refused: mmpose ranks single crops by their loss"
    )
    _add_common(parser)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--work-dir", help="folder of logs, checkpoints and figures")
    parser.add_argument(
        "--show-dir",
        help="write videos with the tracked poses to this folder; a training does so in each "
        "validation, to the folder's epoch_1, epoch_2, ...",
    )
    parser.add_argument("--show", action="store_true", help="show the poses in a window")
    parser.add_argument(
        "--interval",
        type=int,
        metavar="N",
        help="draw every n-th frame (default: the config's, else 1); with --show or --show-dir",
    )
    parser.add_argument(
        "--wait-time",
        type=float,
        metavar="S",
        help="seconds a frame is shown, 0: until a key is pressed (default: the config's, else "
        "1); with --show",
    )
    add_config_options(parser)
    parser.add_argument("--launcher", choices=["none", "pytorch", "slurm", "mpi"], default="none")
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0)
