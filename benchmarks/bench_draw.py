"""Frames that are drawn per second: boxes, skeletons, ids and trails of five people.

Reference: mmpose's own PoseLocalVisualizer on the same people, which draws neither ids nor trails.
"""

import numpy as np
from common import arguments, emit, only_rows, paired, start
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from mmpose.utils import register_all_modules
from mmpose.visualization import PoseLocalVisualizer

from mmpose_temporal.structures import posetrack_metainfo
from mmpose_temporal.testing import template_keypoints
from mmpose_temporal.visualization import PoseTrackVisualizer

FRAMES, PEOPLE = 40, 5
DATA = f"generated: {FRAMES} frames of 640x360 with {PEOPLE} people who walk"


def walking(index: int) -> PoseDataSample:
    """Five people of 60 x 150 pixels, one pixel further to the right in each frame."""
    left = 40 + 110 * np.arange(PEOPLE) + index
    boxes = np.stack([left, np.full(PEOPLE, 120), left + 60, np.full(PEOPLE, 270)], 1)
    keypoints = template_keypoints(boxes.astype(np.float32))
    scores = np.ones(keypoints.shape[:2], np.float32)
    sample = PoseDataSample(metainfo=dict(video_id="a", frame_index=index))
    sample.pred_instances = InstanceData(
        keypoints=keypoints,
        keypoint_scores=scores,
        keypoints_visible=scores,
        bboxes=boxes.astype(np.float32),
        bbox_scores=np.ones(PEOPLE, np.float32),
        track_ids=np.arange(PEOPLE),
    )
    return sample


def main() -> None:
    """Run."""
    args = arguments(__doc__.split("\n")[0]).parse_args()
    with only_rows():
        bench(3 if args.quick else 9)


def bench(repeats: int) -> None:
    """All rows."""
    register_all_modules()
    image = np.full((360, 640, 3), 90, np.uint8)
    samples = [walking(index) for index in range(FRAMES)]
    plain = PoseLocalVisualizer(name="plain")
    plain.set_dataset_meta(posetrack_metainfo("posetrack18"))

    def ours() -> None:
        visualizer = PoseTrackVisualizer()
        visualizer.start_video("a")
        for sample in samples:
            visualizer.draw_frame(image, sample)

    def theirs() -> None:
        for sample in samples:
            plain.add_datasample("a", image, sample, draw_gt=False, draw_bbox=True)

    mine, reference = paired(ours, theirs, repeats)
    text = f"mmpose's PoseLocalVisualizer, {PEOPLE} people at 640x360"
    common = dict(reference=text, data=DATA)
    rates = [FRAMES / seconds for seconds in mine]
    emit("drawn_frames_per_s", rates, unit="frames/s", target=">= 50", digits=0, **common)
    shares = [b / a for a, b in zip(mine, reference, strict=True)]
    emit("drawing_speedup", shares, unit="x", target=None, **common)


if __name__ == "__main__":
    start(main)
