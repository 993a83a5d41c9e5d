"""Correspondences between views of stills, as a metric of mmengine's evaluator."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmpose.registry import METRICS

from ..functional import correspondence_figures

TRUTH = ("targets", "valid", "visible", "is_keypoint", "diagonals")
FOUND = ("points", "scores", "raw_points")


@METRICS.register_module()
class CorrespondencePCK(BaseMetric):
    """Share of keypoints that are found in the second view of a still, and figures beside it.

    Each sample needs the ``gt_instances`` of :class:`PackStillPair` and the ``pred_instances``
    of a correspondence network: ``points`` and ``raw_points`` (G, K, 2), pixels of the second
    view, with and without refinement, ``scores`` (G, K), how sure it is that the query is
    visible; and the metainfo ``cell_size``, pixels of a cell. What the figures are:
    :func:`~mmpose_temporal.evaluation.functional.correspondence_figures`. A figure that counts
    nothing is left out, which is logged.

    Choice: percent of the diagonal of the person's box, since stills of any data set have one;
    PCKh wants heads.

    Args:
        thresholds: Shares of the diagonal.
        collect_device: As in mmengine.
        prefix: Prefix of the names. None: 'correspondence'.

    Raises:
        ValueError: A threshold is not above 0.
    """

    default_prefix = "correspondence"

    def __init__(
        self,
        *,
        thresholds: Sequence[float] = (0.05, 0.1),
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        if not thresholds or min(thresholds) <= 0:
            raise ValueError(f"thresholds must be above 0, got {thresholds}")
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.thresholds = tuple(thresholds)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep what the figures need of each query.

        Args:
            data_batch: Not used.
            data_samples: Data samples as dicts.

        Raises:
            ValueError: A sample lacks something, or truth and prediction have other shapes.
        """
        self.results += [_queries(sample) for sample in data_samples]

    def compute_metrics(self, results: Sequence[Mapping[str, np.ndarray]]) -> dict[str, float]:
        """The figures without prefix.

        Args:
            results: Of :meth:`process`.

        Raises:
            ValueError: No query is visible.
        """
        if not results:
            raise ValueError("no pair was evaluated")
        together = {name: np.concatenate([r[name] for r in results]) for name in results[0]}
        figures = correspondence_figures(**together, thresholds=self.thresholds)
        empty = [name for name, value in figures.items() if np.isnan(value)]
        if empty:
            print_log(
                f"left out: {', '.join(empty)}; there is nothing to count (PCK: visible "
                "keypoints; AUC_visible: queries that are visible and others that are not)",
                logger="current",
            )
        return {name: value for name, value in figures.items() if name not in empty}


def _queries(sample: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Arrays over the N = G * K queries of a pair."""
    where = f"pair {sample.get('img_path', '')}".strip()
    parts = (("gt_instances", TRUTH), ("pred_instances", FOUND))
    for part, names in parts:
        lacking = [name for name in names if name not in sample.get(part, {})]
        if lacking:
            raise ValueError(f"{where}: {part} has no {', '.join(lacking)}")
    if "cell_size" not in sample:
        raise ValueError(f"{where}: the network did not say 'cell_size', pixels of a cell")
    truth, found = ({n: _array(sample[part][n]) for n in names} for part, names in parts)
    shape = truth["valid"].shape
    wrong = [n for n in FOUND if found[n].shape[:2] != shape]
    if wrong:
        raise ValueError(
            f"{where}: {wrong[0]} has the shape {found[wrong[0]].shape}, the queries {shape}"
        )
    size = truth["valid"].size
    return dict(
        errors=np.linalg.norm(found["points"] - truth["targets"], axis=-1).reshape(size),
        raw_errors=np.linalg.norm(found["raw_points"] - truth["targets"], axis=-1).reshape(size),
        scores=found["scores"].reshape(size),
        diagonals=np.broadcast_to(truth["diagonals"][:, None], shape).reshape(size),
        cells=np.full(size, float(sample["cell_size"])),
        valid=truth["valid"].reshape(size),
        visible=truth["visible"].reshape(size),
        is_keypoint=truth["is_keypoint"].reshape(size),
    )


def _array(value: Any) -> np.ndarray:
    return value.detach().cpu().numpy() if hasattr(value, "detach") else np.asarray(value)
