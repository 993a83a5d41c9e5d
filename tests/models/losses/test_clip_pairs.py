"""Which crops are compared."""

import pytest
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.losses import ClipPairs


def samples(*rows: tuple[int, int, int]) -> list[PoseDataSample]:
    keys = ("clip_index", "track_id", "frame_offset")
    return [PoseDataSample(metainfo=dict(zip(keys, row, strict=True))) for row in rows]


def test_pairs():
    pairs = ClipPairs.of_samples(samples((0, 5, 0), (0, 5, 2), (0, 6, 2), (1, 5, 1)))
    assert pairs.same.tolist() == [[0, 1], [1, 0]]
    # id 6 against both crops of id 5, also in its own frame; the other clip's 5 is another video's
    assert pairs.other.tolist() == [[0, 2], [1, 2], [2, 0], [2, 1]]


def test_one_crop_twice_is_no_pair():
    """One id twice in one frame tells nothing of time."""
    pairs = ClipPairs.of_samples(samples((0, 5, 0), (0, 5, 0)))
    assert pairs.same.shape == (0, 2)
    assert pairs.other.shape == (0, 2)


def test_samples_of_another_data_set():
    with pytest.raises(ValueError, match="no clip_index, frame_offset: temporal losses are for"):
        ClipPairs.of_samples([PoseDataSample(metainfo=dict(track_id=1))])
