"""Running a detector over frames into a COCO-style detection file."""

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mmengine.logging import print_log
from mmpose.structures import PoseDataSample
from rich.progress import Progress

from mmpose_temporal.datasets import load_videos
from mmpose_temporal.datasets.converters import ConversionReport
from mmpose_temporal.datasets.converters.files import require_free
from mmpose_temporal.posetrack.fields import flag, integer, numbers
from mmpose_temporal.posetrack.records import checked_name
from mmpose_temporal.utils import atomic_write, safe_join, write_json
from mmpose_temporal.utils.file_kinds import FRAMES_OF_VIDEO, VIDEO_SUFFIXES
from mmpose_temporal.utils.images import WrongSizeError, read_image
from mmpose_temporal.utils.listing import list_inputs, natural_key

if TYPE_CHECKING:
    from mmpose_temporal.models.trackers import BoxSource

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")

Frames = Sequence[tuple[int, str]]
"""Image ids, each with the image's path below the root."""


def annotated_frames(annotations: str | Path, root: str | Path) -> list[tuple[int, str]]:
    """The frames that annotations list, with the ids that they have there.

    Args:
        annotations: Folder of PoseTrack18 files, or one file.
        root: Data root that the file names are relative to.

    Raises:
        FileNotFoundError: No annotations.
        ValueError: They are broken, an id belongs to two images, or a name leaves the root.
    """
    found: dict[int, str] = {}
    # Boxes belong to image ids, so the order of the frames does not matter here.
    for video in load_videos(annotations, skeleton=None, frame_order="file"):
        for frame in video.frames:
            checked_name(frame.file_name, f"{annotations}: video {video.video_id}")
            if found.setdefault(frame.image_id, frame.file_name) != frame.file_name:
                raise ValueError(
                    f"{annotations}: image id {frame.image_id} stands for {frame.file_name} and "
                    f"{found[frame.image_id]}; detections could not tell them apart"
                )
    return list(found.items())


def annotated_sizes(annotations: str | Path) -> dict[int, tuple[int, int]]:
    """Image id -> (width, height), of the frames whose annotations state it.

    Raises:
        FileNotFoundError, ValueError: As :func:`annotated_frames`.
    """
    videos = load_videos(annotations, skeleton=None, frame_order="file")
    return {f.image_id: f.size for video in videos for f in video.frames if f.size is not None}


def folder_frames(root: str | Path) -> list[tuple[int, str]]:
    """The images of a folder, or of its sub-folders, one per video.

    Hidden files and folders and leftovers of a killed run are left out
    (:mod:`mmpose_temporal.utils.listing`). Choice: the id of a frame is 10000 times its video's
    position by name, from 1, plus its own position by name, from 0; names are in natural order
    (2 before 10).

    Raises:
        FileNotFoundError: The folder does not exist or holds no images.
        ValueError: A video has more than 10000 frames.
    """
    root = Path(root)
    if not root.is_dir():
        video = root.is_file() and root.suffix.lower() in VIDEO_SUFFIXES
        advice = f", but a video: {FRAMES_OF_VIDEO}" if video else ""
        raise FileNotFoundError(f"{root} is no folder{advice}")
    images = list_inputs(root, IMAGE_SUFFIXES, recursive=True).files
    if not images:
        videos = [path.name for path in sorted(root.iterdir()) if path.suffix in VIDEO_SUFFIXES]
        advice = f"; it holds the video {videos[0]}: {FRAMES_OF_VIDEO}" if videos else ""
        raise FileNotFoundError(f"no images ({', '.join(IMAGE_SUFFIXES)}) in {root}{advice}")
    frames = []
    folders: dict[Path, list[Path]] = {}
    for path in images:
        folders.setdefault(path.parent, []).append(path)
    ordered = sorted(folders.items(), key=lambda item: [natural_key(p) for p in item[0].parts])
    for video, (folder, names) in enumerate(ordered, start=1):
        if len(names) > 10_000:
            raise ValueError(f"{folder} has {len(names)} frames; ids have room for 10000")
        frames += [
            (10_000 * video + i, p.relative_to(root).as_posix()) for i, p in enumerate(names)
        ]
    return frames


