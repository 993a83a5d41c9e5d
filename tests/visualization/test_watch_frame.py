"""What a tiny tracker with matching and refinement did in the small written videos."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmpose.registry import MODELS

from mmpose_temporal.apis import load_test_video
from mmpose_temporal.models.trackers import RefinementRecord
from mmpose_temporal.structures import CallbackObserver, People
from mmpose_temporal.testing import tiny_test_config, tiny_tkmr_config, write_tiny_posetrack
from mmpose_temporal.visualization.frame_matches import FrameMatches
from mmpose_temporal.visualization.watch_frame import WatchedFrame, frame_image, watch_frame


def tracker(**options):
    """Of random weights, the same at each call."""
    torch.manual_seed(0)
    options = {"refinement": dict(type="TemporalRefinement", tau=2), **options}
    return MODELS.build(tiny_tkmr_config(**options)).eval()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A video of 6 frames with two people."""
    return write_tiny_posetrack(tmp_path, videos=dict(v1=6))


@pytest.fixture
def video(root: Path):
    return load_test_video(Config(tiny_test_config(root, root)), "v1")


def test_it_is_what_a_whole_test_does(video) -> None:
    """Finished by the tracker as it is: the same record, poses and ids."""
    plain, answers, packets = tracker(), [], []
    plain.observers.append(CallbackObserver(finished=packets.append))
    for index in range(len(video)):
        answers += plain.test_step(pseudo_collate([video[index]]))
    assert [packet.index for packet in packets] == list(range(6))
    watched = watch_frame(tracker(), video, 3, progress=False)
    expected = packets[3].records["refinement"]
    assert (watched.index, watched.previous) == (3, 2)
    for name in ("track_ids", "boxes", "candidates", "before", "after"):
        np.testing.assert_array_equal(getattr(watched.record, name), getattr(expected, name))
    assert [step.frame_index for step in watched.record.steps] == [1, 2, 4, 5]
    poses = watched.matches.poses
    np.testing.assert_array_equal(poses.track_ids, answers[3].pred_instances.track_ids)
    # keypoints as the estimator saw them: their candidate 0, not what refinement made of them
    np.testing.assert_allclose(poses.keypoints, watched.record.candidates[:, :, 0], atol=1e-4)
    assert not np.allclose(poses.keypoints, answers[3].pred_instances.keypoints)


def test_keypoints_of_one_id_are_matched(video) -> None:
    """By pairs, and their sum is Eq. 5, by which the association matched."""
    model = tracker()
    watched = watch_frame(model, video, 3, progress=False)
    matches = watched.matches
    found = matches.keypoint_matches(model.association.similarity)
    assert found.track_ids.tolist() == [0, 1]
    before = watch_frame(model, video, 2, progress=False).matches.poses
    for row, i in enumerate(found.track_ids):
        here, then = (p.track_ids == i for p in (matches.poses, before))
        np.testing.assert_array_equal(found.keypoints[row], matches.poses.keypoints[here][0])
        np.testing.assert_array_equal(found.earlier[row], before.keypoints[then][0])
        score = matches.scores[here][0][matches.remembered.track_ids == i]
        np.testing.assert_allclose(np.nansum(found.probabilities[row]), score[0], rtol=1e-5)


def test_no_more_frames_than_needed(video, monkeypatch) -> None:
    """Frame 1 waits for 2 and 3; without refinement for none."""
    seen = []
    get = type(video).__getitem__
    monkeypatch.setattr(type(video), "__getitem__", lambda s, i: seen.append(i) or get(s, i))
    watch_frame(tracker(), video, 1, progress=False)
    assert seen == [0, 1, 2, 3]
    seen.clear()
    watched = watch_frame(tracker(refinement=None), video, 1, progress=False)
    assert seen == [0, 1] and watched.record is None
    with pytest.raises(ValueError, match="refines nothing"):
        watched.largest_change()
    # Frames that wait for long tracks are waited for: frame 4 has the fifth pose of both.
    seen.clear()
    watch_frame(tracker(min_length=5), video, 1, progress=False)
    assert seen == [0, 1, 2, 3, 4]


def test_the_tracker_is_as_it_was(video) -> None:
    model = tracker(refinement=dict(type="TemporalRefinement", tau=1))
    association, seen = model.association, []
    model.observers.append(CallbackObserver(finished=seen.append))
    observers = list(model.observers)
    first = watch_frame(model, video, 2, progress=False)
    assert model.association is association and model.observers == observers
    assert not model.pipeline.open_videos() and seen[-1].index == 2
    again = watch_frame(model, video, 2, progress=False)
    np.testing.assert_array_equal(first.record.after, again.record.after)


def test_tau_of_zero_refines_nothing(video) -> None:
    model = tracker(refinement=dict(type="TemporalRefinement", tau=0))
    assert watch_frame(model, video, 1, progress=False).record is None


