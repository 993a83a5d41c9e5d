import numpy as np
import pytest

from mmpose_temporal.models import Association, IoUSimilarity
from mmpose_temporal.models.trackers import ConfirmedAssociation, HistoryAssociation, TrackMemory
from mmpose_temporal.testing import random_poses


class Counting(IoUSimilarity):
    """Notes the order of the calls, and counts frames in the video's scene."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def advance(self, previous, feats, scene):
        scene["frames"] = scene.get("frames", 0) + 1
        remembered = None if previous is None else len(previous["boxes"])
        self.calls.append(("advance", feats["time"], remembered))
        return previous and {"boxes": previous["boxes"] + 1}

    def embed(self, poses, feats=None):
        self.calls.append(("embed", feats["time"], len(poses)))
        return super().embed(poses, feats)


def test_advance_comes_once_a_frame_before_the_people():
    association = Association(similarity=dict(type=Counting), max_age=5)
    memory, other = TrackMemory(), TrackMemory()
    people = random_poses(2, seed=0)
    for time, poses in enumerate((people, people[:0], people)):
        association.step(memory, poses, time)
    association.step(other, people, 0)
    assert association.similarity.calls == [
        ("advance", 0, None),
        ("embed", 0, 2),
        ("advance", 1, 2),
        ("embed", 1, 0),
        ("advance", 2, 2),
        ("embed", 2, 2),
        ("advance", 0, None),
        ("embed", 0, 2),
    ]
    assert (memory.scene, other.scene) == ({"frames": 3}, {"frames": 1})


def test_what_advance_answers_is_remembered():
    """Nobody is seen for two frames: their boxes have moved by 2 x 1 pixel."""
    association = Association(similarity=dict(type=Counting), max_age=5)
    memory, people = TrackMemory(), random_poses(2, seed=0)
    for time, poses in enumerate((people, people[:0], people[:0])):
        association.step(memory, poses, time)
    assert (memory.representation["boxes"] == people.boxes + 1 + 1).all()


def test_by_default_nothing_moves():
    rows, scene = {"boxes": random_poses(1, seed=0).boxes}, {}
    assert IoUSimilarity().advance(rows, {}, scene) is rows
    assert scene == {}


class Remembering(IoUSimilarity):
    """Keeps the times of a track's last three poses."""

    def embed(self, poses, feats=None):
        times = np.full((len(poses), 3), -1)
        times[:, 0] = feats["time"]
        return dict(super().embed(poses, feats), times=times)

    def extend(self, current, rows, previous, columns):
        current["times"][rows, 1:] = previous["times"][columns, :-1]
        return current


@pytest.mark.parametrize("kind", [Association, ConfirmedAssociation, HistoryAssociation])
def test_people_who_are_recognised_take_their_past_along(kind):
    association = kind(similarity=dict(type=Remembering), max_age=3)
    memory = TrackMemory()
    people = random_poses(3, seed=0)
    for time, seen in enumerate(([0, 1], [1], [2, 1, 0], [1])):
        found = association.step(memory, people[seen], time)
    assert found.track_ids.tolist() == [1]
    times = {}  # the newest row of each track
    for track, row in zip(memory.ids[::-1], memory.representation["times"][::-1], strict=True):
        times[int(track)] = row.tolist()
    assert times == {0: [2, 0, -1], 1: [3, 2, 1], 2: [2, -1, -1]}


def test_nothing_is_taken_along_where_nobody_is_recognised():
    class Failing(IoUSimilarity):
        def extend(self, *args):
            raise AssertionError

    association = Association(similarity=dict(type=Failing))
    memory = TrackMemory()
    for time, count in enumerate((0, 2, 0, 0, 2)):
        association.step(memory, random_poses(count, seed=time), time)
    assert memory.next_id == 4
