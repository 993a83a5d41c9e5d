"""Match accuracy as a metric of mmengine's evaluator."""

from collections.abc import Sequence
from typing import Any

from mmengine.dist import all_gather_object
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from ..functional import MatchAccuracy
from ..results import match_accuracy_evaluation


@METRICS.register_module()
class MatchAccuracyMetric(BaseMetric):
    """How often the highest similarity picks the right person, in percent.

    The tracker's :class:`MatchAccuracyObserver` counts each frame whose poses have known ids
    (the samples' ``known_ids``); here the counts of all frames of all ranks are added. What
    counts as right: :func:`~mmpose_temporal.evaluation.functional.match_accuracy` (KeyTrack,
    CVPR 2020, Table 3).

    Args:
        prefix: Prefix of the metric's name. None: 'posetrack'.

    Attributes:
        record: After an evaluation: the counts of each video, for a metrics file
            (:func:`~..results.match_accuracy_evaluation`).
    """

    default_prefix = "posetrack"

    def __init__(self, *, prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        self.record: dict[str, Any] | None = None

    @classmethod
    def metric_keys(cls, prefix: str | None = None) -> tuple[str, ...]:
        """Every key that :meth:`evaluate` returns.

        Args:
            prefix: As given to the metric.
        """
        return (f"{prefix or cls.default_prefix}/match_accuracy",)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the counts of finished frames.

        Args:
            data_batch: Not used: frames may come out later than they went in.
            data_samples: Data samples as dicts; ``match_counts``, (right people, people), where
                the tracker counted.
        """
        for sample in data_samples:
            counts = MatchAccuracy(*map(int, sample.get("match_counts", (0, 0))))
            self.results.append((str(sample.get("video_id", "")), counts))

    def evaluate(self, size: int) -> dict[str, float]:
        """Add up all ranks' counts; every rank gets the result, or the error.

        Args:
            size: Frames of the data set.

        Raises:
            ValueError: Another number of frames, or nobody was counted.
        """
        results = [item for part in all_gather_object(self.results) for item in part]
        self.results = []
        if len(results) != size:
            raise ValueError(f"the data set has {size} frames, but {len(results)} were evaluated")
        videos: dict[str, MatchAccuracy] = {}
        for video, counts in results:
            videos[video] = videos.get(video, MatchAccuracy()) + counts
        metrics = self.compute_metrics([*videos.values()])
        self.record = match_accuracy_evaluation(videos, frames=size, prefix=self.prefix)
        return {f"{self.prefix}/{name}": value for name, value in metrics.items()}

    def compute_metrics(self, results: Sequence[MatchAccuracy]) -> dict[str, float]:
        """The figure without prefix.

        Args:
            results: Counts that are added.

        Raises:
            ValueError: Nobody was counted.
        """
        counts = sum(results, MatchAccuracy())
        if not counts.total:
            raise ValueError(
                "no match was counted: match accuracy needs poses whose true ids are known (the "
                "samples' known_ids: annotated poses, not those of a file) and a tracker with "
                "observers=[dict(type='MatchAccuracyObserver')]"
            )
        MMLogger.get_current_instance().info(
            f"match accuracy {counts.percent:.2f} %: {counts.correct} of {counts.total} people"
        )
        return dict(match_accuracy=counts.percent)