def detect_people(
    source: "BoxSource",
    frames: Frames,
    root: str | Path,
    out: str | Path,
    *,
    description: dict[str, Any],
    batch_size: int = 4,
    score_thr: float = 0.05,
    device: str = "cpu",
    file_names: bool = False,
    stated_sizes: Mapping[int, tuple[int, int]] | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> ConversionReport:
    """Write the boxes that a detector finds, as COCO-style detections.

    Interrupted work resumes: finished batches are in ``<out>.partial``, a text file with one JSON
    line per frame, which the finished ``out`` replaces. It only grows, so a crash loses the
    frames of one batch at most. Its first line says what it was made with; resuming with another
    detector, root or other frames is an error.

    Args:
        source: Gives the boxes (:class:`DetectorBoxes`).
        frames: Image ids and paths below ``root``.
        root: Data root.
        out: JSON file to write.
        description: What the boxes depend on (config, checkpoint), JSON-able.
        batch_size: Frames per call.
        score_thr: Boxes below are dropped and counted; they are many and help no tracker.
        device: Where the detector runs.
        file_names: Write ``file_name`` with every box, for ids that no annotation explains.
        stated_sizes: Image id -> (width, height) that the image must have, from
            :func:`annotated_sizes`; boxes in an image of another size would not fit the
            annotations.
        overwrite: Replace ``out`` and start again.
        progress: Show a progress bar.

    Returns:
        Counts. A frame that is unreadable or of another size than stated has no boxes, is
        counted, and is logged with the reason.

    Raises:
        FileExistsError: ``out`` exists and ``overwrite`` is not set.
        ValueError: An option is out of range, ``out`` is one of the frames or something else than
            a file, or ``<out>.partial`` is of other work or damaged.
    """
    out = Path(out)
    names = [safe_join(root, name) for _, name in frames]
    require_free([out], overwrite=overwrite, inputs=names)
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more, got {batch_size}")
    if not 0 <= score_thr <= 1:
        raise ValueError(f"score_thr must be in 0..1, got {score_thr}")
    partial = out.with_name(out.name + ".partial")
    if overwrite:
        partial.unlink(missing_ok=True)
    header = {
        "made_with": description | {"score_thr": score_thr},
        "root": str(Path(root).resolve()),
        "frames": len(frames),
        "frames_sha256": hashlib.sha256(json.dumps(list(frames)).encode()).hexdigest(),
    }
    done = _read_partial(partial, header)
    left = [frame for frame in frames if frame[0] not in done]
    with partial.open("a", encoding="utf-8") as file, Progress(disable=not progress) as bar:
        task = bar.add_task("Detecting", total=len(frames), completed=len(done))
        for batch in _batches(left, batch_size):
            for line in _detect(
                source, batch, root, score_thr, torch.device(device), stated_sizes or {}
            ):
                file.write(json.dumps(line) + "\n")
                done[line["image_id"]] = line
            file.flush()
            bar.advance(task, len(batch))
    report = _write(out, frames, done, file_names)
    partial.unlink()
    return report


def _batches(frames: Frames, size: int) -> Iterator[Frames]:
    for start in range(0, len(frames), size):
        yield frames[start : start + size]


def _read_partial(path: Path, header: dict) -> dict[int, dict]:
    """The finished frames; an incomplete last line is removed from the file.

    Complete lines are never written again.
    """
    if not path.exists():
        with atomic_write(path) as file:
            file.write(json.dumps(header) + "\n")
        return {}
    content = path.read_bytes()
    size = content.rfind(b"\n") + 1
    try:
        lines = [json.loads(line) for line in content[:size].split(b"\n")[:-1]]
        done = {}
        for number, line in enumerate(lines[1:], start=2):
            line = _checked_line(line, f"line {number}")
            done[line["image_id"]] = line
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({error}); pass --overwrite to begin anew") from error
    found = lines[0] if lines and isinstance(lines[0], dict) else {}
    wanted = json.loads(json.dumps(header))
    if found != wanted and found.keys() == wanted.keys() and not done:  # nothing was found yet
        with atomic_write(path) as file:
            file.write(json.dumps(header) + "\n")
        return {}
    if found != wanted:
        different = ", ".join(key for key in wanted if found.get(key) != wanted[key])
        raise ValueError(
            f"{path} was begun with another detector, threshold, root or set of frames "
            f"(different: {different}); pass --overwrite to begin anew"
        )
    if size < len(content):
        os.truncate(path, size)
    return done


def _checked_line(line: Any, where: str) -> dict:
    """The boxes of a frame as they were written."""
    rows = line.get("rows") if isinstance(line, dict) else None
    if not isinstance(rows, list):
        raise ValueError(f"{where}: 'rows' must be a list")
    return {
        "image_id": integer(line, "image_id", where),
        "unreadable": flag(line, "unreadable", where, default=False),
        "rows": [numbers(row, "rows", 5, where).tolist() for row in rows],
        "below": integer(line, "below", where),
    }


def _detect(
    source: "BoxSource",
    batch: Frames,
    root: str | Path,
    score_thr: float,
    device: torch.device,
    stated_sizes: Mapping[int, tuple[int, int]],
) -> Iterator[dict]:
    images, samples, ids = [], [], []
    for image_id, name in batch:
        path = safe_join(root, name)
        try:
            images.append(read_image(path, stated_size=stated_sizes.get(image_id)))
        except (OSError, ValueError) as error:
            print_log(f"no boxes in {path}: {error}", logger="current", level=logging.WARNING)
            wrong = isinstance(error, WrongSizeError)
            left_out = {"unreadable": not wrong, "wrong_size": wrong}
            yield {"image_id": image_id, "rows": [], "below": 0} | left_out
            continue
        ids.append(image_id)
        samples.append(PoseDataSample(metainfo=dict(img_id=image_id, img_path=str(path))))
    for image_id, (boxes, scores) in zip(ids, source(images, samples, device), strict=True):
        kept = scores >= score_thr
        rows = np.concatenate([boxes, scores[:, None]], axis=1)[kept].astype(np.float64)
        rows[:, 2:4] -= rows[:, :2]
        below = int((~kept).sum())
        yield {"image_id": image_id, "unreadable": False, "rows": rows.tolist(), "below": below}


def _write(out: Path, frames: Frames, done: dict[int, dict], file_names: bool) -> ConversionReport:
    report = ConversionReport()
    boxes = []
    for image_id, name in frames:
        line = done[image_id]
        extra = {"file_name": name} if file_names else {}
        for *box, score in line["rows"]:
            boxes.append(
                {"image_id": image_id, "category_id": 1, "bbox": box, "score": score} | extra
            )
        report.left_out["unreadable or missing frames"] += line["unreadable"]
        report.left_out["frames of another size than annotated"] += line.get("wrong_size", False)
        report.left_out["boxes below the score threshold"] += line["below"]
    unusable = report.left_out["unreadable or missing frames"]
    unusable += report.left_out["frames of another size than annotated"]
    searched, found = len(frames) - unusable, sum(bool(done[i]["rows"]) for i, _ in frames)
    report.converted.update(frames=searched, boxes=len(boxes))
    if found < searched:
        report.note(f"nobody was found in {searched - found} of {searched} frames")
    if searched and not found:
        report.note(
            "there is not one box: --category must be the detector's label of people, and "
            "--score-thr lower than its scores"
        )
    write_json(out, boxes)
    return report
