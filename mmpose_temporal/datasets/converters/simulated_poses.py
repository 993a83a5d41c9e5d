"""Files of poses with the errors of an estimator, made from annotations, to test trackers with."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from mmpose_temporal.datasets import VideoAnnotation
from mmpose_temporal.datasets.tracklets import ErrorRates, clip_of_video, simulate_errors
from mmpose_temporal.evaluation import PredictedFrame, write_video_predictions
from mmpose_temporal.posetrack import each_video, prediction_paths, video_files
from mmpose_temporal.posetrack.fields import integer, load_json
from mmpose_temporal.structures import People, posetrack_metainfo
from mmpose_temporal.utils import write_json
from mmpose_temporal.utils.failed_files import FailedFiles
from mmpose_temporal.utils.text import shown_name


@dataclass(slots=True)
class SimulationReport:
    """What was written.

    Attributes:
        videos: Number of videos.
        frames: Number of frames.
        poses: Number of poses.
        annotated: Number of annotated people in those frames.
        files: The files.
        failed: Files that were left out because they are broken or have unlabelled frames.
    """

    videos: int = 0
    frames: int = 0
    poses: int = 0
    annotated: int = 0
    files: list[Path] = field(default_factory=list)
    failed: FailedFiles = field(default_factory=FailedFiles)

    def __str__(self) -> str:
        done = (
            f"{self.poses} poses for {self.annotated} annotated people in {self.frames} frames of "
            f"{self.videos} videos"
        )
        return "\n".join([done, *self.failed.lines("simulated")])


def simulate_pose_files(
    annotations: str | Path,
    out: str | Path,
    *,
    rates: ErrorRates | None = None,
    frame_step: int = 1,
    frame_order: str = "auto",
    seed: int = 0,
    overwrite: bool = False,
) -> SimulationReport:
    """Write ``out/poses`` (with errors, without ids) and ``out/truth``, of the same frames.

    Track ids in ``out/poses`` are those of an arbitrary order, 0 to M - 1 in each frame.

    Args:
        annotations: Folder of per-video JSON files in the PoseTrack18 layout, every frame
            labelled.
        out: Folder.
        rates: Errors; the default ones if None.
        frame_step: Take every n-th frame.
        frame_order: What orders the frames, see :mod:`mmpose_temporal.posetrack.frame_order`.
        seed: Of the errors; each video has its own, by its place in the folder.
        overwrite: Replace files below ``out`` that hold something else than what is written now.

    Raises:
        ValueError: No file can be used: broken annotations, a frame without labels; or
            ``out/truth`` is the folder of the annotations.
        FileNotFoundError: No annotations.
        FileExistsError: A file holds something else and ``overwrite`` is not set.
    """
    if not Path(annotations).is_dir():
        raise FileNotFoundError(f"{annotations} is no folder of per-video JSON files")
    if frame_step < 1 or seed < 0:
        raise ValueError(f"frame_step must be 1 or more and seed 0 or more: {frame_step}, {seed}")
    if Path(annotations).resolve() == Path(out, "truth").resolve():
        raise ValueError(f"the annotations {annotations} would be overwritten: choose another out")
    report, sources = SimulationReport(), video_files(Path(annotations))
    for folder in ("poses", "truth"):
        prediction_paths(Path(out, folder), list(sources), inputs=sources.values())
    numbers = {name: number for number, name in enumerate(sources)}
    for video in each_video(annotations, report.failed, frame_order=frame_order):
        video = replace(video, frames=video.frames[::frame_step])
        path = sources[video.video_id]
        rng = np.random.default_rng([seed, numbers[video.video_id]])
        target = dict(out=Path(out), overwrite=overwrite)
        write = partial(_write_video, video, path, rates or ErrorRates(), rng, **target)
        frames = report.failed.attempt(path, write, kinds=(ValueError,))
        if frames is None:
            continue
        report.files.append(Path(out, "poses", f"{video.video_id}.json"))
        report.videos += 1
        report.frames += len(frames)
        report.poses += sum(len(frame.poses) for frame in frames)
        report.annotated += sum(len(frame.people) for frame in video.frames)
    report.failed.require_others(len(sources))
    return report


def _write_video(
    video: VideoAnnotation,
    path: Path,
    rates: ErrorRates,
    rng: np.random.Generator,
    *,
    out: Path,
    overwrite: bool,
) -> list[PredictedFrame]:
    """Write the two files of a video; returns the frames with errors."""
    blank = [frame.file_name for frame in video.frames if not frame.is_labeled]
    if blank:
        raise ValueError(
            f"{path}: {len(blank)} frames have no labels, {shown_name(blank[0])} first, so errors "
            "cannot be simulated there; keep the labelled frames only"
        )
    frames = _with_errors(video, rates, rng)
    written = write_video_predictions(out / "poses", video.video_id, frames, overwrite=overwrite)
    kept = {frame.image_id for frame in video.frames}
    try:
        truth = _subset(load_json(path), kept)
        write_json(out / "truth" / written.name, truth, overwrite=overwrite)
    except (ValueError, RecursionError) as error:  # NaN, or nested too deeply, where not read
        written.unlink()
        raise ValueError(f"{path} cannot be written again: {error}") from error
    return frames


def _with_errors(
    video: VideoAnnotation, rates: ErrorRates, rng: np.random.Generator
) -> list[PredictedFrame]:
    flip_indices = posetrack_metainfo("posetrack18")["flip_indices"]
    noisy = simulate_errors(clip_of_video(video), rates, flip_indices, rng)
    return [
        PredictedFrame(
            image_id=frame.image_id,
            frame_id=frame.frame_id,
            file_name=frame.file_name,
            size=frame.size,
            poses=People.create(
                keypoints=found.poses[..., :2],
                keypoint_scores=found.poses[..., 2],
                track_ids=np.arange(len(found.poses)),
            ),
        )
        for frame, found in zip(video.frames, noisy, strict=True)
    ]


def _subset(content: dict, image_ids: set[int]) -> dict:
    """The file with some of its images only."""
    return dict(
        content,
        images=[x for x in content["images"] if integer(x, "id", "image") in image_ids],
        annotations=[
            x for x in content["annotations"] if integer(x, "image_id", "person") in image_ids
        ],
    )