def test_the_first_frame(video) -> None:
    model = tracker()
    watched = watch_frame(model, video, 0, progress=False)
    assert watched.previous is None
    found = watched.matches.keypoint_matches(model.association.similarity)
    assert found.probabilities.shape == (0, 17) and found.keypoints.shape == (0, 17, 2)
    for index in (-1, 6):
        with pytest.raises(ValueError, match=f"frames 0 to 5, there is no {index}"):
            watch_frame(model, video, index)


def test_frames_without_people(root: Path) -> None:
    settings = Config(tiny_test_config(root, root))
    settings.test_dataloader.dataset.update(box_source="file", bbox_file="detections_val.json")
    weak = load_test_video(settings, "v1")
    with pytest.raises(ValueError, match="nobody was found in frame 1; left out: box_score_thr 2"):
        watch_frame(tracker(box_score_thr=0.95), weak, 1, progress=False)
    empty = write_tiny_posetrack(root / "empty", people=0, videos=dict(v1=2))
    found = load_test_video(Config(tiny_test_config(empty, empty)), "v1")
    with pytest.raises(ValueError, match="nobody was found in frame 1$"):
        watch_frame(tracker(), found, 1, progress=False)


def test_a_frame_that_cannot_be_read(root: Path) -> None:
    """Frame 2 is skipped by the config: 3 is matched with 1, and 2 cannot be shown."""
    settings = Config(tiny_test_config(root, root))
    settings.test_dataloader.dataset.pipeline[0].on_error = "skip"
    (root / "images/val/v1/000002.png").write_bytes(b"broken")
    found = load_test_video(settings, "v1")
    with pytest.raises(ValueError, match=r"frame 2 cannot be read: .*000002\.png"):
        watch_frame(tracker(), found, 2, progress=False)
    watched = watch_frame(tracker(), found, 3, progress=False)
    assert watched.previous == 1
    assert [step.frame_index for step in watched.record.steps] == [1, 4, 5]


def test_frames_are_rgb(root: Path, video) -> None:
    expected = cv2.imread(str(root / "images/val/v1/000004.png"))
    np.testing.assert_array_equal(frame_image(video, 4), expected[..., ::-1])


def watched_by_hand(after: list, *, scores: list | None = None) -> WatchedFrame:
    """Two people, 4 and 7, with the keypoints nose and head_bottom; all were 0.5 before."""
    after = np.array(after, np.float32)
    shape = after.shape
    poses = People.create(
        keypoints=np.zeros((*shape[:2], 2)),
        keypoint_scores=np.ones(shape[:2]) if scores is None else np.array(scores),
        boxes=np.array([[0, 0, 9, 9.0]] * 2),
        track_ids=np.array([4, 7]),
    )
    record = RefinementRecord(
        track_ids=poses.track_ids,
        boxes=poses.boxes,
        candidates=np.zeros((*shape, 2)),
        before=np.full(shape, 0.5, np.float32),
        after=after,
        steps=[],
    )
    matches = FrameMatches(poses, poses[:0], np.zeros(0, np.int64), np.zeros((2, 0)), {}, {})
    return WatchedFrame(5, 4, matches, record)


def test_the_largest_gain_of_those_that_moved() -> None:
    """Gains: 0.3 - 0.1, none, 0.9 - 0.4, 0.8 - 0.6; the change of 0.5 to 3 is no move."""
    found = watched_by_hand([[[0.1, 0.3], [3.0, 0.3]], [[0.4, 0.9], [0.6, 0.8]]])

    def change(**options) -> tuple:
        c = found.largest_change(**options)
        return c.track_id, c.keypoint, c.moved, round(c.gain, 3)

    assert change() == (7, 0, True, 0.5)
    assert change(keypoint=1) == (7, 1, True, 0.2)
    assert change(track_id=4) == (4, 0, True, 0.2)
    assert change(track_id=4, keypoint=1) == (4, 1, False, 2.5)
    with pytest.raises(
        ValueError, match="no person in frame 5 has the track id 5; there are 4, 7"
    ):
        found.largest_change(track_id=5)
    with pytest.raises(ValueError, match="keypoints are 0 to 1, there is no 2"):
        found.largest_change(keypoint=2)


def test_where_nothing_moved_the_largest_change_counts() -> None:
    """0.5 -> 0.1, 0.6, 0.7, 0.4; the second candidates are not there."""
    none = -np.inf
    found = watched_by_hand([[[0.1, none], [0.6, none]], [[0.7, none], [0.4, none]]])
    change = found.largest_change()
    assert (change.track_id, change.keypoint, change.moved) == (4, 0, False)
    assert change.gain == pytest.approx(-0.4)


def test_absent_keypoints_do_not_move() -> None:
    after = [[[0.1, 0.9], [0.5, 0.5]], [[0.4, 0.9], [0.6, 0.8]]]
    found = watched_by_hand(after, scores=[[0, 0.2], [0.2, 0.2]])
    change = found.largest_change()
    assert (change.track_id, change.keypoint) == (7, 0)
    with pytest.raises(ValueError, match="absent in frame 5"):
        found.largest_change(track_id=4, keypoint=0)
