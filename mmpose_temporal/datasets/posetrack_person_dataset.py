"""Single people of PoseTrack frames, for training pose estimators."""

from collections import Counter
from typing import Any

from mmcv.transforms import LoadImageFromFile
from mmpose.datasets import PoseTrack18Dataset
from mmpose.registry import DATASETS

from mmpose_temporal.posetrack import FrameAnnotation, PersonAnnotation
from mmpose_temporal.utils import safe_join

from .left_out import CROWD, EMPTY_BOX, NO_KEYPOINT, OUTSIDE, say_left_out
from .posetrack_base import PoseTrackBase
from .transforms import CheckFrameSize


@DATASETS.register_module()
class PoseTrackPersonDataset(PoseTrackBase, PoseTrack18Dataset):
    """mmpose's PoseTrack18Dataset on the files as they are released: a folder of JSONs.

    mmpose wants all videos merged into one file; this reads the folder of per-video files (or
    the merged file) and can take a part of the videos and frames. Items and pipelines are
    mmpose's, except that each image must have the size that the annotations state
    (:class:`CheckFrameSize`, which is put behind the loading). People whom mmpose leaves out are
    counted by reason in :attr:`left_out`, which is logged.

    Args:
        data_prefix: As for mmpose's dataset.
        **kwargs: See :class:`PoseTrackBase`, and as for mmpose's dataset. ``bbox_file`` is
            refused: testing with detections is :class:`PoseTrackVideoDataset`'s.

    Raises:
        ValueError: ``bbox_file`` is given, the annotations are broken, or nobody in them is an
            example.
    """

    def __init__(self, *, data_prefix: dict | None = None, **kwargs: Any):
        for name, instead in (
            ("bbox_file", "use PoseTrackVideoDataset to test with detections"),
            ("sample_interval", "use frame_step instead"),
        ):
            if kwargs.pop(name, None) is not None:
                raise ValueError(f"PoseTrackPersonDataset takes no {name}: {instead}")
        self.left_out: Counter[str] = Counter()
        super().__init__(data_prefix=data_prefix or dict(img=""), **kwargs)
        steps = self.pipeline.transforms
        loads = [i for i, step in enumerate(steps) if isinstance(step, LoadImageFromFile)]
        for position in reversed(loads):
            steps.insert(position + 1, CheckFrameSize())

    @property
    def image_root(self) -> str:
        """The folder that the names of the images are relative to."""
        return self.data_prefix.get("img") or ""

    def load_data_list(self) -> list[dict]:
        """Read the people.

        Raises:
            ValueError: Nobody is left.
        """
        self.left_out = Counter()
        items = super().load_data_list()
        say_left_out(self.ann_file, "people", len(items), self.left_out)
        return items

    def _get_topdown_data_infos(self, instance_list: list[dict]) -> list[dict]:
        """Choose people as mmpose does; who is left out is counted."""
        chosen = super()._get_topdown_data_infos(instance_list)
        kept = {id(item) for item in chosen}
        self.left_out.update(_why(item) for item in instance_list if id(item) not in kept)
        return chosen

    def _load_annotations(self) -> tuple[list[dict], list[dict]]:
        """Items of people and of images, as mmpose's dataset makes them from one file."""
        instances, images = [], []
        for video in self.read_videos():
            for frame in video.frames:
                image = dict(
                    img_id=frame.image_id,
                    img_path=str(safe_join(self.image_root, frame.file_name)),
                    video_id=video.video_id,
                )
                images.append(image)
                shown = [person for person in frame.people if person.keypoints[:, 2].any()]
                self.left_out[NO_KEYPOINT] += len(frame.people) - len(shown)
                instances += [self._instance(person, frame, image) for person in shown]
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
        item = self.parse_data_info(
            dict(raw_ann_info=annotation, raw_img_info=dict(image, width=width, height=height))
        )
        return dict(item, annotated_size=frame.size)


def _why(item: dict) -> str:
    """Why mmpose leaves an item out (``BaseCocoStyleDataset._is_valid_instance``)."""
    if item["iscrowd"]:
        return CROWD
    x1, y1, x2, y2 = item["bbox"][0]
    return EMPTY_BOX if x2 <= x1 or y2 <= y1 else OUTSIDE
