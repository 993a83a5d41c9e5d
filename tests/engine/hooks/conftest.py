"""A visualizer, finished frames to draw, and what became of them."""

import cv2
import numpy as np
import pytest
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_temporal.visualization import PoseTrackVisualizer


class _Frames:
    """Writes a video's images and makes its finished frames: one person who walks right."""

    def __init__(self, folder, video_id, num_frames, size=(48, 64)):
        self.folder, self.video_id, self.num_frames, self.size = folder, video_id, num_frames, size

    def __getitem__(self, index):
        path = self.folder / f"{self.video_id.replace('/', '-')}_{index}.png"
        cv2.imwrite(str(path), np.full((*self.size, 3), 120, np.uint8))
        data_sample = PoseDataSample(
            metainfo=dict(
                img_path=str(path),
                video_id=self.video_id,
                frame_index=index,
                num_frames=self.num_frames,
                frame_name=path.name,
                ori_shape=self.size,
                is_labeled=True,
                frame_readable=True,
            )
        )
        keypoints = np.float32([[[10 + 4 * index, 10], [10 + 4 * index, 40]]])
        boxes = np.float32([[5 + 4 * index, 8, 15 + 4 * index, 44]])
        ids = np.array([2])
        data_sample.gt_instances = InstanceData(
            keypoints=keypoints, keypoints_visible=np.ones((1, 2)), bboxes=boxes, track_ids=ids
        )
        data_sample.pred_instances = InstanceData(
            keypoints=keypoints, keypoint_scores=np.ones((1, 2)), bboxes=boxes, track_ids=ids
        )
        return data_sample


@pytest.fixture
def walker(tmp_path):
    """Makes a video by its name, number of frames and perhaps size; frame t is video[t]."""
    return lambda *names, **options: _Frames(tmp_path, *names, **options)


@pytest.fixture
def visualizer(tmp_path):
    return PoseTrackVisualizer.get_instance(
        "visualizer", vis_backends=[dict(type="LocalVisBackend")], save_dir=str(tmp_path / "log")
    )


def _count(path):
    """Number of frames, and frames/s."""
    capture = cv2.VideoCapture(str(path))
    number = 0
    while capture.read()[0]:
        number += 1
    return number, capture.get(cv2.CAP_PROP_FPS)


@pytest.fixture
def count():
    """Of a video file: its number of frames, and frames/s."""
    return _count


@pytest.fixture
def names():
    """Of a folder: the files in it, sorted."""
    return lambda folder: sorted(
        str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()
    )
