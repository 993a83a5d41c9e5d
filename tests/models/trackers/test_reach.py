"""How far a person may move from frame to frame, with the association that trackers have."""

import numpy as np
import pytest
from mmengine.config import Config
from mmpose.structures import PoseDataSample

from mmpose_temporal import config_files
from mmpose_temporal.models import PoseOnlyTracker
from mmpose_temporal.structures import People
from mmpose_temporal.testing import random_poses


def person(x: float, y: float = 300) -> People:
    """90 x 144 px."""
    points = random_poses(1, seed=0).keypoints
    low, high = points.min(1, keepdims=True), points.max(1, keepdims=True)
    return People.create(keypoints=(points - low) / (high - low) * [90, 144] + [x, y])


def ids(tracker: PoseOnlyTracker, frames: list[People], **metainfo) -> list[list[int]]:
    found = []
    for index, people in enumerate(frames):
        numbers = {name: values[index] for name, values in metainfo.items()}
        numbers.update(video_id="v", frame_index=index, num_frames=len(frames))
        sample = PoseDataSample(metainfo=numbers)
        found += [done.people.track_ids.tolist() for done in tracker.track(sample, people)]
    return found


@pytest.mark.parametrize("step", [0, 10, 25, 40, 60])
def test_a_person_keeps_the_id_from_the_first_step_on(step):
    frames = [person(100 + step * t) for t in range(6)]
    assert ids(PoseOnlyTracker(), frames) == [[0]] * 6


def test_once_it_moves_a_person_may_be_missed_for_some_frames():
    frames = [person(100 + 40 * t) for t in range(12)]
    for t in (4, 5, 6):
        frames[t] = People.empty(17)
    assert ids(PoseOnlyTracker(), frames) == [[0]] * 4 + [[]] * 3 + [[0]] * 5


def test_who_stands_a_body_away_is_somebody_else():
    frames = [person(100), person(100 + 170)]
    assert ids(PoseOnlyTracker(), frames) == [[0], [1]]


def test_two_who_pass_each_other_keep_their_ids():
    """20 px a frame towards each other; in frame 5 they are at the same place."""
    frames = [People.cat([person(200 + 20 * t), person(400 - 20 * t)]) for t in range(11)]
    assert ids(PoseOnlyTracker(), frames) == [[0, 1]] * 11


def test_the_configs_have_the_same_association():
    config = Config.fromfile(config_files("baselines/oks-tracker.py")[0])
    stated, default = config.model.association, PoseOnlyTracker().association
    built = PoseOnlyTracker(association=stated.to_dict()).association
    for part in ("similarity", "life", "depth", "assignment"):
        ours, theirs = getattr(default, part), getattr(built, part)
        assert type(ours) is type(theirs)
        options = {k: v for k, v in vars(ours).items() if isinstance(v, int | float | str)}
        assert options == {k: vars(theirs)[k] for k in options}
    assert default.min_similarity == built.min_similarity
    assert default.min_shared == built.min_shared


def test_frames_that_are_missing_by_their_numbers_age_the_tracks():
    """Tracks of two poses live two frames, of three eight."""
    still = [person(100)] * 4
    assert ids(PoseOnlyTracker(), still, frame_number=[7, 8, 9, 17]) == [[0]] * 4
    assert ids(PoseOnlyTracker(), still, frame_number=[7, 8, 9, 18]) == [[0]] * 3 + [[1]]
    every_third = dict(frame_number=[7, 10, 13, 37], frame_step=[3] * 4)
    assert ids(PoseOnlyTracker(), still, **every_third) == [[0]] * 4
    every_third["frame_number"][3] = 40
    assert ids(PoseOnlyTracker(), still, **every_third) == [[0]] * 3 + [[1]]


@pytest.mark.parametrize(
    ("metainfo", "text"),
    [
        (dict(frame_number=[5, 5]), "the frame_number 5, which is not after that of the frame"),
        (dict(frame_number=[5, 4]), "the frame_number 4, which is not after that of the frame"),
        (
            dict(frame_number=[5, None]),
            "the frame_number None, the frame before 5: give it to all",
        ),
        (dict(time=[0.5, 0.4]), "the time 0.4, which is not after that of the frame before, 0.5"),
        (dict(time=[0.5, float("nan")]), "the time nan, which is not after"),
    ],
)
def test_clocks_go_forward(metainfo, text):
    tracker = PoseOnlyTracker()
    with pytest.raises(ValueError, match=f"video v: frame 1 has {text}"):
        ids(tracker, [person(100)] * 2, **metainfo)
    assert not tracker.pipeline.open_videos()


def test_one_person_moves_and_a_false_positive_of_one_joint_takes_nothing():
    """The joint lies exactly where the person was and scores higher."""
    whole, moved = person(600), person(612)
    nose = whole.replace(keypoint_scores=np.float32(np.eye(17)[:1]))
    frames = [whole, whole, People.cat([nose, moved]), moved]
    found = ids(PoseOnlyTracker(), frames)
    assert found == [[0], [0], [1, 0], [0]]
