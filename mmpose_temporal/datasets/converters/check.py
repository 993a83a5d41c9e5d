"""Looking over a data set in the PoseTrack18 layout before hours are spent on it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

from rich.progress import track

from mmpose_temporal.posetrack import (
    FrameOrderError,
    SeveralVideosError,
    check_frame_order,
    read_video,
)
from mmpose_temporal.posetrack.fields import file_name, load_json
from mmpose_temporal.posetrack.frame_order import name_numbers
from mmpose_temporal.posetrack.other_files import list_videos
from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.utils import safe_join
from mmpose_temporal.utils.images import WrongSizeError, read_image
from mmpose_temporal.utils.listing import Listing, is_input, natural_key
from mmpose_temporal.utils.text import shown, shown_name

from .check_report import DatasetReport, Finding, SplitReport
from .releases import describe_count, guess_release


def check_posetrack(
    root: str | Path,
    *,
    splits: list[str] | None = None,
    images: bool = True,
    workers: int = 2,
    frame_order: str = "auto",
    progress: bool = False,
) -> DatasetReport:
    """Check a data set in the PoseTrack18 layout.

    Args:
        root: Data root with ``annotations/SPLIT/*.json`` and the images.
        splits: Which splits; None: all folders of ``annotations`` (or of PoseTrack21's
            ``posetrack_data``) that hold files.
        images: Decode every listed image (slow on a whole release); False: only the files'
            content is looked at.
        workers: Threads that decode; OpenCV works outside Python's lock.
        frame_order: What orders the frames of a video, as it is given to data sets and tools, see
            :mod:`mmpose_temporal.posetrack.frame_order`.
        progress: Show a progress bar.

    Raises:
        FileNotFoundError: No such root, split, or annotation files.
        ValueError: ``workers`` is below 1, or not one file can be read.
    """
    root = Path(root)
    if workers < 1:
        raise ValueError(f"workers must be 1 or more, got {workers}")
    check_frame_order(frame_order)
    folders = [root / name for name in ("annotations", "posetrack_data") if (root / name).is_dir()]
    if not folders:
        raise FileNotFoundError(f"{root} has no folder annotations: is it the data root?")
    notes = folders[0]
    if splits is None:
        names = [path.name for path in notes.iterdir() if path.is_dir() and is_input(path.name)]
        splits = sorted((n for n in names if _annotation_files(notes / n).files), key=natural_key)
        if not splits:
            raise FileNotFoundError(f"{notes} has no folder with annotation files")
    options = dict(images=images, workers=workers, frame_order=frame_order, progress=progress)
    reports = [_check_split(root, notes / name, **options) for name in splits]
    if not any(report.readable for report in reports):
        where = reports[0].findings[0].where
        raise ValueError(f"no annotation file of {notes} can be read: {where}")
    return DatasetReport(root, reports)


def _annotation_files(folder: Path) -> Listing:
    return list_videos(folder, (".json", ".mat")) if folder.is_dir() else Listing()


def _check_split(
    root: Path, folder: Path, *, images: bool, workers: int, frame_order: str, progress: bool
) -> SplitReport:
    listing = _annotation_files(folder)
    files = listing.files
    if not files:
        raise FileNotFoundError(f"no annotation files in {folder}")
    report = SplitReport(folder.name, videos=len(files), left_out=listing.reasons)
    videos, fields, annolist = [], set(), False
    sizes: dict[str, tuple[int, int] | None] = {}
    unreadable = 0
    for file in track(files, f"Reading {folder.name}", disable=not progress):
        content, kind = _content(file, report)
        unreadable += content is None and kind != "annolist"
        annolist |= kind == "annolist"
        if content is None:
            continue
        found = _check_file(file, content, root, report, frame_order)
        sizes |= found
        videos += [PurePosixPath(name).parent.name for name in list(found)[:1]]
        fields |= {name for record in content["images"][:1] for name in record}
        fields |= {name for record in content["annotations"][:1] for name in record}
    report.readable = len(files) - unreadable
    report.release = guess_release(videos=videos, fields=fields, annolist=annolist)
    report.count_note = describe_count(report.release.name, report.split, report.videos)
    if images:
        _check_images(root, sizes, report, workers, progress)
    return report


def _content(file: Path, report: SplitReport) -> tuple[dict[str, Any] | None, str]:
    """The content of a file in the layout; or None, with what is found instead."""

    def found(kind: str, where: str, label: str) -> tuple[None, str]:
        report.findings.append(Finding(kind, " ".join(where.split())))
        return None, label

    if file.suffix == ".mat":
        return found("not the PoseTrack18 layout", f"{file}: a PoseTrack17 .mat file", "annolist")
    try:
        content = load_json(file)
    except (ValueError, OSError) as error:
        return found("unreadable annotations", str(error), "unreadable")
    if isinstance(content, dict) and "annolist" in content:
        return found("not the PoseTrack18 layout", f"{file}: a PoseTrack17 annolist", "annolist")
    lists = [content.get(name) if isinstance(content, dict) else None for name in _LISTS]
    if not all(isinstance(x, list) and all(isinstance(r, dict) for r in x) for x in lists):
        return found("not the PoseTrack18 layout", f"{file}: no 'images' and 'annotations'", "x")
    if not content["images"]:
        return found("not the PoseTrack18 layout", f"{file}: no images", "x")
    return content, "posetrack18"


_LISTS = ("images", "annotations")


def _check_file(
    file: Path, content: dict[str, Any], root: Path, report: SplitReport, frame_order: str
) -> dict[str, tuple[int, int] | None]:
    """Counts and findings of one file; the images to look at and their stated sizes."""
    images, people = content["images"], content["annotations"]
    report.frames += len(images)
    report.labeled += sum(_is_labeled(image) for image in images)
    report.people += len(people)
    report.tracks += len({shown(person.get("track_id")) for person in people})
    findings = [
        *_joint_order(file, content),
        *_people(file, images, people),
        *_frames(file, images),
    ]
    sizes: dict[str, tuple[int, int] | None] = {}
    for image in images:
        name = image.get("file_name")
        try:
            safe_join(root, file_name(name, "file_name", str(file)))
        except ValueError:
            findings.append(Finding("paths outside the root", f"{file}: {shown(name)}"))
            continue
        size = (image.get("width"), image.get("height"))
        # 0 stands for unknown, as for the readers
        sizes[name] = size if all(type(side) is int and side for side in size) else None
    if not findings or {f.kind for f in findings} <= _READABLE:
        try:
            video = read_video(file, frame_order=frame_order)
            findings += _gaps(file, [frame.frame_number for frame in video.frames])
        except ValueError as error:
            findings.append(Finding(_kind(error), " ".join(str(error).split())))
    elif frame_order == "auto":
        try:
            numbers = name_numbers(
                [str(image.get("file_name")) for image in images], where=str(file)
            )
            findings += _gaps(file, numbers)
        except FrameOrderError as error:
            findings.append(Finding(_kind(error), str(error)))
    report.findings += findings
    return sizes


_READABLE = {
    "joint order",
    "missing head boxes",
    "fewer frames than stated",
    "no labelled frames",
}
"""Findings that do not keep the reader from taking the file."""


def _joint_order(file: Path, content: dict[str, Any]) -> Iterator[Finding]:
    """Readers of this package go by the names; others by the order."""
    categories = content.get("categories")
    for category in categories if isinstance(categories, list) else []:
        names = category.get("keypoints") if isinstance(category, dict) else None
        if not isinstance(names, list) or category.get("id") != 1:
            continue
        if tuple(names) != KEYPOINT_NAMES:
            yield Finding("joint order", f"{file}: {', '.join(map(shown_name, names[:30]))}")


def _people(file: Path, images: list[dict], people: list[dict]) -> Iterator[Finding]:
    names = {shown(image.get("id")): image.get("file_name") for image in images}
    seen: set[tuple[str, str]] = set()
    for person in people:
        image, track_id = shown(person.get("image_id")), shown(person.get("track_id"))
        where = f"{file}: frame {shown_name(names.get(image, image))}, track {track_id}"
        if person.get("category_id", 1) != 1:
            category = shown(person["category_id"])
            yield Finding("other categories", f"{where}: category {category}")
        key = (image, track_id)
        if key in seen:
            yield Finding("repeated track ids", where)
        seen.add(key)
        joints = person.get("keypoints")
        visible = joints[2::3] if isinstance(joints, list) else []
        if any(visible) and _is_empty(person.get("bbox_head")):
            yield Finding("missing head boxes", where)


def _is_labeled(image: dict) -> bool:
    """Not said to be unlabelled; what is no yes or no is found by the reader."""
    return bool(image.get("is_labeled", True))


def _is_empty(box: Any) -> bool:
    """No box, or one without width and height, as some files write what is not annotated."""
    return not box or (isinstance(box, list) and not any(box[2:]))


def _frames(file: Path, images: list[dict]) -> Iterator[Finding]:
    if not any(map(_is_labeled, images)):
        yield Finding("no labelled frames", str(file))
    stated = images[0].get("nframes")
    if isinstance(stated, int) and stated > len(images):
        yield Finding("fewer frames than stated", f"{file}: {len(images)} of {shown(stated)}")


def _kind(error: ValueError) -> str:
    if isinstance(error, FrameOrderError):
        return "order of the frames"
    return "several videos in a file" if isinstance(error, SeveralVideosError) else "field errors"


def _gaps(file: Path, numbers: Sequence[int | None]) -> Iterator[Finding]:
    """By the numbers that the reader found."""
    for before, after in pairwise(numbers):
        if before is not None and after is not None and after != before + 1:
            yield Finding("gaps in frame numbers", f"{file}: {after} follows {before}")


def _check_images(
    root: Path,
    sizes: dict[str, tuple[int, int] | None],
    report: SplitReport,
    workers: int,
    progress: bool,
) -> None:
    def look(item: tuple[str, tuple[int, int] | None]) -> Finding | None:
        name, stated = item
        path = safe_join(root, name)
        if not path.is_file():
            return Finding("missing images", str(path))
        try:
            read_image(path, stated_size=stated)
        except WrongSizeError as error:
            return Finding("image sizes", f"{path}: {error}")
        except (OSError, ValueError) as error:
            return Finding("unreadable images", f"{path}: {error}")
        return None

    pool = ThreadPoolExecutor(workers)
    try:
        results = pool.map(look, sizes.items())
        title = f"Decoding {report.split}"
        steps = track(results, title, total=len(sizes), disable=not progress)
        found = [finding for finding in steps if finding is not None]
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C, only what is begun is waited for
    bad = sum(finding.kind != "image sizes" for finding in found)
    report.images = len(sizes) - bad
    report.findings += found
