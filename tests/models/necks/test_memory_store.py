"""A pool of entries: who has which, what becomes free, and how it is read by a batch."""

import numpy as np
import pytest
import torch

from mmpose_temporal.models.necks import FrameFeatures, MemoryStore, PersonEntries, SavedKeypoints
from mmpose_temporal.models.necks.memory_store import FIRST_PLACES, gather_entries

KEYPOINTS = 2


def create(*, capacity=3, sides=1, dtype=None, size=(1, 2)) -> MemoryStore:
    """Of maps of 1 x 2 cells, 3 channels and 2 of keys."""
    cells = size[0] * size[1]
    return MemoryStore.create(
        size=size,
        capacity=capacity,
        keypoints=KEYPOINTS,
        keys=torch.zeros(1, sides, cells, 2),
        values=torch.zeros(1, sides, cells, 3),
        dtype=dtype,
    )


def write(store: MemoryStore, rows, frame: int, *, stored=None, value=None) -> None:
    """All numbers of a person are 100 * row + frame, or the value; the other side's negative."""
    rows = np.array(rows)
    marks = 100.0 * rows + frame if value is None else np.full(len(rows), value)
    marks = torch.tensor(marks, dtype=torch.float32 if value is None else torch.float64)
    sides = torch.tensor([1.0, -1])[: store.keys.shape[1]]
    marks = (marks[:, None] * sides)[..., None, None]
    cells = store.keys.shape[2]
    store.write(
        rows,
        marks.expand(-1, -1, cells, 2),
        marks.expand(-1, -1, cells, 3),
        np.ones(len(rows), bool) if stored is None else np.array(stored),
        SavedKeypoints(
            marks.expand(-1, -1, KEYPOINTS, 3), torch.ones(len(rows), KEYPOINTS, dtype=torch.bool)
        ),
        frame,
    )


def frames_of(store: MemoryStore, row: int) -> list[int]:
    """The frames of a person's entries, the oldest first, and whose they are."""
    places, counts = store.select(np.array([row]))
    return store.frames[places[0, : counts[0]]].tolist()


def test_order_and_eviction():
    """Capacity 3; person 1 is not found well in frame 2, and is absent in frame 3."""
    store = create()
    assert store.add(2).tolist() == [0, 1]
    for frame in range(5):
        rows = [0] if frame == 3 else [1, 0]
        write(store, rows, frame, stored=None if frame != 2 else [False, True])
    assert frames_of(store, 0) == [2, 3, 4]
    assert frames_of(store, 1) == [0, 1, 4]
    assert (store.frames >= 0).sum() == 6
    places, _ = store.select(np.array([1, 0]))
    assert store.keys[places, 0, 0, 0].tolist() == [[100, 101, 104], [2, 3, 4]]
    assert store.values[places, 0, 1, 2].tolist() == [[100, 101, 104], [2, 3, 4]]
    assert store.vectors[:, 0, 0, 0].tolist() == [4, 104]  # saved keypoints are the newest
    assert store.saved(np.array([1, 0])).vectors[:, 0, 0, 0].tolist() == [104, 4]


def test_newest():
    """Person 1 is not stored in frame 8; nothing is stored of person 2."""
    store = create(capacity=1)
    assert store.newest(np.zeros(0, np.int64)).tolist() == []
    store.add(3)
    write(store, [0, 1], 7)
    before = store.newest(np.array([1, 0, 2]))
    assert store.frames[before[:2]].tolist() == [7, 7] and before[2] == -1
    write(store, [0, 1], 8, stored=[True, False])
    after = store.newest(np.array([1, 0]))
    assert store.frames[after].tolist() == [7, 8] and after[0] == before[0]


def test_capacity_1():
    store = create(capacity=1)
    store.add(1)
    for frame in range(4):
        write(store, [0], frame)
        assert frames_of(store, 0) == [frame]
    assert (store.frames >= 0).sum() == 1


def test_people_who_are_forgotten_free_their_places():
    store = create()
    store.add(3)
    for frame in range(2):
        write(store, [0, 1, 2], frame)
    store.keep(np.array([0, 2]))
    assert len(store) == 2 and (store.frames >= 0).sum() == 4
    assert frames_of(store, 1) == [0, 1]  # the third person, in row 1 now
    assert store.keys[store.select(np.array([1]))[0], 0, 0, 0].tolist() == [[200, 201]]
    assert store.vectors[:, 0, 0, 0].tolist() == [1, 201]
    store.keep(np.arange(2))
    assert len(store) == 2
    store.keep(np.zeros(0, np.int64))
    assert len(store) == 0 and not (store.frames >= 0).any()


