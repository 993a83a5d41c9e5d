"""What is compared in a frame of the small written videos: two people who walk on."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mmpose_temporal.apis import build_pose_only_tracker
from mmpose_temporal.datasets import load_videos
from mmpose_temporal.models import PoseEntailment
from mmpose_temporal.testing import write_tiny_posetrack
from mmpose_temporal.utils.training_mark import mark_as_trained
from mmpose_temporal.visualization.frame_matches import frame_matches

ENTAILMENT = "configs/keytrack/posetrack18/keytrack_tx4-128_1xb32-25e_posetrack18-24x18.py"


@pytest.fixture
def video(tmp_path: Path):
    """5 frames."""
    write_tiny_posetrack(tmp_path)
    return load_videos(tmp_path / "annotations" / "val", videos=["v1"])[0]


def test_each_person_fits_its_track(video, project_root: Path) -> None:
    tracker = build_pose_only_tracker(project_root / "configs/baselines/oks-tracker.py")
    association = tracker.association
    found = frame_matches(tracker, video, 3)
    assert found.scores.shape == (2, 2) and found.ages.tolist() == [1, 1]
    best = found.scores.argmax(1)
    assert (found.remembered.track_ids[best] == found.poses.track_ids).all()
    assert sorted(found.poses.track_ids.tolist()) == [0, 1]
    # The tracker is as it was, and forgot the video.
    assert tracker.association is association
    again = frame_matches(tracker, video, 3)
    np.testing.assert_array_equal(again.scores, found.scores)


def test_the_first_frame_has_nothing_to_compare_with(video, project_root: Path) -> None:
    tracker = build_pose_only_tracker(project_root / "configs/baselines/oks-tracker.py")
    found = frame_matches(tracker, video, 0)
    assert found.scores.shape == (2, 0) and len(found.remembered) == 0
    with pytest.raises(ValueError, match="frames 0 to 4, got 5"):
        frame_matches(tracker, video, 5)
    with pytest.raises(TypeError, match="OKSSimilarity"):
        frame_matches(tracker, video, 1).attention(tracker.association.similarity, 0, 0)
    with pytest.raises(TypeError, match="OKSSimilarity"):
        frame_matches(tracker, video, 1).keypoint_matches(tracker.association.similarity)


def test_attention_is_that_of_the_pair(video, project_root: Path, tmp_path: Path) -> None:
    """Memory of frames 2, 1 and 0, two poses each."""
    weights = tmp_path / "weights.pth"
    trained = PoseEntailment()
    mark_as_trained(trained)
    names = trained.state_dict().items()
    torch.save({f"association.similarity.{name}": value for name, value in names}, weights)
    tracker = build_pose_only_tracker(project_root / ENTAILMENT, str(weights))
    found = frame_matches(tracker, video, 3)
    assert sorted(found.ages.tolist()) == [1, 1, 2, 2, 3, 3]
    similarity = tracker.association.similarity
    maps = found.attention(similarity, 1, 4)
    assert maps.shape == (4, 4, 30, 30)
    np.testing.assert_allclose(maps.sum(-1), 1, atol=1e-5)
    one = {name: value[1:2] for name, value in found.current.items()}
    other = {name: value[4:5] for name, value in found.previous.items()}
    np.testing.assert_array_equal(maps, similarity.attention(one, other)[0])
