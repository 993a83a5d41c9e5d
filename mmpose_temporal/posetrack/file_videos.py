"""Which video each frame of a file belongs to: one rule for all readers.

The frames of a video lie in one folder, and have one ``vid_id`` (or ``video_id``) if the file has
that. A file may hold many videos. A video has the name of its folder; if several folders of the
file end in the same name, as ``train/v`` and ``val/v``, the folders above are a part of the name,
as many as needed: ``train_v`` and ``val_v``. If several videos lie in one folder, ``vid_id`` is a
part of the name.
"""

import posixpath
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mmpose_temporal.utils.listing import natural_key
from mmpose_temporal.utils.text import shown, shown_name

from .content import FileContent, FileFrame
from .frame_order import check_frame_order, order_frames
from .records import checked_name


class SeveralVideosError(ValueError):
    """A file that must be of one video holds frames of several."""


def file_videos(content: FileContent, *, frame_order: str = "auto") -> dict[str, FileContent]:
    """The videos of a file by name, in natural order of the names; their frames in order.

    Args:
        content: What was read of the file.
        frame_order: See :mod:`.frame_order`.

    Raises:
        FrameOrderError: The frames of a video are not in order.
        ValueError: Some images lie in a folder and others in none, or two videos would have the
            same name.
    """
    check_frame_order(frame_order)
    groups = _groups(content.frames)
    names = _names(content, groups)
    return {
        name: _ordered(
            content, groups[group], f"{content.path}: video {shown_name(name)}", frame_order
        )
        for name, group in sorted(
            zip(names, groups, strict=True), key=lambda pair: natural_key(pair[0])
        )
    }


def one_video(content: FileContent, *, frame_order: str = "auto") -> FileContent:
    """The content of a file that is one video's, its frames in order.

    Raises:
        SeveralVideosError: It holds frames of several videos.
        ValueError: As that, if the name of an image leaves the data root.
        FrameOrderError: The frames are not in order.
    """
    check_frame_order(frame_order)
    groups = _groups([frame for frame in content.frames if frame.name])
    if len(groups) > 1:
        for position, frame in enumerate(content.frames):
            if frame.name:  # a name that leaves the root is the better reason
                checked_name(frame.name, f"{content.path}, frame {position}")
        names = [
            f"{shown_name(folder or '.')}{f' (vid_id {shown_name(video)})' * (video is not None)}"
            for folder, video in list(groups)[:3]
        ]
        raise SeveralVideosError(
            f"{content.path} holds the frames of {len(groups)} videos ({', '.join(names)}"
            f"{', ...' * (len(groups) > 3)}), and must be of one: write a file for each video (or "
            "name this file itself, not its folder: data sets, track_poses and export_tracks take "
            "it as it is)"
        )
    where = f"{content.path}: video {content.path.stem}"
    return _ordered(content, list(range(len(content.frames))), where, frame_order)


def _groups(frames: Sequence[FileFrame]) -> dict[tuple[str, str | None], list[int]]:
    """Folder and ``vid_id`` -> positions of the frames."""
    groups: dict[tuple[str, str | None], list[int]] = {}
    for position, frame in enumerate(frames):
        folder = posixpath.dirname(posixpath.normpath(frame.name.replace("\\", "/")))
        groups.setdefault((folder, frame.video), []).append(position)
    return groups


def _names(content: FileContent, groups: dict[tuple[str, str | None], list[int]]) -> list[str]:
    """A name for each group, see the module."""
    path, folders = content.path, [folder for folder, _ in groups]
    if "" in folders and any(folders):
        stray = next(positions[0] for (folder, _), positions in groups.items() if not folder)
        raise ValueError(
            f"{path}: frame {shown(content.frames[stray].name)} lies in no folder, so its video "
            "has no name"
        )
    names = _folder_names(list(dict.fromkeys(folders)), path)
    several = {folder for folder in folders if folders.count(folder) > 1}
    found = []
    for folder, video in groups:
        numbered = video is not None and (folder in several or not folder)
        found.append("_".join([*[names[folder]] * bool(folder), *[str(video)] * numbered]))
    found = [name or path.stem for name in found]
    twins = [name for name in found if found.count(name) > 1]
    if twins:
        raise ValueError(
            f"{path}: two videos would be called {shown_name(twins[0])}: rename a folder"
        )
    return found


def _folder_names(folders: list[str], path: Path) -> dict[str, str]:
    """The last parts of each folder, as many as it takes to make them differ."""
    depth = dict.fromkeys(folders, 1)
    names = {folder: _name(folder, 1) for folder in folders}
    while len(set(names.values())) < len(names):
        counts = Counter(names.values())
        shared = [folder for folder in folders if counts[names[folder]] > 1]
        if all(depth[folder] > folder.count("/") for folder in shared):
            raise ValueError(
                f"{path}: the images lie in the folders {shown_name(shared[0])} and "
                f"{shown_name(shared[1])}, and both videos would be called "
                f"{shown_name(names[shared[0]])}: rename one"
            )
        for folder in shared:
            depth[folder] += 1
            names[folder] = _name(folder, depth[folder])
    return names


def _name(folder: str, depth: int) -> str:
    return "_".join(part for part in folder.split("/")[-depth:] if part)


def _ordered(
    content: FileContent, positions: list[int], where: str, frame_order: str
) -> FileContent:
    """The frames of one video in order, each with its number."""
    frames = [content.frames[position] for position in positions]
    indices, ids = ([frame.stated[which] for frame in frames] for which in (0, 1))
    indexed = None not in indices
    copied = all(frame.stated[1] in (None, frame.image_id) for frame in frames)
    stated = indices if indexed else [None if copied else number for number in ids]
    order, numbers = order_frames(
        [frame.name for frame in frames], stated, ids, where=where, frame_order=frame_order
    )
    # What is written of the frames carries the order on, in their frame_id.
    renumbered = frame_order in ("file", "names") or indexed
    chosen = []
    for place, number in zip(order, numbers, strict=True):
        frame = frames[place]
        frame_id = number if renumbered and number is not None else frame.frame_id
        chosen.append(replace(frame, number=number, frame_id=frame_id))
    return content.select(chosen, [positions[place] for place in order])
