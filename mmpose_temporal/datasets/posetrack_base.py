"""What all data sets of PoseTrack's files share: where the files are, and which part is used."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset

from mmpose_temporal.posetrack import (
    VideoAnnotation,
    check_frame_order,
    load_videos,
    with_frame_sizes,
)
from mmpose_temporal.posetrack.records import checked_name
from mmpose_temporal.structures import Skeleton, posetrack_metainfo, read_metainfo


class PoseTrackBase(BaseDataset):
    """Reads videos of the PoseTrack18 layout; the subclass decides what an item is.

    The keypoints are PoseTrack18's or, with ``metainfo``, others: the files' ``categories`` name
    them, in any order, and they are put into that of the metainfo. Files without names are
    assumed to have the keypoints of the metainfo in their order, which is logged.

    Args:
        ann_file: Folder of per-video JSON files in the PoseTrack18 layout, or one JSON file,
            relative to ``data_root``.
        data_root: Root of the data; no path in the annotations may leave it.
        release: ``'posetrack17'``, ``'posetrack18'`` or ``'posetrack21'``. None:
            ``'posetrack18'``, unless ``metainfo`` is given.
        metainfo: Keypoints of the data, as mmpose's data sets take it, for example
            ``dict(from_file='configs/_base_/datasets/coco.py')``, see :func:`read_metainfo`.
            None: those of the release.
        videos: Names of the videos to use, as in :func:`~.load_videos`. None: all.
        frames: Positions ``(first, stop)`` of the frames to use in each video.
        frame_step: Use every n-th frame.
        frame_order: What orders the frames of a video: ``'auto'``, ``'file'``, ``'names'`` or
            ``'number'``, see :mod:`mmpose_temporal.posetrack.frame_order`.
        sizes_from_images: Take frame sizes that the annotations do not have from the images, see
            :func:`with_frame_sizes`; the released PoseTrack18 files have none.
        data_prefix: As in mmengine.
        pipeline: Transforms.
        **kwargs: The other options of mmengine's data sets: ``test_mode``, ``lazy_init``, ...

    Raises:
        ValueError: Unknown release, ``metainfo`` together with a release or not complete, broken
            annotations, or annotations of other keypoints.
        FileNotFoundError: No annotations, or no image whose size is asked for.
    """

    METAINFO = dict(from_file="configs/_base_/datasets/posetrack18.py")
    """What mmpose's ``init_model`` reads of the class where a config has no ``metainfo``."""

    def __init__(
        self,
        *,
        ann_file: str,
        data_root: str = "",
        release: str | None = None,
        metainfo: Mapping[str, Any] | None = None,
        videos: Sequence[str | int] | str | int | None = None,
        frames: tuple[int, int | None] | None = None,
        frame_step: int = 1,
        frame_order: str = "auto",
        sizes_from_images: bool = False,
        data_prefix: dict | None = None,
        pipeline: Sequence[dict | Callable] = (),
        **kwargs: Any,
    ):
        if metainfo is not None and release is not None:
            raise ValueError(
                f"{type(self).__name__} takes a release or metainfo, got release={release!r} and "
                "metainfo: leave one out"
            )
        if metainfo is None:
            parsed = posetrack_metainfo(release or "posetrack18")
        else:
            parsed = read_metainfo(metainfo)
        self.skeleton = Skeleton.from_metainfo(parsed)
        parsed.setdefault("flip_indices", self.skeleton.flip_indices.tolist())
        parsed.setdefault("dataset_name", self.skeleton.name)
        self.selection = dict(videos=videos, frames=frames, frame_step=frame_step)
        check_frame_order(frame_order)
        self.frame_order = frame_order
        self.sizes_from_images = sizes_from_images
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=data_prefix or {},
            metainfo=parsed,
            pipeline=list(pipeline),
            **kwargs,
        )

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        """Metainfo comes parsed; mmengine's version would look for files of its values."""
        return deepcopy(metainfo or {})

    @property
    def image_root(self) -> str:
        """The folder that the names of the images are relative to."""
        return self.data_root or ""

    def read_videos(self, ann_file: str | Path | None = None) -> list[VideoAnnotation]:
        """The part of the videos that is used.

        Args:
            ann_file: Path of the annotations. None: the data set's.

        Raises:
            ValueError, FileNotFoundError: See the class.
        """
        path = self.ann_file if ann_file is None else ann_file
        videos = load_videos(
            path, **self.selection, skeleton=self.skeleton, frame_order=self.frame_order
        )
        for video in videos:
            for frame in video.frames:
                checked_name(frame.file_name, f"{path}: video {video.video_id}")
        return with_frame_sizes(videos, self.image_root) if self.sizes_from_images else videos
