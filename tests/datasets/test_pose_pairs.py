"""Hand-drawn tables: the pairs of a few people, each named by (row at t, row at t - d)."""

import json

import numpy as np
import pytest

from mmpose_temporal.datasets import PairTable, PoseTable, find_pairs, load_videos
from mmpose_temporal.testing import write_tiny_posetrack


def table(*frames: dict[int, float], videos: list[int] | None = None) -> PoseTable:
    """Frames of people {id: x of their one joint}, all in one video unless said."""
    rows = [(number, i, x) for number, frame in enumerate(frames) for i, x in frame.items()]
    keypoints = np.zeros((len(rows), 17, 2), np.float32)
    keypoints[:, 5, 0] = [x for _, _, x in rows]
    scores = np.zeros((len(rows), 17), np.float32)
    scores[:, 5] = 1
    return PoseTable(
        keypoints=keypoints,
        keypoint_scores=scores,
        boxes=np.zeros((len(rows), 4), np.float32),
        track_ids=np.array([i for _, i, _ in rows], np.int64),
        frames=np.array([number for number, _, _ in rows], np.int32),
        frame_sizes=np.full((len(frames), 2), np.nan, np.float32),
        image_ids=np.arange(len(frames)),
        videos=np.array(videos or [0] * len(frames), np.int32),
        video_ids=("a", "b"),
    )


def listed(pairs: PairTable) -> list[tuple[int, int, int, bool]]:
    columns = (pairs.current, pairs.previous, pairs.distances, pairs.labels)
    return sorted(zip(*(c.tolist() for c in columns), strict=True))


def test_every_person_meets_everyone_within_the_window():
    poses = table({0: 1, 1: 2}, {0: 1}, {1: 2, 0: 1})  # rows 0 1 | 2 | 3 4
    assert listed(find_pairs(poses, delta=1, negatives="any")) == [
        (2, 0, 1, True),
        (2, 1, 1, False),
        (3, 2, 1, False),
        (4, 2, 1, True),
    ]
    longer = listed(find_pairs(poses, delta=2, negatives="any"))
    assert [pair for pair in longer if pair[2] == 2] == [
        (3, 0, 2, False),
        (3, 1, 2, True),
        (4, 0, 2, True),
        (4, 1, 2, False),
    ]


def test_a_window_longer_than_the_video_ends_at_its_first_frame():
    poses = table({0: 1}, {0: 1})
    assert listed(find_pairs(poses, delta=50)) == [(1, 0, 1, True)]


def test_an_empty_frame_counts_for_the_distance():
    poses = table({0: 1}, {}, {0: 1})
    assert listed(find_pairs(poses, delta=4)) == [(1, 0, 2, True)]


def test_videos_are_not_mixed():
    poses = table({0: 1}, {0: 1}, {0: 1}, videos=[0, 0, 1])
    assert listed(find_pairs(poses, delta=4)) == [(1, 0, 1, True)]


def test_near_takes_the_nearest_others_and_every_match():
    # one pose at x = 10 and four earlier ones: itself far away, others at distance 3, 1, 1, 9
    poses = table({7: 500, 1: 13, 2: 11, 3: 9, 4: 19}, {7: 10})
    one = find_pairs(poses, delta=1, negatives="near", nearest=1)
    assert listed(one) == [(5, 0, 1, True), (5, 2, 1, False)]  # of the two at 1 the first listed
    three = find_pairs(poses, delta=1, negatives="near", nearest=3)
    assert [p[1] for p in listed(three)] == [0, 1, 2, 3]
    many = find_pairs(poses, delta=1, negatives="near", nearest=10)
    assert listed(many) == listed(find_pairs(poses, delta=1, negatives="any"))


def test_strides_play_the_video_faster():
    poses = table({0: 1}, {0: 1}, {0: 1}, {0: 1}, {0: 1})
    assert listed(find_pairs(poses, delta=2, strides=(2,))) == [
        (2, 0, 1, True),
        (3, 1, 1, True),
        (4, 0, 2, True),
        (4, 2, 1, True),
    ]
    both = find_pairs(poses, delta=2, strides=(1, 2))
    assert len(both) == (4 + 3) + (3 + 1)


def test_nobody_gives_no_pair():
    pairs = find_pairs(table({}, {}), delta=2)
    assert len(pairs) == 0
    assert pairs.labels.dtype == bool


def test_pairs_are_selected_by_slice_mask_and_indices():
    pairs = find_pairs(table({0: 1, 1: 2}, {0: 1, 1: 2}), delta=1)
    assert len(pairs) == 4
    assert listed(pairs[pairs.labels]) == [(2, 0, 1, True), (3, 1, 1, True)]
    assert listed(pairs[1:2]) == listed(pairs[[1]]) == [(2, 1, 1, False)]


# ---------------------------------------------------------------- from files


def test_table_of_files(tmp_path):
    root = write_tiny_posetrack(tmp_path)
    poses = PoseTable.from_videos(load_videos(root / "annotations" / "val"))
    assert len(poses) == 2 * (5 + 3)
    assert poses.video_ids == ("v1", "v2")
    np.testing.assert_array_equal(poses.frames, np.repeat(np.arange(8), 2))
    np.testing.assert_array_equal(poses.videos, [0] * 5 + [1] * 3)
    np.testing.assert_array_equal(
        poses.image_ids,
        [10000, 10001, 10002, 10003, 10004, 20000, 20001, 20002],
    )
    np.testing.assert_array_equal(poses.frame_sizes, [[64, 48]] * 8)
    np.testing.assert_array_equal(poses.boxes[3], [24, 6, 36, 38])  # person 1 at t = 1
    np.testing.assert_array_equal((poses.keypoint_scores > 0).sum(1), [15] * 16)


def edited(tmp_path, change):
    """The poses of v2 (frames 0 to 2 of two people) after a change of its file."""
    root = write_tiny_posetrack(tmp_path, videos={"v2": 3})
    file = root / "annotations" / "val" / "v2.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
    return load_videos(root / "annotations" / "val")


def test_frames_that_nobody_was_looked_for_in_do_not_count(tmp_path):
    def unlabel(content):
        content["images"][1]["is_labeled"] = False
        middle = content["images"][1]["id"]
        content["annotations"] = [a for a in content["annotations"] if a["image_id"] != middle]

    poses = PoseTable.from_videos(edited(tmp_path, unlabel))
    np.testing.assert_array_equal(poses.image_ids, [10000, 10002])
    assert {d for _, _, d, _ in listed(find_pairs(poses, delta=4))} == {1}


def test_groups_and_poses_with_few_joints_are_left_out(tmp_path):
    def change(content):
        content["annotations"][0]["iscrowd"] = 1
        content["annotations"][1]["keypoints"][3 * 5 :] = [0] * 3 * 12  # nose, neck, top remain

    videos = edited(tmp_path, change)
    assert len(PoseTable.from_videos(videos)) == 6 - 1
    assert len(PoseTable.from_videos(videos, min_joints=3)) == 6 - 1
    assert len(PoseTable.from_videos(videos, min_joints=4)) == 6 - 2


def test_unknown_frame_sizes_are_nan(tmp_path):
    poses = PoseTable.from_videos(edited(tmp_path, lambda c: c["images"][0].pop("width")))
    assert np.isnan(poses.frame_sizes).all(1).tolist() == [True, False, False]


def test_videos_without_a_labelled_frame_are_an_error(tmp_path):
    def change(content):
        content["annotations"] = []
        for image in content["images"]:
            image["is_labeled"] = False

    with pytest.raises(ValueError, match="no frame of the videos is labelled"):
        PoseTable.from_videos(edited(tmp_path, change))
