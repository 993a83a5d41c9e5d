"""Writing the metrics of a test to a file that says what they are metrics of."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmpose_temporal.evaluation.results import run_origin, write_results
from mmpose_temporal.evaluation.results.config_origin import box_origin, config_origin, data_origin


class SaveMetricsHook(Hook):
    """Write the metrics of a test, with how they came about, to a JSON file.

    The layout of the file: :mod:`mmpose_temporal.evaluation.results.files`. A metric of mmengine's
    that has a ``record`` adds it; of others the file has the class and the prefix.

    Args:
        path: The file.
        config: What is tested.
        config_path: Its file.
        checkpoint: What is tested; None: as the config builds it.
        command: The tool and its arguments.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        *,
        config: Config,
        config_path: str,
        checkpoint: str | None,
        command: Sequence[str],
    ) -> None:
        self.path = path
        # Now: the files may change while the test runs.
        self.run = run_origin(
            command=command,
            checkpoint=checkpoint,
            config=config_origin(config, config_path),
            boxes=box_origin(config),
            data=data_origin(config),
        )

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """As in mmengine; rank 0 writes."""
        if metrics is not None and runner.rank == 0:
            records = [_record(metric) for metric in runner.test_evaluator.metrics]
            data = self.run["data"]
            meta = getattr(runner.test_dataloader.dataset, "metainfo", {})
            data.setdefault("release", meta.get("dataset_name"))
            write_results(self.path, metrics, run=self.run, evaluations=records)


def _record(metric: Any) -> Mapping[str, Any]:
    record = getattr(metric, "record", None)
    if isinstance(record, Mapping):
        return record
    return dict(metric=type(metric).__name__, prefix=getattr(metric, "prefix", None))
