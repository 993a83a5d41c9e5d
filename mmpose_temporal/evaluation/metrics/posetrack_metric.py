"""PoseTrack's figures as a metric of mmengine's evaluator."""

import os
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from mmengine.dist import (
    broadcast_object_list,
    collect_results,
    get_world_size,
    is_main_process,
)
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.logging import MMLogger
from mmpose.registry import EVALUATORS, METRICS

from mmpose_temporal.structures import (
    POSETRACK18,
    Skeleton,
    metainfo_keypoint_names,
)

from ..functional import (
    BBOX_SHARE,
    PCKH_THRESHOLD,
    POSETRACK_JOINTS,
    ScoredJoints,
    add_counts,
    check_norm,
    check_options,
    count_videos,
    figure_keys,
    pair_videos,
    summarize,
)
from ..functional import METRICS as ALL_METRICS
from ..results import posetrack_evaluation
from ..tables import format_table
from .frame_records import FrameRecord, group_videos
from .video_reports import skipped_counts, warn_of_unreadable, write_videos


@METRICS.register_module()
class PoseTrackMetric(BaseMetric):
    """PoseTrack's AP, MOTA, MOTP, precision, recall and id switches; IDF1, HOTA, fragmentations.

    Takes one data sample per frame; frames may come in any order and from any rank, and ranks may
    hold different numbers of frames. A predicted joint counts as present if its score is above 0.
    The arithmetic is that of :mod:`mmpose_temporal.evaluation.functional`.

    It works on any layout: the keypoints are those that the data set's metainfo names (without
    one, PoseTrack18's), and of them those in ``scored_keypoint_ids`` are scored (without that,
    all). The table has the groups of PoseTrack's papers for PoseTrack's joints; for others each
    joint is a group, left and right together (:meth:`~..functional.ScoredJoints.of`).

    Args:
        ap_score_thr: Predicted joints with a score below it are left out of AP.
        mota_score_thr: Predicted joints with a score below it are left out of the tracking
            figures (all but AP).
        protocol: 'poseval' for the figures of the public evaluation program, 'strict' for those
            without its quirks; see :mod:`~mmpose_temporal.evaluation.functional.posetrack`.
        joints: 'all', or 'annotated' to leave joints that no ground truth annotates out of the
            means ('strict' always leaves them out).
        metrics: What to compute: some of 'AP', 'MOTA' (with MOTP, Precision, Recall, IDSW, Frag),
            'IDF1' (with IDP, IDR), 'HOTA' (with DetA, AssA, LocA) and 'HOTA_legacy'; one name
            alone may be a text.
        norm_item: What joint distances are measured in: 'head', 0.6 times the diagonal of the head
            box (PCKh), or 'bbox', ``bbox_share`` times the diagonal of the person's box. A joint
            matches within half of it. None: 'head' for PoseTrack's joints and wherever a person
            of the data has a head box, else 'bbox'. Figures of the two do not compare; the log
            says where it is 'bbox'.
        bbox_share: Of the diagonal of the person's box, with 'bbox'; the default (0.1) is near
            the head size, see :data:`~..functional.pckh.BBOX_SHARE`. If a person has no box,
            it is the one around the annotated joints.
        hidden_joints: Also 'AP_hidden', 'AP_seen', 'PCKh_hidden' and 'PCKh_seen', of annotations
            that mark hidden joints, see :mod:`~..functional.hidden_joints`.
        format_only: Write the predictions, compute nothing (for data without annotations).
        outfile_prefix: Folder for the predictions in the PoseTrack18 layout, one file per video.
            None: nothing is written.
        collect_device: 'cpu' or 'gpu', how the ranks' results are gathered.
        prefix: Prefix of the metric names. None: 'posetrack'.

    Attributes:
        record: After an evaluation, on the first rank: how the figures were computed and on how
            much, for a metrics file (:func:`~..results.posetrack_evaluation`).

    Raises:
        ValueError: An option has an unknown value, or ``format_only`` comes without
            ``outfile_prefix``.
    """

    default_prefix = "posetrack"

    def __init__(
        self,
        *,
        ap_score_thr: float = 0.0,
        mota_score_thr: float = 0.0,
        protocol: str = "poseval",
        joints: str = "all",
        metrics: Sequence[str] | str = tuple(ALL_METRICS),
        norm_item: str | None = None,
        bbox_share: float = BBOX_SHARE,
        hidden_joints: bool = False,
        format_only: bool = False,
        outfile_prefix: str | os.PathLike | None = None,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        metrics = (metrics,) if isinstance(metrics, str) else tuple(metrics)
        check_options(
            protocol=protocol,
            joints=joints,
            ap_score_thr=ap_score_thr,
            mota_score_thr=mota_score_thr,
            metrics=metrics,
            hidden_joints=hidden_joints,
        )
        check_norm(norm_item, bbox_share)
        if collect_device not in ("cpu", "gpu"):
            raise ValueError(f"collect_device must be 'cpu' or 'gpu', got {collect_device!r}")
        if format_only and outfile_prefix is None:
            raise ValueError("format_only=True writes files only: give outfile_prefix, a folder")
        super().__init__(collect_device=collect_device, prefix=prefix)
        # Scores are float32: a threshold of 0.7 must not lie above a score of 0.7.
        self.options = dict(
            protocol=protocol,
            joints=joints,
            ap_score_thr=float(np.float32(ap_score_thr)),
            mota_score_thr=float(np.float32(mota_score_thr)),
            metrics=metrics,
            hidden_joints=hidden_joints,
        )
        self.norm_item = norm_item
        self.bbox_share = bbox_share
        self.format_only = format_only
        self.outfile_prefix = outfile_prefix
        self.record: dict[str, Any] | None = None

    @classmethod
    def metric_keys(
        cls,
        prefix: str | None = None,
        metrics: Sequence[str] = tuple(ALL_METRICS),
        skeleton: Skeleton = POSETRACK18,
        hidden_joints: bool = False,
    ) -> tuple[str, ...]:
        """Every key that :meth:`evaluate` returns (none with ``format_only``).

        Args:
            prefix: As given to the metric.
            metrics: As given to the metric.
            skeleton: Of the data set.
            hidden_joints: As given to the metric.
        """
        prefix = prefix or cls.default_prefix
        joints = ScoredJoints.of(skeleton)
        keys = figure_keys(metrics, joints=joints, hidden_joints=hidden_joints)
        return tuple(f"{prefix}/{key}" for key in (*keys, "unreadable_frames"))

    @property
    def skeleton(self) -> Skeleton:
        """That of the data set; PoseTrack18's where its metainfo names no keypoints."""
        if metainfo_keypoint_names(self.dataset_meta) is None:
            return POSETRACK18
        return Skeleton.from_metainfo(self.dataset_meta)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep what the figures need of finished frames.

        Args:
            data_batch: Not used: frames may come out later than they went in.
            data_samples: Data samples as dicts, with ``video_id``, ``frame_index``,
                ``num_frames``, ``img_id``, ``frame_id``, ``frame_name``, ``ori_shape``,
                ``frame_readable`` and ``pred_instances``; unless ``format_only``, also
                ``gt_instances``, ``ignore_regions`` and ``is_labeled``.

        Raises:
            ValueError: A sample has no predictions, or another number of keypoints than the
                data set.
        """
        skeleton, with_truth = self.skeleton, not self.format_only
        for sample in data_samples:
            record = FrameRecord.from_sample(sample, with_truth=with_truth, skeleton=skeleton)
            self.results.append(record)

    def evaluate(self, size: int) -> dict:
        """Gather all ranks' frames and evaluate them; every rank gets the result.

        ``BaseMetric`` gathers by interleaving equal lists, which loses frames of ranks that hold
        more; here each rank's list travels as one item.

        Args:
            size: Number of frames of the data set.

        Returns:
            The metrics; empty with ``format_only``.

        Raises:
            ValueError: No frames, a video that is not whole, whole videos missing, or data that
                the evaluation refuses. Other ranks than the first raise RuntimeError then, so that
                none waits for a result that never comes.
        """
        parts = collect_results([self.results], get_world_size(), self.collect_device)
        self.results = []
        metrics, failure = None, None
        if is_main_process():
            try:
                metrics = self._evaluate_all(list(chain.from_iterable(parts)), size)
            except Exception as error:
                failure = error
        message = [(metrics, None if failure is None else f"{type(failure).__name__}: {failure}")]
        broadcast_object_list(message)
        if failure is not None:
            raise failure
        metrics, problem = message[0]
        if problem is not None:
            raise RuntimeError(f"the evaluation failed on the first rank: {problem}")
        return metrics

    def _evaluate_all(self, records: list[FrameRecord], size: int) -> dict:
        videos = group_videos(records)
        if len(records) != size:
            raise ValueError(
                f"the data set has {size} frames, but {len(records)} were evaluated, of the "
                f"{len(videos)} videos {sorted(videos)}: whole videos are missing or too many"
            )
        metrics = self.compute_metrics(records)
        return {f"{self.prefix}/{name}": value for name, value in metrics.items()}

    def compute_metrics(self, results: list[FrameRecord]) -> dict:
        """Evaluate, log the table, then write what was asked for.

        Neither the figures nor the files of a long test are lost for the other's sake: a video
        that cannot be written is an error after the table and the other videos' files, and the
        files are written also if the evaluation refuses the data.

        Args:
            results: The frames of all videos, in any order.

        Returns:
            Metrics without prefix; empty with ``format_only``.

        Raises:
            ValueError: The evaluation refuses the data, or videos could not be written; the text
                names all of them.
        """
        videos = group_videos(results)
        lost = warn_of_unreadable(videos)
        try:
            if self.format_only:
                return {}
            return {**self._figures(videos), "unreadable_frames": lost}
        finally:
            if self.outfile_prefix is not None:
                write_videos(videos, self.outfile_prefix, self.skeleton)

    def _figures(self, videos: dict[str, list[FrameRecord]]) -> dict:
        item, share = self._norm_item(videos), self.bbox_share
        paired = pair_videos(
            {name: [frame.sized_truth(item, share) for frame in v] for name, v in videos.items()},
            {name: [frame.scored_prediction() for frame in v] for name, v in videos.items()},
            joints=ScoredJoints.of(self.skeleton),
        )
        options = dict(self.options)
        joints, protocol = options.pop("joints"), options["protocol"]
        counts = count_videos(paired, **options)
        figures = summarize(add_counts([*counts.values()]), protocol=protocol, joints=joints)
        self.record = posetrack_evaluation(
            counts,
            figures,
            **self.options,
            norm_item=item,
            bbox_share=share,
            skeleton=self.skeleton.keypoint_names,
            prefix=self.prefix,
            skipped=skipped_counts(videos),
        )
        measured = ""
        if item == "bbox":
            measured = (
                f", a joint matches within {PCKH_THRESHOLD * share:g} of the diagonal of the "
                "person's box"
            )
        MMLogger.get_current_instance().info(
            f"PoseTrack, protocol {self.options['protocol']}{measured}\n{format_table(figures)}"
        )
        return figures.as_dict()

    def _norm_item(self, videos: dict[str, list[FrameRecord]]) -> str:
        if self.norm_item is not None:
            return self.norm_item
        frames = chain.from_iterable(videos.values())
        heads = any(np.isfinite(frame.truth.head_sizes).any() for frame in frames)
        posetrack = ScoredJoints.of(self.skeleton) is POSETRACK_JOINTS
        return "head" if heads or posetrack else "bbox"


@EVALUATORS.register_module(name="PoseTrackMetric")
def evaluator_with_metrics(**options: Any) -> Evaluator:
    """The evaluator of one metric, for a config whose evaluator is no list and has ``metrics``.

    By ``metrics`` mmengine's runner takes a bare dict for an evaluator, and looks for its type
    among the evaluators.

    Args:
        **options: Of :class:`PoseTrackMetric`.
    """
    return Evaluator([PoseTrackMetric(**options)])
