"""Writes a split of a synthetic PoseTrack18 data set to disk."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
from rich.progress import track

from mmpose_temporal.posetrack import video_files
from mmpose_temporal.structures import person_categories
from mmpose_temporal.utils import atomic_write, refuse_inputs, write_json
from mmpose_temporal.utils.failed_files import FailedFiles
from mmpose_temporal.utils.processes import start_worker
from mmpose_temporal.utils.staging import claim_folder

from .annotations import image_entry, merge, person_entries, read_annotations
from .config import MAX_VIDEOS, SPLITS, SyntheticVideoConfig, video_index, video_name
from .detections import DetectorNoise, simulate_detections
from .video import render_video

JPEG_QUALITY = 95
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, kw_only=True)
class SplitSummary:
    """What a call wrote: the split's folder of images, its files, and counts."""

    images: Path
    annotations: Path
    merged: Path
    detections: Path | None
    num_videos: int
    num_frames: int
    num_poses: int
    num_detections: int


def write_video(
    folder: Path, config: SyntheticVideoConfig, *, split: str, index: int, seed: int
) -> dict[str, Any]:
    """Writes the frames of one video into ``folder`` and returns its PoseTrack18 dictionary.

    Args:
        folder: Empty or missing folder for ``000000.jpg``, ``000001.jpg``, ...
        config: What the video looks like.
        split: Name of the split, for the file names in the annotations.
        index: Number of the video, see ``video_index``.
        seed: Seed of the data set.

    Raises:
        OSError: When a frame cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for frame, (picture, truth) in enumerate(render_video(config, seed=seed, index=index)):
        done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if not done:
            raise OSError(f"OpenCV cannot encode frame {frame} of video {index} as JPEG")
        (folder / f"{frame:06d}.jpg").write_bytes(data.tobytes())
        images.append(image_entry(truth, config, split=split, index=index, frame=frame))
        annotations.extend(
            person_entries(truth, index=index, frame=frame, hidden=config.annotate_hidden)
        )
    return {"images": images, "annotations": annotations, "categories": person_categories()}


def _write_position(
    position: int, *, stage: Path, config: SyntheticVideoConfig, split: str, seed: int
) -> Path:
    """Writes the video at a position of the split into the stage; the path of its JSON."""
    index = video_index(split, position)
    name = video_name(index)
    video = write_video(stage / "images" / name, config, split=split, index=index, seed=seed)
    target = stage / "annotations" / f"{name}.json"
    write_json(target, video)
    return target


def _start_worker() -> None:
    cv2.setNumThreads(0)
    start_worker()


@contextmanager
def _mapper(workers: int) -> Iterator[Callable[..., Iterable]]:
    """``map`` over processes, or the built-in one for a single worker; results in order."""
    if workers == 1:
        yield map
        return
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else "spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
    try:
        yield pool.map
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _paths(out: Path, split: str) -> tuple[Path, Path, Path, Path]:
    notes = out / "annotations"
    return (
        out / "images" / split,
        notes / split,
        notes / f"posetrack18_{split}.json",
        notes / f"{split}_detections.json",
    )


def _check(out: Path, split: str, num_videos: int, workers: int, overwrite: bool) -> None:
    """Checks the arguments of :func:`write_dataset`."""
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}; choose one of {', '.join(SPLITS)}")
    if not 1 <= num_videos <= MAX_VIDEOS:
        raise ValueError(f"num_videos must be in 1..{MAX_VIDEOS}, got {num_videos}")
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{out} is a file; name a folder for the data set")
    there = [path for path in _paths(out, split) if path.exists()]
    if there and not overwrite:
        raise FileExistsError(
            f"{out} already holds the split {split!r} ({there[0]}); pass overwrite to replace"
        )


def write_dataset(
    out: str | Path,
    split: str,
    *,
    config: SyntheticVideoConfig,
    num_videos: int,
    seed: int = 0,
    workers: int = 1,
    detections: DetectorNoise | None = None,
    overwrite: bool = False,
    progress: bool = True,
) -> SplitSummary:
    """Writes one split in the PoseTrack18 layout.

    Files: ``images/<split>/<video>/<frame>.jpg``, ``annotations/<split>/<video>.json``,
    ``annotations/posetrack18_<split>.json`` (all videos) and, with ``detections``,
    ``annotations/<split>_detections.json``. All is made in ``.<split>.partial`` and moved at the
    end, so that a call that is cut off leaves an old split as it was and no new one that looks
    whole; the next call removes what it left. The bytes do not depend on ``workers``.

    Args:
        out: Folder of the data set; other splits in it stay.
        split: ``train``, ``val`` or ``test``.
        config: What the videos look like.
        num_videos: Number of videos.
        seed: Seed; splits made with one seed share no video.
        workers: Processes.
        detections: Errors of a simulated detector whose boxes are written too.
        overwrite: Replace an existing split.
        progress: Show a progress bar.

    Raises:
        ValueError: When an argument is out of range.
        FileExistsError: If the split exists and ``overwrite`` is not set, or another call is
            writing it now.
        NotADirectoryError: When ``out`` is a file.
    """
    out = Path(out)
    _check(out, split, num_videos, workers, overwrite)
    if seed < 0:
        raise ValueError(f"seed must not be negative, got {seed}")
    stage, descriptor = claim_folder(out / f".{split}.partial", alone=True)
    work = partial(_write_position, stage=stage, config=config, split=split, seed=seed)
    try:
        with _mapper(min(workers, num_videos)) as mapper:
            results = mapper(work, range(num_videos))
            title = f"Rendering {split}"
            steps = track(results, title, total=num_videos, disable=not progress)
            videos = [json.loads(path.read_text(encoding="utf-8")) for path in steps]
        boxes = None
        if detections is not None:
            boxes = [box for v in videos for box in simulate_detections(v, detections, seed=seed)]
        merged = merge(videos)
        write_json(stage / "merged.json", merged)
        if boxes is not None:
            write_json(stage / "detections.json", boxes)
        _publish(out, split, stage)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    finally:
        if descriptor is not None:
            os.close(descriptor)
    images, notes, whole, found = _paths(out, split)
    return SplitSummary(
        images=images,
        annotations=notes,
        merged=whole,
        detections=None if boxes is None else found,
        num_videos=num_videos,
        num_frames=len(merged["images"]),
        num_poses=len(merged["annotations"]),
        num_detections=0 if boxes is None else len(boxes),
    )


def _publish(out: Path, split: str, stage: Path) -> None:
    """Moves a finished stage into place; the merged file goes last and out first."""
    images, notes, merged, detections = _paths(out, split)
    for path in (merged, detections):
        path.unlink(missing_ok=True)
    for path in (notes, images):
        if path.exists():
            shutil.rmtree(path)
        path.parent.mkdir(parents=True, exist_ok=True)
    (stage / "images").rename(images)
    (stage / "annotations").rename(notes)
    if (stage / "detections.json").exists():
        (stage / "detections.json").rename(detections)
    (stage / "merged.json").rename(merged)
    shutil.rmtree(stage)


def write_detections(
    annotations: str | Path,
    target: str | Path,
    *,
    noise: DetectorNoise,
    seed: int = 0,
    failed: FailedFiles | None = None,
) -> int:
    """Simulates a detector on a folder of PoseTrack18 JSON files.

    Args:
        annotations: Folder with one JSON file per video.
        target: File to write, a COCO-style list.
        noise: Errors of the detector.
        seed: Seed.
        failed: Gets the files that are broken or list no frames; the others are used.

    Returns:
        Number of boxes written.

    Raises:
        FileNotFoundError: When the folder holds no JSON file.
        ValueError: When no file is a PoseTrack18 annotation (the error of the only one), or
            ``target`` is one of them.
    """
    if not Path(annotations).is_dir():
        raise FileNotFoundError(f"no *.json files in {annotations}: it is no folder")
    files = [*video_files(Path(annotations)).values()]
    refuse_inputs([target], files)
    failed = FailedFiles() if failed is None else failed
    boxes: list[dict[str, Any]] = []
    for path in files:
        boxes += failed.attempt(path, partial(_detections, path, noise, seed)) or []
    failed.require_others(len(files))
    write_json(target, boxes)
    return len(boxes)


def _detections(path: Path, noise: DetectorNoise, seed: int) -> list[dict[str, Any]]:
    try:
        return simulate_detections(read_annotations(path), noise, seed=seed)
    except ValueError as error:
        raise ValueError(f"{path} is not a usable PoseTrack18 annotation: {error}") from error


def image_suffix(path: str | Path) -> str:
    """The suffix of a picture that :func:`write_image` can write, in small letters.

    Raises:
        ValueError: When it is none of ``IMAGE_SUFFIXES``.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in IMAGE_SUFFIXES:
        raise ValueError(f"a picture's name ends in {', '.join(IMAGE_SUFFIXES)}, not {path}")
    return suffix


def write_image(path: str | Path, picture: Any, *, quality: int = JPEG_QUALITY) -> None:
    """Writes a picture in the format of the file's name, atomically.

    Args:
        path: The file; its suffix is one of ``IMAGE_SUFFIXES``, in capitals or not.
        picture: (H, W, 3) uint8 BGR.
        quality: Of a JPEG, 0 to 100; a PNG is exact.

    Raises:
        ValueError: When the suffix is another one.
        OSError: When OpenCV cannot encode the picture.
    """
    suffix = image_suffix(path)
    options = [] if suffix == ".png" else [cv2.IMWRITE_JPEG_QUALITY, quality]
    done, data = cv2.imencode(suffix, picture, options)
    if not done:
        raise OSError(f"OpenCV cannot encode {path}")
    with atomic_write(path, "wb") as file:
        file.write(data.tobytes())
