import numpy as np
import pytest
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmpose_temporal.evaluation import MatchAccuracyMetric
from mmpose_temporal.structures import People

A, B, C = ([x, 0, x + 10, 10] for x in (0, 100, 200))


def track(*frames, observers=True, **association) -> list[PoseDataSample]:
    """Answers to frames, each its boxes and the true identities of the people in them."""
    tracker = MODELS.build(
        dict(
            type="PoseOnlyTracker",
            association=dict(
                type="Association", similarity=dict(type="IoUSimilarity"), **association
            ),
            observers=[dict(type="MatchAccuracyObserver")] if observers else [],
        )
    )
    samples = []
    for index, (boxes, known) in enumerate(frames):
        meta = dict(video_id="v", frame_index=index, num_frames=len(frames))
        if known is not None:
            meta["known_ids"] = np.array(known, np.int64)
        sample = PoseDataSample(metainfo=meta)
        boxes = np.array(boxes, np.float32).reshape(-1, 4)
        people = People.create(keypoints=np.ones((len(boxes), 17, 2)), boxes=boxes)
        sample.pred_instances = people.to_instances()
        samples.append(sample)
    return tracker(data_samples=samples)


def counts(samples) -> list[tuple[int, int]]:
    return [tuple(sample.match_counts) for sample in samples]


def test_the_highest_similarity_is_compared_with_the_identity():
    """Frame 1: 7 and 8 have changed places, so both are wrong, whatever ids they got.

    Frame 2: they stay there, and 9 is new, which has no right answer.
    """
    answers = track(([A, B], [7, 8]), ([B, A], [7, 8]), ([B, A, C], [7, 8, 9]))
    assert counts(answers) == [(0, 0), (0, 2), (2, 2)]
    assert [s.pred_instances.track_ids.tolist() for s in answers] == [[0, 1], [1, 0], [1, 0, 2]]


def test_people_without_an_identity_and_without_an_id_of_the_tracker():
    """-1 is not counted; who is too weak to start a track is, where it was seen before."""
    births = [dict(type="ScoreBirths", new_track_thr=2)]
    assert counts(track(([A, B], [-1, 8]), ([A, B], [7, 8]))) == [(0, 0), (1, 1)]
    assert counts(track(([A], [7]), ([A], [7]), births=births)) == [(0, 0), (0, 0)]


def test_pairs_that_a_gate_forbids_are_wrong():
    gates = [dict(type="IoUGate", min_iou=0.9)]
    moved = [4, 0, 14, 10]
    assert counts(track(([A], [7]), ([moved], [7]))) == [(0, 0), (1, 1)]
    assert counts(track(([A], [7]), ([moved], [7]), gates=gates)) == [(0, 0), (0, 1)]


def test_identities_are_remembered_as_long_as_the_tracks():
    """7 is away in frame 1; in frame 2 it is found where it was."""
    frames = ([A, B], [7, 8]), ([B], [8]), ([A, B], [7, 8])
    assert counts(track(*frames, life=dict(max_age=2))) == [(0, 0), (1, 1), (2, 2)]
    assert counts(track(*frames, life=dict(max_age=1))) == [(0, 0), (1, 1), (1, 1)]


def test_frames_without_people():
    assert counts(track(([], []), ([A], [7]), ([], []), ([A], [7]))) == [(0, 0)] * 4


def test_frames_without_identities_are_not_watched():
    answers = track(([A], None), ([A], None))
    assert all("match_counts" not in sample for sample in answers)


def test_it_changes_nothing():
    frames = ([A, B], [7, 8]), ([B, A], [7, 8])
    watched, alone = track(*frames), track(*frames, observers=False)
    for one, other in zip(watched, alone, strict=True):
        assert one.pred_instances.track_ids.tolist() == other.pred_instances.track_ids.tolist()
    assert all("match_counts" not in sample for sample in alone)


def test_the_metric_reads_it():
    """In frame 1 one of two is right."""
    moved = [104, 0, 114, 10]  # nearer to B, and said to be 7
    answers = track(([A, B], [7, 8]), ([moved, B], [7, 8]))
    metric = MatchAccuracyMetric()
    metric.process({}, [sample.to_dict() for sample in answers])
    (accuracy,) = metric.evaluate(size=2).values()
    assert accuracy == 50


def test_the_metric_says_that_nobody_watched():
    metric = MatchAccuracyMetric()
    metric.process({}, [s.to_dict() for s in track(([A], [7]), ([A], [7]), observers=False)])
    with pytest.raises(ValueError, match="MatchAccuracyObserver"):
        metric.evaluate(size=2)


def test_frames_without_known_ids_between():
    """Nothing is known of the people of frame 1, one of whom is missed in frame 2.

    Frame 2: 7 counts nowhere, since no remembered pose is known to be 7's. Frame 3: 7 is right;
    what is remembered of 8 is the pose of frame 1, so 8 counts nowhere.
    """
    frames = [([A, B], [7, 8]), ([A, B], None), ([A], [7]), ([A, B], [7, 8])]
    samples = track(*frames, life=dict(max_age=3))
    assert [s.pred_instances.track_ids.tolist() for s in samples] == [[0, 1], [0, 1], [0], [0, 1]]
    assert [s.get("match_counts") for s in samples] == [(0, 0), None, (0, 0), (1, 1)]
