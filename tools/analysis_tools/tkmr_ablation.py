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
import json
import shlex
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mmpose_temporal_cli import StepFailed, run_tool

ROOT = Path(__file__).resolve().parents[2]
CONFIG = "configs/tkmr/synthetic/tkmr-{}_hrnet-tiny_synthetic-128x96.py"
CONVERTER = "tools/dataset_converters/make_synthetic_posetrack.py"
SCENES = "--scene crossing --fps 6 --size 320x240 --people 4-6 --workers 2"
DETECTIONS = "--detections 0.05,0.03,0.2,0.2"
SPLITS = dict(
    train="--videos 40 --frames 10",
    val=f"--videos 8 --frames 30 {DETECTIONS}",
)
TUNING = f"--split val --seed 1 --videos 6 --frames 20 {DETECTIONS}"
THRESHOLDS = [round(0.05 * step, 2) for step in range(1, 18)]
TRAININGS = ("stage1", "m7", "m6", "m4")
TESTS = dict(m2="stage1", m3="stage1", m4="m4", m5="m7", m6="m6", m7="m7")
"""Each row, and the training whose checkpoint it is tested with."""
CONFIGS = {method: CONFIG.format(method) for method in (*TRAININGS, *TESTS)}
CONFIGS["m2"] = CONFIGS["stage1"]  # pNMS and IoU: stage 1 as it is
FIGURES = dict(
    AP="posetrack/AP",
    MOTA="posetrack/MOTA",
    IDSW="posetrack/IDSW_pct",
    IDF1="posetrack/IDF1",
    threshold="threshold",
)
console = Console()


def flags() -> argparse.ArgumentParser:
    """The command line."""
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
    return parser


def check(args: argparse.Namespace) -> None:
    """Refuse options that make no sense."""
    if len(set(args.seeds)) < len(args.seeds):
        raise ValueError(f"--seeds: one stands twice: {args.seeds}")
    if args.epochs and min(args.epochs) < 1:
        raise ValueError(f"--epochs must be 1 or more, got {args.epochs}")


def run(step: str, command: list[str], log: Path) -> None:
    """Run one tool with its output in a log; its last lines are shown if it fails."""
    from mmpose_temporal.utils.processes import run_program

    console.print(f"[bold]{step}[/bold]\n  {shlex.join(command)}", highlight=False)
    log.parent.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    status = run_program([sys.executable, *command], log, cwd=ROOT)
    if status:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-25:]
        console.print("\n".join(tail), highlight=False, markup=False)
        raise StepFailed(f"'{step}' failed (exit {status}); see {log}")
    console.print(f"  done in {time.perf_counter() - start:.0f} s", highlight=False)


def tuning_root(root: Path) -> Path:
    """Where the tuning videos of a data set are: beside it."""
    return root.with_name(f"{root.name}_tuning")


def make_data(root: Path, logs: Path) -> None:
    """The synthetic videos, made if they are missing."""
    sets = {
        split: (root, split, f"--split {split} {SCENES} {options}")
        for split, options in SPLITS.items()
    }
    sets["tuning"] = (tuning_root(root), "val", f"{SCENES} {TUNING}")
    for name, (folder, split, options) in sets.items():
        if not (folder / "annotations" / split).is_dir():
            command = [CONVERTER, str(folder), *f"{options} --quiet".split()]
            run(f"synthetic {name} videos", command, logs / f"{name}.log")


def train(method: str, seed: int, args: argparse.Namespace) -> Path:
    """Train one row with one seed, unless it was trained after its first stage.

    Returns:
        Its checkpoint of the last epoch.
    """
    from mmengine.config import Config

    config = CONFIGS[method]
    epochs = Config.fromfile(ROOT / config).train_cfg.max_epochs
    if args.epochs:
        epochs = args.epochs[method != "stage1"]
    folder = args.work_dir / f"seed{seed}" / method
    checkpoint = folder / f"epoch_{epochs}.pth"
    newest = folder / "last_checkpoint"  # mmengine writes it when the checkpoint is whole
    first = None if method == "stage1" else train("stage1", seed, args)
    whole = newest.is_file() and checkpoint.name in newest.read_text()
    if whole and is_newer(checkpoint, first or checkpoint):
        return checkpoint
    options = [
        f"randomness.seed={seed}",
        f"train_cfg.max_epochs={epochs}",
        f"train_dataloader.dataset.data_root={args.data_root}",
    ]
    if first is not None:
        options.append(f"custom_hooks.0.checkpoint={first}")
    command = ["tools/train.py", config, "--work-dir", str(folder), "--no-validate"]
    run(f"seed {seed}: train {method}", [*command, "--cfg-options", *options], folder / "log")
    return checkpoint


