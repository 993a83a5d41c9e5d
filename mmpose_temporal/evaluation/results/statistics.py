"""What is kept of each video, so that figures can be computed again when videos are resampled.

Nearly all figures are ratios of sums over videos, so the counts of each video are enough. AP sorts
the detections of all videos together; of them the numbers of right and wrong ones in 100 ranges of
scores are kept (:func:`~..functional.bin_detections`). HOTA_legacy is not among what is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..functional import (
    ALPHAS,
    BinnedDetections,
    HotaCounts,
    IdentityCounts,
    MotCounts,
    PoseTrackFigures,
    ScoredJoints,
    VideoCounts,
    bin_detections,
    summarize,
)

RESAMPLED = ("AP", "MOTA", "IDF1", "HOTA")
"""The metrics whose counts are kept."""

DIGITS = 4
"""Decimals that sums of similarities are rounded to; HOTA changes by less than 0.001."""

NUM_BINS = 100
"""Ranges of scores for AP."""

_HOTA = ("true_positives", "association", "similarity")


@dataclass(frozen=True, eq=False)
class VideoStatistics:
    """Counts of each of N videos, stacked.

    Attributes:
        videos: Names of the N videos.
        joints: The J joints.
        metrics: What was counted, of :data:`RESAMPLED`.
        protocol: ``'poseval'`` or ``'strict'``.
        joint_choice: ``'all'`` or ``'annotated'``.
        arrays: Name -> (N, ...) numbers.
    """

    videos: tuple[str, ...]
    joints: ScoredJoints
    metrics: tuple[str, ...]
    protocol: str
    joint_choice: str
    arrays: Mapping[str, np.ndarray]

    @classmethod
    def of(
        cls, counts: Mapping[str, VideoCounts], *, protocol: str, joints: str
    ) -> "VideoStatistics":
        """Stack the counts of videos.

        Args:
            counts: Name of the video -> its counts, of the same metrics and joints.
            protocol: As they were counted.
            joints: As they are summed up.
        """
        videos = [*counts.values()]
        metrics = tuple(m for m in RESAMPLED if m in (videos[0].metrics or ()))
        arrays = {"num_truth": _stack(videos, "num_truth")}
        if "AP" in metrics:
            binned = bin_detections([v.detections for v in videos], num_bins=NUM_BINS)
            arrays["ap.right"] = np.stack([b.right for b in binned])
            arrays["ap.wrong"] = np.stack([b.wrong for b in binned])
        if "MOTA" in metrics:
            arrays |= {f"mot.{f.name}": _stack(videos, "mot", f.name) for f in fields(MotCounts)}
            arrays["fragmentations"] = _stack(videos, "fragmentations")
        if "IDF1" in metrics:
            names = [f.name for f in fields(IdentityCounts)]
            arrays |= {f"identity.{name}": _stack(videos, "identity", name) for name in names}
        if "HOTA" in metrics:
            arrays |= {f"hota.{name}": _stack(videos, "hota", name) for name in _HOTA}
            hits = arrays["hota.true_positives"][:, 0]
            for name, side in (("misses", "objects"), ("false_positives", "predictions")):
                arrays[f"hota.{side}"] = _stack(videos, "hota", name)[:, 0] + hits
        return cls(tuple(counts), videos[0].joints, metrics, protocol, joints, arrays)

    def figures(self, weights: np.ndarray) -> list[PoseTrackFigures]:
        """The figures of resampled videos.

        Args:
            weights: (B, N) how often each video is in each of B samples.
        """
        flat = {
            name: (weights @ a.reshape(len(a), -1)).reshape(len(weights), *a.shape[1:])
            for name, a in self.arrays.items()
        }
        return [
            summarize(
                self._counts({name: a[b] for name, a in flat.items()}),
                protocol=self.protocol,
                joints=self.joint_choice,
            )
            for b in range(len(weights))
        ]

    def _counts(self, sums: Mapping[str, np.ndarray]) -> VideoCounts:
        found: dict[str, Any] = {"num_truth": sums["num_truth"]}
        if "AP" in self.metrics:
            found["detections"] = BinnedDetections(
                sums["ap.right"], sums["ap.wrong"], sums["num_truth"]
            )
        if "MOTA" in self.metrics:
            found["mot"] = MotCounts(*(sums[f"mot.{f.name}"] for f in fields(MotCounts)))
            found["fragmentations"] = sums["fragmentations"]
        if "IDF1" in self.metrics:
            names = [f.name for f in fields(IdentityCounts)]
            found["identity"] = IdentityCounts(*(sums[f"identity.{name}"] for name in names))
        if "HOTA" in self.metrics:
            hits = sums["hota.true_positives"]
            found["hota"] = HotaCounts(
                true_positives=hits,
                misses=sums["hota.objects"] - hits,
                false_positives=sums["hota.predictions"] - hits,
                association=sums["hota.association"],
                similarity=sums["hota.similarity"],
            )
        return VideoCounts(self.metrics, self.joints, **found)

    def as_json(self) -> dict[str, Any]:
        """For a file; counts by range of scores are written as [range, right, wrong]."""
        arrays = {
            name: np.round(a, DIGITS).tolist() if a.dtype.kind == "f" else a.tolist()
            for name, a in self.arrays.items()
            if not name.startswith("ap.")
        }
        if "AP" in self.metrics:
            right, wrong = self.arrays["ap.right"], self.arrays["ap.wrong"]
            arrays["ap"] = [
                [_sparse(right[n, j], wrong[n, j]) for j in range(len(self.joints))]
                for n in range(len(self.videos))
            ]
        return dict(videos=list(self.videos), metrics=list(self.metrics), counts=arrays)

    @classmethod
    def from_json(
        cls, content: Mapping[str, Any], *, joints: Sequence[str], protocol: str, joint_choice: str
    ) -> "VideoStatistics":
        """Read what :meth:`as_json` gives.

        Raises:
            ValueError: A count is missing, of another shape, or no number.
        """
        scored = ScoredJoints.of_names(joints)
        videos, metrics = _names(content, "videos"), _names(content, "metrics")
        shapes = _shapes(len(videos), len(scored), metrics)
        arrays = {}
        for name, shape in shapes.items():
            if name.startswith("ap."):
                continue
            array = np.asarray(content["counts"].get(name, ()), np.float64)
            if array.shape != shape or not np.isfinite(array).all():
                raise ValueError(f"'{name}' must be numbers of shape {shape}, got {array.shape}")
            arrays[name] = array
        if "AP" in metrics:
            arrays["ap.right"], arrays["ap.wrong"] = _dense(
                content["counts"].get("ap", ()), len(videos), len(scored)
            )
        return cls(videos, scored, metrics, protocol, joint_choice, arrays)


def _names(content: Mapping[str, Any], field: str) -> tuple[str, ...]:
    names = content[field]
    whole = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not whole or len(set(names)) < len(names):
        raise ValueError(f"'{field}' must be a list of different names")
    return tuple(names)


def _stack(videos: Sequence[VideoCounts], *path: str) -> np.ndarray:
    found = []
    for video in videos:
        value: Any = video
        for name in path:
            value = getattr(value, name)
        found.append(value)
    return np.stack(found)


def _shapes(num_videos: int, num_joints: int, metrics: Sequence[str]) -> dict[str, tuple]:
    per_joint = (num_videos, num_joints)
    per_alpha = (num_videos, len(ALPHAS), num_joints)
    shapes: dict[str, tuple] = {"num_truth": per_joint}
    if "MOTA" in metrics:
        shapes |= {f"mot.{f.name}": per_joint for f in fields(MotCounts)}
        shapes["fragmentations"] = per_joint
    if "IDF1" in metrics:
        shapes |= {f"identity.{f.name}": per_joint for f in fields(IdentityCounts)}
    if "HOTA" in metrics:
        shapes |= {f"hota.{name}": per_alpha for name in _HOTA}
        shapes |= {f"hota.{name}": per_joint for name in ("objects", "predictions")}
    return shapes


def _sparse(right: np.ndarray, wrong: np.ndarray) -> list[list[int]]:
    """Ranges that hold a detection: [range, right, wrong] each."""
    used = np.flatnonzero(right + wrong)
    return np.column_stack([used, right[used], wrong[used]]).tolist()


def _dense(content: Any, num_videos: int, num_joints: int) -> tuple[np.ndarray, np.ndarray]:
    right, wrong = np.zeros((2, num_videos, num_joints, NUM_BINS))
    if len(content) != num_videos or any(len(video) != num_joints for video in content):
        raise ValueError(f"'ap' must have {num_videos} videos with {num_joints} joints each")
    for n, video in enumerate(content):
        for j, rows in enumerate(video):
            table = np.asarray(rows or np.zeros((0, 3)), np.float64)
            ranges = table[:, 0] if table.ndim == 2 and table.shape[1] == 3 else np.array([-1.0])
            if not (np.isfinite(table).all() and np.isin(ranges, np.arange(NUM_BINS)).all()):
                raise ValueError(
                    f"'ap' of video {n}, joint {j} must be rows [range, right, wrong], ranges "
                    f"from 0 to {NUM_BINS - 1}"
                )
            right[n, j, ranges.astype(int)], wrong[n, j, ranges.astype(int)] = table.T[1:]
    return right, wrong
