"""Which people of a video are examples, and which of them make a clip."""

from collections import Counter

import numpy as np
import pytest

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


def draw(clips: ClipTable, row: int = 0, *, tau=5, num_same=2, num_other=3, seed=0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return clips.draw(row, tau=tau, num_same=num_same, num_other=num_other, rng=rng)


def test_people_that_are_no_examples_are_counted():
    clips, left_out = table(
        [person(0), person(1, joints=0), person(2, is_crowd=True), person(3, side=0.0)], []
    )
    assert clips.track_ids.tolist() == [0]
    assert left_out == dict(no_keypoint=1, crowd=1, empty_box=1)


def test_a_video_without_people():
    clips, left_out = table([], [])
    assert len(clips) == 0
    assert clips.anchors(5).tolist() == []
    assert not left_out


def test_anchors_are_seen_twice_in_a_window():
    # id 0 in frames 0 and 2, id 1 in 1 alone, id 2 in 0 and 3
    clips, _ = table([person(0), person(2)], [person(1)], [person(0)], [person(2)])
    assert clips.track_ids.tolist() == [0, 2, 1, 0, 2]
    assert clips.anchors(1).tolist() == []
    assert clips.anchors(2).tolist() == [0, 3]
    assert clips.anchors(3).tolist() == [0, 1, 3, 4]


def test_same_id_comes_from_the_window_only():
    clips, _ = table(*[[person(0)] for _ in range(12)])
    drawn = {row for seed in range(60) for row in draw(clips, 4, tau=3, num_same=1, seed=seed)[1:]}
    assert drawn == {1, 2, 3, 5, 6, 7}
    # the ends of the video cut the window: 3 frames are left of 6
    assert sorted(draw(clips, 0, tau=3, num_same=9)) == [0, 1, 2, 3]


def test_others_come_from_the_frames_of_the_clip():
    frames = [[person(0), person(10 + t, 20), person(30 + t, 40)] for t in range(4)]
    clips, _ = table(*frames)
    for seed in range(10):
        rows = draw(clips, 0, num_same=1, num_other=9, seed=seed)
        assert clips.track_ids[rows[:2]].tolist() == [0, 0]
        used = set(clips.frame_index[rows[:2]].tolist())
        assert len(rows) == 2 + 4  # two others in each of the two frames
        assert set(clips.frame_index[rows[2:]].tolist()) == used


def test_the_nearer_of_two_others_is_likelier():
    """Diagonal of a 10x10 box 14.14: exp(-14.14/14.14) to exp(-42.43/14.14) is e^2 = 7.4 : 1."""
    clips, _ = table([person(0), person(1, 14.142), person(2, 42.426)], [person(0)])
    drawn = [clips.track_ids[draw(clips, num_other=1, seed=s)[-1]] for s in range(400)]
    assert drawn.count(1) / drawn.count(2) == pytest.approx(7.4, rel=0.4)


def test_far_away_is_possible():
    clips, _ = table([person(0), person(1, 1e6), person(2, 1e6)], [person(0)])
    assert sorted(clips.track_ids[draw(clips, num_other=2)].tolist()) == [0, 0, 1, 2]


def test_no_others_wanted_or_there():
    clips, _ = table([person(0), person(1)], [person(0)])
    assert draw(clips, num_other=0).tolist() == [0, 2]
    clips, _ = table([person(0)], [person(0)])
    assert draw(clips).tolist() == [0, 1]
