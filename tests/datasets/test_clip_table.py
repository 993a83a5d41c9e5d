"""Which people of a video are examples."""

from collections import Counter

import numpy as np

from mmpose_temporal.datasets.clip_table import ClipTable
from mmpose_temporal.posetrack import (
    FrameAnnotation,
    PersonAnnotation,
    VideoAnnotation,
)


def person(track_id: int, x: float = 0.0, *, joints: int = 17, side: float = 10.0, **options):
    keypoints = np.zeros((17, 3), np.float32)
    keypoints[:joints, 2] = 1
    return PersonAnnotation(
        annotation_id=track_id,
        track_id=track_id,
        keypoints=keypoints,
        box=np.array([x, 0, x + side, 10], np.float32),
        head_box=np.full(4, np.nan, np.float32),
        **options,
    )


def table(*frames: list[PersonAnnotation]) -> tuple[ClipTable, Counter]:
    video = VideoAnnotation(
        video_id="v",
        frames=[
            FrameAnnotation(
                image_id=i,
                frame_id=i,
                file_name=f"images/v/{i}.jpg",
                size=None,
                is_labeled=True,
                ignore_regions=[],
                people=people,
            )
            for i, people in enumerate(frames)
        ],
    )
    left_out = Counter()
    return ClipTable.create(video, left_out), left_out


def test_people_that_are_no_examples_are_counted():
    clips, left_out = table(
        [person(0), person(1, joints=0), person(2, is_crowd=True), person(3, side=0.0)], []
    )
    assert clips.track_ids.tolist() == [0]
    assert left_out == dict(no_keypoint=1, crowd=1, empty_box=1)


def test_a_video_without_people():
    clips, left_out = table([], [])
    assert len(clips) == 0
    assert not left_out
