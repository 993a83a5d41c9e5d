"""Videos in mmpose's files of predictions, and the same files with track ids."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.posetrack.annotations import FrameAnnotation, VideoAnnotation
from mmpose_temporal.posetrack.fields import integer
from mmpose_temporal.posetrack.frame_order import order_frames
from mmpose_temporal.structures import Skeleton
from mmpose_temporal.utils import write_json
from mmpose_temporal.utils.failed_files import FailedFiles
from mmpose_temporal.utils.targets import refuse_inputs, refuse_twins
from mmpose_temporal.utils.text import shown

from .instances import read_instances, say_people
from .keypoints import documents_skeleton
from .layouts import EMPTY, FRAMES, IMAGE, Document, document_paths, read_document

TRACK_ID = "track_id"
"""Field of an instance that is written."""


@dataclass(frozen=True, eq=False)
class MMPoseVideo:
    """A video of one file, or of a folder with a file for each image.

    Attributes:
        video: Its frames and people, in the order in which they are tracked.
        instances: The list of instances of each of these frames, in the files' documents.
        documents: The files.
    """

    video: VideoAnnotation
    instances: list[list[dict[str, Any]]]
    documents: list[Document]

    def write(
        self,
        out: str | Path,
        frames: Sequence[tuple[int, np.ndarray, np.ndarray]],
        *,
        overwrite: bool = True,
    ) -> list[Path]:
        """Write the files again, each instance with its ``track_id``.

        Everything else is as it was read. Choice: instances that the tracker left out are left out
        here too, as in PoseTrack's files.

        Args:
            out: Folder.
            frames: Of each frame its index in the video, the indices of the M instances that have
                an id, and the (M,) ids.
            overwrite: Replace files that are there; see :func:`~mmpose_temporal.utils.write_json`.

        Returns:
            The paths.

        Raises:
            FileExistsError: A file has other content and ``overwrite`` is not set.
        """
        targets = [Path(out, document.name) for document in self.documents]
        for index, rows, track_ids in frames:
            listed = self.instances[index]
            order = np.argsort(rows, kind="stable")
            pairs = zip(rows[order].tolist(), track_ids[order].tolist(), strict=True)
            listed[:] = [{**listed[row], TRACK_ID: track_id} for row, track_id in pairs]
        for target, document in zip(targets, self.documents, strict=True):
            # NaN stays as mmpose wrote it
            write_json(target, document.content, overwrite=overwrite, allow_nan=True)
        return targets


def output_paths(out: str | Path, poses: str | Path) -> list[Path]:
    """Where the files go, before anything is read and written.

    Args:
        out: Folder.
        poses: File or folder, see :func:`read_mmpose_videos`.

    Raises:
        ValueError: A file would replace an input, a folder or a device, or two would have one
            name.
        NotADirectoryError: ``out`` is a file.
    """
    out, poses = Path(out), Path(poses)
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{out} is a file; name a folder")
    files = [file for group in _groups(poses) for file in group]
    names = [_name(file, poses) for file in files]
    targets = [out / name for name in names]
    refuse_twins(names, kind="files")
    refuse_inputs(targets, files)
    return targets


def read_mmpose_videos(
    path: str | Path,
    *,
    skeleton: Skeleton | None = None,
    frame_order: str = "auto",
    failed: FailedFiles | None = None,
) -> list[MMPoseVideo]:
    """Read all videos of a file or folder.

    A file with frames is a video, named by the file. Files of single images in a folder are the
    frames of one video, named by the folder. A folder without files may have such folders.

    Args:
        path: File or folder.
        skeleton: The keypoints. None: those of ``meta_info``.
        frame_order: See :mod:`mmpose_temporal.posetrack.frame_order`; the numbers are
            ``frame_id``, the names those of the files.
        failed: Gets the files for which a video is left out. None: they are an error.

    Returns:
        The videos in natural order of their names.

    Raises:
        ValueError: A file is in another layout, a field is missing or wrong, nothing names the
            keypoints, or frames are not in order; with ``failed`` only if no video is left.
    """
    path = Path(path)
    reader = _Reader(path, skeleton, frame_order, FailedFiles() if failed is None else failed)
    for files in _groups(path):
        reader.read(files)
    if failed is None and reader.failed:
        raise next(iter(reader.failed.errors.values()))
    reader.failed.require_others(reader.total)
    return reader.videos


def _groups(path: Path) -> list[list[Path]]:
    return document_paths(path) if path.is_dir() else [[path]]


def _name(file: Path, given: Path) -> str:
    """Of a file below what was given."""
    return file.relative_to(given if given.is_dir() else given.parent).as_posix()


@dataclass(eq=False)
class _Reader:
    """Reads groups of files.

    Attributes:
        given: The file or folder that was named.
        skeleton: The keypoints; None: those of the first file that names some.
        frame_order: See :func:`read_mmpose_videos`.
        failed: Files for which a video is left out.
        videos: Those that were read.
        total: Number of videos, with those left out.
    """

    given: Path
    skeleton: Skeleton | None
    frame_order: str
    failed: FailedFiles
    videos: list[MMPoseVideo] = field(default_factory=list)
    total: int = 0

    def read(self, files: Sequence[Path]) -> None:
        """Read the files of a folder, or the one that was given."""
        broken = FailedFiles()
        documents = [
            broken.attempt(file, partial(read_document, file, _name(file, self.given)))
            for file in files
        ]
        documents = [document for document in documents if document is not None]
        with_frames = [document for document in documents if document.kind == FRAMES]
        if not with_frames:
            self.total += 1
            if broken:  # a video that lacks a frame
                file, error = next(iter(broken.errors.items()))
                self.failed.errors[file] = error
            else:
                self._add(files[0].parent, partial(self._images, documents))
            return
        self.total += len(files)
        self.failed.errors |= broken.errors
        for document in documents:
            self._add(document.path, partial(self._frames, document))

    def _add(self, path: Path, read: Callable[[], MMPoseVideo]) -> None:
        video = self.failed.attempt(path, read)
        if video is not None:
            self.videos.append(video)

    def _keypoints(self, documents: Sequence[Document]) -> Skeleton:
        """All videos have the same, also if nobody stated which."""
        known = self.videos[0].documents[:1] if self.videos else []
        return documents_skeleton([*known, *documents], self.skeleton)

    def _images(self, documents: Sequence[Document]) -> MMPoseVideo:
        alone = not self.given.is_dir()
        skeleton = self._keypoints(documents)
        return _video_of_images(documents, skeleton, self.frame_order, alone=alone)

    def _frames(self, document: Document) -> MMPoseVideo:
        if document.kind == IMAGE:
            raise ValueError(
                f"{document.path} holds one image, and other files of its folder the frames of a "
                "video: keep videos and images in different folders"
            )
        if document.kind == EMPTY:
            raise ValueError(f"{document.path} lists no frames: leave the file out")
        return _video_of_frames(document, self._keypoints([document]), self.frame_order)


def _video_of_frames(document: Document, skeleton: Skeleton, frame_order: str) -> MMPoseVideo:
    """One file with frames."""
    path, rows = document.path, document.rows
    if frame_order == "names":
        raise ValueError(f"{path}: frame_order 'names' needs images' names, and there are none")
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise ValueError(f"{path}, frame {index}: must be a record, got {shown(row)}")
        if not isinstance(row.get("instances"), list):
            raise ValueError(
                f"{path}, frame {index}: 'instances' must be a list, got "
                f"{shown(row.get('instances'))}"
            )
    ids = [integer(row, "frame_id", f"{path}, frame {i}") for i, row in enumerate(rows)]
    places = [f"{path}, frame {i} (frame_id {frame_id})" for i, frame_id in enumerate(ids)]
    names = [f"frame_id {frame_id}" for frame_id in ids]
    order, numbers = order_frames(
        names, ids, [None] * len(ids), where=str(path), frame_order=frame_order
    )
    return _video(
        path.stem,
        [document],
        [rows[i]["instances"] for i in order],
        [places[i] for i in order],
        numbers,
        skeleton,
    )


def _video_of_images(
    documents: Sequence[Document], skeleton: Skeleton, frame_order: str, *, alone: bool
) -> MMPoseVideo:
    """A file for each image; named by their folder, or by the file if only that was given."""
    nothing: list[int | None] = [None] * len(documents)
    folder = documents[0].path.parent
    order, numbers = order_frames(
        [document.path.name for document in documents],
        nothing,
        nothing,
        where=str(folder),
        frame_order=frame_order,
    )
    documents = [documents[i] for i in order]
    return _video(
        documents[0].path.stem if alone else folder.resolve().name or "video",
        documents,
        [document.rows for document in documents],
        [str(document.path) for document in documents],
        numbers,
        skeleton,
    )


def _video(
    name: str,
    documents: Sequence[Document],
    instances: list[list],
    places: Sequence[str],
    numbers: Sequence[int | None],
    skeleton: Skeleton,
) -> MMPoseVideo:
    frames = [
        FrameAnnotation(
            image_id=index,
            frame_id=index if number is None else number,
            file_name="",
            size=None,
            is_labeled=True,
            ignore_regions=[],
            people=read_instances(found, len(skeleton), place),
            skeleton=skeleton,
            frame_number=number,
        )
        for index, (found, place, number) in enumerate(
            zip(instances, places, numbers, strict=True)
        )
    ]
    path = documents[0].path if len(documents) == 1 else documents[0].path.parent
    say_people(path, [person for frame in frames for person in frame.people])
    return MMPoseVideo(VideoAnnotation(name, frames), instances, list(documents))
