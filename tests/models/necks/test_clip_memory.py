"""The people of a batch of clips: who they are, and in which order their crops come."""

import numpy as np
import pytest
import torch
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.necks import SavedKeypoints
from mmpose_temporal.models.necks.clip_memory import ClipMemory

CROPS = [  # (clip, track, frame), in no order
    (0, 7, 4),  # 0
    (1, 7, 0),  # 1
    (0, 7, -1),  # 2
    (0, 8, 2),  # 3
    (0, 7, 1),  # 4
    (1, 7, 3),  # 5
    (0, 8, 0),  # 6
]


def samples(crops=CROPS, **metainfo) -> list[PoseDataSample]:
    return [
        PoseDataSample(metainfo=dict(clip_index=c, track_id=t, frame_offset=f, **metainfo))
        for c, t, f in crops
    ]


def memory(found=None, **options) -> ClipMemory:
    options = {**dict(capacity=2, crowd_size=8.0, keypoints=1), **options}
    return ClipMemory(samples() if found is None else found, **options)


def test_steps_go_through_each_persons_crops_in_order():
    """Person 7 of clip 0 has the crops 2, 4, 0; person 8: 6, 3; person 7 of clip 1: 1, 5."""
    steps = [crops.tolist() for crops in memory().steps()]
    assert steps == [[1, 2, 6], [3, 4, 5], [0]]


def test_nobody():
    assert list(memory([]).steps()) == []


def test_entries_are_the_persons_earlier_ones():
    """The mark of an entry is the number of its crop; the crop 4 is not found well."""
    clips, read = memory(capacity=2), {}
    for crops in clips.steps():
        entries = clips.entries(crops)
        for row, crop in enumerate(crops.tolist()):
            count = 0 if entries is None else int(entries.counts[row])
            read[crop] = [] if not count else entries.keys[row, :count, 0, 0].tolist()
        marks = torch.tensor(crops, dtype=torch.float)[:, None, None].expand(-1, 1, 2)
        maps = torch.zeros(len(crops), 1, 2, 1, 1)
        saved = clips.saved(crops, maps)
        vectors = marks[:, None].expand_as(saved.vectors)
        now = SavedKeypoints(vectors, torch.ones_like(saved.there))
        clips.write(crops, marks, marks, crops != 4, now)
    assert read == {1: [], 2: [], 6: [], 3: [6], 4: [2], 5: [1], 0: [2]}
    # people in the order of (clip, track): 7 of clip 0, 8 of clip 0, 7 of clip 1
    assert clips._saved.vectors[:, 0, 0, 0].tolist() == [0, 3, 5]


def test_the_oldest_entry_goes():
    clips = memory(samples([(0, 0, f) for f in range(5)]), capacity=2)
    counts = []
    for crops in clips.steps():
        entries = clips.entries(crops)
        counts.append([] if entries is None else entries.keys[0, :, 0, 0].tolist())
        mark = torch.full((1, 1, 1), float(crops[0]))
        clips.write(crops, mark, mark, np.array([True]), clips.saved(crops, mark[..., None, None]))
    assert counts == [[], [0], [0, 1], [1, 2], [2, 3]]


@pytest.mark.parametrize(("people", "crowded"), [(8.0, False), (8.5, True), (None, False)])
def test_crowded_videos(people, crowded):
    """Over 8 people per frame; a clip that does not say is not crowded."""
    known = {} if people is None else dict(people_per_frame=people)
    assert memory(samples(**known)).crowded.tolist() == [crowded] * len(CROPS)


@pytest.mark.parametrize("name", ["clip_index", "track_id", "frame_offset"])
def test_samples_of_no_clips(name):
    found = samples()
    found[3].pop(name)
    with pytest.raises(ValueError, match=rf"no {name}: use PersonClipDataset.*OrderedDraw"):
        memory(found)


def test_two_crops_of_a_person_in_one_frame():
    with pytest.raises(ValueError, match="two crops of one person in one frame"):
        memory(samples([(0, 1, 2), (0, 2, 2), (0, 1, 2)]))
