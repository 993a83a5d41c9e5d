"""From a folder of predictions to another format."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from rich.progress import track

from mmpose_temporal.utils.staging import staged_folder

from ..converters.files import require_free, source_files
from ..converters.report import ConversionReport
from ..converters.to_posetrack17 import convert_to_posetrack17
from .coco import COCO_LOSES, write_coco_results
from .mot import MOT_LOSES, write_mot
from .skeletons import NPZ_LOSES, write_skeletons
from .table import CSV_LOSES, write_csv
from .tracks import VideoTracks, read_merged_posetrack, read_posetrack

FORMATS = ("coco", "mot", "csv", "npz", "posetrack17")

_PER_VIDEO: dict[str, tuple[str, str, Callable[[Path, VideoTracks], int], str]] = {
    "mot": (".txt", "boxes", write_mot, MOT_LOSES),
    "csv": (".csv", "rows", write_csv, CSV_LOSES),
    "npz": (".npz", "tracks", write_skeletons, NPZ_LOSES),
}


def export_tracks(
    source: str | Path,
    out: str | Path,
    *,
    format: str,
    frame_order: str = "auto",
    overwrite: bool = False,
    progress: bool = False,
) -> ConversionReport:
    """Export PoseTrack18-layout predictions.

    Args:
        source: Folder of predictions, one JSON a video, or one file, of one video or of many.
        out: For ``coco`` the JSON file to write, else a folder: one file per video.
        format: One of ``coco``, ``mot``, ``csv``, ``npz``, ``posetrack17``.
        frame_order: What orders the frames, see :mod:`mmpose_temporal.posetrack.frame_order`.
        overwrite: Replace existing files.
        progress: Show a progress bar.

    Returns:
        What was written, what the format loses, and which files of a folder were left out
        because they are broken, list no frames, or lack what the format needs.

    Raises:
        FileExistsError: A target exists and ``overwrite`` is not set.
        FileNotFoundError: No predictions.
        ValueError: Unknown format, or no file can be exported (the error of the only one).
    """
    if format not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {format!r}")
    if format == "posetrack17":
        return convert_to_posetrack17(
            source, out, frame_order=frame_order, overwrite=overwrite, progress=progress
        )
    files, out, report = source_files(source), Path(out), ConversionReport()
    names, merged = [file.stem for file in files], []
    if Path(source).is_file():
        merged = read_merged_posetrack(source, frame_order=frame_order)
        if len(merged) > 1:
            names = [tracks.video_id for tracks in merged]

    def read() -> Iterator[tuple[Path, VideoTracks]]:
        if len(merged) > 1:
            yield from ((files[0], tracks) for tracks in merged)
            return
        for file in files:
            tracks = report.failed.attempt(file, partial(_read_whole, file, frame_order))
            if tracks is not None:
                yield file, tracks

    def videos() -> Iterator[tuple[Path, VideoTracks]]:
        for file, tracks in track(read(), "Exporting", total=len(names), disable=not progress):
            yield file, tracks
            if file not in report.failed.errors:
                people = sum(len(frame.poses) for frame in tracks.frames)
                report.converted.update(videos=1, frames=len(tracks.frames), people=people)
        report.failed.require_others(len(files))

    if format == "coco":
        require_free([out], overwrite=overwrite, inputs=files)
        written = write_coco_results(out, (tracks for _, tracks in videos()))
        report.left_out["people without joints"] += report.converted["people"] - written
        report.note(COCO_LOSES)
        return report
    suffix, what, write, loses = _PER_VIDEO[format]
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{out} is a file; name a folder")
    targets = [f"{name}{suffix}" for name in names]
    require_free([out / name for name in targets], overwrite=overwrite, inputs=files)
    with staged_folder(out, targets) as stage:
        for file, tracks in videos():
            save = partial(write, stage / f"{tracks.video_id}{suffix}", tracks)
            written = report.failed.attempt(file, save, kinds=(ValueError,))
            report.converted[what] += written or 0
    report.note(loses)
    return report


def _read_whole(file: Path, frame_order: str) -> VideoTracks:
    tracks = read_posetrack(file, frame_order=frame_order)
    if not tracks.frames:
        raise ValueError(
            f"{file} lists no frames: list every frame of the video, or leave the file out"
        )
    return tracks
