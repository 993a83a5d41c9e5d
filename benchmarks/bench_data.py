"""Frames per second: whole frames with all their crops, against mmpose's one item per person.

Ours: PoseTrackVideoDataset decodes a frame once, TopdownCropper cuts all its people.
Reference: mmpose's PoseTrack18Dataset with its top-down test pipeline, which decodes the frame
again for each person. Same synthetic frames, same boxes, one process; crops are 192x256.
"""

import json
import tempfile
from pathlib import Path

import cv2
import numpy as np
from common import arguments, emit, only_rows, paired, start
from mmpose.datasets import PoseTrack18Dataset
from mmpose.utils import register_all_modules

from mmpose_temporal.datasets import PoseTrackVideoDataset
from mmpose_temporal.models.trackers import TopdownCropper
from mmpose_temporal.structures import KEYPOINT_NAMES

CROP = (192, 256)
SIZE = (1280, 720)


def write_video(root: Path, people: int, frames: int) -> None:
    """A textured video at 1280x720 with boxes: content does not matter here, its size does."""
    rng = np.random.default_rng(people)
    content: dict = dict(images=[], annotations=[], categories=[])
    content["categories"] = [dict(id=1, name="person", keypoints=list(KEYPOINT_NAMES))]
    folder = root / "images" / "val" / "video"
    folder.mkdir(parents=True)
    for t in range(frames):
        coarse = rng.integers(0, 256, (45, 80, 3), dtype=np.uint8)
        image = cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC)
        image = cv2.add(image, rng.integers(0, 12, image.shape, dtype=np.uint8))
        name = f"images/val/video/{t:06d}.jpg"
        cv2.imwrite(str(root / name), image, [cv2.IMWRITE_JPEG_QUALITY, 95])
        content["images"].append(
            dict(id=t + 1, frame_id=t + 1, file_name=name, width=SIZE[0], height=SIZE[1])
        )
        for person in range(people):
            width, height = rng.integers(60, 180), rng.integers(200, 500)
            x, y = rng.integers(0, SIZE[0] - width), rng.integers(0, SIZE[1] - height)
            joints = rng.uniform((x, y), (x + width, y + height), (len(KEYPOINT_NAMES), 2))
            keypoints = np.column_stack([joints, np.ones(len(joints))])
            content["annotations"].append(
                dict(
                    id=len(content["annotations"]) + 1,
                    image_id=t + 1,
                    track_id=person,
                    category_id=1,
                    iscrowd=0,
                    bbox=[int(x), int(y), int(width), int(height)],
                    keypoints=keypoints.reshape(-1).tolist(),
                    num_keypoints=len(joints),
                )
            )
    (root / "annotations").mkdir()
    (root / "annotations" / "val.json").write_text(json.dumps(content))


def compare(people: int, frames: int, repeats: int) -> None:
    """Measure one crowd size and print its rows."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_video(root, people, frames)
        ours = PoseTrackVideoDataset(
            ann_file="annotations/val.json",
            data_root=folder,
            pipeline=[dict(type="LoadVideoFrame"), dict(type="PackFrameInputs")],
        )
        theirs = PoseTrack18Dataset(
            ann_file="annotations/val.json",
            data_root=folder,
            data_prefix=dict(img=""),
            test_mode=True,
            pipeline=[
                dict(type="LoadImage"),
                dict(type="GetBBoxCenterScale"),
                dict(type="TopdownAffine", input_size=CROP),
                dict(type="PackPoseInputs"),
            ],
        )
        cropper = TopdownCropper(input_size=CROP)

        def whole_frames() -> int:
            crops = 0
            for index in range(len(ours)):
                item = ours[index]
                boxes = item["data_samples"].proposals.bboxes
                crops += len(cropper(item["inputs"].numpy(), boxes).images)
            return crops

        def single_people() -> int:
            return sum(theirs[index]["inputs"].shape[0] == 3 for index in range(len(theirs)))

        if not whole_frames() == single_people() == people * frames:
            raise RuntimeError("the two paths do not crop the same people")
        mine, other = paired(whole_frames, single_people, repeats)
    data = f"generated: {frames} frames of {SIZE[0]}x{SIZE[1]} with {people} boxes"
    emit(
        f"frames_per_s_{people}_people",
        [frames / seconds for seconds in mine],
        unit="frames/s",
        target=None,
        reference="",
        data=data,
    )
    emit(
        f"frames_ratio_{people}_people",
        [b / a for a, b in zip(mine, other, strict=True)],
        unit="x",
        target=">= 3" if people == 10 else None,
        reference="mmpose PoseTrack18Dataset, one item per person",
        data=data,
    )


def main() -> None:
    """Run for 4, 10 and 20 people."""
    parser = arguments(__doc__.split("\n")[0])
    args = parser.parse_args()
    frames, repeats = (6, 3) if args.quick else (20, 7)
    with only_rows():
        register_all_modules()
        cv2.setNumThreads(0)
        for people in (4, 10, 20):
            compare(people, frames, repeats)


if __name__ == "__main__":
    start(main)
