"""Single people of PoseTrack frames, for training pose estimators."""

from collections.abc import Sequence

from mmpose.datasets import PoseTrack18Dataset
from mmpose.registry import DATASETS

from mmpose_temporal.structures import posetrack_metainfo
from mmpose_temporal.utils import safe_join

from .posetrack_annotations import FrameAnnotation, PersonAnnotation
from .posetrack_json import load_videos


@DATASETS.register_module()
class PoseTrackPersonDataset(PoseTrack18Dataset):
    """mmpose's PoseTrack18Dataset on the files as they are released: a folder of JSONs.

    mmpose wants all videos merged into one file; this reads the folder of per-video files (or
    the merged file) and can take a part of the videos and frames. Items and pipelines are
    mmpose's.

    Args:
        ann_file: Folder of per-video JSON files in the PoseTrack18 layout, or one JSON file.
        release: ``'posetrack17'``, ``'posetrack18'`` or ``'posetrack21'``.
        videos: Names of the videos to use. None: all.
        frames: Positions ``(first, stop)`` of the frames to use in each video.
        frame_step: Use every n-th frame.
        **kwargs: As for mmpose's dataset. ``bbox_file`` is refused: testing with detections is
            :class:`PoseTrackVideoDataset`'s.

    Raises:
        ValueError: ``bbox_file`` or ``metainfo`` is given, or the annotations are broken.
    """

    def __init__(
        self,
        *,
        ann_file: str,
        release: str = "posetrack18",
        videos: Sequence[str] | None = None,
        frames: tuple[int, int | None] | None = None,
        frame_step: int = 1,
        **kwargs,
    ):
        for name, instead in (
            ("bbox_file", "use PoseTrackVideoDataset to test with detections"),
            ("metainfo", "name the release instead"),
            ("sample_interval", "use frame_step instead"),
        ):
            if kwargs.get(name) is not None:
                raise ValueError(f"PoseTrackPersonDataset takes no {name}: {instead}")
        self.selection = dict(videos=videos, frames=frames, frame_step=frame_step)
        super().__init__(ann_file=ann_file, metainfo=dict(release=release), **kwargs)

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        return posetrack_metainfo((metainfo or {}).get("release", "posetrack18"))

    def _load_annotations(self) -> tuple[list[dict], list[dict]]:
        """Items of people and of images, as mmpose's dataset makes them from one file."""
        instances, images = [], []
        for video in load_videos(self.ann_file, **self.selection):
            for frame in video.frames:
                image = dict(
                    img_id=frame.image_id,
                    img_path=str(safe_join(self.data_prefix.get("img") or "", frame.file_name)),
                    video_id=video.video_id,
                )
                images.append(image)
                instances += [
                    self._instance(person, frame, image)
                    for person in frame.people
                    if person.keypoints[:, 2].any()
                ]
        return instances, images

    def _instance(self, person: PersonAnnotation, frame: FrameAnnotation, image: dict) -> dict:
        x1, y1, x2, y2 = person.box.tolist()
        width, height = frame.size or (float("inf"), float("inf"))
        annotation = dict(
            id=person.annotation_id,
            image_id=frame.image_id,
            category_id=1,
            track_id=person.track_id,
            bbox=[x1, y1, x2 - x1, y2 - y1],
            keypoints=person.keypoints.reshape(-1).tolist(),
            num_keypoints=int(person.keypoints[:, 2].sum()),
            iscrowd=int(person.is_crowd),
        )
        if person.area is not None:
            annotation["area"] = person.area
        return self.parse_data_info(
            dict(raw_ann_info=annotation, raw_img_info=dict(image, width=width, height=height))
        )
