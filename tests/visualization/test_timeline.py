import numpy as np
import pytest
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_temporal.visualization import (
    Merge,
    Segment,
    Switch,
    TimelineRecorder,
    build_timeline,
    match_boxes,
)


def one_person(track_ids):
    """Timeline of ground-truth person 9 who is in every frame."""
    return build_timeline([[9]] * len(track_ids), [[i] for i in track_ids])


def test_one_switch_and_a_gap():
    timeline = one_person([1, 1, 2, 2, -1, 2])
    assert timeline.switches == (Switch(row=0, column=2, old_id=1, new_id=2),)
    assert timeline.segments == (
        Segment(0, 1, 0, 2),
        Segment(0, 2, 2, 4),
        Segment(0, -1, 4, 5),  # the gap
        Segment(0, 2, 5, 6),
    )
    assert timeline.coverage == pytest.approx(5 / 6)
    assert timeline.switches_of(0) == 1


def test_switch_over_a_gap_and_back():
    timeline = one_person([-1, 4, -1, 7, 4])
    assert [(s.column, s.old_id, s.new_id) for s in timeline.switches] == [(3, 4, 7), (4, 7, 4)]


def test_two_people_exchange_ids_and_one_leaves():
    timeline = build_timeline(
        [[5, 3], [5, 3], [3], [3, 5]],
        [[0, 1], [1, 0], [0], [0, 1]],
    )
    assert timeline.row_ids.tolist() == [5, 3]
    assert timeline.switches == (Switch(0, 1, 0, 1), Switch(1, 1, 1, 0))
    # Person 5 is not there in frame 2: no segment, and no gap either.
    assert [s for s in timeline.segments if s.row == 0] == [
        Segment(0, 0, 0, 1),
        Segment(0, 1, 1, 2),
        Segment(0, 1, 3, 4),
    ]
    assert timeline.coverage == 1


def test_rows_are_in_the_order_of_appearance():
    timeline = build_timeline([[7], [7, 2], [2, 0]], [[1], [1, 2], [2, 3]])
    assert timeline.row_ids.tolist() == [7, 2, 0]
    assert [s.row for s in timeline.segments] == [0, 1, 2]


@pytest.mark.parametrize("num_frames", [0, 3])
def test_nobody(num_frames):
    timeline = build_timeline([[]] * num_frames, [[]] * num_frames)
    assert timeline.segments == timeline.switches == ()
    assert len(timeline.frames) == num_frames
    assert np.isnan(timeline.coverage)


def test_errors():
    with pytest.raises(ValueError, match="one entry a frame, got 2, 1 and 2"):
        build_timeline([[1], [1]], [[1]])
    with pytest.raises(ValueError, match="same number of people"):
        build_timeline([[1, 2]], [[1]])
    with pytest.raises(ValueError, match="twice in a frame"):
        build_timeline([[1, 1]], [[1, 2]])
    with pytest.raises(ValueError, match="ascend"):
        build_timeline([[1], [1]], [[1], [1]], frames=[3, 3])
    with pytest.raises(ValueError, match="iou_thr"):
        TimelineRecorder(iou_thr=0)


def test_match_boxes():
    gt = np.float32([[0, 0, 10, 10], [20, 0, 30, 10], [50, 0, 60, 10]])
    # IoU with the first: 80 / 120 = 0.67; with the second: 100 / 100; with the third: 20 / 180.
    pred = np.float32([[20, 0, 30, 10], [2, 0, 12, 10], [58, 0, 68, 10]])
    assert match_boxes(gt, pred).tolist() == [1, 0, -1]
    assert match_boxes(gt, pred, iou_thr=0.7).tolist() == [-1, 0, -1]
    assert match_boxes(gt, np.zeros((0, 4))).tolist() == [-1, -1, -1]
    assert match_boxes(np.zeros((0, 4)), pred).tolist() == []


def test_match_boxes_gives_each_prediction_once():
    gt = np.float32([[0, 0, 10, 10], [1, 0, 11, 10]])
    assert match_boxes(gt, np.float32([[0, 0, 10, 10]])).tolist() == [0, -1]


def people(ids, lefts):
    boxes = np.float32([[x, 0, x + 10, 20] for x in lefts]).reshape(-1, 4)
    return InstanceData(bboxes=boxes, track_ids=np.array(ids, dtype=np.int64))


def frame(index, pred=None, gt=None, **meta):
    data_sample = PoseDataSample(metainfo=dict(frame_index=index, **meta))
    if pred is not None:
        data_sample.pred_instances = people(*pred)
    if gt is not None:
        data_sample.gt_instances = people(*gt)
    return data_sample


def test_recorder_with_ground_truth():
    recorder = TimelineRecorder()
    recorder.add(frame(0, pred=([4], [0]), gt=([1, 2], [0, 50])))
    recorder.add(frame(1, pred=([4, 5], [52, 1]), gt=([1, 2], [0, 50])))
    recorder.add(frame(2, pred=([4], [50]), gt=([], []), is_labeled=False))  # says nothing
    recorder.add(frame(4, gt=([2], [50]), is_labeled=True))  # no predictions at all
    timeline = recorder.build()
    assert timeline.has_ground_truth
    assert timeline.frames.tolist() == [0, 1, 4]
    assert timeline.row_ids.tolist() == [1, 2]
    assert timeline.switches == (Switch(0, 1, 4, 5),)
    assert timeline.segments == (
        Segment(0, 4, 0, 1),
        Segment(0, 5, 1, 2),
        Segment(1, -1, 0, 1),
        Segment(1, 4, 1, 2),
        Segment(1, -1, 2, 3),
    )


