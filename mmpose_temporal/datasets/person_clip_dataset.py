"""Clips of people: crops of several frames of a video as one item of a training."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from mmengine.dataset import force_full_init
from mmengine.logging import print_log
from mmengine.registry import FUNCTIONS
from mmpose.datasets.transforms import RandomFlip
from mmpose.registry import DATASETS, TASK_UTILS

from mmpose_temporal.utils import safe_join

from .clip_draws import ClipDraw, WindowDraw
from .clip_table import ClipTable
from .posetrack_base import PoseTrackBase
from .transforms import LoadVideoFrame


@DATASETS.register_module()
class PersonClipDataset(PoseTrackBase):
    """One item is a clip: B crops of people from some frames of a video.

    The first crop is the anchor, a person in frame t. ``draw`` chooses the other crops and their
    order: :class:`WindowDraw` for matching and refinement, :class:`OrderedDraw` for memories. It
    samples anew each time the item is asked for, and each frame is decoded once. Anchors are all
    people who can start a clip by its rule; people without annotated keypoints, groups
    (``iscrowd``) and empty boxes are not examples at all, and :attr:`left_out` counts both.

    ``pipeline`` is mmpose's for a single person (from ``GetBBoxCenterScale`` to
    ``PackPoseInputs``, without loading) and runs for each crop, so that scale and rotation
    differ as boxes do in testing. Mirroring is the item's (``flip_prob``), since a person who is
    mirrored in one frame only is no example of the same person (choice). For the matching losses
    it needs :class:`LocateKeypoints`.

    An item is ``dict(inputs=(B, 3, h, w) uint8, data_samples=list of B PoseDataSample)``, each
    with the metainfo ``track_id``, ``frame_offset`` (frames from t, negative before it),
    ``frame_index``, ``video_id``, ``people_per_frame`` (the mean of the video's labelled frames,
    by which a memory knows crowded videos), and what the draw adds; :func:`collate_clips` makes
    batches.

    Args:
        draw: Config of a :class:`ClipDraw`. None: :class:`WindowDraw` with TKMR's numbers.
        flip_prob: How likely a clip is mirrored.
        on_error: ``'raise'``, or ``'skip'``: people of a frame that cannot be read are left out
            of the clip with a warning; without its anchor another item replaces it.
        **kwargs: See :class:`PoseTrackBase`; ``pipeline`` is of a person.

    Raises:
        ValueError: An option out of its range; ``RandomFlip`` in the pipeline; broken
            annotations; nobody can start a clip; a frame that cannot be used
            (``on_error='raise'``).
        TypeError: ``draw`` is no :class:`ClipDraw`, or its options are given next to it.
        FileNotFoundError: No annotations.
    """

    def __init__(
        self,
        *,
        draw: dict | None = None,
        flip_prob: float = 0.5,
        on_error: Literal["raise", "skip"] = "raise",
        **kwargs: Any,
    ):
        moved = [name for name in ("tau", "num_same", "num_other") if name in kwargs]
        if moved:
            given = ", ".join(f"{name}={kwargs[name]}" for name in moved)
            raise TypeError(
                f"{', '.join(moved)} of PersonClipDataset are options of its draw now: "
                f"draw=dict(type='WindowDraw', {given})"
            )
        if not 0 <= flip_prob <= 1:
            raise ValueError(f"flip_prob must be in [0, 1], got {flip_prob}")
        self.draw = WindowDraw() if draw is None else TASK_UTILS.build(draw)
        if not isinstance(self.draw, ClipDraw):
            raise TypeError(f"draw must be a ClipDraw, got a {type(self.draw).__name__}")
        self.flip_prob = flip_prob
        self.load_frame = LoadVideoFrame(on_error=on_error)
        self.left_out: Counter = Counter()
        self._tables: list[ClipTable] = []
        self._mirror = RandomFlip(prob=1.0)
        super().__init__(**kwargs)
        if any(isinstance(step, RandomFlip) for step in self.pipeline.transforms):
            raise ValueError(
                "RandomFlip in the pipeline would mirror crops of one clip differently; "
                "take it out and set flip_prob"
            )

    def load_data_list(self) -> list[dict]:
        """Read annotations into one dict per anchor."""
        videos = self.read_videos()
        self.left_out = Counter()
        self._tables = [ClipTable.create(video, self.left_out) for video in videos]
        items = []
        for number, table in enumerate(self._tables):
            anchors = self.draw.anchors(table)
            self.left_out["begins_no_clip"] += len(table) - len(anchors)
            items += [dict(video=number, row=row) for row in anchors.tolist()]
        self.left_out = +self.left_out
        if not items:
            raise ValueError(
                f"{self.ann_file}: nobody with a keypoint {self.draw.needs}; left out: "
                f"{dict(self.left_out)}"
            )
        if self.left_out:
            print_log(
                f"{self.ann_file}: {len(items)} clips; people skipped: {dict(self.left_out)}",
                logger="current",
            )
        return items

    @force_full_init
    def prepare_data(self, idx: int) -> dict | None:
        """Draw a clip and cut its crops; None if there is no crop of the anchor."""
        rng = np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002 - seeds workers
        item = self.get_data_info(idx)
        table = self._tables[item["video"]]
        rows = self.draw.draw(table, item["row"], rng)
        mirrored = rng.random() < self.flip_prob
        people: dict[int, dict] = {}
        for index in np.unique(table.frame_index[rows]).tolist():
            here = rows[table.frame_index[rows] == index]
            people.update(self._people(table, index, here, mirrored))
        if rows[0] not in people:
            return None
        packed = [self.pipeline(people[row]) for row in rows.tolist() if row in people]
        rows = rows[[row in people for row in rows.tolist()]]
        for row, crop in zip(rows.tolist(), packed, strict=True):
            crop["data_samples"].set_metainfo(
                dict(
                    track_id=int(table.track_ids[row]),
                    frame_offset=int(table.frame_index[row] - table.frame_index[rows[0]]),
                    frame_index=int(table.frame_index[row]),
                    video_id=table.video.video_id,
                    people_per_frame=table.video.people_per_frame,
                    **self.draw.metainfo(table, row),
                )
            )
        return dict(
            inputs=torch.stack([crop["inputs"] for crop in packed]),
            data_samples=[crop["data_samples"] for crop in packed],
        )

    def _people(
        self, table: ClipTable, index: int, rows: np.ndarray, mirrored: bool
    ) -> dict[int, dict]:
        """Row -> input of the pipeline, for people of one frame; empty if it cannot be read."""
        frame = table.video.frames[index]
        image = self.load_frame(
            dict(
                img_path=str(safe_join(self.data_root or "", frame.file_name)),
                video_id=table.video.video_id,
                frame_index=index,
                annotated_size=frame.size,
            )
        )
        if not image["frame_readable"]:
            return {}
        together = dict(
            img=image["img"],
            img_shape=image["img_shape"],
            bbox=table.boxes[rows],
            keypoints=table.keypoints[rows, :, :2],
            keypoints_visible=table.keypoints[rows, :, 2],
            flip_indices=self._metainfo["flip_indices"],
        )
        if mirrored:
            together = self._mirror(together)
            together["img"] = np.ascontiguousarray(together["img"])
        shared = dict(
            img=together["img"],
            img_shape=image["img_shape"],
            ori_shape=image["ori_shape"],
            img_path=image["img_path"],
            img_id=frame.image_id,
            flip=mirrored,
            flip_direction="horizontal" if mirrored else None,
            **{key: self._metainfo[key] for key in PERSON_METAINFO},
        )
        return {
            row: dict(
                shared,
                id=int(table.annotation_ids[row]),
                category_id=1,
                bbox_score=np.ones(1, np.float32),
                **{
                    key: together[key][number : number + 1]
                    for key in ("bbox", "keypoints", "keypoints_visible")
                },
            )
            for number, row in enumerate(rows.tolist())
        }


PERSON_METAINFO = (
    "dataset_name",
    "upper_body_ids",
    "lower_body_ids",
    "flip_pairs",
    "dataset_keypoint_weights",
    "flip_indices",
    "skeleton_links",
)
"""What mmpose's data sets give each person of their metainfo, for mmpose's transforms."""


@FUNCTIONS.register_module()
def collate_clips(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Make a batch of clips, all their crops stacked.

    Args:
        items: Of :class:`PersonClipDataset`, with any numbers of crops.

    Returns:
        ``inputs`` (N, 3, h, w), N the sum of the clips' crops, and ``data_samples``, a list of
        N, each with the new metainfo ``clip_index``, the number of its clip in the batch.
    """
    samples = []
    for number, item in enumerate(items):
        for sample in item["data_samples"]:
            sample.set_metainfo(dict(clip_index=number))
            samples.append(sample)
    return dict(inputs=torch.cat([item["inputs"] for item in items]), data_samples=samples)
