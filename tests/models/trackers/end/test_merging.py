"""A merging of one's own in a tracker of known poses: tracks that are told to be one person."""

import pytest
from mmpose.registry import MODELS

from mmpose_temporal.models.trackers import TrackMerging
from mmpose_temporal.testing import make_video, template_tracker_config, track_frames

A, B = [4, 6, 16, 38], [44, 6, 56, 38]


@MODELS.register_module()
class GivenMerging(TrackMerging):
    """Joins what it is told to join, and keeps what it saw."""

    def __init__(self, merged: dict[int, int]):
        super().__init__()
        self.merged = merged
        self.ended = []

    def start_video(self) -> list:
        return []

    def observe(self, state, packet):
        state.append((packet.index, packet.people.track_ids.tolist()))

    def finish(self, state):
        return self.merged

    def end_video(self, state):
        self.ended.append(state)


def tracker(merged: dict[int, int], **options):
    merging = dict(type="GivenMerging", merged=merged)
    return MODELS.build(template_tracker_config(merging=merging, **options)).eval()


def ids(samples) -> list[list[int]]:
    return [sample.pred_instances.track_ids.tolist() for sample in samples]


def test_one_person_who_went_to_the_other_side():
    """0 walks away as 0 and is found as 1: one track of 4 poses, long enough for 4."""
    model = tracker({1: 0}, min_length=4)
    frames = make_video("a", [A], [A], None, [B], [B])
    returned = [track_frames(model, [frame]) for frame in frames]
    assert [len(samples) for samples in returned] == [0, 0, 0, 0, 5]
    assert ids(returned[-1]) == [[0], [0], [], [0], [0]]
    # It observed the frames that were searched.
    assert model.merging.ended == [[(0, [0]), (1, [0]), (3, [1]), (4, [1])]]


def test_without_merging_the_two_tracks_are_too_short():
    samples = track_frames(tracker({}, min_length=4), make_video("a", [A], [A], [B], [B]))
    assert ids(samples) == [[]] * 4
    assert [s.dropped for s in samples] == [dict(short_track=1)] * 4


@pytest.mark.parametrize(("merged", "word"), [({1: 0, 0: 1}, "other ones"), ({1: 0}, "frame 0")])
def test_what_cannot_be_one_track(merged, word):
    """A chain; tracks that are in one frame together. The video is forgotten."""
    model = tracker(merged)
    with pytest.raises(ValueError, match=word):
        track_frames(model, make_video("a", [A, B]))
    assert model.pipeline.open_videos() == []
    assert model.merging.ended == [[(0, [0, 1])]]  # its state was dropped, and it was told


@pytest.mark.parametrize("merged", [{1: -1}, {1: 99}, {5: 0}])
def test_ids_of_no_track(merged):
    model = tracker(merged)
    with pytest.raises(ValueError, match="which the video has not"):
        track_frames(model, make_video("a", [A, B]))
