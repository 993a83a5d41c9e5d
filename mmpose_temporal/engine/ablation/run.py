"""Trainings and tests of an ablation, by the standard tools."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from mmengine.config import Config
from rich.console import Console

from mmpose_temporal.evaluation import evaluate_files, read_results, write_results
from mmpose_temporal.evaluation.results import run_origin
from mmpose_temporal.utils.checkpoint_files import read_plain

from .description import Ablation, Row
from .steps import Step, StepRunner
from .summary import Summary, summarize, table

CONVERTER = "tools/dataset_converters/make_synthetic_posetrack.py"
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 18))
"""Scores above which joints count for MOTA, of which the best on tuning videos is taken."""

FILE_WIDTH = 240
"""Of the table if it is printed into a file, which has no width of its own."""


class AblationRun:
    """An ablation with its seeds and folders.

    What is in the work folder already is not done again, so that a run that was cut off goes on.

    Args:
        ablation: What is trained and tested.
        args: Those of :func:`mmpose_temporal_cli.ablation_flags`, and ``command_line``.

    Raises:
        ValueError: A seed stands twice; epochs or jobs below 1.
    """

    def __init__(self, ablation: Ablation, args: argparse.Namespace):
        if len(set(args.seeds)) < len(args.seeds):
            raise ValueError(f"--seeds: one stands twice: {args.seeds}")
        if args.epochs and min(args.epochs) < 1:
            raise ValueError(f"--epochs must be 1 or more, got {args.epochs}")
        self.ablation, self.seeds = ablation, args.seeds
        self.data_root, self.work_dir = args.data_root.resolve(), args.work_dir.resolve()
        self.command_line = args.command_line
        self.console = Console()
        if not self.console.is_terminal:
            self.console.width = FILE_WIDTH
        self.runner = StepRunner(ablation.root, jobs=args.jobs, console=self.console)
        self.epochs = {
            name: args.epochs[training.after is not None]
            if args.epochs
            else Config.fromfile(ablation.root / training.config).train_cfg.max_epochs
            for name, training in ablation.trainings.items()
        }

    def run(self) -> Summary:
        """Do what is not done yet, write ``ablation.json`` and print the table."""
        self._make_videos()
        self.runner.run(self._steps())
        found = {
            name: [self._figures(name, seed) for seed in self.seeds] for name in self.ablation.rows
        }
        figures = summarize(found)
        path = self.work_dir / "ablation.json"
        # The protocol, the checkpoint and the command of each test are in its own metrics file.
        origin = run_origin(command=self.command_line, data=dict(root=str(self.data_root)))
        write_results(path, dict(seeds=self.seeds, figures=figures), run=origin)
        self.console.print(table(figures, tuple(self.ablation.figures)))
        self.console.print(f"{len(self.seeds)} seeds; written to {path}", highlight=False)
        return figures

    def _make_videos(self) -> None:
        for name, videos in self.ablation.videos.items():
            root = videos.root(self.data_root)
            if not (root / "annotations" / videos.split).is_dir():
                command = [CONVERTER, str(root), "--split", videos.split]
                command += [*videos.options.split(), "--quiet"]
                log = self.work_dir / "data" / f"{name}.log"
                self.runner.program(f"synthetic {name} videos", command, log)

    def _steps(self) -> list[Step]:
        steps: dict[str, Step] = {}

        def add(seed: int, does: str, name: str, *needs: str | None) -> None:
            text = f"seed {seed}: {does} {name}"
            needed = tuple(f"seed {seed}: {need}" for need in needs if need)
            work = {"train": self._train, "tune": self._tune, "test": self._test}[does]
            steps.setdefault(text, Step(text, lambda: work(name, seed, text), needed))

        for seed in self.seeds:
            for name, training in self.ablation.trainings.items():
                add(seed, "train", name, training.after and f"train {training.after}")
            for name, row in self.ablation.rows.items():
                tuned = row.tuned_as or name
                needed = self.ablation.rows[tuned].trainings
                add(seed, "tune", tuned, *(f"train {training}" for training in needed))
                needed = (f"train {training}" for training in row.trainings)
                add(seed, "test", name, f"tune {tuned}", *needed)
        return list(steps.values())

    def _checkpoint(self, training: str, seed: int) -> Path:
        folder = self.work_dir / f"seed{seed}" / training
        return folder / f"epoch_{self.epochs[training]}.pth"

    def _file(self, does: str, row: str, seed: int) -> Path:
        """What is written when a row was tuned or tested."""
        checkpoint = self._checkpoint(self.ablation.rows[row].training, seed)
        return self.work_dir / f"seed{seed}" / f"{does}_{row}" / f"{checkpoint.stem}.json"

    def _train(self, name: str, seed: int, step: str) -> None:
        training = self.ablation.trainings[name]
        checkpoint = self._checkpoint(name, seed)
        first = self._checkpoint(training.after, seed) if training.after else None
        newest = checkpoint.with_name("last_checkpoint")  # written when the checkpoint is whole
        whole = newest.is_file() and checkpoint.name in newest.read_text()
        if whole and is_newer(checkpoint, first or checkpoint):
            return
        command = ["tools/train.py", training.config, "--work-dir", str(checkpoint.parent)]
        command += ["--no-validate", "--cfg-options", f"randomness.seed={seed}"]
        command.append(f"train_cfg.max_epochs={self.epochs[name]}")
        root = self.ablation.videos[training.videos].root(self.data_root)
        command.append(f"train_dataloader.dataset.data_root={root}")
        if first is not None:
            command.append(f"{training.start}={first}")
        self.runner.program(step, command, checkpoint.with_name("log"))

    def _tune(self, name: str, seed: int, step: str) -> None:
        """Find the threshold of scores with the best MOTA on the tuning videos."""
        row = self.ablation.rows[name]
        checkpoint = self._checkpoint(row.training, seed)
        out = self._file("tune", name, seed)
        if all(is_newer(out, self._checkpoint(needed, seed)) for needed in row.trainings):
            return
        videos = self.ablation.videos["tuning"]
        root, predictions = videos.root(self.data_root), out.with_name("predictions")
        command = ["tools/test.py", row.config, str(checkpoint), "--work-dir", str(out.parent)]
        command += ["--cfg-options", f"test_dataloader.dataset.data_root={root}"]
        command += self._settings(row, seed)
        command += ["test_evaluator.0.format_only=True"]
        command += [f"test_evaluator.0.outfile_prefix={predictions}"]
        self.runner.program(step, command, out.with_name("log"))
        truth = root / "annotations" / videos.split
        tried = {
            threshold: evaluate_files(
                truth, predictions, mota_score_thr=threshold, metrics=["MOTA"]
            )
            for threshold in THRESHOLDS
        }
        mota = {threshold: figures.total.totals["MOTA"] for threshold, figures in tried.items()}
        best = max(mota, key=mota.get)
        origin = run_origin(command=self.command_line, checkpoint=checkpoint)
        content = dict(threshold=best, MOTA=mota)
        write_results(out, content, run=origin, evaluations=[tried[best].record])

    def _test(self, name: str, seed: int, step: str) -> None:
        row, out = self.ablation.rows[name], self._file("test", name, seed)
        needed = [self._checkpoint(training, seed) for training in row.trainings]
        needed.append(self._file("tune", row.tuned_as or name, seed))
        if all(is_newer(out, file) for file in needed):
            return
        checkpoint = self._checkpoint(row.training, seed)
        root = self.ablation.videos[row.videos].root(self.data_root)
        command = ["tools/test.py", row.config, str(checkpoint), "--work-dir", str(out.parent)]
        command += ["--out", str(out), "--overwrite", "--cfg-options"]
        command += [f"test_dataloader.dataset.data_root={root}"]
        command += [f"test_evaluator.0.mota_score_thr={self._threshold(name, seed)}"]
        command += [*self.ablation.options, *self._settings(row, seed)]
        self.runner.program(step, command, out.with_name("log"))

    def _settings(self, row: Row, seed: int) -> list[str]:
        """The settings of a row's config that are changed."""
        further = row.checkpoints.items()
        return [*row.options, *(f"{key}={self._checkpoint(name, seed)}" for key, name in further)]

    def _threshold(self, name: str, seed: int) -> float:
        tuned = self._file("tune", self.ablation.rows[name].tuned_as or name, seed)
        return json.loads(tuned.read_text(encoding="utf-8"))["threshold"]

    def _figures(self, name: str, seed: int) -> dict[str, float]:
        """Short name -> figure of a row."""
        trainings, row = self.ablation.trainings, self.ablation.rows[name]
        weights = trainings[row.training].weights
        found = {**read_results(self._file("test", name, seed)).figures}
        found["threshold"] = self._threshold(name, seed)
        if weights:
            found |= read_numbers(self._checkpoint(row.training, seed), weights)
        others = {key for training in trainings.values() for key in training.weights}
        absent = others - set(weights)
        return {short: found[k] for short, k in self.ablation.figures.items() if k not in absent}


def is_newer(path: Path, than: Path) -> bool:
    """A result is there, and was made after what it depends on."""
    return path.is_file() and path.stat().st_mtime >= than.stat().st_mtime


def read_numbers(checkpoint: Path, names: Mapping[str, str]) -> dict[str, float]:
    """Learned numbers of a checkpoint.

    Args:
        checkpoint: A file of mmengine.
        names: Key of the answer -> name of a tensor with one element.

    Raises:
        ValueError: The checkpoint has no such tensor.
    """
    state = read_plain(checkpoint)["state_dict"]
    absent = [name for name in names.values() if name not in state]
    if absent:
        raise ValueError(f"{checkpoint} has no '{absent[0]}'")
    return {key: float(state[name]) for key, name in names.items()}