def test_untracked_poses_cover_nobody():
    recorder = TimelineRecorder()
    recorder.add(frame(0, pred=([-1], [0]), gt=([1], [0])))
    assert recorder.build().segments == (Segment(0, -1, 0, 1),)


def test_people_without_annotated_joints_do_not_count():
    data_sample = frame(0, pred=([4], [0]), gt=([1, 2], [0, 50]))
    data_sample.gt_instances.keypoints_visible = np.float32([[1, 0, 1], [0, 0, 0]])
    recorder = TimelineRecorder()
    recorder.add(data_sample)
    assert recorder.build().row_ids.tolist() == [1]


@pytest.mark.parametrize("shape", [(0, 17), (0, 17, 2), (0, 0), (0,)])
def test_a_labelled_frame_with_nobody_annotated(shape):
    empty = frame(1, pred=([4], [0]), gt=([], []), is_labeled=True)
    empty.gt_instances.keypoints_visible = np.zeros(shape, np.float32)
    recorder = TimelineRecorder()
    recorder.add(frame(0, pred=([4], [0]), gt=([1], [0])))
    recorder.add(empty)
    timeline = recorder.build()
    assert timeline.frames.tolist() == [0, 1]  # a column in which nobody is to be tracked
    assert timeline.segments == (Segment(0, 4, 0, 1),)

    recorder = TimelineRecorder()
    recorder.add(empty)
    timeline = recorder.build()
    assert not timeline.has_ground_truth and timeline.row_ids.tolist() == [4]


def test_joints_with_weights_of_the_codec():
    data_sample = frame(0, pred=([4], [0]), gt=([1, 2], [0, 50]))
    data_sample.gt_instances.keypoints_visible = np.float32([[[1, 1]], [[0, 0]]])
    recorder = TimelineRecorder()
    recorder.add(data_sample)
    assert recorder.build().row_ids.tolist() == [1]


def test_recorder_without_ground_truth():
    recorder = TimelineRecorder()
    recorder.add(frame(0, pred=([4, -1], [0, 50])))
    recorder.add(frame(1, pred=([4, 6], [0, 50]), gt=([], [])))
    recorder.add(frame(2, pred=([6], [50])))
    timeline = recorder.build()
    assert not timeline.has_ground_truth
    assert timeline.row_ids.tolist() == [4, 6]
    assert timeline.segments == (Segment(0, 4, 0, 2), Segment(1, 6, 1, 3))
    assert timeline.switches == ()


def test_recorder_of_merged_tracks():
    """Track 4 of frame 2 was merged with track 1 of frame 0; track 2 is track 2 all along."""
    for truth in (False, True):
        recorder = TimelineRecorder()
        for index, (ids, own) in enumerate([([1, 2], [1, 2]), ([2], [2]), ([1, 2], [4, 2])]):
            places = [10 * i for i in ids]
            sample = frame(index, pred=(ids, places), gt=(ids, places) if truth else None)
            sample.pred_instances.unmerged_ids = np.array(own)
            recorder.add(sample)
        timeline = recorder.build()
        assert timeline.has_ground_truth == truth
        assert timeline.merges == (Merge(0, 1, later_row=0, begin=2, later_id=4, track_id=1),)
        assert timeline.switches == ()


def test_merged_tracks_of_two_people():
    """Track 4 of person 8 was merged with track 1 of person 9, who left: a wrong merge."""
    timeline = build_timeline(
        [[9, 8], [9, 8], [8], [8]],
        [[1, -1], [1, -1], [-1], [1]],
        unmerged_ids=[[1, -1], [1, -1], [-1], [4]],
    )
    assert timeline.merges == (Merge(0, 2, later_row=1, begin=3, later_id=4, track_id=1),)


def test_merged_tracks_with_another_one_between():
    """Of one person: track 1, then 2, then 4, which was merged with 1; and 6 with both."""
    merged, own = [[1], [2], [1], [1]], [[1], [2], [4], [6]]
    timeline = build_timeline([[9]] * 4, merged, unmerged_ids=own)
    assert timeline.merges == (Merge(0, 1, 0, 2, 4, 1), Merge(0, 3, 0, 3, 6, 1))
    assert [(s.column, s.old_id, s.new_id) for s in timeline.switches] == [(1, 1, 2), (2, 2, 1)]


def test_a_merge_with_a_track_that_covers_nobody_annotated():
    """Person 1 has track 1; track 4, merged with it, is 90 pixels away from everybody."""
    recorder = TimelineRecorder()
    for index, (place, own) in enumerate([(0, 1), (90, 4)]):
        sample = frame(index, pred=([1], [place]), gt=([1], [0]))
        sample.pred_instances.unmerged_ids = np.array([own])
        recorder.add(sample)
    timeline = recorder.build()
    assert timeline.merges == () and timeline.merges_elsewhere == 1
