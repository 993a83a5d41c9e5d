"""MOT challenge text: the boxes of the tracks, one file per video."""

import re
from pathlib import Path

import numpy as np

from mmpose_temporal.posetrack.fields import integer, numbers, sizes_of_box
from mmpose_temporal.posetrack.scores import say_scores
from mmpose_temporal.utils import atomic_write
from mmpose_temporal.utils.text import shown

from .tracks import VideoTracks

MOT_LOSES = (
    "MOT text has boxes only: keypoints and their scores, image ids, names and sizes, and frames "
    "after the last one with people are lost"
)
"""What the format cannot hold."""

MAX_FRAME = 1_000_000
"""Of the frames that are read (choice: 9 hours of video at 30 frames per second; the result has an
item for each frame up to the last, so a wrong number would fill the memory)."""

NAMES = ("frame", "id", "x", "y", "w", "h", "score")
"""The columns that are read."""

_NUMBER = re.compile(r"[+-]?([0-9]{1,400}\.?[0-9]{0,400}|\.[0-9]{1,400})([eE][+-]?[0-9]{1,4})?")

COLUMNS = 10
"""frame, id, x, y, width, height, score, and -1 three times (a place in the world)."""


def write_mot(path: str | Path, tracks: VideoTracks) -> int:
    """Write one line ``frame,id,x,y,w,h,score,-1,-1,-1`` per person, atomically.

    Frames count from 1 in the order of the video. Choices: ids stay (PoseTrack's begin with 0),
    and so do the pixels, whose first has the centre (0, 0); the MOT challenge counts pixels from
    1, which moves all boxes alike. Numbers have as many digits as float32 needs.

    Returns:
        How many boxes were written.
    """
    lines = []
    for number, frame in enumerate(tracks.frames, start=1):
        poses = frame.poses
        corners = poses.boxes[:, :2], poses.boxes[:, 2:]
        low = np.minimum(*corners)
        boxes = np.concatenate([low, np.maximum(*corners) - low], axis=1)
        columns = np.concatenate([boxes, poses.box_scores[:, None]], axis=1)
        for track_id, row in zip(poses.track_ids.tolist(), columns, strict=True):
            values = ",".join(np.format_float_positional(v, trim="-") for v in row)
            lines.append(f"{number},{track_id},{values},-1,-1,-1\n")
    with atomic_write(path) as file:
        file.writelines(lines)
    return len(lines)


def read_mot(path: str | Path) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Read MOT text; empty lines are skipped.

    Returns:
        For each frame from 1 to the last one with people: track ids (M,) int64, boxes (M, 4)
        float32 xyxy, scores (M,) float32. Frames without people share their empty arrays.

    Raises:
        OSError: The file cannot be opened.
        ValueError: A line does not have 7 to 10 numbers, a frame is below 1 or above
            :data:`MAX_FRAME`, an id is no integer of 64 bits or stands twice in a frame (other
            than -1, no id), or a box has a negative size; the text names file, line and column.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text (UTF-8): byte {error.start}") from error
    frames, ids, rows, seen = [], [], [], set()
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        frame, track_id, row = _line(line, f"{path}, line {number}")
        if track_id >= 0 and (frame, track_id) in seen:
            raise ValueError(f"{path}, line {number}: id {track_id} stands twice in frame {frame}")
        seen.add((frame, track_id))
        frames.append(frame)
        ids.append(track_id)
        rows.append(row)
    order = np.argsort(frames, kind="stable")
    numbers, track_ids = np.array(frames, np.int64)[order], np.array(ids, np.int64)[order]
    table = np.array(rows, np.float64).reshape(-1, 5)[order]
    boxes = table[:, :4].astype(np.float32)
    boxes[:, 2:] += boxes[:, :2]
    scores = table[:, 4].astype(np.float32)
    say_scores(path, score=scores)
    nobody = (track_ids[:0], boxes[:0], scores[:0])
    found = [nobody] * int(numbers.max(initial=0))
    for frame in np.unique(numbers).tolist():
        part = slice(*np.searchsorted(numbers, [frame, frame + 1]))
        found[frame - 1] = (track_ids[part], boxes[part], scores[part])
    return found


def _line(line: str, where: str) -> tuple[int, int, list[float]]:
    """Frame, id, and x, y, w, h, score of a line."""
    parts = [part.strip() for part in line.split(",")]
    if not 7 <= len(parts) <= COLUMNS:
        raise ValueError(
            f"{where}: expected 7 to {COLUMNS} columns (frame, id, x, y, w, h, score, ...), got "
            f"{len(parts)}: {shown(line)}"
        )
    values = {}
    for name, part in zip(NAMES, parts, strict=False):
        if not _NUMBER.fullmatch(part):
            raise ValueError(f"{where}: {name} is no number: {shown(part)}")
        # An integer stays one: a float has 53 bits, and an id may have 64.
        values[name] = int(part) if part.lstrip("+-").isdigit() else float(part)
    frame, track_id = (integer(values, name, where) for name in ("frame", "id"))
    if not 1 <= frame <= MAX_FRAME:
        raise ValueError(f"{where}: frame is {frame}; frames count from 1 to {MAX_FRAME}")
    row = numbers([values[name] for name in NAMES[2:]], "x, y, w, h, score", 5, where)
    sizes_of_box(row[:4], "x, y, w, h", where)
    return frame, track_id, row.tolist()
