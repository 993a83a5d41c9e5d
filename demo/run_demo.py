"""Make synthetic videos, train a small HRNet, test two trackers on it, and write their videos.

Each step is a command of this project that a user would type; it is printed before it runs. Data
and training are seeded (`randomness` of the config): on a CPU the figures repeat with the same
libraries and number of threads.
"""

import argparse
import json
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mmpose_temporal_cli import StepFailed, run_tool

ROOT = Path(__file__).resolve().parents[1]
CONFIG = "configs/baselines/synthetic/oks-tracker_td-hm_hrnet-tiny_synthetic-128x96.py"
CONVERTER = "tools/dataset_converters/make_synthetic_posetrack.py"
SPLITS = dict(
    train=["--videos", "36", "--frames", "16", "--people", "2-5", "--seed", "0"],
    val=["--videos", "4", "--frames", "40", "--people", "3-5", "--seed", "1"],
)
TRACKERS = {
    "keytrack-tracker (TrackEntailment)": (
        "configs/keytrack/synthetic/keytrack-tracker_td-hm_hrnet-tiny_synthetic-128x96.py"
    ),
    "oks-tracker (MotionOKSSimilarity)": CONFIG,
}
"""What is tested, with the weights of the one training; the first is shown in the videos."""
FIGURES = ("AP", "MOTA", "IDF1", "HOTA")
GROUPS = ("Head", "Shou", "Elb", "Wri", "Hip", "Knee", "Ankl")
console = Console()


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work-dir", type=Path, default=ROOT / "work_dirs" / "demo")
    parser.add_argument("--data-root", type=Path, default=ROOT / "data" / "synthetic_posetrack")
    parser.add_argument("--epochs", type=int, help="train for fewer epochs, to try things out")
    return parser


def run(step: str, command: list[str], log: Path) -> float:
    """Run one command with its output in a log, show its last lines if it fails.

    Returns:
        Seconds it took.
    """
    from mmpose_temporal.utils.processes import run_program

    console.print(f"[bold]{step}[/bold]\n  {shlex.join(command)}\n  log: {log}", highlight=False)
    start = time.perf_counter()
    with console.status(step) as bar:
        status = run_program(
            [sys.executable, *command],
            log,
            cwd=ROOT,
            waiting=lambda: bar.update(f"{step}: {time.perf_counter() - start:.0f} s"),
        )
    seconds = time.perf_counter() - start
    if status != 0:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-25:])
        console.print(tail, highlight=False, markup=False)
        raise StepFailed(f"'{step}' failed (exit {status}); see {log}")
    console.print(f"  done in {seconds:.0f} s\n", highlight=False)
    return seconds


def make_data(root: Path, logs: Path) -> None:
    """Training and validation videos, where those of the same options are not there.

    The options lie beside the data in ``demo_<split>.json``. Data of other options are replaced;
    data without such a file are somebody else's, which ends the demo.
    """
    from mmpose_temporal.utils import write_json

    for split, options in SPLITS.items():
        options = ["--split", split, "--size", "480x360", *options]
        record = root / f"demo_{split}.json"
        flags = ["--quiet"]
        if record.is_file():
            made_with = json.loads(record.read_text(encoding="utf-8")).get("options")
            if made_with == options and merged_file(root, split).is_file():
                console.print(f"[bold]Synthetic {split} videos[/bold] are in {root}\n")
                continue
            flags.append("--overwrite")
            write_json(record, dict(options=None))  # until the new data are whole
        elif merged_file(root, split).is_file():
            raise ValueError(
                f"{root} holds a {split} split without {record.name}, so the demo did not "
                "make it and does not replace it; name another folder with --data-root, or "
                "remove this one"
            )
        command = [CONVERTER, str(root), *options, *flags]
        run(f"Synthetic {split} videos", command, logs / f"data_{split}.log")
        write_json(record, dict(options=options))


def merged_file(root: Path, split: str) -> Path:
    """The file that the converter writes last."""
    return root / "annotations" / f"posetrack18_{split}.json"


