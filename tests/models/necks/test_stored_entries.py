"""Which entries a person has, and how they travel with the samples."""

import copy

import numpy as np
import pytest
import torch
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.necks import Entries, FrameFeatures, PersonEntries
from mmpose_temporal.models.necks.stored_entries import EntryTable


def append(table: EntryTable, **places: int) -> list[int]:
    """p0=7: an entry of person 0 is at place 7 of the pool; returns what is free now."""
    people = np.array([int(name[1]) for name in places])
    return table.append(people, np.array(list(places.values()))).tolist()


def test_order_and_eviction():
    """Capacity 3, two people: each keeps the last three, the oldest first.

    step   p0 has      p1 has
    0      0
    1      0 1         2
    2      0 1 3       2
    3      1 3 4       2 5       place 0 is free
    4      3 4 0       2 5 6     place 1 is free
    5      3 4 0       5 6 1     place 2 is free
    """
    table = EntryTable(3, people=2)
    assert append(table, p0=0) == []
    assert append(table, p0=1, p1=2) == []
    assert append(table, p0=3) == []
    places, counts = table.select(np.array([1, 0]))
    assert places.tolist() == [[2, 0, 0], [0, 1, 3]] and counts.tolist() == [1, 3]
    assert append(table, p0=4, p1=5) == [0]
    assert append(table, p0=0, p1=6) == [1]
    assert append(table, p1=1) == [2]
    places, counts = table.select(np.array([0, 1, -1, 0]))
    assert places.tolist() == [[3, 4, 0], [5, 6, 1], [0, 0, 0], [3, 4, 0]]
    assert counts.tolist() == [3, 3, 0, 3]


def test_capacity_1():
    table = EntryTable(1, people=1)
    assert [append(table, p0=place) for place in (4, 5, 6)] == [[], [4], [5]]
    assert table.select(np.array([0]))[0].tolist() == [[6]]


@pytest.mark.parametrize("people", [0, 2])
def test_nothing_is_stored(people):
    places, counts = EntryTable(3, people).select(np.array([-1, -1]))
    assert places.shape == (2, 0) and counts.tolist() == [0, 0]
    places, counts = EntryTable(3, people).select(np.zeros(0, np.int64))
    assert places.shape == (0, 0) and counts.shape == (0,)


def test_entries_of_some_people():
    keys = torch.arange(3.0)[:, None, None, None].expand(3, 2, 1, 4)
    counts, crowded = torch.tensor([2, 1, 2]), torch.tensor([True, False, False])
    entries = Entries(keys, keys, counts, crowded)
    assert len(entries) == 3
    assert entries.valid.tolist() == [[True, True], [True, False], [True, True]]
    some = entries[torch.tensor([2, 0])]
    assert some.keys[:, 0, 0, 0].tolist() == [2, 0]
    assert some.crowded.tolist() == [False, True] and some.valid is None


def test_copies_of_a_sample_share_what_is_stored():
    store = dict(keys=torch.ones(3))
    frame = FrameFeatures(np.array([0]), np.array([1.0], np.float32))
    person = PersonEntries(store, 0, frame, 4)
    sample = PoseDataSample()
    sample.set_field(person, "person_memory", field_type="metainfo", dtype=None)
    for other in (copy.deepcopy(sample), copy.copy(sample), sample.clone(), sample.cpu()):
        assert other.person_memory is person
        assert other.person_memory.store is store
    moved = sample.to("cpu").new()
    assert moved.person_memory is person


def test_features_of_a_frame_come_back_by_crop():
    """Two calls of the estimator, over three crops, and both sides."""
    frame = FrameFeatures(np.full(3, -1), np.zeros(3, np.float32))
    first, second = torch.tensor([[1.0], [2]]), torch.tensor([[3.0]])
    for maps, crops in ((first, (0, 1)), (second, (2,))):
        for row, crop in enumerate(crops):
            frame.put(crop, maps[..., None, None], row, mirrored=False)
            frame.put(crop, -maps[..., None, None], row, mirrored=True)
            frame.put_input(crop, 10 * maps[..., None, None], row)
    found = frame.gather(np.array([2, 0]))
    assert found.shape == (2, 2, 1, 1, 1)
    assert found.flatten().tolist() == [3, -3, 1, -1]
    assert frame.gather(np.array([1, 0]))[:, 0].flatten().tolist() == [2, 1]
    assert frame.inputs(np.array([2, 1])).flatten().tolist() == [30, 20]


def test_features_that_were_never_computed():
    frame = FrameFeatures(np.full(2, -1), np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="not enhanced the features of these crops"):
        frame.gather(np.array([0]))
    frame.put(0, torch.zeros(1, 1, 1, 1), 0, mirrored=False)
    with pytest.raises(ValueError, match="not enhanced the features of these crops"):
        frame.gather(np.array([0, 1]))