def is_newer(path: Path, than: Path) -> bool:
    """A result is there, and was made after what it depends on."""
    return path.is_file() and path.stat().st_mtime >= than.stat().st_mtime


def tune(method: str, checkpoint: Path, seed: int, args: argparse.Namespace) -> Path:
    """Find the threshold of scores with the best MOTA on the tuning videos.

    Returns:
        A JSON file: ``threshold``, and ``MOTA`` at each of those that were tried.
    """
    from mmpose_temporal.evaluation import evaluate_files, write_results
    from mmpose_temporal.evaluation.results import run_origin

    folder = args.work_dir / f"seed{seed}" / f"tune_{method}"
    out = folder / f"{checkpoint.stem}.json"
    if not is_newer(out, checkpoint):
        root = tuning_root(args.data_root)
        found = folder / "predictions"
        command = ["tools/test.py", CONFIGS[method], str(checkpoint)]
        command += ["--work-dir", str(folder), "--cfg-options"]
        command += [f"test_dataloader.dataset.data_root={root}"]
        command += [
            "test_evaluator.0.format_only=True",
            f"test_evaluator.0.outfile_prefix={found}",
        ]
        run(f"seed {seed}: tune {method}", command, folder / "log")
        truth = root / "annotations" / "val"
        tried = {
            threshold: evaluate_files(truth, found, mota_score_thr=threshold, metrics=["MOTA"])
            for threshold in THRESHOLDS
        }
        mota = {threshold: figures.total.totals["MOTA"] for threshold, figures in tried.items()}
        best = max(mota, key=mota.get)
        write_results(
            out,
            dict(threshold=best, MOTA=mota),
            run=run_origin(command=args.command_line, checkpoint=checkpoint),
            evaluations=[tried[best].record],
        )
    return out


def test(method: str, checkpoint: Path, seed: int, args: argparse.Namespace) -> dict[str, float]:
    """Test one row with one seed; its figures, with the threshold as ``threshold``."""
    from mmpose_temporal.evaluation import read_results

    tuned = tune(method, checkpoint, seed, args)
    threshold = json.loads(tuned.read_text(encoding="utf-8"))["threshold"]
    folder = args.work_dir / f"seed{seed}" / f"test_{method}"
    out = folder / f"{checkpoint.stem}.json"
    if not is_newer(out, tuned):
        command = ["tools/test.py", CONFIGS[method], str(checkpoint)]
        command += ["--work-dir", str(folder), "--out", str(out), "--overwrite", "--cfg-options"]
        command += [f"test_dataloader.dataset.data_root={args.data_root}"]
        command += [f"test_evaluator.0.mota_score_thr={threshold}"]
        run(f"seed {seed}: test {method}", command, folder / "log")
    return {**read_results(out).figures, "threshold": threshold}


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


def ablation(args: argparse.Namespace) -> None:
    """Do what is not done yet, and print the table."""
    from mmpose_temporal.evaluation import write_results
    from mmpose_temporal.evaluation.results import run_origin

    check(args)
    args.data_root, args.work_dir = args.data_root.resolve(), args.work_dir.resolve()
    make_data(args.data_root, args.work_dir / "data")
    results: dict[str, list[dict[str, float]]] = {method: [] for method in TESTS}
    for seed in args.seeds:
        checkpoints = {method: train(method, seed, args) for method in TRAININGS}
        for method, training in TESTS.items():
            results[method].append(test(method, checkpoints[training], seed, args))
    figures = summary(results)
    path = args.work_dir / "ablation.json"
    # The protocol, the checkpoint and the command of each test are in its own metrics file.
    write_results(
        path,
        dict(seeds=args.seeds, figures=figures),
        run=run_origin(command=args.command_line, data=dict(root=str(args.data_root))),
    )
    table = Table("row", *(f"{name}, mean (range)" for name in FIGURES))
    for method, columns in figures.items():
        cells = [f"{c['mean']:.2f} ({c['min']:.2f} to {c['max']:.2f})" for c in columns.values()]
        table.add_row(method.upper(), *cells)
    console.print(table)
    console.print(f"{len(args.seeds)} seeds; written to {path}", highlight=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(flags(), ablation, argv)


if __name__ == "__main__":
    sys.exit(main())
