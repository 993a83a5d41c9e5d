"""Give track ids to poses that lie in files, of any estimator; most trackers need no images."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.model import BaseModel
from mmpose.registry import MODELS
from rich.progress import track

from mmpose_temporal.compat import with_classes
from mmpose_temporal.datasets import (
    LoadVideoFrame,
    VideoAnnotation,
    frame_poses,
    frame_sample,
    load_videos,
)
from mmpose_temporal.evaluation import PredictedFrame, write_video_predictions
from mmpose_temporal.mmpose_files import (
    MMPoseVideo,
    is_mmpose_predictions,
    output_paths,
    read_mmpose_videos,
)
from mmpose_temporal.models.trackers import PoseOnlyTracker
from mmpose_temporal.models.trackers.tracker_model import random_weights
from mmpose_temporal.posetrack import (
    check_fps,
    each_video,
    frame_clocks,
    input_files,
    prediction_paths,
)
from mmpose_temporal.structures import INPUT_ROW, FramePacket, Skeleton
from mmpose_temporal.utils import safe_join
from mmpose_temporal.utils.config_errors import building, model_settings, other_model, read_config
from mmpose_temporal.utils.failed_files import FailedFiles

from .loading import load_weights


@dataclass(slots=True)
class TrackingReport:
    """What became of the poses.

    Attributes:
        videos: Number of videos.
        frames: Number of frames.
        poses: Number of poses read.
        tracked: Number of poses written, each with an id.
        tracks: Number of different ids, summed over videos.
        dropped: Reason -> number of poses left out.
        failed: Files that were left out because they are broken, list no frames, or have a frame
            that cannot be read.
    """

    videos: int = 0
    frames: int = 0
    poses: int = 0
    tracked: int = 0
    tracks: int = 0
    dropped: Counter = field(default_factory=Counter)
    failed: FailedFiles = field(default_factory=FailedFiles)

    def __str__(self) -> str:
        lines = [
            f"{self.tracked} of {self.poses} poses in {self.frames} frames of {self.videos} "
            f"videos have an id ({self.tracks} tracks)"
        ]
        lines += [
            f"  left out, {reason}: {count}" for reason, count in sorted(self.dropped.items())
        ]
        return "\n".join([*lines, *self.failed.lines("tracked")])


def build_pose_only_tracker(
    config: str | Path | Config, checkpoint: str | None = None
) -> BaseModel:
    """Build the tracker of a config for known poses.

    Args:
        config: Its model is a :class:`PoseOnlyTracker`.
        checkpoint: Weights of a similarity that learns.

    Raises:
        ValueError: The config is none, or names an unknown part or option; the model needs images,
            a similarity (of the association or of merging) learns and has no weights of a
            checkpoint, or ``checkpoint`` cannot be read safely.
        RuntimeError: ``checkpoint`` does not fit.
    """
    cfg = config if isinstance(config, Config) else read_config(config)
    settings = with_classes(dict(model_settings(cfg)))
    kind = settings["type"]
    known = isinstance(kind, type) and issubclass(kind, PoseOnlyTracker)
    if not known:
        wanted = (
            "tracking known poses takes a PoseOnlyTracker, as in configs/baselines/oks-tracker.py"
        )
        raise ValueError(other_model(cfg, wanted))
    with building(cfg):
        model = MODELS.build(settings)
    if checkpoint is not None:
        load_weights(model, checkpoint, strict=True)
    _refuse_random_weights(model)
    return model.eval()


def _refuse_random_weights(model: PoseOnlyTracker) -> None:
    similarities = {
        "association": model.association.similarity,
        "merging": getattr(model.merging, "similarity", None),
    }
    for part, similarity in similarities.items():
        if similarity is not None and not similarity.ready:
            raise ValueError(
                f"{type(similarity).__name__} has random weights: give --checkpoint FILE, or set "
                f"model.{part}.similarity.checkpoint"
            )
    if random := model.random_parts():
        raise ValueError(random_weights(random))


def track_pose_files(
    tracker: BaseModel,
    poses: str | Path,
    out: str | Path,
    *,
    images: str | Path | None = None,
    skeleton: Skeleton | None = None,
    frame_order: str = "auto",
    overwrite: bool = False,
    fps: float | None = None,
    progress: bool = True,
) -> TrackingReport:
    """Track all videos of a folder and write each as soon as it is done.

    Args:
        tracker: From :func:`build_pose_only_tracker`.
        poses: Folder of per-video JSON files in the PoseTrack18 layout (or one file with all);
            or files of mmpose's own predictions, see :mod:`mmpose_temporal.mmpose_files.layouts`.
            Ids in them are ignored; without scores every joint scores 1.
        out: Folder for the same files with ids, and with their own names of keypoints.
        images: Folder that the frames' paths in ``poses`` begin in, for a tracker that looks at
            the frames. None: none are opened. mmpose's predictions name no images.
        skeleton: The keypoints of the files. None: those of the tracker's option ``metainfo``,
            and without that those that the files name; PoseTrack18's if they name none, and of
            mmpose's predictions an error.
        frame_order: What orders the frames of a video, see
            :mod:`mmpose_temporal.posetrack.frame_order`.
        overwrite: Replace files in ``out`` that hold something else than what is written now.
        fps: Frames per second of the frames' numbers, for ages in seconds; the times are written
            too, but not into mmpose's predictions. None: those that the files give (``time`` of
            the images).
        progress: Show a progress bar.

    Returns:
        The report; the poses read are those written and those counted as dropped.

    Raises:
        ValueError: No file can be used (the error of the only one); or a file of ``out`` would
            replace one of ``poses`` (behind a link, too), or two videos would be written to one
            file; then nothing is written.
        FileExistsError: A file in ``out`` holds something else and ``overwrite`` is not set.
    """
    if Path(out).resolve() == Path(poses).resolve():
        raise ValueError(f"the tracked poses would overwrite those to be tracked: {out}")
    check_fps(fps)
    report = TrackingReport()
    skeleton = tracker.stated_skeleton if skeleton is None else skeleton
    find = _mmpose_jobs if is_mmpose_predictions(poses) else _posetrack_jobs
    options = dict(skeleton=skeleton, frame_order=frame_order)
    total, jobs = find(poses, out, report.failed, overwrite=overwrite, **options)
    if find is _mmpose_jobs:
        _require_mmpose_support(tracker, poses, images)
    for job in track(jobs, "Tracking", total=total, disable=not progress):
        video, finish = job.video, partial(_track_video, tracker, job, images, fps)
        finished = report.failed.attempt(job.path, finish)
        if finished is None:
            tracker.reset()
            continue
        save = partial(job.save, finished)
        if report.failed.attempt(job.path, save, kinds=(ValueError,)) is None:
            continue
        report.videos += 1
        report.frames += len(finished)
        report.poses += sum(len(frame.people) for frame in video.frames)
        report.tracked += sum(len(frame.people) for frame in finished)
        report.tracks += len({i for frame in finished for i in frame.people.track_ids.tolist()})
        for frame in finished:
            report.dropped.update(frame.dropped)
    report.failed.require_others(total)
    if report.poses != report.tracked + report.dropped.total():
        raise RuntimeError(f"poses were lost on the way: {report}")
    return report


def _track_video(
    tracker: BaseModel, job: "_Job", images: str | Path | None, fps: float | None
) -> list[FramePacket]:
    video, finished = job.video, []
    tracker.pipeline.use_skeleton(video.skeleton)
    load = LoadVideoFrame(on_error="raise")
    clocks = frame_clocks(video, fps)
    for index, frame in enumerate(video.frames):
        sample = frame_sample(video, index, clocks[index])
        image = None
        if images is not None and sample.searched:
            path = str(safe_join(images, frame.file_name))
            item = dict(img_path=path, video_id=video.video_id, frame_index=index)
            image = load(dict(item, annotated_size=frame.size))["img"]
        people = frame_poses(frame)
        people = people.with_extras(**{INPUT_ROW: np.arange(len(people))})
        finished += tracker.track(sample, people, image)
    return finished


@dataclass(frozen=True, eq=False)
class _Job:
    """A video that is tracked.

    Attributes:
        path: Its file or folder, for errors.
        video: Its frames and people.
        save: Writes the finished frames.
    """

    path: Path
    video: VideoAnnotation
    save: Callable[[list[FramePacket]], object]


def _posetrack_jobs(
    poses: str | Path, out: str | Path, failed: FailedFiles, *, overwrite: bool, **options: Any
) -> tuple[int, Iterator[_Job]]:
    """The videos in files of PoseTrack18's layout, and how many there are."""
    options["need_ids"] = False
    files, folder = input_files(poses), Path(poses).is_dir()
    if folder:
        names, videos = [file.stem for file in files], each_video(poses, failed, **options)
    else:
        videos = load_videos(poses, **options)
        names = [video.video_id for video in videos]
    prediction_paths(out, names, inputs=files)
    jobs = (
        _Job(
            Path(poses, f"{video.video_id}.json") if folder else Path(poses),
            video,
            partial(_write, out, video, overwrite),
        )
        for video in videos
    )
    return len(names), jobs


