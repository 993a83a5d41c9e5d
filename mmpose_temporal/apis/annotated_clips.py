"""Clips of annotated people, cut out of their boxes as in testing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mmpose.structures import PoseDataSample

from mmpose_temporal.datasets import LoadVideoFrame, OrderedDraw
from mmpose_temporal.datasets.clip_table import ClipTable
from mmpose_temporal.datasets.posetrack_base import PoseTrackBase
from mmpose_temporal.evaluation.memory_oracle import place_shares
from mmpose_temporal.models.trackers.estimation import Crops, TopdownCropper, crop_samples
from mmpose_temporal.posetrack import PersonAnnotation
from mmpose_temporal.utils import safe_join

Clip = tuple[ClipTable, np.ndarray]
"""The people of a video, and the rows of one of them in the order of the frames."""


@dataclass(frozen=True, slots=True, eq=False)
class ClipCrops:
    """The B crops of some clips, clip by clip, in the order of the frames.

    Attributes:
        images: (B, h, w, 3) uint8 BGR.
        samples: B, with the metainfo that a memory of clips needs, see
            :func:`~mmpose_temporal.datasets.person_clip_dataset.collate_clips`.
        keypoints: (B, K, 3), x and y in image pixels and visibility in {0, 1}.
        hidden: (B, K) bool; False where the annotations do not say it.
        boxes: (B, 4) xyxy, image pixels.
        heads: (B, 4) xyxy, NaN where there is none.
        places: (B, K, 2), shares of the crop's width and height; NaN where not annotated.
        previous: (B,) int64, the position of the crop before in the clip; -1: none.
    """

    images: np.ndarray
    samples: list[PoseDataSample]
    keypoints: np.ndarray
    hidden: np.ndarray
    boxes: np.ndarray
    heads: np.ndarray
    places: np.ndarray
    previous: np.ndarray


def draw_clips(dataset: PoseTrackBase, *, frames: int, max_clips: int, seed: int) -> list[Clip]:
    """Clips of one person each in frames that follow each other, which do not overlap.

    They begin in every ``frames``-th frame of a video, with those who are in it and in another
    frame of the clip; frames without the person are left out.

    Args:
        dataset: With the annotations.
        frames: Largest number of frames of a clip, 2 or more.
        max_clips: If there are more, this number of them is drawn.
        seed: Of the draw.

    Returns:
        The clips, in the order of the annotations.

    Raises:
        ValueError: An option out of its range; nobody can begin a clip.
    """
    if max_clips < 1:
        raise ValueError(f"max_clips must be 1 or more, got {max_clips}")
    draw = OrderedDraw(num_frames=frames, anchor_step=frames)
    rng, clips = np.random.default_rng(seed), []
    for video in dataset.read_videos():
        table = ClipTable.create(video, Counter())
        clips += [(table, draw.draw(table, row, rng)) for row in draw.anchors(table).tolist()]
    if not clips:
        raise ValueError(f"{dataset.ann_file}: nobody with a keypoint {draw.needs}")
    if len(clips) > max_clips:
        chosen = np.sort(rng.choice(len(clips), max_clips, replace=False))
        clips = [clips[index] for index in chosen.tolist()]
    return clips


def cut_clips(
    clips: Sequence[Clip], cropper: TopdownCropper, dataset: PoseTrackBase, load: LoadVideoFrame
) -> ClipCrops:
    """Cut the people of some clips out of their frames.

    Args:
        clips: One or more, of :func:`draw_clips`.
        cropper: Of the estimator.
        dataset: Of the clips.
        load: Reads the frames.

    Raises:
        ValueError: A frame cannot be read.
    """
    crops, samples, previous = [], [], []
    for number, (table, rows) in enumerate(clips):
        previous += [-1, *range(len(samples), len(samples) + len(rows) - 1)]
        for row in rows.tolist():
            crop, sample = _cut(table, row, cropper, dataset, load)
            offset = int(table.frame_index[row] - table.frame_index[rows[0]])
            sample.set_metainfo(dict(clip_index=number, frame_offset=offset))
            crops.append(crop)
            samples.append(sample)
    people = [_annotation(table, row) for table, rows in clips for row in rows.tolist()]
    keypoints = np.stack([person.keypoints for person in people])
    none_hidden = np.zeros(keypoints.shape[1], bool)
    marked = [person.keypoints_hidden for person in people]
    centers, scales = (
        np.concatenate([getattr(c, n) for c in crops]) for n in ("centers", "scales")
    )
    places = place_shares(keypoints[..., :2], centers, scales)
    return ClipCrops(
        images=np.concatenate([crop.images for crop in crops]),
        samples=samples,
        keypoints=keypoints,
        hidden=np.stack([none_hidden if one is None else one.astype(bool) for one in marked]),
        boxes=np.stack([person.box for person in people]),
        heads=np.stack([person.head_box for person in people]),
        places=np.where(keypoints[..., 2:] > 0, places, np.nan),
        previous=np.array(previous, np.int64),
    )


def _cut(
    table: ClipTable,
    row: int,
    cropper: TopdownCropper,
    dataset: PoseTrackBase,
    load: LoadVideoFrame,
) -> tuple[Crops, PoseDataSample]:
    """A person's crop, and its sample with all but the place in the clip."""
    index = int(table.frame_index[row])
    frame = table.video.frames[index]
    where = dict(
        img_path=str(safe_join(dataset.image_root, frame.file_name)),
        video_id=table.video.video_id,
        frame_index=index,
        annotated_size=frame.size,
    )
    box = table.boxes[row : row + 1]
    crop = cropper(load(where)["img"], box)
    blank = PoseDataSample(metainfo=dict(flip_indices=dataset.metainfo["flip_indices"]))
    score = np.ones(1, np.float32)
    (sample,) = crop_samples(blank, box, score, crop, cropper.input_size)
    people_per_frame = table.video.people_per_frame
    track_id = int(table.track_ids[row])
    sample.set_metainfo(dict(track_id=track_id, people_per_frame=people_per_frame))
    return crop, sample


def _annotation(table: ClipTable, row: int) -> PersonAnnotation:
    people = table.video.frames[table.frame_index[row]].people
    return next(p for p in people if p.annotation_id == table.annotation_ids[row])