def remove_old_videos(folder: Path, log: Path) -> None:
    """Remove what an earlier test of this demo wrote, so that all videos are of the next one.

    Args:
        folder: Where the test writes, in the demo's work folder.
        log: The test's log. Where there is none, no demo has tested here, and videos in the
            folder are somebody else's, which ends the demo.
    """
    old = [*folder.rglob("*.mp4"), *folder.rglob("*_timeline.png")]
    if old and not log.is_file():
        raise ValueError(
            f"{folder} holds videos that the demo did not write; name another folder with "
            "--work-dir"
        )
    for path in old:
        path.unlink()


def check_videos(folder: Path) -> list[Path]:
    """The videos that the test wrote; each must open and hold frames."""
    import cv2

    videos = sorted(folder.rglob("*.mp4"))
    for video in videos:
        capture = cv2.VideoCapture(str(video))
        readable, _ = capture.read()
        capture.release()
        if not readable:
            raise StepFailed(f"{video} does not open")
    if not videos:
        raise StepFailed(f"the test wrote no video to {folder}")
    return videos


def report(metrics: dict[str, dict[str, float]]) -> None:
    """Print the figures of the trackers side by side, and by joint those of the first.

    Args:
        metrics: Name of the tracker -> its figures, as ``tools/test.py --out`` writes them.
    """
    table = Table(title="Synthetic validation videos, boxes of the annotations")
    for name in ("tracker", *FIGURES, "IDSW"):
        table.add_column(name, justify="left" if name == "tracker" else "right")
    for name, figures in metrics.items():
        switches = f"{figures['posetrack/IDSW']:.0f} ({figures['posetrack/IDSW_pct']:.2f} %)"
        values = [figures[f"posetrack/{figure}"] for figure in FIGURES]
        table.add_row(name, *("-" if v is None else f"{v:.1f}" for v in values), switches)
    console.print(table)
    name, figures = next(iter(metrics.items()))
    table = Table(title=f"{name}, by joint")
    table.add_column("")
    for group in (*GROUPS, "Total"):
        table.add_column(group, justify="right")
    for figure in ("AP", "MOTA"):
        keys = [f"posetrack/{figure}_{group}" for group in GROUPS] + [f"posetrack/{figure}"]
        values = [figures.get(key) for key in keys]
        table.add_row(figure, *("-" if v is None else f"{v:.1f}" for v in values))
    console.print(table)


def compare_trackers(
    checkpoint: str, work_dir: Path, common: Sequence[str]
) -> tuple[dict[str, dict[str, float]], float]:
    """Test each tracker with the same estimator; the first one writes videos.

    Returns:
        Their figures by name, and seconds.
    """
    metrics, seconds = {}, 0.0
    for name, config in TRACKERS.items():
        key = name.partition(" ")[0]
        out, log = work_dir / f"metrics_{key}.json", work_dir / f"test_{key}.log"
        command = ["tools/test.py", config, checkpoint, "--out", str(out), "--overwrite"]
        if not metrics:
            remove_old_videos(work_dir / "videos", log)
            command += ["--show-dir", str(work_dir / "videos")]
        seconds += run(f"Test of {name}", [*command, *common], log)
        metrics[name] = json.loads(out.read_text(encoding="utf-8"))
    return metrics, seconds


def demo(args: argparse.Namespace) -> None:
    """Run the demo."""
    start = time.perf_counter()
    data_root, work_dir = args.data_root.resolve(), args.work_dir.resolve()
    work_dir.mkdir(parents=True, exist_ok=True)
    make_data(data_root, work_dir)
    options = [
        f"{split}_dataloader.dataset.data_root={data_root}" for split in ("train", "val", "test")
    ]
    if args.epochs is not None:
        options.append(f"train_cfg.max_epochs={args.epochs}")
    common = ["--work-dir", str(work_dir), "--cfg-options", *options]
    train = run("Training", ["tools/train.py", CONFIG, *common], work_dir / "train.log")
    checkpoint = (work_dir / "last_checkpoint").read_text(encoding="utf-8").strip()
    metrics, test = compare_trackers(checkpoint, work_dir, common)
    report(metrics)
    console.print("Videos with ids, and timelines of who was tracked when:")
    for video in check_videos(work_dir / "videos"):
        console.print(f"  {video}", highlight=False)
    total = time.perf_counter() - start
    console.print(
        f"Training {train:.0f} s, tests {test:.0f} s, all {total:.0f} s. To go on: "
        "source .venv/bin/activate",
        highlight=False,
    )


if __name__ == "__main__":
    sys.exit(run_tool(flags(), demo))
