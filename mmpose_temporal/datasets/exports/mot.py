"""MOT challenge text: the boxes of the tracks, one file per video."""

from pathlib import Path

import numpy as np

from mmpose_temporal.utils import atomic_write

from .tracks import VideoTracks

MOT_LOSES = (
    "MOT text has boxes only: keypoints and their scores, image ids, names and sizes, and frames "
    "after the last one with people are lost"
)
"""What the format cannot hold."""

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
        boxes = poses.boxes.copy()
        boxes[:, 2:] -= boxes[:, :2]
        columns = np.concatenate([boxes, poses.box_scores[:, None]], axis=1)
        for track_id, row in zip(poses.track_ids.tolist(), columns, strict=True):
            values = ",".join(np.format_float_positional(v, trim="-") for v in row)
            lines.append(f"{number},{track_id},{values},-1,-1,-1\n")
    with atomic_write(path) as file:
        file.writelines(lines)
    return len(lines)


def read_mot(path: str | Path) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Read MOT text.

    Returns:
        For each frame from 1 to the last one with people: track ids (M,) int64, boxes (M, 4)
        float32 xyxy, scores (M,) float32.

    Raises:
        ValueError: A line has not 7 to 10 numbers, or a frame below 1; the text names it.
    """
    rows = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), start=1):
        parts = line.split(",")
        try:
            row = [float(part) for part in parts[:7]]
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {line!r} holds no numbers") from error
        if not 7 <= len(parts) <= COLUMNS or row[0] < 1 or row[0] != int(row[0]):
            raise ValueError(
                f"{path}, line {number}: expected frame (from 1), id, x, y, w, h, score, "
                f"got {line!r}"
            )
        rows.append(row)
    table = np.array(rows, np.float64).reshape(-1, 7)
    frames = []
    for number in range(1, int(table[:, 0].max(initial=0)) + 1):
        part = table[table[:, 0] == number]
        boxes = part[:, 2:6].astype(np.float32)
        boxes[:, 2:] += boxes[:, :2]
        frames.append((part[:, 1].astype(np.int64), boxes, part[:, 6].astype(np.float32)))
    return frames