def _write(
    out: str | Path, video: VideoAnnotation, overwrite: bool, finished: list[FramePacket]
) -> Path:
    predicted = [_predicted(frame) for frame in finished]
    return write_video_predictions(
        out, video.video_id, predicted, skeleton=video.skeleton, overwrite=overwrite
    )


def _mmpose_jobs(
    poses: str | Path, out: str | Path, failed: FailedFiles, *, overwrite: bool, **options: Any
) -> tuple[int, Iterator[_Job]]:
    """The videos in mmpose's files of predictions, and how many there are."""
    output_paths(out, poses)
    videos = read_mmpose_videos(poses, failed=failed, **options)

    def save(video: MMPoseVideo, finished: list[FramePacket]) -> list[Path]:
        # the rows of a frame's people in the file, and their ids
        rows = [(f.index, f.people.extra(INPUT_ROW), f.people.track_ids) for f in finished]
        return video.write(out, rows, overwrite=overwrite)

    jobs = (_Job(v.documents[0].path, v.video, partial(save, v)) for v in videos)
    return len(videos) + len(failed), jobs


def _require_mmpose_support(
    tracker: BaseModel, poses: str | Path, images: str | Path | None
) -> None:
    """Raise if the files lack what is asked of them, or could not show what was changed."""
    if images is not None:
        raise ValueError(
            f"{poses}: mmpose's predictions name no images, so there are none to look for in "
            f"{images}; for a tracker that looks at the frames, write files in the PoseTrack18 "
            "layout"
        )
    if tracker.refinement is not None:
        raise ValueError(
            f"{poses}: mmpose's predictions get ids and stay as they are otherwise; set "
            "model.refinement=None, or write files in the PoseTrack18 layout"
        )


def _predicted(frame: FramePacket) -> PredictedFrame:
    sample = frame.sample
    return PredictedFrame(
        image_id=sample.img_id,
        frame_id=sample.frame_id,
        file_name=sample.frame_name,
        size=sample.frame_size,
        time=sample.get("time"),
        poses=frame.people,
    )