def test_the_pool_stays_at_the_size_of_the_living():
    """300 frames in which 20 people are there, and the oldest goes in every frame."""
    store = create(capacity=4)
    store.add(20)
    sizes = []
    for frame in range(300):
        write(store, np.arange(20), frame)
        assert (store.frames >= 0).sum() == store.counts.sum() <= 80
        for row in (0, 10, 19):
            entries = frames_of(store, row)
            assert entries == list(range(frame + 1 - len(entries), frame + 1))
        sizes.append(len(store.frames))
        store.keep(np.arange(1, 20))
        store.add(1)
    assert sizes[0] == 2 * FIRST_PLACES and set(sizes[10:]) == {8 * FIRST_PLACES}
    expected = 128 * 1 * 2 * (2 + 3) * 4 + 20 * KEYPOINTS * 3 * 4 + 20 * KEYPOINTS
    assert store.num_bytes == expected


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_numbers_that_half_precision_cannot_hold(dtype):
    store = create(dtype=dtype)
    store.add(1)
    write(store, [0], 0, value=1e39 if dtype == torch.bfloat16 else 1e6)
    largest = torch.finfo(dtype).max
    assert store.keys.dtype == store.values.dtype == store.vectors.dtype == dtype
    places, _ = store.select(np.array([0]))
    for pool in (store.keys, store.values):
        assert (pool[places] == largest).all()
    assert (store.vectors == largest).all()


# ---- reading by a batch


def person(store, row: int, *, crowded=False) -> PersonEntries:
    frame = FrameFeatures(np.zeros(0), np.zeros(0), crowded=crowded)
    return PersonEntries(store, row, frame)


def two_videos():
    """Two people with 3 and 1 entries, and one with 2, both sides."""
    first, second = create(sides=2), create(sides=2)
    first.add(2)
    second.add(1)
    for frame in range(3):
        write(first, [0, 1] if frame == 2 else [0], frame)
        if frame:
            write(second, [0], 50 + frame)
    return first, second


@pytest.mark.parametrize(("mirrored", "sign"), [(False, 1), (True, -1)])
def test_people_of_two_videos_in_a_batch(mirrored, sign):
    first, second = two_videos()
    persons = [person(second, 0, crowded=True), person(first, 1), person(first, 0)]
    assert [one.count for one in persons] == [2, 1, 3]
    entries = gather_entries(persons, (1, 2), mirrored)
    assert entries.counts.tolist() == [2, 1, 3]
    assert entries.crowded.tolist() == [True, False, False]
    for pool in (entries.keys, entries.values):
        assert pool.shape[:3] == (3, 3, 2)
        for row, expected in enumerate([[51, 52], [102], [0, 1, 2]]):
            assert pool[row, : len(expected), 0, 0].tolist() == [sign * mark for mark in expected]
    assert entries.valid[1].tolist() == [True, False, False]


def test_people_of_one_video_are_read_in_the_stored_precision():
    store = create(dtype=torch.float16)
    store.add(2)
    write(store, [0, 1], 0)
    write(store, [0], 1)
    entries = gather_entries([person(store, 1), person(store, 0)], (1, 2), False)
    assert entries.counts.tolist() == [1, 2] and entries.keys.dtype == torch.float16
    assert entries.keys[1, :, 0, 0].tolist() == [0, 1] and entries.keys[0, 0, 0, 0] == 100


def test_people_without_entries():
    store = create()
    store.add(1)
    assert [person(*one).count for one in ((store, 0), (store, -1), (None, -1))] == [0, 0, 0]


def test_maps_of_another_size_are_refused():
    first, _ = two_videos()
    text = r"feature maps of \(2, 2\) cells \(h, w\) do not go with a memory of \(1, 2\)"
    with pytest.raises(ValueError, match=text):
        gather_entries([person(first, 0)], (2, 2), False)
    with pytest.raises(ValueError, match=text):
        first.check((2, 2), 2)
    first.check((1, 2), 2)


def test_another_flip_test_in_mid_video_is_refused():
    store = create()
    store.add(1)
    write(store, [0], 0)
    with pytest.raises(ValueError, match="begun without the flip test, and goes on with it"):
        gather_entries([person(store, 0)], (1, 2), True)
    first, _ = two_videos()
    with pytest.raises(ValueError, match="begun with the flip test, and goes on without it"):
        first.check((1, 2), 1)
