"""What a tiny tracker with a memory read and stored in the small written videos."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS

from mmpose_temporal.apis import load_test_video
from mmpose_temporal.testing import (
    tiny_ptm_config,
    tiny_test_config,
    tiny_tracker_config,
    write_tiny_posetrack,
)
from mmpose_temporal.visualization.watch_memory import WatchedMemory, cell_of, watch_memory


def tracker(**options):
    """Of random weights, the same at each call; 4 x 3 cells, 2 heads."""
    torch.manual_seed(0)
    return MODELS.build(tiny_ptm_config(**options)).eval()


@pytest.fixture
def video(tmp_path: Path):
    """6 frames with two people."""
    root = write_tiny_posetrack(tmp_path, videos=dict(v1=6))
    return load_test_video(Config(tiny_test_config(root, root)), "v1")


def watch(video, index: int = 4, **options) -> WatchedMemory:
    return watch_memory(tracker(**options), video, index, progress=False)


def test_entries_are_those_of_the_person(video) -> None:
    """Both people are stored in each frame; with capacity 2 frame 4 has read frames 2 and 3."""
    watched = watch(video, neck=dict(capacity=2))
    assert sorted(watched.records) == [0, 1, 2, 3, 4]
    assert watched.counts.tolist() == [2, 2]
    for row in (0, 1):
        found = watched.attention(row, np.array([0.5, 0.5]))
        assert [entry.frame for entry in found] == [2, 3]
        track_id = watched.record.track_ids[row]
        for entry in found:
            assert entry.weights.shape == (2, 4, 3)  # heads, cells
            assert watched.records[entry.frame].track_ids[entry.row] == track_id
        # vanilla: each head's weights sum up to 1 over all entries
        total = sum(entry.weights.sum((1, 2)) for entry in found)
        np.testing.assert_allclose(total, 1, rtol=1e-5)
    assert not watched.signed and watched.grid() == (4, 3)
    assert all(len(watched.records[index].inputs) == 0 for index in range(4))


def test_attention_is_that_of_the_neck(video) -> None:
    """The cell at 0.9 of the width and 0.3 of the height is in column 2 and row 1."""
    watched = watch(video)
    record = watched.record
    weights = watched.neck.weights(record.inputs, record.entries)[1, :, 1 * 3 + 2]
    found = watched.attention(1, np.array([0.9, 0.3]))
    assert len(found) == 4
    for number, entry in enumerate(found):
        np.testing.assert_allclose(
            entry.weights.reshape(2, -1), weights[:, number].detach(), rtol=1e-4
        )
    with pytest.raises(ValueError, match="outside of the person's crop"):
        watched.attention(1, np.array([1.1, 0.3]))
    assert watch(video, neck=dict(attention="coda")).signed


def test_a_memory_of_another_track(video) -> None:
    """Slots name whose entry it is, whatever the order and the ids of the people are."""
    watched = watch(video, 2)
    earlier = watched.records[1]
    slots = earlier.slots.copy()
    assert set(watched.record.entry_slots[0, 1:]) == {slots[0]}
    earlier.slots[:] = slots[::-1]
    assert watched.attention(0, np.array([0.5, 0.5]))[1].row == 1


def test_course_of_a_track(video) -> None:
    watched = watch(video, neck=dict(heatmap_thr=1e9))
    course = watched.course(0)
    assert course.frames.tolist() == [0, 1, 2, 3, 4]
    assert course.quality.shape == course.replaced.shape == (5, 17)
    assert not course.stored.any()
    np.testing.assert_array_equal(course.quality[4], watched.record.quality[0])
    # nothing is stored, so nobody reads
    assert (watched.records[4].slots == -1).all()
    with pytest.raises(ValueError, match="nobody has read anything in frame 4"):
        watched.person()


def test_which_person(video) -> None:
    watched = watch(video)
    assert watched.person() == 0
    row = watched.person(1)
    assert watched.record.track_ids[row] == 1
    with pytest.raises(ValueError, match="has the track id 9; there are 0, 1"):
        watched.person(9)
    with pytest.raises(ValueError, match="id 1 has read nothing in frame 0"):
        watch(video, 0).person(1)


def test_bad_frames_and_trackers(video, tmp_path) -> None:
    with pytest.raises(ValueError, match="frames 0 to 5, there is no 6"):
        watch(video, 6)
    torch.manual_seed(0)
    plain = MODELS.build(tiny_tracker_config()).eval()
    with pytest.raises(ValueError, match="must have a memory"):
        watch_memory(plain, video, 2, progress=False)
    empty = write_tiny_posetrack(tmp_path / "empty", people=0, videos=dict(v1=2))
    nobody = load_test_video(Config(tiny_test_config(empty, empty)), "v1")
    with pytest.raises(ValueError, match="nobody was found in frame 1"):
        watch(nobody, 1)


def test_the_tracker_is_as_before(video) -> None:
    model = tracker()
    observers = list(model.observers)
    first = watch_memory(model, video, 3, progress=False)
    assert model.observers == observers and not model.pipeline.open_videos()
    again = watch_memory(model, video, 3, progress=False)
    np.testing.assert_array_equal(first.record.quality, again.record.quality)


def test_cells() -> None:
    size = (4, 3)
    assert cell_of(np.array([0.0, 0.0]), size) == (0, 0)
    assert cell_of(np.array([0.34, 0.74]), size) == (1, 2)
    assert cell_of(np.array([1.0, 1.0]), size) == (2, 3)
