"""Train and test the small rows M2 to M7 of TKMR's ablation, with several seeds.

A seed takes four trainings (stage 1; matching and refinement, for M5 and M7; the same without
context, for M6; matching of bodies, for M4) and six tests, each by tools/train.py and
tools/test.py. What is there already in the work folder is not done again, so that a call that was
cut off goes on. Example:

    python tools/analysis_tools/tkmr_ablation.py --seeds 0 1 2
"""

import argparse
import json
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from rich.console import Console
from rich.table import Table

from mmpose_temporal.utils import write_json

ROOT = Path(__file__).resolve().parents[2]
CONFIG = "configs/tkmr/synthetic/tkmr-{}_hrnet-tiny_synthetic-128x96.py"
CONVERTER = "tools/dataset_converters/make_synthetic_posetrack.py"
SCENES = "--scene crossing --fps 6 --size 320x240 --people 4-6 --workers 2"
SPLITS = dict(
    train="--videos 40 --frames 10", val="--videos 8 --frames 30 --detections 0.05,0.03,0.2,0.2"
)
TRAININGS = ("stage1", "m7", "m6", "m4")
TESTS = dict(m2="stage1", m3="stage1", m4="m4", m5="m7", m6="m6", m7="m7")
"""Each row, and the training whose checkpoint it is tested with."""
FIGURES = dict(AP="posetrack/AP", MOTA="posetrack/MOTA", IDSW="posetrack/IDSW")
console = Console()


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse and check the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], metavar="SEED")
    parser.add_argument("--data-root", type=Path, default=ROOT / "data" / "synthetic_crossing")
    parser.add_argument("--work-dir", type=Path, default=ROOT / "work_dirs" / "tkmr_ablation")
    parser.add_argument(
        "--epochs",
        type=int,
        nargs=2,
        metavar=("STAGE1", "STAGE2"),
        help="train for this many epochs instead of the configs', to try things out",
    )
    args = parser.parse_args(argv)
    if len(set(args.seeds)) < len(args.seeds):
        parser.error(f"--seeds: one stands twice: {args.seeds}")
    if args.epochs and min(args.epochs) < 1:
        parser.error(f"--epochs must be 1 or more, got {args.epochs}")
    return args


def run(step: str, command: list[str], log: Path) -> None:
    """Run one tool with its output in a log; its last lines are shown if it fails."""
    console.print(f"[bold]{step}[/bold]\n  {shlex.join(command)}", highlight=False)
    log.parent.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-25:]
        console.print("\n".join(tail), highlight=False, markup=False)
        raise SystemExit(f"'{step}' failed (exit {done.returncode}); see {log}")
    console.print(f"  done in {time.perf_counter() - start:.0f} s", highlight=False)


def make_data(root: Path, logs: Path) -> None:
    """The synthetic videos, where they are not there."""
    for split, options in SPLITS.items():
        if not (root / "annotations" / split).is_dir():
            words = f"--split {split} {SCENES} {options} --quiet".split()
            command = [CONVERTER, str(root), *words]
            run(f"synthetic {split} videos", command, logs / f"{split}.log")


def train(method: str, seed: int, args: argparse.Namespace) -> Path:
    """Train one row with one seed.

    Returns:
        Its checkpoint of the last epoch.
    """
    config = CONFIG.format(method)
    epochs = Config.fromfile(ROOT / config).train_cfg.max_epochs
    if args.epochs:
        epochs = args.epochs[method != "stage1"]
    folder = args.work_dir / f"seed{seed}" / method
    checkpoint = folder / f"epoch_{epochs}.pth"
    newest = folder / "last_checkpoint"  # mmengine writes it when the checkpoint is whole
    if checkpoint.is_file() and newest.is_file() and checkpoint.name in newest.read_text():
        return checkpoint
    options = [
        f"randomness.seed={seed}",
        f"train_cfg.max_epochs={epochs}",
        f"train_dataloader.dataset.data_root={args.data_root}",
    ]
    if method != "stage1":
        first = train("stage1", seed, args)
        options.append(f"custom_hooks.0.checkpoint={first}")
    command = ["tools/train.py", config, "--work-dir", str(folder), "--no-validate"]
    run(f"seed {seed}: train {method}", [*command, "--cfg-options", *options], folder / "log")
    return checkpoint


def test(method: str, checkpoint: Path, seed: int, args: argparse.Namespace) -> dict[str, float]:
    """Test one row with one seed; its figures."""
    folder = args.work_dir / f"seed{seed}" / f"test_{method}"
    out = folder / f"{checkpoint.stem}.json"
    if not out.is_file() or out.stat().st_mtime < checkpoint.stat().st_mtime:
        command = ["tools/test.py", CONFIG.format(method), str(checkpoint)]
        command += ["--work-dir", str(folder), "--out", str(out), "--cfg-options"]
        command += [f"test_dataloader.dataset.data_root={args.data_root}"]
        run(f"seed {seed}: test {method}", command, folder / "log")
    return json.loads(out.read_text(encoding="utf-8"))


def summary(results: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, dict]]:
    """Mean and range over the seeds.

    Args:
        results: Row -> the figures of each seed.

    Returns:
        Row -> short name of a figure -> ``mean``, ``min``, ``max`` and ``values``.
    """
    found: dict[str, dict[str, dict]] = {}
    for method, runs in results.items():
        found[method] = {}
        for short, name in FIGURES.items():
            values = [one[name] for one in runs]
            found[method][short] = dict(
                mean=statistics.fmean(values), min=min(values), max=max(values), values=values
            )
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Command line entry."""
    args = parse_args(argv)
    args.data_root, args.work_dir = args.data_root.resolve(), args.work_dir.resolve()
    make_data(args.data_root, args.work_dir / "data")
    results: dict[str, list[dict[str, float]]] = {method: [] for method in TESTS}
    for seed in args.seeds:
        checkpoints = {method: train(method, seed, args) for method in TRAININGS}
        for method, training in TESTS.items():
            results[method].append(test(method, checkpoints[training], seed, args))
    figures = summary(results)
    path = args.work_dir / "ablation.json"
    write_json(path, dict(seeds=args.seeds, figures=figures))
    table = Table("row", *(f"{name}, mean (range)" for name in FIGURES))
    for method, columns in figures.items():
        cells = [f"{c['mean']:.1f} ({c['min']:.1f} to {c['max']:.1f})" for c in columns.values()]
        table.add_row(method.upper(), *cells)
    console.print(table)
    console.print(f"{len(args.seeds)} seeds; written to {path}", highlight=False)


if __name__ == "__main__":
    main()
